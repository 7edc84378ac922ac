package app

import (
	"context"
	"errors"
	"fmt"
	"io"

	"croft/chat"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/pipeline"
)

// blobs lets the other rooms keep bytes in the object store, each in the shape it asked for.
type blobs struct{ store objectstore.Store }

func (b blobs) EnsureBucket(ctx context.Context, bucket, projectID string) error {
	_, err := b.store.CreateBucket(ctx, objectstore.Bucket{Name: bucket, Owner: projectID})
	if !errors.Is(err, objectstore.ErrBucketExists) {
		return err
	}
	existing, err := b.store.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	if existing.Owner != projectID {
		return errs.Newf(errs.Conflict, "bucket_taken", "The bucket %s exists and belongs to another project. Rename or delete it.", bucket)
	}
	return nil
}

func (b blobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	_, err := b.store.Put(ctx, objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: body, Size: size, Attributes: objectstore.Attributes{ContentType: contentType},
	})
	return err
}

func (b blobs) open(ctx context.Context, bucket, key string, offset, length int64) (objectstore.Object, io.ReadCloser, error) {
	var rng *objectstore.Range
	if offset > 0 || length >= 0 {
		rng = &objectstore.Range{Offset: offset, Length: length}
	}
	object, body, err := b.store.Get(ctx, bucket, key, rng)
	if errors.Is(err, objectstore.ErrRangeInvalid) && offset >= object.Size {
		return object, io.NopCloser(eof{}), nil // at or behind the end there is nothing more
	}
	return object, body, err
}

func (b blobs) DeletePrefix(ctx context.Context, bucket, prefix string) error {
	for {
		page, err := b.store.List(ctx, objectstore.ListRequest{Bucket: bucket, Prefix: prefix})
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		keys := make([]string, len(page.Objects))
		for i, object := range page.Objects {
			keys[i] = object.Key
		}
		if len(keys) > 0 {
			if err := errors.Join(objectstore.DeleteAll(ctx, b.store, bucket, keys)...); err != nil {
				return err
			}
		}
		if !page.Truncated {
			return nil
		}
	}
}

// empty removes all that a bucket holds, older versions and delete markers too.
func (b blobs) empty(ctx context.Context, bucket objectstore.Bucket) error {
	if bucket.Versioning == objectstore.VersioningOff {
		return b.DeletePrefix(ctx, bucket.Name, "")
	}
	store, ok := b.store.(objectstore.Versions)
	if !ok {
		return fmt.Errorf("bucket %s keeps versions, and its store does not", bucket.Name)
	}
	for {
		page, err := store.ListVersions(ctx, objectstore.ListVersionsRequest{Bucket: bucket.Name})
		if err != nil {
			return err
		}
		for _, v := range page.Versions {
			_, err := store.DeleteVersion(ctx, objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: bucket.Name, Key: v.Key, ID: v.VersionID}})
			if errors.Is(err, objectstore.ErrVersionLocked) {
				return errs.Newf(errs.Conflict, "bucket_locked",
					"The bucket %s holds versions that are locked: they cannot be deleted before their retention ends.", bucket.Name)
			}
			if err != nil {
				return err
			}
		}
		if !page.Truncated {
			return nil
		}
	}
}

func (b blobs) Delete(ctx context.Context, bucket, key string) error {
	_, err := b.store.Delete(ctx, bucket, key)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		return nil
	}
	return err
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// pipelineBlobs and chatBlobs differ only in how they open an object.
type (
	pipelineBlobs struct{ blobs }
	chatBlobs     struct{ blobs }
)

var (
	_ pipeline.Blobs = pipelineBlobs{}
	_ chat.Blobs     = chatBlobs{}
)

func (b pipelineBlobs) Open(ctx context.Context, bucket, key string, offset int64) (io.ReadCloser, int64, error) {
	object, body, err := b.open(ctx, bucket, key, offset, -1)
	return body, object.Size, err
}

// Put makes the bucket when it is missing, as on the first file there ever is.
func (b chatBlobs) Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error {
	if err := b.EnsureBucket(ctx, bucket, ""); err != nil {
		return err
	}
	return b.blobs.Put(ctx, bucket, key, contentType, size, body)
}

func (b chatBlobs) Open(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	_, body, err := b.open(ctx, bucket, key, offset, length)
	return body, err
}
