package erasure

import (
	"context"
	"strings"

	"github.com/tidwall/btree"

	"croft/objectstore"
)

// pastPrefix sorts behind every string that starts with a key's prefix: keys are
// valid UTF-8, which has no byte this high.
const pastPrefix = "\xff"

// paging is one walk over sorted names that rolls up what a delimiter says.
type paging struct {
	prefix    string
	delimiter string
	after     string
	limit     int
}

func (p paging) size() int {
	if p.limit <= 0 {
		return objectstore.DefaultLimit
	}
	return p.limit
}

// group returns the common prefix that a key is rolled up to, if any.
func (p paging) group(key string) (string, bool) {
	if p.delimiter == "" || !strings.HasPrefix(key, p.prefix) {
		return "", false
	}
	i := strings.Index(key[len(p.prefix):], p.delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(p.prefix)+i+len(p.delimiter)], true
}

// start is where in the tree the page begins. The common prefix that after
// stands for or lies in does not sort behind it, so all of it is passed over.
func (p paging) start() string {
	if g, ok := p.group(p.after); ok {
		return max(p.prefix, g+pastPrefix)
	}
	if p.after == "" {
		return p.prefix
	}
	return max(p.prefix, p.after+"\x00")
}

// walk calls item for each entry from the start on and roll for each common
// prefix, and jumps over what lies below that. keyOf turns a tree key into the
// listed one. Either callback returns false to end the walk.
func walk[V any](tree *btree.Map[string, V], p paging, start string, keyOf func(string) string, item func(string, V) bool, roll func(string) bool) {
	for from, more := start, true; more; {
		more = false
		tree.Ascend(from, func(k string, v V) bool {
			key := keyOf(k)
			if !strings.HasPrefix(key, p.prefix) {
				return false
			}
			if g, ok := p.group(key); ok {
				if more = roll(g); more {
					from = g + pastPrefix
				}
				return false
			}
			return item(key, v)
		})
	}
}

// List implements objectstore.Objects. A key that only offline drives could
// decide about is listed.
func (s *Store) List(ctx context.Context, r objectstore.ListRequest) (objectstore.ListPage, error) {
	if err := ctx.Err(); err != nil {
		return objectstore.ListPage{}, err
	}
	s.index.RLock()
	defer s.index.RUnlock()
	b, err := s.index.bucket(r.Bucket)
	if err != nil {
		return objectstore.ListPage{}, err
	}
	p := paging{prefix: r.Prefix, delimiter: r.Delimiter, after: r.After, limit: r.Limit}
	var page objectstore.ListPage
	last := ""
	room := func(entry string) bool {
		if len(page.Objects)+len(page.Prefixes) == p.size() {
			page.Truncated, page.Next = true, last
			return false
		}
		last = entry
		return true
	}
	walk(&b.objects, p, p.start(), func(k string) string { return k },
		func(key string, v *version) bool {
			if !room(key) {
				return false
			}
			page.Objects = append(page.Objects, v.object())
			return true
		},
		func(group string) bool {
			if !room(group) {
				return false
			}
			page.Prefixes = append(page.Prefixes, group)
			return true
		})
	return page, nil
}
