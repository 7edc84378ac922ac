package pools

import (
	"context"
	"errors"

	"croft/objectstore"
)

// StartReseal implements objectstore.Resealer. All sets are at it side by side; those
// that are at it already go on.
func (s *Store) StartReseal(ctx context.Context) error {
	err := error(objectstore.ErrResealRunning)
	for _, set := range s.now.Load().given {
		switch e := set.StartReseal(ctx); {
		case errors.Is(e, objectstore.ErrResealRunning):
		case e != nil:
			return e
		default:
			err = nil
		}
	}
	return err
}

// ResealProgress implements objectstore.Resealer: the sum of all sets.
func (s *Store) ResealProgress(ctx context.Context) (sum objectstore.ResealProgress, err error) {
	for i, set := range s.now.Load().given {
		p, err := set.ResealProgress(ctx)
		if err != nil {
			return objectstore.ResealProgress{}, err
		}
		if i == 0 {
			sum = p
			continue
		}
		sum = resealed(sum, p)
	}
	return sum, nil
}

// resealed is what is known of two sets that are at it, or were.
func resealed(a, b objectstore.ResealProgress) objectstore.ResealProgress {
	if a.StartedAt.IsZero() || !b.StartedAt.IsZero() && b.StartedAt.Before(a.StartedAt) {
		a.StartedAt = b.StartedAt
	}
	if b.FinishedAt.After(a.FinishedAt) {
		a.FinishedAt = b.FinishedAt
	}
	a.Running = a.Running || b.Running
	a.Checked += b.Checked
	a.Total += b.Total
	a.Resealed += b.Resealed
	a.Failed += b.Failed
	if a.Problem == "" {
		a.Problem = b.Problem
	}
	return a
}
