package erasure

import (
	"context"

	"croft/objectstore"
	"croft/objectstore/erasure/seglog"
)

// DeleteAll implements objectstore.BatchDeleter: the keys go in one batch.
func (s *Store) DeleteAll(ctx context.Context, bucketName string, keys []string) []error {
	requests := make([]objectstore.DeleteRequest, len(keys))
	for i, key := range keys {
		requests[i].Key = key
	}
	failures := make([]error, len(keys))
	for i, end := range s.DeleteVersions(ctx, bucketName, requests) {
		failures[i] = end.Err
	}
	return failures
}

// DeleteVersions implements objectstore.BatchVersionDeleter: requests that do not
// depend on each other go in one batch.
func (s *Store) DeleteVersions(ctx context.Context, bucketName string, requests []objectstore.DeleteRequest) []objectstore.Deletion {
	ends := make([]objectstore.Deletion, len(requests))
	failAll := func(err error) []objectstore.Deletion {
		for i := range ends {
			ends[i].Err = err
		}
		return ends
	}
	if err := s.begin(ctx); err != nil {
		return failAll(err)
	}
	defer s.inUse.Done()
	b, release, err := s.buckets.hold(bucketName)
	if err != nil {
		return failAll(err)
	}
	defer release()
	type same struct {
		key, id   string
		condition objectstore.Condition // and no Check
	}
	keys, left, first := make([]string, len(requests)), make([]int, 0, len(requests)), make(map[same]int, len(requests))
	of := make([]int, len(requests)) // the first request that is the same
	for i := range requests {
		r := &requests[i]
		keys[i], of[i] = r.Key, i
		if r.Check == nil {
			is := same{r.Key, r.ID, r.Condition}
			if at, again := first[is]; again {
				of[i] = at
				continue
			}
			first[is] = i
		}
		if ends[i].Err = objectstore.ValidateKey(r.Key); ends[i].Err == nil {
			left = append(left, i)
		}
	}
	defer s.keys.lockAll(b.ID, keys)()
	for len(left) > 0 {
		left = s.deleteSome(ctx, b, requests, left, ends)
	}
	for i := range ends {
		ends[i] = ends[of[i]]
	}
	return ends
}

// deleteSome deletes what those of the requests say that are left and do not depend
// on each other, and returns the others. Of one key those are independent that name
// versions; a marker and the null version take each other's place. The caller holds
// the keys' locks.
func (s *Store) deleteSome(ctx context.Context, b *bucket, requests []objectstore.DeleteRequest, left []int, ends []objectstore.Deletion) (rest []int) {
	var entries []seglog.Entry
	var of []int                              // the requests of the entries
	named := make(map[string]bool, len(left)) // whether all of a key name versions
	var told *telling
	defer func() { told.end() }()
	for _, i := range left {
		r := &requests[i]
		names := r.ID != "" && r.ID != objectstore.NullVersion
		if before, again := named[r.Key]; again && !(before && names) {
			named[r.Key] = false
			rest = append(rest, i)
			continue
		}
		named[r.Key] = names
		e, done, err := s.deletion(ctx, b, *r)
		ends[i] = objectstore.Deletion{Deleted: done, Err: err}
		if err != nil || e == nil {
			continue
		}
		if told, err = s.tellOfDeletion(ctx, told, b, e, done); err != nil {
			ends[i] = objectstore.Deletion{Err: err}
			continue
		}
		one := entry(e, nil)
		one.Tag.(*pending).replica = r.Replica
		entries, of = append(entries, one), append(of, i)
	}
	if len(entries) == 0 {
		return rest
	}
	if _, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, told.with(entries...)...); err != nil {
		for _, i := range of {
			ends[i] = objectstore.Deletion{Err: err}
		}
		return rest
	}
	told.done(ctx)
	return rest
}
