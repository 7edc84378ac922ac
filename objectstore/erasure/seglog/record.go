package seglog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"croft/objectstore/erasure/driveset"
)

// A record on a drive:
//
//	head (headBytes) | block sums of this drive's shard | metadata | shard | zeros to the unit
//
// All numbers are little-endian. The head, but for place and its checksum, and
// the metadata are the same on all drives.
const (
	headBytes   = 80
	recordMagic = 0x32524243 // "CBR2"
	// maxRecord bounds what a damaged head can make us read.
	maxRecord = 64 << 20
)

// recordHead describes a record.
type recordHead struct {
	segment  uint64
	offset   uint32 // in the segment, in units
	length   uint32 // of the whole record, in units
	seq      uint64 // number of the record, rising by one
	chain    uint64 // what ties the record to all before it
	geometry driveset.Geometry
	place    int // of the drive this copy is on
	metaLen  uint32
	shardLen uint32
	metaSum  uint64
}

// next is the chain value that the following record carries.
func (h *recordHead) next() uint64 {
	var b [48]byte
	binary.LittleEndian.PutUint64(b[:], h.chain)
	binary.LittleEndian.PutUint64(b[8:], h.seq)
	binary.LittleEndian.PutUint64(b[16:], h.metaSum)
	binary.LittleEndian.PutUint32(b[24:], h.metaLen)
	binary.LittleEndian.PutUint32(b[28:], h.shardLen)
	binary.LittleEndian.PutUint64(b[32:], h.segment)
	binary.LittleEndian.PutUint32(b[40:], h.offset)
	b[44], b[45] = byte(h.geometry.Data), byte(h.geometry.Parity)
	return xxh3.Hash(b[:])
}

func (h *recordHead) sumsLen() int { return 8 * blocks(int64(h.shardLen)) }

// before is the number of bytes before the shard.
func (h *recordHead) before() int { return headBytes + h.sumsLen() + int(h.metaLen) }

// places are the drives that the record is for.
func (h *recordHead) places() driveset.Places { return driveset.AllPlaces(h.geometry.Drives()) }

func (h *recordHead) turn() int { return int(h.seq % uint64(h.geometry.Drives())) }

// shardAt is the shard that the drive at a place holds.
func (h *recordHead) shardAt(place int) int {
	n := h.geometry.Drives()
	return (place - h.turn() + n) % n
}

func units(n int) uint32 { return uint32((n + unit - 1) / unit) }

// seal writes the head into the first bytes of a record whose sums are already
// in place. seed binds it to the deployment.
func (h *recordHead) seal(b []byte, seed uint64) {
	binary.LittleEndian.PutUint32(b, recordMagic)
	binary.LittleEndian.PutUint32(b[4:], h.length)
	binary.LittleEndian.PutUint64(b[8:], h.segment)
	binary.LittleEndian.PutUint64(b[16:], h.seq)
	binary.LittleEndian.PutUint64(b[24:], h.chain)
	binary.LittleEndian.PutUint32(b[32:], h.offset)
	b[36], b[37], b[38], b[39] = byte(h.geometry.Data), byte(h.geometry.Parity), byte(h.place), 0
	binary.LittleEndian.PutUint32(b[40:], h.metaLen)
	binary.LittleEndian.PutUint32(b[44:], h.shardLen)
	binary.LittleEndian.PutUint64(b[48:], h.metaSum)
	clear(b[56 : headBytes-8])
	binary.LittleEndian.PutUint64(b[headBytes-8:], h.sum(b, seed))
}

// sealShard fills in the block sums of this drive's shard and seals the head.
func (h *recordHead) sealShard(b, shard []byte, seed uint64) {
	for i := range blocks(int64(len(shard))) {
		block := shard[i*BlockBytes : min((i+1)*BlockBytes, len(shard))]
		binary.LittleEndian.PutUint64(b[headBytes+8*i:], xxh3.Hash(block))
	}
	h.seal(b, seed)
}

// sealUnknown fills in block sums that a shard of zeros does not have and seals
// the head.
func (h *recordHead) sealUnknown(b []byte, seed uint64) {
	h.sealShard(b, b[h.before():h.before()+int(h.shardLen)], seed)
	for i := range h.sumsLen() {
		b[headBytes+i] ^= 0xff
	}
	h.seal(b, seed)
}

// sum covers the head and the block sums behind it.
func (h *recordHead) sum(b []byte, seed uint64) uint64 {
	first := xxh3.HashSeed(b[:headBytes-8], seed)
	return xxh3.HashSeed(b[headBytes:headBytes+h.sumsLen()], first)
}

var errRecord = errors.New("not an intact record")

// parseHead reads a head without its checksum, which needs more bytes than may
// have been read yet.
func parseHead(b []byte) (h recordHead, err error) {
	if len(b) < headBytes || binary.LittleEndian.Uint32(b) != recordMagic {
		return h, errRecord
	}
	h.length = binary.LittleEndian.Uint32(b[4:])
	h.segment = binary.LittleEndian.Uint64(b[8:])
	h.seq = binary.LittleEndian.Uint64(b[16:])
	h.chain = binary.LittleEndian.Uint64(b[24:])
	h.offset = binary.LittleEndian.Uint32(b[32:])
	h.geometry = driveset.Geometry{Data: int(b[36]), Parity: int(b[37])}
	h.place = int(b[38])
	h.metaLen = binary.LittleEndian.Uint32(b[40:])
	h.shardLen = binary.LittleEndian.Uint32(b[44:])
	h.metaSum = binary.LittleEndian.Uint64(b[48:])
	switch {
	case !h.geometry.Valid() || h.place >= h.geometry.Drives():
		return h, fmt.Errorf("%w: impossible geometry", errRecord)
	case h.length > maxRecord/unit || h.metaLen > maxRecord || h.shardLen > maxRecord,
		h.length != units(h.before()+int(h.shardLen)):
		return h, fmt.Errorf("%w: impossible lengths", errRecord)
	}
	return h, nil
}

// check verifies the head, the block sums and the metadata of a record of
// which at least h.before() bytes are there.
func (h *recordHead) check(b []byte, seed uint64) error {
	if binary.LittleEndian.Uint64(b[headBytes-8:]) != h.sum(b, seed) {
		return fmt.Errorf("%w: head checksum", errRecord)
	}
	if xxh3.Hash(h.meta(b)) != h.metaSum {
		return fmt.Errorf("%w: metadata checksum", errRecord)
	}
	return nil
}

func (h *recordHead) meta(b []byte) []byte { return b[headBytes+h.sumsLen() : h.before()] }

// blockSum returns the checksum of a block of this drive's shard, as the head
// has it.
func (h *recordHead) blockSum(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64(b[headBytes+8*i:])
}

// checkShard verifies blocks of a shard, the first of which is number from.
func (h *recordHead) checkShard(head, shard []byte, from int) error {
	for i := 0; len(shard) > 0; i++ {
		n := min(len(shard), BlockBytes)
		if xxh3.Hash(shard[:n]) != h.blockSum(head, from+i) {
			return fmt.Errorf("%w: checksum of block %d", errRecord, from+i)
		}
		shard = shard[n:]
	}
	return nil
}
