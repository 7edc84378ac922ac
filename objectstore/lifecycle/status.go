package lifecycle

import (
	"context"
	"sync"
	"time"

	"croft/internal/errs"
)

// Counts are what was done in a bucket.
type Counts struct {
	Expired      int64 // objects that were deleted, for good or under a marker
	ExpiredBytes int64
	Removed      int64 // noncurrent versions
	RemovedBytes int64
	Markers      int64 // delete markers that hid nothing
	Moved        int64 // versions, to tiers
	MovedBytes   int64
	Aborted      int64 // uploads
}

// Status is how a bucket with rules is. Counts are since the start.
type Status struct {
	Began   time.Time // of the last round; zero when there was none
	Ended   time.Time // zero while it runs
	Next    time.Time // about when the next begins; zero when none is to
	Running bool
	Looked  int64 // versions that the last round looked at
	Locked  int64 // of them, that a lock kept

	Counts
	Failures int64
	// Problem is the last failure of the last round, and ProblemKey the object it was
	// about; empty when it is the bucket's or a tier's.
	Problem    errs.Problem
	ProblemKey string
}

// tally is a bucket's status while it changes.
type tally struct {
	mu sync.Mutex // guards is
	is Status
}

func (t *tally) change(f func(*Status)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.is)
}

func (t *tally) read() Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.is
}

// tallyOf returns a bucket's tally.
func (s *Service) tallyOf(bucket string) *tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[bucket]
	if t == nil {
		t = &tally{}
		s.tallies[bucket] = t
	}
	return t
}

// forget ends what is known of a bucket that is gone.
func (s *Service) forget(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tallies, bucket)
	delete(s.parsed, bucket)
}

// Status returns how a bucket is. It is cheap.
func (s *Service) Status(_ context.Context, bucket string) Status {
	s.mu.Lock()
	t := s.tallies[bucket]
	s.mu.Unlock()
	if t == nil {
		return Status{}
	}
	return t.read()
}
