package mirror

import (
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"github.com/minio/minio-go/v7"
)

const (
	// ownPart is the size of parts where the source does not give an object in the parts
	// that it came in, unless more than maxParts would be needed.
	ownPart  = 64 << 20
	maxParts = 10_000
)

// inParts copies an object in the parts that it was uploaded in, which gives the copy
// the ETag that the source has. Parts that an earlier mirror brought are taken over on the
// first attempt; that ETag tells whether they were the right ones.
func (m *run) inParts(ctx context.Context, c copying, parts, try int) error {
	first, err := m.part(ctx, c, 1)
	if err != nil {
		return err
	}
	defer func() { _ = first.Close() }()
	u := &upload{run: m, copying: c, all: md5.New(), from: first} //nolint:gosec // ETags are MD5 by definition.
	if n, _ := strconv.Atoi(first.header.Get("X-Amz-Mp-Parts-Count")); n != parts {
		return m.inOwnParts(ctx, u)
	}
	u.keyed = first.keyed()
	if err := u.begin(ctx, try == 0 && !u.keyed); err != nil {
		return err
	}
	for n := 1; n <= parts; n++ {
		if etag, there := u.have[n]; there {
			u.add(n, etag)
			continue
		}
		from := first
		if n > 1 {
			if from, err = m.part(ctx, c, n); err != nil {
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
func (m *run) part(ctx context.Context, c copying, number int) (*source, error) {
	return m.open(ctx, c, minio.GetObjectOptions{PartNumber: number})
}

// inOwnParts copies an object whose source knows nothing of parts, in parts of our own.
// The copy has another ETag and a mark.
func (m *run) inOwnParts(ctx context.Context, u *upload) error {
	u.keyed = true
	if err := u.begin(ctx, false); err != nil {
		return err
	}
	size := int64(ownPart)
	for u.size > size*maxParts {
		size *= 2
	}
	for n := 1; int64(n-1)*size < u.size || n == 1; n++ {
		offset := int64(n-1) * size
		length := min(size, u.size-offset)
		options := minio.GetObjectOptions{}
		if length > 0 {
			if err := options.SetRange(offset, offset+length-1); err != nil {
				return err
			}
		}
		from, err := m.open(ctx, u.copying, options)
		if err != nil {
			return err
		}
		err = u.send(ctx, n, from, length)
		_ = from.Close()
		if err != nil {
			return err
		}
	}
	return u.complete(ctx)
}

// upload is one at the target.
type upload struct {
	*run
	copying
	from    *source // that the attributes are of
	options minio.PutObjectOptions
	keyed   bool // the copy's ETag is not the source's
	id      string
	have    map[int]string // ETags of parts that are there, by number
	parts   []minio.CompletePart
	all     hash.Hash // of the parts' digests
}

// begin takes up the newest upload of the key that is there, which an earlier mirror has
// left, or starts one. Whoever else uploads under that key meanwhile loses: this is for
// targets that are being filled.
func (u *upload) begin(ctx context.Context, resume bool) error {
	var err error
	if u.options, err = u.attributes(ctx, u.copying, u.from, u.keyed); err != nil {
		return err
	}
	if resume {
		if err := u.takeUp(ctx); err != nil || u.id != "" {
			return err
		}
	}
	u.id, err = u.run.to.NewMultipartUpload(ctx, u.copying.to, u.key, u.options)
	return u.ofTarget(err)
}

// takeUp finds the newest unfinished upload of the key, if there is one, and its parts.
func (u *upload) takeUp(ctx context.Context) error {
	for keyMarker, idMarker := "", ""; ; {
		page, err := u.run.to.ListMultipartUploads(ctx, u.copying.to, u.key, keyMarker, idMarker, "", 1000)
		if err != nil {
			return u.ofTarget(err)
		}
		for _, x := range page.Uploads {
			if x.Key == u.key {
				u.id = x.UploadID
			}
		}
		if !page.IsTruncated || page.NextKeyMarker != u.key {
			break
		}
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
	if u.id == "" {
		return nil
	}
	var err error
	u.have, err = u.partsOf(ctx, u.id)
	return err
}

func (u *upload) partsOf(ctx context.Context, id string) (map[int]string, error) {
	have := make(map[int]string)
	for marker := 0; ; {
		page, err := u.run.to.ListObjectParts(ctx, u.copying.to, u.key, id, marker, 1000)
		if err != nil {
			return nil, u.ofTarget(err)
		}
		for _, p := range page.ObjectParts {
			have[p.PartNumber] = trimQuotes(p.ETag)
		}
		if !page.IsTruncated || page.NextPartNumberMarker <= marker {
			return have, nil
		}
		marker = page.NextPartNumberMarker
	}
}

// send sends one part.
func (u *upload) send(ctx context.Context, number int, from *source, size int64) error {
	in := u.reading(ctx, io.LimitReader(from, size))
	part, err := u.run.to.PutObjectPart(ctx, u.copying.to, u.key, u.id, number, in, size, minio.PutObjectPartOptions{})
	if broken := in.end(); broken != nil {
		return u.ofSource(broken)
	}
	if err != nil {
		return u.ofTarget(err)
	}
	if got := trimQuotes(part.ETag); got != in.md5() && digestOf(got) != "" && !u.encrypts(ctx) {
		return errDiffers
	}
	u.add(number, trimQuotes(part.ETag))
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
		// Something that was taken over, or read, was something else. The next attempt
		// takes nothing over.
		err := u.run.to.AbortMultipartUpload(ctx, u.copying.to, u.key, u.id)
		return errors.Join(errDiffers, err)
	}
	info, err := u.run.to.CompleteMultipartUpload(ctx, u.copying.to, u.key, u.id, u.parts, minio.PutObjectOptions{})
	if err != nil {
		return u.ofTarget(err)
	}
	if err := u.verify(ctx, u.copying, info.VersionID, want, trimQuotes(info.ETag)); err != nil {
		return err
	}
	return u.tag(ctx, u.copying, u.options, info.VersionID)
}
