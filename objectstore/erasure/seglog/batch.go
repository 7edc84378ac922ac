package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"croft/objectstore/erasure/driveset"
)

// Entry is one thing to remember: metadata, which go to every drive, and a
// payload, which is coded. Tag is handed to Apply untouched; a replayed entry has
// none.
type Entry struct {
	Meta    []byte
	Payload []byte
	Tag     any
}

// Placed is an entry of the log. Its Location is that of the payload, but also
// says in which segment the entry itself is.
type Placed struct {
	Meta     []byte // valid until Apply returns
	Location Location
	Tag      any
}

// stripeFrom is the payload size from which it is cut over all data shards:
// below, reading it from one drive is cheaper; above, its shards would make the
// batch lopsided.
const stripeFrom = 128 << 10

// metadata of a record: the number of entries, each with its metadata and the
// inner part of its location; then the segments that this record frees.

// lay gives every payload its place in the shards and returns their length.
func lay(entries []Entry, g driveset.Geometry) (locations []Location, shardLen int64) {
	locations = make([]Location, len(entries))
	fill := make([]int64, g.Data)
	for i, e := range entries {
		l := &locations[i]
		l.Length, l.data, l.parity = int64(len(e.Payload)), uint8(g.Data), uint8(g.Parity)
		if l.Length >= stripeFrom {
			l.shard, l.offset = striped, uint32(shardLen)
			shardLen += l.slice()
		}
	}
	for i := range fill {
		fill[i] = shardLen
	}
	for i := range entries {
		l := &locations[i]
		if l.Length == 0 || l.shard == striped {
			continue
		}
		least := slices.Index(fill, slices.Min(fill))
		l.shard, l.offset = uint8(least), uint32(fill[least])
		fill[least] += l.Length
	}
	return locations, slices.Max(fill)
}

// sum fills in the checksums of a payload's blocks.
func (l *Location) sum(payload []byte) {
	if l.Length == 0 {
		return
	}
	l.sums = make([]uint64, 0, l.countSums())
	l.parts(func(_ int, from, n int64) {
		for b := payload[from : from+n]; len(b) > 0; {
			m := min(len(b), BlockBytes)
			l.sums = append(l.sums, xxh3.Hash(b[:m]))
			b = b[m:]
		}
	})
}

func encodeMeta(entries []Entry, locations []Location, freed []uint64) []byte {
	n := 16 + 10*len(freed)
	for i, e := range entries {
		n += len(e.Meta) + 24 + 8*len(locations[i].sums)
	}
	b := make([]byte, 0, n)
	b = binary.AppendUvarint(b, uint64(len(entries)))
	for i, e := range entries {
		b = binary.AppendUvarint(b, uint64(len(e.Meta)))
		b = append(b, e.Meta...)
		b = locations[i].appendInner(b)
	}
	b = binary.AppendUvarint(b, uint64(len(freed)))
	for _, s := range freed {
		b = binary.AppendUvarint(b, s)
	}
	return b
}

var errMeta = errors.New("malformed metadata")

// decodeMeta returns what a record holds. The entries' metadata share b.
func decodeMeta(h *recordHead, b []byte) (placed []Placed, freed []uint64, err error) {
	uvarint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err = errMeta
			return 0
		}
		b = b[n:]
		return v
	}
	count := uvarint()
	if count > uint64(len(b)) {
		return nil, nil, errMeta
	}
	placed = make([]Placed, 0, count)
	for range count {
		n := uvarint()
		if err != nil || n > uint64(len(b)) {
			return nil, nil, errMeta
		}
		p := Placed{Meta: b[:n:n], Location: h.location()}
		if b, err = p.Location.decodeInner(b[n:]); err != nil {
			return nil, nil, err
		}
		if end := p.Location.end(); end > int64(h.shardLen) {
			return nil, nil, fmt.Errorf("%w: payload ends at %d of %d", errMeta, end, h.shardLen)
		}
		placed = append(placed, p)
	}
	count = uvarint()
	if err != nil || count > uint64(len(b)) {
		return nil, nil, errMeta
	}
	for range count {
		freed = append(freed, uvarint())
	}
	if err != nil || len(b) != 0 {
		return nil, nil, errMeta
	}
	return placed, freed, nil
}

