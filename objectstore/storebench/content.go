package main

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
)

const (
	// The ring's length is no multiple of any block's, so that a body with two of
	// its blocks exchanged is another body.
	ringSize  = 8<<20 + 4099
	pieceSize = 1 << 20
	// Of a body that is not compared whole, the first sampleBytes of every
	// sampleBlock are, and its end.
	sampleBlock = 64 << 10
	sampleBytes = 4 << 10
)

// ring is random bytes that every body is cut from: a body is known by where it
// starts, so what was put need not be kept to verify what is got.
type ring []byte

func newRing() ring {
	r := make(ring, ringSize)
	source := rand.NewChaCha8([32]byte{'c', 'r', 'o', 'f', 't'})
	_, _ = source.Read(r) // never fails
	return r
}

// content is one body: size bytes of the ring, going round.
type content struct {
	ring ring
	at   int64
	size int64
}

// body returns the body of an object by its number.
func (r ring) body(number uint64, size int64) content {
	return content{ring: r, at: int64(mix(number^0x5eed) % uint64(len(r))), size: size}
}

// mix is a bijection that scatters numbers (splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// slice is the bytes from offset on, as many as lie together, at most n.
func (c content) slice(offset, n int64) []byte {
	start := (c.at + offset) % int64(len(c.ring))
	return c.ring[start:min(start+n, int64(len(c.ring)))]
}

// pieces are the body's bytes in order.
func (c content) pieces() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for offset := int64(0); offset < c.size; {
			piece := c.slice(offset, min(pieceSize, c.size-offset))
			if !yield(piece) {
				return
			}
			offset += int64(len(piece))
		}
	}
}

// reader reads the body.
func (c content) reader() io.Reader { return &contentReader{content: c} }

type contentReader struct {
	content
	offset int64
}

func (r *contentReader) Read(p []byte) (int, error) {
	if r.offset == r.size {
		return 0, io.EOF
	}
	n := copy(p, r.slice(r.offset, min(int64(len(p)), r.size-r.offset)))
	r.offset += int64(n)
	return n, nil
}

// checker holds bytes that arrive in order to what the body should be.
type checker struct {
	content
	whole  bool
	offset int64
}

// check returns a checker. A body up to 64 KiB is always compared whole, a larger
// one when whole says so and else in samples.
func (c content) check(whole bool) *checker {
	return &checker{content: c, whole: whole || c.size <= sampleBlock}
}

func (k *checker) take(p []byte) error {
	if k.offset+int64(len(p)) > k.size {
		return fmt.Errorf("the body is longer than the %d bytes that were put", k.size)
	}
	for len(p) > 0 {
		n := int64(len(p))
		compare := true
		if !k.whole {
			if within := k.offset % sampleBlock; within < sampleBytes {
				n = min(n, sampleBytes-within)
			} else {
				n, compare = min(n, sampleBlock-within), k.offset+n == k.size
			}
		}
		if compare {
			want := k.slice(k.offset, n)
			n = int64(len(want))
			if !bytes.Equal(p[:n], want) {
				return fmt.Errorf("between bytes %d and %d the body is not what was put", k.offset, k.offset+n)
			}
		}
		p = p[n:]
		k.offset += n
	}
	return nil
}

// done is asked at the body's end.
func (k *checker) done() error {
	if k.offset != k.size {
		return fmt.Errorf("the body ended after %d of %d bytes", k.offset, k.size)
	}
	return nil
}

// drain takes a whole body. It is made to be written to, so that a body which can
// write itself is not copied once more.
func (k *checker) drain(body io.Reader) error {
	if _, err := io.CopyBuffer(checkWriter{k}, body, make([]byte, min(256<<10, k.size+1))); err != nil {
		return err
	}
	return k.done()
}

// checkWriter is a checker as an io.Writer.
type checkWriter struct{ *checker }

func (w checkWriter) Write(p []byte) (int, error) { return len(p), w.take(p) }
