package erasure

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"croft/objectstore/erasure/frame"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/shardfile"
)

// What tiers need not keep is removed there by and by: the catalogue has a list of it,
// written in the transaction that ends the last reference. A body that is on its way to
// a tier is on the list, too, until the entry that refers to it is in the catalogue; so
// a crash in between leaves nothing. Who builds the catalogue anew loses the list: what
// was on it then stays in the tier, unknown.

// Pauses after a tier could not be reached.
const (
	firstTierPause = time.Second
	lastTierPause  = 5 * time.Minute
	tierPage       = 100
)

// tiering is what goes on between the drives and tiers.
type tiering struct {
	wake chan struct{} // has room for one

	mu     sync.Mutex // guards the following field
	moving map[[16]byte]bool
}

func (t *tiering) init() {
	t.wake = make(chan struct{}, 1)
	t.moving = make(map[[16]byte]bool)
}

// ring says that there is something to remove.
func (t *tiering) ring() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// begin notes durably that a body may be in a tier, for nobody yet.
func (t *tiering) begin(ctx context.Context, s *Store, b record.Body) error {
	t.mu.Lock()
	t.moving[b.ID] = true
	t.mu.Unlock()
	err := s.index.Apply(ctx, func(tx *index.Tx) error {
		return tx.PutTiered(index.Tiered{ID: index.FileID(b.ID), Tier: b.Tier, Size: frame.Size(b.Size), Doomed: true})
	})
	if err == nil {
		err = s.index.Sync(ctx)
	}
	if err != nil {
		t.finish(b.ID)
	}
	return err
}

// finish says that a body is where it will stay, or for nobody. A body of which that is
// not sure is never finished: the next start finds out.
func (t *tiering) finish(id [16]byte) {
	t.mu.Lock()
	delete(t.moving, id)
	t.mu.Unlock()
	t.ring()
}

func (t *tiering) isMoving(id [16]byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.moving[id]
}

// emptyTiers removes from tiers what nothing needs until ctx ends. It does nothing
// while there is nothing to remove.
func (s *Store) emptyTiers(ctx context.Context) {
	pause := firstTierPause
	for {
		left, err := s.emptyTiersOnce(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("bodies in a tier could not be removed; it is tried again", "error", err, "in", pause.String())
		}
		var again <-chan time.Time
		if left {
			again = time.After(pause)
			pause = min(2*pause, lastTierPause)
		} else {
			pause = firstTierPause
		}
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-s.tiering.wake:
		}
	}
}

// emptyTiersOnce tries to remove each body on the list once, and leaves a tier that
// fails alone. left says that some are to be tried again.
func (s *Store) emptyTiersOnce(ctx context.Context) (left bool, failure error) {
	if err := s.begin(ctx); err != nil {
		return false, err
	}
	defer s.inUse.Done()
	var after index.FileID
	down := make(map[string]bool)
	for {
		page, err := s.index.ScanTiered(ctx, true, after, tierPage)
		if err != nil || len(page) == 0 {
			return left, errors.Join(failure, err)
		}
		for _, t := range page {
			after = t.ID
			switch {
			case s.tiering.isMoving(t.ID): // finish rings
				continue
			case down[t.Tier], s.pins.pinned(t.ID):
				left = true
				continue
			}
			if err := s.emptyOne(ctx, t); err != nil {
				if ctx.Err() != nil {
					return true, ctx.Err()
				}
				left, down[t.Tier] = true, true
				failure = errors.Join(failure, fmt.Errorf("tier %s: %w", t.Tier, err))
			}
		}
	}
}

// emptyOne removes a body from its tier and from the list. It stays in the tier where
// another set refers to it.
func (s *Store) emptyOne(ctx context.Context, t index.Tiered) error {
	elsewhere, err := s.union.keepsTiered(ctx, s, t.ID)
	if err != nil {
		return err
	}
	if !elsewhere {
		at, err := s.tier(t.Tier)
		if err != nil {
			return err
		}
		if err := at.Delete(ctx, shardfile.ID(t.ID).String()); err != nil {
			return err
		}
	}
	return s.index.Apply(ctx, func(tx *index.Tx) error {
		now, found, err := tx.Tiered(t.ID)
		if err != nil || !found || !now.Doomed {
			return err
		}
		return tx.DeleteTiered(t.ID)
	})
}
