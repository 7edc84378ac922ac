package pools

import (
	"fmt"
	"slices"

	"croft/internal/errs"
)

// matched is what the layout says of the groups that were given.
type matched struct {
	known []*group // sets of the store, which have their IDs
	fresh []*group // of pools that are new to the store
	gone  []*group // of pools from which everything has moved away
}

// match compares what was given with the layout. Nothing may be formatted unless all
// that the store had is there.
func (p *plan) match() (m matched, err error) {
	l := p.layout
	if l == nil {
		m.fresh = slices.Concat(p.pools...)
		return m, nil
	}
	here := make(map[int]bool)
	for _, groups := range p.pools {
		i := l.poolOf(ids(groups))
		switch {
		case i < 0:
			m.fresh = append(m.fresh, groups...)
			continue
		case here[i]:
			return m, errs.Newf(errs.Conflict, "drive_order", "%s has drives of a pool that was named before. Give each pool as one range.", groups[0].paths[0])
		case l.Pools[i].State == poolGone:
			m.gone = append(m.gone, groups...)
		default:
			if err := compare(l.Pools[i].Sets, groups); err != nil {
				return m, err
			}
			m.known = append(m.known, groups...)
		}
		here[i] = true
	}
	for i, pool := range l.Pools {
		if here[i] || pool.State == poolGone {
			continue
		}
		if len(m.fresh) > 0 {
			return m, errs.Newf(errs.Unavailable, "drives_away",
				"A pool of this store is missing, and %s and the drives beside it are missing or empty. Are the drives mounted?", m.fresh[0].paths[0])
		}
		return m, errs.Newf(errs.Unavailable, "drives_away",
			"This store has %d pools of drives, and one was not given. Name the drives of all of them, each pool as one range.", l.inUse())
	}
	return m, nil
}

// inUse is how many pools the store has.
func (l *layout) inUse() (n int) {
	for _, p := range l.Pools {
		if p.State != poolGone {
			n++
		}
	}
	return n
}

// compare demands that groups are the sets of a pool, in their order.
func compare(sets []string, groups []*group) error {
	if len(groups) != len(sets) {
		return errs.Newf(errs.Invalid, "drive_count",
			"Pool %d has %d sets, but the drives given for it make %d. A pool keeps its sets: give the drives that it was made with, and new ones as a pool of their own, with another range.",
			groups[0].pool, len(sets), len(groups))
	}
	for i, g := range groups {
		switch {
		case g.id == sets[i]:
		case g.id == "":
			return errs.Newf(errs.Unavailable, "drives_away",
				"All drives of %s are missing or empty: %s. Are they mounted? Without them the store would lack what they hold.", g, g.span())
		case slices.Contains(sets, g.id):
			return errs.Newf(errs.Conflict, "drive_order",
				"The sets of pool %d are in another order than at the first start: %s were given as set %d. Give the drives in the order of the first start.", g.pool, g.span(), g.set)
		default:
			return errs.Newf(errs.Conflict, "drive_foreign", "%s, given as %s, belong to a different Croft deployment.", g.span(), g)
		}
	}
	return nil
}

// span names the paths of a group.
func (g *group) span() string {
	if len(g.paths) == 1 {
		return g.paths[0]
	}
	return fmt.Sprintf("%s … %s", g.paths[0], g.paths[len(g.paths)-1])
}