// location returns what a record says about all payloads in it.
func (h *recordHead) location() Location {
	return Location{
		Segment: h.segment, record: h.offset, head: uint32(h.before()), turn: uint8(h.turn()),
		data: uint8(h.geometry.Data), parity: uint8(h.geometry.Parity),
	}
}

// end is where the payload ends in its shard.
func (l *Location) end() int64 {
	switch {
	case l.Length == 0:
		return 0
	case l.shard == striped:
		return int64(l.offset) + l.slice()
	}
	return int64(l.offset) + l.Length
}

// encoded is a record ready to be written: one buffer for each place.
type encoded struct {
	head    recordHead
	placed  []Placed
	freed   []uint64
	buffers []*buffer
}

// encode codes entries into a record at a position.
func (l *Log) encode(at Position, entries []Entry, freed []uint64, g driveset.Geometry) (*encoded, error) {
	locations, shardLen := lay(entries, g)
	for i := range locations {
		locations[i].sum(entries[i].Payload)
	}
	meta := encodeMeta(entries, locations, freed)
	h := recordHead{
		segment: at.Segment, offset: uint32(at.Offset / unit), seq: at.Seq, chain: at.Chain, geometry: g,
		metaLen: uint32(len(meta)), shardLen: uint32(shardLen), metaSum: xxh3.Hash(meta),
	}
	before := h.before()
	h.length = units(before + int(shardLen))
	e := &encoded{head: h, freed: freed, buffers: make([]*buffer, g.Drives())}
	shards := make([][]byte, g.Drives())
	for s := range shards {
		buf := takeBuffer(int(h.length) * unit)
		e.buffers[(s+h.turn())%g.Drives()] = buf
		shards[s] = buf.b[before : before+int(shardLen)]
		clear(buf.b[before+int(shardLen):])
	}
	fillShards(shards[:g.Data], entries, locations)
	if g.Parity > 0 && shardLen > 0 {
		coder, err := l.set.Coders.For(g)
		if err == nil {
			err = coder.Encode(shards)
		}
		if err != nil {
			return nil, fmt.Errorf("encode batch: %w", err)
		}
	}
	for place, buf := range e.buffers {
		copy(buf.b[headBytes+h.sumsLen():], meta)
		h.place = place
		h.sealShard(buf.b, shards[h.shardAt(place)], l.seed)
	}
	common := h.location()
	e.placed = make([]Placed, len(entries))
	for i := range entries {
		p := common
		p.Length, p.shard, p.offset, p.sums = locations[i].Length, locations[i].shard, locations[i].offset, locations[i].sums
		e.placed[i] = Placed{Meta: entries[i].Meta, Location: p, Tag: entries[i].Tag}
	}
	return e, nil
}

// fillShards copies the payloads to where lay put them and clears the rest.
func fillShards(shards [][]byte, entries []Entry, locations []Location) {
	ends := make([]int, len(shards))
	fill := func(i int) {
		l := &locations[i]
		l.parts(func(s int, from, n int64) {
			// Payloads follow each other without a gap but for the short last slice of a
			// striped one.
			clear(shards[s][ends[s]:l.offset])
			ends[s] = int(l.offset) + copy(shards[s][l.offset:], entries[i].Payload[from:from+n])
		})
	}
	// In the order that lay gave them their places in.
	for i := range locations {
		if locations[i].shard == striped {
			fill(i)
		}
	}
	for i := range locations {
		if l := &locations[i]; l.Length > 0 && l.shard != striped {
			fill(i)
		}
	}
	for s, end := range ends {
		clear(shards[s][end:])
	}
}
