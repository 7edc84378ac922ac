package index_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"croft/objectstore/erasure/index"
)

// open opens a catalogue in a folder of its own.
func open(tb testing.TB) *index.DB {
	tb.Helper()
	return openAt(tb, tb.TempDir()+"/catalogue.db")
}

func openAt(tb testing.TB, path string) *index.DB {
	tb.Helper()
	db, err := index.Open(tb.Context(), path, "deployment")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

func apply(tb testing.TB, db *index.DB, fn func(*index.Tx) error) {
	tb.Helper()
	if err := db.Apply(tb.Context(), fn); err != nil {
		tb.Fatal(err)
	}
}

// model is what one bucket ought to hold: keys, and their versions by ord.
type model struct {
	bucket uint64
	keys   map[string]map[uint64]index.Version
}

func newModel(bucket uint64) *model {
	return &model{bucket, map[string]map[uint64]index.Version{}}
}

func (m *model) put(v index.Version) (gone []index.Version) {
	versions := m.keys[v.Key]
	if versions == nil {
		versions = map[uint64]index.Version{}
		m.keys[v.Key] = versions
	}
	if old, ok := versions[v.Ord]; ok {
		gone = append(gone, old)
		delete(versions, v.Ord)
	}
	if v.Null {
		for ord, old := range versions {
			if !old.Null {
				continue
			}
			if ord > v.Ord {
				if len(versions) == 0 {
					delete(m.keys, v.Key)
				}
				return append(gone, v)
			}
			gone = append(gone, old)
			delete(versions, ord)
		}
	}
	versions[v.Ord] = v
	return gone
}

func (m *model) delete(key string, ord uint64) (old index.Version, found bool) {
	old, found = m.keys[key][ord]
	delete(m.keys[key], ord)
	if len(m.keys[key]) == 0 {
		delete(m.keys, key)
	}
	return old, found
}

// versions are those of a key from the newest on.
func (m *model) versions(key string) []index.Version {
	var list []index.Version
	for _, ord := range slices.Backward(slices.Sorted(maps.Keys(m.keys[key]))) {
		list = append(list, m.keys[key][ord])
	}
	return list
}

func (m *model) usage() (u index.Usage) {
	for key := range m.keys {
		for i, v := range m.versions(key) {
			u.Bytes += v.Size
			if i == 0 && !v.Marker {
				u.Objects++
			} else {
				u.Versions++
			}
		}
	}
	return u
}

// group is the common prefix of a key, written down once more and plainly.
func group(key, prefix, delimiter string) string {
	if delimiter == "" || !strings.HasPrefix(key, prefix) {
		return ""
	}
	before, _, found := strings.Cut(key[len(prefix):], delimiter)
	if !found {
		return ""
	}
	return prefix + before + delimiter
}

func (m *model) list(r index.ListRequest) (entries []index.Entry, page index.Page) {
	rolled := ""
	for _, key := range slices.Sorted(maps.Keys(m.keys)) {
		latest := m.versions(key)[0]
		if latest.Marker || !strings.HasPrefix(key, r.Prefix) {
			continue
		}
		entry, name := index.Entry{Object: latest}, key
		if g := group(key, r.Prefix, r.Delimiter); g != "" {
			if g == rolled {
				continue
			}
			rolled = g
			entry, name = index.Entry{Prefix: g}, g
		}
		if r.After != "" && name <= r.After || name == group(r.After, r.Prefix, r.Delimiter) {
			continue
		}
		if len(entries) == r.Limit {
			page.Truncated = true
			return entries, page
		}
		entries = append(entries, entry)
		page.Next = name
	}
	return entries, index.Page{}
}

func (m *model) listVersions(r index.ListVersionsRequest) (entries []index.VersionEntry, page index.VersionsPage) {
	rolled := ""
	for _, key := range slices.Sorted(maps.Keys(m.keys)) {
		if !strings.HasPrefix(key, r.Prefix) {
			continue
		}
		g := group(key, r.Prefix, r.Delimiter)
		for i, v := range m.versions(key) {
			entry := index.VersionEntry{Version: v, Latest: i == 0}
			next := index.VersionsPage{Truncated: true, NextKey: key, NextOrd: v.Ord}
			if g != "" {
				if g == rolled {
					continue
				}
				rolled = g
				entry, next = index.VersionEntry{Prefix: g}, index.VersionsPage{Truncated: true, NextKey: g}
			}
			switch name := next.NextKey; {
			case r.AfterKey != "" && name < r.AfterKey, name == group(r.AfterKey, r.Prefix, r.Delimiter):
				continue
			case g != "" && name == r.AfterKey, g == "" && r.AfterKey != "" && name == r.AfterKey && (r.AfterOrd == 0 || v.Ord >= r.AfterOrd):
				continue
			}
			if len(entries) == r.Limit {
				return entries, page
			}
			entries = append(entries, entry)
			page = next
		}
	}
	return entries, index.VersionsPage{}
}

// same compares two values by how they print, which tells nil from empty no more
// than the catalogue does.
func same(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		tb.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}

// lister is a catalogue or a transaction's view of it.
type lister struct {
	tb testing.TB
	db *index.DB
}

func (l lister) list(r index.ListRequest) (entries []index.Entry, page index.Page) {
	l.tb.Helper()
	page, err := l.db.List(l.tb.Context(), r, func(e index.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	return entries, page
}

func (l lister) listVersions(r index.ListVersionsRequest) (entries []index.VersionEntry, page index.VersionsPage) {
	l.tb.Helper()
	page, err := l.db.ListVersions(l.tb.Context(), r, func(e index.VersionEntry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		l.tb.Fatal(err)
	}
	return entries, page
}

// check compares all the catalogue says about the model's bucket, but for listings
// with particular requests.
func (m *model) check(tb testing.TB, db *index.DB, keys []string) {
	tb.Helper()
	ctx := tb.Context()
	for _, key := range keys {
		all := m.versions(key)
		var want index.Version
		if len(all) > 0 {
			want = all[0]
		}
		got, found, err := db.Latest(ctx, m.bucket, key)
		if err != nil || found != (len(all) > 0) {
			tb.Fatalf("latest %q: %v, %v; want %v", key, found, err, len(all) > 0)
		}
		same(tb, "latest", got, want)
		want = index.Version{}
		for _, v := range all {
			if v.Null {
				want = v
			}
			got, found, err := db.ByOrd(ctx, m.bucket, key, v.Ord)
			if err != nil || !found {
				tb.Fatalf("%q by ord %d: %v, %v", key, v.Ord, found, err)
			}
			same(tb, "by ord", got, v)
		}
		got, found, err = db.NullVersion(ctx, m.bucket, key)
		if err != nil || found != want.Null {
			tb.Fatalf("null version of %q: %v, %v", key, found, err)
		}
		same(tb, "null version", got, want)
	}
	usage, err := db.BucketUsage(ctx, m.bucket)
	if err != nil {
		tb.Fatal(err)
	}
	same(tb, "usage", usage, m.usage())
	l := lister{tb, db}
	gotVersions, _ := l.listVersions(index.ListVersionsRequest{Bucket: m.bucket, Limit: 1 << 20})
	wantVersions, _ := m.listVersions(index.ListVersionsRequest{Limit: 1 << 20})
	same(tb, "all versions", gotVersions, wantVersions)
	got, _ := l.list(index.ListRequest{Bucket: m.bucket, Limit: 1 << 20})
	want, _ := m.list(index.ListRequest{Limit: 1 << 20})
	same(tb, "all objects", got, want)
}
