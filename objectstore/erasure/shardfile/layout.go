package shardfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"
)

// BlockBytes is what one checksum covers, and the least that is read from a drive.
const BlockBytes = 64 << 10

// stripeTarget is the least length of a stripe's data.
const stripeTarget = 1 << 20

// errShard says that a file is not the intact shard it should be.
var errShard = errors.New("not an intact shard")

// layout is where everything of a body is.
type layout struct {
	Body
	chunk  int64 // a drive's share of every stripe but the last
	stripe int64 // data bytes of every stripe but the last
}

func layoutOf(b Body) layout {
	k := int64(b.Data)
	chunk := roundUp((stripeTarget+k-1)/k, BlockBytes)
	return layout{Body: b, chunk: chunk, stripe: chunk * k}
}

func roundUp(n, to int64) int64 { return (n + to - 1) / to * to }

// stripes is how many there are.
func (l *layout) stripes() int64 { return (l.Size + l.stripe - 1) / l.stripe }

// chunkAt is a drive's share of a stripe.
func (l *layout) chunkAt(stripe int64) int64 {
	return l.share(min(l.stripe, l.Size-stripe*l.stripe))
}

// share is how long the chunks of a stripe with n data bytes are; the last one of
// data ends with zeros.
func (l *layout) share(n int64) int64 { return (n + int64(l.Data) - 1) / int64(l.Data) }

// shardBytes is a drive's share of the body, where its checksums begin.
func (l *layout) shardBytes() int64 {
	return l.Size/l.stripe*l.chunk + l.share(l.Size%l.stripe)
}

func (l *layout) blocks() int64     { return (l.shardBytes() + BlockBytes - 1) / BlockBytes }
func (l *layout) tailOffset() int64 { return l.shardBytes() + sumBytes*l.blocks() }
func (l *layout) fileBytes() int64  { return l.tailOffset() + tailBytes }

// place is the drive that a shard is on. Bodies begin on different drives, so that
// all of them serve reads, which need the data shards alone.
func (l *layout) place(shard int) int { return (shard + l.turn()) % l.width() }

// shard is the inverse of place.
func (l *layout) shard(place int) int { return (place + l.width() - l.turn()) % l.width() }

func (l *layout) turn() int  { return int(l.ID[14]) % l.width() }
func (l *layout) width() int { return int(l.Data) + int(l.Parity) }

const sumBytes = 8

// summer makes the checksums of one drive's file of a body.
type summer uint64

func newSummer(id ID, place int) summer {
	return summer(xxh3.Hash(append(id[:], byte(place))))
}

// sum is the checksum of a block. What it is bound to is mixed in afterwards: a
// block of another file fits with the probability of any wrong block.
func (s summer) sum(block []byte, number int64) uint64 {
	return xxh3.Hash(block) ^ (uint64(s) + uint64(number)*0x9e3779b97f4a7c15)
}

// add appends the checksums of p, which begins at block first.
func (s summer) add(sums, p []byte, first int64) []byte {
	for ; len(p) > 0; first++ {
		n := min(len(p), BlockBytes)
		sums = binary.LittleEndian.AppendUint64(sums, s.sum(p[:n], first))
		p = p[n:]
	}
	return sums
}

// check compares p, which begins at block first, with its checksums.
func (s summer) check(sums, p []byte, first int64) error {
	for ; len(p) > 0; first++ {
		n := min(len(p), BlockBytes)
		if s.sum(p[:n], first) != binary.LittleEndian.Uint64(sums) {
			return fmt.Errorf("%w: checksum of block %d", errShard, first)
		}
		p, sums = p[n:], sums[sumBytes:]
	}
	return nil
}

// The tail ends a file and says what it is: magic (8), version (1), place (1),
// data and parity shards (1 each), chunk length (4), ID (16), body size (8),
// checksum of the table (8), zero (8), checksum of the tail before it (8); numbers
// are little-endian.
const (
	tailBytes   = 64
	tailMagic   = "croftshd"
	tailVersion = 1
)

func (l *layout) tail(place int, table []byte) []byte {
	return l.tailOf(place, xxh3.Hash(table))
}

func (l *layout) tailOf(place int, tableSum uint64) []byte {
	t := make([]byte, 0, tailBytes)
	t = append(t, tailMagic...)
	t = append(t, tailVersion, byte(place), l.Data, l.Parity)
	t = binary.LittleEndian.AppendUint32(t, uint32(l.chunk))
	t = append(t, l.ID[:]...)
	t = binary.LittleEndian.AppendUint64(t, uint64(l.Size))
	t = binary.LittleEndian.AppendUint64(t, tableSum)
	t = binary.LittleEndian.AppendUint64(t, 0)
	return binary.LittleEndian.AppendUint64(t, xxh3.Hash(t))
}

// checkTail compares a file's tail with what it should be. The checksum of the
// table is taken as it is: it says nothing that the blocks do not.
func (l *layout) checkTail(place int, tail []byte) error {
	if !bytes.Equal(tail, l.tailOf(place, binary.LittleEndian.Uint64(tail[40:]))) {
		return fmt.Errorf("%w: tail", errShard)
	}
	return nil
}
