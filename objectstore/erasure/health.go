package erasure

import (
	"context"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// Health implements objectstore.DriveReporter.
func (s *Store) Health(ctx context.Context) (objectstore.Health, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Health{}, err
	}
	g := s.set.Geometry
	h := objectstore.Health{
		Engine: "erasure", Parity: g.Parity, DataShards: g.Data, ParityShards: g.Parity,
		ReadQuorum: g.ReadQuorum(), WriteQuorum: g.WriteQuorum(), Writable: s.checkWritable() == nil,
	}
	for _, d := range s.set.Health(ctx) {
		d.Healing = s.heal.progress[d.Place].report()
		h.Drives = append(h.Drives, d)
	}
	if err := s.problem(); err != nil {
		_, h.Problem = errs.Public(err)
	}
	h.Scrub = s.scrubProgress()
	return h, nil
}

// problem is why nothing can be written although enough drives are there, nil when
// that is not so.
func (s *Store) problem() error {
	if _, cause := s.seglog.Stalled(); cause != nil {
		return cause
	}
	if l := s.seglog.Load(); l != nil && s.checkWritable() == nil && l.Broken() != nil {
		return errs.New(errs.Unavailable, objectstore.ErrWriteQuorum.Code,
			"Too few drives could be written to. Enough are back, and the log is about to be opened again.")
	}
	return nil
}

// scrubProgress is what is known of the scrub.
func (s *Store) scrubProgress() objectstore.ScrubProgress {
	b := &s.scrubber
	b.mu.Lock()
	defer b.mu.Unlock()
	p := objectstore.ScrubProgress{Running: b.working, Last: b.state.Last}
	if b.state.Began > 0 {
		p.Current = objectstore.Scrub{StartedAt: time.Unix(b.state.Began, 0), Bytes: b.state.Bytes, Damaged: b.state.Found}
	}
	return p
}
