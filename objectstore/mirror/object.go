package mirror

import (
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

const (
	// attempts is how often an object is begun before it counts as failed.
	attempts = 4
	// firstPause is before the second attempt; each later one is twice as long.
	firstPause = 500 * time.Millisecond

	metaPrefix = "X-Amz-Meta-"
	// sourceETag is kept with a copy whose ETag cannot be that of the source, so that it
	// is known again.
	sourceETag = "Croft-Mirror-Etag"
)

var (
	errDiffers = errs.New(errs.Unavailable, "copy_differs", "What the target says it stored is not what the source has.")
	errChanged = errs.New(errs.Conflict, "source_changed", "The object changed at the source while it was copied.")
)

// do copies an object, if need be in several attempts.
func (m *run) do(ctx context.Context, j job) {
	var err error
	for try := range attempts {
		if try > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(firstPause << (try - 1)):
			}
		}
		if ctx.Err() != nil {
			return // interrupted; nothing is known to be wrong with it
		}
		var was bool
		if was, err = m.object(ctx, j, try); err == nil {
			if was {
				m.meter.present(j.size)
			} else {
				m.meter.change(func(p *Progress) { p.Copied++; p.CopiedBytes += j.size })
			}
			return
		}
		if !again(err) {
			break
		}
	}
	if ctx.Err() != nil {
		return
	}
	m.meter.change(func(p *Progress) { p.Failed++ })
	if m.Failed != nil {
		m.Failed(j.from, j.key, explained(err))
	}
}

// again reports whether another attempt may succeed.
func again(err error) bool {
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.Invalid, errs.NotFound, errs.StorageFull:
		return false
	}
	return true
}

// ofSource and ofTarget put failures into words that say whose they are.
func (m *run) ofSource(err error) error {
	if err == nil {
		return nil
	}
	switch minio.ToErrorResponse(err).StatusCode {
	case http.StatusPreconditionFailed, http.StatusNotFound:
		return errors.Join(errChanged, err)
	}
	return fmt.Errorf("source: %w", m.from.Explain(err))
}

func (m *run) ofTarget(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("target: %w", m.to.Explain(err))
}

// explained is an error as people read it.
func explained(err error) error {
	var ours *errs.Error
	if errors.As(err, &ours) {
		return ours
	}
	return err
}

// object copies an object, and reports whether the target has it already.
func (m *run) object(ctx context.Context, j job, try int) (present bool, err error) {
	if j.there && try == 0 {
		info, err := m.to.StatObject(ctx, j.to, j.key, minio.StatObjectOptions{})
		if err != nil {
			return false, m.ofTarget(err)
		}
		if info.Metadata.Get(metaPrefix+sourceETag) == j.etag && info.Size == j.size {
			return true, nil
		}
	}
	if m.DryRun {
		return false, nil
	}
	parts := 0
	if _, number, inParts := strings.Cut(j.etag, "-"); inParts {
		_, _ = fmt.Sscan(number, &parts)
	}
	if parts > 0 {
		return false, m.inParts(ctx, j, parts, try)
	}
	return false, m.whole(ctx, j)
}

// source is an open object, or a part of one.
type source struct {
	io.ReadCloser
	info   minio.ObjectInfo
	header http.Header
}

// open opens an object at the source, or one of its parts; another one than was listed
// is refused.
func (m *run) open(ctx context.Context, j job, options minio.GetObjectOptions) (*source, error) {
	if j.etag != "" {
		if err := options.SetMatchETag(j.etag); err != nil {
			return nil, err
		}
	}
	body, info, header, err := m.from.GetObject(ctx, j.from, j.key, options)
	if err != nil {
		return nil, m.ofSource(err)
	}
	return &source{body, info, header}, nil
}

