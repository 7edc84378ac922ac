package webdav

import (
	"sync"
	"time"
)

const (
	// tries is how many wrong keys an address may send within a pause.
	tries = 20
	pause = time.Minute
	// maxAddresses bounds the addresses that are remembered; beyond it those are forgotten whose time is up,
	// and if there are none, all.
	maxAddresses = 10_000
)

// brake slows down whoever tries out secrets.
type brake struct {
	mu    sync.Mutex // guards known
	known map[string]attempts
}

type attempts struct {
	since time.Time
	count int
}

func newBrake() *brake { return &brake{known: make(map[string]attempts)} }

// wait is how long nothing is taken from an address.
func (b *brake) wait(address string, now time.Time) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.known[address]
	if a.count < tries {
		return 0
	}
	return max(0, a.since.Add(pause).Sub(now))
}

func (b *brake) failed(address string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.known[address]; !there && len(b.known) >= maxAddresses {
		for k, a := range b.known {
			if now.Sub(a.since) >= pause {
				delete(b.known, k)
			}
		}
		if len(b.known) >= maxAddresses {
			clear(b.known)
		}
	}
	a := b.known[address]
	if now.Sub(a.since) >= pause {
		a = attempts{since: now}
	}
	if a.count++; a.count == tries {
		a.since = now
	}
	b.known[address] = a
}
