package mirror

import (
	"context"
	"sync"
	"time"
)

// limiter holds everything that is on its way to so many bytes a second together; nil
// holds back nothing.
type limiter struct {
	perSecond float64

	mu   sync.Mutex // guards free
	free time.Time  // from when on more may move
}

func newLimiter(perSecond int64) *limiter {
	if perSecond <= 0 {
		return nil
	}
	return &limiter{perSecond: float64(perSecond)}
}

// spend waits until the bytes that have moved are within the limit, or for the context.
func (l *limiter) spend(ctx context.Context, bytes int) {
	if l == nil || bytes <= 0 {
		return
	}
	l.mu.Lock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(time.Duration(float64(bytes) / l.perSecond * float64(time.Second)))
	wait := l.free.Sub(now)
	l.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
