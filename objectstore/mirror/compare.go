package mirror

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore/remote"
)

// job is a key of which the target lacks something, or has something otherwise.
type job struct {
	pair
	key  string
	want []version // at the source, the oldest first; none where only the target has the key
	have []version // at the target
}

// errOrder says that a cluster does not list keys in order, so two listings cannot be
// compared by going through them once.
var errOrder = errs.New(errs.Unavailable, "mirror_order", "One of the two does not list keys in the order of their bytes, so they cannot be compared.")

// compare goes through a bucket here and there and sends every key that the filter takes
// to jobs, but, unless all are wanted, those of which the listings say that they are alike.
func (m *run) compare(ctx context.Context, p pair, all bool, jobs chan<- job) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	send := func(j job) error {
		select {
		case jobs <- j:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	next, stop := iter.Pull2(func(yield func(history, error) bool) {
		if p.missing { // it would have been made
			return
		}
		for h, err := range m.histories(ctx, m.to, p.to, p.versions) {
			if !yield(h, err) {
				return
			}
		}
	})
	defer stop()
	there, theirErr, more := next()
	// pass goes by what only the target has, up to a key or to the end.
	pass := func(key string, end bool) error {
		for more && theirErr == nil && (end || there.key < key) {
			if m.keys.takes(there.key) && !there.versions[len(there.versions)-1].marker {
				if err := send(job{pair: p, key: there.key, have: there.versions}); err != nil {
					return err
				}
			}
			there, theirErr, more = next()
		}
		if more && theirErr != nil {
			return m.to.Explain(theirErr)
		}
		return ctx.Err()
	}
	for mine, err := range m.histories(ctx, m.from, p.from, p.versions) {
		if err != nil {
			return m.from.Explain(err)
		}
		if err := pass(mine.key, false); err != nil {
			return err
		}
		j := job{pair: p, key: mine.key, want: mine.versions}
		if more && there.key == mine.key {
			j.have = there.versions
			there, theirErr, more = next()
		}
		if !m.keys.takes(j.key) {
			continue
		}
		if _, from := align(j.want, j.have); !all && from == len(j.want) {
			m.meter.present(j.want)
			continue
		}
		if err := send(j); err != nil {
			return err
		}
	}
	return pass("", true)
}

// histories lists what the keys of a bucket hold or, with versions, held. Keys rise; it ends with the first
// error.
func (m *run) histories(ctx context.Context, c *remote.Client, bucket string, versions bool) iter.Seq2[history, error] {
	list := c.ListVersions(ctx, bucket, m.Source.Prefix)
	if !versions {
		list = c.ListObjectsIter(ctx, bucket, minio.ListObjectsOptions{Prefix: m.Source.Prefix, Recursive: true})
	}
	return func(yield func(history, error) bool) {
		var h history
		tell := func() bool {
			slices.Reverse(h.versions) // listings begin with the newest
			return len(h.versions) == 0 || yield(h, nil)
		}
		for o := range list {
			again := len(h.versions) > 0 && o.Key == h.key
			switch {
			case o.Err != nil:
				yield(history{}, o.Err)
				return
			case len(h.versions) > 0 && o.Key < h.key, again && !versions:
				yield(history{}, errOrder)
				return
			case !again:
				if !tell() {
					return
				}
				h = history{key: o.Key}
			}
			v := version{etag: trimQuotes(o.ETag), size: o.Size, class: o.StorageClass, marker: o.IsDeleteMarker}
			if versions {
				v.id = o.VersionID
			}
			h.versions = append(h.versions, v)
		}
		if err := ctx.Err(); err != nil { // listings end silently then
			yield(history{}, err)
			return
		}
		tell()
	}
}

// count counts what the source has, so that progress can say of how much.
func (m *run) count(ctx context.Context, pairs []pair) {
	var objects, bytes int64
	for _, p := range pairs {
		for h, err := range m.histories(ctx, m.from, p.from, p.versions) {
			if err != nil {
				return // whoever copies finds out why
			}
			if !m.keys.takes(h.key) {
				continue
			}
			objects += int64(len(h.versions))
			for _, v := range h.versions {
				bytes += v.size
			}
		}
	}
	m.meter.total(objects, bytes)
}

func trimQuotes(etag string) string { return strings.Trim(etag, `"`) }
