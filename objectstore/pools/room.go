package pools

import (
	"context"
	"sync"
	"time"
)

// roomEvery is how often a pool's drives are asked how much room they have.
const roomEvery = 10 * time.Second

// room is how much of a pool was free some time ago.
type room struct {
	mu    sync.Mutex // guards the following 2 fields
	free  int64
	asked time.Time
}

// free is how many bytes are free in the pool, redundancy included.
func (p *pool) free(ctx context.Context) int64 {
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if now := time.Now(); now.Sub(p.room.asked) > roomEvery {
		p.room.asked, p.room.free = now, 0
		for _, s := range p.sets {
			_, free := s.Room(ctx)
			p.room.free += free
		}
	}
	return p.room.free
}
