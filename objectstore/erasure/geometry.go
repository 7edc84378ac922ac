package erasure

import (
	"math/bits"

	"croft/internal/errs"
)

const (
	// MaxDrives is the widest erasure set of this version.
	MaxDrives = 16
	// stripeTarget is how many bytes of a body are coded together, before rounding.
	stripeTarget = 1 << 20
)

// DefaultParity is how many drives may be lost when nobody says otherwise.
func DefaultParity(drives int) int {
	switch {
	case drives <= 1:
		return 0
	case drives <= 3:
		return 1
	case drives <= 5:
		return 2
	case drives <= 7:
		return 3
	}
	return 4
}

// geometry is how bodies are cut: every stripe of a body becomes data chunks and
// as many parity chunks, one for each drive of the set.
type geometry struct {
	data   int
	parity int
	chunk  int // bytes of a full stripe that go to one drive
}

func newGeometry(drives, parity int) (geometry, error) {
	if parity < 0 {
		parity = DefaultParity(drives)
	}
	if parity > drives/2 {
		return geometry{}, errs.Newf(errs.Invalid, "parity_invalid",
			"Parity %d is too much for %d drives; at most half of them, %d, may be parity.", parity, drives, drives/2)
	}
	data := drives - parity
	chunk := (stripeTarget/data + 63) &^ 63
	return geometry{data: data, parity: parity, chunk: chunk}, nil
}

func (g geometry) drives() int { return g.data + g.parity }

// stripe is the number of body bytes in a full stripe.
func (g geometry) stripe() int { return g.data * g.chunk }

// readQuorum is the number of intact shards that a body can be read from.
func (g geometry) readQuorum() int { return g.data }

// writeQuorum is the number of drives that must hold a change before it is
// acknowledged. Whatever misses a change is then on fewer than readQuorum drives,
// which is why nothing deleted can come back.
func (g geometry) writeQuorum() int {
	if g.data == g.parity {
		return g.data + 1
	}
	return g.data
}

// stripes is the number of stripes of a body.
func (g geometry) stripes(size int64) int64 {
	return (size + int64(g.stripe()) - 1) / int64(g.stripe())
}

// chunkAt is the length of every drive's chunk in one stripe of a body; only the
// last stripe has a shorter one.
func (g geometry) chunkAt(size, stripe int64) int {
	rest := size - stripe*int64(g.stripe())
	if rest >= int64(g.stripe()) {
		return g.chunk
	}
	return (int(rest) + g.data - 1) / g.data
}

// frameOffset is where the frame of a stripe starts in a shard file.
func (g geometry) frameOffset(stripe int64) int64 { return stripe * int64(sumBytes+g.chunk) }

// framesLength is the length of all frames of a body in a shard file.
func (g geometry) framesLength(size int64) int64 {
	n := g.stripes(size)
	if n == 0 {
		return 0
	}
	return g.frameOffset(n-1) + int64(sumBytes+g.chunkAt(size, n-1))
}

// places is a set of drives by their place in the erasure set.
type places uint16

func (p places) has(i int) bool       { return p&(1<<i) != 0 }
func (p places) with(i int) places    { return p | 1<<i }
func (p places) without(i int) places { return p &^ (1 << i) }
func (p places) count() int           { return bits.OnesCount16(uint16(p)) }
