package shardfile

import (
	"context"
	"errors"
	"slices"
	"time"

	"croft/objectstore/erasure/driveset"
)

// blame charges the drives that alone keep the body from being written with the
// time that it just waited, and leaves out those that had enough.
func (w *writing) blame(waited time.Duration) {
	progress := make([]int64, 0, len(w.workers))
	since := make([]time.Time, len(w.workers))
	for i, k := range w.workers {
		k.mu.Lock()
		progress, since[i] = append(progress, k.done), k.since
		k.mu.Unlock()
	}
	sorted := slices.Sorted(slices.Values(progress))
	if sorted[len(sorted)-w.need] < w.sent || w.hasher != nil && w.hasher.done.Load() < w.sent {
		return // a write quorum, or the hash, has enough to do
	}
	now, lag := time.Now(), w.store.timing.lag
	w.leaveOut(func(i int, k *worker) bool {
		if progress[i] == w.sent {
			return false
		}
		k.owed += waited
		return now.Sub(since[i]) > lag || k.owed > max(lag, now.Sub(w.begun)*3/4)
	})
}

// leaveOut goes on without the drives that are to be left out. which is called
// with mu held.
func (w *writing) leaveOut(which func(i int, k *worker) bool) {
	var out []*worker
	w.mu.Lock()
	for i, k := range w.workers {
		if !k.ended && which(i, k) {
			w.lose(k, errDropped)
			k.stuck = true
			w.store.lanes[k.drive.Place].begin(true)
			w.allow++ // for the stripe that it has in its hands
			out = append(out, k)
		}
	}
	w.mu.Unlock()
	for _, k := range out { // which gives stripes back, and so needs mu
		w.store.log.Warn("drive left out of a body for being slow", "drive", k.drive.Path, "body", w.body.ID.String())
		k.end(dropped)
	}
}

// lose notes that a drive does not have the body. The caller holds mu.
func (w *writing) lose(k *worker, err error) {
	k.ended = true
	w.alive--
	w.failures = append(w.failures, err)
}

// report is how a worker ends. It returns whether what it has written is wanted,
// and whether the body was removed meanwhile. What is not wanted counts as being
// written until the worker has removed it.
func (w *writing) report(k *worker, err error) (wanted, removed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k.stuck || k.behind {
		w.store.lanes[k.drive.Place].end(k.stuck)
	}
	wanted = !k.ended && (!w.over || w.kept)
	if wanted || err != nil {
		removed = w.store.uses.haveWritten(w.body.ID, k.drive.Place)
	}
	switch {
	case w.over || k.ended:
	case err != nil:
		w.lose(k, err)
	default:
		w.where = w.where.With(k.drive.Place)
	}
	k.ended = true
	w.signal()
	return wanted, removed
}

// finish ends the files and waits for the drives: after an error until they have
// forgotten the body, otherwise until a write quorum has it and the others had
// their chance.
func (w *writing) finish(ctx context.Context, err error) (driveset.Places, error) {
	if w.hasher != nil {
		w.hasher.end()
	}
	w.lay.Size = w.body.Size
	for _, k := range w.workers {
		if err == nil {
			k.end(sealed)
		} else {
			k.end(dropped)
		}
	}
	err = w.settle(ctx, err)
	reached, failures := w.conclude(err == nil)
	if err == nil {
		return w.where, nil
	}
	w.store.unlinkOn(w.where, func() {}, w.body.ID)
	if errors.Is(err, errDrivesLost) {
		err = w.store.writeError(reached, w.need, failures)
	}
	return 0, err
}

// settle waits as long as it makes sense and returns whether the body is written.
func (w *writing) settle(ctx context.Context, err error) error {
	timing, now := &w.store.timing, time.Now()
	var deadline time.Time // nothing is waited for after it
	limit := func(d time.Duration) {
		if deadline.IsZero() {
			deadline = now.Add(d)
		}
	}
	giveUp := func(cause error) {
		err = cause
		limit(timing.lag)
		for _, k := range w.workers {
			k.end(dropped)
		}
	}
	if err != nil {
		limit(timing.lag)
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		p := w.progress()
		now = time.Now()
		switch {
		case err == nil && p.alive < w.need:
			giveUp(errDrivesLost)
		case err == nil && p.have >= w.need:
			// Drives that are behind by some stripes need a share of the time so far.
			limit(min(max(p.grace, now.Sub(w.begun)/4), 5*timing.lag))
		}
		switch {
		case p.pending == 0:
			return err
		case deadline.IsZero():
			w.leaveOutStuck(now)
		case !now.Before(deadline) || now.Sub(p.since) >= timing.lag:
			return err
		}
		next := timing.lag / 20
		if !deadline.IsZero() {
			next = min(next, deadline.Sub(now))
		}
		t.Reset(next)
		select {
		case <-w.wake:
		case <-t.C:
		case <-done(ctx, err, p.have >= w.need):
			giveUp(ctx.Err())
		}
	}
}

// progress is how far the drives are.
type progress struct {
	have, pending, alive int
	since                time.Time     // when one that is pending last got on
	grace                time.Duration // that those are due
}

func (w *writing) progress() progress {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := progress{have: w.where.Count(), alive: w.alive, grace: w.store.timing.late}
	for _, k := range w.workers {
		if k.ended {
			continue
		}
		p.pending++
		if !w.store.tardy(k.drive.Place) {
			p.grace = w.store.timing.grace
		}
		k.mu.Lock()
		if k.since.After(p.since) {
			p.since = k.since
		}
		k.mu.Unlock()
	}
	return p
}

// done is when the context's end still matters.
func done(ctx context.Context, err error, written bool) <-chan struct{} {
	if err != nil || written {
		return nil
	}
	return ctx.Done()
}

// leaveOutStuck goes on without the drives that do not answer, though they are needed.
func (w *writing) leaveOutStuck(now time.Time) {
	w.leaveOut(func(_ int, k *worker) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		return (k.done < k.given || k.fate == sealed) && now.Sub(k.since) > w.store.timing.stuck
	})
}

// conclude lets the workers that are still at it know what is wanted of them.
// Those that have nothing but syncs to do may go on, the others hold memory. It
// returns how many drives had the body or were about to, and what the others said.
func (w *writing) conclude(kept bool) (reached int, failures []error) {
	w.mu.Lock()
	reached, failures = w.alive, slices.Clone(w.failures)
	w.over, w.kept = true, kept
	for _, st := range w.spare {
		st.giveBack()
	}
	w.spare = nil
	w.mu.Unlock()
	w.leaveOut(func(_ int, k *worker) bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		if kept && k.done == w.lay.stripes() {
			k.behind = true
			w.store.lanes[k.drive.Place].begin(false)
			return false
		}
		return true
	})
	return reached, failures
}
