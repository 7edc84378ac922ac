package driveset

import (
	"math/bits"
	"sync"

	"github.com/klauspost/reedsolomon"

	"croft/internal/errs"
)

// MaxDrives is the widest erasure set.
const MaxDrives = 16

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

// Geometry is how bytes are cut: into Data shards and as many Parity shards, one
// for each drive of a set.
type Geometry struct {
	Data   int
	Parity int
}

// NewGeometry returns the geometry of a set; a negative parity is DefaultParity.
func NewGeometry(drives, parity int) (Geometry, error) {
	if parity < 0 {
		parity = DefaultParity(drives)
	}
	if parity > drives/2 {
		return Geometry{}, errs.Newf(errs.Invalid, "parity_invalid",
			"Parity %d is too much for %d drives; at most half of them, %d, may be parity.", parity, drives, drives/2)
	}
	return Geometry{Data: drives - parity, Parity: parity}, nil
}

// Drives is the number of all shards.
func (g Geometry) Drives() int { return g.Data + g.Parity }

// ReadQuorum is the number of intact shards that bytes can be read from.
func (g Geometry) ReadQuorum() int { return g.Data }

// WriteQuorum is the number of drives that must hold a change before it is
// acknowledged: any two write quorums share a drive, and so do a read and a
// write quorum.
func (g Geometry) WriteQuorum() int {
	if g.Data == g.Parity {
		return g.Data + 1
	}
	return g.Data
}

// Valid reports whether a geometry that was read from a drive can be one.
func (g Geometry) Valid() bool {
	return g.Data >= 1 && g.Parity >= 0 && g.Parity <= g.Data && g.Drives() <= MaxDrives
}

// Places is a set of drives by their place in the erasure set.
type Places uint16

// Has reports whether place i is in the set.
func (p Places) Has(i int) bool { return p&(1<<i) != 0 }

// With returns the set and place i.
func (p Places) With(i int) Places { return p | 1<<i }

// Without returns the set but for place i.
func (p Places) Without(i int) Places { return p &^ (1 << i) }

// Count is the number of places in the set.
func (p Places) Count() int { return bits.OnesCount16(uint16(p)) }

// AllPlaces is the places of a set of n drives.
func AllPlaces(n int) Places { return Places(1<<n - 1) }

// Coders are Reed-Solomon coders by geometry. The zero value is ready.
type Coders struct {
	mu     sync.Mutex // guards coders
	coders map[Geometry]reedsolomon.Encoder
}

// For returns the coder of a valid geometry. One without parity has none: nil.
func (c *Coders) For(g Geometry) (reedsolomon.Encoder, error) {
	if g.Parity == 0 {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if coder := c.coders[g]; coder != nil {
		return coder, nil
	}
	coder, err := reedsolomon.New(g.Data, g.Parity)
	if err != nil {
		return nil, err
	}
	if c.coders == nil {
		c.coders = make(map[Geometry]reedsolomon.Encoder)
	}
	c.coders[g] = coder
	return coder, nil
}
