package erasure

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/seglog"
)

// Union is what sets that make one store have in common. Their ords rise together,
// so that what goes from one set to another keeps its rank there, and a quota is of
// what they hold together. The zero value is ready.
type Union struct {
	ord      atomic.Uint64 // the highest that was given out or seen
	reserved reservations

	// Moving is held while a key is in two sets, and shared by who looks at several
	// sets and must count each key once.
	Moving sync.RWMutex

	renaming sync.Mutex // held while keys of two sets are locked, so that nobody waits in a ring

	mu    sync.RWMutex // guards the following 2 fields
	sets  []*Store
	ended bool // a set was closed: what the others hold is not all there is
}

// NextOrd returns a number above all that were given out or seen. It follows the
// clock, so that it also passes numbers that only an absent drive has seen.
func (u *Union) NextOrd() uint64 {
	for {
		last := u.ord.Load()
		next := max(last+1, uint64(time.Now().UnixNano()))
		if u.ord.CompareAndSwap(last, next) {
			return next
		}
	}
}

// sawOrd keeps NextOrd above a number that was read from the drives.
func (u *Union) sawOrd(ord uint64) {
	for last := u.ord.Load(); ord > last; last = u.ord.Load() {
		if u.ord.CompareAndSwap(last, ord) {
			return
		}
	}
}

func (u *Union) join(s *Store) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sets = append(u.sets, s)
}

// leave is called when nobody uses the set any more.
func (u *Union) leave(s *Store) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sets = slices.DeleteFunc(u.sets, func(o *Store) bool { return o == s })
	u.ended = true
}

// keepsTiered reports whether a set other than one refers to a body in a tier: keys move
// between sets, and their bodies in tiers stay where they are.
func (u *Union) keepsTiered(ctx context.Context, but *Store, id index.FileID) (bool, error) {
	u.mu.RLock()
	defer u.mu.RUnlock()
	if u.ended {
		return false, seglog.ErrClosed
	}
	for _, s := range u.sets {
		if s == but {
			continue
		}
		t, found, err := s.index.Tiered(ctx, id)
		if err != nil || found && !t.Doomed {
			return found, err
		}
	}
	return false, nil
}

// used is how much the catalogues of all sets count in some buckets.
func (u *Union) used(ctx context.Context, buckets []string) (total int64, err error) {
	u.Moving.RLock()
	defer u.Moving.RUnlock()
	u.mu.RLock()
	defer u.mu.RUnlock()
	if u.ended {
		return 0, seglog.ErrClosed
	}
	for _, s := range u.sets {
		n, err := s.used(ctx, buckets)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}
