package erasure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Head implements objectstore.Objects.
func (s *Store) Head(ctx context.Context, bucketName, key string) (objectstore.Object, error) {
	return s.HeadVersion(ctx, objectstore.VersionRef{Bucket: bucketName, Key: key})
}

// HeadVersion implements objectstore.Versions.
func (s *Store) HeadVersion(ctx context.Context, ref objectstore.VersionRef) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(ref.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	h, err := s.version(ctx, b, ref)
	if err != nil {
		return objectstore.Object{}, err
	}
	o, err := b.readable(h, ref)
	if err == nil && ref.CustomerKey != nil {
		_, err = s.openKey(ctx, h.Sealed, ref.CustomerKey)
	}
	return o, err
}

// readable returns what callers see of a version, and why it has no body to read.
func (b *bucket) readable(h *held, ref objectstore.VersionRef) (objectstore.Object, error) {
	switch {
	case h == nil && ref.ID == "":
		return objectstore.Object{}, objectstore.ErrObjectNotFound
	case h == nil:
		return objectstore.Object{}, objectstore.ErrVersionNotFound
	case h.Marker && ref.ID == "":
		return b.object(h.Version), objectstore.ErrObjectNotFound
	case h.Marker:
		return b.object(h.Version), objectstore.ErrVersionIsMarker
	}
	return b.object(h.Version), nil
}

// Get implements objectstore.Objects.
func (s *Store) Get(ctx context.Context, bucketName, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	return s.GetVersion(ctx, objectstore.VersionRef{Bucket: bucketName, Key: key}, rng)
}

// GetVersion implements objectstore.Versions.
func (s *Store) GetVersion(ctx context.Context, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, nil, err
	}
	o, body, err := s.get(ctx, ref, rng)
	if err != nil {
		s.inUse.Done()
		return o, nil, err
	}
	return o, body, nil
}

func (s *Store) get(ctx context.Context, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	b, err := s.buckets.find(ref.Bucket)
	if err != nil {
		return objectstore.Object{}, nil, err
	}
	// What was found may be replaced, or moved by compaction, before it is read; then
	// the key holds something else.
	var last []byte
	for {
		h, err := s.version(ctx, b, ref)
		if err != nil {
			return objectstore.Object{}, nil, err
		}
		o, err := b.readable(h, ref)
		if err != nil {
			return o, nil, err
		}
		offset, length, err := rng.Resolve(h.Size)
		if err != nil {
			return o, nil, err
		}
		key, err := s.openKey(ctx, h.Sealed, ref.CustomerKey)
		if err != nil {
			return o, nil, err
		}
		body, err := s.openBody(ctx, h, key, offset, length)
		if err == nil {
			return o, body, nil
		}
		if errors.Is(err, errReplaced) {
			continue
		}
		if bytes.Equal(last, h.value) || ctx.Err() != nil {
			return o, nil, err
		}
		last = h.value
	}
}

// errReplaced says that a key holds something else by now.
var errReplaced = errors.New("the key holds something else by now")

// openBody opens a range of what a key holds, with the object's own key; the body
// ends the operation.
func (s *Store) openBody(ctx context.Context, h *held, key *coat.Key, offset, length int64) (io.ReadCloser, error) {
	if h.Inline && length > 0 && !h.Coat.Bare() {
		r, err := s.openInline(ctx, h, key, offset, length)
		if err != nil {
			return nil, err
		}
		return &fileBody{store: s, current: r}, nil
	}
	if h.Inline && length > 0 {
		p, err := s.seglog.Read(ctx, &h.loc, offset, length)
		if err != nil {
			return nil, err
		}
		return &inlineBody{store: s, payload: p, left: p.Bytes()}, nil
	}
	name, err := storedName(h.Version, key)
	if err != nil {
		return nil, err
	}
	b := &fileBody{
		ctx: ctx, store: s, key: key, name: name, bodies: h.toRead(), offset: offset, left: length,
	}
	b.pinned = record.Kept(b.bodies)
	s.pins.pin(b.pinned)
	err = s.stands(ctx, h)
	if err == nil {
		err = b.openNext()
	}
	if err != nil && err != io.EOF {
		s.pins.unpin(s, b.pinned)
		return nil, err
	}
	return b, nil
}

// stands returns errReplaced unless the catalogue has a version as it was found.
// Bodies are removed after the catalogue has forgotten them, so those that were
// pinned before this found it unchanged stay.
func (s *Store) stands(ctx context.Context, h *held) error {
	row, found, err := s.index.ByOrd(ctx, h.Bucket, h.Key, h.Ord)
	if err == nil && (!found || !bytes.Equal(row.Value, h.value)) {
		err = errReplaced
	}
	return err
}

// inlineBody is a small body, which was read and verified when it was opened.
type inlineBody struct {
	store   *Store
	payload *seglog.Payload
	left    []byte
	once    sync.Once
}

// Read returns verified bytes.
func (b *inlineBody) Read(p []byte) (int, error) {
	if len(b.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.left)
	b.left = b.left[n:]
	return n, nil
}

// WriteTo implements io.WriterTo.
func (b *inlineBody) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(b.left)
	b.left = b.left[n:]
	return int64(n), err
}

// Close implements io.Closer and may be called more than once.
func (b *inlineBody) Close() error {
	b.once.Do(func() {
		b.left = nil
		b.payload.Release()
		b.store.inUse.Done()
	})
	return nil
}

// fileBody is a body in shard files or tiers, one after the other, or one that is
// decoded from the log and has none.
type fileBody struct {
	ctx     context.Context //nolint:containedctx // the request's: a body is read on its behalf
	store   *Store
	key     *coat.Key
	name    string
	bodies  []record.Body
	pinned  []record.Body // and their copies
	current io.ReadCloser
	next    int   // the file after current
	offset  int64 // to pass over before the first byte, in the files from next
	left    int64 // bytes that current does not have
	err     error
	once    sync.Once
}

// openNext opens the next file that has bytes of the range, if any.
func (b *fileBody) openNext() error {
	for b.left > 0 {
		file := b.bodies[b.next]
		b.next++
		if b.offset >= file.Length() {
			b.offset -= file.Length()
			continue
		}
		length := min(b.left, file.Length()-b.offset)
		r, err := b.store.openFile(b.ctx, file, b.key, b.name, b.offset, length)
		if err != nil {
			return err
		}
		b.current, b.offset = r, 0
		b.left -= length
		return nil
	}
	return io.EOF
}

// Read returns verified bytes. After an error it goes on returning that.
func (b *fileBody) Read(p []byte) (int, error) {
	for b.err == nil {
		var n int
		if b.current == nil {
			return 0, io.EOF
		}
		n, b.err = b.current.Read(p)
		if b.err == io.EOF {
			b.err = b.advance()
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, b.err
}

func (b *fileBody) advance() error {
	_ = b.current.Close()
	b.current = nil
	return b.openNext()
}

// WriteTo implements io.WriterTo.
func (b *fileBody) WriteTo(w io.Writer) (written int64, err error) {
	for b.err == nil && b.current != nil {
		var n int64
		n, b.err = io.Copy(w, b.current)
		written += n
		if b.err == nil {
			b.err = b.advance()
		}
	}
	if b.err == io.EOF {
		return written, nil
	}
	return written, b.err
}

// Close implements io.Closer and may be called more than once.
func (b *fileBody) Close() error {
	b.once.Do(func() {
		if b.current != nil {
			_ = b.current.Close()
		}
		b.store.pins.unpin(b.store, b.pinned)
		b.store.inUse.Done()
	})
	return nil
}
