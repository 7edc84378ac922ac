package erasure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/shardfile"
)

// The scrub reads everything on all drives and checks it, before too much of one
// thing is damaged for it to be mended. It works for a while every day, so that
// everything is read once in scrubCycle, and what it finds is healed.

const (
	scrubCycle = 30 * 24 * time.Hour
	scrubEvery = 24 * time.Hour
	// scrubSlice is how many bytes are read on a day at least: a small store is read
	// at once, and then left alone until the next cycle.
	scrubSlice = 1 << 30
	// wholeScrub is a slice that ends when everything was read.
	wholeScrub = 1 << 62
	// scrubSpeed is how many bytes are read in a second at least.
	scrubSpeed = 8 << 20
	// scrubFast is the speed of a scrub that somebody asked for or that is urgent.
	scrubFast = 256 << 20
	// scrubRetry is how long after a failure it is tried again.
	scrubRetry = 5 * time.Minute
	// scrubSave is how often it is noted how far it has come.
	scrubSave = time.Minute
)

// metaScrub is where the catalogue keeps how far the scrub has come.
const metaScrub = "scrub"

// scrubState is how far the scrub has come.
type scrubState struct {
	Began    int64             `json:"began"`    // this cycle, Unix seconds; 0 is none
	Worked   int64             `json:"worked"`   // the end of the last slice, Unix seconds
	Finished int64             `json:"finished"` // the end of the last cycle, Unix seconds
	Segment  uint64            `json:"segment"`  // that was checked last in this cycle
	Bodies   bool              `json:"bodies"`   // all segments were checked
	Body     shardfile.ID      `json:"body"`     // that was checked last in this cycle
	Bytes    int64             `json:"bytes"`    // that were read in this cycle
	Found    int64             `json:"found"`    // damaged things in this cycle
	Last     objectstore.Scrub `json:"last"`     // what the last complete cycle was like
	// Urgent says that the catalogue is new: nobody knows what the drives lack.
	Urgent bool `json:"urgent"`
	// Asked says that somebody asked for this cycle, and Anew that it has not begun.
	Asked bool `json:"asked,omitempty"`
	Anew  bool `json:"anew,omitempty"`
	// Rest is until when nothing is read because somebody stopped it, Unix seconds.
	Rest int64 `json:"rest,omitempty"`
}

// restart makes the next slice begin a cycle.
func (st *scrubState) restart() {
	st.Began, st.Segment, st.Bodies, st.Body, st.Anew = 0, 0, false, shardfile.ID{}, false
}

// scrubber scrubs.
type scrubber struct {
	workMu sync.Mutex    // held while it works
	wake   chan struct{} // has one when it is due at another time than before

	mu     sync.Mutex // guards the following 3 fields
	state  scrubState
	loaded bool
	work   *scrubWork // nil while it does not work
}

// scrubWork is what is known of the work that goes on.
type scrubWork struct {
	stop  context.CancelCauseFunc
	began time.Time
	total int64 // about what the whole cycle reads
	// read are the bytes that were read since, of which bytes were noted in the state:
	// those of segments and bodies that were checked to their ends.
	read  atomic.Int64
	bytes int64
}

// errScrubStopped is the cause when somebody stopped the scrub.
var errScrubStopped = errors.New("the scrub was stopped")

func (b *scrubber) init() { b.wake = make(chan struct{}, 1) }

func (b *scrubber) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// loadScrub reads how far the scrub has come.
func (s *Store) loadScrub(ctx context.Context) error {
	b := &s.scrubber
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.loaded {
		return nil
	}
	kept, err := s.index.Get(ctx, metaScrub)
	if err != nil {
		return err
	}
	b.state = scrubState{}
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &b.state); err != nil {
			return fmt.Errorf("%w: state of the scrub: %w", index.ErrUnusable, err)
		}
	}
	b.loaded = true
	return nil
}

// scrub works a while every day until ctx ends.
func (s *Store) scrub(ctx context.Context) {
	var notBefore time.Time
	for ctx.Err() == nil {
		due, err := s.scrubDue(ctx)
		if err != nil {
			s.log.Warn("scrub cannot go on", "error", err)
			due = time.Now().Add(time.Hour)
		}
		if due.Before(notBefore) {
			due = notBefore
		}
		t := time.NewTimer(time.Until(due))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-s.scrubber.wake:
			t.Stop()
			notBefore = time.Time{}
			continue
		case <-t.C:
		}
		if err == nil {
			if err := s.scrubDay(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, errScrubStopped) {
				s.log.Warn("scrub was cut off", "error", err)
				notBefore = time.Now().Add(scrubRetry)
			}
		}
	}
}

