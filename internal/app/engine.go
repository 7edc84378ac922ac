package app

import (
	"context"

	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/pools"
	"croft/objectstore/remote"
)

// keeper is what keeps the objects, wherever.
type keeper interface {
	objectstore.Store
	// Deployment names the store for ever.
	Deployment() string
	// Run looks after it until ctx ends.
	Run(ctx context.Context) error
	// Close waits for what is going on and lets go of it.
	Close() error
}

// engine is the object store on drives of this machine.
type engine interface {
	keeper
	objectstore.Versions
	objectstore.BatchDeleter
	objectstore.UsageReporter
	objectstore.DriveReporter
	objectstore.Maintainer
	objectstore.ChangeFeed
	objectstore.NoticeKeeper
	objectstore.Resealer
	objectstore.Tierer
}

var (
	_ engine = (*erasure.Store)(nil)
	_ engine = (*pools.Store)(nil)
	_ keeper = (*remote.Store)(nil)
)

// openEngine opens the store that drives, pool by pool, make: up to 16 are one set,
// which needs nothing around it.
func openEngine(ctx context.Context, drives [][]string, c erasure.Config) (engine, error) {
	one, sole, err := pools.Sole(drives)
	if err != nil {
		return nil, err
	}
	if !sole {
		s, err := pools.Open(ctx, pools.Config{Pools: drives, Set: c})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	c.Drives = one
	s, err := erasure.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return s, nil
}
