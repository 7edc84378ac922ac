package pools

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"croft/objectstore"
)

// Health implements objectstore.DriveReporter. The drives are those of all sets; the
// quorums are those of the first set. The store can be written to as long as every
// set can.
func (s *Store) Health(ctx context.Context) (objectstore.Health, error) {
	a := s.now.Load()
	all := make([]objectstore.Health, len(a.given))
	failures := make([]error, len(a.given))
	var asked sync.WaitGroup
	for i, set := range a.given {
		asked.Go(func() { all[i], failures[i] = set.Health(ctx) })
	}
	asked.Wait()
	sum := all[slices.Index(a.given, a.sets[0])]
	sum.Drives, sum.Problem = nil, ""
	for i, h := range all {
		if failures[i] != nil {
			return objectstore.Health{}, failures[i]
		}
		set := a.given[i]
		used := slices.Contains(a.sets, set)
		sum.Writable = sum.Writable && (h.Writable || !used)
		if used && sum.Problem == "" && h.Problem != "" {
			sum.Problem = fmt.Sprintf("Set %d of pool %d: %s", set.number, set.pool, h.Problem)
		}
		if n := len(sum.Pools); n == 0 || sum.Pools[n-1].Number != set.pool {
			p, err := s.poolHealth(ctx, a, set.pool)
			if err != nil {
				return objectstore.Health{}, err
			}
			sum.Pools = append(sum.Pools, p)
		}
		in := &sum.Pools[len(sum.Pools)-1]
		in.Sets = append(in.Sets, objectstore.Set{
			Number: set.number, DataShards: h.DataShards, ParityShards: h.ParityShards,
			ReadQuorum: h.ReadQuorum, WriteQuorum: h.WriteQuorum, Writable: h.Writable,
		})
		for _, d := range h.Drives {
			d.Pool, d.Set = set.pool, set.number
			sum.Drives = append(sum.Drives, d)
		}
		if set != a.sets[0] {
			sum.Scrub = both(sum.Scrub, h.Scrub)
		}
	}
	return sum, nil
}

// poolHealth says what a pool is used for.
func (s *Store) poolHealth(ctx context.Context, a *arrangement, number int) (h objectstore.Pool, err error) {
	h = objectstore.Pool{Number: number, State: objectstore.PoolDrained}
	for _, p := range a.pools {
		switch {
		case p.number != number:
		case p.state == poolDraining:
			h.State = objectstore.PoolDraining
			h.Problem = s.drains.why()
			h.LeftVersions, h.LeftBytes, err = s.left(ctx, p)
		default:
			h.State = objectstore.PoolInUse
		}
	}
	return h, err
}

// both is what is known of two scrubs side by side.
func both(a, b objectstore.ScrubProgress) objectstore.ScrubProgress {
	sum := objectstore.ScrubProgress{
		Running: a.Running || b.Running, Asked: a.Asked || b.Asked, Current: joined(a.Current, b.Current), Last: joined(a.Last, b.Last),
		TotalBytes: a.TotalBytes + b.TotalBytes, BytesPerSecond: a.BytesPerSecond + b.BytesPerSecond, NextAt: a.NextAt,
	}
	if a.NextAt.IsZero() || !b.NextAt.IsZero() && b.NextAt.Before(a.NextAt) {
		sum.NextAt = b.NextAt
	}
	if sum.Running {
		sum.NextAt = time.Time{}
	}
	return sum
}

func joined(a, b objectstore.Scrub) objectstore.Scrub {
	if a.StartedAt.IsZero() {
		return b
	}
	if b.StartedAt.IsZero() {
		return a
	}
	if b.StartedAt.Before(a.StartedAt) {
		a.StartedAt = b.StartedAt
	}
	if b.FinishedAt.After(a.FinishedAt) {
		a.FinishedAt = b.FinishedAt
	}
	a.Bytes += b.Bytes
	a.Damaged += b.Damaged
	return a
}
