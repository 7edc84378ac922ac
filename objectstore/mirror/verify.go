package mirror

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// Report is what Verify found. Where versions are compared, each counts.
type Report struct {
	Alike, Different, Missing int64 // of the source
	OnlyThere                 int64 // keys that only the target has
	Read                      int64 // bytes of bodies, at either place
	Elapsed                   time.Duration
}

// What Verify tells of what is not alike.
var (
	errNotThere  = errs.New(errs.NotFound, "verify_missing", "The target does not have it.")
	errNotLatest = errs.New(errs.Conflict, "verify_latest", "The target holds something else now.")
	errBodies    = errs.New(errs.Conflict, "verify_bodies", "The two have other bytes.")
	errUnlike    = errs.New(errs.Conflict, "verify_differs", "Source and target are not alike. Mirror again, and look at what is named above.")
)

// Verify compares, and changes nothing: whether the target has each object, with
// versions in their order, by size and ETag, and its headers, metadata, tags and locks. With
// bodies it also reads each at both places. Failed is told of what is not alike; then it
// returns an error as well.
func Verify(ctx context.Context, c Config, bodies bool) (Report, error) {
	c.DryRun, c.Settings = true, No
	m, err := newRun(c)
	if err != nil {
		return Report{}, err
	}
	defer m.close()
	pairs, err := m.pairs(ctx)
	if err != nil {
		return Report{}, err
	}
	for i := range pairs {
		if err := m.prepare(ctx, &pairs[i]); err != nil {
			return Report{}, err
		}
	}
	v := &verifying{run: m, bodies: bodies}
	end := m.watch(ctx, pairs)
	for _, p := range pairs {
		if err = m.each(ctx, p, true, v.look); err != nil {
			break
		}
	}
	end()
	progress := m.meter.now()
	report := Report{Alike: progress.Present, Different: v.different.Load(), Missing: v.lacking.Load(), OnlyThere: v.strays.Load(), Read: v.read.Load(), Elapsed: progress.Elapsed}
	switch {
	case err != nil:
		return report, err
	case report.Different+report.Missing+progress.Failed > 0:
		return report, errUnlike
	}
	return report, nil
}

// verifying is one comparison.
type verifying struct {
	*run
	bodies bool

	different, lacking, strays, read atomic.Int64
}

// look compares a key.
func (v *verifying) look(ctx context.Context, j job) {
	if len(j.want) == 0 {
		v.strays.Add(1)
		return
	}
	if !v.attempt(ctx, j, version{}, func() error {
		_, err := v.run.lacking(ctx, &j)
		return err
	}) {
		return
	}
	at, from := align(j.want, j.have)
	for i, w := range j.want {
		switch {
		case i >= len(at):
			v.differs(&v.lacking, j, w, errNotThere)
		case i >= from:
			v.differs(&v.different, j, w, errNotLatest)
		case w.marker:
			v.meter.present(j.want[i : i+1])
		default:
			var what error
			if !v.attempt(ctx, j, w, func() (err error) {
				what, err = v.compareVersion(ctx, j, w, j.have[at[i]])
				return err
			}) {
				continue
			}
			if what != nil {
				v.differs(&v.different, j, w, what)
				continue
			}
			v.meter.present(j.want[i : i+1])
		}
	}
}

func (v *verifying) differs(count *atomic.Int64, j job, w version, what error) {
	count.Add(1)
	if v.Failed != nil {
		v.Failed(j.from, named(j.key, w.id), what)
	}
}

// compareVersion returns what is not alike.
func (v *verifying) compareVersion(ctx context.Context, j job, here, there version) (what, err error) {
	a, err := v.from.StatObject(ctx, j.from, j.key, minio.StatObjectOptions{VersionID: here.id})
	if err != nil {
		return nil, v.ofSource(err)
	}
	b, err := v.to.StatObject(ctx, j.to, j.key, minio.StatObjectOptions{VersionID: there.id})
	if err != nil {
		return nil, v.ofTarget(err)
	}
	var unlike []string
	for _, name := range []string{"Content-Type", "Content-Disposition", "Content-Language", "Cache-Control", "X-Amz-Website-Redirect-Location"} {
		if a.Metadata.Get(name) != b.Metadata.Get(name) {
			unlike = append(unlike, name)
		}
	}
	if remote.WithoutChunked(a.Metadata.Get("Content-Encoding")) != remote.WithoutChunked(b.Metadata.Get("Content-Encoding")) {
		unlike = append(unlike, "Content-Encoding")
	}
	if !a.Expires.Equal(b.Expires) {
		unlike = append(unlike, "Expires")
	}
	if !maps.Equal(userMetadata(a.Metadata), userMetadata(b.Metadata)) {
		unlike = append(unlike, "metadata")
	}
	if j.locks && lockOf(a.Metadata) != lockOf(b.Metadata) {
		unlike = append(unlike, "lock")
	}
	alike, err := v.sameTags(ctx, j, here, there, a, b)
	if err != nil {
		return nil, err
	}
	if !alike {
		unlike = append(unlike, "tags")
	}
	if len(unlike) > 0 {
		return errs.Newf(errs.Conflict, "verify_attributes", "The two have other %s.", strings.Join(unlike, ", ")), nil
	}
	if !v.bodies {
		return nil, nil
	}
	one, err := v.digest(ctx, v.from.GetObject, j.from, j.key, here)
	if err != nil {
		return nil, v.ofSource(err)
	}
	other, err := v.digest(ctx, v.to.GetObject, j.to, j.key, there)
	if err != nil {
		return nil, v.ofTarget(err)
	}
	if one != other {
		return errBodies, nil
	}
	return nil, nil
}

func (v *verifying) sameTags(ctx context.Context, j job, here, there version, a, b minio.ObjectInfo) (bool, error) {
	const count = "X-Amz-Tagging-Count"
	if a.Metadata.Get(count) != b.Metadata.Get(count) {
		return false, nil
	}
	if a.Metadata.Get(count) == "" {
		return true, nil
	}
	one, err := v.from.Tags(ctx, j.from, j.key, here.id)
	if err != nil {
		return false, v.ofSource(err)
	}
	other, err := v.to.Tags(ctx, j.to, j.key, there.id)
	if err != nil {
		return false, v.ofTarget(err)
	}
	return maps.Equal(one, other), nil
}

// digest reads a body.
func (v *verifying) digest(ctx context.Context, get func(context.Context, string, string, minio.GetObjectOptions) (io.ReadCloser, minio.ObjectInfo, http.Header, error),
	bucket, key string, w version) (string, error) {
	body, _, _, err := get(ctx, bucket, key, minio.GetObjectOptions{VersionID: w.id})
	if err != nil {
		return "", err
	}
	defer func() { _ = body.Close() }()
	in, sum := v.reading(ctx, body), sha256.New()
	n, err := io.Copy(sum, in)
	v.read.Add(n)
	return fmt.Sprintf("%x", sum.Sum(nil)), err
}

// userMetadata is what its writer said of an object, without what mirrors add.
func userMetadata(h http.Header) map[string]string {
	all := make(map[string]string)
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, metaPrefix); ok && key != sourceETag && len(values) > 0 {
			all[strings.ToLower(key)] = values[0]
		}
	}
	return all
}

// lockOf is how an object is locked now: retentions that have ended are none.
func lockOf(h http.Header) string {
	mode, until, hold := locked(h)
	if mode == "" {
		return hold
	}
	return fmt.Sprint(mode, until.Unix(), hold)
}
