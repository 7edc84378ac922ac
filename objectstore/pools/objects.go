package pools

import (
	"context"
	"errors"
	"io"

	"croft/objectstore"
)

// write gives f the set that a key is in or is to be in, once all sets agree about
// the bucket.
func write[T any](ctx context.Context, s *Store, bucket, key string, f func(*set) (T, error)) (result T, err error) {
	if err := s.buckets.ready(ctx, bucket); err != nil {
		return result, err
	}
	in, release, err := s.claims.take(ctx, name{bucket, key})
	if err != nil {
		return result, err
	}
	defer release()
	return f(in)
}

// Put implements objectstore.Objects.
func (s *Store) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Object, error) { return in.Put(ctx, r) })
}

// Copy implements objectstore.Objects. Where source and destination are in one set it
// is that set's copy.
func (s *Store) Copy(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Object, error) { return in.CopyFrom(ctx, s, r) })
}

// Delete implements objectstore.Objects.
func (s *Store) Delete(ctx context.Context, bucket, key string) (existed bool, err error) {
	return write(ctx, s, bucket, key, func(in *set) (bool, error) { return in.Delete(ctx, bucket, key) })
}

// DeleteVersion implements objectstore.Versions.
func (s *Store) DeleteVersion(ctx context.Context, r objectstore.DeleteRequest) (objectstore.Deleted, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Deleted, error) { return in.DeleteVersion(ctx, r) })
}

// UpdateVersion implements objectstore.Versions.
func (s *Store) UpdateVersion(ctx context.Context, ref objectstore.VersionRef, bypass bool, change func(*objectstore.Attributes) error) (objectstore.Object, error) {
	return write(ctx, s, ref.Bucket, ref.Key, func(in *set) (objectstore.Object, error) { return in.UpdateVersion(ctx, ref, bypass, change) })
}

// read asks the pools one after the other until one has what is asked for. f says
// whether its set has nothing of it. A key moves only from a pool that is asked
// before to one that is asked later, so it is not missed.
func (s *Store) read(n name, f func(*set) (nothing bool)) {
	if len(s.now.Load().pools) > 1 {
		s.reading.RLock()
		defer s.reading.RUnlock()
	}
	a := s.now.Load()
	for _, p := range a.pools {
		if !f(a.home(p, n)) {
			return
		}
	}
}

// nothing reports whether an answer says that the set has nothing of a version. A
// delete marker is something.
func nothing(o objectstore.Object, err error) bool {
	return errors.Is(err, objectstore.ErrVersionNotFound) || errors.Is(err, objectstore.ErrObjectNotFound) && !o.Marker
}

// Head implements objectstore.Objects.
func (s *Store) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	return s.HeadVersion(ctx, objectstore.VersionRef{Bucket: bucket, Key: key})
}

// HeadVersion implements objectstore.Versions.
func (s *Store) HeadVersion(ctx context.Context, ref objectstore.VersionRef) (o objectstore.Object, err error) {
	s.read(name{ref.Bucket, ref.Key}, func(in *set) bool {
		o, err = in.HeadVersion(ctx, ref)
		return nothing(o, err)
	})
	return o, err
}

// Get implements objectstore.Objects.
func (s *Store) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	return s.GetVersion(ctx, objectstore.VersionRef{Bucket: bucket, Key: key}, rng)
}

// GetVersion implements objectstore.Versions.
func (s *Store) GetVersion(ctx context.Context, ref objectstore.VersionRef, rng *objectstore.Range) (o objectstore.Object, body io.ReadCloser, err error) {
	s.read(name{ref.Bucket, ref.Key}, func(in *set) bool {
		o, body, err = in.GetVersion(ctx, ref, rng)
		return nothing(o, err)
	})
	return o, body, err
}
