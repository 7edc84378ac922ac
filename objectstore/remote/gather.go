package remote

import (
	"bytes"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"errors"
	"fmt"
	"io"
	"os"

	"croft/objectstore"
)

// gathered is a body that has been read to its end: from memory or, when it was too
// large for that and its size not known, from a file.
type gathered struct {
	io.ReadSeeker
	size int64
	md5  []byte
	file *os.File
}

var _ seekable = (*gathered)(nil)

// Size implements seekable.
func (g *gathered) Size() int64 { return g.size }

func (g *gathered) discard() {
	if g.file != nil {
		g.file.Close()
		os.Remove(g.file.Name())
	}
}

// gather reads a body to its end; size is -1 where it is not known.
func gather(r io.Reader, size int64, temp string) (*gathered, error) {
	limit := int64(bufferSize)
	if size >= 0 {
		limit = size
	}
	var memory bytes.Buffer
	memory.Grow(int(min(limit, 64<<10)))
	n, err := io.Copy(&memory, io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, bodyError(err)
	case size >= 0 && n != size:
		return nil, objectstore.ErrBodyIncomplete
	case n <= limit:
		return &gathered{ReadSeeker: bytes.NewReader(memory.Bytes()), size: n, md5: md5Of(memory.Bytes())}, nil
	}
	return gatherInFile(io.MultiReader(&memory, r), temp)
}

func gatherInFile(r io.Reader, temp string) (*gathered, error) {
	file, err := os.CreateTemp(temp, "body-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the body: %w", err)
	}
	g := &gathered{ReadSeeker: file, file: file}
	sum := md5.New() //nolint:gosec // ETags are MD5 by definition.
	source := &counted{r: io.TeeReader(io.LimitReader(r, maxSingle+1), sum)}
	if g.size, err = io.Copy(file, source); err != nil {
		g.discard()
		if source.failed != nil {
			return nil, bodyError(source.failed)
		}
		return nil, fmt.Errorf("write the body to a file: %w", err)
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		g.discard()
		return nil, fmt.Errorf("read the body from a file: %w", err)
	}
	g.md5 = sum.Sum(nil)
	return g, nil
}

// counted remembers whether it was the reader that failed, not the writer.
type counted struct {
	r      io.Reader
	failed error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		c.failed = err
	}
	return n, err
}

// bodyError is what a body that failed makes of a write.
func bodyError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return objectstore.ErrBodyIncomplete
	}
	return fmt.Errorf("read the body: %w", err)
}
