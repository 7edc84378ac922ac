package remote

import (
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
)

// CompleteUpload implements objectstore.Uploads. The late record is durable before
// the cluster is told to put the parts together.
func (s *Store) CompleteUpload(ctx context.Context, r objectstore.CompleteUploadRequest) (objectstore.Object, error) {
	record, err := s.upload(ctx, r.Upload)
	if err != nil {
		return objectstore.Object{}, err
	}
	if r.Condition != (objectstore.Condition{}) && !s.ableTo.completeOnCondition {
		return objectstore.Object{}, Unsupported("Completing an upload under a condition")
	}
	stored, err := s.parts(ctx, r.Upload, 0, objectstore.MaxPartNumber)
	if err != nil {
		return objectstore.Object{}, err
	}
	parts, size, err := choose(stored.Parts, r.Parts)
	if err != nil {
		return objectstore.Object{}, err
	}
	p := &put{
		store: s, bucket: r.Upload.Bucket, key: r.Upload.Key, attributes: record.Attributes.attributes(),
		class: record.Class, parts: parts, condition: r.Condition, late: record.Late,
	}
	if r.Finish != nil {
		if err := r.Finish(&p.attributes, parts); err != nil {
			return objectstore.Object{}, err
		}
		if err := checkAttributes(p.attributes); err != nil {
			return objectstore.Object{}, err
		}
		for i := range parts {
			if len(parts[i].Checksums) == 0 {
				parts[i].Checksums = nil // as it is read later
			}
		}
	}
	etag := multipartETag(parts)
	if err := p.writeLate(ctx, etag); err != nil {
		return objectstore.Object{}, err
	}
	if err := s.complete(ctx, p, r.Upload.ID, etag); err != nil {
		return objectstore.Object{}, err
	}
	s.forgetUpload(ctx, uploadName(r.Upload.ID))
	return p.object(etag, size), nil
}

func (s *Store) complete(ctx context.Context, p *put, id, etag string) error {
	for try := 0; ; try++ {
		var options minio.PutObjectOptions
		condition, err := p.resolved(ctx)
		if err != nil {
			return err
		}
		demand(&options, condition)
		info, err := s.client.CompleteMultipartUpload(ctx, s.there(p.bucket), p.key, id, completed(p.parts), options)
		if err == nil && info.ETag != etag {
			return errs.Newf(errs.Internal, "target_etag", "%s put the parts together under the ETag %s instead of %s. Upload the object anew.", s.client.target.Endpoint, info.ETag, etag)
		}
		if err = s.explain(err); err == nil || s.metItself(ctx, p, etag, err) {
			return nil
		}
		if p.condition.ETag != "*" || !errors.Is(err, objectstore.ErrPreconditionFailed) || try == conditionTries {
			return err
		}
	}
}

// metItself reports whether the object is there already, made of these parts: where
// an answer gets lost the request is sent again.
func (s *Store) metItself(ctx context.Context, p *put, etag string, err error) bool {
	if !errors.Is(err, objectstore.ErrUploadNotFound) && !errors.Is(err, objectstore.ErrPreconditionFailed) {
		return false
	}
	info, err := s.client.StatObject(ctx, s.there(p.bucket), p.key, minio.StatObjectOptions{})
	return err == nil && info.ETag == etag && info.Headers.Get(ownLate) == p.late
}

// choose holds the caller's parts to those that are stored.
func choose(stored []objectstore.Part, choices []objectstore.PartChoice) (parts []objectstore.Part, size int64, err error) {
	if len(choices) == 0 {
		return nil, 0, objectstore.ErrPartInvalid
	}
	byNumber := make(map[int]objectstore.Part, len(stored))
	for _, p := range stored {
		byNumber[p.Number] = p
	}
	for i, c := range choices {
		if i > 0 && c.Number <= choices[i-1].Number {
			return nil, 0, objectstore.ErrPartOrder
		}
		p, ok := byNumber[c.Number]
		if !ok || c.ETag != "" && c.ETag != p.ETag {
			return nil, 0, objectstore.ErrPartInvalid
		}
		parts = append(parts, p)
		size += p.Size
	}
	for _, p := range parts[:len(parts)-1] {
		if p.Size < objectstore.MinPartSize {
			return nil, 0, objectstore.ErrPartTooSmall
		}
	}
	return parts, size, nil
}

func completed(parts []objectstore.Part) []minio.CompletePart {
	var out []minio.CompletePart
	for _, p := range parts {
		out = append(out, minio.CompletePart{PartNumber: p.Number, ETag: p.ETag})
	}
	return out
}

// multipartETag is the ETag of an object put together of parts.
func multipartETag(parts []objectstore.Part) string {
	sum := md5.New() //nolint:gosec // ETags are MD5 by definition.
	for _, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			raw = []byte(p.ETag) // no MD5; the cluster's answer will differ
		}
		sum.Write(raw)
	}
	return hex.EncodeToString(sum.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}
