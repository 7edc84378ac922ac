package remote

import (
	"context"
	"errors"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// Copy implements objectstore.Objects. The cluster copies the bytes; what is known
// of the object is written anew, for its late record is its own.
func (s *Store) Copy(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	if err := s.check(ctx, r.Bucket, r.Key); err != nil {
		return objectstore.Object{}, err
	}
	if r.FromVersion != "" && r.FromVersion != objectstore.NullVersion {
		return objectstore.Object{}, Unsupported("Versioning")
	}
	if r.Encrypt != objectstore.EncryptionNone || r.CustomerKey != nil || r.FromCustomerKey != nil {
		return objectstore.Object{}, Unsupported("Encryption with Croft's or your own keys")
	}
	for try := 0; ; try++ {
		o, err := s.copyOnce(ctx, r)
		// Without a condition it is the source that changed in between.
		if r.Condition != (objectstore.Condition{}) || !errors.Is(err, objectstore.ErrPreconditionFailed) || try == conditionTries {
			return o, err
		}
	}
}

func (s *Store) copyOnce(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	source, err := s.Head(ctx, r.FromBucket, r.FromKey)
	if err != nil {
		return objectstore.Object{}, err
	}
	if r.Check != nil {
		if err := r.Check(source); err != nil {
			return objectstore.Object{}, err
		}
	}
	if source.Size > maxSingle {
		return objectstore.Object{}, errs.New(errs.TooLarge, errTooLarge.Code, "The S3 cluster copies at most 5 GiB at once. Upload the object anew instead.")
	}
	p := &put{store: s, bucket: r.Bucket, key: r.Key, attributes: source.Attributes, class: source.Class, parts: source.Parts, condition: r.Condition}
	if r.Class != objectstore.ClassUnset {
		if p.class, err = r.Class.Kept(); err != nil {
			return objectstore.Object{}, err
		}
	}
	if r.Replace != nil {
		if err := checkAttributes(*r.Replace); err != nil {
			return objectstore.Object{}, err
		}
		p.attributes = r.Replace.Clone()
		if p.attributes.Checksums == nil {
			p.attributes.Checksums = source.Attributes.Checksums
		}
	}
	return s.copy(ctx, p, source)
}

func (s *Store) copy(ctx context.Context, p *put, source objectstore.Object) (objectstore.Object, error) {
	if p.condition != (objectstore.Condition{}) {
		if !s.ableTo.copyOnCondition {
			return objectstore.Object{}, Unsupported("A copy under a condition")
		}
		p.write = ids.New()
	}
	if _, whole := encodeAttributes(p.attributes); len(p.parts) > 0 || !whole {
		p.late = newLate(false)
		if err := p.writeLate(ctx, ""); err != nil {
			return objectstore.Object{}, err
		}
	}
	condition, err := p.resolved(ctx)
	if err != nil {
		return objectstore.Object{}, err
	}
	headers := p.headers()
	headers["X-Amz-Metadata-Directive"] = "REPLACE"
	headers["X-Amz-Copy-Source-If-Match"] = `"` + source.ETag + `"`
	if headers[contentType] == "" {
		headers[contentType] = "application/octet-stream"
	}
	headers[classHeader] = p.class.Name()
	if condition.Absent {
		headers["If-None-Match"] = "*"
	}
	if condition.ETag != "" {
		headers["If-Match"] = `"` + condition.ETag + `"`
	}
	info, err := s.client.CopyObject(ctx, s.there(source.Bucket), source.Key, s.there(p.bucket), p.key, headers,
		minio.CopySrcOptions{}, minio.PutObjectOptions{})
	if err = s.explain(err); err != nil && !p.met(ctx, err) {
		return objectstore.Object{}, err
	}
	if err != nil {
		return s.head(ctx, p.bucket, p.key) // it met itself
	}
	if info.ETag == "" {
		return objectstore.Object{}, errs.Newf(errs.Unavailable, ErrTargetUnavailable.Code, "%s did not finish the copy. Try again.", s.client.target.Endpoint)
	}
	o := p.object(info.ETag, source.Size)
	o.ModifiedAt = wholeSeconds(info.LastModified)
	return o, nil
}
