package seglog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
)

// Config is what a log works with.
type Config struct {
	Set    *driveset.Set
	Logger *slog.Logger
	// SegmentBytes is the size of new segments; 0 lets them grow with the log.
	SegmentBytes int64
	// Apply is told every batch, in the order of the log and by one goroutine at a
	// time, once it is durable. Append returns after it. While it fails it is called
	// again with the same batch; after a while Append fails until it succeeds.
	Apply func(Batch) error
	// Damaged is told about records that drives lack or have wrong. It must not block.
	Damaged func(segment uint64, record int64, places driveset.Places)
}

// Batch is a record of the log.
type Batch struct {
	At      Position // of the record
	Next    Position // of the one after it
	Stable  Position // everything before it is on every drive that is written to
	Entries []Placed
	Freed   []uint64 // segments that are no longer in use
	Replay  bool     // read from the drives at start
	// Unsure says that the record may have been acknowledged, and cannot be read
	// before drives that are away come back. When they do without it, a later
	// opening takes it back and says ErrStale.
	Unsure bool
}

// Log is an open log. Its methods may be called concurrently.
type Log struct {
	set   *driveset.Set
	log   *slog.Logger
	cfg   Config
	seed  uint64
	files []*files // by place

	queueMu sync.Mutex // guards the following 4 fields
	queue   []*request
	closed  bool
	broken  error         // why nothing can be appended any more
	stall   *stalled      // nil while Apply succeeds
	wake    chan struct{} // has room for one
	closing chan struct{} // closed with closed

	writers []*writer // by place
	applied chan *inflight
	done    sync.WaitGroup

	// The committing goroutine alone uses the following 6 fields once the log is open.
	rhythm rhythm
	latest uint64 // segment that was found on the drives
	used   uint64 // the last segment with records in it then
	epoch  uint64 // of this opening; 0 until something is appended
	rolls  uint64 // segments that were begun in this epoch
	// reserved says that the segment was begun for urgent requests alone.
	reserved bool

	// naming is held while a segment gets its name on a drive.
	naming [driveset.MaxDrives]sync.Mutex

	segMu  sync.Mutex // guards the following 7 fields
	next   Position
	start  int64    // of the records in the segment that next is in
	size   int64    // of that segment; a record that does not fit begins a new one
	drives int      // of that segment, like its head's
	live   []extent // segments before that one, in order
	// unsure says of the segment that next is in what extent's says of others.
	unsure bool
	// flying are the records that not all drives have answered for, oldest first.
	flying []*inflight

	spares spares

	pace  pace
	reads sync.WaitGroup // that may go on when nobody waits for them any more
}

// request is one Append that waits.
type request struct {
	entries  []Entry
	freed    []uint64
	geometry driveset.Geometry
	urgent   bool
	bytes    int64
	pause    func() error // to be run, instead of an append
	placed   []Placed
	err      error
	done     chan struct{}
}

// Bounds of a batch. One request may be larger alone.
const (
	maxBatchBytes   = 4 << 20
	maxBatchEntries = 4096
)

// MaxPayload is the largest payload that an entry may have, and MaxRequest the
// largest sum of what is appended in one piece.
const (
	MaxPayload = 8 << 20
	MaxRequest = 32 << 20
)

// Open recovers the log. It calls Apply for every record that from does not
// cover. ErrStale says that from does not belong to this log.
func Open(ctx context.Context, cfg Config, from Start) (*Log, error) {
	l := &Log{
		set: cfg.Set, log: cfg.Logger, cfg: cfg, seed: deploymentSeed(cfg.Set.Deployment),
		wake: make(chan struct{}, 1), closing: make(chan struct{}), applied: make(chan *inflight, 1),
	}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	for _, d := range cfg.Set.Drives {
		l.files = append(l.files, newFiles(d))
	}
	l.spares.init(l)
	for i, d := range cfg.Set.Drives {
		w := &writer{log: l, drive: d, files: l.files[i], jobs: make(chan job, maxLag)}
		l.writers = append(l.writers, w)
		l.done.Go(w.run)
		l.done.Go(func() { l.spares.run(d) })
	}
	if err := l.recover(ctx, from); err != nil {
		l.spares.end()
		l.stopWriters()
		l.done.Wait()
		l.closeFiles()
		return nil, err
	}
	l.done.Go(l.commitLoop)
	l.done.Go(l.applyLoop)
	return l, nil
}

func (l *Log) stopWriters() {
	for _, w := range l.writers {
		close(w.jobs)
	}
}

// Close appends what is queued and lets go of the files. What Apply fails for is
// left to the next start.
func (l *Log) Close() {
	l.queueMu.Lock()
	if l.closed {
		l.queueMu.Unlock()
		return
	}
	l.closed = true
	close(l.closing)
	l.queueMu.Unlock()
	l.signal()
	l.spares.end()
	l.done.Wait()
	l.reads.Wait()
	l.closeFiles()
}

