package pools

import (
	"context"
	"errors"

	"croft/objectstore"
)

// StartScrub implements objectstore.Maintainer. All sets are read side by side; those
// that are being read already go on.
func (s *Store) StartScrub(ctx context.Context) error {
	err := error(objectstore.ErrScrubRunning)
	for _, set := range s.now.Load().given {
		switch e := set.StartScrub(ctx); {
		case errors.Is(e, objectstore.ErrScrubRunning):
		case e != nil:
			return e
		default:
			err = nil
		}
	}
	return err
}

// StopScrub implements objectstore.Maintainer.
func (s *Store) StopScrub(ctx context.Context) error {
	var failures []error
	for _, set := range s.now.Load().given {
		failures = append(failures, set.StopScrub(ctx))
	}
	return errors.Join(failures...)
}

// ResetDrive implements objectstore.Maintainer.
func (s *Store) ResetDrive(ctx context.Context, id string) error {
	for _, set := range s.now.Load().given {
		if err := set.ResetDrive(ctx, id); !errors.Is(err, objectstore.ErrDriveNotFound) {
			return err
		}
	}
	return objectstore.ErrDriveNotFound
}
