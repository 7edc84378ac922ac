package driveset

import (
	"context"
	"sync"
	"time"
)

// patience is how long a drive is waited for that is only asked how it is. One
// that hangs must not keep the others from being seen.
const patience = 2 * time.Second

// question is asked of a drive that may take long to answer, once at a time. The
// zero value is ready.
type question[T any] struct {
	mu      sync.Mutex // guards the following 2 fields
	answer  T
	pending chan struct{} // closed when the answer is there; nil when nothing was asked
}

// ask returns what f does, or what an f did that was asked before and had not
// answered in time. It is false when there is no answer yet.
func (q *question[T]) ask(ctx context.Context, f func() T) (answer T, ok bool) {
	q.mu.Lock()
	pending := q.pending
	if pending == nil {
		pending = make(chan struct{})
		q.pending = pending
		go func() {
			t := f()
			q.mu.Lock()
			q.answer = t
			q.mu.Unlock()
			close(pending)
		}()
	}
	q.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-pending:
	case <-timer.C:
		return answer, false
	case <-ctx.Done():
		return answer, false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pending != pending {
		return answer, false // somebody else has taken it
	}
	answer = q.answer
	var none T
	q.answer, q.pending = none, nil
	return answer, true
}
