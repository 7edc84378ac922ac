package notification

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// Status is how a target of a bucket is. Counts are since the start.
type Status struct {
	Queue   string // names what waits, to Retry and Discard
	Bucket  string
	Gone    bool // the bucket was deleted; one of that name may be there again
	Target  Target
	Waiting int  // events
	More    bool // that many and more
	Oldest  time.Time
	Ruled   bool // a rule names the target
	// Unreadable are events that were put aside because they say nothing that can be understood.
	Unreadable int

	Delivered     int64
	LastDelivered time.Time
	Failures      int64
	// Problem is the last failure that nothing has succeeded after. ProblemKey is the object
	// whose event was refused; empty when it is the target that is not well.
	Problem    errs.Problem
	ProblemKey string
	NextTry    time.Time // zero unless the target is left alone until then
	Busy       bool      // the target is well and takes no more at once
}

// took notes events that were delivered; key is that of a single one.
func (st *Status) took(count int64, key string) {
	st.Delivered += count
	st.LastDelivered = time.Now()
	if st.ProblemKey == "" || st.ProblemKey == key {
		st.Problem, st.ProblemKey = errs.Problem{}, ""
	}
	st.NextTry, st.Busy = time.Time{}, false
}

// failed notes a failure; key is that of an event which was refused.
func (st *Status) failed(err error, key string) {
	st.Failures++
	st.Problem.Code, st.Problem.Message = errs.Public(err)
	st.ProblemKey, st.Busy = key, false
}

// countTo is up to how many events are counted that wait.
const countTo = 10_000

// Statuses returns how the targets of a bucket are, those without a rule too if something
// waits for them, in order of ARN. What waits of a bucket that had the name before is not
// among it.
func (s *Service) Statuses(ctx context.Context, bucket string) ([]Status, error) {
	rules, err := s.Get(ctx, bucket)
	if err != nil || !s.Available() {
		return nil, err
	}
	id, err := s.store.BucketID(bucket)
	if err != nil {
		return nil, err
	}
	places, err := s.places(ctx, bucket)
	if err != nil {
		return nil, err
	}
	places = slices.DeleteFunc(places, func(p place) bool { return p.ID != "" && p.ID != id })
	ruled := rules.targets()
	for _, t := range ruled {
		places = append(places, place{Bucket: bucket, ID: id, Target: t})
	}
	all, err := s.statuses(ctx, places)
	for i := range all {
		all[i].Ruled = slices.Contains(ruled, all[i].Target)
	}
	return all, err
}

// Queues returns where events wait or were put aside, of all buckets, also of those that are gone.
func (s *Service) Queues(ctx context.Context) ([]Status, error) {
	if !s.Available() {
		return nil, nil
	}
	places, err := s.places(ctx, "")
	if err != nil {
		return nil, err
	}
	all, err := s.statuses(ctx, places)
	return slices.DeleteFunc(all, func(st Status) bool { return st.Waiting == 0 && st.Unreadable == 0 }), err
}

// statuses are how the queues are that these places belong to, each once.
func (s *Service) statuses(ctx context.Context, places []place) (all []Status, err error) {
	seen := map[place]bool{}
	for _, p := range places {
		if p = p.on(""); seen[p] {
			continue
		}
		seen[p] = true
		st, err := s.status(ctx, p)
		if err != nil {
			return nil, err
		}
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Target.ARN(), b.Target.ARN()), cmp.Compare(a.Queue, b.Queue))
	})
	return all, nil
}

func (s *Service) status(ctx context.Context, p place) (st Status, err error) {
	s.mu.Lock()
	q := s.queues[p]
	s.mu.Unlock()
	if q != nil {
		q.mu.Lock()
		st = q.status
		q.mu.Unlock()
	}
	st.Queue, st.Bucket, st.Target = p.String(), p.Bucket, p.Target
	if st.Gone, err = s.gone(p); err != nil {
		return st, err
	}
	if st.Waiting, st.More, st.Oldest, err = s.count(ctx, p); err != nil {
		return st, err
	}
	st.Unreadable, _, _, err = s.count(ctx, p.on(unreadable))
	return st, err
}

