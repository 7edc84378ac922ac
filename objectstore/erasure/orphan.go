package erasure

import (
	"context"
	"sync"
	"sync/atomic"

	"croft/objectstore/erasure/index"
)

// A crash between writing a large body and the entry that names it leaves files
// that nobody knows. Looking for them means listing every folder of bodies, so it
// is done only after such a crash may have been: the catalogue keeps a mark from
// before the first large body until the store is closed in order.

// metaRunning is where that mark is.
const metaRunning = "running"

// leftovers is what is known of bodies that nobody knows.
type leftovers struct {
	before bool        // the last time did not end in order
	new    atomic.Bool // this time may leave some although it ends in order

	mu     sync.Mutex // guards the following field
	marked bool       // the mark is durable
}

// markRunning makes sure that the next start looks for orphans, unless this time
// ends in order.
func (s *Store) markRunning(ctx context.Context) error {
	l := &s.leftovers
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.marked {
		return nil
	}
	err := s.index.Apply(ctx, func(tx *index.Tx) error { return tx.Set(metaRunning, []byte{1}) })
	if err == nil {
		err = s.index.Sync(ctx)
	}
	l.marked = err == nil
	return err
}

// wasRunning reads the mark.
func (s *Store) wasRunning(ctx context.Context) (bool, error) {
	mark, err := s.index.Get(ctx, metaRunning)
	return len(mark) > 0, err
}

// markEnd takes the mark back when there is nothing to look for.
func (s *Store) markEnd(ctx context.Context) error {
	l := &s.leftovers
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.before || l.new.Load() || !l.marked {
		return nil
	}
	l.marked = false
	return s.index.Apply(ctx, func(tx *index.Tx) error { return tx.Set(metaRunning, nil) })
}

// sweepAll removes what the last time left, if it did not end in order.
func (s *Store) sweepAll(ctx context.Context) {
	if !s.leftovers.before || s.begin(ctx) != nil {
		return
	}
	defer s.inUse.Done()
	for place, d := range s.set.Drives {
		if !d.Writable() {
			s.leftovers.new.Store(true) // it is looked at when it is back, or the next time
			continue
		}
		if err := s.heal.sweep(ctx, place); err != nil {
			s.leftovers.new.Store(true)
			s.log.Warn("leftovers of a crash were not all removed", "path", d.Path, "error", err)
		}
	}
	l := &s.leftovers
	l.mu.Lock()
	l.before, l.marked = false, true // by the last time
	l.mu.Unlock()
}
