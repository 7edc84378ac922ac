package replication

import (
	"context"
	"errors"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

const (
	// parallel is how many keys are copied at once, of which parallelLarge are large.
	parallel      = 8
	parallelLarge = 2
	// pageSize is how many changes are read at once.
	pageSize = 500
	// settleAt is how many changes are settled in one step at most.
	settleAt = 64
	// tooManyFail is how many keys may fail before that is taken for the target's fault.
	tooManyFail = 1000
	// lastTry is the longest pause before a key is tried again.
	lastTry = time.Hour
)

var errTooManyFail = errs.New(errs.Unavailable, "replication_failing", "Very many objects cannot be copied. The last failure says why.")

// dispatcher hands out the changes of a backlog: those of one key in order and to one
// worker, different keys side by side.
type dispatcher struct {
	r       *runner
	jobs    chan []objectstore.Change
	results chan result
	busy    map[string]bool // keys that are being copied or whose changes are to be settled
	large   int             // large ones among them
	done    []result        // to be settled
}

// result is how the changes of a key ended.
type result struct {
	changes []objectstore.Change // all that were handed out
	done    int                  // how many of them are done
	err     error                // why the next is not
}

func newDispatcher(r *runner) *dispatcher {
	return &dispatcher{r: r, jobs: make(chan []objectstore.Change), results: make(chan result, parallel), busy: map[string]bool{}}
}

func (d *dispatcher) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	for range parallel {
		workers.Go(func() { d.worker(ctx) })
	}
	for {
		bell := d.r.svc.source.Changed()
		if err := d.sweep(ctx); err != nil {
			return err
		}
		if looked, err := d.r.look(ctx, int64(len(d.r.failing))); err != nil {
			_, one := d.r.blame(ctx, err)
			return errors.Join(err, one)
		} else if looked {
			continue
		}
		d.r.svc.stirred()
		if err := d.wait(ctx, bell); err != nil {
			return err
		}
	}
}

// wait waits until there may be something to hand out.
func (d *dispatcher) wait(ctx context.Context, bell <-chan struct{}) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	var retry <-chan time.Time
	if next := d.nextTry(); !next.IsZero() {
		t := time.NewTimer(time.Until(next))
		defer t.Stop()
		retry = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-bell:
			return nil
		case <-retry:
			return nil
		case res := <-d.results:
			if err := d.take(ctx, res); err != nil {
				return err
			}
			if len(d.results) > 0 {
				continue
			}
			return d.settle(ctx)
		}
	}
}

// sweep hands out what is in the backlog, but for keys that are busy or failed just
// now, and large objects when enough of those are under way.
func (d *dispatcher) sweep(ctx context.Context) error {
	skip := map[string]bool{} // keys of which something was left out: so is what follows
	for after := uint64(0); ; {
		page, err := d.r.svc.source.Changes(ctx, objectstore.ChangesRequest{Follower: followerOf(d.r.rule.ID), After: after, Limit: pageSize})
		if err != nil || len(page) == 0 {
			return err
		}
		var keys []string
		groups := map[string][]objectstore.Change{}
		for _, c := range page {
			after = c.Position
			if _, known := groups[c.Key]; !known {
				keys = append(keys, c.Key)
			}
			groups[c.Key] = append(groups[c.Key], c)
		}
		for _, key := range keys {
			f := d.r.failing[key]
			if skip[key] || d.busy[key] || f != nil && time.Now().Before(f.next) || d.isLarge(groups[key]) && d.large >= parallelLarge {
				skip[key] = true
				continue
			}
			if err := d.hand(ctx, groups[key]); err != nil {
				return err
			}
		}
	}
}

func (d *dispatcher) isLarge(group []objectstore.Change) bool {
	for _, c := range group {
		if c.Size > d.r.svc.config.onePut {
			return true
		}
	}
	return false
}

// hand gives changes of a key to a worker, as soon as one has time.
func (d *dispatcher) hand(ctx context.Context, group []objectstore.Change) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case d.jobs <- group:
			d.busy[group[0].Key] = true
			if d.isLarge(group) {
				d.large++
			}
			return nil
		case res := <-d.results:
			if err := d.take(ctx, res); err != nil {
				return err
			}
		}
	}
}

// take deals with a result. Its error stands in the way of everything.
func (d *dispatcher) take(ctx context.Context, res result) error {
	r, key := d.r, res.changes[0].Key
	if d.isLarge(res.changes) {
		d.large--
	}
	d.done = append(d.done, res)
	switch {
	case res.err == nil:
		delete(r.failing, key)
		r.stuck.Delete(key)
		if len(r.failing) == 0 {
			r.meter.change(func(st *Status) { st.Problem, st.ProblemKey = errs.Problem{}, "" })
		}
	case errors.Is(res.err, errChanged):
	default:
		all, one := r.blame(ctx, res.err)
		if all != nil {
			return errors.Join(all, d.settle(ctx))
		}
		d.fail(key, one)
		if len(r.failing) > tooManyFail {
			clear(r.failing)
			r.stuck.Clear()
			return errTooManyFail
		}
	}
	if len(d.done) >= settleAt {
		return d.settle(ctx)
	}
	return nil
}

// fail notes that a key could not be copied, and when to try again.
func (d *dispatcher) fail(key string, err error) {
	r := d.r
	f := r.failing[key]
	if f == nil {
		f = &failure{}
		r.failing[key] = f
		r.stuck.Store(key, nil)
	}
	pause := r.svc.config.FirstPause << min(f.tries, 20)
	f.err, f.tries, f.next = err, f.tries+1, time.Now().Add(min(pause, lastTry))
	r.meter.change(func(st *Status) {
		st.Problem, st.ProblemKey = errs.ProblemOf(err), key
		st.Failures++
	})
}

// nextTry is when the first of the failing keys is to be tried again.
func (d *dispatcher) nextTry() (next time.Time) {
	for key, f := range d.r.failing {
		if !d.busy[key] && (next.IsZero() || f.next.Before(next)) {
			next = f.next
		}
	}
	return next
}

// settle tells the store what is done.
func (d *dispatcher) settle(ctx context.Context) error {
	if len(d.done) == 0 {
		return nil
	}
	var done []objectstore.Change
	for _, res := range d.done {
		done = append(done, res.changes[:res.done]...)
	}
	if len(done) > 0 {
		if err := d.r.svc.source.Settle(ctx, followerOf(d.r.rule.ID), done); err != nil {
			return err
		}
	}
	for _, res := range d.done {
		delete(d.busy, res.changes[0].Key)
	}
	d.done = d.done[:0]
	d.r.svc.stirred()
	return nil
}

// worker copies what it is given until ctx ends.
func (d *dispatcher) worker(ctx context.Context) {
	for {
		var res result
		select {
		case <-ctx.Done():
			return
		case res.changes = <-d.jobs:
		}
		for _, c := range res.changes {
			if res.err = d.r.send(ctx, c); res.err != nil {
				break
			}
			res.done++
		}
		select {
		case <-ctx.Done():
			return
		case d.results <- res:
		}
	}
}
