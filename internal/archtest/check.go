package archtest

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Package is what a rule looks at: an import path and what its non-test files import.
type Package struct {
	ImportPath string
	Imports    []string
}

// Violations lists every broken rule, sorted, in words that say what to change.
func Violations(packages []Package) []string {
	var found []string
	for _, p := range packages {
		room, ok := roomOf(p.ImportPath)
		if !ok {
			found = append(found, fmt.Sprintf("%s is in no room: declare it in internal/archtest/rules.go and docs/architecture.md", p.ImportPath))
			continue
		}
		for _, imported := range p.Imports {
			if why := forbidden(room, imported); why != "" {
				found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, imported, why))
			}
		}
	}
	sort.Strings(found)
	return found
}

// roomOf returns the longest declared room that contains the package.
func roomOf(importPath string) (string, bool) {
	if importPath == module {
		return module, true
	}
	path := strings.TrimPrefix(importPath, module+"/")
	for path != "" {
		if _, ok := rooms[path]; ok {
			return path, true
		}
		cut := strings.LastIndexByte(path, '/')
		path = path[:max(cut, 0)]
	}
	return "", false
}

func forbidden(room, imported string) string {
	if target, own := strings.CutPrefix(imported, module+"/"); own {
		other, declared := roomOf(imported)
		switch {
		case !declared:
			return target + " is in no room"
		case other == room, slices.Contains(rooms[room], other):
			return ""
		case slices.Contains(mechanics, other) && !slices.Contains(mechanics, room):
			return ""
		}
		return fmt.Sprintf("room %s may not import room %s", room, other)
	}
	for guard, allowed := range guarded {
		if (imported == guard || strings.HasPrefix(imported, guard+"/")) && !slices.Contains(allowed, room) {
			return fmt.Sprintf("only %s may import it", strings.Join(append(slices.Clone(allowed), "tests"), ", "))
		}
	}
	return ""
}
