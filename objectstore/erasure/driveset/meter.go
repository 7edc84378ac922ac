package driveset

import (
	"slices"
	"sync"
	"time"
)

// meter measures how long one kind of operation takes on one drive: a mean in
// which each further operation weighs an eighth. The zero value is ready.
type meter struct {
	mu      sync.Mutex // guards the following 4 fields
	mean    time.Duration
	count   int
	last    time.Time
	started []time.Time // operations that have not ended
}

const (
	meterWeight = 8
	// meterCount is how many operations it takes to judge a drive.
	meterCount = 8
	// meterMemory is how long a drive is judged by what it did.
	meterMemory = time.Minute
)

func (m *meter) begin() time.Time {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.started = append(m.started, now)
	return now
}

func (m *meter) end(start time.Time) {
	now := time.Now()
	took := now.Sub(start)
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(m.started, start)
	if i < 0 {
		return // of another disk
	}
	last := len(m.started) - 1
	m.started[i] = m.started[last]
	m.started = m.started[:last]
	if m.count == 0 {
		m.mean = took
	}
	m.mean += (took - m.mean) / meterWeight
	m.count++
	m.last = now
}

func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mean, m.count, m.started = 0, 0, nil
}

// typical is how long an operation takes these days: the mean, or the time that
// one has been going on when that is longer. It is 0 when too little is known.
func (m *meter) typical() time.Duration {
	now := time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	var t time.Duration
	if m.count >= meterCount && now.Sub(m.last) < meterMemory {
		t = m.mean
	}
	for _, s := range m.started {
		t = max(t, now.Sub(s))
	}
	return t
}

// slowFactor and slowTime are how much longer than on the other drives, and how
// long at all, an operation takes on a drive that is called slow.
const (
	slowFactor = 8
	slowTime   = 20 * time.Millisecond
)

// slow says which drives are much slower than the median of all, the faster one
// of two, and how long an operation takes on that.
func slow(times []time.Duration) (which Places, median time.Duration) {
	known := slices.DeleteFunc(slices.Sorted(slices.Values(times)), func(t time.Duration) bool { return t == 0 })
	if len(known) == 0 {
		return 0, 0
	}
	median = known[(len(known)-1)/2]
	for i, t := range times {
		if t > slowTime && t >= slowFactor*median {
			which = which.With(i)
		}
	}
	return which, median
}

// Slow are the drives that are read from or written to much more slowly than the
// others are. They are used all the same.
func (s *Set) Slow() Places {
	reads, _ := slow(s.times(readTimes))
	syncs, _ := slow(s.times(syncTimes))
	return reads | syncs
}

// SlowToRead are those that are so for reads.
func (s *Set) SlowToRead() Places {
	reads, _ := slow(s.times(readTimes))
	return reads
}

func readTimes(d *Drive) *meter { return &d.reads }
func syncTimes(d *Drive) *meter { return &d.syncs }

// times are how long an operation takes on each drive.
func (s *Set) times(of func(*Drive) *meter) []time.Duration {
	times := make([]time.Duration, len(s.Drives))
	for i, d := range s.Drives {
		times[i] = of(d).typical()
	}
	return times
}
