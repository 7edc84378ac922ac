package notification

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"croft/objectstore"
)

// settleTime is how long after a notice the store is not asked again for queues: many
// writes need one look.
const settleTime = 20 * time.Millisecond

// Run delivers until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if !s.Available() {
		<-ctx.Done()
		return nil
	}
	var all sync.WaitGroup
	defer all.Wait()
	running := map[*queue]bool{}
	for again := time.Duration(0); ; {
		bell := s.store.Noticed()
		found, err := s.waitingQueues(ctx)
		if ctx.Err() != nil {
			return nil
		}
		again = 0
		if err != nil {
			s.log.WarnContext(ctx, "events could not be looked for; it is tried again", "error", err)
			again = s.config.FirstPause
		}
		for _, name := range found {
			q := s.discovered(name)
			if q != nil && !running[q] {
				running[q] = true
				all.Go(func() { q.run(ctx) })
			}
		}
		if !s.rest(ctx, bell, again) || !wait(ctx, nil, settleTime) {
			return nil
		}
	}
}

// rest waits for one of the bells or, when it is not 0, a time.
func (s *Service) rest(ctx context.Context, bell <-chan struct{}, most time.Duration) bool {
	either, done := make(chan struct{}), make(chan struct{})
	defer close(done)
	go func() {
		defer close(either)
		select {
		case <-bell:
		case <-s.bell:
		case <-done:
		}
	}()
	return wait(ctx, either, most)
}

// wait waits for the bell or, when it is not 0, a time. It reports whether ctx goes on.
func wait(ctx context.Context, bell <-chan struct{}, most time.Duration) bool {
	var over <-chan time.Time
	if most > 0 {
		t := time.NewTimer(most)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-bell:
	case <-over:
	}
	return true
}

// waitingQueues are the queues that hold something.
func (s *Service) waitingQueues(ctx context.Context) (queues []string, err error) {
	buckets, err := s.prefixes(ctx, "")
	for _, b := range buckets {
		if err != nil {
			break
		}
		var some []string
		some, err = s.prefixes(ctx, b)
		for _, q := range some {
			queues = append(queues, strings.TrimSuffix(q, "/"))
		}
	}
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		err = nil // nobody has rules
	}
	return queues, err
}

// prefixes are the common prefixes below one.
func (s *Service) prefixes(ctx context.Context, under string) (all []string, err error) {
	r := objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: under, Delimiter: "/"}
	for {
		page, err := s.store.List(ctx, r)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Prefixes...)
		if !page.Truncated {
			return all, nil
		}
		r.After = page.Next
	}
}

// discovered returns the queue of a name and wakes it. A name that no queue can have is
// of a newer Croft; it is left alone.
func (s *Service) discovered(name string) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[name]
	if q == nil {
		bucket, target, err := parseQueue(name)
		if err != nil {
			return nil
		}
		q = newQueue(s, name, bucket, target)
		s.queues[name] = q
	}
	q.ring()
	return q
}
