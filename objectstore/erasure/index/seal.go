package index

import (
	"encoding/binary"
	"hash/crc32"
)

// sumSize is the length of the checksum behind every stored value.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum covers the value and the row's key, so that a value under a wrong key is
// found as well.
func sum(key1 uint64, key2, value []byte) uint32 {
	var head [8]byte
	binary.LittleEndian.PutUint64(head[:], key1)
	c := crc32.Update(0, castagnoli, head[:])
	c = crc32.Update(c, castagnoli, key2)
	return crc32.Update(c, castagnoli, value)
}

// seal appends the checksum to a value.
func seal(key1 uint64, key2, value []byte) []byte {
	out := make([]byte, len(value), len(value)+sumSize)
	copy(out, value)
	return binary.LittleEndian.AppendUint32(out, sum(key1, key2, value))
}

// unseal verifies a sealed value and returns it without its checksum.
func unseal(key1 uint64, key2, sealed []byte) ([]byte, error) {
	n := len(sealed) - sumSize
	if n < 0 {
		return nil, unusable("a row is too short")
	}
	if binary.LittleEndian.Uint32(sealed[n:]) != sum(key1, key2, sealed[:n]) {
		return nil, unusable("a row's checksum is wrong")
	}
	return sealed[:n:n], nil
}
