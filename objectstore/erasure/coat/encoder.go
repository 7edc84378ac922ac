package coat

import (
	"encoding/binary"
	"errors"
	"hash"
	"io"
)

// Encoder reads a body and gives it as it is stored, chunk by chunk.
type Encoder struct {
	coder  *Coder
	form   Form
	body   io.Reader
	digest *digest // nil without a hash
	size   int64   // bytes of the body so far

	next   *[]byte // the chunk that is to be coded; nil before the first
	number int64
	ended  bool // the body has, with next
	out    *[]byte
	left   []byte // of out
	stored int64
	table  []byte
	err    error
}

// NewEncoder starts to read a body. hash, unless nil, sees its bytes in order; it is
// called by another goroutine until Finish. The caller calls Finish in the end.
func (c *Coder) NewEncoder(body io.Reader, f Form, hash hash.Hash) *Encoder {
	e := &Encoder{coder: c, form: f, body: body, out: c.take(f)}
	if hash != nil {
		e.digest = startDigest(hash, func(b *[]byte) { c.give(f, b) })
	}
	return e
}

// Read gives stored bytes. An error of the body is returned as it is, and nothing of
// the chunk that it came in.
func (e *Encoder) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(e.left) == 0 {
			if e.err == nil {
				e.err = e.advance()
			}
			if e.err != nil {
				if n > 0 {
					return n, nil
				}
				return 0, e.err
			}
		}
		m := copy(p[n:], e.left)
		n, e.left = n+m, e.left[m:]
	}
	return n, nil
}

// advance codes one chunk. The one behind it is read first, for a chunk has to say
// whether it is the last.
func (e *Encoder) advance() error {
	if e.next == nil && !e.ended {
		if err := e.fill(); err != nil {
			return err
		}
	}
	chunk := e.next
	e.next = nil
	if chunk == nil { // all are coded; what is left is the table, once
		if e.table == nil {
			return io.EOF
		}
		e.left, e.table = e.table, nil
		return nil
	}
	if !e.ended {
		if err := e.fill(); err != nil {
			e.coder.give(e.form, chunk)
			return err
		}
	}
	e.left = e.coder.sealChunk((*e.out)[:0], *chunk, e.form, e.number, e.next == nil)
	e.number++
	e.stored += int64(len(e.left))
	if e.form.compressed {
		e.table = binary.LittleEndian.AppendUint64(e.table, uint64(e.stored))
	}
	if e.digest != nil {
		e.digest.add(chunk)
	} else {
		e.coder.give(e.form, chunk)
	}
	return nil
}

// fill reads the next chunk; next stays nil when the body has ended before it.
func (e *Encoder) fill() error {
	b := e.coder.take(e.form)
	*b = (*b)[:e.form.chunk()]
	n, err := readFull(e.body, *b)
	*b = (*b)[:n]
	e.size += int64(n)
	if err == io.EOF {
		e.ended, err = true, nil
	}
	if err != nil || n == 0 {
		e.coder.give(e.form, b)
		return err
	}
	e.next = b
	return nil
}

// readFull fills p, or as much of it as there is before io.EOF.
func readFull(r io.Reader, p []byte) (n int, err error) {
	for empty := 0; err == nil && n < len(p); empty++ {
		var m int
		m, err = r.Read(p[n:])
		n += m
		if m > 0 {
			empty = 0
		}
		if empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// Finish lets go of what the encoder holds, waits until the hash has seen all and
// returns the size of the body. It is complete once Read has returned io.EOF.
func (e *Encoder) Finish() int64 {
	if e.digest != nil {
		e.digest.finish()
		e.digest = nil
	}
	if e.err == nil {
		e.err = errFinished
	}
	if e.next != nil {
		e.coder.give(e.form, e.next)
		e.next = nil
	}
	if e.out != nil {
		e.coder.give(e.form, e.out)
		e.out, e.left = nil, nil
	}
	return e.size
}

var errFinished = errors.New("the encoder was finished")
