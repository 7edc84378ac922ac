package shardfile

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"time"

	"github.com/klauspost/reedsolomon"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// window is how many stripes a body may have in memory while it is written.
const window = 4

// Write streams a body to the drives. want is its announced size, -1 when there is
// none. hash, unless nil, has seen every byte in order when Write returns; it is
// called by another goroutine until then.
//
// Without error the returned places hold the body durably, at least a write
// quorum of them. The others do not, or not yet: what a drive that fell behind
// still writes goes on after Write has returned. Heal fills the gaps.
//
// After an error nothing is left on drives that answer. It is ErrBodyIncomplete
// when the body has not the announced size or was cut off, a refusal of the body
// itself, ErrStorageFull or ErrWriteQuorum for what the drives refuse, or the
// context's.
func (s *Store) Write(ctx context.Context, body io.Reader, want int64, g driveset.Geometry, hash hash.Hash) (Body, driveset.Places, error) {
	w, err := s.begin(g, hash)
	if err != nil {
		return Body{}, 0, err
	}
	fed := false
	defer func() {
		if !fed { // a body may panic, as handlers of requests do to end them
			_, _ = w.finish(ctx, errBodyPanicked)
		}
	}()
	err = w.feed(ctx, body, want)
	fed = true
	where, err := w.finish(ctx, err)
	return w.body, where, err
}

var errBodyPanicked = errors.New("the body panicked")

// writing is one body on its way to the drives.
type writing struct {
	store   *Store
	body    Body
	lay     layout
	coder   reedsolomon.Encoder
	need    int // drives that must have the body
	workers []*worker
	hasher  *hasher // nil without a hash
	sent    int64   // stripes
	begun   time.Time

	mu       sync.Mutex // guards the following fields
	spare    []*stripe
	taken    int // stripes that are spare or in use
	allow    int // how many may be
	alive    int // workers that may still succeed or have
	over     bool
	kept     bool // Write has returned without error
	failures []error
	where    driveset.Places
	wake     chan struct{} // has room for one; something of the above changed
}

func (s *Store) begin(g driveset.Geometry, hash hash.Hash) (*writing, error) {
	b := Body{ID: s.NewID(), Data: uint8(g.Data), Parity: uint8(g.Parity)}
	lay, err := s.layout(b)
	if err != nil {
		return nil, err
	}
	w := &writing{
		store: s, body: b, lay: lay, need: g.WriteQuorum(), begun: time.Now(),
		allow: window, wake: make(chan struct{}, 1),
	}
	if w.coder, err = s.set.Coders.For(g); err != nil {
		return nil, err
	}
	where := s.set.Writable() & driveset.AllPlaces(g.Drives())
	var hanging driveset.Places
	for i := range s.lanes {
		if where.Has(i) && s.hangs(i) {
			hanging = hanging.With(i)
		}
	}
	if (where &^ hanging).Count() >= w.need {
		where &^= hanging
	}
	if where.Count() < w.need {
		return nil, s.writeError(where.Count(), w.need, nil)
	}
	s.uses.write(b.ID, where)
	for place, d := range s.set.Drives {
		if where.Has(place) {
			w.workers = append(w.workers, newWorker(w, d))
		}
	}
	w.alive = len(w.workers)
	for _, k := range w.workers {
		s.behind.Go(k.run)
	}
	if hash != nil {
		w.hasher = newHasher(hash)
		go w.hasher.run()
	}
	return w, nil
}

// errDrivesLost ends a body that too few drives take; their failures say why.
var errDrivesLost = errors.New("too few drives are left to write to")

// feed codes the body stripe by stripe. While the drives write one, the next is
// read, and what was read is hashed.
func (w *writing) feed(ctx context.Context, body io.Reader, want int64) error {
	for more := true; more; {
		if want >= 0 && w.body.Size == want {
			return atEnd(body)
		}
		var err error
		if more, err = w.feedStripe(ctx, body, want); err != nil {
			return err
		}
	}
	return nil
}

