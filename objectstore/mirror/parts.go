package mirror

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strconv"

	"github.com/minio/minio-go/v7"

	"croft/objectstore/remote"
)

const (
	// ownPart is the size of parts where the source does not give an object in the parts
	// that it came in, unless more than maxParts would be needed.
	ownPart  = 64 << 20
	maxParts = 10_000
)

// upload is one at the target.
type upload struct {
	*run
	copying
	left    *unfinished
	from    *source // that the attributes are of
	options minio.PutObjectOptions
	keyed   bool // the copy's ETag is not the source's
	parts   []minio.CompletePart
	all     hash.Hash // of the parts' digests
}

// inParts copies an object in the parts that it was uploaded in, which gives the copy
// the ETag that the source has. Parts that an earlier attempt or an earlier mirror of the
// same brought are taken over; that ETag tells whether they were the right ones.
func (m *run) inParts(ctx context.Context, c copying, parts int, left *unfinished) error {
	u := &upload{run: m, copying: c, left: left, all: md5.New()} //nolint:gosec // ETags are MD5 by definition.
	err := u.copy(ctx, parts)
	switch {
	case errors.Is(err, errDiffers), errors.Is(err, errChanged):
		left.spoilt = true
	case remote.Code(err) == minio.NoSuchUpload:
		// Another mirror at work on the same has completed it, or this one has and the
		// answer was lost, or somebody ended it.
		*left = unfinished{}
		if m.there(ctx, c) {
			return u.tag(ctx, c, u.options, "")
		}
	}
	return err
}

func (u *upload) copy(ctx context.Context, parts int) error {
	first, err := u.part(ctx, 1)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close() }()
	u.from = first
	if n, _ := strconv.Atoi(first.header.Get("X-Amz-Mp-Parts-Count")); n != parts {
		return u.copyInOwn(ctx)
	}
	u.keyed = first.keyed()
	resumable := 0
	if !u.keyed && parts > 1 {
		resumable = parts
	}
	if err := u.begin(ctx, resumable); err != nil {
		return err
	}
	for n := 1; n <= parts; n++ {
		if u.takeOver(n) {
			continue
		}
		from := first
		if n > 1 {
			if from, err = u.part(ctx, n); err != nil {
				return err
			}
		}
		err = u.send(ctx, n, from, from.info.Size)
		_ = from.Close()
		if err != nil {
			return err
		}
	}
	return u.complete(ctx)
}

// part opens a part of an object.
func (u *upload) part(ctx context.Context, number int) (*source, error) {
	return u.open(ctx, u.copying, minio.GetObjectOptions{PartNumber: number})
}

// copyInOwn copies an object whose source knows nothing of parts, in parts of our own.
// The copy has another ETag and a mark.
func (u *upload) copyInOwn(ctx context.Context) error {
	u.keyed = true
	if err := u.begin(ctx, 0); err != nil {
		return err
	}
	size := cmp.Or(u.Config.part, ownPart)
	for u.size > size*maxParts {
		size *= 2
	}
	for n := 1; int64(n-1)*size < u.size || n == 1; n++ {
		if u.takeOver(n) {
			continue
		}
		offset := int64(n-1) * size
		length := min(size, u.size-offset)
		options := minio.GetObjectOptions{}
		if length > 0 {
			if err := options.SetRange(offset, offset+length-1); err != nil {
				return err
			}
		}
		from, err := u.open(ctx, u.copying, options)
		if err != nil {
			return err
		}
		// There are servers that do not know of ranges and send all of it, every time.
		if from.info.Size != length || length < u.size && from.header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, u.size) {
			err = errRange
		} else {
			err = u.send(ctx, n, from, length)
		}
		_ = from.Close()
		if err != nil {
			return err
		}
	}
	return u.complete(ctx)
}

// takeOver makes a part that is there one of the object, and reports whether it is there.
func (u *upload) takeOver(number int) bool {
	etag, there := u.left.have[number]
	if there {
		u.add(number, etag)
	}
	return there
}

// send sends one part.
func (u *upload) send(ctx context.Context, number int, from *source, size int64) error {
	in := u.reading(ctx, io.LimitReader(from, size))
	part, err := u.run.to.PutObjectPart(ctx, u.copying.to, u.key, u.left.id, number, in, size, minio.PutObjectPartOptions{})
	if broken := in.end(); broken != nil {
		return u.ofSource(broken)
	}
	if err != nil {
		return u.ofTarget(err)
	}
	etag := trimQuotes(part.ETag)
	if etag != in.md5() && digestOf(etag) != "" && !u.encrypts(ctx) {
		return errDiffers
	}
	u.left.sent(number, etag)
	u.add(number, etag)
	return nil
}

// encrypts reports whether the target's bucket encrypts with keys that make ETags no
// digests.
func (u *upload) encrypts(ctx context.Context) bool {
	conf, err := u.run.to.GetBucketEncryption(ctx, u.copying.to)
	return err == nil && len(conf.Rules) > 0 && conf.Rules[0].Apply.SSEAlgorithm == "aws:kms"
}

func (u *upload) add(number int, etag string) {
	if digest, err := hex.DecodeString(etag); err == nil {
		_, _ = u.all.Write(digest)
	}
	u.parts = append(u.parts, minio.CompletePart{PartNumber: number, ETag: etag})
}

// complete makes the parts the object, if together they are what the source has.
func (u *upload) complete(ctx context.Context) error {
	want := fmt.Sprintf("%x-%d", u.all.Sum(nil), len(u.parts))
	if !u.keyed && want != u.etag && !u.encrypts(ctx) {
		return errDiffers // something that was taken over, or read, was something else
	}
	info, err := u.run.to.CompleteMultipartUpload(ctx, u.copying.to, u.key, u.left.id, u.parts, minio.PutObjectOptions{})
	if err != nil {
		u.refused(minio.ToErrorResponse(err))
		return u.ofTarget(err)
	}
	if err := u.verify(ctx, u.copying, info.VersionID, want, trimQuotes(info.ETag)); err != nil {
		return err
	}
	return u.tag(ctx, u.copying, u.options, info.VersionID)
}

// refused draws from an answer to a completion whether another may succeed.
func (u *upload) refused(answer minio.ErrorResponse) {
	if answer.Code != minio.InvalidPart && answer.StatusCode != http.StatusBadRequest {
		return
	}
	if u.left.marked > len(u.parts) {
		// There are servers (Ceph's) that want all parts of an upload listed. The mark
		// cannot be taken out of this one.
		u.run.wantsAll.Store(true)
		u.left.spoilt = true
	}
	if answer.Code == minio.InvalidPart {
		u.left.spoilt = true // something is there no longer, or is something else
	}
}

// there reports whether the target has the object by now. Where versions are brought that
// may be an older one of the same content.
func (m *run) there(ctx context.Context, c copying) bool {
	if c.versions {
		return false
	}
	info, err := m.to.StatObject(ctx, c.to, c.key, minio.StatObjectOptions{})
	if err != nil {
		return false
	}
	v := version{etag: trimQuotes(info.ETag), size: info.Size, mark: info.Metadata.Get(metaPrefix + sourceETag)}
	return v.copyOf(&c.version)
}
