package index

import (
	"encoding/binary"
	"hash/crc32"
)

// sumSize is the length of the checksum behind every stored value.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumOf begins a checksum with a number.
func sumOf(n uint64) uint32 {
	c := ^uint32(0)
	for range 8 {
		c = castagnoli[byte(c)^byte(n)] ^ c>>8
		n >>= 8
	}
	return ^c
}

// sealed is a value as it is stored: followed by a checksum of it and of the row's
// key, a number and bytes, so that a value under a wrong key is found as well.
// Key, value and checksum lie in one piece of memory.
type sealed struct {
	key, value []byte
}

// seal calls appendValue to append the value to the bytes it is given. The value
// is of about size bytes.
func seal(number uint64, key string, size int, appendValue func([]byte) []byte) sealed {
	b := make([]byte, 0, len(key)+size+sumSize)
	b = appendValue(append(b, key...))
	b = binary.LittleEndian.AppendUint32(b, crc32.Update(sumOf(number), castagnoli, b))
	return sealed{b[:len(key)], b[len(key):]}
}

// sealBytes seals an opaque value.
func sealBytes(number uint64, key string, value []byte) sealed {
	return seal(number, key, len(value), func(b []byte) []byte { return append(b, value...) })
}

// unseal verifies a stored value and returns it without its checksum.
func unseal(number uint64, key, stored []byte) ([]byte, error) {
	n := len(stored) - sumSize
	if n < 0 {
		return nil, unusable("a row is too short")
	}
	sum := crc32.Update(crc32.Update(sumOf(number), castagnoli, key), castagnoli, stored[:n])
	if binary.LittleEndian.Uint32(stored[n:]) != sum {
		return nil, unusable("a row's checksum is wrong")
	}
	return stored[:n], nil
}

// unsealBytes is unseal with a copy, for a value that is the caller's to keep.
func unsealBytes(number uint64, key, stored []byte) ([]byte, error) {
	value, err := unseal(number, key, stored)
	return append([]byte(nil), value...), err
}

// counters are some numbers as one value.
func appendCounters(b []byte, counters ...int64) []byte {
	for _, c := range counters {
		b = binary.LittleEndian.AppendUint64(b, uint64(c))
	}
	return b
}

func parseCounters(b []byte, into ...*int64) error {
	if len(b) != 8*len(into) {
		return unusable("a row of counters has %d bytes", len(b))
	}
	for i, p := range into {
		*p = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return nil
}
