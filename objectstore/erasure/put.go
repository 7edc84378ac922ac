package erasure

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// inlineMax is the largest body that goes into the log. Above, files of its own
// cost less than writing it again whenever its segment is compacted.
const inlineMax = 2 << 20

// Put implements objectstore.Objects.
func (s *Store) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	class, err := r.Class.Kept()
	if err != nil {
		return objectstore.Object{}, err
	}
	if err := s.mayPut(ctx, r.Bucket, r.Key, r.Size, r.Condition); err != nil {
		return objectstore.Object{}, err
	}
	c, err := s.codingFor(ctx, newObject{
		bucket: r.Bucket, key: r.Key, attrs: r.Attributes, class: class, encrypt: r.Encrypt, customer: r.CustomerKey,
	})
	if err != nil {
		return objectstore.Object{}, err
	}
	defer s.etags.expect(r.Size)()
	b, err := s.receive(ctx, r.Body, r.Size, inlineMax, c)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer b.release()
	v := &record.Version{Key: r.Key, Size: b.size, ETag: b.md5, Attrs: r.Attributes.Clone(), Sealed: c.sealed, Class: class}
	if r.MD5 != "" && r.MD5 != b.md5 {
		err = objectstore.ErrDigestMismatch
	}
	if err == nil && r.Finish != nil {
		err = r.Finish(&v.Attrs)
		v.Attrs = v.Attrs.Clone()
	}
	if err != nil {
		s.abandon(b)
		return objectstore.Object{}, err
	}
	what := objectstore.HappenedPut
	if r.Copied {
		what = objectstore.HappenedCopy
	}
	return s.commit(ctx, r.Bucket, what, v, b, r.Condition)
}

// received is a body that was read to its end: in memory, or in shard files that
// nothing refers to yet.
type received struct {
	size    int64
	md5     string
	inline  []byte    // as it is stored
	coat    coat.Coat // of inline
	buffer  *[]byte   // that inline is in
	bodies  []record.Body
	missing driveset.Places
	counted int64 // bytes of it that count for the bucket already
}

func (b *received) release() {
	if b.buffer != nil {
		bodyBuffers.Put(b.buffer)
		b.buffer, b.inline = nil, nil
	}
}

// bodyBuffers hold small bodies while they are received.
var bodyBuffers = sync.Pool{New: func() any { return new(make([]byte, 16<<10)) }}

// receive reads a body of an announced size, -1 when there is none. Up to limit
// bytes stay in memory.
func (s *Store) receive(ctx context.Context, body io.Reader, size int64, limit int, c coding) (*received, error) {
	if body == nil {
		body = strings.NewReader("")
	}
	if size <= int64(limit) {
		buf := bodyBuffers.Get().(*[]byte)
		n, err := readUpTo(body, buf, size, limit)
		head := (*buf)[:n]
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			bodyBuffers.Put(buf)
			return nil, bodyError(err)
		case size >= 0 && int64(n) != size:
			bodyBuffers.Put(buf)
			return nil, objectstore.ErrBodyIncomplete
		case n <= limit:
			b := &received{size: int64(n), md5: s.etags.of(head), inline: head, buffer: buf}
			if err := s.cover(b, c); err != nil {
				b.release()
				return nil, err
			}
			return b, nil
		}
		// The size was not announced and is more than fits.
		defer bodyBuffers.Put(buf)
		body = io.MultiReader(bytes.NewReader(head), body)
	}
	if size < 0 {
		body = &roomy{store: s, body: body, geometry: c.geometry}
	} else if err := s.room(size, c.geometry); err != nil {
		return nil, err
	}
	if err := s.markRunning(ctx); err != nil {
		return nil, err
	}
	return s.store(ctx, body, size, c)
}

// received is a body that some drives hold.
func (s *Store) received(body record.Body, held driveset.Places, md5 string) *received {
	return &received{
		size: body.Length(), md5: md5, bodies: []record.Body{body}, missing: driveset.AllPlaces(len(s.set.Drives)) &^ held,
	}
}

// readUpTo reads a body into a buffer that it grows, to its end or one byte more
// than the limit. The error is io.EOF when the body has ended.
func readUpTo(body io.Reader, buf *[]byte, size int64, limit int) (n int, err error) {
	*buf = (*buf)[:cap(*buf)]
	if want := int(size) + 1; size >= 0 && want > len(*buf) { // one more, to see the end
		*buf = make([]byte, want)
	}
	for empty := 0; err == nil && n <= limit && (size < 0 || int64(n) <= size); {
		if n == len(*buf) {
			*buf = append(*buf, make([]byte, len(*buf))...)
		}
		var m int
		m, err = body.Read((*buf)[n:])
		n += m
		if empty++; m > 0 {
			empty = 0
		}
		if empty > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, err
}

// bodyError passes on a refusal of the body; one that was cut off is ErrBodyIncomplete.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) && errs.KindOf(err) == errs.Internal {
		return errs.Wrap(err, errs.Invalid, objectstore.ErrBodyIncomplete.Code, objectstore.ErrBodyIncomplete.Message)
	}
	return err
}

// abandon removes a body that nothing will refer to.
func (s *Store) abandon(b *received) {
	for _, body := range b.bodies {
		s.bodies.Remove(bodyOf(body))
	}
}

