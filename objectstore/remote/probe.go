package remote

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// abilities are what not every cluster does and what can be done without.
type abilities struct {
	copyOnCondition     bool
	completeOnCondition bool
}

// probePrefix begins the keys of what is written to try a cluster.
const probePrefix = "croft/probe/"

// probe tries what is needed and refuses a cluster that lacks it: to find that out
// with somebody's object would be too late.
func (s *Store) probe(ctx context.Context) (able abilities, err error) {
	p := prober{s, probePrefix + ids.New()}
	defer func() {
		removed := s.client.RemoveObject(context.WithoutCancel(ctx), s.prefix, p.key, minio.RemoveObjectOptions{})
		if err == nil {
			err = s.explain(removed)
		}
	}()
	if err := p.conditions(ctx); err != nil {
		return able, err
	}
	if able.completeOnCondition, err = p.multipart(ctx); err != nil {
		return able, err
	}
	able.copyOnCondition, err = p.copy(ctx)
	return able, err
}

type prober struct {
	*Store
	key string
}

func (p prober) lacks(what string) error {
	return errs.Newf(errs.Invalid, "target_lacks", "%s cannot keep Croft's objects: %s.", p.client.target.Endpoint, what)
}

// conditions tries whether a write under a condition is one.
func (p prober) conditions(ctx context.Context) error {
	put := func(text string, c objectstore.Condition) (string, error) {
		return p.putRecord(ctx, p.key, []byte(text), c)
	}
	etag, err := put("one", objectstore.Condition{Absent: true})
	if err != nil && !errors.Is(err, objectstore.ErrPreconditionFailed) { // of a write that was sent twice
		return err
	}
	if etag != "" && etag != hex.EncodeToString(md5Of([]byte("one"))) {
		return p.lacks("its ETags are not the MD5 of what was sent. Turn off encryption with keys of a key service (SSE-KMS) for its buckets")
	}
	for _, c := range []objectstore.Condition{{Absent: true}, {ETag: hex.EncodeToString(md5Of([]byte("other")))}} {
		if _, err := put("two", c); err == nil {
			return p.lacks("it overwrites an object although the request forbids it (If-None-Match and If-Match on writes)")
		} else if !errors.Is(err, objectstore.ErrPreconditionFailed) {
			return err
		}
	}
	_, err = put("three", objectstore.Condition{ETag: hex.EncodeToString(md5Of([]byte("one")))})
	return err
}

// multipart tries an upload of one part, which replaces the object.
func (p prober) multipart(ctx context.Context) (onCondition bool, err error) {
	id, err := p.client.NewMultipartUpload(ctx, p.prefix, p.key, minio.PutObjectOptions{})
	if err != nil {
		return false, p.explain(err)
	}
	defer func() {
		if err != nil {
			_ = p.client.AbortMultipartUpload(context.WithoutCancel(ctx), p.prefix, p.key, id)
		}
	}()
	text := []byte("part")
	part, err := p.client.PutObjectPart(ctx, p.prefix, p.key, id, 1, bytes.NewReader(text), int64(len(text)), minio.PutObjectPartOptions{})
	if err != nil {
		return false, p.explain(err)
	}
	parts := []objectstore.Part{{Number: 1, ETag: part.ETag}}
	want := multipartETag(parts)
	var options minio.PutObjectOptions
	demand(&options, objectstore.Condition{Absent: true})
	info, err := p.client.CompleteMultipartUpload(ctx, p.prefix, p.key, id, completed(parts), options)
	if err != nil {
		onCondition = Code(err) == "PreconditionFailed"
		if info, err = p.client.CompleteMultipartUpload(ctx, p.prefix, p.key, id, completed(parts), minio.PutObjectOptions{}); err != nil {
			return false, p.explain(err)
		}
	}
	if info.ETag != want {
		return false, p.lacks("the ETags of uploads in parts are not those of S3")
	}
	return onCondition, nil
}

// copy tries whether a copy over an object under a condition is refused.
func (p prober) copy(ctx context.Context) (onCondition bool, err error) {
	headers := map[string]string{
		"If-None-Match": "*", "X-Amz-Metadata-Directive": "REPLACE", contentType: "text/plain",
	}
	_, err = p.client.CopyObject(ctx, p.prefix, p.key, p.prefix, p.key, headers, minio.CopySrcOptions{}, minio.PutObjectOptions{})
	switch code := Code(err); {
	case err == nil:
		return false, nil
	case code == "PreconditionFailed":
		return true, nil
	case code == "NotImplemented" || code == "InvalidArgument" || code == "InvalidRequest":
		return false, nil
	}
	return false, p.explain(err)
}
