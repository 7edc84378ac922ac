package erasure

import (
	"context"
	"sync"
	"time"
)

// lookEvery is how often drives that are not there are looked for.
const lookEvery = 5 * time.Second

// Run keeps redundancy until ctx ends: it looks for drives that are missing, fills
// drives that lack something, repairs what was found damaged, and gives space
// back. It also makes copies of what tiers keep, and removes them when their time is over. It writes nothing while there is nothing to do.
func (s *Store) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, f := range []func(context.Context){s.watch, s.heal.run, s.compact, s.sweepAll, s.scrub, s.reseals, s.emptyTiers, s.restores} {
		all.Go(func() { f(ctx) })
	}
	all.Wait()
	return nil
}

// watch looks for drives that are missing, and makes the log writable again once
// enough are back.
func (s *Store) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.lookAround(ctx)
	}
}

// lookAround is one look. It asks nothing of any drive while all are there.
func (s *Store) lookAround(ctx context.Context) {
	if s.begin(ctx) != nil {
		return
	}
	defer s.inUse.Done()
	if over, _ := s.seglog.Stalled(); over == nil && s.seglog.behind.Swap(false) {
		if err := s.loadBuckets(ctx); err != nil {
			s.log.Warn("buckets could not be read", "error", err)
		}
	}
	if back := s.set.Look(ctx); back != 0 {
		s.leftovers.new.Store(true) // of bodies that came and went meanwhile
		s.damage.signal()
		s.tellCard()
	}
	if s.canReopen() {
		if err := s.reopen(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("log could not be opened again; it is tried again", "error", err)
			return
		}
		s.damage.signal()
	}
}
