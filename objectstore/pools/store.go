package pools

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"croft/objectstore"
	"croft/objectstore/erasure"
)

// Config is what a store of several sets works with.
type Config struct {
	// Pools are the paths of the drives, pool by pool.
	Pools [][]string
	// Set is what each set is opened with. Parity and SegmentBytes are every set's;
	// Deployment is the store's; Catalogue is the first set's, and those of the
	// others lie beside it. Drives, Union and CatalogueOf are not used.
	Set erasure.Config

	// sizeOf, when set, is used instead of SetSize. Tests have few drives.
	sizeOf func(drives int) (int, error)
	step   func(name string) // of Store
	batch  int               // instead of drainBatch, when set
}

// Store is an open store of several sets.
type Store struct {
	log   *slog.Logger
	union *erasure.Union

	// now is how the sets are arranged.
	now atomic.Pointer[arrangement]

	drains  drains
	batch   int          // of keys that are moved in one step
	reading sync.RWMutex // shared while the pools are asked for a key
	claims  claims
	buckets bucketChanges
	bell    bell // of changes
	noticed bell // of notices

	// step, when set, is called between the durable steps of what changes several
	// sets. Tests end the process there.
	step func(name string)
}

var (
	_ objectstore.Store          = (*Store)(nil)
	_ objectstore.Versions       = (*Store)(nil)
	_ objectstore.DriveReporter  = (*Store)(nil)
	_ objectstore.BatchDeleter   = (*Store)(nil)
	_ objectstore.UsageReporter  = (*Store)(nil)
	_ objectstore.Maintainer     = (*Store)(nil)
	_ objectstore.Decommissioner = (*Store)(nil)
	_ objectstore.ChangeFeed     = (*Store)(nil)
	_ objectstore.NoticeKeeper   = (*Store)(nil)
	_ objectstore.Resealer       = (*Store)(nil)
	_ objectstore.Tierer         = (*Store)(nil)
)

// set is one open set.
type set struct {
	*erasure.Store
	pool, number int // from 1, as they were given
	id           string
}

// pool is the sets of one pool, in the order that placement goes by.
type pool struct {
	number int // from 1, as it was given
	sets   []*set
	state  poolState
	room   room
}

// drains is 1 for a pool that is being drained, else 0.
func (p *pool) drains() int {
	if p.state == poolDraining {
		return 1
	}
	return 0
}

// arrangement is which sets are used how. It does not change; another one takes its
// place.
type arrangement struct {
	layout layout
	given  []*set // all that are open, in the order of their paths
	// pools are those in use. Of a key that is in two of them the first counts, so
	// those that are being drained come first.
	pools []*pool
	sets  []*set // of pools, in that order
	first *set   // says which buckets there are
	seed  uint64 // of placement
}

// sets are the sets in use.
func (s *Store) sets() []*set { return s.now.Load().sets }

// at is called when a step is durable.
func (s *Store) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}

// Deployment names the store for ever.
func (s *Store) Deployment() string { return s.now.Load().layout.Store }

// Run keeps redundancy in all sets until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		s.drain(ctx)
		return nil
	})
	for _, set := range s.now.Load().given {
		all.Go(func() error { return set.Run(ctx) })
	}
	return all.Wait()
}

// Close waits for what is going on and lets go of the drives.
func (s *Store) Close() error {
	s.bell.close()
	s.noticed.close()
	var all errgroup.Group
	for _, set := range s.now.Load().given {
		all.Go(set.Close)
	}
	return all.Wait()
}
