package seglog

import (
	"errors"
	"fmt"
	"slices"

	"croft/objectstore/erasure/driveset"
)

// complete makes the records from Stable on, or else those of the newest segment,
// whole on every drive that is written to, synced, and reports whether the last
// record of the log is on a write quorum then.
func (r *recovery) complete() (certain bool, err error) {
	writable := r.canWrite()
	touched := make(map[uint64]driveset.Places)
	var last driveset.Places
	each := func(at Position, h *recordHead) error {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		held, wrote, err := r.completeRecord(at, h, writable)
		// What was there before may not be synced either, when a process died that had
		// only written it.
		touched[at.Segment] |= held&r.set.Writable() | wrote
		last = held
		return err
	}
	for _, x := range r.behind() {
		for at := x.from; at.Offset < x.end; {
			rec, _ := r.find(at)
			if rec == nil {
				break // replay says what is lost
			}
			if err := each(at, &rec.head); err != nil {
				return false, err
			}
			at = rec.head.after(at)
		}
	}
	for i := range r.tail {
		t := &r.tail[i]
		if p := r.from.Stable; p.Segment == t.at.Segment && t.at.Offset < p.Offset {
			continue
		}
		if err := each(t.at, &t.head); err != nil {
			return false, err
		}
	}
	failed := r.syncTouched(touched)
	r.replicated = writable && failed == 0
	if len(r.tail) == 0 || r.from.Stable == r.end {
		return true, nil
	}
	return (last & r.set.Writable() &^ failed).Count() >= r.need(r.tail[len(r.tail)-1].head.geometry), nil
}

// stretch is the part of a segment that Stable does not cover.
type stretch struct {
	from Position
	end  int64
}

// behind returns what there is between Stable and the newest segment.
func (r *recovery) behind() (all []stretch) {
	i := slices.IndexFunc(r.live, func(x extent) bool { return x.id == r.from.Stable.Segment })
	if i < 0 {
		return nil
	}
	for _, x := range r.live[i:] {
		s := stretch{from: r.from.Stable, end: x.end}
		if x.id != s.from.Segment {
			h, _ := r.head(x.id)
			if h == nil {
				continue
			}
			s.from = h.begin()
		}
		all = append(all, s)
	}
	return all
}

// completeRecord writes a record to the drives that lack it, unless nothing can be
// written, and returns which hold it then and which were written to. Where it
// cannot be read, they get what all drives share, so that it is at least known.
func (r *recovery) completeRecord(at Position, h *recordHead, writable bool) (held, wrote driveset.Places, err error) {
	copies, good := r.readCopies(at, h)
	defer func() { releaseAll(copies) }()
	readable := good.Count() >= h.enough()
	if !readable {
		r.reportDamage(at.Segment, at.Offset, h.places()&^good)
	}
	lacking := h.places() & r.set.Writable() &^ good
	if lacking == 0 || !writable {
		return good, 0, nil
	}
	rec, _ := r.find(at)
	if rec == nil {
		return good, 0, nil
	}
	if readable {
		if err := r.rebuild(&rec.head, rec.bytes, copies, lacking); err != nil {
			return good, 0, fmt.Errorf("complete record %d: %w", h.seq, err)
		}
	} else {
		lacking &^= r.knownBy(at, h)
		r.withoutShard(&rec.head, rec.bytes, copies, lacking)
	}
	wrote, _ = r.set.Each(lacking, func(d *driveset.Drive) error {
		return r.files[d.Place].with(at.Segment, func(f *driveset.File) error { return f.WriteAt(copies[d.Place].b, at.Offset) })
	})
	if readable {
		r.reportDamage(at.Segment, at.Offset, lacking&^wrote)
		good |= wrote
	}
	return good, wrote, nil
}

// knownBy are the drives that have a record's head.
func (l *Log) knownBy(at Position, h *recordHead) (places driveset.Places) {
	for i := range l.set.Drives {
		if rec, _ := l.readFound(i, at.Segment, at.Offset); rec != nil && rec.head.sameRecord(h) {
			places = places.With(i)
		}
	}
	return places
}

// syncTouched syncs what was written, and that there is a file for it, and returns
// the drives on which that failed.
func (r *recovery) syncTouched(touched map[uint64]driveset.Places) (failed driveset.Places) {
	var all driveset.Places
	for id, places := range touched {
		all |= places
		done, failures := r.set.Each(places, func(d *driveset.Drive) error {
			return r.files[d.Place].with(id, (*driveset.File).Sync)
		})
		if failed |= places &^ done; len(failures) > 0 {
			r.log.Warn("recovered records could not be synced everywhere", "error", errors.Join(failures...))
		}
	}
	// A process may have died between giving a segment its name and that.
	done, failures := r.set.Each(all, func(d *driveset.Drive) error { return d.SyncDir(logDir) })
	if failed |= all &^ done; len(failures) > 0 {
		r.log.Warn("recovered segments could not be synced everywhere", "error", errors.Join(failures...))
	}
	return failed
}
