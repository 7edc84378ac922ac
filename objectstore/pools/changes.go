package pools

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"croft/objectstore"
)

// Every set remembers the changes of its keys. Their positions rise together, since
// the sets count together, so that the backlogs merge into one.

// Follow implements objectstore.ChangeFeed. One set that does not know the follower
// is enough for the bucket to be looked through again.
func (s *Store) Follow(ctx context.Context, f objectstore.Follower) (bookmark []byte, err error) {
	if err := s.buckets.ready(ctx, f.Bucket); err != nil {
		return nil, err
	}
	known := true
	a := s.now.Load()
	for _, set := range a.sets {
		b, err := set.Follow(ctx, f)
		if err != nil {
			return nil, err
		}
		known = known && len(b) > 0
		if set == a.first {
			bookmark = b
		}
	}
	if !known {
		return nil, nil
	}
	return bookmark, nil
}

// Followers implements objectstore.ChangeFeed. They are those that every set knows.
func (s *Store) Followers(ctx context.Context) (all []objectstore.Follower, err error) {
	for i, set := range s.sets() {
		have, err := set.Followers(ctx)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			all = have
			continue
		}
		all = slices.DeleteFunc(all, func(f objectstore.Follower) bool { return !slices.Contains(have, f) })
	}
	return all, nil
}

// Unfollow implements objectstore.ChangeFeed.
func (s *Store) Unfollow(ctx context.Context, follower string) error {
	var failures []error
	for _, set := range s.sets() {
		failures = append(failures, set.Unfollow(ctx, follower))
	}
	return errors.Join(failures...)
}

// Changes implements objectstore.ChangeFeed.
func (s *Store) Changes(ctx context.Context, r objectstore.ChangesRequest) (page []objectstore.Change, err error) {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	for _, set := range s.sets() {
		some, err := set.Changes(ctx, r)
		if err != nil {
			return nil, err
		}
		page = append(page, some...)
	}
	slices.SortStableFunc(page, func(a, b objectstore.Change) int { return cmp.Compare(a.Position, b.Position) })
	return page[:min(len(page), limitOf(r.Limit))], nil
}

// Settle implements objectstore.ChangeFeed. A change is in one backlog; the others
// have none of its position.
func (s *Store) Settle(ctx context.Context, follower string, done []objectstore.Change) error {
	var failures []error
	for _, set := range s.sets() {
		failures = append(failures, set.Settle(ctx, follower, done))
	}
	return errors.Join(failures...)
}

// Recall implements objectstore.ChangeFeed. The bookmark of the first set, which
// Follow returns, comes last: when it is there all sets have what it stands for.
func (s *Store) Recall(ctx context.Context, follower string, what []objectstore.Recalled, bookmark []byte) error {
	followers, err := s.Followers(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(followers, func(f objectstore.Follower) bool { return f.Name == follower })
	if i < 0 {
		return objectstore.ErrNotFollowed
	}
	shares := make(map[*set][]objectstore.Recalled)
	for _, r := range what {
		in, release, err := s.claims.take(ctx, name{followers[i].Bucket, r.Key})
		if err != nil {
			return err
		}
		defer release()
		shares[in] = append(shares[in], r)
	}
	a := s.now.Load()
	for _, set := range a.sets {
		if set != a.first {
			if err := set.Recall(ctx, follower, shares[set], bookmark); err != nil {
				return err
			}
		}
	}
	return a.first.Recall(ctx, follower, shares[a.first], bookmark)
}

// Backlog implements objectstore.ChangeFeed.
func (s *Store) Backlog(ctx context.Context, follower string) (sum objectstore.Backlog, err error) {
	for _, set := range s.sets() {
		b, err := set.Backlog(ctx, follower)
		if err != nil {
			return objectstore.Backlog{}, err
		}
		sum.Changes += b.Changes
		sum.Bytes += b.Bytes
		if sum.Oldest.IsZero() || !b.Oldest.IsZero() && b.Oldest.Before(sum.Oldest) {
			sum.Oldest = b.Oldest
		}
	}
	return sum, nil
}

// Changed implements objectstore.ChangeFeed.
func (s *Store) Changed() <-chan struct{} {
	sets := s.sets()
	if len(sets) == 1 {
		return sets[0].Changed()
	}
	return s.bell.wait(sets, (*set).changes)
}

func (s *set) changes() <-chan struct{} { return s.Changed() }

// bell joins one bell of each set. One goroutine a set listens while anybody waits.
type bell struct {
	listening sync.WaitGroup

	mu     sync.Mutex    // guards the following 3 fields
	waited chan struct{} // nil while nobody waits
	silent chan struct{} // ends the listening for waited
	ended  bool          // the store is closed
}

func (b *bell) wait(sets []*set, of func(*set) <-chan struct{}) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waited != nil {
		return b.waited
	}
	waited, silent := make(chan struct{}), make(chan struct{})
	if b.ended {
		return waited
	}
	b.waited, b.silent = waited, silent
	ring := sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.waited = nil
		close(waited)
	})
	for _, set := range sets {
		changed := of(set)
		b.listening.Go(func() {
			select {
			case <-changed:
				ring()
			case <-waited:
			case <-silent:
			}
		})
	}
	return waited
}

// close ends the listening.
func (b *bell) close() {
	b.mu.Lock()
	if !b.ended && b.silent != nil {
		close(b.silent)
	}
	b.ended = true
	b.mu.Unlock()
	b.listening.Wait()
}
