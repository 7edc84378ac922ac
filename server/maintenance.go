package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// Scrub is the reading and checking of everything that is done now and then.
type Scrub struct {
	Running        bool       `json:"running" doc:"Whether it reads now"`
	Asked          bool       `json:"asked" doc:"Somebody asked for it: it reads on until everything was read"`
	StartedAt      *time.Time `json:"startedAt,omitempty" doc:"When the one began that has not finished"`
	Bytes          int64      `json:"bytes" doc:"What that one has read"`
	TotalBytes     int64      `json:"totalBytes" doc:"About what it has to read; 0 while unknown"`
	BytesPerSecond int64      `json:"bytesPerSecond"`
	Damaged        int64      `json:"damaged" doc:"What it has found damaged, and has healed"`
	NextAt         *time.Time `json:"nextAt,omitempty" doc:"When it goes on, or begins another time"`
	Last           *LastScrub `json:"last,omitempty"`
}

// LastScrub is the last one that finished.
type LastScrub struct {
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
	Bytes      int64     `json:"bytes"`
	Damaged    int64     `json:"damaged"`
}

type inDrive struct {
	Drive string `path:"drive" doc:"The drive's ID"`
}

type inPool struct {
	Pool int `path:"pool" minimum:"1" doc:"The pool's number"`
}

func (s *Server) maintenanceRoutes() {
	admin := Need(account.InstanceAdmin, instanceScope)
	route(s, status(op("start-scrub", http.MethodPost, "/health/scrub", "Read and check everything now", "operations"), http.StatusNoContent),
		admin, s.startScrub)
	route(s, status(op("stop-scrub", http.MethodDelete, "/health/scrub", "Stop reading and checking for a day", "operations"), http.StatusNoContent),
		admin, s.stopScrub)
	route(s, status(op("reset-drive", http.MethodPost, "/health/drives/{drive}/reset", "Take a drive back into use that an error took out", "operations"), http.StatusNoContent),
		admin, s.resetDrive)
	route(s, status(op("drain-pool", http.MethodPost, "/health/pools/{pool}/drain", "Move everything away from a pool of drives, for good", "operations"), http.StatusNoContent),
		admin, s.drainPool)
}

// maintainer is what looks after the drives.
func (s *Server) maintainer() (objectstore.Maintainer, error) {
	m, ok := s.deps.Drives.(objectstore.Maintainer)
	if !ok {
		return nil, errNoDrives()
	}
	return m, nil
}

func errNoDrives() error {
	return errs.New(errs.NotFound, "no_drives", "This instance keeps its objects elsewhere, not on drives of its own.")
}

func (s *Server) drainPool(ctx context.Context, in *inPool) (*struct{}, error) {
	d, ok := s.deps.Drives.(objectstore.Decommissioner)
	if !ok {
		return nil, errs.New(errs.NotFound, "pools_none", "The drives of this instance are one set, without pools.")
	}
	auditing(ctx).Target = fmt.Sprintf("pool %d", in.Pool)
	return nil, d.DrainPool(ctx, in.Pool)
}

func (s *Server) startScrub(ctx context.Context, _ *struct{}) (*struct{}, error) {
	m, err := s.maintainer()
	if err != nil {
		return nil, err
	}
	return nil, m.StartScrub(ctx)
}

func (s *Server) stopScrub(ctx context.Context, _ *struct{}) (*struct{}, error) {
	m, err := s.maintainer()
	if err != nil {
		return nil, err
	}
	return nil, m.StopScrub(ctx)
}

func (s *Server) resetDrive(ctx context.Context, in *inDrive) (*struct{}, error) {
	m, err := s.maintainer()
	if err != nil {
		return nil, err
	}
	health, err := s.deps.Drives.Health(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range health.Drives {
		if d.ID == in.Drive {
			auditing(ctx).Target, auditing(ctx).Detail = d.Path, d.Message
		}
	}
	return nil, m.ResetDrive(ctx, in.Drive)
}

func wireScrub(p objectstore.ScrubProgress) Scrub {
	out := Scrub{
		Running: p.Running, Asked: p.Asked, StartedAt: known(p.Current.StartedAt), Bytes: p.Current.Bytes, TotalBytes: p.TotalBytes,
		BytesPerSecond: p.BytesPerSecond, Damaged: p.Current.Damaged, NextAt: known(p.NextAt),
	}
	if l := p.Last; !l.FinishedAt.IsZero() {
		out.Last = &LastScrub{StartedAt: l.StartedAt, FinishedAt: l.FinishedAt, Bytes: l.Bytes, Damaged: l.Damaged}
	}
	return out
}

// known is nil for the zero time.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
