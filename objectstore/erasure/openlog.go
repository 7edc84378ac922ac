package erasure

import (
	"context"
	"errors"
	"sync/atomic"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/seglog"
)

// openLog is the store's log. When that cannot be written any more it is opened
// again, so the log behind it may become another one; who reads the old one
// meanwhile goes on reading.
type openLog struct {
	atomic.Pointer[seglog.Log]
	// behind says that somebody was told of a failure although the catalogue follows
	// later: what is kept in memory has to be read from that again.
	behind atomic.Bool
	// unsure says that somebody was told of a failure although the entry may be there.
	unsure *atomic.Bool
}

// Append is the log's Append.
func (o *openLog) Append(ctx context.Context, options seglog.Options, entries ...seglog.Entry) ([]seglog.Placed, error) {
	for {
		l := o.Load()
		placed, err := l.Append(ctx, options, entries...)
		if unsure(err) {
			o.unsure.Store(true)
		}
		if errors.Is(err, seglog.ErrNotApplied) {
			o.behind.Store(true)
		}
		if !errors.Is(err, seglog.ErrClosed) {
			return placed, err
		}
		if o.Load() == l {
			return nil, closedError(l, err)
		}
	}
}

// closedError says why a log is closed: it may be about to be opened again.
func closedError(l *seglog.Log, err error) error {
	if l.Broken() == nil {
		return err
	}
	return errs.Wrap(err, errs.Unavailable, objectstore.ErrWriteQuorum.Code,
		"Too few drives could be written to. Writing begins again as soon as enough are back.")
}

// Free is the log's Free.
func (o *openLog) Free(ctx context.Context, ids ...uint64) error { return o.Load().Free(ctx, ids...) }

// Read is the log's Read.
func (o *openLog) Read(ctx context.Context, loc *seglog.Location, offset, n int64) (*seglog.Payload, error) {
	return o.Load().Read(ctx, loc, offset, n)
}

// ReadAt is the log's ReadAt.
func (o *openLog) ReadAt(ctx context.Context, loc *seglog.Location, p []byte, offset int64) error {
	return o.Load().ReadAt(ctx, loc, p, offset)
}

// Scan is the log's Scan.
func (o *openLog) Scan(ctx context.Context, id uint64, f func(seglog.Position, []seglog.Placed) error) (lost int, err error) {
	return o.Load().Scan(ctx, id, f)
}

// Segments is the log's Segments.
func (o *openLog) Segments() []seglog.Segment { return o.Load().Segments() }

// Lacking is the log's Lacking.
func (o *openLog) Lacking(ctx context.Context, place int) ([]uint64, error) {
	return o.Load().Lacking(ctx, place)
}

// HealSegment is the log's HealSegment.
func (o *openLog) HealSegment(ctx context.Context, id uint64, place int, progress func(bytes int64)) error {
	return o.Load().HealSegment(ctx, id, place, progress)
}

// HealRecord is the log's HealRecord.
func (o *openLog) HealRecord(ctx context.Context, segment uint64, record int64, places driveset.Places) error {
	return o.Load().HealRecord(ctx, segment, record, places)
}

// Verify is the log's Verify.
func (o *openLog) Verify(ctx context.Context, id uint64, pace func(ctx context.Context, bytes int64) error) ([]seglog.Damage, int64, error) {
	return o.Load().Verify(ctx, id, pace)
}

// Stalled is the log's Stalled.
func (o *openLog) Stalled() (over <-chan struct{}, cause error) {
	if l := o.Load(); l != nil {
		return l.Stalled()
	}
	return nil, nil
}

// unsure reports whether entries may be in the log although Append failed.
func unsure(err error) bool {
	return errors.Is(err, objectstore.ErrWriteQuorum) || errors.Is(err, seglog.ErrNotApplied)
}

// close closes the log, if there is one.
func (o *openLog) close() {
	if l := o.Swap(nil); l != nil {
		l.Close()
	}
}

// canReopen reports whether the log cannot be written to although enough drives can.
func (s *Store) canReopen() bool {
	return s.seglog.Load().Broken() != nil && s.checkWritable() == nil
}

// reopen opens the log again after too few drives could be written to. What nobody
// could say of the last batches is decided then, as after a start.
func (s *Store) reopen(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	old := s.seglog.Load()
	s.log.Info("log is opened again", "reason", old.Broken())
	old.Close() // its last batches are applied; it can still be read
	start, err := s.position(ctx)
	if err != nil {
		return err
	}
	a := &applier{store: s}
	opened, err := seglog.Open(ctx, s.logConfig(a), start)
	if err != nil {
		return err
	}
	if err := errors.Join(a.removeDoomed(ctx), s.loadBuckets(ctx)); err != nil {
		opened.Close()
		return err
	}
	s.seglog.Store(opened)
	return nil
}
