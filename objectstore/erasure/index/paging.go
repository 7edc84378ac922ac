package index

import "strings"

// paging is one walk over sorted names that rolls up what a delimiter says.
type paging struct {
	prefix    string
	delimiter string
	after     string
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

// start is where the page begins; false when nothing can be there. The common
// prefix that after stands for or lies in does not sort behind it, so all of it is
// passed over.
func (p paging) start() (string, bool) {
	if p.after == "" {
		return p.prefix, true
	}
	from, ok := p.after+"\x00", true
	if g, rolled := p.group(p.after); rolled {
		from, ok = behind(g)
	}
	return max(p.prefix, from), ok
}

// behind returns the first string that sorts behind all that start with prefix;
// false when there is none.
func behind(prefix string) (string, bool) {
	for n := len(prefix); n > 0; n-- {
		if c := prefix[n-1]; c < 0xff {
			return prefix[:n-1] + string([]byte{c + 1}), true
		}
	}
	return "", false
}