// whole copies an object that came in one piece.
func (m *run) whole(ctx context.Context, j job) error {
	from, err := m.open(ctx, j, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	if from.info.Size != j.size {
		return errChanged
	}
	digest := digestOf(j.etag)
	if from.keyed() {
		digest = ""
	}
	options, err := m.attributes(ctx, j, from, digest == "")
	if err != nil {
		return err
	}
	in := newReading(from, m.meter)
	info, err := m.to.PutObject(ctx, j.to, j.key, in, j.size, digest, "", options)
	if broken := in.end(); broken != nil {
		return m.ofSource(broken)
	}
	if err != nil {
		return m.ofTarget(err)
	}
	if digest != "" && in.md5() != j.etag {
		return errDiffers // the source sent something else
	}
	if err := m.verify(ctx, j, in.md5(), trimQuotes(info.ETag)); err != nil {
		return err
	}
	return m.tag(ctx, j, options, info.VersionID)
}

// tag gives a copy the tags that could not go with it.
func (m *run) tag(ctx context.Context, j job, options minio.PutObjectOptions, version string) error {
	if remote.TagsTravel(options.UserTags) {
		return nil
	}
	return m.ofTarget(m.to.PutTags(ctx, j.to, j.key, version, options.UserTags))
}

// verify compares the ETag that the target gave a copy with what it must be. Targets that
// encrypt with keys of their own give others; they have checked each request's digest.
func (m *run) verify(ctx context.Context, j job, want, got string) error {
	if want == got {
		return nil
	}
	info, err := m.to.StatObject(ctx, j.to, j.key, minio.StatObjectOptions{})
	if err != nil {
		return m.ofTarget(err)
	}
	if info.Size == j.size && strings.HasPrefix(info.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms") {
		return nil
	}
	return errDiffers
}

// keyed reports whether an object's ETag is no digest of its body.
func (s *source) keyed() bool {
	return strings.HasPrefix(s.header.Get("X-Amz-Server-Side-Encryption"), "aws:kms") ||
		s.header.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != ""
}

// digestOf turns an ETag that is an MD5 into the header that says so.
func digestOf(etag string) string {
	sum, err := hex.DecodeString(etag)
	if err != nil || len(sum) != md5.Size {
		return ""
	}
	return base64.StdEncoding.EncodeToString(sum)
}

// attributes are what a copy is stored with. marked is for a copy that will have another
// ETag than the source.
func (m *run) attributes(ctx context.Context, j job, from *source, marked bool) (minio.PutObjectOptions, error) {
	h := from.header
	user := make(map[string]string)
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok && key != sourceETag && len(values) > 0 {
			user[strings.ToLower(metaPrefix)+strings.ToLower(key)] = values[0]
		}
	}
	if marked {
		user[strings.ToLower(metaPrefix+sourceETag)] = j.etag
	}
	if v := h.Get("Expires"); v != "" {
		user["Expires"] = v
	}
	o := minio.PutObjectOptions{
		UserMetadata: user, ContentType: h.Get("Content-Type"), ContentEncoding: h.Get("Content-Encoding"),
		ContentDisposition: h.Get("Content-Disposition"), ContentLanguage: h.Get("Content-Language"), CacheControl: h.Get("Cache-Control"),
		WebsiteRedirectLocation: h.Get("X-Amz-Website-Redirect-Location"),
	}
	if h.Get("X-Amz-Storage-Class") == "REDUCED_REDUNDANCY" {
		o.StorageClass = "REDUCED_REDUNDANCY"
	}
	if count := h.Get("X-Amz-Tagging-Count"); count != "" && count != "0" {
		tags, err := m.from.Tags(ctx, j.from, j.key)
		if err != nil {
			return o, m.ofSource(err)
		}
		o.UserTags = tags
	}
	return o, nil
}

// reading is a body on its way: hashed and counted, its own failure kept apart from those
// of the target. A request that was answered early may still be read for.
type reading struct {
	meter *meter

	mu    sync.Mutex // guards the following 4 fields
	body  io.Reader
	sum   hash.Hash
	err   error
	ended bool
}

func newReading(body io.Reader, meter *meter) *reading {
	return &reading{meter: meter, body: body, sum: md5.New()} //nolint:gosec // ETags are MD5 by definition.
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
	b.meter.moved(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
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

func (b *reading) md5() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return hex.EncodeToString(b.sum.Sum(nil))
}
