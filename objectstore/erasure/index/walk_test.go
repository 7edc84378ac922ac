package index

import (
	"fmt"
	"slices"
	"testing"
)

// sortedKeys is a source that counts how it is used.
type sortedKeys struct {
	keys         []string
	at           int
	seeks, steps int
}

func (s *sortedKeys) seek(from string) error {
	s.seeks++
	s.at, _ = slices.BinarySearch(s.keys, from)
	return nil
}

func (s *sortedKeys) here() (string, bool) {
	if s.at == len(s.keys) {
		return "", false
	}
	return s.keys[s.at], true
}

func (s *sortedKeys) advance() error {
	s.steps++
	s.at++
	return nil
}

// TestListingNeverWalks lists large and small folders and counts what that takes:
// neither a row for each object nor a seek for each small folder.
func TestListingNeverWalks(t *testing.T) {
	f := func(folders, size, mostSeeks, mostSteps int) {
		t.Helper()
		src := &sortedKeys{}
		for i := range folders {
			for j := range size {
				src.keys = append(src.keys, fmt.Sprintf("%04d/%05d", i, j))
			}
		}
		rolled := 0
		more, err := walk(t.Context(), src, paging{delimiter: "/"}, folders, func(key string) error {
			t.Errorf("%q is not in a folder", key)
			return nil
		}, func(string) error { rolled++; return nil })
		if err != nil || more || rolled != folders {
			t.Errorf("%d folders, %v, %v", rolled, more, err)
		}
		if src.seeks > mostSeeks || src.steps > mostSteps {
			t.Errorf("%d folders of %d took %d seeks and %d steps", folders, size, src.seeks, src.steps)
		}
	}
	f(100, 10_000, 100, 110)
	f(100, 30, 100, 110)
	f(1000, 1, 0, 1000)
	f(1000, 2, 1, 2000)
	f(1, 100_000, 1, 5)
}

func TestBehind(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "a\xff": "b", "a/": "a0", "\xfe\xff\xff": "\xff", "\x00": "\x01"} {
		if got, ok := behind(prefix); !ok || got != want {
			t.Errorf("behind %q is %q, %v", prefix, got, ok)
		}
	}
	for _, prefix := range []string{"", "\xff", "\xff\xff"} {
		if got, ok := behind(prefix); ok {
			t.Errorf("behind %q is %q", prefix, got)
		}
	}
}
