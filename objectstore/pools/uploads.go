package pools

import (
	"context"
	"errors"

	"croft/objectstore"
)

// CreateUpload implements objectstore.Uploads.
func (s *Store) CreateUpload(ctx context.Context, r objectstore.CreateUploadRequest) (objectstore.Upload, error) {
	return write(ctx, s, r.Bucket, r.Key, func(in *set) (objectstore.Upload, error) { return in.CreateUpload(ctx, r) })
}

// Upload implements objectstore.Uploads.
func (s *Store) Upload(ctx context.Context, ref objectstore.UploadRef) (u objectstore.Upload, err error) {
	s.read(name{ref.Bucket, ref.Key}, func(in *set) bool {
		u, err = in.Upload(ctx, ref)
		return errors.Is(err, objectstore.ErrUploadNotFound)
	})
	return u, err
}

// PutPart implements objectstore.Uploads.
func (s *Store) PutPart(ctx context.Context, r objectstore.PutPartRequest) (objectstore.Part, error) {
	return write(ctx, s, r.Upload.Bucket, r.Upload.Key, func(in *set) (objectstore.Part, error) { return in.PutPart(ctx, r) })
}

// ListParts implements objectstore.Uploads.
func (s *Store) ListParts(ctx context.Context, r objectstore.ListPartsRequest) (page objectstore.PartPage, err error) {
	s.read(name{r.Upload.Bucket, r.Upload.Key}, func(in *set) bool {
		page, err = in.ListParts(ctx, r)
		return errors.Is(err, objectstore.ErrUploadNotFound)
	})
	return page, err
}

// CompleteUpload implements objectstore.Uploads.
func (s *Store) CompleteUpload(ctx context.Context, r objectstore.CompleteUploadRequest) (objectstore.Object, error) {
	return write(ctx, s, r.Upload.Bucket, r.Upload.Key, func(in *set) (objectstore.Object, error) { return in.CompleteUpload(ctx, r) })
}

// AbortUpload implements objectstore.Uploads.
func (s *Store) AbortUpload(ctx context.Context, ref objectstore.UploadRef) error {
	_, err := write(ctx, s, ref.Bucket, ref.Key, func(in *set) (struct{}, error) { return struct{}{}, in.AbortUpload(ctx, ref) })
	return err
}
