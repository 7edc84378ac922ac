package app

import (
	"sync"
	"time"
)

const (
	refusalsAMinute = 10
	refusalWindow   = time.Minute
)

// refusals bounds how many rows of the audit log one access key can cause by asking
// for what it may not do: each is a synced write, and is kept for ever.
type refusals struct {
	now func() time.Time

	mu   sync.Mutex // guards keys
	keys map[string]*refused
}

// refused are one key's refusals since a time.
type refused struct {
	since time.Time
	rows  int
	left  int64 // not written since the last row
}

func newRefusals(now func() time.Time) *refusals {
	return &refusals{now: now, keys: make(map[string]*refused)}
}

// admit reports whether a refusal of the key gets a row, and how many before it got
// none.
func (r *refusals) admit(accessKey string) (write bool, left int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	one := r.keys[accessKey]
	if one == nil {
		r.sweep(now)
		one = &refused{since: now}
		r.keys[accessKey] = one
	}
	if now.Sub(one.since) >= refusalWindow {
		one.since, one.rows = now, 0
	}
	if one.rows >= refusalsAMinute {
		one.left++
		return false, 0
	}
	one.rows++
	left, one.left = one.left, 0
	return true, left
}

// sweep forgets keys that have been quiet for a window, with whatever was left of
// theirs to tell. It runs when a key appears, which is seldom.
func (r *refusals) sweep(now time.Time) {
	for accessKey, one := range r.keys {
		if now.Sub(one.since) >= refusalWindow && one.left == 0 {
			delete(r.keys, accessKey)
		}
	}
}
