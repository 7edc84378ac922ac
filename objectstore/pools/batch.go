package pools

import (
	"context"
	"sync"

	"croft/objectstore"
)

// DeleteAll implements objectstore.BatchDeleter.
func (s *Store) DeleteAll(ctx context.Context, bucket string, keys []string) []error {
	requests := make([]objectstore.DeleteRequest, len(keys))
	for i, key := range keys {
		requests[i].Key = key
	}
	failures := make([]error, len(keys))
	for i, end := range s.DeleteVersions(ctx, bucket, requests) {
		failures[i] = end.Err
	}
	return failures
}

// DeleteVersions implements objectstore.BatchVersionDeleter: the sets delete side by
// side, each its keys in one batch.
func (s *Store) DeleteVersions(ctx context.Context, bucket string, requests []objectstore.DeleteRequest) []objectstore.Deletion {
	ends := make([]objectstore.Deletion, len(requests))
	if err := s.buckets.ready(ctx, bucket); err != nil {
		for i := range ends {
			ends[i].Err = err
		}
		return ends
	}
	type share struct {
		requests []objectstore.DeleteRequest
		of       []int
	}
	shares := make(map[*set]*share)
	for i, r := range requests {
		in, release, err := s.claims.take(ctx, name{bucket, r.Key})
		if err != nil {
			ends[i].Err = err
			continue
		}
		defer release()
		x := shares[in]
		if x == nil {
			x = new(share)
			shares[in] = x
		}
		x.requests, x.of = append(x.requests, r), append(x.of, i)
	}
	var all sync.WaitGroup
	for in, x := range shares {
		all.Go(func() {
			for i, end := range in.DeleteVersions(ctx, bucket, x.requests) {
				ends[x.of[i]] = end
			}
		})
	}
	all.Wait()
	return ends
}
