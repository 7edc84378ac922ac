package inventory

import (
	"context"
	"strconv"
	"sync"
	"time"

	"croft/internal/errs"
)

// Status is how a configuration's reports are.
type Status struct {
	Wanted  bool  // a report is to be made as soon as there is time
	Running bool  // one is being made
	Listed  int64 // rows of it so far, or of the last that this process made

	// Last is when the last whole report was made; zero when there is none. Manifest is its
	// key, Files and Bytes are what it has.
	Last     time.Time
	Manifest string
	Files    int
	Bytes    int64

	Next    time.Time    // when the next is to be made; zero when none is, or when nobody has looked yet
	Problem errs.Problem // why the last try failed; none when it did not
}

// tally is what is known of a configuration besides what the store has.
type tally struct {
	mu     sync.Mutex // guards what follows
	status Status
	made   time.Time // when the last report was, as far as this process knows
	looked bool      // whether it was looked for
	failed time.Time // when the last try failed; zero when it did not
	config string    // for which this is so
}

func (s *Service) tallyOf(n name) *tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[n]
	if t == nil {
		t = &tally{}
		s.tallies[n] = t
	}
	return t
}

func (t *tally) change(f func(*Status)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.status)
}

func (t *tally) want() { t.change(func(st *Status) { st.Wanted = true }) }

// Status says how a configuration's reports are, or refuses with ErrNone. It reads the
// last manifest.
func (s *Service) Status(ctx context.Context, bucket, id string) (Status, error) {
	c, err := s.Get(ctx, bucket, id)
	if err != nil {
		return Status{}, err
	}
	b, err := s.source.Bucket(ctx, bucket)
	if err != nil {
		return Status{}, err
	}
	t := s.tallyOf(name{bucket, id})
	t.mu.Lock()
	st := t.status
	t.mu.Unlock()
	if !c.Enabled {
		st.Next = time.Time{}
	}
	r := report{s: s, source: b, config: c, tally: t}
	if err := r.mayWrite(ctx); err != nil {
		st.Problem = errs.ProblemOf(err)
		return st, nil
	}
	m, key, err := r.readLast(ctx)
	if err != nil || key == "" {
		return st, err
	}
	st.Manifest, st.Files = key, len(m.Files)
	for _, f := range m.Files {
		st.Bytes += f.Size
	}
	if ms, err := strconv.ParseInt(m.CreationTimestamp, 10, 64); err == nil {
		st.Last = time.UnixMilli(ms).UTC()
	}
	return st, nil
}
