package erasure

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"croft/objectstore/erasure/index"
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
	// packBelow is the share of a segment's bytes below which it is compacted although
	// all in it is needed: records of few small objects are mostly padding. It takes
	// packFrom entries, which share records when they are moved.
	packBelow = 0.25
	packFrom  = 8
	// compactEvery is how long after a change the segments are looked at.
	compactEvery = 10 * time.Second
	// compactRest is how long compaction rests for each unit of time it works, so
	// that what users ask for goes first.
	compactRest = 2
	// shortBelow is how much room a drive has at least while all is well.
	shortBelow = 128 << 20
	// compactAgain is how long a segment that could not be compacted is left alone.
	compactAgain = 10 * time.Minute
)

// compactor compacts. Only one goroutine at a time uses it.
type compactor struct {
	store *Store
	// graves are, for segments of which little is live, how many bytes of entries
	// in them say that something is gone, by the segments that they have to outlive.
	graves map[uint64]map[uint64]int64
	// packed are segments that entries were moved to. They are as dense as they get,
	// however large the largest of them makes the shards beside it.
	packed map[uint64]bool
	// failed is when compacting a segment failed.
	failed map[uint64]time.Time
}

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
		s.short.Store(s.isShort())
		if err := s.compactAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("compaction failed", "error", err)
		}
	}
}

// isShort reports whether some drive has so little room that giving some back is
// urgent.
func (s *Store) isShort() bool {
	for _, d := range s.set.Drives {
		if d.Writable() && d.Full(shortBelow) {
			return true
		}
	}
	return false
}

// compactAll compacts every segment of which little is needed.
func (s *Store) compactAll(ctx context.Context) error {
	s.compactMu.Lock()
	defer s.compactMu.Unlock()
	c := &s.compactor
	if c.store == nil {
		*c = compactor{
			store: s, graves: make(map[uint64]map[uint64]int64), packed: make(map[uint64]bool), failed: make(map[uint64]time.Time),
		}
	}
	for {
		id, err := c.emptiest(ctx)
		if err != nil || id == 0 {
			return err
		}
		before := make(map[uint64]bool)
		for _, x := range s.seglog.Segments() {
			before[x.ID] = !x.Active
		}
		err = c.segment(ctx, id)
		for _, x := range s.seglog.Segments() {
			if x.ID > id {
				c.packed[x.ID] = c.packed[x.ID] || !before[x.ID]
			}
		}
		if err != nil {
			c.failed[id] = time.Now()
			return fmt.Errorf("segment %016x: %w", id, err)
		}
	}
}

// emptiest returns the segment of which the smallest share is needed, 0 when
// none is worth it.
func (c *compactor) emptiest(ctx context.Context) (uint64, error) {
	s := c.store
	rows, err := s.index.Segments(ctx)
	if err != nil {
		return 0, err
	}
	start, err := s.position(ctx)
	if err != nil {
		return 0, err
	}
	known := make(map[uint64]index.Segment, len(rows))
	for _, r := range rows {
		known[r.ID] = r
	}
	segments := s.seglog.Segments()
	exists := make(map[uint64]bool, len(segments))
	for _, x := range segments {
		exists[x.ID] = true
	}
	c.forget(exists)
	best, share := uint64(0), compactBelow
	for _, x := range segments {
		// From the stable position on a crash may have to replay.
		if x.Active || x.ID >= start.Stable.Segment || time.Since(c.failed[x.ID]) < compactAgain {
			continue
		}
		is := known[x.ID]
		bytes := float64(max(x.End*int64(x.Drives), 1))
		sparse := !c.packed[x.ID] && is.Items >= packFrom && float64(is.Live)/bytes < packBelow
		// Measured against what was ever needed, not against the file: a segment of which
		// nothing died is never moved for its padding alone, over and over.
		total, needed := float64(max(is.Total, 1)), is.Live
		if sparse {
			total = bytes
		}
		if float64(needed)/total >= share {
			continue
		}
		graves, err := c.gravesIn(ctx, x.ID)
		if err != nil {
			c.failed[x.ID] = time.Now()
			return 0, fmt.Errorf("segment %016x: %w", x.ID, err)
		}
		for id, bytes := range graves {
			if exists[id] && id != x.ID {
				needed += bytes
			}
		}
		if f := float64(needed) / total; f < share {
			best, share = x.ID, f
		}
	}
	return best, nil
}

