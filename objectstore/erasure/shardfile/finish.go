package shardfile

import (
	"context"
	"errors"
	"slices"
	"time"

	"croft/objectstore/erasure/driveset"
)

// blame charges the drives that keep the body from being written with the time
// that it just waited, and leaves out those that had enough.
func (w *writing) blame(waited time.Duration) {
	progress := make([]int64, 0, len(w.workers))
	since := make([]time.Time, len(w.workers))
	for i, k := range w.workers {
		k.mu.Lock()
		progress, since[i] = append(progress, k.done), k.since
		k.mu.Unlock()
	}
	// What the hash still needs is not kept in memory by the drives.
	sorted := slices.Sorted(slices.Values(progress))
	reached := sorted[len(sorted)-w.need]
	if w.hasher != nil {
		reached = min(reached, w.hasher.done.Load())
	}
	now, lag := time.Now(), w.store.timing.lag
	w.leaveOut(func(i int, k *worker) bool {
		if progress[i] >= reached {
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
			k.lane = &w.store.lanes[k.drive.Place].stuck
			k.lane.Add(1)
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

// report is how a worker ends. It returns whether what it has written is wanted.
func (w *writing) report(k *worker, err error) (wanted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k.lane != nil {
		k.lane.Add(-1)
	}
	switch {
	case w.over || k.ended:
		wanted = w.kept && !k.ended
		k.ended = true
		return wanted
	case err != nil:
		w.lose(k, err)
	default:
		k.ended = true
		w.where = w.where.With(k.drive.Place)
	}
	w.signal()
	return true
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
	w.store.unlinkOn(w.where, w.body.ID)
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
	if err != nil {
		limit(timing.lag)
	}
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		w.mu.Lock()
		have, pending, alive := w.where.Count(), 0, w.alive
		for _, k := range w.workers {
			if !k.ended {
				pending++
			}
		}
		w.mu.Unlock()
		now = time.Now()
		switch {
		case err == nil && alive < w.need:
			err = errDrivesLost
			limit(timing.lag)
			for _, k := range w.workers {
				k.end(dropped)
			}
		case err == nil && have >= w.need:
			limit(min(max(timing.grace, now.Sub(w.begun)/4), timing.lag))
		}
		if pending == 0 || !deadline.IsZero() && !now.Before(deadline) {
			return err
		}
		if deadline.IsZero() {
			w.leaveOutStuck(now)
			t.Reset(timing.stuck / 20)
		} else {
			t.Reset(deadline.Sub(now))
		}
		select {
		case <-w.wake:
		case <-t.C:
		case <-done(ctx, err, have >= w.need):
			err = ctx.Err()
			limit(timing.lag)
			for _, k := range w.workers {
				k.end(dropped)
			}
		}
	}
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
			k.lane = &w.store.lanes[k.drive.Place].late
			k.lane.Add(1)
			return false
		}
		return true
	})
	return reached, failures
}
