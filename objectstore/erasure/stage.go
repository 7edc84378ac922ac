package erasure

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"croft/internal/errs"
	"croft/objectstore"
)

// stripe is a reusable buffer for one stripe with all its chunks. A writer fills
// the data chunks one right behind the other; a reader reads whole frames, with
// a checksum before each chunk, which is why there is room for those.
type stripe struct {
	buf    []byte
	number int64
	chunks [][]byte     // by place
	users  atomic.Int32 // workers that still need it
}

func newStripe(g geometry) *stripe {
	return &stripe{
		buf:    make([]byte, g.drives()*(sumBytes+g.chunk)),
		chunks: make([][]byte, g.drives()),
	}
}

func (s *Store) takeStripe() *stripe { return s.buffers.Get().(*stripe) }

// release lets go of a stripe for one of its users.
func (s *Store) release(st *stripe) {
	if st.users.Add(-1) <= 0 {
		s.buffers.Put(st)
	}
}

// stager writes one body to the staging files of all writable drives.
type stager struct {
	store   *Store
	id      versionID
	workers []*stageWorker
	failed  atomic.Int32
	rec     *record // set before the workers' channels are closed; nil discards
	wg      sync.WaitGroup
}

type stageWorker struct {
	drive *drive
	in    chan *stripe
	err   error // read after the stager's wg
}

// stage codes a body onto the drives. When the body has ended, describe turns its
// size and MD5 into the record, or refuses. The returned places hold a synced
// staging file under the record's ID; after an error none does. want is the
// announced size of the body, -1 when there is none.
func (s *Store) stage(ctx context.Context, body io.Reader, want int64, describe func(size int64, etag string) (*record, error)) (*record, places, error) {
	st := s.startStaging()
	size, sum, err := st.feed(ctx, body, want)
	if err == nil {
		st.rec, err = describe(size, sum)
	}
	if err != nil {
		st.rec = nil
	} else {
		st.rec.id, st.rec.size = st.id, size
		st.rec.data, st.rec.parity, st.rec.chunk = s.geometry.data, s.geometry.parity, s.geometry.chunk
	}
	where, failures := st.finish()
	if err != nil && !errors.Is(err, errDrivesLost) {
		return nil, 0, err
	}
	if where.count() < s.geometry.writeQuorum() {
		s.discard(st.id, where)
		return nil, 0, s.tooFew(where, failures)
	}
	return st.rec, where, nil
}

// errDrivesLost ends a body that too few drives take; their failures say why.
var errDrivesLost = errors.New("too few drives are left to write to")

// tooFew says why a write reached only these drives.
func (s *Store) tooFew(reached places, failures []error) error {
	cause := errors.Join(failures...)
	if errors.Is(cause, errDriveFull) {
		return errs.Wrap(cause, errs.StorageFull, objectstore.ErrStorageFull.Code, objectstore.ErrStorageFull.Message)
	}
	return s.writeQuorumError(reached.count(), cause)
}

// discard removes staged files.
func (s *Store) discard(id versionID, where places) {
	s.onDrives(where, func(d *drive) error { d.discard(id); return nil })
}

func (s *Store) startStaging() *stager {
	st := &stager{store: s, id: newVersionID()}
	where := s.writableDrives()
	for i, d := range s.drives {
		if where.has(i) {
			w := &stageWorker{drive: d, in: make(chan *stripe, 1)}
			st.workers = append(st.workers, w)
			st.wg.Go(func() { w.run(st) })
		}
	}
	return st
}

// feed codes the body stripe by stripe. While the drives write one, the next is
// read and hashed.
func (st *stager) feed(ctx context.Context, body io.Reader, want int64) (size int64, sum string, err error) {
	s, h := st.store, md5.New()
	for number := int64(0); ; number++ {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		if alive := len(st.workers) - int(st.failed.Load()); alive < s.geometry.writeQuorum() {
			return size, "", errDrivesLost
		}
		buf := s.takeStripe()
		buf.number = number
		buf.users.Store(1)
		n, readErr := readBody(body, buf.buf[:s.geometry.stripe()])
		size += int64(n)
		switch {
		case readErr != nil && readErr != io.EOF:
			err = bodyError(readErr)
		case want >= 0 && (size > want || readErr == io.EOF && size < want):
			err = objectstore.ErrBodyIncomplete
		case n > 0:
			_, _ = h.Write(buf.buf[:n])
			err = st.send(buf, n)
		}
		s.release(buf)
		if err != nil || readErr == io.EOF {
			return size, hex.EncodeToString(h.Sum(nil)), err
		}
	}
}

