package seglog

import (
	"context"
	"errors"
	"slices"

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

// ErrLost says that the log on the drives ends before a Start: what was durable is
// not to be found. Beginning anew would forget that it was there.
var ErrLost = errors.New("the log ends before the position")

// recovery reads the log at the start.
type recovery struct {
	*Log
	ctx  context.Context
	from Start

	survey
	tail   []tailRecord // of the newest segment, in order
	end    Position     // of the log
	before []extent     // segments in use before the newest
	// dropped says that a record behind the end was found not to be part of the log.
	// With other drives here it might be found to be.
	dropped bool
	// lastUnsure is what unsure was before the end was pinned.
	lastUnsure bool
	// replicated says that the tail is on every drive that is written to, synced.
	replicated bool
}

// recover finds where the log ends, completes the last records on the drives that
// lack them, and replays what from does not cover. Nothing is written unless
// something has to be completed or decided.
//
// A set that has grown begins a segment of its new size, with all drives: until that
// is there, those that were added know nothing.
//
// Before Apply is called it is certain that every later opening that can write
// finds the same log: its last record is on a write quorum, or a head on a write
// quorum pins it. Without a write quorum that cannot be had; what is replayed then
// may differ in its last record from what a later opening finds.
func (l *Log) recover(ctx context.Context, from Start) error {
	r := &recovery{Log: l, ctx: ctx, from: from}
	if err := r.look(); err != nil {
		return err
	}
	if r.newest == nil {
		if from.Applied.Seq > 2 {
			return ErrLost
		}
		if from != (Start{}) {
			return ErrStale
		}
		l.next.Seq = 1
		r.first()
		return nil
	}
	l.latest, l.live = r.newest.id, r.newest.live
	l.next, l.drives = r.newest.begin(), r.newest.drives
	if err := r.walk(); err != nil {
		return err
	}
	r.decide()
	voided, err := r.resolve()
	if err != nil {
		return err
	}
	if voided && from != (Start{}) {
		return ErrStale
	}
	l.next, l.start = r.end, r.newest.length()
	if n := len(l.live); len(r.tail) > 0 {
		l.used = r.end.Segment
	} else if n > 0 {
		l.used = l.live[n-1].id
	}
	if err := r.checkStart(); err != nil {
		return err
	}
	r.before, r.lastUnsure = slices.Clone(r.live), r.unsure
	certain, err := r.complete()
	if err != nil {
		return err
	}
	if l.unsure || r.dropped || voided || !certain || r.hidden() || r.grown() && r.canWrite() {
		r.pin()
	}
	for _, x := range r.leftovers {
		if d := r.set.Drives[x.place]; d.Writable() {
			_ = d.Remove(x.name)
		}
	}
	return r.replay()
}

func (r *recovery) canWrite() bool {
	return r.set.Writable().Count() >= r.set.Geometry.WriteQuorum()
}

// pin begins a segment, so that the log ends where it does for whoever comes later.
func (r *recovery) pin() {
	if !r.canWrite() {
		r.log.Warn("too few drives can be written to; the log's last record may not be there at the next start")
		return
	}
	if err := r.roll(0, true); err != nil {
		r.log.Warn("the log's end could not be made certain; its last record may not be there at the next start", "error", err)
	}
}

func (l *Log) drop(freed []uint64) {
	l.live = slices.DeleteFunc(l.live, func(x extent) bool { return slices.Contains(freed, x.id) })
}

func (l *Log) reportDamage(segment uint64, record int64, places driveset.Places) {
	if places != 0 && l.cfg.Damaged != nil {
		l.cfg.Damaged(segment, record, places)
	}
}
