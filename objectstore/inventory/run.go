package inventory

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

const (
	// restTimes is how long the room rests after each page, in times of what that took: a
	// store that others keep busy takes longer, and is left alone for longer.
	restTimes   = 2
	longestRest = 5 * time.Second
	// lookAgain is how long nobody looks for due reports at most.
	lookAgain = time.Hour
)

// Run makes reports until ctx ends. Without configurations it neither reads nor writes
// but for looking at the buckets every hour.
func (s *Service) Run(ctx context.Context) error {
	if s.source == nil {
		<-ctx.Done()
		return nil
	}
	start := s.config.Now().Add(s.config.FirstAfter)
	for ctx.Err() == nil {
		next, err := s.step(ctx, start)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("inventories cannot be looked for", "error", err)
		}
		s.wait(ctx, next)
	}
	return nil
}

func (s *Service) wait(ctx context.Context, next time.Time) {
	pause := lookAgain
	if !next.IsZero() {
		pause = min(pause, max(0, next.Sub(s.config.Now())))
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-s.stirred:
	}
}

// step makes every report that is due, and says when the next will be; zero when no
// bucket has a configuration. Nothing is due before start but what somebody wants now.
func (s *Service) step(ctx context.Context, start time.Time) (next time.Time, err error) {
	buckets, err := s.source.ListBuckets(ctx)
	if err != nil {
		return s.config.Now().Add(s.config.Retry), err
	}
	there := map[name]bool{}
	for _, b := range buckets {
		all, err := Read(&b)
		if err != nil {
			s.log.Warn("inventory configurations cannot be read", "bucket", b.Name, "error", err)
			continue
		}
		for _, c := range all {
			n := name{b.Name, c.ID}
			there[n] = true
			due := s.due(ctx, &report{s: s, source: b, config: c, tally: s.tallyOf(n)}, start)
			if !due.IsZero() && !due.After(s.config.Now()) {
				if due = s.make(ctx, b, c, start); ctx.Err() != nil {
					return due, ctx.Err()
				}
			}
			if !due.IsZero() && (next.IsZero() || due.Before(next)) {
				next = due
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.tallies {
		if !there[n] {
			delete(s.tallies, n)
		}
	}
	return next, nil
}

// due says when a configuration's next report is to be made; zero is never.
func (s *Service) due(ctx context.Context, r *report, start time.Time) time.Time {
	t := r.tally
	text, _ := json.Marshal(r.config) // plain fields
	t.mu.Lock()
	if config := string(text) + r.source.CreatedAt.String(); t.config != config { // another, or of another bucket of the name
		t.config, t.status, t.made, t.looked, t.failed = config, Status{Wanted: t.status.Wanted}, time.Time{}, false, time.Time{}
	}
	looked := t.looked
	t.mu.Unlock()
	if !looked {
		last, err := r.last(ctx)
		t.mu.Lock()
		if t.looked = err == nil; t.looked && last != "" {
			t.made, _ = time.Parse(stampFormat, last) // it was parsed before
		}
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	next := start
	if !t.made.IsZero() {
		next = later(next, r.config.due(t.made))
	}
	if !t.failed.IsZero() {
		next = later(next, t.failed.Add(s.config.Retry))
	}
	switch {
	case t.status.Wanted:
		return s.config.Now()
	case !r.config.Enabled:
		next = time.Time{}
	}
	t.status.Next = next
	return next
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// make makes a report and returns when the next is due.
func (s *Service) make(ctx context.Context, b objectstore.Bucket, c Configuration, start time.Time) time.Time {
	t := s.tallyOf(name{b.Name, c.ID})
	t.change(func(st *Status) { st.Running, st.Wanted, st.Listed = true, false, 0 })
	r := &report{s: s, source: b, config: c, tally: t}
	err := r.mayWrite(ctx)
	if err == nil {
		err = r.run(ctx)
	}
	t.mu.Lock()
	t.status.Running = false
	switch {
	case err == nil:
		t.made, t.looked, t.failed, t.status.Problem = r.made, true, time.Time{}, errs.Problem{}
	case errors.Is(err, errStale), ctx.Err() != nil:
	default:
		s.log.Warn("an inventory report could not be made", "bucket", b.Name, "inventory", c.ID, "error", err)
		t.failed, t.status.Problem = s.config.Now(), errs.ProblemOf(err)
	}
	t.mu.Unlock()
	if errors.Is(err, errStale) {
		return s.config.Now() // everything is looked at again
	}
	return s.due(ctx, r, start)
}

// rest waits as long as belongs to something that took so long.
func (s *Service) rest(ctx context.Context, took time.Duration) error {
	t := time.NewTimer(min(restTimes*took, longestRest))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
