package shardfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"croft/objectstore/erasure/driveset"
)

// Reader reads a range of a body. It is for one goroutine.
type Reader struct {
	store  *Store
	ctx    context.Context
	lay    layout
	offset int64 // of the next byte
	end    int64

	rebuild driveset.Places // shards that all is read to compute, instead of the data; usually none

	shards   [driveset.MaxDrives]*shard
	bad      driveset.Places // shards that failed
	reported driveset.Places // places that Damaged was told of
	typical  time.Duration   // that a drive takes for a chunk

	current *round
	next    *round // read ahead; may be nil
	err     error  // what ended reading
}

// Open returns length bytes of a body from offset on; both must lie within it. The
// first of them are read and verified already. Remove does not disturb the reader,
// which ends with Close or, in errors, with the context.
//
// What drives lack or have wrong is computed from the others and reported. When
// that is impossible the error, of Open or of reading, is ErrReadQuorum. Of a body
// that was just removed it is fs.ErrNotExist: who looked it up may do so again.
func (s *Store) Open(ctx context.Context, b Body, offset, length int64) (*Reader, error) {
	lay, err := s.layout(b)
	if err != nil {
		return nil, err
	}
	if offset < 0 || length < 0 || offset > b.Size-length {
		return nil, fmt.Errorf("read %d bytes at %d of a body of %d", length, offset, b.Size)
	}
	if err := s.pin(b.ID); err != nil {
		return nil, err
	}
	r := &Reader{store: s, ctx: ctx, lay: lay, offset: offset, end: offset + length, typical: time.Duration(s.typicalRead.Load())}
	if length > 0 {
		r.next = r.begin(offset / lay.stripe)
		if err := r.advance(); err != nil {
			_ = r.Close()
			return nil, err
		}
	}
	return r, nil
}

// advance makes the next stripe the current one, asks for the one after it, and
// waits for the current one.
func (r *Reader) advance() error {
	if r.current != nil {
		r.current.stripe.release()
	}
	r.current, r.next = r.next, nil
	if r.current == nil {
		r.current = r.begin(r.offset / r.lay.stripe)
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	bytes := r.lay.stripe
	if r.current.end < r.end && r.store.memory.mayTakeAhead(bytes) {
		r.next = r.begin(r.current.number + 1)
		r.next.stripe.ahead = bytes
	}
	return r.current.await(r.ctx)
}

// piece returns the next bytes, which stay until advance.
func (r *Reader) piece() ([]byte, error) {
	switch {
	case r.err != nil:
		return nil, r.err
	case r.offset >= r.end:
		return nil, io.EOF
	case r.offset >= r.current.end:
		if r.err = r.advance(); r.err != nil {
			return nil, r.err
		}
	}
	return r.current.bytes(r.offset, r.end), nil
}

// Read returns verified bytes. After an error it goes on returning that.
func (r *Reader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := r.piece()
	if err != nil {
		return 0, err
	}
	n = copy(p, b)
	r.offset += int64(n)
	return n, nil
}

// WriteTo writes what is left of the range, a stripe at a time and without
// copying. While one is written the next is read.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		b, err := r.piece()
		if err == io.EOF {
			return written, nil
		}
		if err != nil {
			return written, err
		}
		n, err := w.Write(b)
		r.offset += int64(n)
		written += int64(n)
		if err == nil && n < len(b) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return written, err
		}
	}
}

var errReaderClosed = errors.New("the reader of a body is closed")

// Close implements io.Closer and may be called more than once. It waits for no drive.
func (r *Reader) Close() error {
	if errors.Is(r.err, errReaderClosed) {
		return nil
	}
	r.err = errReaderClosed
	r.release()
	r.store.unpin(r.lay.ID)
	return nil
}

// release lets go of memory and files; drives that still answer keep theirs.
func (r *Reader) release() {
	for _, n := range []*round{r.current, r.next} {
		if n != nil {
			n.stripe.release()
		}
	}
	r.current, r.next = nil, nil
	for _, s := range r.shards {
		if s != nil {
			s.close()
		}
	}
}

func (r *Reader) drive(shard int) *driveset.Drive { return r.store.set.Drives[r.lay.place(shard)] }

func (r *Reader) shard(s int) *shard {
	if r.shards[s] == nil {
		r.shards[s] = newShard(&r.lay, r.drive(s))
	}
	return r.shards[s]
}

// avoid reports whether a shard is asked only when there are not enough others.
func (r *Reader) avoid(s int) bool {
	return r.bad.Has(s) || !r.drive(s).Readable() || r.store.slow(r.lay.place(s))
}

// fail notes that a shard is wrong or cannot be read. It may still have other
// blocks right, so it is not given up.
func (r *Reader) fail(s int, err error) {
	r.bad = r.bad.With(s)
	d := r.drive(s)
	if !isDamage(err) || r.reported.Has(d.Place) {
		return
	}
	r.reported = r.reported.With(d.Place)
	r.store.log.Warn("shard damaged", "drive", d.Path, "body", r.lay.ID.String(), "error", err)
	r.store.damaged(r.lay.ID, driveset.Places(0).With(d.Place))
}
