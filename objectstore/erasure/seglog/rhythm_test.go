package seglog

import (
	"testing"
	"time"
)

func TestPatience(t *testing.T) {
	f := func(batches [][2]int, took time.Duration, queued int, waits bool) {
		t.Helper()
		var r rhythm
		for _, b := range batches {
			r.batch(b[0], b[1], time.Now().Add(-took))
		}
		if got := r.patience(queued); got > 0 != waits || got > maxWait {
			t.Errorf("%v batches of %v and %d queued: waits %v", batches, took, queued, got)
		}
	}
	f(nil, 0, 1, false)
	f([][2]int{{8, 8}, {8, 8}}, 3*time.Millisecond, 8, true)
	f([][2]int{{8, 8}, {8, 8}}, time.Second, 8, true)
	f([][2]int{{8, 8}, {8, 8}}, 3*time.Millisecond, 12, false)
	f([][2]int{{8, 8}, {8, 8}}, 900*time.Microsecond, 8, false)
	f([][2]int{{1, 0}, {1, 0}, {1, 0}}, 3*time.Millisecond, 1, false) // one client alone
	f([][2]int{{16, 0}, {1, 0}, {1, 0}}, 3*time.Millisecond, 1, false)
}
