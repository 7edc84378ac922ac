// Package frame is how a body is kept where no drive of ours checks it: in blocks,
// each followed by its checksum. A block in another place, or of another body, is as
// wrong as one with other bytes. A range of the body is a range of the frames.
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"
)

// BlockBytes is what one checksum covers, and the least that is fetched.
const BlockBytes = 256 << 10

// sumBytes is the length of a checksum, which follows its block.
const sumBytes = 8

const framed = BlockBytes + sumBytes

// ErrBroken says that what was read is not what was framed.
var ErrBroken = errors.New("not the body that was framed")

// Size is how many bytes the frames of a body of size bytes have.
func Size(size int64) int64 { return size + (size+BlockBytes-1)/BlockBytes*sumBytes }

// seed makes the checksums of a body its own.
func seed(id [16]byte) uint64 { return xxh3.Hash(id[:]) }

// sum is the checksum of a block.
func sum(seed uint64, number int64, block []byte) uint64 {
	return xxh3.HashSeed(block, seed+uint64(number)*0x9e3779b97f4a7c15)
}

// Encoder frames a body while it is read.
type Encoder struct {
	body   io.Reader
	seed   uint64
	number int64
	buf    []byte // a block with room for its sum
	left   []byte // of buf, to be read
	err    error
}

// NewEncoder frames what body reads.
func NewEncoder(body io.Reader, id [16]byte) *Encoder {
	return &Encoder{body: body, seed: seed(id), buf: make([]byte, framed)}
}

// Read returns framed bytes.
func (e *Encoder) Read(p []byte) (int, error) {
	if len(e.left) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		n, err := io.ReadFull(e.body, e.buf[:BlockBytes])
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		if e.err = err; n == 0 || err != nil && err != io.EOF {
			return 0, e.err
		}
		binary.LittleEndian.PutUint64(e.buf[n:], sum(e.seed, e.number, e.buf[:n]))
		e.left = e.buf[:n+sumBytes]
		e.number++
	}
	n := copy(p, e.left)
	e.left = e.left[n:]
	return n, nil
}

// Source returns a range of the frames.
type Source func(offset, length int64) (io.ReadCloser, error)

// Reader is a range of a body, verified block by block.
type Reader struct {
	from   io.ReadCloser
	seed   uint64
	size   int64 // of the body
	number int64 // of the block to come
	skip   int64 // bytes of it before the range
	want   int64 // bytes of the range that are to come
	buf    []byte
	left   []byte // of buf, verified
	err    error
}

// Open opens a range of a body of size bytes. The caller closes it.
func Open(source Source, id [16]byte, size, offset, length int64) (*Reader, error) {
	r := &Reader{seed: seed(id), size: size, number: offset / BlockBytes, skip: offset % BlockBytes, want: length}
	end := min(roundUp(offset+length), size)
	begin := r.number * BlockBytes
	if length > 0 {
		from, err := source(Size(begin), Size(end)-Size(begin))
		if err != nil {
			return nil, err
		}
		r.from = from
	}
	r.buf = make([]byte, min(framed, Size(end)-Size(begin)))
	return r, nil
}

func roundUp(n int64) int64 { return (n + BlockBytes - 1) / BlockBytes * BlockBytes }

// Read returns verified bytes. After an error it goes on returning that.
func (r *Reader) Read(p []byte) (int, error) {
	if len(r.left) == 0 && r.err == nil {
		r.err = r.next()
	}
	if len(r.left) == 0 {
		return 0, r.err
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// next reads a block, and io.EOF behind the last one of the range.
func (r *Reader) next() error {
	if r.want == 0 {
		return io.EOF
	}
	n := min(BlockBytes, r.size-r.number*BlockBytes)
	if _, err := io.ReadFull(r.from, r.buf[:n+sumBytes]); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: it ends in block %d", ErrBroken, r.number)
		}
		return err
	}
	block := r.buf[:n]
	if binary.LittleEndian.Uint64(r.buf[n:]) != sum(r.seed, r.number, block) {
		return fmt.Errorf("%w: block %d has another checksum", ErrBroken, r.number)
	}
	block = block[r.skip:]
	r.left = block[:min(int64(len(block)), r.want)]
	r.want -= int64(len(r.left))
	r.number, r.skip = r.number+1, 0
	return nil
}

// Close closes the source.
func (r *Reader) Close() error {
	if r.from == nil {
		return nil
	}
	return r.from.Close()
}
