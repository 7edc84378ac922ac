package steplog

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options bound a log and name what must not be in it.
type Options struct {
	MaxBytes int64    // of the file; 0: 64 MiB
	Secrets  []string // values to be hidden
}

// Writer appends to one log. Write calls come from one goroutine at a time;
// Size, Wait and Close may come from any.
type Writer struct {
	file    *os.File
	max     int64
	secrets []string

	mu      sync.Mutex    // guards the following 5 fields
	size    int64         // bytes that are there for readers
	full    bool          // the notice is written, the rest is dropped
	closed  bool          // nothing more will come
	changed chan struct{} // closed and replaced when size or closed change
	err     error         // the first failed write
}

// Create makes the file and its folder. A file that is there already is an error.
func Create(path string, o Options) (*Writer, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of a log: %w", err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create a log: %w", err)
	}
	return &Writer{file: file, max: o.MaxBytes, secrets: maskable(o.Secrets), changed: make(chan struct{})}, nil
}

// maskable lists what to hide, longest first. A secret of several lines is
// hidden line by line; lines of fewer than 4 bytes in it say nothing.
func maskable(secrets []string) []string {
	var out []string
	for _, secret := range secrets {
		lines := strings.Split(strings.TrimSpace(secret), "\n")
		for _, line := range lines {
			line = strings.TrimSpace(line)
			if line != "" && (len(lines) == 1 || len(line) >= 4) {
				out = append(out, line)
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(out)
}

// WriteLog appends the lines in p. It never fails: a step does not stop because
// its log cannot grow. Close tells about the first failure.
func (w *Writer) WriteLog(at time.Time, stream string, p []byte) error {
	if stream != Stderr {
		stream = Stdout
	}
	var buf bytes.Buffer
	for line := range bytes.Lines(p) {
		text := strings.TrimRight(string(line), "\r\n")
		for _, secret := range w.secrets {
			text = strings.ReplaceAll(text, secret, "***")
		}
		if err := encode(&buf, Line{At: at, Stream: stream, Text: text}); err != nil {
			w.fail(err)
			return nil
		}
	}
	w.append(at, buf.Bytes())
	return nil
}

// append writes whole lines and tells the readers.
func (w *Writer) append(at time.Time, lines []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full || w.closed || w.err != nil || len(lines) == 0 {
		return
	}
	if w.size+int64(len(lines)) > w.max {
		w.full = true
		lines = w.fitting(at, lines)
	}
	n, err := w.file.Write(lines)
	if err != nil {
		// Half a line may be in the file now; Seal cuts it off.
		w.err = err
		n = bytes.LastIndexByte(lines[:n], '\n') + 1
	}
	w.size += int64(n)
	w.tell()
}

// fitting is as many of the lines as still fit, and the notice that ends the log.
func (w *Writer) fitting(at time.Time, lines []byte) []byte {
	room := max(0, w.max-w.size)
	fits := lines[:bytes.LastIndexByte(lines[:min(room, int64(len(lines)))], '\n')+1]
	out := bytes.NewBuffer(slices.Clone(fits))
	notice := fmt.Sprintf("Croft: this log is longer than %s; the rest was dropped.", byteSize(w.max))
	if err := encode(out, Line{At: at, Stream: Stderr, Text: notice}); err != nil {
		w.err = err
	}
	return out.Bytes()
}

func byteSize(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
}

// tell needs mu.
func (w *Writer) tell() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// Close ends the log and returns the first error of a write.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.err
	}
	w.closed = true
	if err := w.file.Close(); err != nil && w.err == nil {
		w.err = err
	}
	w.tell()
	return w.err
}

// Wait returns when more than seen bytes can be read, when nothing more will
// come, or when ctx ends. It reports how many bytes there are and whether that is all.
func (w *Writer) Wait(ctx context.Context, seen int64) (size int64, complete bool, err error) {
	for {
		w.mu.Lock()
		size, complete, changed := w.size, w.closed, w.changed
		w.mu.Unlock()
		if size > seen || complete {
			return size, complete, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return size, false, ctx.Err()
		}
	}
}
