package s3api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

const (
	logEvery    = 5 * time.Minute // at the latest lines are in the bucket
	logBatch    = 1 << 20         // bytes of one target that are written at once
	maxLogBatch = 2 << 20         // bytes of one target that wait, so that one that is full holds up no other
	maxLogLines = 8 << 20         // bytes of all that wait
	logPatience = 5 * time.Second // for what is still to be written at the end
)

// logTarget is where lines go. The owner is that of the bucket they are about: the
// target's must be the same when they are written.
type logTarget struct{ owner, bucket, prefix string }

// logName is the end of a log object's key: its time and a name of its own.
type logName [len("2006-01-02-15-04-05-") + 20]byte

// requestLogs gathers lines about requests and writes them as objects. What a crash
// finds in memory is lost, and what finds no room there is dropped and counted.
type requestLogs struct {
	store objectstore.Store
	log   *slog.Logger
	now   func() time.Time
	every time.Duration

	mu      sync.Mutex // guards the following 3 fields
	pending map[logTarget][]byte
	size    int // of pending, in bytes
	dropped int // lines since the last time that was told

	urge chan struct{} // a batch is large enough to be written at once
}

func newRequestLogs(store objectstore.Store, log *slog.Logger, now func() time.Time) *requestLogs {
	return &requestLogs{store: store, log: log, now: now, every: logEvery, pending: make(map[logTarget][]byte), urge: make(chan struct{}, 1)}
}

// add notes whole lines. It never waits.
func (l *requestLogs) add(to logTarget, lines []byte) {
	l.mu.Lock()
	before := len(l.pending[to])
	if l.size+len(lines) > maxLogLines || before+len(lines) > maxLogBatch {
		l.dropped += bytes.Count(lines, []byte{'\n'})
		l.mu.Unlock()
		return
	}
	l.pending[to] = append(l.pending[to], lines...)
	l.size += len(lines)
	l.mu.Unlock()
	if before < logBatch && before+len(lines) >= logBatch {
		select {
		case l.urge <- struct{}{}:
		default: // it is urged already
		}
	}
}

// run writes what is noted until ctx ends, and the rest then.
func (l *requestLogs) run(ctx context.Context) {
	ticker := time.NewTicker(l.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), logPatience)
			defer cancel()
			l.flush(last, 1)
			return
		case <-l.urge:
			l.flush(ctx, logBatch)
		case <-ticker.C:
			l.flush(ctx, 1)
		}
	}
}

// flush writes the batches that have so many bytes at least.
func (l *requestLogs) flush(ctx context.Context, least int) {
	l.mu.Lock()
	ready := make(map[logTarget][]byte)
	for to, lines := range l.pending {
		if len(lines) >= least {
			ready[to] = lines
			l.size -= len(lines)
			delete(l.pending, to)
		}
	}
	dropped := l.dropped
	l.dropped = 0
	l.mu.Unlock()
	if dropped > 0 {
		l.log.WarnContext(ctx, "lines of request logs dropped: more came than could be written", "lines", dropped)
	}
	for to, lines := range ready {
		if err := l.write(ctx, to, lines); err != nil {
			l.failed(ctx, to, lines, err)
		}
	}
}

// failed keeps for the next time what may be written then.
func (l *requestLogs) failed(ctx context.Context, to logTarget, lines []byte, err error) {
	kind := errs.KindOf(err)
	again := kind == errs.Unavailable || kind == errs.StorageFull || kind == errs.Internal
	l.log.WarnContext(ctx, "request log not written", "bucket", to.bucket, "again", again, "error", err)
	if !again {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(lines) > maxLogLines || len(l.pending[to])+len(lines) > maxLogBatch {
		l.dropped += bytes.Count(lines, []byte{'\n'})
		return
	}
	l.pending[to] = append(lines, l.pending[to]...)
	l.size += len(lines)
}

var errLogTarget = errors.New("the target bucket has another owner now")

// write makes one log object. It is no request, so that it is not logged itself.
func (l *requestLogs) write(ctx context.Context, to logTarget, lines []byte) error {
	target, err := l.store.Bucket(ctx, to.bucket)
	if err != nil {
		return err
	}
	if target.Owner != to.owner {
		return errs.Wrap(errLogTarget, errs.Forbidden, "log_target_owner", "The target bucket of request logs has another owner")
	}
	_, err = l.store.Put(ctx, objectstore.PutRequest{
		Bucket: to.bucket, Key: to.prefix + l.now().UTC().Format("2006-01-02-15-04-05-") + ids.New(), Body: bytes.NewReader(lines), Size: int64(len(lines)),
		Attributes: objectstore.Attributes{ContentType: "text/plain"},
	})
	return err
}

// Run writes the logs of requests that buckets have elsewhere, until ctx ends.
func (h *Handler) Run(ctx context.Context) error {
	h.requestLogs.run(ctx)
	return nil
}
