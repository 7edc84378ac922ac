package index

import (
	"encoding/binary"
	"fmt"
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

// check refuses numbers that cannot be stored.
func (v *Version) check() error {
	if v.Size < 0 || v.Ord > math.MaxInt64 || v.Bucket > math.MaxInt64 {
		return fmt.Errorf("catalogue: version %d of %q in bucket %d, %d bytes: a number is out of range", v.Ord, v.Key, v.Bucket, v.Size)
	}
	return nil
}

// entry packs all of a version but bucket and key: flags, ord, size, value.
func (v *Version) entry() sealed {
	return seal(v.Bucket, v.Key, 1+2*binary.MaxVarintLen64+len(v.Value), func(b []byte) []byte {
		var flags byte
		if v.Null {
			flags |= flagNull
		}
		if v.Marker {
			flags |= flagMarker
		}
		b = append(b, flags)
		b = binary.AppendUvarint(b, v.Ord)
		b = binary.AppendUvarint(b, uint64(v.Size))
		return append(b, v.Value...)
	})
}

// parseEntry is the reverse of entry; the key comes in both shapes, one of which
// the caller has anyway. It copies what it keeps of the rest.
func parseEntry(bucket uint64, key string, keyBytes, stored []byte) (Version, error) {
	e, err := unseal(bucket, keyBytes, stored)
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
		Bucket: bucket, Key: key, Ord: ord, Size: int64(size), Value: append([]byte(nil), e[1+n+m:]...),
		Null: e[0]&flagNull != 0, Marker: e[0]&flagMarker != 0,
	}, nil
}
