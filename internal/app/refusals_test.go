package app

import (
	"fmt"
	"testing"
	"time"
)

func TestRefusalsAreBounded(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	r := newRefusals(func() time.Time { return now })
	rows := func(key string, n int) (written int, left int64) {
		for range n {
			if write, before := r.admit(key); write {
				written++
				left += before
			}
		}
		return written, left
	}
	if n, _ := rows("one", 1000); n != refusalsAMinute {
		t.Errorf("%d rows in one minute", n)
	}
	if n, _ := rows("other", 3); n != 3 {
		t.Errorf("another key got %d of 3 rows", n)
	}
	now = now.Add(refusalWindow)
	if n, left := rows("one", 2); n != 2 || left != 1000-refusalsAMinute {
		t.Errorf("a minute later: %d rows that tell of %d", n, left)
	}
	for i := range 5 {
		now = now.Add(refusalWindow)
		rows(fmt.Sprint(i), 1)
	}
	if len(r.keys) > 2 {
		t.Errorf("%d keys are remembered", len(r.keys))
	}
}
