package erasure

import (
	"context"

	"croft/objectstore"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Delete implements objectstore.Objects.
func (s *Store) Delete(ctx context.Context, bucketName, key string) (existed bool, err error) {
	if err := s.begin(ctx); err != nil {
		return false, err
	}
	defer s.inUse.Done()
	if err := objectstore.ValidateKey(key); err != nil {
		return false, err
	}
	b, release, err := s.buckets.hold(bucketName)
	if err != nil {
		return false, err
	}
	defer release()
	defer s.keys.lock(name{b.ID, key})()
	gone, err := s.goneFor(ctx, b, key)
	if err != nil || gone == nil {
		return false, err
	}
	_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, entry(gone, nil))
	return err == nil, err
}

// goneFor returns the entry that deletes what a key holds, nil when it holds
// nothing. The caller holds the key's lock.
func (s *Store) goneFor(ctx context.Context, b *bucket, key string) (*record.Gone, error) {
	h, err := s.held(ctx, b, key)
	if err != nil || !h.exists() {
		return nil, err
	}
	return &record.Gone{
		Kind: record.KindVersionGone, Bucket: b.ID, Key: key, Ord: s.nextOrd(), Of: h.Ord, Null: h.Null,
		Shadows: h.Shadows.With(h.loc.Segment, s.segmentExists()),
	}, nil
}

// DeleteAll implements objectstore.BatchDeleter: the keys go in one batch.
func (s *Store) DeleteAll(ctx context.Context, bucketName string, keys []string) []error {
	failures := make([]error, len(keys))
	failAll := func(err error) []error {
		for i := range failures {
			if failures[i] == nil {
				failures[i] = err
			}
		}
		return failures
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
	defer s.keys.lockAll(b.ID, keys)()
	var entries []seglog.Entry
	var of []int // the keys that the entries delete
	seen := make(map[string]bool, len(keys))
	for i, key := range keys {
		if failures[i] = objectstore.ValidateKey(key); failures[i] != nil || seen[key] {
			continue
		}
		seen[key] = true
		gone, err := s.goneFor(ctx, b, key)
		if err != nil {
			failures[i] = err
		} else if gone != nil {
			entries = append(entries, entry(gone, nil))
			of = append(of, i)
		}
	}
	if len(entries) == 0 {
		return failures
	}
	if _, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, entries...); err != nil {
		for _, i := range of {
			failures[i] = err
		}
	}
	return failures
}
