package pipeline

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/store"
	"croft/pipeline/steplog"
)

// LogLine is one line of a step's output.
type LogLine struct {
	End    int64 // the offset after the line: where to go on from
	At     time.Time
	Stream string // "stdout" or "stderr"
	Text   string
}

// LogReader reads a step's log line by line. It belongs to one goroutine.
type LogReader struct {
	service       *Service
	runID, stepID string
	offset        int64
	follow        bool

	live *liveLog // what is being followed
	file *os.File // of live

	lines *bufio.Reader // what can be read now
	close io.Closer     // of lines
	last  bool          // nothing comes after lines
}

// OpenLog reads a step's log from an offset that a LogLine gave out, or 0. With
// follow it waits for what is still to come and ends when the step has its final
// state; without, it ends with what is there. The caller must Close the reader.
func (s *Service) OpenLog(ctx context.Context, runID, stepID string, offset int64, follow bool) (*LogReader, error) {
	if offset < 0 {
		return nil, errOffset
	}
	if _, err := s.stepOf(ctx, runID, stepID); err != nil {
		return nil, err
	}
	return &LogReader{service: s, runID: runID, stepID: stepID, offset: offset, follow: follow}, nil
}

var errOffset = errs.New(errs.Invalid, "log_offset_invalid", "The log has no line that ends at this offset.")

func (s *Service) stepOf(ctx context.Context, runID, stepID string) (stepRow, error) {
	var step stepRow
	err := s.db.Read(ctx).Where("id = ? AND run_id = ?", stepID, runID).Take(&step).Error
	if store.NotFound(err) {
		return step, errStepNotFound
	}
	if err != nil {
		return step, fmt.Errorf("read step: %w", err)
	}
	return step, nil
}

// Next returns the next line, io.EOF after the last, or ctx's error.
func (r *LogReader) Next(ctx context.Context) (LogLine, error) {
	for {
		if r.lines == nil {
			if err := r.more(ctx); err != nil {
				return LogLine{}, err
			}
		}
		raw, err := r.lines.ReadBytes('\n')
		switch {
		case err == nil:
			return r.line(raw)
		case !errors.Is(err, io.EOF):
			return LogLine{}, fmt.Errorf("read log: %w", err)
		case r.last:
			return LogLine{}, io.EOF
		}
		if err := r.done(); err != nil {
			return LogLine{}, err
		}
	}
}

func (r *LogReader) line(raw []byte) (LogLine, error) {
	// What begins inside a line is never a line.
	line, err := steplog.Decode(raw)
	if err != nil {
		return LogLine{}, errOffset
	}
	r.offset += int64(len(raw))
	return LogLine{End: r.offset, At: line.At, Stream: line.Stream, Text: line.Text}, nil
}

// done drops what was read to its end; a followed file stays open.
func (r *LogReader) done() error {
	r.lines = nil
	if r.close == nil {
		return nil
	}
	err := r.close.Close()
	r.close = nil
	return err
}

// Close frees what the reader holds.
func (r *LogReader) Close() error {
	err := r.done()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
		r.file = nil
	}
	return err
}

// more finds the next bytes: in the file that is being written, or, when the step
// has ended, wherever its row says.
func (r *LogReader) more(ctx context.Context) error {
	if r.live != nil {
		found, err := r.grown(ctx)
		if found || err != nil {
			return err
		}
	}
	for {
		changes := events.Subscribe[events.RunChanged](r.service.bus, 16)
		found, err := r.look(ctx)
		if found || err != nil {
			changes.Close()
			return err
		}
		err = awaitRun(ctx, changes, r.runID)
		changes.Close()
		if err != nil {
			return err
		}
	}
}

// awaitRun returns when the run may have changed.
func awaitRun(ctx context.Context, changes *events.Subscription[events.RunChanged], runID string) error {
	for {
		select {
		case change, ok := <-changes.C():
			if !ok || change.RunID == runID {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// look reports whether there is something to read now, or the end to tell.
func (r *LogReader) look(ctx context.Context) (found bool, err error) {
	if live := r.service.liveLog(r.stepID); live != nil && r.live == nil {
		file, err := os.Open(live.path)
		if err != nil {
			return false, fmt.Errorf("open log: %w", err)
		}
		r.live, r.file = live, file
		if found, err := r.grown(ctx); found || err != nil {
			return found, err
		}
	}
	step, err := r.service.stepOf(ctx, r.runID, r.stepID)
	if err != nil {
		return false, err
	}
	if !step.State.Final() {
		if !r.follow {
			return false, io.EOF
		}
		return false, nil
	}
	return true, r.openEnded(ctx, step)
}

// grown waits until the followed log has more. It reports false when there is
// nothing to come but the step has no final state yet.
func (r *LogReader) grown(ctx context.Context) (bool, error) {
	seen := r.offset
	if !r.follow {
		seen = -1 // do not wait
	}
	size, complete, err := r.live.Wait(ctx, seen)
	if err != nil {
		return false, err
	}
	if size > r.offset {
		r.lines = bufio.NewReader(io.NewSectionReader(r.file, r.offset, size-r.offset))
		return true, nil
	}
	if !r.follow {
		return false, io.EOF
	}
	return !complete, nil
}

// openEnded reads the log of a step that will write no more.
func (r *LogReader) openEnded(ctx context.Context, step stepRow) error {
	r.last = true
	r.lines = bufio.NewReader(eof{})
	if step.Log == logLocal {
		opened, err := r.openLocal()
		if opened || err != nil {
			return err
		}
		// It may have moved to the object store since the row was read.
		if step, err = r.service.stepOf(ctx, r.runID, r.stepID); err != nil {
			return err
		}
	}
	if step.Log != logStored || r.offset >= step.LogSize {
		return nil
	}
	body, _, err := r.service.blobs.Open(ctx, LogBucket, logKey(r.runID, r.stepID), r.offset)
	if err != nil {
		return err
	}
	r.close = body
	r.lines = bufio.NewReader(body)
	return nil
}

func (r *LogReader) openLocal() (opened bool, err error) {
	path := r.service.logPath(r.runID, r.stepID)
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open log: %w", err)
	}
	r.close = file
	size, err := steplog.Seal(path)
	if err != nil {
		return true, fmt.Errorf("open log: %w", err)
	}
	if r.offset >= size {
		return true, nil
	}
	r.lines = bufio.NewReader(io.NewSectionReader(file, r.offset, size-r.offset))
	return true, nil
}

type eof struct{}

// Read implements io.Reader.
func (eof) Read([]byte) (int, error) { return 0, io.EOF }
