package erasure

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
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

// openBody opens a pinned version; the body unpins it and ends the operation.
func (s *Store) openBody(v *version, rng *objectstore.Range) (io.ReadCloser, error) {
	offset, length, err := rng.Resolve(v.bodySize())
	if err != nil {
		return nil, err
	}
	s.index.RLock()
	readable, holders := v.readable(s.geometry), v.holders
	s.index.RUnlock()
	if !readable {
		return nil, objectstore.ErrReadQuorum
	}
	b := &body{store: s, v: v, offset: offset, left: length}
	if len(v.pieces) == 0 {
		b.current, err = s.openShards(v, holders, offset, length)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

func (s *Store) unpin(v *version) {
	if s.index.unpin(v) {
		s.retire(v.pieces...)
	}
}

// body is an object's body, in one piece or several.
type body struct {
	store   *Store
	v       *version
	current *shardReader
	next    int   // the piece after current
	offset  int64 // to pass over before the first byte, in the pieces from next
	left    int64 // bytes that current does not have
	err     error
	once    sync.Once
}

// Read returns verified bytes. After an error it goes on returning that.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.read(p)
	b.err = err
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	if len(b.v.pieces) == 0 {
		return b.current.Read(p)
	}
	for {
		if b.current != nil {
			n, err := b.current.Read(p)
			if err != io.EOF {
				return n, err
			}
			_ = b.current.Close()
			b.current = nil
		}
		if b.left == 0 {
			return 0, io.EOF
		}
		if err := b.openNext(); err != nil {
			return 0, err
		}
	}
}

func (b *body) openNext() error {
	piece := b.v.pieces[b.next]
	b.next++
	if b.offset >= piece.rec.size {
		b.offset -= piece.rec.size
		return nil
	}
	length := min(b.left, piece.rec.size-b.offset)
	b.store.index.RLock()
	holders := piece.holders
	b.store.index.RUnlock()
	r, err := b.store.openShards(piece, holders, b.offset, length)
	if err != nil {
		return err
	}
	b.current, b.offset = r, 0
	b.left -= length
	return nil
}

// Close implements io.Closer and may be called more than once.
func (b *body) Close() error {
	b.once.Do(func() {
		if b.current != nil {
			_ = b.current.Close()
		}
		b.store.unpin(b.v)
		b.store.inUse.Done()
	})
	return nil
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
