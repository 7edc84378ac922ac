package index

import (
	"context"

	"croft/objectstore"
)

// ListRequest asks for a page of the objects of a bucket, with the meaning of
// objectstore.ListRequest: keys that start with Prefix, rolled up at Delimiter,
// behind After. Limit 0 is objectstore.DefaultLimit.
type ListRequest struct {
	Bucket    uint64
	Prefix    string
	Delimiter string
	After     string
	Limit     int
}

// Page says how a listing ended. Next is After of the next page, and empty unless
// truncated.
type Page struct {
	Truncated bool
	Next      string
}

// Entry is a common prefix or, when Prefix is empty, an object.
type Entry struct {
	Prefix string
	Object Version
}

// List gives a page of objects and common prefixes to fn in byte order. Keys whose
// latest version is a delete marker are not there. What lies below a common prefix
// is passed over by seeking, so a page costs what it returns. An error of fn ends
// the listing and is returned.
func (v View) List(ctx context.Context, r ListRequest, fn func(Entry) error) (page Page, err error) {
	err = v.c.snapshot(func() error {
		page, err = v.list(ctx, r, fn)
		return err
	})
	return page, err
}

func (v View) list(ctx context.Context, r ListRequest, fn func(Entry) error) (page Page, err error) {
	p := paging{prefix: r.Prefix, delimiter: r.Delimiter, after: r.After}
	from, ok := p.start()
	if !ok {
		return Page{}, nil
	}
	src := &objectSource{cursor{c: v.c}, r.Bucket}
	defer src.close()
	if err := src.seek(from); err != nil {
		return Page{}, err
	}
	last := ""
	truncated, err := walk(ctx, src, p, limitOf(r.Limit), func(key string) error {
		last = key
		object, err := src.version()
		if err != nil {
			return err
		}
		return fn(Entry{Object: object})
	}, func(group string) error {
		last = group
		return fn(Entry{Prefix: group})
	})
	if err != nil || !truncated {
		return Page{}, err
	}
	return Page{Truncated: true, Next: last}, nil
}

func limitOf(limit int) int {
	if limit <= 0 {
		return objectstore.DefaultLimit
	}
	return limit
}

// objectSource are the rows of objects.
type objectSource struct {
	cursor
	bucket uint64
}

func (s *objectSource) seek(from string) error {
	return s.start("SELECT key, entry FROM objects WHERE bucket = ? AND key >= ? ORDER BY key", s.bucket, from)
}

func (s *objectSource) here() (string, bool) { return s.key, s.ok }

// version is what the row holds.
func (s *objectSource) version() (Version, error) {
	return parseEntry(s.bucket, s.key, s.row.view(0), s.row.view(1))
}

// List is View.List. It holds one of the few reading connections while fn runs, so
// fn must not read from the catalogue.
func (db *DB) List(ctx context.Context, r ListRequest, fn func(Entry) error) (page Page, err error) {
	err = db.read(ctx, func(v View) error {
		page, err = v.List(ctx, r, fn)
		return err
	})
	return page, err
}