// send codes the first n bytes of a stripe and hands it to all workers.
func (st *stager) send(buf *stripe, n int) error {
	g := st.store.geometry
	chunk := (n + g.data - 1) / g.data
	clear(buf.buf[n : chunk*g.data])
	for i := range buf.chunks {
		buf.chunks[i] = buf.buf[i*chunk : (i+1)*chunk]
	}
	if err := st.store.coder.Encode(buf.chunks); err != nil {
		return fmt.Errorf("encode stripe: %w", err)
	}
	buf.users.Add(int32(len(st.workers)))
	for _, w := range st.workers {
		w.in <- buf
	}
	return nil
}

// finish ends the staging files, with the record or by removing them, and
// returns which drives took all they were given.
func (st *stager) finish() (where places, failures []error) {
	for _, w := range st.workers {
		close(w.in)
	}
	st.wg.Wait()
	for _, w := range st.workers {
		if w.err != nil {
			failures = append(failures, w.err)
		} else {
			where = where.with(w.drive.place)
		}
	}
	return where, failures
}

// run writes one drive's shard. After a failure it only empties its channel.
func (w *stageWorker) run(st *stager) {
	out := shardWriter{drive: w.drive}
	fail := func(err error) {
		if err != nil && w.err == nil {
			w.err = err
			st.failed.Add(1)
		}
	}
	var err error
	out.file, err = w.drive.create(st.id)
	fail(err)
	for buf := range w.in {
		if w.err == nil {
			chunk := buf.chunks[w.drive.place]
			sum := frameSum(st.id, w.drive.place, buf.number, chunk)
			fail(out.add(sum[:]))
			fail(out.add(chunk))
		}
		st.store.release(buf)
	}
	if w.err == nil && st.rec != nil {
		rec := *st.rec
		rec.place = w.drive.place
		fail(out.seal(&rec))
		if w.err == nil {
			return
		}
	}
	if out.file != nil {
		_ = out.file.Close() // closed already when sealing failed
		w.drive.discard(st.id)
	}
}

// shardWriter gathers small writes, so that a small version is a single one.
type shardWriter struct {
	drive   *drive
	file    *os.File
	pending []byte
}

const gather = 64 << 10

func (o *shardWriter) add(b []byte) error {
	if len(b) >= gather {
		if err := o.flush(); err != nil {
			return err
		}
		return o.drive.write(o.file, b)
	}
	o.pending = append(o.pending, b...)
	if len(o.pending) >= gather {
		return o.flush()
	}
	return nil
}

func (o *shardWriter) flush() error {
	if len(o.pending) == 0 {
		return nil
	}
	err := o.drive.write(o.file, o.pending)
	o.pending = o.pending[:0]
	return err
}

// seal ends the shard with its record and makes it durable.
func (o *shardWriter) seal(r *record) error {
	if err := o.add(sealRecord(r)); err != nil {
		return err
	}
	if err := o.flush(); err != nil {
		return err
	}
	return o.drive.seal(o.file)
}

// readBody fills p from a body. Unlike io.ReadFull it returns io.EOF beside the
// bytes before it and leaves io.ErrUnexpectedEOF to mean what the body says.
func readBody(body io.Reader, p []byte) (n int, err error) {
	for empty := 0; n < len(p) && err == nil; {
		var m int
		m, err = body.Read(p[n:])
		n += m
		if empty++; m > 0 {
			empty = 0
		}
		if empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// bodyError passes on a refusal of the body; one that was cut off is ErrBodyIncomplete.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && errs.KindOf(err) == errs.Internal {
		return errs.Wrap(err, errs.Invalid, objectstore.ErrBodyIncomplete.Code, objectstore.ErrBodyIncomplete.Message)
	}
	return fmt.Errorf("read body: %w", err)
}
