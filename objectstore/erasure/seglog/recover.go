package seglog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// Start is how far somebody has followed the log: everything before Applied, and
// everything before Stable is on all drives that were written to. The zero Start
// has seen nothing.
type Start struct {
	Stable  Position
	Applied Position
}

// ErrStale says that a Start does not belong to the log as it is on the drives:
// whoever kept it has to begin anew.
var ErrStale = errors.New("the position is not one of this log")

// recovery reads the log at the start.
type recovery struct {
	*Log
	ctx   context.Context
	from  Start
	touch driveset.Places // drives that were written to
	segs  map[uint64]bool // segments that were written to
}

// recover finds where the log ends, completes the last records on the drives that
// lack them, and replays what from does not cover. Nothing is written unless
// something has to be completed.
func (l *Log) recover(ctx context.Context, from Start) error {
	r := &recovery{Log: l, ctx: ctx, from: from, segs: make(map[uint64]bool)}
	newest, err := r.newestHead()
	if err != nil {
		return err
	}
	if newest == nil {
		if from != (Start{}) {
			return ErrStale
		}
		l.next.Seq = 1
		return nil
	}
	l.newest = newest.id
	l.live = newest.live
	if err := r.replay(newest); err != nil {
		return err
	}
	return r.settle()
}

// newestHead returns the head of the last segment that any drive has, nil when
// there is none. One drive's word is enough: a head is written when everything
// before it is on a write quorum.
func (r *recovery) newestHead() (*segmentHead, error) {
	var ids []uint64
	for _, d := range r.set.Drives {
		if !d.Readable() {
			continue
		}
		entries, err := d.List(logDir)
		if err != nil {
			continue // never written to, or failing
		}
		for _, e := range entries {
			if id, ok := parseName(e.Name, segmentSuffix); ok {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range slices.Backward(ids) {
		if h := r.head(id); h != nil {
			return h, nil
		}
		r.log.Error("segment without an intact head", "segment", fmt.Sprintf("%016x", id))
	}
	if len(ids) > 0 {
		return nil, errs.New(errs.Unavailable, objectstore.ErrReadQuorum.Code,
			"No segment of the drives' log has an intact head. Bring back the drives that are missing.")
	}
	return nil, nil
}

// head returns a segment's head from the first drive that has it intact.
func (l *Log) head(id uint64) *segmentHead {
	for i, d := range l.set.Drives {
		if !d.Readable() {
			continue
		}
		f, release, err := l.files[i].open(id)
		if err != nil {
			continue
		}
		h, err := readSegmentHead(f, id, l.seed)
		release()
		if err == nil {
			return h
		}
	}
	return nil
}

// replay goes through the segments from where it has to.
func (r *recovery) replay(newest *segmentHead) error {
	if err := r.dropFreed(newest); err != nil {
		return err
	}
	segments := append(slices.Clone(r.live), extent{id: newest.id, end: -1})
	at := Position{}
	if r.from.Stable != (Position{}) {
		at = r.from.Stable
		i := slices.IndexFunc(segments, func(x extent) bool { return x.id == at.Segment })
		if i < 0 {
			return ErrStale
		}
		segments = segments[i:]
	}
	for _, x := range segments {
		h := r.head(x.id)
		if h == nil {
			return errs.Newf(errs.Unavailable, objectstore.ErrReadQuorum.Code,
				"Segment %016x of the log has no intact head on any drive that is here. Bring back the drives that are missing.", x.id)
		}
		if at.Segment != x.id {
			at = h.begin()
		}
		end, err := r.segment(at, x.end)
		if err != nil {
			return err
		}
		r.next, r.start, r.size = end, h.length(), 0
		at = Position{}
	}
	if a := r.from.Applied; a.Seq > r.next.Seq || a.Seq == r.next.Seq && a.Chain != r.next.Chain {
		return ErrStale
	}
	return nil
}

// dropFreed takes the segments that the newest one's records free off the live ones.
func (r *recovery) dropFreed(newest *segmentHead) error {
	at := newest.begin()
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		rec := r.find(at)
		if rec == nil {
			return nil
		}
		if _, freed, err := decodeMeta(&rec.head, rec.meta()); err == nil {
			r.drop(freed)
		}
		at = rec.after(at)
	}
}

func (l *Log) drop(freed []uint64) {
	l.live = slices.DeleteFunc(l.live, func(x extent) bool { return slices.Contains(freed, x.id) })
}

// segment replays one segment from a position up to its end, which is found when
// it is not known (-1), and returns the end.
func (r *recovery) segment(at Position, end int64) (Position, error) {
	for end < 0 || at.Offset < end {
		if err := r.ctx.Err(); err != nil {
			return at, err
		}
		if at.Seq == r.from.Applied.Seq && at.Chain != r.from.Applied.Chain {
			return at, ErrStale
		}
		rec := r.find(at)
		if rec == nil && end < 0 {
			return at, nil
		}
		if rec == nil {
			var lost bool
			if at, lost = r.skip(at, end); lost {
				return at, nil
			}
			continue
		}
		if end < 0 || at.Seq >= r.from.Stable.Seq && r.from.Stable.Seq > 0 {
			keep, err := r.complete(at, rec, end < 0)
			if err != nil || !keep {
				return at, err
			}
		}
		next := rec.after(at)
		if at.Seq >= r.from.Applied.Seq {
			if err := r.apply(at, next, rec); err != nil {
				return at, err
			}
		}
		at = next
	}
	return at, nil
}

func (r *recovery) apply(at, next Position, rec *found) error {
	placed, freed, err := decodeMeta(&rec.head, rec.meta())
	if err != nil {
		return fmt.Errorf("record %d: %w", rec.head.seq, err)
	}
	return r.cfg.Apply(Batch{At: at, Next: next, Stable: at, Entries: placed, Freed: freed, Replay: true})
}

// skip passes over records whose heads no drive has intact any more.
func (l *Log) skip(at Position, end int64) (next Position, lost bool) {
	l.log.Error("records lost on all drives", "segment", fmt.Sprintf("%016x", at.Segment), "offset", at.Offset)
	for offset := at.Offset + unit; offset < end; offset += unit {
		for i := range l.set.Drives {
			rec := l.readFound(i, at.Segment, offset)
			if rec != nil && rec.head.seq > at.Seq {
				return Position{Segment: at.Segment, Offset: offset, Seq: rec.head.seq, Chain: rec.head.chain}, false
			}
		}
	}
	at.Offset = end
	return at, true
}

// complete makes a record of the log's tail whole on every drive that is written
// to, and decides whether the log ends before it (keep is false): when too few
// shards are there to read it and too few drives are away for it to have been
// acknowledged.
func (r *recovery) complete(at Position, rec *found, tail bool) (keep bool, err error) {
	g := rec.head.geometry
	var good driveset.Places
	copies := make([]*buffer, g.Drives())
	defer func() {
		for _, b := range copies {
			if b != nil {
				b.release()
			}
		}
	}()
	away := 0
	for place := range g.Drives() {
		if !r.set.Drives[place].Readable() {
			away++
			continue
		}
		if copies[place] = r.readWhole(place, at, &rec.head); copies[place] != nil {
			good = good.With(place)
		}
	}
	if good.Count() < g.Data {
		possible := good.Count()+away >= r.need(g)
		if tail && !possible {
			return false, nil
		}
		r.log.Warn("record cannot be completed yet", "seq", rec.head.seq, "shards", good.Count())
		r.reportDamage(at.Segment, at.Offset, driveset.AllPlaces(g.Drives())&^good)
		return true, nil
	}
	lacking := driveset.AllPlaces(g.Drives()) &^ good & r.set.Writable()
	if lacking == 0 {
		return true, nil
	}
	if r.set.Writable().Count() < r.set.Geometry.WriteQuorum() {
		return true, nil // nothing can be written; the next start completes it
	}
	if err := r.rebuild(&rec.head, rec.bytes, copies, lacking); err != nil {
		return false, err
	}
	wrote, _ := r.set.Each(lacking, func(d *driveset.Drive) error {
		f, release, err := r.files[d.Place].open(at.Segment)
		if err != nil {
			return err
		}
		defer release()
		return f.WriteAt(copies[d.Place].b, at.Offset)
	})
	r.reportDamage(at.Segment, at.Offset, lacking&^wrote)
	r.touch |= wrote
	r.segs[at.Segment] = true
	return true, nil
}

// settle syncs what complete wrote.
func (r *recovery) settle() error {
	_, failures := r.set.Each(r.touch, func(d *driveset.Drive) error {
		for id := range r.segs {
			f, release, err := r.files[d.Place].open(id)
			if err != nil {
				continue // complete reported that the drive lacks it
			}
			err = f.Sync()
			release()
			if err != nil {
				return err
			}
		}
		return nil
	})
	if len(failures) > 0 {
		r.log.Warn("recovered records could not be synced everywhere", "error", errors.Join(failures...))
	}
	return nil
}

func (l *Log) reportDamage(segment uint64, record int64, places driveset.Places) {
	if places != 0 && l.cfg.Damaged != nil {
		l.cfg.Damaged(segment, record, places)
	}
}
