package mirror

import (
	"context"
	"iter"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// job is an object that the target lacks, or has otherwise.
type job struct {
	pair
	key  string
	etag string // at the source
	size int64
	// there says that the target has an object of this size under the key: it may be the
	// same one with another ETag.
	there bool
}

// errOrder says that a cluster does not list keys in order, so two listings cannot be
// compared by going through them once.
var errOrder = errs.New(errs.Unavailable, "mirror_order", "One of the two does not list keys in the order of their bytes, so they cannot be compared.")

// compare goes through a bucket here and there and sends what is to be copied.
func (m *run) compare(ctx context.Context, p pair, missing bool, jobs chan<- job) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	theirs, stop := iter.Pull2(func(yield func(minio.ObjectInfo, error) bool) {
		if missing && m.DryRun { // it would have been made
			return
		}
		for o, err := range keys(m.to.ListObjectsIter(ctx, p.to, m.options())) {
			if !yield(o, err) {
				return
			}
		}
	})
	defer stop()
	there, err, more := theirs()
	for o, listErr := range keys(m.from.ListObjectsIter(ctx, p.from, m.options())) {
		if listErr != nil {
			return m.from.Explain(listErr)
		}
		for more && err == nil && there.Key < o.Key {
			there, err, more = theirs()
		}
		if more && err != nil {
			return m.to.Explain(err)
		}
		j := job{pair: p, key: o.Key, etag: trimQuotes(o.ETag), size: o.Size}
		if more && there.Key == o.Key {
			if there.Size == o.Size && trimQuotes(there.ETag) == j.etag {
				m.meter.present(o.Size)
				continue
			}
			j.there = there.Size == o.Size
		}
		select {
		case jobs <- j:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

func (m *run) options() minio.ListObjectsOptions {
	return minio.ListObjectsOptions{Prefix: m.Source.Prefix, Recursive: true}
}

// keys is a listing whose keys rise; it ends with the first error.
func keys(all iter.Seq[minio.ObjectInfo]) iter.Seq2[minio.ObjectInfo, error] {
	return func(yield func(minio.ObjectInfo, error) bool) {
		last := ""
		for o := range all {
			err := o.Err
			if err == nil && last != "" && o.Key <= last {
				err = errOrder
			}
			last = o.Key
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// count counts what the source has, so that progress can say of how much.
func (m *run) count(ctx context.Context, pairs []pair) {
	var objects, bytes int64
	for _, p := range pairs {
		for o := range m.from.ListObjectsIter(ctx, p.from, m.options()) {
			if o.Err != nil {
				return // whoever copies finds out why
			}
			objects++
			bytes += o.Size
		}
	}
	m.meter.total(objects, bytes)
}

func trimQuotes(etag string) string {
	if len(etag) > 1 && etag[0] == '"' && etag[len(etag)-1] == '"' {
		return etag[1 : len(etag)-1]
	}
	return etag
}
