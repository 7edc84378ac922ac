package pools

import (
	"context"

	"golang.org/x/sync/errgroup"

	"croft/objectstore"
)

// entry is one of a listing: a common prefix, or something of a key.
type entry[T any] struct {
	name   string // key or common prefix
	prefix bool
	item   T
}

// from is where a page begins: behind an item of a key, or, with an empty ID, behind
// all of that name.
type from struct{ name, id string }

// source is one set's part of a listing, in order of name. It is read in pieces.
type source[T any] struct {
	fetch func(after from, limit int) (entries []entry[T], next from, more bool, err error)
	ready []entry[T]
	after from
	more  bool
}

// fill makes sure that the next entry is ready, if there is one.
func (x *source[T]) fill(limit int) (err error) {
	for len(x.ready) == 0 && x.more && err == nil {
		x.ready, x.after, x.more, err = x.fetch(x.after, limit)
	}
	return err
}

// merge gives a page of up to limit entries of sorted sources to take, and reports
// whether there are more. What several have of one name is taken once: a prefix, or
// all that the first of them has of a key. Each is asked for little more than its
// share, and again when that is used up.
func merge[T any](ctx context.Context, sources []*source[T], limit int, take func(entry[T])) (truncated bool, err error) {
	piece := limit
	if n := len(sources); n > 1 {
		piece = min(limit, limit/n+limit/(4*n)+8)
	}
	first, _ := errgroup.WithContext(ctx)
	for _, x := range sources {
		x.more = true
		first.Go(func() error { return x.fill(piece) })
	}
	if err := first.Wait(); err != nil {
		return false, err
	}
	var last string      // name that was taken last
	var owner *source[T] // that it was taken from
	for n := 0; ; {
		var least *source[T]
		for _, x := range sources {
			// The last name, of another set or a prefix of several, was taken already.
			for owner != nil && len(x.ready) > 0 && x.ready[0].name == last && (x != owner || x.ready[0].prefix) {
				x.ready = x.ready[1:]
				if err := x.fill(piece); err != nil {
					return false, err
				}
			}
			if len(x.ready) > 0 && (least == nil || x.ready[0].name < least.ready[0].name) {
				least = x
			}
		}
		if least == nil {
			return false, nil
		}
		if n == limit {
			return true, nil
		}
		e := least.ready[0]
		take(e)
		n++
		last, owner = e.name, least
		if !e.prefix {
			least.ready = least.ready[1:]
			if err := least.fill(piece); err != nil {
				return false, err
			}
		}
	}
}

// interleave puts a page's items and common prefixes in one order.
func interleave[T any](items []T, name func(T) string, prefixes []string) []entry[T] {
	all := make([]entry[T], 0, len(items)+len(prefixes))
	for len(items)+len(prefixes) > 0 {
		if len(items) == 0 || len(prefixes) > 0 && prefixes[0] < name(items[0]) {
			all = append(all, entry[T]{name: prefixes[0], prefix: true})
			prefixes = prefixes[1:]
			continue
		}
		all = append(all, entry[T]{name: name(items[0]), item: items[0]})
		items = items[1:]
	}
	return all
}

func limitOf(limit int) int {
	if limit <= 0 {
		return objectstore.DefaultLimit
	}
	return limit
}

// sourcesOf are the parts of a listing of all sets, which begins behind after.
func sourcesOf[T any](sets []*set, after from, fetch func(in *set, after from, limit int) ([]entry[T], from, bool, error)) []*source[T] {
	all := make([]*source[T], len(sets))
	for i, in := range sets {
		all[i] = &source[T]{after: after, fetch: func(after from, limit int) ([]entry[T], from, bool, error) { return fetch(in, after, limit) }}
	}
	return all
}

// List implements objectstore.Objects.
func (s *Store) List(ctx context.Context, r objectstore.ListRequest) (page objectstore.ListPage, err error) {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	sources := sourcesOf(s.sets(), from{name: r.After}, func(in *set, after from, limit int) ([]entry[objectstore.Object], from, bool, error) {
		r := r
		r.After, r.Limit = after.name, limit
		p, err := in.List(ctx, r)
		return interleave(p.Objects, func(o objectstore.Object) string { return o.Key }, p.Prefixes), from{name: p.Next}, p.Truncated, err
	})
	var last string
	page.Truncated, err = merge(ctx, sources, limitOf(r.Limit), func(e entry[objectstore.Object]) {
		last = e.name
		if e.prefix {
			page.Prefixes = append(page.Prefixes, e.name)
		} else {
			page.Objects = append(page.Objects, e.item)
		}
	})
	if err != nil {
		return objectstore.ListPage{}, err
	}
	if page.Truncated {
		page.Next = last
	}
	return page, nil
}

// ListVersions implements objectstore.Versions.
func (s *Store) ListVersions(ctx context.Context, r objectstore.ListVersionsRequest) (page objectstore.VersionPage, err error) {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	sources := sourcesOf(s.sets(), from{r.AfterKey, r.AfterID}, func(in *set, after from, limit int) ([]entry[objectstore.Object], from, bool, error) {
		r := r
		r.AfterKey, r.AfterID, r.Limit = after.name, after.id, limit
		p, err := in.ListVersions(ctx, r)
		return interleave(p.Versions, func(o objectstore.Object) string { return o.Key }, p.Prefixes), from{p.NextKey, p.NextID}, p.Truncated, err
	})
	var last from
	page.Truncated, err = merge(ctx, sources, limitOf(r.Limit), func(e entry[objectstore.Object]) {
		last = from{e.name, e.item.VersionID}
		if e.prefix {
			page.Prefixes = append(page.Prefixes, e.name)
		} else {
			page.Versions = append(page.Versions, e.item)
		}
	})
	if err != nil {
		return objectstore.VersionPage{}, err
	}
	if page.Truncated {
		page.NextKey, page.NextID = last.name, last.id
	}
	return page, nil
}

// ListUploads implements objectstore.Uploads.
func (s *Store) ListUploads(ctx context.Context, r objectstore.ListUploadsRequest) (page objectstore.UploadPage, err error) {
	s.union.Moving.RLock()
	defer s.union.Moving.RUnlock()
	sources := sourcesOf(s.sets(), from{r.AfterKey, r.AfterID}, func(in *set, after from, limit int) ([]entry[objectstore.Upload], from, bool, error) {
		r := r
		r.AfterKey, r.AfterID, r.Limit = after.name, after.id, limit
		p, err := in.ListUploads(ctx, r)
		return interleave(p.Uploads, func(u objectstore.Upload) string { return u.Key }, p.Prefixes), from{p.NextKey, p.NextID}, p.Truncated, err
	})
	var last from
	page.Truncated, err = merge(ctx, sources, limitOf(r.Limit), func(e entry[objectstore.Upload]) {
		last = from{e.name, e.item.ID}
		if e.prefix {
			page.Prefixes = append(page.Prefixes, e.name)
		} else {
			page.Uploads = append(page.Uploads, e.item)
		}
	})
	if err != nil {
		return objectstore.UploadPage{}, err
	}
	if page.Truncated {
		page.NextKey, page.NextID = last.name, last.id
	}
	return page, nil
}
