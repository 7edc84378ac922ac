package erasure

import (
	"context"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

func (b *bucket) bucket() objectstore.Bucket {
	r := b.version.rec
	return objectstore.Bucket{Name: r.bucket, Owner: r.owner, CreatedAt: time.UnixMilli(r.modified).UTC()}
}

// CreateBucket implements objectstore.Buckets.
func (s *Store) CreateBucket(ctx context.Context, b objectstore.Bucket) (objectstore.Bucket, error) {
	if err := s.begin(); err != nil {
		return objectstore.Bucket{}, err
	}
	defer s.inUse.Done()
	if err := objectstore.ValidateBucketName(b.Name); err != nil {
		return objectstore.Bucket{}, err
	}
	if err := ctx.Err(); err != nil {
		return objectstore.Bucket{}, err
	}
	defer s.keys.lock(bucketName(b.Name))()
	s.index.RLock()
	_, err := s.index.bucket(b.Name)
	s.index.RUnlock()
	if err == nil {
		return objectstore.Bucket{}, objectstore.ErrBucketExists
	}
	if err := s.checkWritable(); err != nil {
		return objectstore.Bucket{}, err
	}
	v, err := s.publishRecord(&record{name: bucketName(b.Name), owner: b.Owner, modified: time.Now().UnixMilli()})
	if err != nil {
		return objectstore.Bucket{}, err
	}
	made := newBucket(v)
	s.index.Lock()
	s.index.buckets[b.Name] = made
	s.index.Unlock()
	return made.bucket(), nil
}

// Bucket implements objectstore.Buckets.
func (s *Store) Bucket(ctx context.Context, name string) (objectstore.Bucket, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Bucket{}, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	b, err := s.index.bucket(name)
	if err != nil {
		return objectstore.Bucket{}, err
	}
	return b.bucket(), nil
}

// ListBuckets implements objectstore.Buckets.
func (s *Store) ListBuckets(ctx context.Context) ([]objectstore.Bucket, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	list := make([]objectstore.Bucket, 0, len(s.index.buckets))
	for _, b := range s.index.buckets {
		list = append(list, b.bucket())
	}
	slices.SortFunc(list, func(a, b objectstore.Bucket) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// DeleteBucket implements objectstore.Buckets.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	if err := s.begin(); err != nil {
		return err
	}
	defer s.inUse.Done()
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.keys.lock(bucketName(name))()
	s.index.RLock()
	b, err := s.index.bucket(name)
	s.index.RUnlock()
	if err != nil {
		return err
	}
	b.use.Lock() // nothing is being committed into it
	defer b.use.Unlock()
	s.index.RLock()
	objects, uploads := b.objects.Len(), b.uploads.Values()
	s.index.RUnlock()
	if objects > 0 {
		return objectstore.ErrBucketNotEmpty
	}
	for _, u := range uploads {
		if err := s.dropUpload(b, u); err != nil {
			return err
		}
	}
	if err := s.unlink(b.version); err != nil {
		return err
	}
	s.index.Lock()
	defer s.index.Unlock()
	b.dead = true
	delete(s.index.buckets, name)
	return nil
}

// dropUpload forgets an upload under its key's lock, lest healing bring a part of it
// back to a drive at the same moment.
func (s *Store) dropUpload(b *bucket, u *upload) error {
	defer s.keys.lock(u.version.owner())()
	return s.forgetUpload(b, u)
}
