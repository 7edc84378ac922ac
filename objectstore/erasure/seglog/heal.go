package seglog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"croft/objectstore/erasure/driveset"
)

// Lacking returns the segments in use that a drive does not have, or not with an
// intact head or as long as they must be, newest first: that is the order to heal
// them in. A drive that was added to the set lacks none that was begun before.
func (l *Log) Lacking(ctx context.Context, place int) (ids []uint64, err error) {
	if err := l.set.Drives[place].Settle(); err != nil {
		return nil, err
	}
	for _, s := range slices.Backward(l.Segments()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		lacks, err := l.lacks(place, s)
		if err != nil {
			return nil, err
		}
		if lacks {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}

func (l *Log) lacks(place int, s Segment) (bool, error) {
	if place >= s.Drives {
		return false, nil // added since
	}
	var has bool
	err := l.files[place].with(s.ID, func(f *driveset.File) error {
		_, whole, err := readSegmentHead(f, s.ID, l.seed)
		if err != nil {
			return err
		}
		size, err := f.Size()
		has = whole && size >= s.End
		return err
	})
	return !has, orBadHead(err)
}

// segmentInUse returns a segment as it is now, false when it is not in use.
func (l *Log) segmentInUse(id uint64) (Segment, bool) {
	all := l.Segments()
	i := slices.IndexFunc(all, func(s Segment) bool { return s.ID == id })
	if i < 0 {
		return Segment{}, false
	}
	return all[i], true
}

// healNewest heals the newest segment unless the drive has it or it is the one that
// is healed anyhow.
func (l *Log) healNewest(ctx context.Context, id uint64, place int, progress func(bytes int64)) error {
	for {
		newest, ok := l.segmentInUse(l.position().Segment)
		if !ok || newest.ID == id {
			return nil
		}
		if lacks, err := l.lacks(place, newest); !lacks || err != nil {
			return err
		}
		if err := l.HealSegment(ctx, newest.ID, place, progress); err != nil {
			return err
		}
	}
}

const healSuffix = ".heal"

// HealSegment writes a whole segment to a drive from what the others have. It
// comes under its name when all of it is durable, so that it is there whole or not
// at all, also while records are being appended to it. Progress is told the bytes
// of each write, and slows the work down by not returning. Records that too few
// drives have intact are left out and reported as damaged. A segment that is not
// in use any more is none to heal.
//
// A drive must have the newest segment before it has an older one, or it would
// speak for a log that it does not know the end of; so that one is healed first
// where it is lacking.
func (l *Log) HealSegment(ctx context.Context, id uint64, place int, progress func(bytes int64)) (err error) {
	s, ok := l.segmentInUse(id)
	if !ok || place >= s.Drives {
		return nil
	}
	head, _ := l.head(id)
	if head == nil {
		return quorumLost(fmt.Errorf("segment %016x has no intact head on any drive that is here", id))
	}
	d := l.set.Drives[place]
	if !d.Writable() {
		return fmt.Errorf("%s: %w", d.Path, errUnusable)
	}
	if err := makeLogDir(d); err != nil {
		return err
	}
	name := fmt.Sprintf("%s/%016x%s", logDir, id, healSuffix)
	if err := d.Remove(name); err != nil { // left by a process that died
		return err
	}
	f, err := d.Create(name)
	if err != nil {
		return err
	}
	h := &healer{walker: walker{Log: l, at: head.begin(), not: place}, file: f, drive: d, name: name, progress: progress}
	defer func() {
		h.close()
		err = errors.Join(err, f.Close())
		if !h.named {
			_ = d.Remove(name)
		}
	}()
	if s.Active {
		// Before anything is written, since what it writes are zeros.
		if err := f.Allocate(head.size); err != nil {
			return err
		}
	}
	if err := f.WriteAt(head.encode(l.seed), 0); err != nil {
		return err
	}
	// What is appended meanwhile is caught up with while nothing is appended.
	for ; s.Active && s.End-h.at.Offset > catchUp; s, _ = l.segmentInUse(id) {
		if err := h.copy(ctx, s.End); err != nil {
			return err
		}
	}
	for {
		finish := func() error { return h.finish(ctx, id) }
		if s, _ = l.segmentInUse(id); s.Active {
			err = l.pause(ctx, finish)
		} else {
			err = finish()
		}
		if !errors.Is(err, errNewest) {
			return err
		}
		if err := l.healNewest(ctx, id, place, progress); err != nil {
			return err
		}
	}
}

// errNewest says that another segment has to be healed first.
var errNewest = errors.New("the drive does not have the newest segment")

// catchUp is how many bytes of a segment are left to be healed while appending
// waits.
const catchUp = 1 << 20

// pause runs f while no record is being written.
func (l *Log) pause(ctx context.Context, f func() error) error {
	l.queueMu.Lock()
	broken := l.broken != nil
	l.queueMu.Unlock()
	if broken {
		return f() // none ever will
	}
	return l.submit(ctx, &request{pause: f})
}

// healer writes one drive's copies of the records of a segment.
type healer struct {
	walker
	drive    *driveset.Drive
	file     *driveset.File
	name     string
	named    bool // it has its final name
	progress func(bytes int64)

	from int64  // offset of what is not written yet
	out  []byte // the same
}

// healBytes is how much is written at once.
const healBytes = 2 << 20

// copy writes the records up to an offset.
func (h *healer) copy(ctx context.Context, end int64) error {
	h.end = end
	h.from = h.at.Offset
	for {
		at := h.at
		rec, err := h.next(ctx)
		if err != nil || rec == nil {
			return errors.Join(err, h.flush())
		}
		if p := rec.head.position(); p != at { // behind some that are lost
			if err := h.flush(); err != nil {
				return err
			}
			h.from = p.Offset
		}
		if err := h.record(rec); err != nil {
			return err
		}
		if len(h.out) >= healBytes {
			if err := h.flush(); err != nil {
				return err
			}
		}
	}
}

// record adds the drive's copy of a record to what is to be written.
func (h *healer) record(rec *found) error {
	place := h.not
	copies := h.copies(rec, rec.head.enough())
	enough := copies != nil
	if !enough { // not in what was read in advance
		var good driveset.Places
		copies, good = h.readCopies(rec.head.position(), &rec.head)
		enough = good.Count() >= rec.head.enough()
	}
	defer func() { releaseAll(copies) }()
	only := driveset.Places(0).With(place)
	switch {
	case copies[place] != nil: // the segment's head is what was wrong
	case enough:
		if err := h.rebuild(&rec.head, rec.bytes, copies, only); err != nil {
			return err
		}
	default:
		h.reportDamage(rec.head.segment, rec.head.position().Offset, only)
		h.withoutShard(&rec.head, rec.bytes, copies, only)
	}
	h.out = append(h.out, copies[place].b...)
	return nil
}

func (h *healer) flush() error {
	if len(h.out) == 0 {
		return nil
	}
	if err := h.file.WritePast(h.out, h.from); err != nil {
		return err
	}
	n := int64(len(h.out))
	h.from, h.out = h.from+n, h.out[:0]
	if h.progress != nil {
		h.progress(n)
	}
	return nil
}

// finish writes what is left and gives the file its name.
func (h *healer) finish(ctx context.Context, id uint64) error {
	s, ok := h.segmentInUse(id)
	if !ok {
		return nil
	}
	if err := h.copy(ctx, s.End); err != nil {
		return err
	}
	if err := h.file.Sync(); err != nil {
		return err
	}
	// No segment is begun on the drive between looking whether it has the newest and this.
	h.naming[h.not].Lock()
	defer h.naming[h.not].Unlock()
	if newest, ok := h.segmentInUse(h.position().Segment); ok && newest.ID != id {
		lacks, err := h.lacks(h.not, newest)
		if err != nil {
			return err
		}
		if lacks {
			return errNewest
		}
	}
	if err := h.drive.Rename(h.name, segmentName(id)); err != nil {
		return err
	}
	h.named = true
	h.files[h.not].forget(id)
	if err := h.drive.SyncDir(logDir); err != nil {
		return err
	}
	if _, ok := h.segmentInUse(id); !ok { // freed meanwhile
		h.discard(h.drive, id)
	}
	return nil
}

// HealRecord writes a record again, synced, to the given drives, also where it can
// be read: after a sync that failed that proves nothing. A drive that does not have
// the record's segment needs that healed first, and the error says so.
func (l *Log) HealRecord(ctx context.Context, segment uint64, record int64, places driveset.Places) error {
	s, ok := l.segmentInUse(segment)
	if !ok || record >= s.End {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	rec := l.findAt(segment, record)
	if rec == nil {
		return quorumLost(fmt.Errorf("segment %016x at %d: no drive that is here has the record intact", segment, record))
	}
	at := rec.head.position()
	copies, good := l.readCopies(at, &rec.head)
	defer func() { releaseAll(copies) }()
	lacking := places & rec.head.places() & l.set.Writable()
	var short error
	if good.Count() >= rec.head.enough() {
		if err := l.rebuild(&rec.head, rec.bytes, copies, lacking&^good); err != nil {
			return err
		}
	} else {
		short = quorumLost(fmt.Errorf("segment %016x at %d: %d intact copies, %d needed", segment, record, good.Count(), rec.head.enough()))
		lacking &^= good | l.knownBy(at, &rec.head)
		l.withoutShard(&rec.head, rec.bytes, copies, lacking)
	}
	done, failures := l.set.Each(lacking, func(d *driveset.Drive) error {
		return l.files[d.Place].with(segment, func(f *driveset.File) error {
			if err := f.WriteAt(copies[d.Place].b, at.Offset); err != nil {
				return err
			}
			return f.Sync()
		})
	})
	if short == nil && (good|done).Count() >= l.need(rec.head.geometry) {
		l.settled(segment, rec.head.after(at).Offset)
	}
	return errors.Join(append(failures, short)...)
}

// settled notes that a segment's last record need not be taken back.
func (l *Log) settled(segment uint64, end int64) {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	for i, x := range l.live {
		if x.id == segment && x.end == end {
			l.live[i].unsure = false
		}
	}
	if l.next.Segment == segment && l.next.Offset == end {
		l.unsure = false
	}
}

// findAt returns what is at an offset of a segment from the first drive that has
// it intact.
func (l *Log) findAt(segment uint64, record int64) *found {
	for i := range l.set.Drives {
		if rec, _ := l.readFound(i, segment, record); rec != nil {
			return rec
		}
	}
	return nil
}
