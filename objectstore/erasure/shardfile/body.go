package shardfile

import (
	"encoding/binary"
	"errors"

	"croft/objectstore/erasure/driveset"
)

// Body is all that must be known to read a body: its keeper stores it.
type Body struct {
	ID     ID
	Size   int64 // bytes
	Data   uint8 // shards
	Parity uint8 // shards
}

const bodyBytes = 16 + 8 + 2

// Geometry is how the body is cut.
func (b Body) Geometry() driveset.Geometry {
	return driveset.Geometry{Data: int(b.Data), Parity: int(b.Parity)}
}

// Append encodes the body behind to.
func (b Body) Append(to []byte) []byte {
	to = append(to, b.ID[:]...)
	to = binary.LittleEndian.AppendUint64(to, uint64(b.Size))
	return append(to, b.Data, b.Parity)
}

// DecodeBody reads what Append wrote and returns what follows it.
func DecodeBody(from []byte) (b Body, rest []byte, err error) {
	if len(from) < bodyBytes {
		return Body{}, nil, errors.New("a body's description ends early")
	}
	copy(b.ID[:], from)
	b.Size = int64(binary.LittleEndian.Uint64(from[16:]))
	b.Data, b.Parity = from[24], from[25]
	if b.Size < 0 || !b.Geometry().Valid() {
		return Body{}, nil, errors.New("a body's description makes no sense")
	}
	return b, from[bodyBytes:], nil
}
