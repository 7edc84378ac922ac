package remote

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// CreateBucket implements objectstore.Buckets. The records name the bucket before
// it is made, so that one that was there before is not taken for ours.
func (s *Store) CreateBucket(ctx context.Context, b objectstore.Bucket) (objectstore.Bucket, error) {
	if err := s.checkBucket(b); err != nil {
		return objectstore.Bucket{}, err
	}
	record := bucketRecord{ID: ids.New(), Owner: b.Owner, CreatedAt: s.now().UTC().Truncate(time.Millisecond), Making: true}
	leftover := false
	err := s.buckets.change(ctx, func(r *records) error {
		known, named := r.Buckets[b.Name]
		leftover = named
		if named && !known.Making {
			there, err := s.client.BucketExists(ctx, s.there(b.Name))
			if err != nil {
				return s.explain(err)
			}
			if there {
				return objectstore.ErrBucketExists
			}
		}
		r.Buckets[b.Name] = record
		return nil
	})
	if err != nil {
		return objectstore.Bucket{}, err
	}
	if err := s.makeBucket(ctx, b.Name, record.ID, leftover); err != nil {
		return objectstore.Bucket{}, err
	}
	record.Making = false
	err = s.buckets.change(ctx, func(r *records) error {
		if now, named := r.Buckets[b.Name]; named && now.ID != record.ID {
			return objectstore.ErrBucketExists // somebody else was making it, too
		}
		r.Buckets[b.Name] = record
		return nil
	})
	return bucketOf(b.Name, record), err
}

// makeBucket makes the cluster's bucket. One that is there already is ours only
// when an earlier attempt got so far, and holds nothing then.
func (s *Store) makeBucket(ctx context.Context, name, id string, leftover bool) error {
	there, err := s.client.BucketExists(ctx, s.there(name))
	if err != nil && Code(err) != "AccessDenied" { // somebody else's, which making it will tell
		return s.explain(err)
	}
	if there && leftover {
		page, err := s.listPage(ctx, s.there(name), "", "", "", "", 1)
		if err != nil || len(page.Contents) == 0 {
			return err
		}
	}
	if !there {
		err := s.client.makeBucket(ctx, s.there(name))
		if code := Code(err); code != "BucketAlreadyExists" && code != "BucketAlreadyOwnedByYou" {
			return s.explain(err)
		}
	}
	err = s.buckets.change(ctx, func(r *records) error {
		if r.Buckets[name].ID == id { // else somebody else was making it, too
			delete(r.Buckets, name)
		}
		return nil
	})
	return errors.Join(err, errs.Newf(errs.Conflict, objectstore.ErrBucketExists.Code,
		"The S3 cluster has a bucket %s already that is not of this Croft. Choose another name.", s.there(name)))
}

// makeBucket makes a bucket in the region of the target.
func (c *Client) makeBucket(ctx context.Context, name string) error {
	return c.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: c.target.region()})
}

// checkBucket refuses names that do not fit and settings that nobody would keep.
func (s *Store) checkBucket(b objectstore.Bucket) error {
	if err := objectstore.ValidateBucketName(b.Name); err != nil {
		return err
	}
	if err := objectstore.ValidateBucketName(s.there(b.Name)); err != nil {
		return errs.Newf(errs.Invalid, objectstore.ErrBucketNameInvalid.Code,
			"The bucket name is too long for this store: in the S3 cluster it becomes %s, which may have 63 characters.", s.there(b.Name))
	}
	switch {
	case b.Versioning != objectstore.VersioningOff:
		return Unsupported("Versioning")
	case b.ObjectLock, b.DefaultLock != objectstore.DefaultLock{}:
		return Unsupported("Object lock")
	case b.Encryption != objectstore.EncryptionNone:
		return Unsupported("Encryption with Croft's keys")
	case b.Compression.On:
		return Unsupported("Compression")
	case b.Quota != 0:
		return Unsupported("A quota")
	case b.Parity != nil:
		return Unsupported("A parity of its own")
	case len(b.Documents) > 0:
		return Unsupported("A policy or rules of a bucket")
	}
	return nil
}

// Bucket implements objectstore.Buckets.
func (s *Store) Bucket(ctx context.Context, name string) (objectstore.Bucket, error) {
	r, err := s.buckets.read(ctx)
	if err != nil {
		return objectstore.Bucket{}, err
	}
	known, ok := r.Buckets[name]
	if !ok || known.Making {
		return objectstore.Bucket{}, objectstore.ErrBucketNotFound
	}
	return bucketOf(name, known), nil
}

// ListBuckets implements objectstore.Buckets.
func (s *Store) ListBuckets(ctx context.Context) ([]objectstore.Bucket, error) {
	r, err := s.buckets.read(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]objectstore.Bucket, 0, len(r.Buckets))
	for name, known := range r.Buckets {
		if !known.Making {
			list = append(list, bucketOf(name, known))
		}
	}
	slices.SortFunc(list, func(a, b objectstore.Bucket) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// DeleteBucket implements objectstore.Buckets. The cluster's own bucket goes first:
// it is the cluster that knows whether a write came in between.
func (s *Store) DeleteBucket(ctx context.Context, name string) error {
	r, err := s.buckets.read(ctx)
	if err != nil {
		return err
	}
	known, ok := r.Buckets[name]
	if !ok || known.Making {
		return objectstore.ErrBucketNotFound
	}
	err = s.removeBucket(ctx, name)
	if err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) { // gone by an attempt that ended before the records
		return err
	}
	return s.buckets.change(ctx, func(r *records) error {
		if r.Buckets[name].ID == known.ID { // else it is a new bucket of that name
			delete(r.Buckets, name)
		}
		return nil
	})
}

// removeBucket removes the cluster's bucket. Where unfinished uploads keep some
// clusters from it they are aborted, but only when there is no object.
func (s *Store) removeBucket(ctx context.Context, name string) error {
	err := s.explain(s.client.RemoveBucket(ctx, s.there(name)))
	if !errors.Is(err, objectstore.ErrBucketNotEmpty) {
		return err
	}
	page, listErr := s.listPage(ctx, s.there(name), "", "", "", "", 1)
	if listErr != nil || len(page.Contents) > 0 {
		return errors.Join(err, listErr)
	}
	for {
		uploads, err := s.client.ListMultipartUploads(ctx, s.there(name), "", "", "", "", objectstore.DefaultLimit)
		if err != nil {
			return s.explain(err)
		}
		if len(uploads.Uploads) == 0 {
			return s.explain(s.client.RemoveBucket(ctx, s.there(name)))
		}
		for _, u := range uploads.Uploads {
			if err := s.client.AbortMultipartUpload(ctx, s.there(name), u.Key, u.UploadID); err != nil && Code(err) != "NoSuchUpload" {
				return s.explain(err)
			}
		}
	}
}

func bucketOf(name string, r bucketRecord) objectstore.Bucket {
	return objectstore.Bucket{Name: name, Owner: r.Owner, CreatedAt: r.CreatedAt.UTC()}
}
