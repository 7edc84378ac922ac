package remote

import (
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"hash"
	"io"
	"sync"

	"croft/objectstore"
)

// gate is a body of known size on its way into a request. It withholds the last
// byte until the body has ended where it should and finish agreed: a cluster that
// does not get the whole body keeps nothing of it.
type gate struct {
	finish func(md5 string) error

	mu     sync.Mutex // guards the following 5 fields
	source io.Reader
	left   int64 // not yet passed on
	sum    hash.Hash
	closed bool
	failed error
}

func newGate(source io.Reader, size int64, finish func(md5 string) error) *gate {
	return &gate{finish: finish, source: source, left: size, sum: md5.New()} //nolint:gosec // ETags are MD5 by definition.
}

// Read implements io.Reader.
func (g *gate) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.closed:
		return 0, io.ErrClosedPipe
	case g.failed != nil:
		return 0, g.failed
	case g.left == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	case g.left == 1:
		return g.last(p)
	}
	n, err := g.source.Read(p[:min(int64(len(p)), g.left-1)])
	g.sum.Write(p[:n])
	g.left -= int64(n)
	if err != nil { // io.EOF, too: the last byte is still to come
		g.failed = bodyError(err)
		return 0, g.failed
	}
	return n, nil
}

// last reads the last byte, finds the end behind it and asks finish.
func (g *gate) last(p []byte) (int, error) {
	if _, err := io.ReadFull(g.source, p[:1]); err != nil {
		g.failed = bodyError(err)
		return 0, g.failed
	}
	g.sum.Write(p[:1])
	var more [1]byte
	n, err := io.ReadFull(g.source, more[:])
	switch {
	case n > 0:
		g.failed = objectstore.ErrBodyIncomplete
	case err != io.EOF:
		g.failed = bodyError(err)
	default:
		g.failed = g.finish(hex.EncodeToString(g.sum.Sum(nil)))
	}
	if g.failed != nil {
		return 0, g.failed
	}
	g.left = 0
	return 1, nil
}

// close lets nothing read the source any more, waits for who does, and returns why
// the gate let the body not through. A request may end before its body does.
func (g *gate) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	return g.failed
}

// digest is the MD5 of what was read.
func (g *gate) digest() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return hex.EncodeToString(g.sum.Sum(nil))
}
