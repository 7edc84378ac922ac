package mirror

import (
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
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

	metaPrefix        = "X-Amz-Meta-"
	reducedRedundancy = "REDUCED_REDUNDANCY"
	// sourceETag is kept with a copy whose ETag cannot be that of the source, so that it
	// is known again.
	sourceETag = "Croft-Mirror-Etag"
)

var (
	errDiffers  = errs.New(errs.Unavailable, "copy_differs", "What the target says it stored is not what the source has.")
	errArchived = errs.New(errs.Forbidden, "source_archived", "The source keeps the object in an archive, where it cannot be read. Have it restored there first.")
	errRange    = errs.New(errs.Invalid, "source_range", "The source does not give the part of the object that was asked for, so an object of this size cannot be copied from there.")
	errChanged  = errs.New(errs.Conflict, "source_changed", "The object changed at the source while it was copied.")
)

// do brings a key's versions over, the oldest first. One that fails ends that: what came
// after it must not stand there without it.
func (m *run) do(ctx context.Context, j job) {
	if len(j.want) == 0 {
		if m.Delete {
			m.attempt(ctx, j, version{}, func() error { return m.remove(ctx, j) })
		}
		return
	}
	var from int
	if !m.attempt(ctx, j, version{}, func() error {
		var err error
		from, err = m.lacking(ctx, &j)
		return err
	}) {
		return
	}
	m.meter.present(j.want[:from])
	for _, v := range j.want[from:] {
		if m.DryRun {
			m.meter.copied(v)
			continue
		}
		c, left := copying{j.pair, j.key, v}, new(unfinished)
		if !m.attempt(ctx, j, v, func() error { return m.bring(ctx, c, left) }) {
			m.leave(ctx, c, left)
			return
		}
		m.meter.copied(v)
		m.seen.class(j.from, v.class)
	}
}

// lacking returns from which version on the target lacks them. Copies that cannot have the ETag of what they
// are of tell it themselves, when asked.
func (m *run) lacking(ctx context.Context, j *job) (from int, err error) {
	_, from = align(j.want, j.have)
	for i := range j.have {
		if from == len(j.want) {
			break
		}
		v := &j.have[i]
		same := func(w version) bool { return !w.marker && w.size == v.size }
		if v.marker || v.mark != "" || !slices.ContainsFunc(j.want, same) || slices.ContainsFunc(j.want, func(w version) bool { return v.copyOf(&w) }) {
			continue
		}
		info, err := m.to.StatObject(ctx, j.to, j.key, minio.StatObjectOptions{VersionID: v.id})
		if err != nil {
			return 0, m.ofTarget(err)
		}
		v.mark = info.Metadata.Get(metaPrefix + sourceETag)
		_, from = align(j.want, j.have)
	}
	return from, nil
}

// attempt does something about a key, if need be several times, and reports whether it
// was done.
func (m *run) attempt(ctx context.Context, j job, v version, do func() error) bool {
	var err error
	for try := range attempts {
		if try > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(cmp.Or(m.pause, firstPause) << (try - 1)):
			}
		}
		if ctx.Err() != nil {
			return false // interrupted; nothing is known to be wrong with it
		}
		if err = do(); err == nil {
			return true
		}
		if !again(err) {
			break
		}
	}
	if ctx.Err() == nil {
		m.fail(j.from, named(j.key, v.id), explained(err))
	}
	return false
}

// named is a key, and which version of it.
func named(key, version string) string {
	if version == "" {
		return key
	}
	return key + " (version " + version + ")"
}

func (m *run) fail(bucket, key string, err error) {
	m.meter.change(func(p *Progress) { p.Failed++ })
	if m.Failed != nil {
		m.Failed(bucket, key, err)
	}
}

