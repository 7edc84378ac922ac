package erasure

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// coding is how the bodies of one new object are coded.
type coding struct {
	name     string
	geometry driveset.Geometry // of large bodies
	key      *coat.Key         // nil when it is not encrypted
	sealed   record.Sealed
	// compress says whether a body of a size, -1 when it is not known, is compressed.
	compress func(size int64) bool
}

// newObject is what decides how an object is coded.
type newObject struct {
	bucket, key string
	attrs       objectstore.Attributes
	class       objectstore.StorageClass
	encrypt     objectstore.Encryption // EncryptionNone is the bucket's
	customer    *objectstore.CustomerKey
}

// codingFor decides how a new object is coded.
func (s *Store) codingFor(ctx context.Context, o newObject) (c coding, err error) {
	if err := checkWish(o.encrypt); err != nil {
		return c, err
	}
	b, err := s.buckets.find(o.bucket)
	if err != nil {
		return c, err
	}
	e := b.now.Load()
	c.name, c.geometry = bodyName(b.ID, o.key), s.geometryFor(b, o.class)
	c.compress = func(size int64) bool { return e.Compression.Wants(o.key, o.attrs, size) }
	by := e.Encryption
	switch {
	case o.customer != nil:
		by = objectstore.EncryptionCustomer
	case o.encrypt != objectstore.EncryptionNone:
		by = o.encrypt
	}
	if by != objectstore.EncryptionNone {
		c.key, c.sealed, err = s.newKey(ctx, by, o.customer)
	}
	return c, err
}

// bodyName is what bodies are bound to, so that one object's are never taken for
// another's.
func bodyName(bucketID uint64, key string) string {
	return string(append(binary.BigEndian.AppendUint64(nil, bucketID), key...))
}

// storedName is what the bodies of a version are bound to: its name, unless it was renamed. Then
// only the key that opens them can have said so. key is nil where nothing is decrypted.
func storedName(v *record.Version, key *coat.Key) (string, error) {
	now := bodyName(v.Bucket, v.Key)
	if v.Bound == (record.Bound{}) || key == nil {
		return now, nil
	}
	stored := bodyName(v.Bucket, v.Bound.Key)
	if proof := key.Vouch(stored, now); !hmac.Equal(proof[:], v.Bound.Proof[:]) {
		return "", bodyAltered(fmt.Errorf("%q is not what was stored as %q", v.Key, v.Bound.Key))
	}
	return stored, nil
}

// renamedFrom is what a version is to say of its name once it has another one. Only a name that
// was proved is vouched for again. A version in a tier says it without a key as well, and under
// the first name again: a Croft that does not know of such renames takes the end of the old name
// for the end of the body, and must not open these drives.
func renamedFrom(v *record.Version, to string, key *coat.Key) (record.Bound, error) {
	if _, err := storedName(v, key); err != nil {
		return record.Bound{}, err
	}
	stored := v.Key
	if v.Bound != (record.Bound{}) {
		stored = v.Bound.Key
	}
	switch {
	case key == nil && v.Tier() == "", stored == to && v.Tier() == "":
		return record.Bound{}, nil
	case key == nil:
		return record.Bound{Key: stored}, nil
	}
	return record.Bound{Key: stored, Proof: key.Vouch(bodyName(v.Bucket, stored), bodyName(v.Bucket, to))}, nil
}

// cover codes a small body that is in memory. Compression that saves nothing is left
// away.
func (s *Store) cover(b *received, c coding) error {
	compress := c.compress(b.size)
	if c.key == nil && !compress {
		return nil
	}
	out := bodyBuffers.Get().(*[]byte)
	for {
		worn := coat.New(c.key != nil, compress)
		f, err := worn.Form(c.key, c.name)
		if err != nil {
			bodyBuffers.Put(out)
			return err
		}
		*out = s.coder.Append((*out)[:0], b.inline, f)
		if !compress || len(*out) < len(b.inline) {
			bodyBuffers.Put(b.buffer)
			b.inline, b.buffer, b.coat = *out, out, worn
			return nil
		}
		if compress = false; c.key == nil {
			bodyBuffers.Put(out)
			return nil
		}
	}
}