// forget forgets segments that do not exist any more.
func (c *compactor) forget(exists map[uint64]bool) {
	for id := range c.graves {
		if !exists[id] {
			delete(c.graves, id)
		}
	}
	for id := range c.packed {
		if !exists[id] {
			delete(c.packed, id)
		}
	}
	for id := range c.failed {
		if !exists[id] {
			delete(c.failed, id)
		}
	}
}

// gravesIn reads a segment once to see what has to outlive others. An entry that
// has to outlive several counts for each: too much rather than too little, since
// moving what has to be moved again soon would never end.
func (c *compactor) gravesIn(ctx context.Context, id uint64) (map[uint64]int64, error) {
	if g, ok := c.graves[id]; ok {
		return g, nil
	}
	if err := c.store.begin(ctx); err != nil {
		return nil, err
	}
	defer c.store.inUse.Done()
	g := make(map[uint64]int64)
	p := newPace()
	_, err := c.store.seglog.Scan(ctx, id, func(_ seglog.Position, placed []seglog.Placed) error {
		for i := range placed {
			e, err := record.Decode(placed[i].Meta)
			if err != nil {
				return err
			}
			if gone, ok := e.(*record.Gone); ok {
				for _, shadow := range gone.Shadows {
					g[shadow] += c.store.weight(placed[i].Meta, &placed[i].Location)
				}
			}
		}
		return p.rest(ctx, c.store)
	})
	if err == nil {
		c.graves[id] = g
	}
	return g, err
}

// segment moves what is needed of a segment and frees it.
func (c *compactor) segment(ctx context.Context, id uint64) error {
	s := c.store
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	m := &move{store: s, from: id}
	p := newPace()
	lost, err := s.seglog.Scan(ctx, id, func(_ seglog.Position, placed []seglog.Placed) error {
		for i := range placed {
			if err := m.add(ctx, &placed[i]); err != nil {
				return err
			}
		}
		return p.rest(ctx, s)
	})
	if err == nil {
		err = m.flush(ctx)
	}
	if lost > 0 {
		err = errors.Join(err, fmt.Errorf("%d records cannot be read; the segment is kept", lost))
	}
	if err = errors.Join(err, m.unreadable); err != nil {
		return err
	}
	// From here on a crash must not replay from the segment, nor look for anything in it.
	if err := s.index.Sync(ctx); err != nil {
		return err
	}
	return s.seglog.Free(ctx, id)
}

// pace makes background work rest in proportion to what it does.
type pace struct{ began time.Time }

func newPace() *pace { return &pace{began: time.Now()} }

// rest waits, at most a second at a time, or returns the context's error. It does
// not wait while space is short.
func (p *pace) rest(ctx context.Context, s *Store) error {
	worked := time.Since(p.began)
	if worked < 5*time.Millisecond || s.short.Load() {
		return ctx.Err()
	}
	t := time.NewTimer(min(compactRest*worked, time.Second))
	defer t.Stop()
	defer func() { p.began = time.Now() }()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return ctx.Err()
}

// Bounds of what is moved at once. Few records with much in them leave little
// room unused: a record takes whole pages on every drive.
const (
	moveEntries = 512
	moveBytes   = 1 << 20
)

// move appends entries of a segment again that still count, many at a time.
type move struct {
	store      *Store
	from       uint64
	waiting    []waiting
	bytes      int64
	unreadable error // bodies that could not be read; the others are moved all the same
}

// waiting is an entry of the segment.
type waiting struct {
	entry  record.Entry
	placed *seglog.Placed
	name   name
}

