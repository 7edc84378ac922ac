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
	st, loaded := b.state, b.loaded
	p := objectstore.ScrubProgress{Running: b.work != nil, Asked: st.Asked, Last: st.Last}
	if w := b.work; w != nil {
		read := w.read.Load()
		st.Bytes += max(0, read-w.bytes)
		p.TotalBytes = max(w.total, st.Bytes)
		if took := time.Since(w.began); took > 0 {
			p.BytesPerSecond = int64(float64(read) / took.Seconds())
		}
	}
	b.mu.Unlock()
	if st.Began > 0 && !st.Anew {
		p.Current = objectstore.Scrub{StartedAt: time.Unix(st.Began, 0), Bytes: st.Bytes, Damaged: st.Found}
	}
	if loaded && !p.Running {
		p.NextAt = s.nextScrub(&st)
		if rest := time.Unix(st.Rest, 0); p.NextAt.Before(rest) {
			p.NextAt = rest
		}
	}
	return p
}
