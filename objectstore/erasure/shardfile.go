package erasure

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

// A shard file holds one drive's share of a version:
//
//	frame 0 … frame n-1 | record | tail
//
// A frame is a 16-byte checksum (XXH3-128) and the chunk it covers. All chunks
// are as long as the geometry says, the last may be shorter. The tail is the
// record's length (4 bytes), zero (4), the record's XXH3-64 (8) and the magic
// (8), all little-endian. The record comes last because size, ETag and
// checksums are known only when the body has ended.
const (
	sumBytes  = 16
	tailBytes = 24
	tailMagic = "croftsh1"
	// maxRecord bounds what a damaged tail can make us allocate; 10,000 parts with
	// checksums stay well below it.
	maxRecord = 16 << 20
)

// frameSum is the checksum of a chunk. The seed binds it to its version, its
// place and its stripe, so that a right chunk in a wrong spot is a wrong chunk.
func frameSum(id versionID, place int, stripe int64, chunk []byte) [sumBytes]byte {
	var where [32]byte
	copy(where[:], id[:])
	binary.LittleEndian.PutUint64(where[16:], uint64(place))
	binary.LittleEndian.PutUint64(where[24:], uint64(stripe))
	return xxh3.Hash128Seed(chunk, xxh3.Hash(where[:])).Bytes()
}

// sealRecord returns the bytes that end a shard file.
func sealRecord(r *record) []byte {
	b := r.encode()
	n, sum := len(b), xxh3.Hash(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, sum)
	return append(b, tailMagic...)
}

// errShardFile says that a file is not an intact shard file; other errors of
// readRecord are the disk's.
var errShardFile = errors.New("not an intact shard file")

// readRecord reads the record at the end of a shard file of the given length and
// checks that the file is as long as the record says it is.
func readRecord(f io.ReaderAt, length int64) (*record, error) {
	if length < tailBytes {
		return nil, fmt.Errorf("%w: %d bytes", errShardFile, length)
	}
	end := make([]byte, min(length, 4096))
	if err := readFullAt(f, end, length-int64(len(end))); err != nil {
		return nil, err
	}
	tail := end[len(end)-tailBytes:]
	n := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[16:]) != tailMagic || n > maxRecord || n+tailBytes > length {
		return nil, fmt.Errorf("%w: damaged tail", errShardFile)
	}
	sum := binary.LittleEndian.Uint64(tail[8:])
	var body []byte
	if n+tailBytes <= int64(len(end)) {
		body = end[int64(len(end))-tailBytes-n : len(end)-tailBytes]
	} else {
		body = make([]byte, n)
		if err := readFullAt(f, body, length-tailBytes-n); err != nil {
			return nil, err
		}
	}
	if xxh3.Hash(body) != sum {
		return nil, fmt.Errorf("%w: record checksum", errShardFile)
	}
	r, err := decodeRecord(body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errShardFile, err)
	}
	if r.data < 1 || r.data > MaxDrives || r.parity < 0 || r.parity > r.data || r.chunk < 1 || r.chunk > 2*stripeTarget {
		return nil, fmt.Errorf("%w: impossible geometry", errShardFile)
	}
	g := geometry{data: r.data, parity: r.parity, chunk: r.chunk}
	if want := g.framesLength(r.size) + n + tailBytes; want != length {
		return nil, fmt.Errorf("%w: %d bytes where the record says %d", errShardFile, length, want)
	}
	return r, nil
}

// readFullAt is io.ReaderAt.ReadAt where the end of the file is damage like any other.
func readFullAt(f io.ReaderAt, p []byte, offset int64) error {
	n, err := f.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: ends early", errShardFile)
	}
	return err
}
