package erasure

import (
	"context"
	"fmt"
	"sync"
	"time"

	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Compaction gives back the space of what was deleted and overwritten: what is
// still needed of a segment is appended again, and the segment is freed once the
// catalogue durably knows the new places. A crash in between leaves two copies of
// the same entries, of which the later counts.

const (
	// compactBelow is the share of a segment that is needed below which it is
	// compacted: above, moving costs more than the space is worth.
	compactBelow = 0.5
	// compactEvery is how long after a change the segments are looked at.
	compactEvery = 10 * time.Second
	// compactRest is how long compaction rests for each unit of time it works, so
	// that what users ask for goes first.
	compactRest = 2
	// movers is how many entries are moved side by side, to share batches.
	movers = 16
)

// compact looks at the segments after changes, until ctx ends.
func (s *Store) compact(ctx context.Context) {
	tick := time.NewTicker(compactEvery)
	defer tick.Stop()
	var looked uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.applied.Load()
		if now == looked || s.checkWritable() != nil {
			continue
		}
		looked = now
		if err := s.compactAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("compaction failed", "error", err)
		}
	}
}

// compactAll compacts every segment of which little is needed.
func (s *Store) compactAll(ctx context.Context) error {
	for {
		id, err := s.emptiest(ctx)
		if err != nil || id == 0 {
			return err
		}
		if err := s.compactSegment(ctx, id); err != nil {
			return fmt.Errorf("segment %016x: %w", id, err)
		}
	}
}

// emptiest returns the segment of which the smallest share is needed, 0 when
// none is worth it.
func (s *Store) emptiest(ctx context.Context) (uint64, error) {
	rows, err := s.index.Segments(ctx)
	if err != nil {
		return 0, err
	}
	live := make(map[uint64]int64, len(rows))
	for _, r := range rows {
		live[r.ID] = r.Live
	}
	best, share := uint64(0), compactBelow
	for _, x := range s.seglog.Segments() {
		if x.Active || x.ID >= s.stableSegment(ctx) {
			continue
		}
		total := x.End * int64(len(s.set.Drives))
		if f := float64(live[x.ID]) / float64(max(total, 1)); f < share {
			best, share = x.ID, f
		}
	}
	return best, nil
}

// stableSegment is the segment from which a crash may have to replay; earlier ones
// may go.
func (s *Store) stableSegment(ctx context.Context) uint64 {
	start, err := s.position(ctx)
	if err != nil {
		return 0
	}
	return start.Stable.Segment
}

// compactSegment moves what is needed of a segment and frees it.
func (s *Store) compactSegment(ctx context.Context, id uint64) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	work := make(chan *seglog.Placed)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards failure
	var failure error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for range movers {
		wg.Go(func() {
			for p := range work {
				if err := s.move(ctx, p); err != nil {
					mu.Lock()
					failure = err
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	began := time.Now()
	lost, err := s.seglog.Scan(ctx, id, func(_ seglog.Position, placed []seglog.Placed) error {
		for i := range placed {
			select {
			case work <- &placed[i]:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		worked := time.Since(began)
		rest(ctx, compactRest*worked)
		began = time.Now()
		return nil
	})
	close(work)
	wg.Wait()
	mu.Lock()
	defer mu.Unlock()
	if failure != nil {
		return failure
	}
	if err != nil {
		return err
	}
	if lost > 0 {
		return fmt.Errorf("%d records cannot be read; the segment is kept", lost)
	}
	// From here on a crash must not replay from the segment, nor look for anything in it.
	if err := s.index.Sync(ctx); err != nil {
		return err
	}
	return s.seglog.Free(ctx, id)
}

// rest waits, at most a second at a time, unless ctx ends.
func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(min(d, time.Second))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// move appends an entry again if it still counts.
func (s *Store) move(ctx context.Context, p *seglog.Placed) error {
	e, err := record.Decode(p.Meta)
	if err != nil {
		return err
	}
	from := p.Location.Segment
	exists := s.segmentExists()
	others := func(id uint64) bool { return id != from && exists(id) }
	switch e := e.(type) {
	case *record.Bucket:
		return s.moveBucket(ctx, e, from)
	case *record.Version:
		return s.moveVersion(ctx, e, p, exists)
	case *record.Upload:
		defer s.keys.lock(name{e.Bucket, e.Key})()
		row, found, err := s.index.Upload(ctx, e.Bucket, e.Key, e.ID)
		if err != nil || !found || !standsAt(row.Value, &p.Location) {
			return err
		}
		e.Shadows = e.Shadows.With(from, exists)
		_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(e, nil))
		return err
	case *record.Part:
		defer s.keys.lock(name{e.Bucket, e.Key})()
		row, found, err := s.index.Part(ctx, e.Upload, e.Part.Number)
		if err != nil || !found || !standsAt(row.Value, &p.Location) {
			return err
		}
		e.Shadows = e.Shadows.With(from, exists)
		_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(e, nil))
		return err
	case *record.Gone:
		if !e.Shadows.Needed(others) {
			return nil
		}
		_, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(e, nil))
		return err
	}
	return fmt.Errorf("entry of the log is a %T", e)
}

// standsAt reports whether a value of the catalogue is the entry at a location.
func standsAt(value []byte, loc *seglog.Location) bool {
	_, rest, err := splitValue(value)
	if err != nil {
		return false
	}
	at, _, err := seglog.DecodeLocation(rest)
	return err == nil && at.Segment == loc.Segment && at.Record() == loc.Record()
}

func (s *Store) moveBucket(ctx context.Context, e *record.Bucket, from uint64) error {
	defer s.keys.lock(name{key: e.Name})()
	b, err := s.buckets.find(e.Name)
	if err != nil || b.ID != e.ID || b.now.Load().segment != from {
		return nil //nolint:nilerr // a bucket that is gone need not move
	}
	again := b.now.Load().Bucket
	again.Shadows = again.Shadows.With(from, s.segmentExists())
	placed, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(&again, nil))
	if err != nil {
		return err
	}
	b.now.Store(&bucketState{again, placed[0].Location.Segment})
	return nil
}

func (s *Store) moveVersion(ctx context.Context, v *record.Version, p *seglog.Placed, exists func(uint64) bool) error {
	defer s.keys.lock(name{v.Bucket, v.Key})()
	row, found, err := s.index.ByOrd(ctx, v.Bucket, v.Key, v.Ord)
	if err != nil || !found || !standsAt(row.Value, &p.Location) {
		return err
	}
	var payload []byte
	if v.Inline {
		payload = make([]byte, p.Location.Length)
		if err := s.seglog.ReadAt(ctx, &p.Location, payload, 0); err != nil {
			return err
		}
	}
	v.Shadows = v.Shadows.With(p.Location.Segment, exists)
	_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(v, payload))
	return err
}
