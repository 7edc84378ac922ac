package erasure

import (
	"slices"
	"sync"
)

// name is what one caller at a time may change: a key of a bucket, or a bucket's
// name when bucket is 0.
type name struct {
	bucket uint64
	key    string
}

// keyLocks is a mutex for each name somebody is changing.
type keyLocks struct {
	// over, when not nil, says until when names stay locked: what was written of
	// them is not in the catalogue yet, and who looks there would see the past.
	over func() (<-chan struct{}, error)

	mu    sync.Mutex // guards locks and the counts in it
	locks map[name]*keyLock
}

type keyLock struct {
	sync.Mutex
	waiters int
}

// lock takes the name's mutex and returns how to let it go.
func (k *keyLocks) lock(n name) (unlock func()) {
	k.mu.Lock()
	if k.locks == nil {
		k.locks = make(map[name]*keyLock)
	}
	l := k.locks[n]
	if l == nil {
		l = new(keyLock)
		k.locks[n] = l
	}
	l.waiters++
	k.mu.Unlock()
	l.Lock()
	release := func() {
		l.Unlock()
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.waiters--; l.waiters == 0 {
			delete(k.locks, n)
		}
	}
	return func() {
		if k.over != nil {
			if over, _ := k.over(); over != nil {
				go func() { <-over; release() }()
				return
			}
		}
		release()
	}
}

// lockAll takes the mutexes of several keys of a bucket, in an order that keeps
// two callers from waiting for each other. It takes each key once.
func (k *keyLocks) lockAll(bucket uint64, keys []string) (unlock func()) {
	sorted := slices.Compact(slices.Sorted(slices.Values(keys)))
	unlocks := make([]func(), 0, len(sorted))
	for _, key := range sorted {
		unlocks = append(unlocks, k.lock(name{bucket, key}))
	}
	return func() {
		for _, u := range slices.Backward(unlocks) {
			u()
		}
	}
}