// add puts an entry to the others that are moved next.
func (m *move) add(ctx context.Context, p *seglog.Placed) error {
	e, err := record.Decode(p.Meta)
	if err != nil {
		return err
	}
	w := waiting{entry: e, placed: p}
	switch e := e.(type) {
	case *record.Bucket:
		w.name = name{key: e.Name}
	case *record.Version:
		w.name = name{e.Bucket, e.Key}
	case *record.Upload:
		w.name = name{e.Bucket, e.Key}
	case *record.Part:
		w.name = name{e.Bucket, e.Key}
	case *record.Gone:
		w.name = name{e.Bucket, e.Key}
	default:
		return fmt.Errorf("entry of the log is a %T", e)
	}
	m.waiting = append(m.waiting, w)
	m.bytes += int64(len(p.Meta)) + p.Location.Length
	if len(m.waiting) >= moveEntries || m.bytes >= moveBytes {
		return m.flush(ctx)
	}
	return nil
}

// flush moves what is waiting. Everyone who takes several names takes them in
// order, bucket by bucket, so that two cannot wait for each other.
func (m *move) flush(ctx context.Context) error {
	batch := m.waiting
	m.waiting, m.bytes = nil, 0
	var names []name
	for _, w := range batch {
		names = append(names, w.name)
	}
	slices.SortFunc(names, func(a, b name) int {
		return cmp.Or(cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.key, b.key))
	})
	for _, n := range slices.Compact(names) {
		defer m.store.keys.lock(n)()
	}
	var entries []seglog.Entry
	var moved []*bucket
	for _, w := range batch {
		e, b, err := m.again(ctx, w)
		if err != nil {
			m.unreadable = err
		} else if e != nil {
			entries = append(entries, *e)
			moved = append(moved, b)
		}
	}
	if len(entries) == 0 {
		return ctx.Err()
	}
	placed, err := m.store.seglog.Append(ctx, seglog.Options{Urgent: true}, entries...)
	if err != nil {
		return err
	}
	for i, b := range moved {
		if b != nil {
			b.now.Store(&bucketState{*entries[i].Tag.(*pending).entry.(*record.Bucket), placed[i].Location.Segment})
		}
	}
	return nil
}

// again returns the entry to append for one that still counts, nil for another.
// The caller holds its name's lock. For a bucket's it also returns the bucket.
func (m *move) again(ctx context.Context, w waiting) (*seglog.Entry, *bucket, error) {
	s, loc := m.store, &w.placed.Location
	exists := s.segmentExists()
	stands := func(value []byte, found bool, err error) bool { return err == nil && found && standsAt(value, loc) }
	var payload []byte
	switch e := w.entry.(type) {
	case *record.Bucket:
		b, err := s.buckets.find(e.Name)
		if err != nil || b.ID != e.ID || b.now.Load().segment != m.from {
			return nil, nil, nil //nolint:nilerr // a bucket that is gone need not move
		}
		now := b.now.Load().Bucket
		now.Shadows = now.Shadows.With(m.from, exists)
		x := entry(&now, nil)
		return &x, b, nil
	case *record.Version:
		row, found, err := s.index.ByOrd(ctx, e.Bucket, e.Key, e.Ord)
		if !stands(row.Value, found, err) {
			return nil, nil, err
		}
		if e.Inline {
			payload = make([]byte, loc.Length)
			if err := s.seglog.ReadAt(ctx, loc, payload, 0); err != nil {
				return nil, nil, err
			}
		}
		e.Shadows = e.Shadows.With(m.from, exists)
	case *record.Upload:
		row, found, err := s.index.Upload(ctx, e.Bucket, e.Key, e.ID)
		if !stands(row.Value, found, err) {
			return nil, nil, err
		}
		e.Shadows = e.Shadows.With(m.from, exists)
	case *record.Part:
		row, found, err := s.index.Part(ctx, e.Upload, e.Part.Number)
		if !stands(row.Value, found, err) {
			return nil, nil, err
		}
		e.Shadows = e.Shadows.With(m.from, exists)
	case *record.Gone:
		if !e.Shadows.Needed(func(id uint64) bool { return id != m.from && exists(id) }) {
			return nil, nil, nil
		}
	}
	x := entry(w.entry, payload)
	return &x, nil, nil
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
