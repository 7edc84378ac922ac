package replication

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/remote"
)

const (
	// lookFrom is the size from which it is worth a request to see whether the target
	// has the object already.
	lookFrom = 1 << 20

	userHeader     = "x-amz-meta-"
	statusNotFound = 404
)

// errChanged says that an object was overwritten while it was copied. The backlog has
// that change, too.
var errChanged = errors.New("the object changed while it was copied")

var errDiffers = errs.New(errs.Unavailable, "replica_differs", "What the target says it stored is not what was sent. It is sent again.")

// send brings one change to the target. It returns only once the target has it.
func (r *runner) send(ctx context.Context, c objectstore.Change) error {
	named := c.VersionID != "" && c.VersionID != objectstore.NullVersion
	if c.Kind == objectstore.ChangeGone {
		return nil
	}
	if named && c.Kind == objectstore.ChangeDelete {
		return r.remove(ctx, c)
	}
	o, err := r.svc.source.HeadVersion(ctx, objectstore.VersionRef{Bucket: r.rule.Bucket, Key: c.Key, ID: c.VersionID})
	switch {
	case errors.Is(err, objectstore.ErrObjectNotFound), errors.Is(err, objectstore.ErrVersionIsMarker):
		return r.remove(ctx, c)
	case errors.Is(err, objectstore.ErrVersionNotFound): // deleted meanwhile
		return nil
	case err != nil:
		return &sourceError{err}
	case isReplica(&o), !r.rule.wants(&o), r.svc.yields(r, func(other *Rule) bool { return other.wants(&o) }):
		return nil
	case o.Encryption == objectstore.EncryptionCustomer: // nobody but its writer can read it
		r.meter.change(func(st *Status) { st.Skipped++ })
		return nil
	}
	return r.put(ctx, c, o)
}

// put copies a version.
func (r *runner) put(ctx context.Context, c objectstore.Change, o objectstore.Object) error {
	if c.Recalled && !r.bookmark.Load().First || o.VersionID != "" || o.Size >= lookFrom {
		is, there, err := r.stat(ctx, c.Key)
		if err != nil {
			return err
		}
		if m, ok := parseMark(is.mark); there && ok && m == r.markOf(&o) && is.size == o.Size {
			return r.forgetUpload(ctx, c.Key)
		}
	}
	var err error
	if o.Size > r.svc.config.onePut || len(o.Parts) > 1 {
		err = r.putParts(ctx, o)
	} else {
		if err = r.endUpload(ctx, c.Key); err == nil {
			err = r.putWhole(ctx, objectstore.VersionRef{Bucket: r.rule.Bucket, Key: c.Key, ID: c.VersionID})
		}
	}
	if err == nil {
		r.meter.change(func(st *Status) { st.Sent++; st.SentBytes += o.Size })
		r.meter.did(time.Now(), 1, 0)
	}
	return err
}

// remove deletes a key at the target. What was only found there, because the backlog
// was lost, must be a copy of ours.
func (r *runner) remove(ctx context.Context, c objectstore.Change) error {
	if err := r.endUpload(ctx, c.Key); err != nil || !r.rule.Deletes {
		return err
	}
	if r.svc.yields(r, func(other *Rule) bool { return other.covers(c.Key) && len(other.Tags) == 0 }) {
		return nil
	}
	is, there, err := r.stat(ctx, c.Key)
	if err != nil {
		return err
	}
	if !there {
		// A bucket that is missing answers the same.
		return r.client.Check(ctx, r.rule.TargetBucket)
	}
	if m, _ := parseMark(is.mark); c.Recalled && m.origin != r.origin {
		return nil
	}
	if err := r.client.RemoveObject(remote.AsReplica(ctx), r.rule.TargetBucket, c.Key, minio.RemoveObjectOptions{}); err != nil {
		return err
	}
	r.meter.change(func(st *Status) { st.Deleted++ })
	r.meter.did(time.Now(), 1, 0)
	return nil
}

// copied is what the target says of an object.
type copied struct {
	mark, etag string
	size       int64
	keyed      bool // encrypted so that its ETag is no MD5
}