// feedStripe codes a body's next stripe and reports whether there may be more.
func (w *writing) feedStripe(ctx context.Context, body io.Reader, want int64) (more bool, err error) {
	st, err := w.take(ctx)
	if err != nil {
		return false, err
	}
	defer st.release()
	n, readErr := readBody(body, st.data)
	w.body.Size += int64(n)
	switch {
	case readErr != nil && readErr != io.EOF:
		return false, bodyError(readErr)
	case want >= 0 && (w.body.Size > want || readErr == io.EOF && w.body.Size < want):
		return false, objectstore.ErrBodyIncomplete
	case n > 0:
		err = w.send(st, n)
	}
	return readErr == nil, err
}

// send codes the first n bytes of a stripe and hands it to the hash and to all drives.
func (w *writing) send(st *stripe, n int) error {
	g, chunk := w.body.Geometry(), w.lay.share(int64(n))
	if w.hasher != nil {
		st.hold()
		w.hasher.in <- hashJob{st, n}
	}
	clear(st.data[n : chunk*int64(g.Data)])
	st.needParity(w.lay.chunk * int64(g.Parity))
	if w.coder != nil {
		shards := make([][]byte, g.Drives())
		for i := range shards {
			shards[i] = st.chunk(i, g.Data, chunk)
		}
		if err := w.coder.Encode(shards); err != nil {
			return fmt.Errorf("encode stripe: %w", err)
		}
	}
	for _, k := range w.workers {
		k.give(job{st, chunk})
	}
	w.sent++
	return nil
}

// take returns a stripe to fill, as soon as there is one.
func (w *writing) take(ctx context.Context) (*stripe, error) {
	var tick <-chan time.Time
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		st, err := w.tryTake()
		if st != nil || err != nil {
			return st, err
		}
		if tick == nil {
			t := time.NewTicker(w.store.timing.lag / 20)
			defer t.Stop()
			tick = t.C
		}
		since := time.Now()
		select {
		case <-w.wake:
		case <-ctx.Done():
		case <-tick:
			w.leaveOutStuck(time.Now())
		}
		w.blame(time.Since(since))
	}
}

// tryTake returns nil when there is no stripe now.
func (w *writing) tryTake() (*stripe, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alive < w.need {
		return nil, errDrivesLost
	}
	if n := len(w.spare); n > 0 {
		st := w.spare[n-1]
		w.spare = w.spare[:n-1]
		st.users.Store(1)
		return st, nil
	}
	bytes := w.lay.stripe + w.lay.chunk*int64(w.body.Parity)
	if w.taken >= w.allow || w.taken > 0 && !w.store.memory.mayTakeAhead(bytes) {
		return nil, nil
	}
	st := w.store.memory.newStripe(w.lay.stripe)
	st.free = w.takeBack
	if w.taken > 0 {
		st.ahead = bytes
	}
	w.taken++
	return st, nil
}

// takeBack gets a stripe that nobody uses any more.
func (w *writing) takeBack(st *stripe) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		st.giveBack()
		return
	}
	w.spare = append(w.spare, st)
	w.signal()
}

func (w *writing) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
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

// atEnd makes sure that a body that is complete has nothing more to say.
func atEnd(body io.Reader) error {
	var more [1]byte
	switch n, err := readBody(body, more[:]); {
	case n > 0:
		return objectstore.ErrBodyIncomplete
	case err == io.EOF:
		return nil
	default:
		return bodyError(err)
	}
}

// bodyError passes on a refusal of the body; one that was cut off is ErrBodyIncomplete.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && errs.KindOf(err) == errs.Internal {
		return errs.Wrap(err, errs.Invalid, objectstore.ErrBodyIncomplete.Code, objectstore.ErrBodyIncomplete.Message)
	}
	return fmt.Errorf("read body: %w", err)
}
