package accesslog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Config is what New needs.
type Config struct {
	Folder   string // where the files lie; it exists
	MaxBytes int64  // of a file before the next one begins; 0 is 64 MiB
	Keep     int    // older files; 0 is 8
	Logger   *slog.Logger
	Now      func() time.Time // nil is time.Now
}

const (
	maxPending = 4 << 20 // what waits to be written, in bytes
	soon       = 256 << 10
	maxIdle    = 1 << 20 // what buffers may keep when all is written
	quiet      = time.Second
)

// Log is the log of one Croft. Its methods may be called from any goroutine.
type Log struct {
	files  files
	log    *slog.Logger
	now    func() time.Time
	atOnce int64 // what one query reads at most, in bytes

	mu      sync.Mutex // guards the following 4 fields
	pending []byte     // whole lines
	lines   int64      // in pending
	dropped int64      // since the last line that said so
	spare   []byte     // pending of the next round

	wake chan struct{} // pending is not empty any more
	urge chan struct{} // pending is large enough to be written at once

	flushing sync.Mutex // held while pending is written; guards failed
	failed   bool       // the last write did not succeed, and the log said so
}

// New returns the log in c.Folder. It does no I/O and starts nothing.
func New(c Config) *Log {
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Keep == 0 {
		c.Keep = 8
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Log{
		files: files{folder: c.Folder, maxBytes: c.MaxBytes, keep: c.Keep}, log: c.Logger, now: c.Now, atOnce: atOnce,
		wake: make(chan struct{}, 1), urge: make(chan struct{}, 1),
	}
}

var scratch = sync.Pool{New: func() any { return new([]byte) }}

// Record adds an entry. It never waits for the disk.
func (l *Log) Record(e Entry) {
	buffer := scratch.Get().(*[]byte)
	text, lines := e.append((*buffer)[:0])
	l.add(text, int64(lines))
	if cap(text) <= soon {
		*buffer = text
		scratch.Put(buffer)
	}
}

func (l *Log) add(text []byte, lines int64) {
	l.mu.Lock()
	before := len(l.pending)
	if before+len(text) > maxPending {
		l.dropped += lines
		l.mu.Unlock()
		return
	}
	l.pending = append(l.pending, text...)
	l.lines += lines
	after := len(l.pending)
	l.mu.Unlock()
	if before == 0 {
		signal(l.wake)
	}
	if before < soon && after >= soon {
		signal(l.urge)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it is signalled already
	}
}

// Run writes what is recorded until ctx ends, and the rest then.
func (l *Log) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			l.Flush()
			return nil
		case <-l.wake:
		}
		select {
		case <-ctx.Done():
		case <-l.urge:
		case <-time.After(quiet):
		}
		l.Flush()
	}
}

// Flush writes what is recorded. What cannot be written is counted as dropped.
func (l *Log) Flush() {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	l.mu.Lock()
	text, lines, dropped := l.pending, l.lines, l.dropped
	l.pending, l.lines, l.dropped = l.spare[:0], 0, 0
	l.spare = nil
	l.mu.Unlock()
	if dropped > 0 {
		said := Entry{Time: l.now(), Dropped: dropped}
		text, _ = said.append(text)
	}
	if len(text) > 0 {
		err := l.files.write(text)
		l.report(err)
		if err != nil {
			l.mu.Lock()
			l.dropped += dropped + lines
			l.mu.Unlock()
		}
	}
	if cap(text) <= maxIdle {
		l.mu.Lock()
		l.spare = text
		l.mu.Unlock()
	}
}

// report tells of the first of several failures, and of the end of them.
func (l *Log) report(err error) {
	switch {
	case err != nil && !l.failed:
		l.log.Error("S3 access log not written", "error", err)
	case err == nil && l.failed:
		l.log.Info("S3 access log written again")
	}
	l.failed = err != nil
}