func (l *Log) closeFiles() {
	for _, f := range l.files {
		f.close()
	}
}

func (l *Log) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// ErrClosed says that the log is shutting down.
var ErrClosed = errs.New(errs.Unavailable, "store_closed", "The object store is shutting down.")

// Options say how entries are appended.
type Options struct {
	// Geometry is how payloads are coded; zero is the set's.
	Geometry driveset.Geometry
	// Urgent entries may use the space that is kept for deleting.
	Urgent bool
}

// Append adds entries in one piece and returns when they are durable on a write
// quorum and applied. After ErrWriteQuorum it is unknown whether they will be
// there after the next start, after ErrNotApplied that they will be; any other
// error means that they will not.
func (l *Log) Append(ctx context.Context, o Options, entries ...Entry) ([]Placed, error) {
	r := &request{entries: entries, geometry: o.Geometry, urgent: o.Urgent}
	for _, e := range entries {
		if len(e.Payload) > MaxPayload {
			return nil, fmt.Errorf("append: payload of %d bytes", len(e.Payload))
		}
		r.bytes += int64(len(e.Payload) + len(e.Meta))
	}
	if r.bytes > MaxRequest {
		return nil, fmt.Errorf("append: %d bytes in one piece", r.bytes)
	}
	if g := o.Geometry; g != (driveset.Geometry{}) && (!g.Valid() || g.Drives() != len(l.set.Drives)) {
		return nil, fmt.Errorf("append: geometry %d+%d on %d drives", g.Data, g.Parity, len(l.set.Drives))
	}
	err := l.submit(ctx, r)
	return r.placed, err
}

// submit waits for a request to be done.
func (l *Log) submit(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if r.geometry.Data == 0 {
		r.geometry = l.set.Geometry
	}
	r.done = make(chan struct{})
	l.queueMu.Lock()
	err := l.broken
	if l.stall != nil && err == nil {
		err = l.stall.cause
	}
	if l.closed {
		err = ErrClosed
	}
	if err == nil {
		l.queue = append(l.queue, r)
	}
	l.queueMu.Unlock()
	if err != nil {
		return err
	}
	l.signal()
	<-r.done
	return r.err
}

// take returns the requests of the next batch: those that waited longest and are
// coded alike, up to the bounds. stop says that there will be no more.
func (l *Log) take() (batch []*request, stop bool) {
	for {
		l.queueMu.Lock()
		if n := len(l.queue); n > 0 {
			if wait := l.rhythm.patience(n); wait > 0 && !l.closed {
				l.queueMu.Unlock()
				l.waitFor(wait)
				continue
			}
			batch = l.cut()
			more := len(l.queue) > 0
			l.queueMu.Unlock()
			if more {
				l.signal()
			}
			return batch, false
		}
		stop = l.closed
		l.queueMu.Unlock()
		if stop {
			return nil, true
		}
		<-l.wake
	}
}

// waitFor returns when something is queued, or after a while.
func (l *Log) waitFor(wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-l.wake:
	case <-timer.C:
	}
}

// cut takes a batch from the queue. The caller holds queueMu.
func (l *Log) cut() []*request {
	var bytes int64
	entries := 0
	n := 0
	for _, r := range l.queue {
		bytes += r.bytes
		entries += len(r.entries)
		if n > 0 && (r.pause != nil || l.queue[0].pause != nil || r.geometry != l.queue[0].geometry || bytes > maxBatchBytes || entries > maxBatchEntries) {
			break
		}
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	return batch
}

// fail ends requests with an error.
func fail(batch []*request, err error) {
	for _, r := range batch {
		r.err = err
		close(r.done)
	}
}

// breakWith refuses everything from now on: what the drives hold of the last
// record is not known, and only another start can tell.
func (l *Log) breakWith(err error) {
	l.queueMu.Lock()
	l.broken = err
	waiting := l.queue
	l.queue = nil
	l.queueMu.Unlock()
	l.log.Error("log cannot be written any more", "error", err)
	fail(waiting, err)
}

// quorumError says why too few drives could be written to.
func (l *Log) quorumError(need, reached int, failures []error) error {
	if cause := errors.Join(failures...); errors.Is(cause, driveset.ErrFull) {
		return errs.Wrap(cause, errs.StorageFull, objectstore.ErrStorageFull.Code, objectstore.ErrStorageFull.Message)
	}
	return l.writeQuorumLost(need, reached, failures)
}

func (l *Log) writeQuorumLost(need, reached int, failures []error) error {
	return errs.Wrap(errors.Join(failures...), errs.Unavailable, objectstore.ErrWriteQuorum.Code,
		fmt.Sprintf("Writing needs %d drives and only %d of %d could be written to. The drives' health says which are missing.",
			need, reached, len(l.set.Drives)))
}

// need is how many drives must hold a record, of those that there were when it was
// written.
func (l *Log) need(g driveset.Geometry) int {
	return max(g.WriteQuorum(), l.set.GeometryOf(g.Drives()).WriteQuorum())
}
