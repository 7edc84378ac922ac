package remote

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
)

// Head implements objectstore.Objects.
func (s *Store) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	if err := s.check(ctx, bucket, key); err != nil {
		return objectstore.Object{}, err
	}
	return s.head(ctx, bucket, key)
}

func (s *Store) head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	for try := 0; ; try++ {
		info, err := s.client.StatObject(ctx, s.there(bucket), key, minio.StatObjectOptions{})
		if err != nil {
			return objectstore.Object{}, s.explain(err)
		}
		o, err := s.object(ctx, bucket, key, info.ETag, info.Size, info.LastModified, info.Headers)
		if !errors.Is(err, errLateGone) || try > 0 {
			return o, s.withoutLate(ctx, &o, err)
		}
	}
}

// withoutLate lets an object be used whose late record is lost: its bytes are worth
// more than its checksums. Twice in a row it was not overwritten but is lost.
func (s *Store) withoutLate(ctx context.Context, o *objectstore.Object, err error) error {
	if !errors.Is(err, errLateGone) {
		return err
	}
	s.log.WarnContext(ctx, "object has lost its late record", "bucket", o.Bucket, "key", o.Key)
	return nil
}

// object is an object as the headers of an answer describe it.
func (s *Store) object(ctx context.Context, bucket, key, etag string, size int64, modified time.Time, header http.Header) (objectstore.Object, error) {
	o := objectstore.Object{
		Bucket: bucket, Key: key, Size: size, ETag: etag, StoredSize: size,
		ModifiedAt: wholeSeconds(modified), Attributes: decodeAttributes(header), Class: classOf(header.Get(classHeader)),
	}
	if late := header.Get(ownLate); len(late) > 1 {
		return o, s.readLate(ctx, late, &o)
	}
	return o, nil
}

const classHeader = "X-Amz-Storage-Class"

// classOf is a cluster's class in our words; those of its own are standard.
func classOf(name string) objectstore.StorageClass {
	if name == string(objectstore.ClassReduced) {
		return objectstore.ClassReduced
	}
	return objectstore.ClassUnset
}

// wholeSeconds is what HEAD tells of a time: listings tell more, and the same object
// must not seem to have two.
func wholeSeconds(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// check refuses keys that cannot be, and buckets that are not.
func (s *Store) check(ctx context.Context, bucket, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	_, err := s.Bucket(ctx, bucket)
	return err
}

func checkKey(key string) error {
	if err := objectstore.ValidateKey(key); err != nil {
		return err
	}
	if strings.TrimSpace(key) == "" {
		return errs.New(errs.Invalid, objectstore.ErrKeyInvalid.Code, "An object key of nothing but blanks is not possible where an S3 cluster keeps the objects.")
	}
	return nil
}
