package server

import (
	"fmt"
	"path"
	"strings"
)

// zipName is a key, without the base that it begins with, as a path that stays below where
// an archive is unpacked. Keys that differ may come to the same.
func zipName(base, key string) string {
	folder := strings.HasSuffix(key, "/")
	parts := strings.Split(strings.TrimSuffix(strings.TrimPrefix(key, base), "/"), "/")
	for i, part := range parts {
		part = strings.Map(func(c rune) rune {
			if c < ' ' || c == '\\' || c == 0x7f {
				return '_'
			}
			return c
		}, part)
		if part == "" || part == "." || part == ".." {
			part = "_"
		}
		parts[i] = part
	}
	name := strings.Join(parts, "/")
	if folder {
		name += "/"
	}
	return name
}

// zipNames are the names that an archive's entries have, each with the number that the
// next of that name is tried with. Names are never given back, so what was taken once is
// not tried again: however many keys come to one name, each costs the same.
type zipNames map[string]int

// take returns the name, or where an entry has it the name with the first number from 2 on
// that makes it another.
func (z zipNames) take(name string) string {
	n, taken := z[name]
	if !taken {
		z[name] = 2
		return name
	}
	bare := strings.TrimSuffix(name, "/")
	ending := path.Ext(bare)
	stem := strings.TrimSuffix(bare, ending)
	if bare != name {
		ending += "/"
	}
	for ; ; n++ {
		numbered := fmt.Sprintf("%s (%d)%s", stem, n, ending)
		if _, taken := z[numbered]; !taken {
			z[name], z[numbered] = n+1, 2
			return numbered
		}
	}
}