// scrubDue says when the next slice is due. Without a scrub ever, that is a day
// after the first bucket was made.
func (s *Store) scrubDue(ctx context.Context) (time.Time, error) {
	if err := s.begin(ctx); err != nil {
		return time.Time{}, err
	}
	defer s.inUse.Done()
	if err := s.loadScrub(ctx); err != nil {
		return time.Time{}, err
	}
	s.scrubber.mu.Lock()
	st := s.scrubber.state
	s.scrubber.mu.Unlock()
	due := s.nextScrub(&st)
	if rest := time.Unix(st.Rest, 0); due.Before(rest) {
		due = rest
	}
	return due, nil
}

// nextScrub is when there is something to do again, were it not for a rest.
func (s *Store) nextScrub(st *scrubState) time.Time {
	now := time.Now()
	switch {
	case st.Urgent, st.Asked:
		return now
	case st.Began == 0 && st.Finished > 0:
		return time.Unix(st.Finished, 0).Add(scrubCycle)
	case st.Worked > 0:
		return time.Unix(st.Worked, 0).Add(scrubEvery)
	}
	return s.buckets.first(now).Add(scrubEvery)
}

// first is when the oldest bucket was made; now when there is none.
func (t *bucketTable) first(now time.Time) time.Time {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, b := range t.byName {
		if made := record.Time(b.now.Load().Created); made.Before(now) {
			now = made
		}
	}
	return now
}

// scrubDay does a day's slice.
func (s *Store) scrubDay(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	total, err := s.scrubBytes(ctx)
	if err != nil {
		return err
	}
	s.scrubber.mu.Lock()
	st := s.scrubber.state
	s.scrubber.mu.Unlock()
	slice := max(scrubSlice, total/int64(scrubCycle/scrubEvery)+1)
	speed := max(scrubSpeed, 2*total/int64(scrubCycle/time.Second))
	if st.Asked {
		slice, speed = wholeScrub, scrubFast
	} else if st.Urgent {
		slice, speed = total+scrubSlice, scrubFast
	}
	return s.scrubSome(ctx, slice, speed, false)
}

// Scrub reads and checks everything now and has what is damaged healed. It starts
// from the beginning, and ends when all was read.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := s.loadScrub(ctx); err != nil {
		return err
	}
	return s.scrubSome(ctx, wholeScrub, scrubFast, true)
}

// scrubBytes is about how much there is to read.
func (s *Store) scrubBytes(ctx context.Context) (total int64, err error) {
	buckets, err := s.index.Buckets(ctx)
	for _, b := range buckets {
		if err == nil {
			u, usageErr := s.index.BucketUsage(ctx, b.ID)
			total, err = total+u.Bytes, usageErr
		}
	}
	g := s.set.Geometry
	total = total * int64(g.Drives()) / int64(g.Data)
	var logged int64
	for _, x := range s.seglog.Segments() {
		logged += x.End * int64(g.Drives())
	}
	return max(total, logged), err
}

// limiter lets so many bytes be read in a second.
type limiter struct {
	perSecond int64
	read      *atomic.Int64 // counts them

	mu   sync.Mutex // guards the following field
	next time.Time  // when the next read may be
}

