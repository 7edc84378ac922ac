package index

import "context"

// ListVersionsRequest asks for a page of all versions of a bucket. Prefix,
// Delimiter and AfterKey work as in ListRequest. AfterOrd, when set, starts behind
// that one version of AfterKey instead of behind all of them.
type ListVersionsRequest struct {
	Bucket    uint64
	Prefix    string
	Delimiter string
	AfterKey  string
	AfterOrd  uint64
	Limit     int // 0 is objectstore.DefaultLimit
}

// VersionsPage says how a listing ended: AfterKey and AfterOrd of the next page.
type VersionsPage struct {
	Truncated bool
	NextKey   string
	NextOrd   uint64 // 0 behind a common prefix
}

// VersionEntry is a common prefix or, when Prefix is empty, a version.
type VersionEntry struct {
	Prefix  string
	Version Version
	Latest  bool
}

// ListVersions gives a page of versions, delete markers and common prefixes to fn:
// keys in byte order, the versions of one from the newest to the oldest. Otherwise
// it is like List.
func (v View) ListVersions(ctx context.Context, r ListVersionsRequest, fn func(VersionEntry) error) (page VersionsPage, err error) {
	err = v.c.snapshot(func() error {
		page, err = v.listVersions(ctx, r, fn)
		return err
	})
	return page, err
}

func (v View) listVersions(ctx context.Context, r ListVersionsRequest, fn func(VersionEntry) error) (page VersionsPage, err error) {
	p := paging{prefix: r.Prefix, delimiter: r.Delimiter, after: r.AfterKey}
	src := newVersionSource(v, r.Bucket)
	defer src.close()
	if _, rolled := p.group(r.AfterKey); !rolled && r.AfterOrd > 0 && r.AfterKey >= r.Prefix {
		err = src.resume(r.AfterKey, r.AfterOrd)
	} else if from, ok := p.start(); ok {
		err = src.seek(from)
	}
	if err != nil {
		return VersionsPage{}, err
	}
	truncated, err := walk(ctx, src, p, limitOf(r.Limit), func(key string) error {
		version, latest, err := src.version()
		if err != nil {
			return err
		}
		page.NextKey, page.NextOrd = key, version.Ord
		return fn(VersionEntry{Version: version, Latest: latest})
	}, func(group string) error {
		page.NextKey, page.NextOrd = group, 0
		return fn(VersionEntry{Prefix: group})
	})
	if err != nil || !truncated {
		return VersionsPage{}, err
	}
	page.Truncated = true
	return page, nil
}

// ListVersions is View.ListVersions, with what DB.List says about fn.
func (db *DB) ListVersions(ctx context.Context, r ListVersionsRequest, fn func(VersionEntry) error) (page VersionsPage, err error) {
	err = db.read(ctx, func(v View) error {
		page, err = v.ListVersions(ctx, r, fn)
		return err
	})
	return page, err
}
