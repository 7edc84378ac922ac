package index

import (
	"encoding/binary"
	"math"
)

// Version is one version of an object, or a delete marker.
type Version struct {
	Bucket uint64
	Key    string
	Ord    uint64 // unique among the versions of a key; the highest is the latest
	Null   bool   // the version without an ID of its own; a key has one at most
	Marker bool   // a delete marker
	Size   int64  // counted in the bucket's usage; not negative
	Value  []byte
}

const (
	flagNull   = 1 << 0
	flagMarker = 1 << 1
)

// entry packs all of a version but bucket and key: flags, ord, size, value, sum.
func (v *Version) entry(key []byte) []byte {
	out := make([]byte, 1, 1+2*binary.MaxVarintLen64+len(v.Value)+sumSize)
	if v.Null {
		out[0] |= flagNull
	}
	if v.Marker {
		out[0] |= flagMarker
	}
	out = binary.AppendUvarint(out, v.Ord)
	out = binary.AppendUvarint(out, uint64(v.Size))
	out = append(out, v.Value...)
	return binary.LittleEndian.AppendUint32(out, sum(v.Bucket, key, out))
}

// parseEntry is the reverse of entry. The version keeps the entry's memory.
func parseEntry(bucket uint64, key, sealed []byte) (Version, error) {
	e, err := unseal(bucket, key, sealed)
	if err != nil {
		return Version{}, err
	}
	if len(e) == 0 || e[0]&^(flagNull|flagMarker) != 0 {
		return Version{}, unusable("an entry's flags are unknown")
	}
	ord, n := binary.Uvarint(e[1:])
	if n <= 0 {
		return Version{}, unusable("an entry's order is unreadable")
	}
	size, m := binary.Uvarint(e[1+n:])
	if m <= 0 || size > math.MaxInt64 {
		return Version{}, unusable("an entry's size is unreadable")
	}
	return Version{
		Bucket: bucket, Key: string(key), Ord: ord, Size: int64(size), Value: e[1+n+m:],
		Null: e[0]&flagNull != 0, Marker: e[0]&flagMarker != 0,
	}, nil
}