// store streams a large body to shard files, coded.
func (s *Store) store(ctx context.Context, body io.Reader, size int64, c coding) (*received, error) {
	worn := coat.New(c.key != nil, c.compress(size))
	h, end := s.etags.begin()
	defer end()
	if worn.Bare() {
		stored, held, err := s.bodies.Write(ctx, body, size, c.geometry, h)
		if err != nil {
			return nil, err
		}
		return s.received(recordBody(stored), held, hex.EncodeToString(h.Sum(nil))), nil
	}
	f, err := worn.Form(c.key, c.name)
	if err != nil {
		return nil, err
	}
	want := int64(-1)
	if size >= 0 {
		want = f.StoredSize(size)
		body = io.LimitReader(body, size+1) // more than was announced is not read to its end
	}
	e := s.coder.NewEncoder(body, f, h)
	stored, held, err := s.bodies.Write(ctx, e, want, c.geometry, nil)
	plain := e.Finish()
	if err != nil {
		return nil, err
	}
	coated := recordBody(stored)
	coated.Coat, coated.Plain = worn, plain
	b := s.received(coated, held, hex.EncodeToString(h.Sum(nil)))
	if size >= 0 && plain != size {
		s.abandon(b)
		return nil, objectstore.ErrBodyIncomplete
	}
	return b, nil
}

// openCoated opens a range of a stored body through what it wears.
func (s *Store) openCoated(source coat.Source, worn coat.Coat, key *coat.Key, name string, size, stored, offset, length int64) (io.ReadCloser, error) {
	f, err := worn.Form(key, name)
	if err != nil {
		return nil, bodyAltered(err)
	}
	r, err := s.coder.Open(source, f, size, stored, offset, length)
	if err != nil {
		return nil, alteredIfBroken(err)
	}
	return coated{r}, nil
}

// alteredIfBroken tells callers what is the matter with a body that cannot be decoded.
func alteredIfBroken(err error) error {
	if errors.Is(err, coat.ErrBroken) {
		return bodyAltered(err)
	}
	return err
}

// coated is a body that is decoded while it is read.
type coated struct{ *coat.Reader }

// Read returns verified bytes.
func (c coated) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	return n, alteredIfBroken(err)
}

// WriteTo implements io.WriterTo.
func (c coated) WriteTo(w io.Writer) (int64, error) {
	n, err := c.Reader.WriteTo(w)
	return n, alteredIfBroken(err)
}

// openInline opens a range of a payload of the log that wears something. All that is
// needed of it is read before it returns.
func (s *Store) openInline(ctx context.Context, h *held, key *coat.Key, offset, length int64) (io.ReadCloser, error) {
	source := func(offset, length int64) (io.ReadCloser, error) {
		p, err := s.seglog.Read(ctx, &h.loc, offset, length)
		if err != nil {
			return nil, err
		}
		return &payload{bytes.NewReader(p.Bytes()), p}, nil
	}
	name, err := storedName(h.Version, key)
	if err != nil {
		return nil, err
	}
	return s.openCoated(source, h.Coat, key, name, h.Size, h.loc.Length, offset, length)
}

// payload is bytes of the log in memory.
type payload struct {
	*bytes.Reader
	read *seglog.Payload
}

// Close implements io.Closer and is called once.
func (p *payload) Close() error {
	p.read.Release()
	return nil
}

// openFile opens a range of a body in shard files or a tier.
func (s *Store) openFile(ctx context.Context, b record.Body, key *coat.Key, name string, offset, length int64) (io.ReadCloser, error) {
	source := func(offset, length int64) (io.ReadCloser, error) { return s.openStored(ctx, b, offset, length) }
	if b.Coat.Bare() {
		return source(offset, length)
	}
	return s.openCoated(source, b.Coat, key, name, b.Plain, b.Size, offset, length)
}
