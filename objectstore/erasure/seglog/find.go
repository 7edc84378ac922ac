package seglog

import (
	"errors"
	"io"
	"io/fs"

	"croft/objectstore/erasure/driveset"
)

// found is the part of a record that all drives share, from one of them.
type found struct {
	head  recordHead
	bytes []byte // head, block sums of the drive's shard, metadata
}

func (f *found) meta() []byte { return f.head.meta(f.bytes) }

// after is the position behind a record.
func (h *recordHead) after(at Position) Position {
	return Position{Segment: at.Segment, Offset: at.Offset + int64(h.length)*unit, Seq: h.seq + 1, Chain: h.next()}
}

// find returns the record at a position from the first drive that has it, nil
// when none has. silent are the drives that could not be asked.
func (l *Log) find(at Position) (rec *found, silent driveset.Places) {
	places := l.placesOf(at.Segment)
	for i := range l.set.Drives {
		if !places.Has(i) {
			continue
		}
		f, err := l.readFound(i, at.Segment, at.Offset)
		if f != nil && f.head.seq == at.Seq && f.head.chain == at.Chain {
			return f, silent
		}
		if err != nil {
			silent = silent.With(i)
		}
	}
	return nil, silent
}

// firstRead is how much of a record is read at once: most heads with their
// metadata are not longer.
const firstRead = 16 << 10

// readFound returns what one drive has at an offset, nil when that is no intact
// record. The error says that it could not be read at all.
func (l *Log) readFound(place int, segment uint64, offset int64) (rec *found, err error) {
	err = l.files[place].with(segment, func(f *driveset.File) error {
		rec, err = l.readHead(f, place, segment, offset)
		return err
	})
	return rec, orMissing(err)
}

// orMissing is nil for an error that says that a file or bytes of it are not there.
func orMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}

func (l *Log) readHead(f *driveset.File, place int, segment uint64, offset int64) (*found, error) {
	b := make([]byte, firstRead)
	if err := f.ReadFull(b, offset); err != nil {
		// Near the end of the file.
		if b = b[:unit]; orMissing(err) == nil {
			err = f.ReadFull(b, offset)
		}
		if err != nil {
			return nil, orMissing(err)
		}
	}
	h, err := parseHead(b)
	if err != nil || h.segment != segment || int64(h.offset)*unit != offset || h.place != place || h.geometry.Drives() > len(l.set.Drives) {
		return nil, nil
	}
	if n := h.before(); n > len(b) {
		b = make([]byte, n)
		if err := f.ReadFull(b, offset); err != nil {
			return nil, orMissing(err)
		}
	}
	b = b[:h.before()]
	if h.check(b, l.seed) != nil {
		return nil, nil
	}
	return &found{head: h, bytes: b}, nil
}

// seek returns the position of the first record of a segment behind a place where
// none is intact, and before an end: the end when there is none. silent are the
// drives that could not be asked.
func (l *Log) seek(at Position, end int64) (next Position, silent driveset.Places) {
	const window = 1 << 20
	places := l.placesOf(at.Segment)
	for from := at.Offset + unit; from < end; from += window {
		hits := make([]*found, len(l.set.Drives))
		asked, _ := l.set.Each(l.set.Readable()&places, func(d *driveset.Drive) (err error) {
			hits[d.Place], err = l.seekOn(d.Place, at, from, min(from+window, end))
			return orMissing(err)
		})
		silent |= places &^ asked
		for _, hit := range hits {
			if hit == nil {
				continue
			}
			if p := hit.head.position(); next == (Position{}) || p.Offset < next.Offset {
				next = p
			}
		}
		if next != (Position{}) {
			return next, silent
		}
	}
	return Position{Segment: at.Segment, Offset: end}, silent
}

func (l *Log) seekOn(place int, at Position, from, to int64) (rec *found, err error) {
	err = l.files[place].with(at.Segment, func(f *driveset.File) error {
		size, err := f.Size()
		if err != nil || size <= from {
			return err
		}
		buf := takeBuffer(int(min(to, size) - from))
		defer buf.release()
		if err := f.ReadFull(buf.b, from); err != nil {
			return err
		}
		for i := 0; i+headBytes <= len(buf.b); i += unit {
			if h, err := parseHead(buf.b[i:]); err != nil || h.segment != at.Segment || h.seq <= at.Seq {
				continue
			}
			if rec, err = l.readHead(f, place, at.Segment, from+int64(i)); rec != nil || err != nil {
				return err
			}
		}
		return nil
	})
	return rec, err
}

// position is where a record stands.
func (h *recordHead) position() Position {
	return Position{Segment: h.segment, Offset: int64(h.offset) * unit, Seq: h.seq, Chain: h.chain}
}

// readCopies returns the copies of a record that are intact, and on which drives
// they are.
func (l *Log) readCopies(at Position, want *recordHead) (copies []*buffer, good driveset.Places) {
	copies = make([]*buffer, len(l.set.Drives))
	good, _ = l.set.Each(l.set.Readable()&want.places(), func(d *driveset.Drive) error {
		if copies[d.Place] = l.readWhole(d.Place, at, want); copies[d.Place] == nil {
			return errRecord
		}
		return nil
	})
	return copies, good
}

func releaseAll(buffers []*buffer) {
	for _, b := range buffers {
		if b != nil {
			b.release()
		}
	}
}

// readWhole returns a drive's copy of a record when all of it is intact.
func (l *Log) readWhole(place int, at Position, want *recordHead) *buffer {
	buf := takeBuffer(int(want.length) * unit)
	err := l.files[place].with(at.Segment, func(f *driveset.File) error { return f.ReadFull(buf.b, at.Offset) })
	if err != nil || !l.intact(buf.b, place, want) {
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

// withoutShard makes the copies of places for a record that cannot be read: with
// all that the drives share, and a shard that does not match its sums.
func (l *Log) withoutShard(head *recordHead, common []byte, copies []*buffer, places driveset.Places) {
	h := *head
	for place := range copies {
		if !places.Has(place) {
			continue
		}
		copies[place] = takeBuffer(int(h.length) * unit)
		b := copies[place].b
		clear(b[h.before():])
		copy(b[headBytes+h.sumsLen():], h.meta(common))
		h.place = place
		h.sealUnknown(b, l.seed)
	}
}
