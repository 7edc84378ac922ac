package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// DriveHealth is the state of the object store's drives.
type DriveHealth struct {
	Engine       string  `json:"engine" example:"erasure"`
	Parity       int     `json:"parity" doc:"Shards that may be lost"`
	DataShards   int     `json:"dataShards"`
	ParityShards int     `json:"parityShards"`
	ReadQuorum   int     `json:"readQuorum" doc:"Drives that a read needs"`
	WriteQuorum  int     `json:"writeQuorum" doc:"Drives that a write needs"`
	Writable     bool    `json:"writable"`
	Problem      string  `json:"problem" doc:"Why nothing can be written although enough drives are there; empty when that is not so"`
	Drives       []Drive `json:"drives"`
	Pools        []Pool  `json:"pools" doc:"How the drives are divided; empty where they are one set alone. Quorums and shards above are those of the first set then"`
	Scrub        Scrub   `json:"scrub"`
	Target       *Target `json:"target,omitempty" doc:"The S3 cluster that keeps the objects; then there are no drives"`
}

// Target is an S3 cluster that keeps the objects instead of drives.
type Target struct {
	Endpoint  string `json:"endpoint"`
	Prefix    string `json:"prefix" doc:"The beginning of the names of buckets there"`
	Reachable bool   `json:"reachable"`
	LatencyMS int64  `json:"latencyMs" doc:"How long a small request took"`
	Message   string `json:"message" doc:"Why it cannot be reached, empty when it can"`
}

// Pool is sets of drives.
type Pool struct {
	Number       int        `json:"number" doc:"From 1"`
	State        string     `json:"state" enum:"inUse,draining,drained"`
	Sets         []DriveSet `json:"sets"`
	LeftVersions int64      `json:"leftVersions" doc:"What is still to be moved away while it is drained"`
	LeftBytes    int64      `json:"leftBytes"`
	Problem      string     `json:"problem" doc:"Why that does not go on, empty while it does"`
}

// DriveSet is drives that keep their objects together.
type DriveSet struct {
	Number       int  `json:"number" doc:"In its pool, from 1"`
	DataShards   int  `json:"dataShards"`
	ParityShards int  `json:"parityShards"`
	ReadQuorum   int  `json:"readQuorum"`
	WriteQuorum  int  `json:"writeQuorum"`
	Writable     bool `json:"writable"`
}

// Drive is one drive.
type Drive struct {
	ID          string        `json:"id" doc:"The drive for ever, whatever its path; empty while unknown"`
	Path        string        `json:"path"`
	Pool        int           `json:"pool" doc:"That it is in; 0 where the drives are one set alone"`
	Set         int           `json:"set" doc:"Of that pool"`
	State       string        `json:"state" enum:"ok,slow,healing,failing,offline"`
	Message     string        `json:"message" doc:"What is wrong, empty when nothing is"`
	TotalBytes  int64         `json:"totalBytes"`
	FreeBytes   int64         `json:"freeBytes"`
	FileSystem  string        `json:"fileSystem" doc:"The same for drives that share one, whose bytes count once; empty when unknown"`
	ReadErrors  int64         `json:"readErrors" doc:"Operations that failed through the drive's fault since the start"`
	WriteErrors int64         `json:"writeErrors"`
	Healing     *HealProgress `json:"healing,omitempty"`
}

// HealProgress says how far a drive is with what it lacks.
type HealProgress struct {
	DoneBytes      int64 `json:"doneBytes"`
	TotalBytes     int64 `json:"totalBytes"`
	BytesPerSecond int64 `json:"bytesPerSecond"`
	SecondsLeft    int64 `json:"secondsLeft" doc:"-1 when it cannot be told"`
}

func (s *Server) healthRoutes() {
	raw(s, probe("/healthz"), Public("tells only that the process runs"), s.healthz)
	raw(s, probe("/readyz"), Public("tells only whether requests can be served"), s.readyz)
	route(s, op("get-drive-health", http.MethodGet, "/health/drives", "State of the drives", "operations"),
		Need(account.InstanceRead, instanceScope), s.driveHealth)
	s.maintenanceRoutes()
	s.masterKeyRoutes()
}

func probe(path string) huma.Operation {
	return huma.Operation{OperationID: path[1:], Method: http.MethodGet, Path: path, Hidden: true}
}

func (s *Server) healthz(w http.ResponseWriter, r *http.Request, _ Params) error {
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether the state database and the object store can be read. What is
// wrong stands in the log and behind the login, not here.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request, _ Params) error {
	_, err := s.deps.Accounts.SetupRequired(r.Context())
	if err == nil {
		_, err = s.deps.Store.ListBuckets(r.Context())
	}
	if err != nil {
		s.log.WarnContext(r.Context(), "not ready", "requestId", requestID(r.Context()), "error", err)
		return errs.New(errs.Unavailable, "not_ready", "Croft cannot serve requests now.")
	}
	return writeJSON(w, http.StatusOK, map[string]string{"status": "ready"})
}

func (s *Server) driveHealth(ctx context.Context, _ *struct{}) (*body[DriveHealth], error) {
	if s.deps.Target != nil {
		return s.targetHealth(ctx)
	}
	if s.deps.Drives == nil {
		return nil, errNoDrives()
	}
	health, err := s.deps.Drives.Health(ctx)
	if err != nil {
		return nil, err
	}
	out := DriveHealth{
		Engine: health.Engine, Parity: health.Parity, DataShards: health.DataShards, ParityShards: health.ParityShards,
		ReadQuorum: health.ReadQuorum, WriteQuorum: health.WriteQuorum, Writable: health.Writable, Problem: health.Problem,
		Drives: make([]Drive, 0, len(health.Drives)), Pools: make([]Pool, 0, len(health.Pools)), Scrub: wireScrub(health.Scrub),
	}
	for _, p := range health.Pools {
		out.Pools = append(out.Pools, wirePool(p))
	}
	for _, d := range health.Drives {
		out.Drives = append(out.Drives, wireDrive(d))
	}
	return &body[DriveHealth]{out}, nil
}

func (s *Server) targetHealth(ctx context.Context) (*body[DriveHealth], error) {
	h, err := s.deps.Target.TargetHealth(ctx)
	if err != nil {
		return nil, err
	}
	return &body[DriveHealth]{DriveHealth{
		Engine: "s3", Writable: h.Reachable, Drives: []Drive{}, Pools: []Pool{},
		Target: &Target{
			Endpoint: h.Endpoint, Prefix: h.Prefix, Reachable: h.Reachable, LatencyMS: h.Latency.Milliseconds(), Message: h.Message,
		},
	}}, nil
}

func wirePool(p objectstore.Pool) Pool {
	out := Pool{Number: p.Number, State: string(p.State), LeftVersions: p.LeftVersions, LeftBytes: p.LeftBytes, Problem: p.Problem}
	for _, set := range p.Sets {
		out.Sets = append(out.Sets, DriveSet(set))
	}
	return out
}

func wireDrive(d objectstore.Drive) Drive {
	out := Drive{
		ID: d.ID, Path: d.Path, Pool: d.Pool, Set: d.Set, State: string(d.State), Message: d.Message, TotalBytes: d.TotalBytes, FreeBytes: d.FreeBytes,
		FileSystem: d.FileSystem, ReadErrors: d.ReadErrors, WriteErrors: d.WriteErrors,
	}
	if h := d.Healing; h != nil {
		out.Healing = &HealProgress{DoneBytes: h.DoneBytes, TotalBytes: h.TotalBytes, BytesPerSecond: h.BytesPerSecond, SecondsLeft: h.SecondsLeft}
	}
	return out
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}
