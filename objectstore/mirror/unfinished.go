package mirror

import (
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// leaveTime is how long an upload that nobody would take up may take to be ended, when a
// mirror is interrupted, too.
const leaveTime = 10 * time.Second

// unfinished is the upload at the target that one attempt to copy an object leaves to the
// next. It is always a mirror's own: this one began it, or knew it by its mark. One that was
// completed before something else failed is completed again, which changes nothing.
type unfinished struct {
	id     string         // empty without one
	of     string         // the mark of what it is an upload of, whether or not it has that
	marked int            // the part that has the mark; 0 where no later mirror will know it by one
	have   map[int]string // ETags of parts that are there, by number
	spoilt bool           // nothing of it may become the object
}

// sent says that a part is there.
func (l *unfinished) sent(number int, etag string) {
	if l.have == nil {
		l.have = make(map[int]string)
	}
	l.have[number] = etag
	if number == l.marked {
		l.marked = 0
	}
}

// begin goes on with the upload that the attempt before has left, or an earlier mirror of
// the same, or starts one. resumable is the number of parts where a later mirror may go on
// with it, else 0.
func (u *upload) begin(ctx context.Context, resumable int) error {
	var err error
	if u.options, err = u.attributes(ctx, u.copying, u.from, u.keyed); err != nil {
		return err
	}
	mark, anew := u.mark(), u.left.spoilt
	if u.left.id != "" && (anew || u.left.of != mark) {
		if err := u.end(ctx, u.copying, u.left); err != nil {
			return u.ofTarget(err)
		}
	}
	if u.left.id != "" {
		return nil
	}
	*u.left = unfinished{of: mark, spoilt: anew}
	if resumable > 0 && !anew {
		err := u.takeUp(ctx, resumable)
		if _, refused := refusal(err); refused {
			resumable = 0 // who may not look for an upload will not find this one either
		} else if err != nil || u.left.id != "" {
			return u.ofTarget(err)
		}
	}
	if u.left.id, err = u.run.to.NewMultipartUpload(ctx, u.copying.to, u.key, u.options); err != nil {
		return u.ofTarget(err)
	}
	u.left.spoilt = false
	if resumable == 0 {
		return nil
	}
	return u.putMark(ctx, u.markAt(resumable))
}

// mark is by what a mirror knows an unfinished upload for its own, and for one of the same
// version with the same attributes. S3 tells nothing of an upload but its parts, so it is a
// part, and nobody else has such a one. It is never part of the object: only parts that are
// listed when the upload is completed make that, and it is not.
func (u *upload) mark() string {
	var attributes strings.Builder
	_ = u.options.Header().Write(&attributes)
	of := fmt.Sprintf("%q %q %q %q %q\n%s", u.Source.Target.Endpoint, u.copying.from, u.key, u.copying.version.id, u.etag, attributes.String())
	return fmt.Sprintf("croft mirror, unfinished: %x", sha256.Sum256([]byte(of)))
}

// markAt is the part that has the mark: the one behind the last, where it stays until the
// upload is completed. Where there can be none it is the last, until that is sent.
func (m *run) markAt(parts int) int {
	if parts == maxParts || m.wantsAll.Load() {
		return parts
	}
	return parts + 1
}

func (u *upload) putMark(ctx context.Context, number int) error {
	part, err := u.run.to.PutObjectPart(ctx, u.copying.to, u.key, u.left.id, number, strings.NewReader(u.left.of), int64(len(u.left.of)), minio.PutObjectPartOptions{})
	if err != nil {
		u.left.spoilt = true // without a mark; nothing is lost with it
		return u.ofTarget(err)
	}
	// Where the target encrypts with keys that make ETags no digests, no mark is known again.
	if trimQuotes(part.ETag) == markETag(u.left.of) {
		u.left.marked = number
	}
	return nil
}

func markETag(mark string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(mark))) //nolint:gosec // ETags are MD5 by definition.
}

// takeUp finds the newest unfinished upload of the key that has the mark, if there is one,
// and its parts. Uploads of others are let alone.
func (u *upload) takeUp(ctx context.Context, parts int) error {
	uploads, err := u.unfinishedOf(ctx)
	if err != nil {
		return err
	}
	mark := markETag(u.left.of)
	for _, id := range slices.Backward(uploads) {
		have, err := u.partsOf(ctx, id)
		if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
			continue // it was ended meanwhile
		}
		if err != nil {
			return err
		}
		for _, n := range []int{parts, parts + 1} {
			if have[n] == mark {
				delete(have, n)
				u.left.id, u.left.marked, u.left.have = id, n, have
				return nil
			}
		}
	}
	return nil
}

// unfinishedOf are all unfinished uploads of the key, the oldest first.
func (u *upload) unfinishedOf(ctx context.Context) (ids []string, err error) {
	for keyMarker, idMarker := "", ""; ; {
		page, err := u.run.to.ListMultipartUploads(ctx, u.copying.to, u.key, keyMarker, idMarker, "", 1000)
		if err != nil {
			return nil, err
		}
		for _, x := range page.Uploads {
			if x.Key == u.key {
				ids = append(ids, x.UploadID)
			}
		}
		if !page.IsTruncated || page.NextKeyMarker != u.key || page.NextUploadIDMarker == idMarker {
			return ids, nil
		}
		keyMarker, idMarker = page.NextKeyMarker, page.NextUploadIDMarker
	}
}

func (u *upload) partsOf(ctx context.Context, id string) (map[int]string, error) {
	have := make(map[int]string)
	for marker := 0; ; {
		page, err := u.run.to.ListObjectParts(ctx, u.copying.to, u.key, id, marker, 1000)
		if err != nil {
			return nil, err
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

// end ends an upload and has its parts deleted.
func (m *run) end(ctx context.Context, c copying, left *unfinished) error {
	err := m.to.AbortMultipartUpload(ctx, c.to, c.key, left.id)
	if err != nil && minio.ToErrorResponse(err).Code != minio.NoSuchUpload {
		return err
	}
	*left = unfinished{}
	return nil
}

// leave ends what is left of an object that is given up, unless the next mirror will go on
// with it.
func (m *run) leave(ctx context.Context, c copying, left *unfinished) {
	if left.id == "" || left.marked > 0 && !left.spoilt {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	_ = m.end(ctx, c, left) // what failed before is told, and says more
}
