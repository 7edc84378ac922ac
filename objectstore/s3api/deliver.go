package s3api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"croft/objectstore"
)

// delivery sends an object's bytes. The answer begins with the first of them: until
// then whatever goes wrong is still an error with a code of its own.
type delivery struct {
	q              *request
	object         *objectstore.Object
	rng            *objectstore.Range
	offset, length int64

	left  int64 // of length
	begun bool
	gone  error // the client does not take any more
}

var (
	_ io.Writer = (*delivery)(nil)

	errTooLong = errors.New("object longer than its size")
)

// Write sends bytes of the body. It is called by the body itself where that writes
// its verified blocks without a copy.
func (d *delivery) Write(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil // nothing to begin with
	case int64(len(p)) > d.left:
		return 0, errTooLong
	}
	d.begin()
	n, err := d.q.w.Write(p)
	d.left -= int64(n)
	if err != nil {
		d.gone = err
	}
	return n, err
}

func (d *delivery) begin() {
	if !d.begun {
		d.begun = true
		d.q.writeHeaders(d.object, d.rng, d.offset, d.length)
	}
}

const (
	smallBuffer = 32 << 10
	largeBuffer = 256 << 10
)

var (
	smallBuffers = sync.Pool{New: func() any { return new([smallBuffer]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBuffer]byte) }}
)

// from sends the whole body.
func (d *delivery) from(content io.Reader) error {
	if d.length == 0 {
		d.begin()
		return nil
	}
	if body, ok := content.(io.WriterTo); ok {
		if _, err := body.WriteTo(d); err != nil {
			return err
		}
		if d.left > 0 {
			return unexpectedEnd(io.ErrUnexpectedEOF)
		}
		return nil
	}
	if d.length <= smallBuffer {
		buffer := smallBuffers.Get().(*[smallBuffer]byte)
		defer smallBuffers.Put(buffer)
		return d.through(content, buffer[:])
	}
	buffer := largeBuffers.Get().(*[largeBuffer]byte)
	defer largeBuffers.Put(buffer)
	return d.through(content, buffer[:])
}

// through copies the body in blocks, each of which is whole before it is sent.
func (d *delivery) through(content io.Reader, buffer []byte) error {
	for d.left > 0 {
		block := buffer[:min(d.left, int64(len(buffer)))]
		if _, err := io.ReadFull(content, block); err != nil {
			return unexpectedEnd(err)
		}
		if _, err := d.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// send answers with the bytes of rng out of content.
func (h *Handler) send(q *request, o *objectstore.Object, content io.Reader, rng *objectstore.Range) error {
	if ok, notModified := readConditions(q.r.Header, "").check(o); !ok {
		return q.conditionFailed(o, notModified)
	}
	offset, length, err := rng.Resolve(o.Size)
	if err != nil {
		return err
	}
	h.setExpiration(q, o)
	h.setReplicationStatus(q, o)
	d := &delivery{q: q, object: o, rng: rng, offset: offset, length: length, left: length}
	err = d.from(content)
	if err == nil || !d.begun {
		return err
	}
	if d.gone == nil && q.r.Context().Err() == nil {
		h.log.Error("s3 object could not be read to its end", "requestId", q.id, "bucket", q.bucket, "error", err)
	}
	// The answer has begun: the only way left to say that it is not whole is to cut
	// the connection.
	h.show(q)
	panic(http.ErrAbortHandler)
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("object shorter than its size: %w", err)
	}
	return err
}
