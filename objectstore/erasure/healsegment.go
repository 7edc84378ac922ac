package erasure

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
)

// segments heals what in the log is short of so many copies, the newest first.
func (h *healer) segments(ctx context.Context, w *work, level int) error {
	c := newCrew()
	lacking := make(map[int][]uint64)
	err := h.eachRepair(ctx, func(r index.Repair) error {
		places := driveset.Places(r.Places)
		if places&w.targets == 0 || h.short(places) != level {
			return nil
		}
		if r.Offset != wholeSegment {
			return c.do(ctx, func() error { return h.record(ctx, r) })
		}
		var without driveset.Places
		for place := range h.store.set.Drives {
			if !(places & w.targets).Has(place) {
				continue
			}
			if _, asked := lacking[place]; !asked {
				ids, err := h.store.seglog.Lacking(ctx, place)
				if err != nil {
					return err
				}
				lacking[place] = ids
			}
			if slices.Contains(lacking[place], r.Segment) {
				without = without.With(place)
			}
		}
		return c.do(ctx, func() error { return h.segment(ctx, r, without) })
	})
	return errors.Join(err, c.wait())
}

// record heals one record.
func (h *healer) record(ctx context.Context, r index.Repair) error {
	targets := driveset.Places(r.Places) & h.store.set.Writable()
	err := h.store.seglog.HealRecord(ctx, r.Segment, int64(r.Offset), targets)
	if errors.Is(err, fs.ErrNotExist) {
		return h.wholly(ctx, r, targets, err)
	}
	if err != nil {
		return err
	}
	return h.healed(ctx, r, targets)
}

// wholly notes the segment as a whole, to be healed next, for drives that turn out
// to have no file of it: it was begun when they failed and still counted as well.
func (h *healer) wholly(ctx context.Context, r index.Repair, targets driveset.Places, cause error) error {
	var without driveset.Places
	for place := range h.store.set.Drives {
		if !targets.Has(place) {
			continue
		}
		lacking, err := h.store.seglog.Lacking(ctx, place)
		if err != nil {
			return errors.Join(cause, err)
		}
		if slices.Contains(lacking, r.Segment) {
			without = without.With(place)
		}
	}
	if without == 0 {
		return cause
	}
	whole := index.Repair{Segment: r.Segment, Offset: wholeSegment, Places: uint16(without)}
	err := h.store.index.Apply(ctx, func(tx *index.Tx) error { return tx.AddRepair(whole) })
	if err == nil {
		err = h.healed(ctx, r, without)
	}
	h.store.damage.signal()
	return err
}

// segment makes a segment whole on drives that have no file of it (without), and
// on those that have one and may lack records in it.
func (h *healer) segment(ctx context.Context, r index.Repair, without driveset.Places) error {
	s := h.store
	s.damage.begin(r.Segment)
	targets := driveset.Places(r.Places) & s.set.Writable()
	var done driveset.Places
	var failures []error
	for place := range s.set.Drives {
		if !(targets & without).Has(place) {
			continue
		}
		h.segmentMu[place].Lock()
		err := s.seglog.HealSegment(ctx, r.Segment, place, func(n int64) { h.progress[place].add(n) })
		h.segmentMu[place].Unlock()
		if err != nil {
			failures = append(failures, err)
			continue
		}
		done = done.With(place)
	}
	if rest := targets &^ without; rest != 0 {
		err := h.records(ctx, r.Segment, rest)
		if err != nil {
			failures = append(failures, err)
		} else {
			done |= rest
		}
	}
	return errors.Join(append(failures, h.healed(ctx, r, done))...)
}

// records heals the records of a segment that some places lack or have wrong.
func (h *healer) records(ctx context.Context, segment uint64, places driveset.Places) error {
	damaged, _, err := h.store.seglog.Verify(ctx, segment, nil)
	for _, d := range damaged {
		if d.Places&places != 0 {
			err = errors.Join(err, h.store.seglog.HealRecord(ctx, segment, d.Record, d.Places&places))
		}
	}
	return err
}

// healed takes places off a repair.
func (h *healer) healed(ctx context.Context, r index.Repair, done driveset.Places) error {
	if done == 0 {
		return nil
	}
	return h.store.index.Apply(ctx, func(tx *index.Tx) error {
		rows, err := tx.Repairs(index.Repair{Segment: r.Segment, Offset: r.Offset + 1}, 1)
		if err != nil || len(rows) == 0 || rows[0].Segment != r.Segment || rows[0].Offset != r.Offset {
			return err
		}
		if r.Offset == wholeSegment {
			// What was noted while it was being healed may have come too late for that.
			done &^= h.store.damage.since(r.Segment)
		}
		left := rows[0].Places &^ uint16(done)
		if left == rows[0].Places {
			return nil
		}
		if err := tx.DeleteRepair(r.Segment, r.Offset); err != nil || left == 0 {
			return err
		}
		return tx.AddRepair(index.Repair{Segment: r.Segment, Offset: r.Offset, Places: left})
	})
}
