package shardfile

import (
	"sync/atomic"
	"time"
)

// lane is what is known of one drive's pace.
type lane struct {
	// stuck are operations that somebody gave up waiting for, and late are files
	// that are being finished after their Write returned.
	stuck, late atomic.Int32
	// lateReads are chunks that readers wait for no longer.
	lateReads atomic.Int32
	// When a reader last found the drive slow, when a writer did, and when a late
	// file was last finished or the first one begun, in Unix nanoseconds.
	slowRead, slowWrite, lateSince atomic.Int64
	folders                        folders
}

// maxLate is how many files a drive may be behind and get new ones.
const maxLate = 8

// hangs reports whether the drive should get no new bodies for now.
func (s *Store) hangs(place int) bool {
	l := &s.lanes[place]
	late := l.late.Load()
	return l.stuck.Load() > 0 || late >= maxLate || late > 0 && ago(&l.lateSince) > s.timing.lag
}

// slow reports whether reads should go around the drive for now.
func (s *Store) slow(place int) bool {
	l := &s.lanes[place]
	return l.stuck.Load() > 0 || l.lateReads.Load() > 0 || ago(&l.slowRead) < s.timing.memory
}

// tardy reports whether the drive came late with a body a short while ago.
func (s *Store) tardy(place int) bool { return ago(&s.lanes[place].slowWrite) < s.timing.memory }

// begin counts an operation that goes on although nobody waits for it.
func (l *lane) begin(stuck bool) {
	mark(&l.slowWrite)
	if stuck {
		l.stuck.Add(1)
	} else if l.late.Add(1) == 1 {
		mark(&l.lateSince)
	}
}

func (l *lane) end(stuck bool) {
	if stuck {
		l.stuck.Add(-1)
		return
	}
	l.late.Add(-1)
	mark(&l.lateSince)
}

func mark(t *atomic.Int64) { t.Store(time.Now().UnixNano()) }

func ago(t *atomic.Int64) time.Duration { return time.Duration(time.Now().UnixNano() - t.Load()) }

// turn is a lock that is held while a drive is asked, however long that takes. It
// is a channel and no mutex, so that tests with a clock of their own see who waits.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take() { t <- struct{}{} }
func (t turn) pass() { <-t }
