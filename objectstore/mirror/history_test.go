package mirror

import (
	"slices"
	"testing"
)

// TestAlign: a letter is a content, - a delete marker.
func TestAlign(t *testing.T) {
	all := func(letters string) (vs []version) {
		for _, l := range letters {
			vs = append(vs, version{etag: string(l), marker: l == '-'})
		}
		return vs
	}
	for _, c := range []struct {
		source, target string
		at             []int
		from           int
	}{
		{"a", "", nil, 0},
		{"a", "a", []int{0}, 1},
		{"a", "b", nil, 0},
		{"abc", "ab", []int{0, 1}, 2},
		{"abc", "c", nil, 0}, // a mirror without versions brought the last
		{"abc", "cabc", []int{1, 2, 3}, 3},
		{"bc", "abc", []int{1, 2}, 2}, // the source has dropped its oldest
		{"ac", "abc", []int{0, 2}, 2},
		{"ab", "abx", []int{0, 1}, 1}, // somebody else wrote over it
		{"ab", "axb", []int{0, 2}, 2},
		{"ab", "ax", []int{0}, 1},
		{"a-a-", "a-", []int{0, 1}, 2},
		{"aa", "a", []int{0}, 1},
		{"-", "-", []int{0}, 1},
		{"-", "a", nil, 0},
	} {
		if at, from := align(all(c.source), all(c.target)); !slices.Equal(at, c.at) || from != c.from {
			t.Errorf("%s at %s: %v, from %d, want %v and %d", c.source, c.target, at, from, c.at, c.from)
		}
	}
}

func TestFilter(t *testing.T) {
	for _, c := range []struct {
		f     filter
		name  string
		takes bool
	}{
		{filter{}, "a", true},
		{filter{include: []string{"*.jpg", "a?c"}}, "x/y.jpg", true},
		{filter{include: []string{"*.jpg", "a?c"}}, "abc", true},
		{filter{include: []string{"*.jpg", "a?c"}}, "abbc", false},
		{filter{include: []string{"*.jpg", "a?c"}}, "x.jpg.txt", false},
		{filter{include: []string{"2024/*"}, exclude: []string{"*/tmp/*"}}, "2024/a/tmp/b", false},
		{filter{include: []string{"2024/*"}, exclude: []string{"*/tmp/*"}}, "2024/a", true},
		{filter{exclude: []string{"*a*b*c*"}}, "xaxbxcx", false},
		{filter{exclude: []string{"*ab*ab"}}, "abab", false},
		{filter{exclude: []string{"*ab*ab"}}, "aba", true},
		{filter{exclude: []string{""}}, "", false},
		{filter{exclude: []string{"**"}}, "", false},
	} {
		if c.f.takes(c.name) != c.takes {
			t.Errorf("%+v takes %q: %v", c.f, c.name, !c.takes)
		}
	}
}
