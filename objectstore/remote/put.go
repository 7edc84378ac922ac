package remote

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

const (
	// bufferSize is up to where a body is in memory as a whole: it can be sent again
	// when the cluster fails, and all that is known of it goes along.
	bufferSize = 4 << 20
	// maxSingle is the largest body that S3 takes in one piece.
	maxSingle = 5 << 30
	// conditionTries is how often a write that demands any object is tried when the
	// object changes meanwhile.
	conditionTries = 10
)

// Put implements objectstore.Objects.
func (s *Store) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if err := s.check(ctx, r.Bucket, r.Key); err != nil {
		return objectstore.Object{}, err
	}
	if err := checkAttributes(r.Attributes); err != nil {
		return objectstore.Object{}, err
	}
	if r.Encrypt != objectstore.EncryptionNone || r.CustomerKey != nil {
		return objectstore.Object{}, Unsupported("Encryption with Croft's or your own keys")
	}
	if r.Size > maxSingle {
		return objectstore.Object{}, errTooLarge
	}
	if r.Body == nil {
		r.Body = bytes.NewReader(nil)
	}
	class, err := r.Class.Kept()
	if err != nil {
		return objectstore.Object{}, err
	}
	r.Class = class
	r.Attributes = r.Attributes.Clone()
	if r.Attributes.Checksums == nil && r.Finish != nil {
		r.Attributes.Checksums = map[string]string{}
	}
	if r.Size > bufferSize {
		return s.putStream(ctx, r)
	}
	return s.putWhole(ctx, r)
}

// putWhole reads the whole body before it sends anything.
func (s *Store) putWhole(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	whole, err := gather(r.Body, r.Size, s.temp)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer whole.discard()
	if err := finish(r.MD5, hex.EncodeToString(whole.md5), r.Finish, &r.Attributes); err != nil {
		return objectstore.Object{}, err
	}
	if whole.size > maxSingle {
		return objectstore.Object{}, errTooLarge
	}
	p := s.newPut(r, false)
	if p.late != "" {
		if err := p.writeLate(ctx, ""); err != nil {
			return objectstore.Object{}, err
		}
	}
	for try := 0; ; try++ {
		options, err := p.options(ctx)
		if err != nil {
			return objectstore.Object{}, err
		}
		info, err := s.client.putBytes(ctx, s.there(r.Bucket), r.Key, whole, whole.md5, options)
		o, err := p.result(ctx, info, whole.size, hex.EncodeToString(whole.md5), err)
		if r.Condition.ETag != "*" || !errors.Is(err, objectstore.ErrPreconditionFailed) || try == conditionTries {
			return o, err
		}
	}
}

// putStream sends a body while it is read. Its last byte is sent once the body has
// ended and nobody refused it.
func (s *Store) putStream(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	p := s.newPut(r, r.Finish != nil)
	options, err := p.options(ctx)
	if err != nil {
		return objectstore.Object{}, err
	}
	g := newGate(r.Body, r.Size, func(sum string) error {
		if err := finish(r.MD5, sum, r.Finish, &p.attributes); err != nil {
			return err
		}
		if p.late == "" {
			return nil
		}
		return p.writeLate(ctx, "")
	})
	var digest string
	if sum, err := hex.DecodeString(r.MD5); err == nil {
		digest = base64.StdEncoding.EncodeToString(sum)
	}
	info, err := s.client.PutObject(ctx, s.there(r.Bucket), r.Key, g, r.Size, digest, "", options)
	if refusal := g.close(); refusal != nil {
		return objectstore.Object{}, refusal
	}
	return p.result(ctx, info, r.Size, g.digest(), err)
}

// finish compares the body's digest with the announced one and lets the caller
// complete the attributes.
func finish(want, got string, f func(*objectstore.Attributes) error, a *objectstore.Attributes) error {
	if want != "" && want != got {
		return objectstore.ErrDigestMismatch
	}
	if f == nil {
		return nil
	}
	if err := f(a); err != nil {
		return err
	}
	return checkAttributes(*a)
}

// put is one object on its way into the cluster.
type put struct {
	store       *Store
	bucket, key string
	attributes  objectstore.Attributes
	class       objectstore.StorageClass
	parts       []objectstore.Part
	condition   objectstore.Condition
	late        string // the late record; empty without
	write       string // names this write where it may be repeated under a condition
}

// newPut decides whether the object has a late record: when its attributes are not
// complete yet, or do not fit into headers.
func (s *Store) newPut(r objectstore.PutRequest, incomplete bool) *put {
	p := &put{store: s, bucket: r.Bucket, key: r.Key, attributes: r.Attributes, class: r.Class, condition: r.Condition}
	if _, whole := encodeAttributes(r.Attributes); incomplete || !whole {
		p.late = newLate(false)
	}
	if r.Condition != (objectstore.Condition{}) {
		p.write = ids.New()
	}
	return p
}

