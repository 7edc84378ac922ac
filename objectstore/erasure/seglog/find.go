package seglog

import (
	"croft/objectstore/erasure/driveset"
)

// found is the part of a record that all drives share, from one of them.
type found struct {
	head  recordHead
	bytes []byte // head, block sums of the drive's shard, metadata
}

func (f *found) meta() []byte { return f.head.meta(f.bytes) }

// after is the position behind the record.
func (f *found) after(at Position) Position {
	return Position{
		Segment: at.Segment, Offset: at.Offset + int64(f.head.length)*unit,
		Seq: f.head.seq + 1, Chain: f.head.next(),
	}
}

// find returns the record at a position from the first drive that has it, nil
// when none has.
func (l *Log) find(at Position) *found {
	for i := range l.set.Drives {
		if f := l.readFound(i, at.Segment, at.Offset); f != nil && f.head.seq == at.Seq && f.head.chain == at.Chain {
			return f
		}
	}
	return nil
}

// firstRead is how much of a record is read at once: most heads with their
// metadata are not longer.
const firstRead = 16 << 10

// readFound returns what one drive has at an offset, nil when that is no intact record.
func (l *Log) readFound(place int, segment uint64, offset int64) *found {
	d := l.set.Drives[place]
	if !d.Readable() {
		return nil
	}
	f, release, err := l.files[place].open(segment)
	if err != nil {
		return nil
	}
	defer release()
	return l.readHead(f, place, segment, offset)
}

func (l *Log) readHead(f *driveset.File, place int, segment uint64, offset int64) *found {
	b := make([]byte, firstRead)
	if f.ReadFull(b, offset) != nil {
		// Near the end of the file.
		if b = b[:unit]; f.ReadFull(b, offset) != nil {
			return nil
		}
	}
	h, err := parseHead(b)
	if err != nil || h.segment != segment || int64(h.offset)*unit != offset || h.place != place {
		return nil
	}
	if n := h.before(); n > len(b) {
		b = make([]byte, n)
		if f.ReadFull(b, offset) != nil {
			return nil
		}
	}
	b = b[:h.before()]
	if h.check(b, l.seed) != nil {
		return nil
	}
	return &found{head: h, bytes: b}
}

// readWhole returns a drive's copy of a record when all of it is intact.
func (l *Log) readWhole(place int, at Position, want *recordHead) *buffer {
	if !l.set.Drives[place].Readable() {
		return nil
	}
	f, release, err := l.files[place].open(at.Segment)
	if err != nil {
		return nil
	}
	defer release()
	buf := takeBuffer(int(want.length) * unit)
	if f.ReadFull(buf.b, at.Offset) != nil || !l.intact(buf.b, place, want) {
		buf.release()
		return nil
	}
	return buf
}

// intact reports whether b is a drive's whole copy of a record.
func (l *Log) intact(b []byte, place int, want *recordHead) bool {
	h, err := parseHead(b)
	if err != nil || h.place != place || !h.sameRecord(want) || h.check(b[:h.before()], l.seed) != nil {
		return false
	}
	return h.checkShard(b, b[h.before():h.before()+int(h.shardLen)], 0) == nil
}

// sameRecord reports whether two heads are copies of one record.
func (h *recordHead) sameRecord(o *recordHead) bool {
	a, b := *h, *o
	a.place, b.place = 0, 0
	return a == b
}

// rebuild computes the copies of places from those that are there. common is the
// head of any copy with its metadata.
func (l *Log) rebuild(head *recordHead, common []byte, copies []*buffer, places driveset.Places) error {
	h := *head
	g, before, n := h.geometry, h.before(), int(h.shardLen)
	shards := make([][]byte, g.Drives())
	required := make([]bool, g.Drives())
	for place := range g.Drives() {
		s := h.shardAt(place)
		if copies[place] != nil {
			shards[s] = copies[place].b[before : before+n]
		} else if places.Has(place) {
			copies[place] = takeBuffer(int(h.length) * unit)
			shards[s] = copies[place].b[before : before : before+n]
			required[s] = true
		}
	}
	if n > 0 && g.Parity > 0 {
		coder, err := l.set.Coders.For(g)
		if err == nil {
			err = coder.ReconstructSome(shards, required)
		}
		if err != nil {
			return err
		}
	}
	for place := range g.Drives() {
		if !places.Has(place) {
			continue
		}
		b := copies[place].b
		s := shards[h.shardAt(place)][:n]
		copy(b[before:], s)
		clear(b[before+n:])
		copy(b[headBytes+h.sumsLen():], h.meta(common))
		h.place = place
		h.sealShard(b, s, l.seed)
	}
	return nil
}
