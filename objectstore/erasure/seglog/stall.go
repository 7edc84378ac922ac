package seglog

import (
	"errors"
	"time"

	"croft/internal/errs"
)

// applyPatience is how long requests wait for Apply when that fails. After it they
// end, and until Apply succeeds again nothing is appended.
const applyPatience = 3 * time.Second

// ErrNotApplied says that entries are durable and were not applied: they will be,
// before anything else is appended.
var ErrNotApplied = errors.New("written, and not applied yet")

// stalled says why nothing is appended for now.
type stalled struct {
	cause error
	over  chan struct{} // closed when Apply has succeeded
}

// Stalled says why nothing can be appended for now because Apply fails, and when
// that is over, also because the log was closed. It is nil while all is well.
func (l *Log) Stalled() (over <-chan struct{}, cause error) {
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	if l.stall == nil {
		return nil, nil
	}
	return l.stall.over, l.stall.cause
}

// stallError is what is told to those who cannot append because Apply fails.
func stallError(cause error) error {
	kind, code := errs.Unavailable, "catalogue_failing"
	if errs.KindOf(cause) == errs.StorageFull {
		kind, code = errs.StorageFull, "state_full"
	}
	return errs.Wrap(cause, kind, code, "The catalogue cannot be written to, so nothing can be changed for now. Is its disk full? Writing goes on by itself once it can be written to.")
}

// applyLoop hands durable records to Apply and ends their requests.
func (l *Log) applyLoop() {
	var behind []*inflight // durable, and not applied because one before them is not
	for {
		var f *inflight
		if len(behind) > 0 {
			f, behind = behind[0], behind[1:]
		} else if f = <-l.applied; f == nil {
			return
		}
		if behind = l.apply(f, behind); behind == nil {
			return
		}
	}
}

// apply applies a record, however often it takes, and returns those that came
// behind it meanwhile, which is never nil unless the log is closed: then the next
// start applies them.
func (l *Log) apply(f *inflight, behind []*inflight) []*inflight {
	b := Batch{At: f.at, Next: f.next, Stable: f.stable, Entries: f.encoded.placed, Freed: f.encoded.freed}
	began := time.Now()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := l.cfg.Apply(b)
		if err == nil {
			break
		}
		l.log.Error("batch could not be applied; trying again", "error", err)
		if time.Since(began) > applyPatience {
			l.giveUpWaiting(stallError(err), append([]*inflight{f}, behind...))
		}
		var closing bool
		if behind, closing = l.wait(pause, behind); closing {
			l.giveUpWaiting(stallError(err), append([]*inflight{f}, behind...))
			return l.drain(stallError(err))
		}
	}
	l.queueMu.Lock()
	if l.stall != nil && len(behind) == 0 {
		close(l.stall.over)
		l.stall = nil
	}
	l.queueMu.Unlock()
	f.end(nil)
	if behind == nil {
		behind = []*inflight{}
	}
	return behind
}

// giveUpWaiting ends what is queued, and the requests of records that are not
// applied, and refuses more until Apply succeeds.
func (l *Log) giveUpWaiting(cause error, durable []*inflight) {
	l.queueMu.Lock()
	if l.stall == nil {
		l.stall = &stalled{over: make(chan struct{})}
	}
	l.stall.cause = cause
	waiting := l.queue
	l.queue = nil
	l.queueMu.Unlock()
	fail(waiting, cause)
	for _, f := range durable {
		f.end(errors.Join(ErrNotApplied, cause))
	}
}

// wait waits a while and takes the records that become durable meanwhile. closing
// says that the log is being closed.
func (l *Log) wait(pause time.Duration, behind []*inflight) (_ []*inflight, closing bool) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return behind, false
		case <-l.closing:
			return behind, true
		case f, ok := <-l.applied:
			if !ok {
				return behind, true
			}
			behind = append(behind, f)
		}
	}
}

// drain ends all that is still to come of a log that is being closed.
func (l *Log) drain(cause error) []*inflight {
	for f := range l.applied {
		f.end(errors.Join(ErrNotApplied, cause))
	}
	l.queueMu.Lock()
	defer l.queueMu.Unlock()
	close(l.stall.over)
	l.stall = nil
	return nil
}

// end ends the requests of a record, once.
func (f *inflight) end(err error) {
	placed := f.encoded.placed
	for _, r := range f.requests {
		r.err = err
		r.placed, placed = placed[:len(r.entries)], placed[len(r.entries):]
		close(r.done)
	}
	f.requests = nil
}