// Wait returns when so many more bytes may be read.
func (l *limiter) Wait(ctx context.Context, bytes int) error {
	l.read.Add(int64(bytes))
	l.mu.Lock()
	now := time.Now()
	if l.next.Before(now) {
		l.next = now
	}
	wait := l.next.Sub(now)
	l.next = l.next.Add(time.Duration(float64(bytes) / float64(l.perSecond) * float64(time.Second)))
	l.mu.Unlock()
	if wait <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// errSlice says that the slice is done and the cycle is not.
var errSlice = errors.New("enough for today")

// scrubSome goes on with the cycle, or begins another one, for so many bytes.
func (s *Store) scrubSome(ctx context.Context, slice, speed int64, anew bool) error {
	b := &s.scrubber
	b.workMu.Lock()
	defer b.workMu.Unlock()
	total, err := s.scrubBytes(ctx)
	if err != nil {
		return err
	}
	work := &scrubWork{began: time.Now(), total: total}
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work.stop = stop
	b.mu.Lock()
	b.work = work
	if anew || b.state.Anew {
		b.state.restart()
	}
	if b.state.Began == 0 {
		b.state.Began, b.state.Bytes, b.state.Found = time.Now().Unix(), 0, 0
	}
	p := &scrubPass{store: s, work: work, limiter: &limiter{perSecond: speed, read: &work.read}, left: slice, saved: time.Now(), urgent: b.state.Urgent}
	b.mu.Unlock()
	err = p.segments(run)
	if err == nil {
		err = p.bodies(run)
	}
	b.mu.Lock()
	b.work = nil
	b.state.Worked = time.Now().Unix()
	// A cycle that was asked for anew meanwhile has yet to begin.
	if err == nil && !b.state.Anew {
		st := &b.state
		st.Finished = st.Worked
		st.Last = objectstore.Scrub{StartedAt: time.Unix(st.Began, 0), FinishedAt: time.Unix(st.Finished, 0), Bytes: st.Bytes, Damaged: st.Found}
		st.Urgent, st.Asked = false, false
		st.restart()
	}
	b.mu.Unlock()
	switch {
	case errors.Is(err, errSlice):
		err = nil
	case err != nil && ctx.Err() == nil && run.Err() != nil:
		err = context.Cause(run)
	}
	return errors.Join(err, s.saveScrub(context.WithoutCancel(ctx)))
}

func (s *Store) saveScrub(ctx context.Context) error {
	s.scrubber.mu.Lock()
	kept, err := json.Marshal(&s.scrubber.state)
	s.scrubber.mu.Unlock()
	if err != nil {
		return err
	}
	return s.index.Apply(ctx, func(tx *index.Tx) error { return tx.Set(metaScrub, kept) })
}

// scrubPass is one stretch of scrubbing.
type scrubPass struct {
	store   *Store
	work    *scrubWork
	limiter *limiter
	left    int64
	saved   time.Time
	urgent  bool
}

// checked notes what was read and found and how far that is.
func (p *scrubPass) checked(ctx context.Context, bytes int64, found int, at func(*scrubState)) error {
	b := &p.store.scrubber
	b.mu.Lock()
	at(&b.state)
	b.state.Bytes += bytes
	p.work.bytes += bytes
	b.state.Found += int64(found)
	b.mu.Unlock()
	if time.Since(p.saved) > scrubSave {
		p.saved = time.Now()
		if err := p.store.saveScrub(ctx); err != nil {
			return err
		}
	}
	if p.left -= bytes; p.left <= 0 {
		return errSlice
	}
	return ctx.Err()
}

// segments checks the segments of the log that were not checked in this cycle.
func (p *scrubPass) segments(ctx context.Context) error {
	s := p.store
	s.scrubber.mu.Lock()
	last, done := s.scrubber.state.Segment, s.scrubber.state.Bodies
	s.scrubber.mu.Unlock()
	if done {
		return nil
	}
	for place := range s.set.Drives {
		if !s.set.Writable().Has(place) {
			continue
		}
		lacking, err := s.seglog.Lacking(ctx, place)
		if err != nil {
			return err
		}
		for _, id := range lacking {
			s.recordDamaged(id, wholeSegment, driveset.Places(0).With(place))
		}
	}
	for _, x := range s.seglog.Segments() {
		if x.ID <= last {
			continue
		}
		damaged, bytes, err := s.seglog.Verify(ctx, x.ID, func(ctx context.Context, n int64) error { return p.limiter.Wait(ctx, int(n)) })
		if err != nil {
			return err
		}
		for _, d := range damaged {
			s.recordDamaged(x.ID, d.Record, d.Places)
		}
		if away := p.unseen(driveset.AllPlaces(x.Drives)); p.urgent && away != 0 {
			s.recordDamaged(x.ID, wholeSegment, away)
		}
		if err := p.checked(ctx, bytes, len(damaged), func(st *scrubState) { st.Segment = x.ID }); err != nil {
			return err
		}
	}
	return p.checked(ctx, 0, 0, func(st *scrubState) { st.Bodies = true })
}

// unseen are those of some drives that cannot be looked at now.
func (p *scrubPass) unseen(of driveset.Places) driveset.Places {
	return of &^ p.store.set.Readable()
}

// bodies checks the large bodies that were not checked in this cycle.
func (p *scrubPass) bodies(ctx context.Context) error {
	s := p.store
	s.scrubber.mu.Lock()
	after := index.FileID(s.scrubber.state.Body)
	s.scrubber.mu.Unlock()
	for {
		rows, err := s.index.ScanFiles(ctx, after, healPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, f := range rows {
			bad, bytes, err := s.bodies.Verify(ctx, bodyOfFile(f), p.limiter)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			found := 0
			if bad &^= driveset.Places(f.Missing); bad != 0 && err == nil {
				found = 1
				s.bodyDamaged(shardfile.ID(f.ID), bad)
			}
			if away := p.unseen(placesOfFile(f)); p.urgent && away != 0 {
				s.bodyDamaged(shardfile.ID(f.ID), away)
			}
			after = f.ID
			if err := p.checked(ctx, bytes, found, func(st *scrubState) { st.Body = shardfile.ID(f.ID) }); err != nil {
				return err
			}
		}
	}
}
