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
			if q := s.discovered(name); q != nil {
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
func (s *Service) waitingQueues(ctx context.Context) (queues []place, err error) {
	all, err := s.places(ctx, "")
	for _, p := range all {
		if p.Shelf == "" {
			queues = append(queues, p)
		}
	}
	return queues, err
}

// places are the queues, and the shelves beside them, of a bucket or of all that hold
// something. Names of a newer Croft are left out.
func (s *Service) places(ctx context.Context, bucket string) (all []place, err error) {
	buckets := []string{bucket + "/"}
	if bucket == "" {
		buckets, err = s.prefixes(ctx, "")
	}
	for _, b := range buckets {
		if err != nil {
			break
		}
		var names []string
		names, err = s.prefixes(ctx, b)
		for _, name := range names {
			if p, err := parsePlace(strings.TrimSuffix(name, "/")); err == nil {
				all = append(all, p)
			}
		}
	}
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		err = nil // nobody has rules
	}
	return all, err
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

// discovered wakes a queue, and returns it if nobody delivers from it yet.
func (s *Service) discovered(at place) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[at]
	if q == nil {
		q = newQueue(s, at)
		s.queues[at] = q
	}
	q.ring()
	if q.running {
		return nil
	}
	q.running = true
	return q
}

// forget lets go of a queue whose bucket is gone and that was found empty since.
func (s *Service) forget(q *queue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.queues, q.place)
}

// gone reports whether the bucket of a queue was deleted. Of one without an ID it is
// believed that it is the bucket there is.
func (s *Service) gone(p place) (bool, error) {
	id, err := s.store.BucketID(p.Bucket)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		return true, nil
	}
	return err == nil && p.ID != "" && p.ID != id, err
}
