package lifecycle

import (
	"context"
	"errors"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// plan is when a bucket with rules is to be looked through.
type plan struct {
	bucket  string
	created time.Time // of the bucket
	text    string    // of its rules
	due     time.Time
	began   time.Time
	round   *round // that has begun; nil between rounds
}

// Run looks through the buckets that have rules until ctx ends. Without any it waits
// for some, and neither reads nor writes.
func (s *Service) Run(ctx context.Context) error {
	if s.source == nil {
		<-ctx.Done()
		return nil
	}
	ctx = objectstore.WithOrigin(ctx, &objectstore.Origin{Lifecycle: true})
	plans, first := map[string]*plan{}, s.config.FirstAfter
	for ctx.Err() == nil {
		next, err := s.next(ctx, plans, first)
		first = s.config.Soon
		switch {
		case err != nil:
			s.log.Warn("lifecycle rules cannot be looked for", "error", err)
			s.wait(ctx, s.config.Every)
		case next == nil:
			s.wait(ctx, 0)
		case time.Now().Before(next.due):
			s.wait(ctx, time.Until(next.due))
		default:
			s.work(ctx, next)
		}
	}
	return nil
}

// wait waits for a time, 0 is for ever, or until rules change.
func (s *Service) wait(ctx context.Context, d time.Duration) {
	s.stirred()
	var over <-chan time.Time
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-over:
	case <-s.changed:
	}
}

// next brings the plans up to date and returns what is due first, nil when no bucket
// has rules. New rules are due after some time.
func (s *Service) next(ctx context.Context, plans map[string]*plan, after time.Duration) (first *plan, err error) {
	buckets, err := s.source.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	here := make(map[string]bool, len(buckets))
	for i := range buckets {
		b := &buckets[i]
		here[b.Name] = true
		text := b.Documents[DocumentName]
		p := plans[b.Name]
		if p != nil && !p.created.Equal(b.CreatedAt) { // another bucket of this name
			s.forget(b.Name)
			p = nil
		}
		if text == "" {
			if p != nil {
				delete(plans, b.Name)
				s.forget(b.Name)
			}
			continue
		}
		if p == nil || p.text != text {
			p = &plan{bucket: b.Name, created: b.CreatedAt, text: text, due: time.Now().Add(after)}
			plans[b.Name] = p
			s.tallyOf(b.Name).change(func(st *Status) { st.Next, st.Running = p.due, false })
		}
		if first == nil || p.due.Before(first.due) {
			first = p
		}
	}
	for name := range plans {
		if !here[name] {
			delete(plans, name)
			s.forget(name)
		}
	}
	return first, nil
}

// work goes on with a bucket for one turn, so that others get theirs.
func (s *Service) work(ctx context.Context, p *plan) {
	t := s.tallyOf(p.bucket)
	if p.round == nil {
		p.began = time.Now()
		p.round = s.newRound(p)
		t.change(func(st *Status) {
			st.Began, st.Ended, st.Next, st.Running = p.began, time.Time{}, time.Time{}, true
			st.Looked, st.Locked = 0, 0
		})
	}
	done, err := p.round.run(ctx, time.Now().Add(s.config.turn))
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errStale), errors.Is(err, objectstore.ErrBucketNotFound):
		// The plans are brought up to date next, and this one with them.
		p.round, p.due, p.text = nil, time.Now().Add(s.config.Soon), ""
		t.change(func(st *Status) { st.Running = false })
	case err != nil:
		s.log.Warn("a bucket cannot be looked through for its lifecycle rules", "bucket", p.bucket, "error", err)
		p.round.failed("", err)
		s.finish(p, t)
	case done:
		s.finish(p, t)
	default:
		p.due = time.Now() // behind whoever waits longer
	}
}

// finish ends a round. The next begins an hour after this one did, and not before as
// long has passed as it took.
func (s *Service) finish(p *plan, t *tally) {
	now := time.Now()
	p.due = p.began.Add(s.config.Every)
	if earliest := now.Add(now.Sub(p.began)); p.due.Before(earliest) {
		p.due = earliest
	}
	failed := p.round.anyFailed()
	p.round = nil
	t.change(func(st *Status) {
		st.Ended, st.Next, st.Running = now, p.due, false
		if !failed {
			st.Problem, st.ProblemKey = errs.Problem{}, ""
		}
	})
	s.stirred()
}
