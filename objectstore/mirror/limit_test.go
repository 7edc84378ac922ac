package mirror

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestLimit: several together move no faster than the limit, and a context ends the wait.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := newLimiter(1<<20), time.Now()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					l.spend(t.Context(), 256<<10)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("10 MiB at 1 MiB/s took %v", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began = time.Now()
		l.spend(ctx, 100<<20)
		newLimiter(0).spend(t.Context(), 1<<40)
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %v", took)
		}
	})
}
