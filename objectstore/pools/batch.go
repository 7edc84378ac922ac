package pools

import (
	"context"
	"sync"
)

// DeleteAll implements objectstore.BatchDeleter: the sets delete side by side, each
// its keys in one batch.
func (s *Store) DeleteAll(ctx context.Context, bucket string, keys []string) []error {
	failures := make([]error, len(keys))
	if err := s.buckets.ready(ctx, bucket); err != nil {
		for i := range failures {
			failures[i] = err
		}
		return failures
	}
	type share struct {
		keys []string
		of   []int
	}
	shares := make(map[*set]*share)
	for i, key := range keys {
		in, release, err := s.claims.take(ctx, name{bucket, key})
		if err != nil {
			failures[i] = err
			continue
		}
		defer release()
		x := shares[in]
		if x == nil {
			x = new(share)
			shares[in] = x
		}
		x.keys, x.of = append(x.keys, key), append(x.of, i)
	}
	var all sync.WaitGroup
	for in, x := range shares {
		all.Go(func() {
			for i, err := range in.DeleteAll(ctx, bucket, x.keys) {
				failures[x.of[i]] = err
			}
		})
	}
	all.Wait()
	return failures
}