func (p *put) writeLate(ctx context.Context, etag string) error {
	return p.store.writeLate(ctx, p.late, etag, lateRecord{
		Bucket: p.bucket, Key: p.key, Attributes: plainOf(p.attributes), Parts: recordsOf(p.parts),
	})
}

// headers are all that the object is sent with.
func (p *put) headers() map[string]string {
	headers, _ := encodeAttributes(p.attributes)
	if p.late != "" {
		headers[ownLate] = p.late
	}
	if p.write != "" {
		headers[ownWrite] = p.write
	}
	return headers
}

func (p *put) options(ctx context.Context) (minio.PutObjectOptions, error) {
	options := minio.PutObjectOptions{UserMetadata: p.headers(), StorageClass: string(p.class)}
	condition, err := p.resolved(ctx)
	demand(&options, condition)
	return options, err
}

// resolved is the condition in words that every cluster understands: any object is
// the one that is there now.
func (p *put) resolved(ctx context.Context) (objectstore.Condition, error) {
	if p.condition.ETag != "*" {
		return p.condition, nil
	}
	info, err := p.store.client.StatObject(ctx, p.store.there(p.bucket), p.key, minio.StatObjectOptions{})
	return objectstore.Condition{ETag: info.ETag, Absent: p.condition.Absent}, p.store.explain(err)
}

func demand(options *minio.PutObjectOptions, c objectstore.Condition) {
	if c.Absent {
		options.SetMatchETagExcept("*")
	}
	if c.ETag != "" {
		options.SetMatchETag(c.ETag)
	}
}

// result is the object that was written, or why it was not.
func (p *put) result(ctx context.Context, info minio.UploadInfo, size int64, sum string, err error) (objectstore.Object, error) {
	if err != nil {
		err = p.store.explain(err)
		if !p.met(ctx, err) {
			return objectstore.Object{}, err
		}
		info.ETag = sum
	}
	if info.ETag != sum {
		return objectstore.Object{}, errs.Newf(errs.Internal, "target_etag",
			"%s stored the object under the ETag %s, which is not the MD5 of what was sent: it was altered, or the bucket %s is encrypted with keys that prevent it. Upload it anew after turning that off.",
			p.store.client.target.Endpoint, info.ETag, p.store.there(p.bucket))
	}
	return p.object(info.ETag, size), nil
}

// met reports whether a refused write met itself: where an answer gets lost it is
// sent again, and finds what it wrote before.
func (p *put) met(ctx context.Context, err error) bool {
	if p.write == "" || !errors.Is(err, objectstore.ErrPreconditionFailed) {
		return false
	}
	info, err := p.store.client.StatObject(ctx, p.store.there(p.bucket), p.key, minio.StatObjectOptions{})
	return err == nil && info.Headers.Get(ownWrite) == p.write
}

func (p *put) object(etag string, size int64) objectstore.Object {
	a := p.attributes
	if len(a.User) == 0 {
		a.User = nil
	}
	if len(a.Checksums) == 0 {
		a.Checksums = nil
	}
	if len(a.Tags) == 0 {
		a.Tags = nil
	}
	return objectstore.Object{
		Bucket: p.bucket, Key: p.key, Size: size, StoredSize: size, ETag: etag,
		ModifiedAt: wholeSeconds(p.store.now()), Attributes: a, Class: p.class, Parts: p.parts,
	}
}

// seekable is a body that can be sent again.
type seekable interface {
	io.ReadSeeker
	Size() int64
}

// putBytes sends a body that is there as a whole, with its MD5 for the cluster to
// check and, where the way is not encrypted, the SHA-256 that is signed.
func (c *Client) putBytes(ctx context.Context, bucket, key string, body seekable, sum []byte, options minio.PutObjectOptions) (minio.UploadInfo, error) {
	var signed string
	if c.plain {
		if _, err := body.Seek(0, io.SeekStart); err != nil { // it may have been sent before
			return minio.UploadInfo{}, err
		}
		h := sha256.New()
		if _, err := io.Copy(h, body); err != nil {
			return minio.UploadInfo{}, err
		}
		signed = hex.EncodeToString(h.Sum(nil))
	}
	options.DisableContentSha256 = true // the SHA-256 of the whole is signed, not of pieces
	return c.PutObject(ctx, bucket, key, body, body.Size(), base64.StdEncoding.EncodeToString(sum), signed, options)
}

func md5Of(p []byte) []byte {
	sum := md5.Sum(p) //nolint:gosec // ETags are MD5 by definition.
	return sum[:]
}
