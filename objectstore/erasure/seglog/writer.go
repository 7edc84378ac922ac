package seglog

import (
	"errors"
	"fmt"

	"croft/objectstore/erasure/driveset"
)

// maxLag is how many records a slow drive may be behind the others before it is
// passed over; what it misses is repaired later.
const maxLag = 64

// job is one drive's copy of a record.
type job struct {
	flight *inflight
	buffer *buffer
}

// writer appends records to one drive, in order.
type writer struct {
	log   *Log
	drive *driveset.Drive
	files *files
	jobs  chan job
}

var (
	errLagging  = errors.New("the drive is too far behind")
	errUnusable = errors.New("the drive is not written to")
)

// give queues a job, or answers for it when the drive cannot take it.
func (w *writer) give(j job) {
	if !w.drive.Writable() {
		w.end(j, fmt.Errorf("%s: %w", w.drive.Path, errUnusable))
		return
	}
	select {
	case w.jobs <- j:
	default:
		w.end(j, fmt.Errorf("%s: %w", w.drive.Path, errLagging))
	}
}

func (w *writer) end(j job, err error) {
	j.buffer.release()
	if last := j.flight.answer(w.drive.Place, err); last {
		w.log.landed(j.flight)
	}
}

func (w *writer) run() {
	for j := range w.jobs {
		w.end(j, w.append(j))
	}
}

func (w *writer) append(j job) error {
	if !w.drive.Writable() {
		return fmt.Errorf("%s: %w", w.drive.Path, errUnusable)
	}
	f, release, err := w.files.open(j.flight.at.Segment)
	if err != nil {
		return err
	}
	defer release()
	if err := f.WriteAt(j.buffer.b, j.flight.at.Offset); err != nil {
		return err
	}
	return f.Sync()
}