func (r *runner) stat(ctx context.Context, key string) (is copied, there bool, err error) {
	info, err := r.client.StatObject(ctx, r.rule.TargetBucket, key, minio.StatObjectOptions{})
	if answer := minio.ToErrorResponse(err); err != nil && answer.StatusCode == statusNotFound || info.IsDeleteMarker {
		return copied{}, false, nil
	}
	if err != nil {
		return copied{}, false, err
	}
	is = copied{etag: info.ETag, size: info.Size, keyed: strings.HasPrefix(info.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms")}
	for name, value := range info.UserMetadata {
		if strings.EqualFold(name, MarkName) {
			is.mark = value
		}
	}
	return is, true, nil
}

// putWhole copies a version in one request.
func (r *runner) putWhole(ctx context.Context, ref objectstore.VersionRef) error {
	o, body, err := r.svc.source.GetVersion(ctx, ref, nil)
	if errors.Is(err, objectstore.ErrObjectNotFound) || errors.Is(err, objectstore.ErrVersionNotFound) || errors.Is(err, objectstore.ErrVersionIsMarker) {
		return errChanged
	}
	if err != nil {
		return &sourceError{err}
	}
	defer func() { _ = body.Close() }()
	if o.Size > r.svc.config.onePut || isReplica(&o) {
		return errChanged
	}
	sum := md5.New()
	in := &reading{body: body, sum: sum, meter: &r.meter}
	info, err := r.client.PutObject(ctx, r.rule.TargetBucket, o.Key, in, o.Size, contentMD5(o.ETag), "", r.options(&o))
	if broken := in.end(); broken != nil {
		return &sourceError{broken}
	}
	if err != nil {
		return err
	}
	if err := r.verify(ctx, o.Key, hex.EncodeToString(sum.Sum(nil)), info.ETag, o.Size); err != nil {
		return err
	}
	return r.tag(ctx, &o, info.VersionID)
}

// tag gives a copy the tags that could not go with it.
func (r *runner) tag(ctx context.Context, o *objectstore.Object, version string) error {
	if remote.TagsTravel(o.Attributes.Tags) {
		return nil
	}
	return r.client.PutTags(ctx, r.rule.TargetBucket, o.Key, version, o.Attributes.Tags)
}

// verify compares the target's ETag with the one it must have. Targets that encrypt
// under keys of their own give others; they have checked the digest that came with
// the request.
func (r *runner) verify(ctx context.Context, key, want, got string, size int64) error {
	if got == want {
		return nil
	}
	is, there, err := r.stat(ctx, key)
	if err != nil {
		return err
	}
	if !there || is.size != size || !is.keyed {
		return errDiffers
	}
	return nil
}

// contentMD5 turns an ETag that is an MD5 into the header that says so.
func contentMD5(etag string) string {
	sum, err := hex.DecodeString(etag)
	if err != nil || len(sum) != md5.Size {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// options are what the copy is stored with.
func (r *runner) options(o *objectstore.Object) minio.PutObjectOptions {
	a := &o.Attributes
	// Spelt out, so that none is taken for a header of its name.
	headers := map[string]string{userHeader + MarkName: r.markOf(o).String()}
	for k, v := range a.User {
		if k != MarkName {
			headers[userHeader+k] = v
		}
	}
	if a.Expires != "" {
		headers["Expires"] = a.Expires
	}
	return minio.PutObjectOptions{
		UserMetadata: headers, UserTags: a.Tags, ContentType: a.ContentType, ContentEncoding: a.ContentEncoding,
		ContentDisposition: a.ContentDisposition, ContentLanguage: a.ContentLanguage, CacheControl: a.CacheControl,
	}
}

// reading is a body on its way: hashed and counted, its own failure kept apart from
// those of the target. A request that was answered early may still be read for.
type reading struct {
	meter *meter

	mu    sync.Mutex // guards the following 4 fields
	body  io.Reader
	sum   io.Writer
	err   error
	ended bool
}

// Read implements io.Reader.
func (b *reading) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, io.ErrClosedPipe
	}
	n, err := b.body.Read(p)
	_, _ = b.sum.Write(p[:n])
	b.meter.did(time.Now(), 0, int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = fmt.Errorf("read the object: %w", err)
	}
	return n, err
}

// end returns why the body could not be read, if that is so. Nothing of it is used
// afterwards.
func (b *reading) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	return b.err
}
