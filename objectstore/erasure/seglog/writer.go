package seglog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"croft/objectstore/erasure/driveset"
)

// How far a slow drive may be behind the others before it is passed over; what it
// misses is repaired later.
const (
	maxLag      = 1024 // records
	maxLagBytes = 64 << 20
)

// maxGroup is how many records a drive that is behind syncs at once.
const maxGroup = 64

// bypassBytes is the least length of a record on a drive that is written past the
// system's memory. Copying long ones there costs more than all the rest, while
// short ones are likely to be read soon.
const bypassBytes = 256 << 10

// quorum counts the drives on which something was done.
type quorum struct {
	need    int
	settled chan bool // gets whether so many drives succeeded, as soon as that is certain

	mu       sync.Mutex      // guards the following 4 fields
	pending  driveset.Places // drives that have not answered
	done     driveset.Places
	failures []error
	decided  bool
}

func newQuorum(drives, need int) *quorum {
	return &quorum{need: need, settled: make(chan bool, 1), pending: driveset.AllPlaces(drives)}
}

// answer notes what became of it on one drive, and returns whether it was the last.
func (q *quorum) answer(place int, err error) (last bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending = q.pending.Without(place)
	if err != nil {
		q.failures = append(q.failures, err)
	} else {
		q.done = q.done.With(place)
	}
	if n := q.done.Count(); !q.decided && (n >= q.need || n+q.pending.Count() < q.need) {
		q.decided = true
		q.settled <- n >= q.need
	}
	return q.pending == 0
}

// reached returns where it succeeded so far, and the failures.
func (q *quorum) reached() (done driveset.Places, failures []error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.done, q.failures
}

// waits reports whether a drive has not answered.
func (q *quorum) waits(place int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending.Has(place)
}

// job is something that one drive is to do: to write its copy of a record, or
// whatever task does. A task is told why when it cannot be done.
type job struct {
	flight *inflight
	buffer *buffer
	task   func(refused error)
}

// bytes is how much memory the job keeps.
func (j *job) bytes() int64 {
	if j.buffer == nil {
		return 0
	}
	return int64(len(j.buffer.b))
}

// writer does what is to be done on one drive, in order, so that a slow one keeps
// nobody waiting but itself.
type writer struct {
	log   *Log
	drive *driveset.Drive
	files *files
	jobs  chan job
	bytes atomic.Int64 // of the records that wait
}

var (
	errLagging  = errors.New("the drive is too far behind")
	errUnusable = errors.New("the drive is not written to")
)

// give queues a job, or answers for it when the drive cannot take it.
func (w *writer) give(j job) {
	behind := w.bytes.Add(j.bytes())
	if !w.drive.Writable() {
		w.refuse(j, errUnusable)
		return
	}
	if j.task == nil && behind > maxLagBytes && len(w.jobs) > 0 {
		w.refuse(j, errLagging)
		return
	}
	select {
	case w.jobs <- j:
	default:
		w.refuse(j, errLagging)
	}
}

func (w *writer) refuse(j job, err error) {
	err = fmt.Errorf("%s: %w", w.drive.Path, err)
	if j.task != nil {
		j.task(err)
	} else {
		w.end(j, err)
	}
}

func (w *writer) end(j job, err error) {
	w.bytes.Add(-j.bytes())
	j.buffer.release()
	if last := j.flight.answer(w.drive.Place, err); last {
		w.log.landed(j.flight)
	}
}

func (w *writer) run() {
	var group []job
	for j := range w.jobs {
		for next := &j; next != nil; {
			if next.task != nil {
				w.do(*next)
				break
			}
			group = append(group[:0], *next)
			next = w.gather(&group)
			w.append(group)
			clear(group)
		}
	}
}

// do runs a task.
func (w *writer) do(j job) {
	if !w.drive.Writable() {
		w.refuse(j, errUnusable)
		return
	}
	j.task(nil)
}

// gather adds to a group what waits behind it and can be synced with it, and
// returns the first job that cannot, nil when there is none.
func (w *writer) gather(group *[]job) *job {
	for len(*group) < maxGroup {
		select {
		case j, ok := <-w.jobs:
			switch {
			case !ok:
				return nil
			case j.task != nil || j.flight.at.Segment != (*group)[0].flight.at.Segment:
				return &j
			}
			*group = append(*group, j)
		default:
			return nil
		}
	}
	return nil
}

// append writes records of one segment, syncs them, and answers for them.
func (w *writer) append(group []job) {
	err := func() error {
		if !w.drive.Writable() {
			return fmt.Errorf("%s: %w", w.drive.Path, errUnusable)
		}
		return w.files.with(group[0].flight.at.Segment, func(f *driveset.File) error {
			for _, j := range group {
				write := f.WriteAt
				if len(j.buffer.b) >= bypassBytes {
					write = f.WritePast
				}
				if err := write(j.buffer.b, j.flight.at.Offset); err != nil {
					return err
				}
			}
			return f.Sync()
		})
	}()
	for _, j := range group {
		w.end(j, err)
	}
}

// everywhere has every drive do something after what it has to do already.
func (l *Log) everywhere(task func(d *driveset.Drive, refused error)) {
	for _, w := range l.writers {
		w.give(job{task: func(refused error) { task(w.drive, refused) }})
	}
}

// onQuorum has every drive do something and returns when a write quorum has; the
// others go on.
func (l *Log) onQuorum(f func(d *driveset.Drive) error) error {
	q := newQuorum(len(l.writers), l.set.Geometry.WriteQuorum())
	l.everywhere(func(d *driveset.Drive, refused error) {
		if refused == nil {
			refused = f(d)
		}
		q.answer(d.Place, refused)
	})
	return l.await(q)
}

// await returns when enough drives have answered.
func (l *Log) await(q *quorum) error {
	if <-q.settled {
		return nil
	}
	done, failures := q.reached()
	return l.quorumError(q.need, done.Count(), failures)
}
