package erasure

import (
	"context"
	"sync"

	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/shardfile"
)

// repairQueue holds what readers and writers found damaged until Run looks at it.
// What does not fit is found again by the next reader, or by the scrub.
type repairQueue struct {
	mu      sync.Mutex // guards the following 2 fields
	records map[recordRef]driveset.Places
	bodies  map[shardfile.ID]driveset.Places
	wake    chan struct{}
}

// recordRef names a record of the log.
type recordRef struct {
	segment uint64
	offset  int64
}

const maxRepairs = 4096

func (q *repairQueue) init() {
	q.records = make(map[recordRef]driveset.Places)
	q.bodies = make(map[shardfile.ID]driveset.Places)
	q.wake = make(chan struct{}, 1)
}

func (q *repairQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// recordDamaged is the log's Damaged.
func (s *Store) recordDamaged(segment uint64, offset int64, places driveset.Places) {
	q := &s.repairs
	q.mu.Lock()
	if ref := (recordRef{segment, offset}); len(q.records) < maxRepairs || q.records[ref] != 0 {
		q.records[ref] |= places
	}
	q.mu.Unlock()
	q.signal()
}

// bodyDamaged is the shard files' Damaged.
func (s *Store) bodyDamaged(id shardfile.ID, places driveset.Places) {
	q := &s.repairs
	q.mu.Lock()
	if len(q.bodies) < maxRepairs || q.bodies[id] != 0 {
		q.bodies[id] |= places
	}
	q.mu.Unlock()
	q.signal()
}

// Run keeps redundancy until ctx ends: it repairs what was found damaged and
// fills drives that lack something.
func (s *Store) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.repairs.wake:
		}
	}
}
