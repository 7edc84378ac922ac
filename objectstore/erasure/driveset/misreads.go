package driveset

import (
	"sync"
	"sync/atomic"
)

// manyMisreads is in how many places reads fail, one after the other and none
// succeeding between, before a drive is fenced. A sector that cannot be read is no
// reason: it is written anew from the other drives.
const manyMisreads = 4

// misreads are the places where reads have failed since the last one that
// succeeded. The zero value is ready.
type misreads struct {
	any    atomic.Bool
	mu     sync.Mutex // guards the following field
	places map[misread]bool
}

type misread struct {
	name   string
	offset int64
}

// add reports whether there are many now.
func (m *misreads) add(name string, offset int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.places == nil {
		m.places = make(map[misread]bool)
	}
	m.places[misread{name, offset}] = true
	m.any.Store(true)
	return len(m.places) >= manyMisreads
}

// end is told that a read has succeeded.
func (m *misreads) end() {
	if !m.any.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.places)
	m.any.Store(false)
}
