package erasure

import (
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"croft/objectstore"
)

// Put implements objectstore.Objects.
func (s *Store) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if err := s.begin(); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if err := s.mayPut(ctx, r.Bucket, r.Key, r.Condition); err != nil {
		return objectstore.Object{}, err
	}
	if r.Body == nil {
		r.Body = strings.NewReader("")
	}
	rec, where, err := s.stage(ctx, r.Body, r.Size, func(_ int64, sum string) (*record, error) {
		if r.MD5 != "" && r.MD5 != sum {
			return nil, objectstore.ErrDigestMismatch
		}
		rec := &record{name: objectName(r.Bucket, r.Key), etag: sum, attrs: r.Attributes.Clone()}
		if r.Finish != nil {
			if err := r.Finish(&rec.attrs); err != nil {
				return nil, err
			}
			rec.attrs = rec.attrs.Clone()
		}
		rec.modified = time.Now().UnixMilli()
		return rec, nil
	})
	if err != nil {
		return objectstore.Object{}, err
	}
	return s.commitObject(rec, where, r.Condition)
}

// mayPut refuses early what would be refused at the end, before a body is sent.
func (s *Store) mayPut(ctx context.Context, bucket, key string, c objectstore.Condition) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := objectstore.ValidateKey(key); err != nil {
		return err
	}
	held, readable, err := s.held(bucket, key)
	if err != nil {
		return err
	}
	if err := allowed(c, held, readable); err != nil {
		return err
	}
	return s.checkWritable()
}

// held returns what a key holds, nil for nothing, and whether it can be read.
func (s *Store) held(bucket, key string) (v *version, readable bool, err error) {
	s.index.RLock()
	defer s.index.RUnlock()
	b, err := s.index.bucket(bucket)
	if err != nil {
		return nil, false, err
	}
	v, _ = b.objects.Get(key)
	return v, v != nil && v.readable(s.geometry), nil
}

// commitObject makes a staged version what its key holds.
func (s *Store) commitObject(rec *record, where places, c objectstore.Condition) (objectstore.Object, error) {
	b, release, err := s.index.useBucket(rec.bucket)
	if err != nil {
		s.discard(rec.id, where)
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(rec.name)()
	held, readable, err := s.held(rec.bucket, rec.key)
	if err == nil {
		err = allowed(c, held, readable)
	}
	if err != nil {
		s.discard(rec.id, where)
		return objectstore.Object{}, err
	}
	v, err := s.publish(rec, where)
	if err != nil {
		return objectstore.Object{}, err
	}
	s.replace(b, rec.key, v)
	return v.object(), nil
}

// replace makes v what the key holds and removes what it held before.
func (s *Store) replace(b *bucket, key string, v *version) {
	old, removable := s.index.setObject(b, key, v)
	if old == nil {
		return
	}
	s.retire(old)
	if removable {
		s.retire(old.pieces...)
	}
}

// Head implements objectstore.Objects.
func (s *Store) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.Object{}, err
	}
	v, readable, err := s.held(bucket, key)
	switch {
	case err != nil:
		return objectstore.Object{}, err
	case v == nil:
		return objectstore.Object{}, objectstore.ErrObjectNotFound
	case !readable:
		return objectstore.Object{}, objectstore.ErrReadQuorum
	}
	return v.object(), nil
}

// Get implements objectstore.Objects.
func (s *Store) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if err := s.begin(); err != nil {
		return objectstore.Object{}, nil, err
	}
	o, body, err := s.get(ctx, bucket, key, rng)
	if err != nil {
		s.inUse.Done()
		return o, nil, err
	}
	return o, body, nil
}

func (s *Store) get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	// A version may be replaced between finding it and opening its files; then the
	// key holds a newer one. While a delete is under way its files are gone first,
	// and waiting for the key's lock shows the outcome.
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return objectstore.Object{}, nil, err
		}
		v, err := s.index.pin(bucket, key)
		if err != nil {
			return objectstore.Object{}, nil, err
		}
		if v == nil {
			return objectstore.Object{}, nil, objectstore.ErrObjectNotFound
		}
		o := v.object()
		body, err := s.openBody(v, rng)
		if err == nil {
			return o, body, nil
		}
		s.unpin(v)
		if s.index.isCurrent(bucket, key, v) {
			if attempt > 0 || errors.Is(err, objectstore.ErrRangeInvalid) {
				return o, nil, err
			}
			s.keys.lock(objectName(bucket, key))()
		}
	}
}

// Delete implements objectstore.Objects.
func (s *Store) Delete(ctx context.Context, bucket, key string) (existed bool, err error) {
	if err := s.begin(); err != nil {
		return false, err
	}
	defer s.inUse.Done()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := objectstore.ValidateKey(key); err != nil {
		return false, err
	}
	b, release, err := s.index.useBucket(bucket)
	if err != nil {
		return false, err
	}
	defer release()
	defer s.keys.lock(objectName(bucket, key))()
	v, _, err := s.held(bucket, key)
	if err != nil || v == nil {
		return false, err
	}
	if err := s.unlink(v); err != nil {
		return false, err
	}
	if old, removable := s.index.setObject(b, key, nil); removable {
		s.retire(old.pieces...)
	}
	return true, nil
}

// Copy implements objectstore.Objects. The bytes are read, verified and coded anew.
func (s *Store) Copy(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	if err := s.begin(); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if err := s.mayPut(ctx, r.Bucket, r.Key, r.Condition); err != nil {
		return objectstore.Object{}, err
	}
	source, from, err := s.Get(ctx, r.FromBucket, r.FromKey, nil)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer func() { _ = from.Close() }()
	if r.Check != nil {
		if err := r.Check(source); err != nil {
			return objectstore.Object{}, err
		}
	}
	attrs := source.Attributes
	if r.Replace != nil {
		attrs = r.Replace.Clone()
		if attrs.Checksums == nil {
			attrs.Checksums = source.Attributes.Checksums
		}
	}
	rec, where, err := s.stage(ctx, from, source.Size, func(int64, string) (*record, error) {
		return &record{
			name: objectName(r.Bucket, r.Key), etag: source.ETag, modified: time.Now().UnixMilli(),
			attrs: attrs, parts: source.Parts,
		}, nil
	})
	if err != nil {
		return objectstore.Object{}, err
	}
	return s.commitObject(rec, where, r.Condition)
}
