package coat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Source opens a range of a stored body.
type Source func(offset, length int64) (io.ReadCloser, error)

// Reader gives the bytes of a range of a body.
type Reader struct {
	coder  *Coder
	form   Form
	size   int64 // of the body
	source io.ReadCloser
	number int64   // of the next chunk
	left   int64   // bytes of the range that are not in plain
	stored *[]byte // a chunk as it is stored
	out    *[]byte // what it is unpacked into; nil unless compressed
	plain  []byte  // of the range, ready to be read
	err    error
	once   sync.Once
}

// Open opens a range of a body of a size that is stored in some bytes; the range
// lies within it. The first chunk is read and verified before it returns. Errors
// of the source are returned as they are; a stored body that is not what it should
// be is ErrBroken. A range of no bytes reads nothing.
func (c *Coder) Open(source Source, f Form, size, stored, offset, length int64) (*Reader, error) {
	if offset < 0 || length < 0 || offset > size-length {
		return nil, fmt.Errorf("range of %d bytes at %d in a body of %d", length, offset, size)
	}
	r := &Reader{coder: c, form: f, size: size, left: length}
	if length == 0 {
		return r, nil
	}
	first := offset / f.chunk()
	from, to, err := f.find(source, size, stored, first, (offset+length-1)/f.chunk())
	if err != nil {
		return nil, err
	}
	if r.source, err = source(from, to-from); err != nil {
		return nil, err
	}
	r.number, r.stored = first, c.take(f)
	if f.compressed {
		r.out = c.take(f)
	}
	if err := r.advance(offset - first*f.chunk()); err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

// find returns where the chunks from first to last are stored. In a compressed body
// they may end before to.
func (f Form) find(source Source, size, stored, first, last int64) (from, to int64, err error) {
	if !f.compressed {
		if stored != f.StoredSize(size) {
			return 0, 0, fmt.Errorf("%w: %d bytes are stored instead of %d", ErrBroken, stored, f.StoredSize(size))
		}
		return first * f.most(), min((last+1)*f.most(), stored), nil
	}
	n := f.chunks(size)
	table := stored - n*entryBytes
	if table < n*headerBytes {
		return 0, 0, fmt.Errorf("%w: %d bytes cannot hold %d chunks", ErrBroken, stored, n)
	}
	if first == 0 {
		return 0, min((last+1)*f.most(), table), nil
	}
	r, err := source(table+(first-1)*entryBytes, entryBytes)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = r.Close() }()
	var entry [entryBytes]byte
	if err := fillFrom(r, entry[:]); err != nil {
		return 0, 0, err
	}
	from = int64(binary.LittleEndian.Uint64(entry[:]))
	if from < 0 || from >= table {
		return 0, 0, fmt.Errorf("%w: chunk %d at %d, behind the last", ErrBroken, first, from)
	}
	return from, min(from+(last-first+1)*f.most(), table), nil
}

// fillFrom fills p; a source that ends before is broken.
func fillFrom(r io.Reader, p []byte) error {
	n, err := readFull(r, p)
	if err == io.EOF && n == len(p) {
		return nil
	}
	if err == io.EOF {
		return fmt.Errorf("%w: it ends early", ErrBroken)
	}
	return err
}

// advance decodes the next chunk and drops what stands before the range.
func (r *Reader) advance(drop int64) error {
	size := min(r.form.chunk(), r.size-r.number*r.form.chunk())
	stored, form := int(size)+r.form.tag(), byte(formPlain)
	if r.form.compressed {
		var header [headerBytes]byte
		err := fillFrom(r.source, header[:])
		if err == nil {
			stored, form, err = r.form.chunkHeader(header[:], r.number)
		}
		if err != nil {
			return err
		}
	}
	chunk := (*r.stored)[:stored]
	if err := fillFrom(r.source, chunk); err != nil {
		return err
	}
	var out []byte
	if r.out != nil {
		out = *r.out
	}
	last := r.number == r.form.chunks(r.size)-1
	plain, err := r.coder.openChunk(out, chunk, r.form, form, r.number, last, int(size))
	if err != nil {
		return err
	}
	r.number++
	r.plain = plain[drop:min(size, drop+r.left)]
	r.left -= int64(len(r.plain))
	return nil
}

// Read gives verified bytes. After an error it goes on returning that.
func (r *Reader) Read(p []byte) (int, error) {
	if err := r.ready(); err != nil {
		return 0, err
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// ready sees to it that there are bytes to be given.
func (r *Reader) ready() error {
	for r.err == nil && len(r.plain) == 0 {
		if r.left == 0 {
			return io.EOF
		}
		r.err = r.advance(0)
	}
	return r.err
}

// WriteTo implements io.WriterTo.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if err := r.ready(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		n, err := w.Write(r.plain)
		written += int64(n)
		r.plain = r.plain[n:]
		if err != nil {
			return written, err
		}
	}
}

// Close implements io.Closer and may be called more than once, but not beside Read.
func (r *Reader) Close() (err error) {
	r.once.Do(func() {
		if r.source != nil {
			err = r.source.Close()
		}
		for _, b := range []*[]byte{r.stored, r.out} {
			if b != nil {
				r.coder.give(r.form, b)
			}
		}
		r.stored, r.out, r.plain, r.err = nil, nil, nil, errClosed
	})
	return err
}

var errClosed = errors.New("the body was closed")