// mayPut refuses early what would be refused at the end, before a body is sent.
func (s *Store) mayPut(ctx context.Context, bucketName, key string, size int64, c objectstore.Condition) error {
	if err := objectstore.ValidateKey(key); err != nil {
		return err
	}
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return err
	}
	if c != (objectstore.Condition{}) {
		held, err := s.held(ctx, b, key)
		if err != nil {
			return err
		}
		if err := held.allows(c); err != nil {
			return err
		}
	}
	if err := s.mayAdd(ctx, b, size, func() (int64, error) { return s.givenUp(ctx, b, key) }); err != nil {
		return err
	}
	return s.checkWritable()
}

// held is what a key holds; nil is nothing.
type held struct {
	*record.Version
	loc   seglog.Location
	value []byte
}

// held returns what a key holds now. A delete marker is nothing to most callers.
func (s *Store) held(ctx context.Context, b *bucket, key string) (*held, error) {
	row, found, err := s.index.Latest(ctx, b.ID, key)
	if err != nil || !found {
		return nil, err
	}
	return heldIn(row)
}

// heldIn turns a row of the catalogue into what a key holds.
func heldIn(row index.Version) (*held, error) {
	v, loc, err := unpack[*record.Version](row.Value)
	if err != nil {
		return nil, err
	}
	return &held{Version: v, loc: loc, value: row.Value}, nil
}

// exists reports whether there is an object to read.
func (h *held) exists() bool { return h != nil && !h.Marker }

// allows checks a condition.
func (h *held) allows(c objectstore.Condition) error {
	switch {
	case c == objectstore.Condition{}:
		return nil
	case !h.exists() && c.ETag != "":
		return objectstore.ErrObjectNotFound
	case !h.exists():
		return nil
	case c.Absent, c.ETag != "*" && c.ETag != h.ETag:
		return objectstore.ErrPreconditionFailed
	}
	return nil
}

// commit makes a version with a received body what its key holds. What it does
// not make is abandoned.
func (s *Store) commit(ctx context.Context, bucketName string, what objectstore.What, v *record.Version, b *received, c objectstore.Condition) (objectstore.Object, error) {
	keep := false
	defer func() {
		if !keep {
			s.abandon(b)
		}
	}()
	in, release, err := s.buckets.hold(bucketName)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(name{in.ID, v.Key})()
	before, err := s.held(ctx, in, v.Key)
	if err == nil {
		err = before.allows(c)
	}
	if err != nil {
		return objectstore.Object{}, err
	}
	keep, err = s.appendVersion(ctx, in, what, before, v, b)
	if err != nil {
		return objectstore.Object{}, err
	}
	return in.object(v), nil
}

// appendVersion completes a version and appends it. The caller holds the key's
// lock; before is what the key holds. kept says that the version's bodies may be
// referred to from now on.
func (s *Store) appendVersion(ctx context.Context, in *bucket, what objectstore.What, before *held, v *record.Version, b *received, more ...seglog.Entry) (kept bool, err error) {
	now := time.Now()
	v.Bucket, v.Ord, v.Tail = in.ID, s.nextOrd(), randomTail()
	v.Modified = now.UnixMilli()
	v.Null = in.versioning() != objectstore.VersioningEnabled
	v.Inline, v.Bodies = len(b.inline) > 0, append(v.Bodies, b.bodies...)
	if v.Coat = b.coat; !v.Coat.Bare() {
		v.Stored = int64(len(b.inline))
	}
	if err := in.lock(v, now); err != nil {
		return false, err
	}
	gives, err := s.displaced(ctx, in, v, before)
	if err != nil {
		return false, err
	}
	v.Shadows = s.shadowsOf(gives)
	release, err := s.reserve(ctx, in, v.Size-gives.size()-b.counted)
	if err != nil {
		return false, err
	}
	defer release()
	told, err := s.tellOf(ctx, in, what, v)
	if err != nil {
		return false, err
	}
	defer told.end()
	e := seglog.Entry{Meta: v.Encode(), Payload: b.inline, Tag: &pending{entry: v, missing: b.missing}}
	if _, err = s.seglog.Append(ctx, seglog.Options{}, told.with(append([]seglog.Entry{e}, more...)...)...); err == nil {
		told.done(ctx)
	}
	// After a write quorum was missed nobody can say whether the entry is there.
	return err == nil || unsure(err), err
}

// lock completes and checks the lock that a new version comes with.
func (b *bucket) lock(v *record.Version, now time.Time) error {
	e, l := b.now.Load(), &v.Attrs.Lock
	if *l != (objectstore.Lock{}) && !e.ObjectLock {
		return objectstore.ErrObjectLockMissing
	}
	if l.Mode == objectstore.LockNone && !v.Marker {
		hold := l.Hold
		*l = e.Lock.From(now)
		l.Hold = hold
	}
	return nil
}

// displaced returns the version that a new one takes the place of, nil when there is
// none: only a null version does. latest is what the key holds.
func (s *Store) displaced(ctx context.Context, in *bucket, v *record.Version, latest *held) (*held, error) {
	if !v.Null {
		return nil, nil
	}
	before := latest
	if in.versioning() != objectstore.VersioningOff && (latest == nil || !latest.Null) {
		row, found, err := s.index.NullVersion(ctx, in.ID, v.Key)
		if err != nil || !found {
			return nil, err
		}
		if before, err = heldIn(row); err != nil {
			return nil, err
		}
	}
	if before == nil || !before.Null {
		return nil, nil
	}
	return before, nil
}

// shadowsOf are the segments in which a displaced version and its predecessors stand.
func (s *Store) shadowsOf(displaced *held) record.Shadows {
	if displaced == nil {
		return nil
	}
	return displaced.Shadows.With(displaced.loc.Segment, s.segmentExists())
}

func randomTail() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint64(b[:])
}
