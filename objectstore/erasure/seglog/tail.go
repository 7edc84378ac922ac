package seglog

import (
	"fmt"
	"slices"

	"croft/objectstore/erasure/driveset"
)

// tailRecord is a record of the newest segment.
type tailRecord struct {
	at   Position
	head recordHead
}

func (t *tailRecord) next() Position { return t.head.after(t.at) }

// walk goes through the newest segment up to the last record that any drive has
// the head of, and takes the segments off the live ones that it says are free.
func (r *recovery) walk() (err error) {
	at := r.newest.begin()
	for {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		rec, silent := r.find(at)
		if rec == nil {
			// A drive that could not be read does not say that there is nothing.
			r.sure &^= silent
			r.witnesses &^= silent
			if _, ok := r.known(); !ok {
				return quorumLost(fmt.Errorf("segment %016x cannot be read at %d", at.Segment, at.Offset))
			}
			// Only one that is damaged has another behind it, at most so far away.
			next, _ := r.seek(at, at.Offset+maxBatchBytes+MaxPayload/int64(r.set.GeometryOf(r.newest.drives).Data))
			if next.Seq == 0 {
				r.end = at
				return nil
			}
			// A record is written when the one before it is on a write quorum. So this
			// one was acknowledged.
			if at, err = r.skip(at, next.Offset+unit, silent); err != nil {
				return err
			}
			continue
		}
		if _, freed, err := decodeMeta(&rec.head, rec.meta()); err == nil {
			r.drop(freed)
		}
		r.tail = append(r.tail, tailRecord{at: at, head: rec.head})
		at = rec.head.after(at)
	}
}

// decide takes the last record off the tail when it cannot be read and cannot have
// been acknowledged, or can never be read again. All before it were acknowledged:
// each was on a write quorum when the next was written.
func (r *recovery) decide() {
	if len(r.tail) == 0 || r.tail[len(r.tail)-1].next() != r.end {
		return
	}
	last := r.tail[len(r.tail)-1]
	copies, good := r.readCopies(last.at, &last.head)
	releaseAll(copies)
	switch r.judge(&last.head, good) {
	case readable:
		return
	case unreadable:
		if silent := last.head.places() &^ r.sure; (good | silent).Count() >= r.need(last.head.geometry) {
			r.unsure = true
			r.log.Warn("the log's last record cannot be read before more drives are here", "segment", fmt.Sprintf("%016x", last.at.Segment),
				"offset", last.at.Offset, "shards", good.Count(), "needed", last.head.enough())
			return
		}
	}
	r.tail, r.end, r.dropped = r.tail[:len(r.tail)-1], last.at, true
}

// judgement says whether a record can be read.
type judgement int

const (
	readable judgement = iota
	unreadable
	hopeless // even when all drives are here again
)

func (r *recovery) judge(h *recordHead, good driveset.Places) judgement {
	switch {
	case good.Count() >= h.enough():
		return readable
	case (good | h.places()&^r.listed).Count() >= h.enough():
		return unreadable
	}
	return hopeless
}

// resolve looks again at the records that could not be read when the segment after
// them was begun. Those that never can be are taken back; voided says that there
// are such.
func (r *recovery) resolve() (voided bool, err error) {
	for i := range r.live {
		x := &r.live[i]
		if !x.unsure {
			continue
		}
		last, err := r.lastOf(x)
		if err != nil {
			return false, err
		}
		if last == nil {
			continue
		}
		at := last.head.position()
		copies, good := r.readCopies(at, &last.head)
		releaseAll(copies)
		switch r.judge(&last.head, good) {
		case readable:
			held, wrote, err := r.completeRecord(at, &last.head, r.canWrite())
			if err != nil {
				return false, err
			}
			held &= r.set.Writable()
			failed := r.syncTouched(map[uint64]driveset.Places{x.id: held | wrote})
			x.unsure = (held &^ failed).Count() < r.need(last.head.geometry)
		case hopeless:
			r.log.Error("a record that was never acknowledged, or is lost, is taken back", "segment", fmt.Sprintf("%016x", x.id), "offset", at.Offset)
			x.end, x.unsure, voided = at.Offset, false, true
		}
	}
	return voided, nil
}

// lastOf returns the last record of a segment, nil when no drive that is here has it.
func (r *recovery) lastOf(x *extent) (last *found, err error) {
	h, _ := r.head(x.id)
	if h == nil {
		return nil, nil
	}
	for at := h.begin(); at.Offset < x.end; {
		if err := r.ctx.Err(); err != nil {
			return nil, err
		}
		if last, _ = r.find(at); last == nil {
			at, _ = r.seek(at, x.end)
			continue
		}
		at = last.head.after(at)
	}
	return last, nil
}

// enough is how many copies a record can be read from.
func (h *recordHead) enough() int {
	if h.shardLen == 0 {
		return 1
	}
	return h.geometry.Data
}

// checkStart reports whether from belongs to this log, as far as that can be told
// without reading all of it.
func (r *recovery) checkStart() error {
	if r.from == (Start{}) {
		return nil
	}
	end := r.end
	// Without a write quorum the last record may have been followed and then found to
	// be no part of the log. More than that is a loss.
	if r.from.Applied.Seq > end.Seq+1 {
		return ErrLost
	}
	if a := r.from.Applied; a.Seq > end.Seq || a.Seq == end.Seq && a.Chain != end.Chain {
		return ErrStale
	}
	for _, p := range []Position{r.from.Stable, r.from.Applied} {
		if p.Segment == end.Segment && p != end &&
			!slices.ContainsFunc(r.tail, func(t tailRecord) bool { return t.at == p }) {
			return ErrStale
		}
	}
	p := r.from.Stable
	if p.Segment == end.Segment {
		return nil
	}
	i := slices.IndexFunc(r.live, func(x extent) bool { return x.id == p.Segment })
	if i < 0 || p.Offset > r.live[i].end {
		return ErrStale
	}
	if p.Offset < r.live[i].end {
		if rec, _ := r.find(p); rec == nil {
			return ErrStale
		}
	}
	return nil
}
