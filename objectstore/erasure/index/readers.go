package index

import (
	"context"
	"errors"
	"sync"
)

// readers are the connections that reads borrow. The one that came back last is
// lent first: it holds what was just read, while SQLite gives the memory of
// connections that were idle to those that are not.
type readers struct {
	free    chan struct{} // as many as are idle
	stopped chan struct{} // closed when no more are lent

	mu   sync.Mutex // guards the following field
	idle []*conn
}

func (r *readers) add(c *conn) {
	r.mu.Lock()
	r.idle = append(r.idle, c)
	r.mu.Unlock()
	r.free <- struct{}{}
}

// borrow waits for a connection, which the caller adds again.
func (r *readers) borrow(ctx context.Context) (*conn, error) {
	select {
	case <-r.free:
		return r.take(), nil
	default:
	}
	select {
	case <-r.free:
		return r.take(), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.stopped:
		return nil, ErrClosed
	}
}

func (r *readers) take() *conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	c := r.idle[last]
	r.idle = r.idle[:last]
	return c
}

// close closes so many connections as they come back.
func (r *readers) close(n int) error {
	var failed error
	for range n {
		<-r.free
		failed = errors.Join(failed, r.take().close())
	}
	return failed
}
