package pools

import (
	"context"

	"croft/objectstore"
)

// Usage implements objectstore.UsageReporter.
func (s *Store) Usage(ctx context.Context, bucket string) (sum objectstore.Usage, err error) {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	for _, set := range s.sets() {
		u, err := set.Usage(ctx, bucket)
		if err != nil {
			return objectstore.Usage{}, err
		}
		sum.Objects += u.Objects
		sum.Versions += u.Versions
		sum.Bytes += u.Bytes
		sum.Unfinished += u.Unfinished
	}
	return sum, nil
}
