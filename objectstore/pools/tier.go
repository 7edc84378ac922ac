package pools

import (
	"context"

	"croft/objectstore"
)

// Transition implements objectstore.Tierer.
func (s *Store) Transition(ctx context.Context, r objectstore.TransitionRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Object, error) { return in.Transition(ctx, r) })
}

// Restore implements objectstore.Restorer.
func (s *Store) Restore(ctx context.Context, r objectstore.RestoreRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Object, error) { return in.Restore(ctx, r) })
}

// CancelRestore implements objectstore.Restorer.
func (s *Store) CancelRestore(ctx context.Context, ref objectstore.VersionRef) (objectstore.Object, error) {
	return write(ctx, s, ref.Bucket, ref.Key, func(in *set) (objectstore.Object, error) { return in.CancelRestore(ctx, ref) })
}

// TierUsage implements objectstore.Tierer: the sum of all sets. While a pool is being
// drained, what is on its way may be in it twice.
func (s *Store) TierUsage(ctx context.Context) (map[string]objectstore.TierUsage, error) {
	sum := make(map[string]objectstore.TierUsage)
	for _, set := range s.now.Load().given {
		all, err := set.TierUsage(ctx)
		if err != nil {
			return nil, err
		}
		for name, u := range all {
			was := sum[name]
			sum[name] = objectstore.TierUsage{Bodies: was.Bodies + u.Bodies, Bytes: was.Bytes + u.Bytes, Removing: was.Removing + u.Removing}
		}
	}
	return sum, nil
}
