package remote

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

const (
	sweepEvery = 24 * time.Hour
	// sweepAge is how old a record is that may be removed: what it belongs to has
	// long been written, or never will be.
	sweepAge = 7 * 24 * time.Hour
)

// Run removes now and then the records of objects and uploads that are gone. It
// returns when ctx ends.
func (s *Store) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "records of what is gone could not all be removed", "error", err)
		}
	}
}

// sweep looks at every old record once.
func (s *Store) sweep(ctx context.Context) error {
	return errors.Join(
		s.sweepRecords(ctx, latePrefix, s.lateIsDead),
		s.sweepRecords(ctx, uploadPrefix, s.uploadIsDead),
		s.sweepRecords(ctx, partPrefix, s.sumsAreDead),
		s.sweepRecords(ctx, probePrefix, func(context.Context, string) (bool, error) { return true, nil }),
	)
}

// sweepRecords removes the old records under a prefix that are dead.
func (s *Store) sweepRecords(ctx context.Context, prefix string, dead func(ctx context.Context, key string) (bool, error)) error {
	for after := ""; ; {
		page, err := s.listPage(ctx, s.prefix, prefix, "", after, "", objectstore.DefaultLimit)
		if err != nil {
			return err
		}
		for _, c := range page.Contents {
			after = c.Key
			if s.now().Sub(c.LastModified) < sweepAge {
				continue
			}
			gone, err := dead(ctx, c.Key)
			if err == nil && gone {
				err = s.explain(s.client.RemoveObject(ctx, s.prefix, c.Key, minio.RemoveObjectOptions{}))
			}
			if err != nil {
				return err
			}
		}
		if !page.IsTruncated {
			return nil
		}
	}
}

// lateIsDead reports whether no object names a late record any more. Each attempt at
// a write makes its record anew, so an old one is of none that is under way.
func (s *Store) lateIsDead(ctx context.Context, key string) (bool, error) {
	var r lateRecord
	if gone, err := s.readRecord(ctx, key, &r); gone || err != nil {
		return gone, err
	}
	info, err := s.client.StatObject(ctx, s.there(r.Bucket), r.Key, minio.StatObjectOptions{})
	if err = s.explain(err); errors.Is(err, objectstore.ErrObjectNotFound) || errors.Is(err, objectstore.ErrBucketNotFound) {
		return true, nil
	}
	late := info.Headers.Get(ownLate)
	return err == nil && (late == "" || lateKey(late, info.ETag) != key), err
}

// uploadIsDead reports whether the cluster does not have the upload any more.
func (s *Store) uploadIsDead(ctx context.Context, key string) (bool, error) {
	var r uploadRecord
	if gone, err := s.readRecord(ctx, key, &r); gone || err != nil {
		return gone, err
	}
	_, err := s.client.ListObjectParts(ctx, s.there(r.Bucket), r.Key, r.ID, 0, 1)
	if err = s.explain(err); errors.Is(err, objectstore.ErrUploadNotFound) || errors.Is(err, objectstore.ErrBucketNotFound) || errors.Is(err, objectstore.ErrObjectNotFound) {
		return true, nil
	}
	return false, err
}

// sumsAreDead reports whether checksums are of no upload that is recorded.
func (s *Store) sumsAreDead(ctx context.Context, key string) (bool, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(key, partPrefix), "/")
	_, err := s.client.StatObject(ctx, s.prefix, uploadPrefix+name, minio.StatObjectOptions{})
	if err = s.explain(err); errors.Is(err, objectstore.ErrObjectNotFound) {
		return true, nil
	}
	return false, err
}

// readRecord reads a record, or reports that it went meanwhile.
func (s *Store) readRecord(ctx context.Context, key string, into any) (gone bool, err error) {
	text, err := s.record(ctx, key)
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, json.Unmarshal(text, into)
}
