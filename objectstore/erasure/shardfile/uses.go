package shardfile

import (
	"sync"

	"croft/objectstore/erasure/driveset"
)

// uses are the bodies that something is being done with. The zero value is ready.
type uses struct {
	mu   sync.Mutex // guards the following fields and what they hold
	byID map[ID]*use
	// gone are the bodies that were removed lately, and order which of them longest
	// ago: who had looked one up before that is told so instead of finding it damaged.
	gone  map[ID]bool
	order [maxGone]ID
	next  int // in order
}

const maxGone = 4096

// use is what is being done with a body.
type use struct {
	readers  int
	removers int
	writers  driveset.Places // that a file is being written on
	healing  chan struct{}   // closed when the healing ends; nil when there is none
	// removed is set once Remove was called. Files go when the last reader has,
	// and at the end of a writer that was late.
	removed bool
}

// of returns a body's use, made when it has none. The caller holds mu.
func (u *uses) of(id ID) *use {
	if u.byID == nil {
		u.byID = make(map[ID]*use)
	}
	b := u.byID[id]
	if b == nil {
		b = new(use)
		u.byID[id] = b
	}
	return b
}

// settle forgets a body that nothing is done with. The caller holds mu.
func (u *uses) settle(id ID, b *use) {
	if b.readers == 0 && b.removers == 0 && b.writers == 0 && b.healing == nil {
		delete(u.byID, id)
		if b.removed {
			u.forget(id)
		}
	}
}

// forget remembers that a body is gone, for a while. The caller holds mu.
func (u *uses) forget(id ID) {
	if u.gone == nil {
		u.gone = make(map[ID]bool)
	}
	delete(u.gone, u.order[u.next])
	u.gone[id], u.order[u.next] = true, id
	u.next = (u.next + 1) % maxGone
}

// read notes a reader, unless the body was removed.
func (u *uses) read(id ID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.gone[id] {
		return false
	}
	b := u.of(id)
	if b.removed {
		return false
	}
	b.readers++
	return true
}

// haveRead notes that a reader is done and reports whether the body's files have
// to be removed now; haveRemoved must follow then.
func (u *uses) haveRead(id ID) (remove bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	b.readers--
	remove = b.removed && b.readers == 0
	if remove {
		b.removers++
	}
	u.settle(id, b)
	return remove
}

// remove notes that a body is no longer wanted and reports whether its files can
// be removed now; haveRemoved must follow then.
func (u *uses) remove(id ID) (now bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	b.removed = true
	if b.readers > 0 {
		return false
	}
	b.removers++
	return true
}

func (u *uses) haveRemoved(id ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	b.removers--
	u.settle(id, b)
}

// write notes that files of a body are being written.
func (u *uses) write(id ID, places driveset.Places) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	b.writers |= places
}

// haveWritten notes that a file is written, or given up, and reports whether the
// body was removed meanwhile.
func (u *uses) haveWritten(id ID, place int) (removed bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	b.writers = b.writers.Without(place)
	u.settle(id, b)
	return b.removed
}

// writing returns where files of a body are being written.
func (u *uses) writing(id ID) driveset.Places {
	u.mu.Lock()
	defer u.mu.Unlock()
	if b := u.byID[id]; b != nil {
		return b.writers
	}
	return 0
}

// known reports whether anything is being done with a body.
func (u *uses) known(id ID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.byID[id] != nil
}

// removed reports whether a body is among those that were removed lately.
func (u *uses) removed(id ID) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.gone[id]
}

// heal begins to heal a body, of which one caller at a time is allowed: for others
// it returns what to wait for before they try again.
func (u *uses) heal(id ID) (wait <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	if b.healing != nil {
		return b.healing
	}
	b.healing = make(chan struct{})
	return nil
}

func (u *uses) haveHealed(id ID) {
	u.mu.Lock()
	defer u.mu.Unlock()
	b := u.of(id)
	close(b.healing)
	b.healing = nil
	u.settle(id, b)
}
