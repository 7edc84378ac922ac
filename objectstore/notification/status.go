package notification

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

// Status is how a target of a bucket is. Counts are since the start.
type Status struct {
	Target  Target
	Waiting int  // events
	More    bool // that many and more
	Oldest  time.Time
	Ruled   bool // a rule names the target

	Delivered     int64
	LastDelivered time.Time
	Failures      int64
	// Problem is the last failure that nothing has succeeded after, in words. ProblemKey is the
	// object whose event was refused; empty when it is the target that is not well.
	Problem    string
	ProblemKey string
	NextTry    time.Time // zero unless the target is left alone until then
}

// countTo is up to how many events are counted that wait.
const countTo = 10_000

// Statuses returns how the targets of a bucket are, those without a rule too if something
// waits for them, in order of ARN.
func (s *Service) Statuses(ctx context.Context, bucket string) ([]Status, error) {
	rules, err := s.Get(ctx, bucket)
	if err != nil {
		return nil, err
	}
	var all []Status
	for _, t := range rules.targets() {
		all = append(all, Status{Target: t, Ruled: true})
	}
	queues, err := s.prefixes(ctx, bucket+"/")
	if err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) {
		return nil, err
	}
	for _, q := range queues {
		_, t, err := parseQueue(strings.TrimSuffix(q, "/"))
		if err == nil && !slices.ContainsFunc(all, func(st Status) bool { return st.Target == t }) {
			all = append(all, Status{Target: t})
		}
	}
	for i := range all {
		if err := s.fill(ctx, bucket, &all[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b Status) int { return cmp.Compare(a.Target.ARN(), b.Target.ARN()) })
	return all, nil
}

// fill completes a status.
func (s *Service) fill(ctx context.Context, bucket string, st *Status) error {
	name := queueOf(bucket, st.Target)
	s.mu.Lock()
	q := s.queues[name]
	s.mu.Unlock()
	if q != nil {
		q.mu.Lock()
		is := q.status
		q.mu.Unlock()
		is.Target, is.Ruled = st.Target, st.Ruled
		*st = is
	}
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: name + "/"}
	for {
		page, err := s.store.List(ctx, r)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if st.Waiting == 0 && len(page.Objects) > 0 {
			st.Oldest = page.Objects[0].ModifiedAt
		}
		st.Waiting += len(page.Objects)
		st.More = page.Truncated
		if !page.Truncated || st.Waiting >= countTo {
			return nil
		}
		r.After = page.Next
	}
}

// Retry has a target tried now, however long it was to be left alone.
func (s *Service) Retry(_ context.Context, bucket, arn string) error {
	t, err := ParseTarget(arn)
	if err != nil {
		return err
	}
	s.mu.Lock()
	q := s.queues[queueOf(bucket, t)]
	s.mu.Unlock()
	if q == nil {
		return nil // nothing ever waited
	}
	q.mu.Lock()
	q.hurry = true
	q.mu.Unlock()
	q.ring()
	return nil
}

// Discard forgets what waits in a bucket for a target, and returns how many events that
// were. Nothing else ever drops one.
func (s *Service) Discard(ctx context.Context, bucket, arn string) (count int, err error) {
	if !s.Available() {
		return 0, ErrUnavailable
	}
	t, err := ParseTarget(arn)
	if err != nil {
		return 0, err
	}
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: queueOf(bucket, t) + "/"}
	for {
		page, err := s.store.List(ctx, r)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return count, nil
		}
		if err != nil {
			return count, err
		}
		keys := make([]string, len(page.Objects))
		for i := range page.Objects {
			keys[i] = page.Objects[i].Key
		}
		if len(keys) > 0 {
			if err := s.store.SettleNotices(ctx, keys); err != nil {
				return count, err
			}
		}
		if count += len(keys); !page.Truncated {
			return count, nil
		}
		r.After = page.Next
	}
}
