package lifecycle

import (
	"context"
	"sync"
	"time"
)

// Pace bounds how much of the store the room takes for itself.
type Pace struct {
	// Rate is how many deletes, moves and aborts are begun in a second at most, and
	// Parallel how many are under way at once; 0 is 400 and 2.
	Rate     int
	Parallel int
	// Rest is how long the room rests after each of them and after each page of a
	// listing, in times of what that took: a store that others keep busy takes longer,
	// and is left alone for longer. 0 is 4, less than 0 is not at all.
	Rest float64
}

// longestRest keeps one slow answer from stopping the work.
const longestRest = 5 * time.Second

func (p Pace) complete() Pace {
	if p.Rate == 0 {
		p.Rate = 400
	}
	if p.Parallel == 0 {
		p.Parallel = 2
	}
	if p.Rest == 0 {
		p.Rest = 4
	}
	return p
}

// rest waits as long as belongs to something that took so long.
func (p Pace) rest(ctx context.Context, took time.Duration) {
	if p.Rest > 0 {
		_ = sleep(ctx, min(time.Duration(p.Rest*float64(took)), longestRest)) // whoever called looks at ctx
	}
}

// metronome lets through as many a second as the pace allows.
type metronome struct {
	between time.Duration
	mu      sync.Mutex // guards next
	next    time.Time
}

func (m *metronome) wait(ctx context.Context) error {
	m.mu.Lock()
	now := time.Now()
	if m.next.Before(now) {
		m.next = now
	}
	at := m.next
	m.next = at.Add(m.between)
	m.mu.Unlock()
	return sleep(ctx, at.Sub(now))
}

// sleep waits, or returns the error of ctx when that ends before.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
