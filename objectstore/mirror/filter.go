package mirror

import "strings"

// filter chooses names by patterns, in which * is any run of bytes and ? is one.
type filter struct{ include, exclude []string }

// takes reports whether a name is chosen: by one of include, or all where that is empty,
// and by none of exclude.
func (f filter) takes(name string) bool {
	return (len(f.include) == 0 || matchesAny(f.include, name)) && !matchesAny(f.exclude, name)
}

func matchesAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if matches(p, name) {
			return true
		}
	}
	return false
}

// matches goes back to the last * only, so it takes at most the product of the lengths.
func matches(pattern, name string) bool {
	p, n, star, resume := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			resume++
			p, n = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
