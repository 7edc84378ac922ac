package pools

import (
	"errors"
	"fmt"
	"slices"

	"croft/internal/errs"
	"croft/objectstore/erasure/driveset"
)

// plan is what the paths show before any drive is opened.
type plan struct {
	pools  [][]*group
	layout *layout // nil when no drive has one
}

// group is the paths that were given for one set.
type group struct {
	pool, set int // from 1, as they were given
	paths     []string
	seen      []driveset.Seen
	id        string // of the set; empty when none of the drives was ever used
}

func (g *group) String() string { return fmt.Sprintf("set %d of pool %d", g.set, g.pool) }

// Sole reports whether paths, pool by pool, are those of one set that stands alone,
// which needs nothing of this package. It returns them in one list.
func Sole(pools [][]string) (drives []string, sole bool, err error) {
	p, err := look(pools, SetSize)
	if err != nil || p.layout != nil || len(p.pools) != 1 || len(p.pools[0]) != 1 {
		return nil, false, err
	}
	return p.pools[0][0].paths, true, nil
}

// look looks at all paths and divides them into sets.
func look(pools [][]string, sizeOf func(drives int) (int, error)) (*plan, error) {
	all := slices.Concat(pools...)
	if len(all) == 0 {
		return nil, errs.New(errs.Invalid, "drive_count", "Give at least one folder to keep the data in.")
	}
	seen, err := driveset.Peek(all, layoutFile)
	if err != nil {
		return nil, err
	}
	p := &plan{}
	if p.layout, err = newest(seen); err != nil {
		return nil, err
	}
	if p.layout == nil && oneSet(seen) {
		pools = [][]string{all} // several ranges were one set before there were pools
	}
	bySet := make(map[string]*group)
	for i, paths := range pools {
		size, err := sizeOf(len(paths))
		if err != nil {
			return nil, err
		}
		var groups []*group
		for set := range len(paths) / size {
			g := &group{pool: i + 1, set: set + 1, paths: paths[set*size : (set+1)*size], seen: seen[set*size : (set+1)*size]}
			groups = append(groups, g)
			if p.layout == nil && len(pools) == 1 && size == len(paths) {
				break // one set knows best which drives are not of it
			}
			for _, s := range g.seen {
				if err := g.add(s, len(paths), bySet); err != nil {
					return nil, err
				}
			}
		}
		seen = seen[len(paths):]
		p.pools = append(p.pools, groups)
	}
	return p, nil
}

// add takes a drive's word for which set the group is, which is of a pool of so many
// drives.
func (g *group) add(s driveset.Seen, drives int, bySet map[string]*group) error {
	if s.Set == "" {
		return nil
	}
	if s.Members != len(g.paths) && len(g.paths) < drives {
		return errs.Newf(errs.Invalid, "drive_count",
			"%s is one of a set of %d drives, but %d drives given together make sets of %d. Give drives that are new as a pool of their own, with another range: `/mnt/old{1...%d} /mnt/new{1...4}`.",
			s.Path, s.Members, drives, len(g.paths), s.Members)
	}
	if other := bySet[s.Set]; other != nil && other != g || g.id != "" && g.id != s.Set {
		return errs.Newf(errs.Conflict, "drive_order",
			"%s was given as a drive of %s but is one of another set. Give the drives in the order of the first start; a range such as {1...32} keeps it.", s.Path, g)
	}
	g.id, bySet[s.Set] = s.Set, g
	return nil
}

// oneSet reports whether all drives are, or are missing, of one set of as many.
func oneSet(seen []driveset.Seen) bool {
	id := ""
	for _, s := range seen {
		if s.Set == "" {
			continue
		}
		if id == "" {
			id = s.Set
		}
		if s.Set != id || s.Members != len(seen) {
			return false
		}
	}
	return id != ""
}

// newest returns the layout that counts, nil when no drive has one.
func newest(seen []driveset.Seen) (last *layout, err error) {
	var from string
	var damaged error
	for _, s := range seen {
		if s.Card == nil {
			continue
		}
		l, err := decodeLayout(s.Path, s.Card)
		if errors.Is(err, errNewLayout) {
			return nil, err
		}
		if err != nil {
			damaged = err // other drives have it too
			continue
		}
		if last != nil && l.Store != last.Store {
			return nil, errs.Newf(errs.Conflict, "drive_foreign", "%s and %s belong to different Croft deployments. Give only drives of one.", from, s.Path)
		}
		if last == nil || l.Generation > last.Generation {
			last, from = l, s.Path
		}
	}
	if last == nil {
		return nil, damaged
	}
	return last, nil
}

func ids(groups []*group) []string {
	var all []string
	for _, g := range groups {
		all = append(all, g.id)
	}
	return all
}
