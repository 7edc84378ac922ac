package seglog

import (
	"fmt"

	"croft/objectstore/erasure/driveset"
	"slices"
)

// replay tells Apply what from does not cover.
func (r *recovery) replay() error {
	segments := r.before
	if r.end.Offset > r.newest.length() {
		segments = append(segments, extent{id: r.end.Segment, end: r.end.Offset, unsure: r.lastUnsure})
	}
	at := r.from.Stable
	if at != (Position{}) {
		i := slices.IndexFunc(segments, func(x extent) bool { return x.id == at.Segment })
		if i < 0 {
			return nil // it is the end
		}
		segments = segments[i:]
	}
	for _, x := range segments {
		var err error
		if at.Segment != x.id {
			before := at
			if at, err = r.beginning(x); err != nil {
				return err
			}
			if err = r.unbroken(before, at); err != nil {
				return err
			}
		}
		if at, err = r.segment(at, x); err != nil {
			return err
		}
	}
	return r.unbroken(at, r.end)
}

// unbroken returns ErrStale when records between two positions were freed that from
// does not cover: what they said was over is not known to be.
func (r *recovery) unbroken(before, after Position) error {
	if r.from != (Start{}) && before.Seq < after.Seq && r.from.Applied.Seq < after.Seq {
		return ErrStale
	}
	return nil
}

// beginning is where the first record of a segment stands.
func (r *recovery) beginning(x extent) (Position, error) {
	h, silent := r.head(x.id)
	switch {
	case h != nil:
		return h.begin(), nil
	case silent != 0:
		return Position{}, quorumLost(fmt.Errorf("segment %016x has no intact head on any drive that could be read", x.id))
	}
	r.log.Error("segment without an intact head on any drive", "segment", fmt.Sprintf("%016x", x.id))
	return r.skip(Position{Segment: x.id}, x.end, silent)
}

// skip goes on behind records that are lost on all drives, none of which was silent.
func (l *Log) skip(at Position, end int64, silent driveset.Places) (Position, error) {
	next, more := l.seek(at, end)
	if silent|more != 0 {
		return at, quorumLost(fmt.Errorf("segment %016x at %d: no drive that could be read has the record intact", at.Segment, at.Offset))
	}
	l.log.Error("records lost on all drives", "segment", fmt.Sprintf("%016x", at.Segment), "offset", at.Offset, "end", next.Offset)
	return next, nil
}

// segment replays one segment from a position up to its end and returns that.
func (r *recovery) segment(at Position, x extent) (_ Position, err error) {
	for at.Offset < x.end {
		if err := r.ctx.Err(); err != nil {
			return at, err
		}
		if at.Seq == r.from.Applied.Seq && at.Chain != r.from.Applied.Chain {
			return at, ErrStale
		}
		rec, silent := r.find(at)
		if rec == nil {
			if at, err = r.skip(at, x.end, silent); err != nil {
				return at, err
			}
			continue
		}
		next := rec.head.after(at)
		if at.Seq >= r.from.Applied.Seq {
			if err := r.apply(at, next, rec, x.unsure && next.Offset == x.end); err != nil {
				return at, err
			}
		}
		at = next
	}
	return at, nil
}

func (r *recovery) apply(at, next Position, rec *found, unsure bool) error {
	placed, freed, err := decodeMeta(&rec.head, rec.meta())
	if err != nil {
		return fmt.Errorf("record %d: %w", rec.head.seq, err)
	}
	stable := next
	switch {
	case r.replicated:
	case r.from.Stable != (Position{}):
		stable = r.from.Stable
	case at.Segment == r.end.Segment:
		stable = r.newest.begin()
	}
	return r.cfg.Apply(Batch{At: at, Next: next, Stable: stable, Entries: placed, Freed: freed, Replay: true, Unsure: unsure})
}