// remove deletes at the target what the source does not have, if that is still so.
func (m *run) remove(ctx context.Context, j job) error {
	switch _, err := m.from.StatObject(ctx, j.from, j.key, minio.StatObjectOptions{}); {
	case err == nil:
		return nil // it came meanwhile; the next time it is copied
	case minio.ToErrorResponse(err).StatusCode != http.StatusNotFound:
		return m.ofSource(err)
	}
	if !m.DryRun {
		if err := m.to.RemoveObject(ctx, j.to, j.key, minio.RemoveObjectOptions{}); err != nil {
			return m.ofTarget(err)
		}
	}
	m.meter.change(func(p *Progress) { p.Removed++ })
	return nil
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
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == "InvalidObjectState":
		return errors.Join(errArchived, err)
	case answer.StatusCode == http.StatusPreconditionFailed, answer.StatusCode == http.StatusNotFound:
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

// copying is one version on its way.
type copying struct {
	pair
	key string
	version
}

// bring puts one version over what the key holds at the target. left is of the attempt
// before, and for the next.
func (m *run) bring(ctx context.Context, c copying, left *unfinished) error {
	if c.marker {
		return m.ofTarget(m.to.RemoveObject(ctx, c.to, c.key, minio.RemoveObjectOptions{}))
	}
	parts := 0
	if _, number, inParts := strings.Cut(c.etag, "-"); inParts {
		_, _ = fmt.Sscan(number, &parts)
	}
	if parts > 0 {
		return m.inParts(ctx, c, parts, left)
	}
	return m.whole(ctx, c)
}

// source is an open object, or a part of one.
type source struct {
	io.ReadCloser
	info   minio.ObjectInfo
	header http.Header
}

// open opens an object at the source, or one of its parts; another one than was listed
// is refused.
func (m *run) open(ctx context.Context, c copying, options minio.GetObjectOptions) (*source, error) {
	options.VersionID = c.id
	if c.etag != "" {
		if err := options.SetMatchETag(c.etag); err != nil {
			return nil, err
		}
	}
	body, info, header, err := m.from.GetObject(ctx, c.from, c.key, options)
	if err != nil {
		return nil, m.ofSource(err)
	}
	return &source{body, info, header}, nil
}

// whole copies an object that came in one piece.
func (m *run) whole(ctx context.Context, c copying) error {
	from, err := m.open(ctx, c, minio.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	if from.info.Size != c.size {
		return errChanged
	}
	digest := digestOf(c.etag)
	if from.keyed() {
		digest = ""
	}
	options, err := m.attributes(ctx, c, from, digest == "")
	if err != nil {
		return err
	}
	in := m.reading(ctx, from)
	info, err := m.to.PutObject(ctx, c.to, c.key, in, c.size, digest, "", options)
	if broken := in.end(); broken != nil {
		return m.ofSource(broken)
	}
	if err != nil {
		return m.ofTarget(err)
	}
	if digest != "" && in.md5() != c.etag {
		return errDiffers // the source sent something else
	}
	if err := m.verify(ctx, c, info.VersionID, in.md5(), trimQuotes(info.ETag)); err != nil {
		return err
	}
	return m.tag(ctx, c, options, info.VersionID)
}

// tag gives a copy the tags that could not go with it.
func (m *run) tag(ctx context.Context, c copying, options minio.PutObjectOptions, version string) error {
	if remote.TagsTravel(options.UserTags) {
		return nil
	}
	return m.ofTarget(m.to.PutTags(ctx, c.to, c.key, version, options.UserTags))
}

// verify compares the ETag that the target gave a copy with what it must be. Targets that
// encrypt with keys of their own give others; they have checked each request's digest.
func (m *run) verify(ctx context.Context, c copying, version, want, got string) error {
	if want == got {
		return nil
	}
	info, err := m.to.StatObject(ctx, c.to, c.key, minio.StatObjectOptions{VersionID: version})
	if err != nil {
		return m.ofTarget(err)
	}
	if info.Size == c.size && strings.HasPrefix(info.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms") {
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
func (m *run) attributes(ctx context.Context, c copying, from *source, marked bool) (minio.PutObjectOptions, error) {
	h := from.header
	user := make(map[string]string)
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok && key != sourceETag && len(values) > 0 {
			user[strings.ToLower(metaPrefix)+strings.ToLower(key)] = values[0]
		}
	}
	if marked {
		user[strings.ToLower(metaPrefix+sourceETag)] = c.etag
	}
	if v := h.Get("Expires"); v != "" {
		user["Expires"] = v
	}
	o := minio.PutObjectOptions{
		UserMetadata: user, ContentType: h.Get("Content-Type"), ContentEncoding: remote.WithoutChunked(h.Get("Content-Encoding")),
		ContentDisposition: h.Get("Content-Disposition"), ContentLanguage: h.Get("Content-Language"), CacheControl: h.Get("Cache-Control"),
		WebsiteRedirectLocation: h.Get("X-Amz-Website-Redirect-Location"),
	}
	if h.Get("X-Amz-Storage-Class") == reducedRedundancy {
		o.StorageClass = reducedRedundancy
	}
	if err := m.lock(ctx, &o, h, c); err != nil {
		return o, err
	}
	if count := h.Get("X-Amz-Tagging-Count"); count != "" && count != "0" {
		tags, err := m.from.Tags(ctx, c.from, c.key, c.id)
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
	moved func(bytes int) // is told of every step, and holds it back

	mu    sync.Mutex // guards the following 4 fields
	body  io.Reader
	sum   hash.Hash
	err   error
	ended bool
}

// reading counts a body on its way and holds it to the limit.
func (m *run) reading(ctx context.Context, body io.Reader) *reading {
	return &reading{moved: func(bytes int) {
		m.meter.moved(bytes)
		m.limit.spend(ctx, bytes)
	}, body: body, sum: md5.New()} //nolint:gosec // ETags are MD5 by definition.
}

// Read implements io.Reader.
func (b *reading) Read(p []byte) (int, error) {
	n, err := b.read(p)
	b.moved(n)
	return n, err
}

func (b *reading) read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, io.ErrClosedPipe
	}
	n, err := b.body.Read(p)
	_, _ = b.sum.Write(p[:n])
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
