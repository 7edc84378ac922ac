package remote

import (
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

// Delete implements objectstore.Objects. S3 does not tell whether there was an
// object, so that is looked up before; of two who delete at once both may be told.
func (s *Store) Delete(ctx context.Context, bucket, key string) (existed bool, err error) {
	if err := s.check(ctx, bucket, key); err != nil {
		return false, err
	}
	_, err = s.client.StatObject(ctx, s.there(bucket), key, minio.StatObjectOptions{})
	if err = s.explain(err); errors.Is(err, objectstore.ErrObjectNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, s.remove(ctx, bucket, key)
}

func (s *Store) remove(ctx context.Context, bucket, key string) error {
	err := s.explain(s.client.RemoveObject(ctx, s.there(bucket), key, minio.RemoveObjectOptions{}))
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return nil // as some clusters say
	}
	return err
}

// DeleteAll implements objectstore.BatchDeleter.
func (s *Store) DeleteAll(ctx context.Context, bucket string, keys []string) []error {
	failures := make([]error, len(keys))
	if _, err := s.Bucket(ctx, bucket); err != nil {
		for i := range failures {
			failures[i] = err
		}
		return failures
	}
	places := make(map[string][]int, len(keys)) // of a key that may be named twice
	for i, key := range keys {
		if failures[i] = checkKey(key); failures[i] == nil {
			places[key] = append(places[key], i)
		}
	}
	s.removeAll(ctx, bucket, places, func(key string, err error) {
		for _, i := range places[key] {
			failures[i] = err
		}
	})
	return failures
}

// removeAll tells of each key how it ended. The cluster's word is awaited for every
// key; those that it passes over are deleted one by one.
func (s *Store) removeAll(ctx context.Context, bucket string, keys map[string][]int, tell func(key string, err error)) {
	waiting := make(chan minio.ObjectInfo, len(keys))
	for key := range keys {
		waiting <- minio.ObjectInfo{Key: key}
	}
	close(waiting)
	told := make(map[string]bool, len(keys))
	for result := range s.client.RemoveObjectsWithResult(ctx, s.there(bucket), waiting, minio.RemoveObjectsOptions{}) {
		if _, asked := keys[result.ObjectName]; asked {
			told[result.ObjectName] = true
			tell(result.ObjectName, s.explain(result.Err))
		}
	}
	for key := range keys {
		if !told[key] {
			tell(key, s.remove(ctx, bucket, key))
		}
	}
}
