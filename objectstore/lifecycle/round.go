package lifecycle

import (
	"context"
	"errors"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// tierTries is how often in a row a tier may fail in a round before it is left alone
// until the next.
const tierTries = 5

var (
	// errStale ends a round whose rules, or whose bucket, are no more.
	errStale = errors.New("the rules changed")
	// errChanged keeps what is not as it was judged.
	errChanged = errors.New("the version changed")
)

// round is one look through a bucket. Between two turns it keeps where it is.
type round struct {
	s       *Service
	plan    *plan
	rules   Rules
	err     error // why the rules cannot be read
	tally   *tally
	beat    metronome
	stretch []stretch // that are left

	// afterKey and afterID are where the first stretch goes on.
	afterKey, afterID string
	track             tracker

	mu     sync.Mutex     // guards the following 2 fields
	fails  bool           // something failed
	tiers  map[string]int // failures in a row
	jobs   sync.WaitGroup
	places chan struct{}
}

// stretch is the versions or the uploads of keys that begin alike.
type stretch struct {
	prefix  string
	uploads bool
}

func (s *Service) newRound(p *plan) *round {
	r := &round{
		s: s, plan: p, tally: s.tallyOf(p.bucket), tiers: map[string]int{},
		beat: metronome{between: time.Second / time.Duration(s.config.Pace.Rate)}, places: make(chan struct{}, s.config.Pace.Parallel),
	}
	r.rules, r.err = s.Rules(&objectstore.Bucket{Name: p.bucket, Documents: map[string]string{DocumentName: p.text}})
	for _, prefix := range r.rules.prefixes((*Rule).aboutVersions) {
		r.stretch = append(r.stretch, stretch{prefix: prefix})
	}
	for _, prefix := range r.rules.prefixes((*Rule).aboutUploads) {
		r.stretch = append(r.stretch, stretch{prefix: prefix, uploads: true})
	}
	return r
}

// run goes on until a time, and reports whether it came to the end.
func (r *round) run(ctx context.Context, until time.Time) (done bool, err error) {
	defer r.jobs.Wait()
	if r.err != nil {
		return true, r.err
	}
	for len(r.stretch) > 0 {
		look := r.versions
		if r.stretch[0].uploads {
			look = r.uploads
		}
		more, err := look(ctx, r.stretch[0].prefix)
		r.jobs.Wait() // a page is in memory no longer than it is worked on
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return false, err
		}
		if !more {
			r.stretch, r.afterKey, r.afterID = r.stretch[1:], "", ""
		}
		if len(r.stretch) > 0 && time.Now().After(until) {
			return false, nil
		}
	}
	return true, nil
}

// versions looks at the next page of versions.
func (r *round) versions(ctx context.Context, prefix string) (more bool, err error) {
	began := time.Now()
	page, err := r.s.source.ListVersions(ctx, objectstore.ListVersionsRequest{
		Bucket: r.plan.bucket, Prefix: prefix, AfterKey: r.afterKey, AfterID: r.afterID, Limit: r.s.config.page,
	})
	if err != nil {
		return false, err
	}
	took := time.Since(began)
	bucket, err := r.current(ctx)
	if err != nil {
		return false, err
	}
	r.tally.change(func(st *Status) { st.Looked += int64(len(page.Versions)) })
	for _, o := range page.Versions {
		if v, whole := r.track.add(o); whole {
			if err := r.judge(ctx, v, bucket.Versioning); err != nil {
				return false, err
			}
		}
	}
	if !page.Truncated {
		if v, whole := r.track.end(); whole {
			err = r.judge(ctx, v, bucket.Versioning)
		}
	}
	r.afterKey, r.afterID = page.NextKey, page.NextID
	r.s.config.Pace.rest(ctx, took)
	return page.Truncated, err
}

// current returns the bucket, unless it or its rules are not what the round is about.
func (r *round) current(ctx context.Context) (objectstore.Bucket, error) {
	b, err := r.s.source.Bucket(ctx, r.plan.bucket)
	if err == nil && (!b.CreatedAt.Equal(r.plan.created) || b.Documents[DocumentName] != r.plan.text) {
		err = errStale
	}
	return b, err
}

// judge has done what is to become of a version, if anything is.
func (r *round) judge(ctx context.Context, v Version, versioning objectstore.Versioning) error {
	is := r.rules.Judge(&v, versioning, r.s.config.Now())
	if is.Kind == Keep {
		return nil
	}
	forGood := is.Kind == Remove || is.Kind == Expire && versioning == objectstore.VersioningOff
	if l := v.Attributes.Lock; forGood && (l.Hold || l.Active(time.Now())) {
		r.tally.change(func(st *Status) { st.Locked++ })
		return nil
	}
	if is.Kind == Move && r.resting(is.Tier) {
		if is = r.unmoved(&v, is.Tier, versioning); is.Kind == Keep {
			return nil
		}
	}
	return r.start(ctx, func() { r.act(ctx, v, is, versioning) })
}

// start does something beside what is under way, in its time and place.
func (r *round) start(ctx context.Context, do func()) error {
	if err := r.beat.wait(ctx); err != nil {
		return err
	}
	if _, err := r.current(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case r.places <- struct{}{}:
	}
	r.jobs.Go(func() {
		defer func() { <-r.places }()
		began := time.Now()
		do()
		r.s.config.Pace.rest(ctx, time.Since(began))
	})
	return nil
}

// uploads looks at the next page of uploads.
func (r *round) uploads(ctx context.Context, prefix string) (more bool, err error) {
	began := time.Now()
	page, err := r.s.source.ListUploads(ctx, objectstore.ListUploadsRequest{
		Bucket: r.plan.bucket, Prefix: prefix, AfterKey: r.afterKey, AfterID: r.afterID, Limit: r.s.config.page,
	})
	if err != nil {
		return false, err
	}
	took := time.Since(began)
	for _, u := range page.Uploads {
		at, _, aborts := r.rules.Abort(u.Key, u.StartedAt)
		if !aborts || r.s.config.Now().Before(at) {
			continue
		}
		if err := r.start(ctx, func() { r.abort(ctx, u) }); err != nil {
			return false, err
		}
	}
	r.afterKey, r.afterID = page.NextKey, page.NextID
	r.s.config.Pace.rest(ctx, took)
	return page.Truncated, nil
}

// failed notes that something could not be done.
func (r *round) failed(key string, err error) {
	r.mu.Lock()
	r.fails = true
	r.mu.Unlock()
	r.tally.change(func(st *Status) {
		st.Failures++
		st.Problem, st.ProblemKey = errs.ProblemOf(err), key
	})
}

func (r *round) anyFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fails
}

// resting reports whether a tier failed so often that it is left alone.
func (r *round) resting(tier string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tiers[tier] >= tierTries
}

// answered notes whether a tier failed.
func (r *round) answered(tier string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.tiers[tier] = 0
	case errors.Is(err, objectstore.ErrTierUnavailable), errors.Is(err, objectstore.ErrTierNotFound):
		r.tiers[tier]++
	}
}
