package adminapi

import (
	"context"
	"slices"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// States of drives as the protocol has them.
const (
	driveOK      = "ok"
	driveFaulty  = "faulty"
	driveOffline = "offline"
)

type driveJSON struct {
	Endpoint  string       `json:"endpoint"`
	Path      string       `json:"path"`
	State     string       `json:"state"`
	UUID      string       `json:"uuid,omitempty"`
	Model     string       `json:"model,omitempty"`
	Total     int64        `json:"totalspace,omitempty"`
	Used      int64        `json:"usedspace,omitempty"`
	Available int64        `json:"availspace,omitempty"`
	Healing   bool         `json:"healing,omitempty"`
	HealInfo  *healingJSON `json:"heal_info,omitempty"`
	Local     bool         `json:"local"`
	Pool      int          `json:"pool_index"`
	Set       int          `json:"set_index"`
	Place     int          `json:"disk_index"`

	fileSystem          string
	readErrs, writeErrs int64
}

// healingJSON is a drive that is being filled. Times and bytes are such that their
// quotient is the speed of late.
type healingJSON struct {
	ID       string    `json:"id"`
	Pool     int       `json:"pool_index"`
	Set      int       `json:"set_index"`
	Place    int       `json:"disk_index"`
	Endpoint string    `json:"endpoint"`
	Path     string    `json:"path"`
	Started  time.Time `json:"started"`
	Updated  time.Time `json:"last_update"`
	Total    int64     `json:"objects_total_size"`
	Done     int64     `json:"bytes_done"`
	Finished bool      `json:"finished"`
}

// storage is the drives and how they are.
type storage struct {
	drives []driveJSON
	health objectstore.Health
	none   bool // objects are kept elsewhere
	target objectstore.TargetHealth
}

func (h *Handler) storage(ctx context.Context) (storage, error) {
	var s storage
	reporter, ok := h.config.Store.(objectstore.DriveReporter)
	if !ok {
		s.none = true
		target, ok := h.config.Store.(objectstore.TargetReporter)
		if !ok {
			return s, nil
		}
		var err error
		s.target, err = target.TargetHealth(ctx)
		return s, err
	}
	var err error
	if s.health, err = reporter.Health(ctx); err != nil {
		return s, err
	}
	now := h.now().UTC()
	for _, d := range s.health.Drives {
		s.drives = append(s.drives, h.drive(d, now))
	}
	return s, nil
}

func (h *Handler) drive(d objectstore.Drive, now time.Time) driveJSON {
	out := driveJSON{
		Endpoint: d.Path, Path: d.Path, UUID: d.ID, State: driveOK, Total: d.TotalBytes, Used: d.TotalBytes - d.FreeBytes, Available: d.FreeBytes,
		Local: true, Pool: max(d.Pool-1, 0), Set: max(d.Set-1, 0), Place: d.Place, fileSystem: d.FileSystem, readErrs: d.ReadErrors, writeErrs: d.WriteErrors,
	}
	switch d.State {
	case objectstore.DriveOffline:
		out.State = driveOffline
	case objectstore.DriveFailing:
		out.State = driveFaulty
	case objectstore.DriveHealing:
		out.Healing = true
	}
	p := d.Healing
	if p == nil {
		return out
	}
	out.Healing = true
	took := now.Sub(h.began)
	if p.BytesPerSecond > 0 {
		took = time.Duration(float64(p.DoneBytes) / float64(p.BytesPerSecond) * float64(time.Second))
	}
	out.HealInfo = &healingJSON{
		ID: d.ID, Pool: out.Pool, Set: out.Set, Place: out.Place, Endpoint: d.Path, Path: d.Path,
		Started: now.Add(-max(took, time.Second)), Updated: now, Total: p.TotalBytes, Done: p.DoneBytes,
	}
	return out
}

// online counts drives that are used.
func (s *storage) online() (n int) {
	for i := range s.drives {
		if s.drives[i].State == driveOK {
			n++
		}
	}
	return n
}

// space is what the file systems under the drives have, each counted once.
func (s *storage) space() (total, free int64) {
	seen := make(map[string]bool)
	for i := range s.drives {
		d := &s.drives[i]
		if d.fileSystem != "" && seen[d.fileSystem] {
			continue
		}
		seen[d.fileSystem] = true
		total, free = total+d.Total, free+d.Available
	}
	return total, free
}

// each counts sets and the drives of each, pool by pool.
func (s *storage) each() (sets, drives []int) {
	if s.none {
		return nil, nil
	}
	if len(s.health.Pools) == 0 {
		return []int{1}, []int{len(s.drives)}
	}
	for _, p := range s.health.Pools {
		sets = append(sets, len(p.Sets))
		drives = append(drives, p.Sets[0].DataShards+p.Sets[0].ParityShards)
	}
	return sets, drives
}

// pools are the numbers of the pools.
func (s *storage) pools() []int {
	sets, _ := s.each()
	numbers := make([]int, len(sets))
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

func (s *storage) backend(reducedParity int) backendJSON {
	if s.none {
		return backendJSON{Type: typeGateway}
	}
	out := backendJSON{
		Type: typeErasure, Online: s.online(), Parity: s.health.ParityShards, ReducedParity: min(reducedParity, s.health.ParityShards),
	}
	out.Offline = len(s.drives) - out.Online
	out.Sets, out.DrivesPerSet = s.each()
	return out
}

// sets is what is known of each set, by pool.
func (s *storage) sets() map[int]map[int]poolSetJSON {
	out := make(map[int]map[int]poolSetJSON)
	for i := range s.drives {
		d := &s.drives[i]
		if out[d.Pool] == nil {
			out[d.Pool] = make(map[int]poolSetJSON)
		}
		one := out[d.Pool][d.Set]
		one.ID = d.Set
		one.Used, one.Total = one.Used+d.Used, one.Total+d.Total
		if d.Healing {
			one.Healing++
		}
		out[d.Pool][d.Set] = one
	}
	return out
}

// storageInfo answers with the drives alone.
func (h *Handler) storageInfo(q *request) error {
	s, err := h.storage(q.ctx())
	if err != nil {
		return err
	}
	if s.none {
		return errs.New(errs.Unavailable, "not_supported_here", "This Croft keeps its objects in another S3 cluster and has no drives.")
	}
	b := s.backend(h.config.ReducedParity)
	online, offline := make(map[string]int), make(map[string]int)
	online[q.r.Host], offline[q.r.Host] = b.Online, b.Offline
	perPool := func(n int) []int { return slices.Repeat([]int{n}, len(b.Sets)) }
	return q.answer(map[string]any{
		"Disks": s.drives,
		"Backend": map[string]any{
			"Type": 2, "OnlineDisks": online, "OfflineDisks": offline, "StandardSCParity": b.Parity, "RRSCParity": b.ReducedParity,
			"StandardSCData": perPool(s.health.DataShards), "StandardSCParities": perPool(b.Parity),
			"RRSCData": perPool(s.health.DataShards + s.health.ParityShards - b.ReducedParity), "RRSCParities": perPool(b.ReducedParity),
			"TotalSets": b.Sets, "DrivesPerSet": b.DrivesPerSet,
		},
	})
}
