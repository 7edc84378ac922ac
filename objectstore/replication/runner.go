package replication

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// runner copies for one rule.
type runner struct {
	svc    *Service
	rule   Rule
	target remote.Target
	origin string // of the marks of its copies
	// unopened is why the target's secret key is not known.
	unopened error
	meter    meter

	bookmark atomic.Pointer[bookmark]
	wake     chan struct{} // has room for one: something else is to be done now
	stopped  chan struct{} // closed when run returned

	mu      sync.Mutex // guards the following 4 fields
	paused  bool
	ended   bool
	running bool
	stop    context.CancelFunc // of the work under way

	// What follows is used by work alone, and by send through begun.
	client  *remote.Client
	failing map[string]*failure // by key

	stuck sync.Map // the keys of failing, for others to see

	begunMu sync.Mutex        // guards the following field
	begun   map[string]upload // by key; uploads at the target that were begun
}

// failure is why a key's change could not be copied.
type failure struct {
	err   error
	tries int
	next  time.Time
}

func newRunner(s *Service, rule Rule, target remote.Target) *runner {
	return &runner{
		svc: s, rule: rule, target: target, origin: digest(s.config.Deployment, rule.Bucket), paused: rule.Paused,
		wake: make(chan struct{}, 1), stopped: make(chan struct{}), failing: map[string]*failure{},
	}
}

func (r *runner) follower() objectstore.Follower {
	return objectstore.Follower{Name: followerOf(r.rule.ID), Bucket: r.rule.Bucket, Prefix: r.rule.Prefix}
}

// run works until ctx or the rule ends. Whatever fails is tried again.
func (r *runner) run(ctx context.Context) {
	r.mu.Lock()
	r.running = true
	r.mu.Unlock()
	defer close(r.stopped)
	pause := r.svc.config.FirstPause
	for ctx.Err() == nil {
		workCtx, may := r.mayWork(ctx)
		if workCtx == nil {
			return
		}
		if !may {
			r.rest(ctx, 0)
			continue
		}
		before := r.meter.read(time.Now())
		err := r.work(workCtx)
		after := r.meter.read(time.Now())
		if after.Sent+after.Deleted > before.Sent+before.Deleted {
			pause = r.svc.config.FirstPause
		}
		if workCtx.Err() != nil {
			pause = r.svc.config.FirstPause // paused, ended or stopped
			continue
		}
		if gone(err) && r.svc.bucketGone(ctx, r) {
			return
		}
		r.svc.log.Warn("replication waits", "bucket", r.rule.Bucket, "rule", r.rule.ID, "error", err)
		r.meter.change(func(st *Status) {
			st.Problem, st.ProblemKey, st.NextTry = errs.ProblemOf(err), "", time.Now().Add(pause).UTC()
			st.Failures++
		})
		r.svc.stirred()
		r.rest(ctx, pause)
		pause = min(2*pause, r.svc.config.LastPause)
	}
}

// mayWork returns the context of the next work and whether there is to be any now; no
// context when the rule has ended.
func (r *runner) mayWork(ctx context.Context) (work context.Context, may bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil, false
	}
	work, r.stop = context.WithCancel(ctx)
	return work, !r.paused
}

// rest waits until something else is to be done, at most for a while unless that is 0.
func (r *runner) rest(ctx context.Context, most time.Duration) {
	var over <-chan time.Time
	if most > 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-over:
	}
}

// interrupt ends the work under way, so that run looks what is to be done now.
func (r *runner) interrupt() {
	r.mu.Lock()
	if r.stop != nil {
		r.stop()
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *runner) setPaused(paused bool) {
	r.mu.Lock()
	r.paused = paused
	r.mu.Unlock()
	r.interrupt()
}

// end stops the runner for good and waits until it has.
func (r *runner) end() {
	r.mu.Lock()
	r.ended = true
	running := r.running
	r.mu.Unlock()
	r.interrupt()
	if running {
		<-r.stopped
	}
}

// bucketGone removes the rule of a bucket that is no more, and reports whether it is.
func (s *Service) bucketGone(ctx context.Context, r *runner) bool {
	is, err := s.source.Bucket(ctx, r.rule.Bucket)
	if err == nil && is.CreatedAt.Equal(r.rule.bucketCreatedAt) || err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) {
		return false
	}
	s.log.Info("bucket is gone, and its replication rule with it", "bucket", r.rule.Bucket, "rule", r.rule.ID)
	s.drop(r.rule.ID)
	err = s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", r.rule.ID).Delete(&ruleRow{}).Error; err != nil {
			return err
		}
		return tx.Where("bucket = ? AND bucket_created_at = ?", r.rule.Bucket, r.rule.bucketCreatedAt.UnixMilli()).Delete(&targetRow{}).Error
	})
	if err != nil {
		s.log.Warn("replication rule could not be removed; the next start does it", "rule", r.rule.ID, "error", err)
	}
	return true
}

// work copies until something stands in the way of everything.
func (r *runner) work(ctx context.Context) error {
	if r.unopened != nil {
		return r.unopened
	}
	client, err := remote.Dial(r.target)
	if err != nil {
		return err
	}
	defer client.Close()
	r.client = client
	if err := client.Reach(ctx, r.rule.TargetBucket); err != nil {
		return err
	}
	r.meter.change(func(st *Status) { st.NextTry = time.Time{} })
	if is, err := r.svc.source.Bucket(ctx, r.rule.Bucket); err != nil {
		return err
	} else if !is.CreatedAt.Equal(r.rule.bucketCreatedAt) { // another one of the same name
		return objectstore.ErrBucketNotFound
	}
	kept, err := r.svc.source.Follow(ctx, r.follower())
	if err != nil {
		return err
	}
	b, err := parseBookmark(kept)
	if err != nil {
		return err
	}
	if len(kept) == 0 { // the store remembers nothing: look through all
		if b, err = r.lookAgain(ctx); err != nil {
			return err
		}
	}
	r.bookmark.Store(b)
	if err := r.loadUploads(ctx); err != nil {
		return err
	}
	return newDispatcher(r).run(ctx)
}

// blame says whether an error stands in the way of everything (all), or only of one
// object.
func (r *runner) blame(ctx context.Context, err error) (all, one error) {
	var ours *sourceError
	switch {
	case ctx.Err() != nil:
		return ctx.Err(), nil
	case errors.Is(err, objectstore.ErrBucketNotFound), errors.Is(err, objectstore.ErrNotFollowed):
		return err, nil
	case errors.As(err, &ours):
		return nil, ours.error
	case remote.Code(err) == "NoSuchBucket":
		return errs.Newf(errs.NotFound, "target_bucket_missing",
			"There is no bucket %s at %s any more. Make it there again.", r.rule.TargetBucket, r.rule.Endpoint), nil
	}
	err = r.client.Explain(err)
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.StorageFull:
		return err, nil
	}
	// Whether it is the target's fault or the object's, the target says.
	if away := r.client.Reach(ctx, r.rule.TargetBucket); away != nil {
		return away, nil
	}
	if code := remote.Code(err); code != "" && errs.KindOf(err) == errs.Internal {
		err = errs.Wrap(err, errs.Invalid, "target_answer", r.rule.Endpoint+" refuses the object: "+code+".")
	}
	return nil, err
}

// sourceError is an error of our own store.
type sourceError struct{ error }

// Unwrap returns the store's error.
func (e *sourceError) Unwrap() error { return e.error }
