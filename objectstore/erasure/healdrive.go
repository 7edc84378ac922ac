package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/shardfile"
)

// claim notes what drives lack that have come back, or that took a lost one's
// place. What was written while a drive was away was noted then; segments that it
// has no file of are seen on it, and a blank drive lacks every body.
func (h *healer) claim(ctx context.Context) error {
	s := h.store
	var failures []error
	for place, d := range s.set.Drives {
		if state, _ := d.Status(); state != objectstore.DriveHealing {
			continue
		}
		err := h.claimSegments(ctx, place)
		if s.set.Replaced().Has(place) && err == nil {
			err = h.claimBodies(ctx, d)
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("see what %s lacks: %w", d.Path, err))
		}
	}
	return errors.Join(failures...)
}

// claimSegments notes the segments that a drive has no file of.
func (h *healer) claimSegments(ctx context.Context, place int) error {
	lacking, err := h.store.seglog.Lacking(ctx, place)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return h.store.index.Apply(ctx, func(tx *index.Tx) error {
		for _, id := range lacking {
			r := index.Repair{Segment: id, Offset: wholeSegment, Places: uint16(driveset.Places(0).With(place))}
			if err := tx.AddRepair(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// metaFilled is where the catalogue keeps how far the bodies have been noted that
// the drive at a place lacks: the drive's ID, and the last body.
func metaFilled(place int) string { return fmt.Sprintf("filled.%d", place) }

// claimBodies notes that a blank drive lacks every body there was when it came.
func (h *healer) claimBodies(ctx context.Context, d *driveset.Drive) error {
	ix := h.store.index
	kept, err := ix.Get(ctx, metaFilled(d.Place))
	if err != nil {
		return err
	}
	owner := []byte(d.ID())
	var after index.FileID
	if at, ok := bytes.CutPrefix(kept, owner); ok && len(at) == len(after) {
		copy(after[:], at)
	}
	for {
		rows, err := ix.ScanFiles(ctx, after, healPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		err = ix.Apply(ctx, func(tx *index.Tx) error {
			for _, r := range rows {
				f, found, err := tx.File(r.ID)
				if err == nil && found && placesOfFile(f).Has(d.Place) {
					_, err = tx.SetMissing(f.ID, f.Missing|uint16(driveset.Places(0).With(d.Place)))
				}
				if err != nil {
					return err
				}
				after = r.ID
			}
			return tx.Set(metaFilled(d.Place), append(bytes.Clone(owner), after[:]...))
		})
		if err != nil {
			return err
		}
	}
}

// sweep removes the bodies from a drive that were removed while it was away.
func (h *healer) sweep(ctx context.Context, place int) error {
	s := h.store
	var failure error
	known := func(id shardfile.ID) bool {
		_, found, err := s.index.File(ctx, index.FileID(id))
		failure = errors.Join(failure, err)
		return found || err != nil
	}
	n := 0
	err := s.bodies.Orphans(ctx, place, known, func(id shardfile.ID) error {
		n++
		s.bodies.Remove(shardfile.Body{ID: id})
		return nil
	})
	if n > 0 {
		s.log.Info("bodies that nobody knows were removed", "path", s.set.Drives[place].Path, "bodies", n)
	}
	return errors.Join(err, failure)
}
