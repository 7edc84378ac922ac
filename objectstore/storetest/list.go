package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"croft/objectstore"
)

var listTests = []test{
	{"Folders", func(f *fixture) {
		for _, k := range []string{"a", "a/", "a/1", "a/b/2", "ab", "b/1", "b/2", "c"} {
			f.put(k, []byte(k))
		}
		f.lists(objectstore.ListRequest{}, "a a/ a/1 a/b/2 ab b/1 b/2 c", "", "")
		f.lists(objectstore.ListRequest{Delimiter: "/"}, "a ab c", "a/ b/", "")
		f.lists(objectstore.ListRequest{Delimiter: "/", Prefix: "a/"}, "a/ a/1", "a/b/", "")
		f.lists(objectstore.ListRequest{Delimiter: "/", Prefix: "a"}, "a ab", "a/", "")
		f.lists(objectstore.ListRequest{Delimiter: "b"}, "a a/ a/1 c", "a/b ab b", "")
		f.lists(objectstore.ListRequest{Prefix: "none"}, "", "", "")
		f.lists(objectstore.ListRequest{Delimiter: "/", Limit: 2}, "a", "a/", "a/")
		f.lists(objectstore.ListRequest{Delimiter: "/", Limit: 2, After: "a/"}, "ab", "b/", "b/")
		f.lists(objectstore.ListRequest{Delimiter: "/", Limit: 2, After: "b/"}, "c", "", "")
		f.lists(objectstore.ListRequest{After: "a/1"}, "a/b/2 ab b/1 b/2 c", "", "")
		f.lists(objectstore.ListRequest{After: "zzz"}, "", "", "")
		f.lists(objectstore.ListRequest{Limit: 8}, "a a/ a/1 a/b/2 ab b/1 b/2 c", "", "")
		f.lists(objectstore.ListRequest{Limit: 7}, "a a/ a/1 a/b/2 ab b/1 b/2", "", "b/2")
	}},
	{"EntriesAreWhole", func(f *fixture) {
		o := f.put("key", []byte("x"))
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		f.ok("list", err)
		head, err := f.Head(f.ctx, "bucket", "key")
		f.ok("head", err)
		got := page.Objects[0]
		if got.ETag != o.ETag || got.Size != 1 || !got.ModifiedAt.Equal(head.ModifiedAt) || got.Bucket != "bucket" {
			f.Fatalf("listed %+v, put %+v, head %+v", got, o, head)
		}
		f.same("put and head", o, head)
	}},
	{"AgainstSortedMap", func(f *fixture) {
		const seed = 20
		rng := rand.New(rand.NewPCG(seed, seed))
		parts := []string{"a", "b", "/", "//", "-", "é", "\U0010ffff", "\x01", "aa", "."}
		word := func() string {
			var b strings.Builder
			for range 1 + rng.IntN(6) {
				b.WriteString(parts[rng.IntN(len(parts))])
			}
			return b.String()
		}
		keys := map[string]bool{}
		for len(keys) < 150 {
			k := word()
			f.put(k, nil)
			keys[k] = true
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			if rng.IntN(5) == 0 {
				_, err := f.Delete(f.ctx, "bucket", k)
				f.ok("delete", err)
				delete(keys, k)
			}
		}
		pick := func(s ...string) string { return s[rng.IntN(len(s))] }
		for range 400 {
			r := objectstore.ListRequest{
				Bucket: "bucket", Prefix: pick("", "", "a", "/", word(), word()), Delimiter: pick("", "/", "/", "a", "//", "é"),
				After: pick("", "", word(), "a/"), Limit: pick1(rng, 0, 1, 2, 3, 7, 1000),
			}
			want := expect(slices.Sorted(maps.Keys(keys)), r)
			page, err := f.List(f.ctx, r)
			f.ok("list", err)
			if got := summary(page); got != summary(want) {
				f.Fatalf("seed %d, %+v:\ngot  %s\nwant %s", seed, r, got, summary(want))
			}
		}
		// Page by page is the same as all at once.
		for range 20 {
			r := objectstore.ListRequest{Bucket: "bucket", Prefix: pick("", "a", "/"), Delimiter: pick("", "/", "a")}
			all, err := f.List(f.ctx, r)
			f.ok("list", err)
			var joined objectstore.ListPage
			for r.Limit = 1 + rng.IntN(5); ; {
				page, err := f.List(f.ctx, r)
				f.ok("list page", err)
				joined.Objects = append(joined.Objects, page.Objects...)
				joined.Prefixes = append(joined.Prefixes, page.Prefixes...)
				if !page.Truncated {
					break
				}
				r.After = page.Next
			}
			if summary(joined) != summary(all) {
				f.Fatalf("pages of %+v:\ngot  %s\nwant %s", r, summary(joined), summary(all))
			}
		}
	}},
}

func pick1(rng *rand.Rand, of ...int) int { return of[rng.IntN(len(of))] }

// expect is List on a sorted slice, written to be obviously right.
func expect(keys []string, r objectstore.ListRequest) objectstore.ListPage {
	limit := r.Limit
	if limit == 0 {
		limit = objectstore.DefaultLimit
	}
	var page objectstore.ListPage
	last := ""
	for _, k := range keys {
		if !strings.HasPrefix(k, r.Prefix) {
			continue
		}
		entry, group := k, false
		if r.Delimiter != "" {
			if i := strings.Index(k[len(r.Prefix):], r.Delimiter); i >= 0 {
				entry, group = k[:len(r.Prefix)+i+len(r.Delimiter)], true
			}
		}
		if entry <= r.After || group && slices.Contains(page.Prefixes, entry) {
			continue
		}
		if len(page.Objects)+len(page.Prefixes) == limit {
			page.Truncated, page.Next = true, last
			break
		}
		last = entry
		if group {
			page.Prefixes = append(page.Prefixes, entry)
		} else {
			page.Objects = append(page.Objects, objectstore.Object{Key: k})
		}
	}
	return page
}

func summary(p objectstore.ListPage) string {
	var keys []string
	for _, o := range p.Objects {
		keys = append(keys, o.Key)
	}
	return fmt.Sprintf("%q %q %v %q", keys, p.Prefixes, p.Truncated, p.Next)
}

// lists checks one page; keys and prefixes are separated by blanks.
func (f *fixture) lists(r objectstore.ListRequest, keys, prefixes, next string) {
	f.Helper()
	r.Bucket = "bucket"
	page, err := f.List(f.ctx, r)
	f.ok("list", err)
	var got []string
	for _, o := range page.Objects {
		got = append(got, o.Key)
	}
	if strings.Join(got, " ") != keys || strings.Join(page.Prefixes, " ") != prefixes || page.Next != next || page.Truncated != (next != "") {
		f.Fatalf("%+v: got %s", r, summary(page))
	}
}