// count is how many notices are in a place, up to countTo or a little more.
func (s *Service) count(ctx context.Context, p place) (count int, more bool, oldest time.Time, err error) {
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: p.String() + "/"}
	for {
		page, err := s.store.List(ctx, r)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return count, false, oldest, nil
		}
		if err != nil {
			return count, more, oldest, err
		}
		if count == 0 && len(page.Objects) > 0 {
			oldest = page.Objects[0].ModifiedAt
		}
		count += len(page.Objects)
		if !page.Truncated || count >= countTo {
			return count, page.Truncated, oldest, nil
		}
		r.After = page.Next
	}
}

// ofTarget are the places where events of a bucket wait for a target; those of a bucket
// that had the name before are not among them.
func (s *Service) ofTarget(bucket, arn string) ([]place, error) {
	if !s.Available() {
		return nil, ErrUnavailable
	}
	t, err := ParseTarget(arn)
	if err != nil {
		return nil, err
	}
	id, err := s.store.BucketID(bucket)
	return []place{{Bucket: bucket, ID: id, Target: t}, {Bucket: bucket, Target: t}}, err
}

// Retry has a target of a bucket tried now, however long it was to be left alone.
func (s *Service) Retry(_ context.Context, bucket, arn string) error {
	places, err := s.ofTarget(bucket, arn)
	if err != nil {
		return err
	}
	for _, p := range places {
		s.hurry(p)
	}
	return nil
}

// RetryQueue is Retry with what Status names the queue.
func (s *Service) RetryQueue(_ context.Context, queue string) error {
	p, err := s.place(queue)
	if err == nil {
		s.hurry(p)
	}
	return err
}

// place reads the name of a queue that a caller gave.
func (s *Service) place(queue string) (p place, err error) {
	if !s.Available() {
		return p, ErrUnavailable
	}
	if p, err = parsePlace(queue); err == nil && p.Shelf != "" {
		err = ErrQueueNotFound
	}
	return p, err
}

func (s *Service) hurry(p place) {
	s.mu.Lock()
	q := s.queues[p]
	s.mu.Unlock()
	if q == nil {
		return // nothing ever waited
	}
	q.mu.Lock()
	q.hurry = true
	q.mu.Unlock()
	q.ring()
}

// Discard forgets what waits in a bucket for a target and what was put aside of it, and
// returns how many events that were. Nothing else ever drops one.
func (s *Service) Discard(ctx context.Context, bucket, arn string) (count int, err error) {
	places, err := s.ofTarget(bucket, arn)
	if err != nil {
		return 0, err
	}
	for _, p := range places {
		n, err := s.discard(ctx, p)
		if count += n; err != nil {
			return count, err
		}
	}
	return count, nil
}

// DiscardQueue is Discard with what Status names the queue: also of buckets that are gone.
func (s *Service) DiscardQueue(ctx context.Context, queue string) (int, error) {
	p, err := s.place(queue)
	if err != nil {
		return 0, err
	}
	return s.discard(ctx, p)
}

// discard empties a queue and its shelves.
func (s *Service) discard(ctx context.Context, p place) (count int, err error) {
	if _, err := s.empty(ctx, p.on(summing)); err != nil { // else what is left would count as told
		return 0, err
	}
	for _, p := range []place{p, p.on(unreadable)} {
		n, err := s.empty(ctx, p)
		if count += n; err != nil {
			return count, err
		}
	}
	s.mu.Lock()
	q := s.queues[p]
	s.mu.Unlock()
	if q != nil {
		q.note(func(st *Status) { st.Problem, st.ProblemKey, st.NextTry = errs.Problem{}, "", time.Time{} })
		s.hurry(p)
	}
	return count, nil
}

// empty forgets what is in a place.
func (s *Service) empty(ctx context.Context, p place) (count int, err error) {
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: p.String() + "/"}
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
