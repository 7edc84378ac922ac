package pools

import (
	"context"
	"errors"
)

// A notice is in the set of the key that it tells of, not in the one that its own key
// would be in: it was written in one step with the change.

// SettleNotices implements objectstore.NoticeKeeper.
func (s *Store) SettleNotices(ctx context.Context, keys []string) error {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	var failures []error
	for _, set := range s.sets() {
		failures = append(failures, set.SettleNotices(ctx, keys))
	}
	return errors.Join(failures...)
}

// BucketID implements objectstore.NoticeKeeper. A bucket has one number in all sets.
func (s *Store) BucketID(name string) (string, error) { return s.now.Load().first.BucketID(name) }

// Noticed implements objectstore.NoticeKeeper.
func (s *Store) Noticed() <-chan struct{} {
	sets := s.sets()
	if len(sets) == 1 {
		return sets[0].Noticed()
	}
	return s.noticed.wait(sets, (*set).notices)
}

func (s *set) notices() <-chan struct{} { return s.Store.Noticed() }
