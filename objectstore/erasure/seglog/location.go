package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"croft/objectstore/erasure/driveset"
)

// BlockBytes is how much of a shard one checksum covers; a read of less has to
// read that much.
const BlockBytes = 64 << 10

// unit is what records are aligned to and counted in. A write never has to read
// what stands beside it in the same page first.
const unit = 4096

// striped is the shard number of a payload that is cut over all data shards.
const striped = 0xff

// Location says where a payload is and what it must be. It is all that a read
// needs.
type Location struct {
	Segment uint64
	record  uint32 // of the record in the segment, in units
	head    uint32 // bytes before the shard in the record
	turn    uint8  // shard s is at place (s+turn) mod drives
	data    uint8
	parity  uint8
	shard   uint8  // or striped
	offset  uint32 // in the shard
	Length  int64
	sums    []uint64 // of the blocks, shard after shard
}

// Record is the offset of the record in its segment, in bytes.
func (l *Location) Record() int64 { return int64(l.record) * unit }

// Footprint is about how many bytes the payload takes on all drives together.
func (l *Location) Footprint() int64 {
	return l.Length * int64(l.data+l.parity) / int64(max(l.data, 1))
}

// Drives is how many drives the payload is on, with its parity.
func (l *Location) Drives() int { return int(l.data) + int(l.parity) }

func (l *Location) geometry() driveset.Geometry {
	return driveset.Geometry{Data: int(l.data), Parity: int(l.parity)}
}

// place is the drive that holds a shard.
func (l *Location) place(shard int) int { return (shard + int(l.turn)) % int(l.data+l.parity) }

// slice is how many bytes of a striped payload each data shard has; the last may
// have fewer.
func (l *Location) slice() int64 { return sliceBytes(l.Length, int(l.data)) }

func sliceBytes(length int64, data int) int64 { return (length + int64(data) - 1) / int64(data) }

func blocks(n int64) int { return int((n + BlockBytes - 1) / BlockBytes) }

// parts calls f for each run of the payload that lies in one shard.
func (l *Location) parts(f func(shard int, from, n int64)) {
	if l.shard != striped {
		f(int(l.shard), 0, l.Length)
		return
	}
	size := l.slice()
	for s := 0; int64(s)*size < l.Length; s++ {
		from := int64(s) * size
		f(s, from, min(size, l.Length-from))
	}
}

func (l *Location) countSums() int {
	n := 0
	l.parts(func(_ int, _, length int64) { n += blocks(length) })
	return n
}

// Append encodes the location behind b.
func (l *Location) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, l.Segment)
	b = binary.LittleEndian.AppendUint32(b, l.record)
	b = binary.AppendUvarint(b, uint64(l.head))
	b = append(b, l.turn, l.data, l.parity)
	return l.appendInner(b)
}

// appendInner encodes what the record around it does not say already.
func (l *Location) appendInner(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(l.Length))
	if l.Length == 0 {
		return b
	}
	b = append(b, l.shard)
	b = binary.AppendUvarint(b, uint64(l.offset))
	for _, s := range l.sums {
		b = binary.LittleEndian.AppendUint64(b, s)
	}
	return b
}

var errLocation = errors.New("malformed location")

// DecodeLocation reads what Append wrote and returns the bytes behind it.
func DecodeLocation(b []byte) (l Location, rest []byte, err error) {
	if len(b) < 12 {
		return l, nil, errLocation
	}
	l.Segment = binary.LittleEndian.Uint64(b)
	l.record = binary.LittleEndian.Uint32(b[8:])
	head, n := binary.Uvarint(b[12:])
	if n <= 0 || head > 1<<31 || len(b) < 12+n+3 {
		return l, nil, errLocation
	}
	b = b[12+n:]
	l.head, l.turn, l.data, l.parity = uint32(head), b[0], b[1], b[2]
	if !l.geometry().Valid() {
		return l, nil, errLocation
	}
	rest, err = l.decodeInner(b[3:])
	return l, rest, err
}

func (l *Location) decodeInner(b []byte) (rest []byte, err error) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > 1<<31 {
		return nil, errLocation
	}
	b, l.Length = b[n:], int64(length)
	if length == 0 {
		return b, nil
	}
	if len(b) == 0 {
		return nil, errLocation
	}
	l.shard = b[0]
	offset, n := binary.Uvarint(b[1:])
	if n <= 0 || offset > 1<<31 || l.shard != striped && l.shard >= l.data {
		return nil, errLocation
	}
	b, l.offset = b[1+n:], uint32(offset)
	count := l.countSums()
	if len(b) < 8*count {
		return nil, fmt.Errorf("%w: %d checksums in %d bytes", errLocation, count, len(b))
	}
	l.sums = make([]uint64, count)
	for i := range l.sums {
		l.sums[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return b[8*count:], nil
}
