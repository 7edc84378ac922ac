package replication

import (
	"context"
	"sync"
	"time"

	"croft/internal/errs"
)

// State is how a rule is.
type State string

// The states of a rule.
const (
	StateCurrent State = "current" // everything is at the target
	StateCopying State = "copying"
	StateFailing State = "failing" // the target cannot be used now; it is tried again
	StatePaused  State = "paused"
)

// Status is how a rule is. Counters are since the start.
type Status struct {
	Rule
	State State

	Pending      int64 // changes that are not at the target
	PendingBytes int64
	Oldest       time.Time // when the oldest of them was made; zero when nothing is pending

	Sent             int64 // objects
	SentBytes        int64
	Deleted          int64
	Skipped          int64   // what cannot be copied: encrypted with a customer's key
	Failures         int64   // tries that failed
	ObjectsPerSecond float64 // of the last minute
	BytesPerSecond   float64

	// Problem is the last failure that nothing has succeeded after. ProblemKey is the
	// object it was about; empty when it is the target's.
	Problem    errs.Problem
	ProblemKey string
	NextTry    time.Time // zero unless failing

	// Looking says that the bucket is being looked through for what the target lacks;
	// Looked is how many keys were, of about Total (0 is not known).
	Looking bool
	Looked  int64
	Total   int64
}

// window is what rates are of, in slots.
const (
	window = 12
	slot   = 5 * time.Second
)

// meter counts what was done and how fast of late.
type meter struct {
	mu    sync.Mutex // guards what follows
	count Status     // only counters, problem and next try
	since time.Time
	slots [window]struct {
		at             int64 // number of the slot
		objects, bytes int64
	}
}

// did counts things that were done.
func (m *meter) did(now time.Time, objects, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since.IsZero() {
		m.since = now
	}
	at := now.UnixNano() / int64(slot)
	s := &m.slots[at%window]
	if s.at != at {
		s.at, s.objects, s.bytes = at, 0, 0
	}
	s.objects += objects
	s.bytes += bytes
}

func (m *meter) change(f func(*Status)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(&m.count)
}

// read returns the counters and rates.
func (m *meter) read(now time.Time) Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.count
	span := min(now.Sub(m.since), window*slot)
	if m.since.IsZero() || span < time.Second {
		span = time.Second
	}
	at := now.UnixNano() / int64(slot)
	for _, s := range m.slots {
		if s.at > at-window {
			st.ObjectsPerSecond += float64(s.objects) / span.Seconds()
			st.BytesPerSecond += float64(s.bytes) / span.Seconds()
		}
	}
	return st
}

// status is how the rule is.
func (r *runner) status(ctx context.Context) (Status, error) {
	b := r.bookmark.Load() // before the backlog, which has all that a look has passed by then
	backlog, err := r.svc.source.Backlog(ctx, followerOf(r.rule.ID))
	if err != nil {
		return Status{}, err
	}
	st := r.meter.read(time.Now())
	st.Rule = r.rule
	st.Pending, st.PendingBytes, st.Oldest = backlog.Changes, backlog.Bytes, backlog.Oldest
	if !b.Done {
		st.Looking, st.Looked = true, b.Looked
		if b.Total > 0 {
			st.Total = max(b.Total, b.Looked)
		}
	}
	r.mu.Lock()
	st.Paused = r.paused
	r.mu.Unlock()
	switch {
	case st.Paused:
		st.State, st.NextTry = StatePaused, time.Time{}
	case !st.NextTry.IsZero():
		st.State = StateFailing
	case st.Pending > 0 || st.Looking:
		st.State = StateCopying
	default:
		st.State = StateCurrent
	}
	return st, nil
}
