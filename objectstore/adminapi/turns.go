package adminapi

import (
	"cmp"
	"context"
	"net/http"
	"sync"
)

// Deriving a key takes 64 MiB and a tenth of a second of several processors, so it is done
// one at a time, and nobody may hold the line up for the others.
const (
	mostOfOne = 4   // requests in line with one access key
	mostOfAll = 100 // and of everybody
)

// turns is the line of those who derive keys.
type turns struct {
	one chan struct{} // held while a key is derived

	mu       sync.Mutex // guards the following 2 fields
	inLine   int
	inLineOf map[string]int
}

func newTurns() turns {
	return turns{one: make(chan struct{}, 1), inLineOf: make(map[string]int)}
}

// place is that of a request in the line, from its first turn until it is answered: what
// was begun is not refused half done.
type place struct{ of string }

func errLine() error {
	return fail("XMinioAdminTooMany", http.StatusConflict, "Too many requests are encrypted at once. Wait for the others, and then try again.")
}

// enter takes a place in the line, or refuses.
func (t *turns) enter(of string) (*place, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inLineOf[of] >= mostOfOne || t.inLine >= mostOfAll {
		return nil, errLine()
	}
	t.inLine++
	t.inLineOf[of]++
	return &place{of}, nil
}

func (t *turns) leave(p *place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.inLine--
	if t.inLineOf[p.of]--; t.inLineOf[p.of] == 0 {
		delete(t.inLineOf, p.of)
	}
}

// take waits for the turn, and returns what ends it. Who goes away does not wait.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	select {
	case t.one <- struct{}{}:
		return func() { <-t.one }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// derive does what derives a key when it is the request's turn.
func (q *request) derive(do func() error) error {
	if q.place == nil {
		c := &q.visit.Credential
		p, err := q.turns.enter(cmp.Or(c.UserID, c.AccessKey))
		if err != nil {
			return err
		}
		q.place = p
	}
	done, err := q.turns.take(q.ctx())
	if err != nil {
		return err
	}
	defer done()
	return do()
}

// leave gives the request's place in the line back.
func (q *request) leave() {
	if q.place != nil {
		q.turns.leave(q.place)
	}
}
