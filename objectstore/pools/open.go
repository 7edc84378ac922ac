package pools

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"github.com/zeebo/xxh3"

	"croft/internal/errs"
	"croft/objectstore/erasure"
)

// opening is a store while it is being opened.
type opening struct {
	cfg       Config
	log       *slog.Logger
	union     *erasure.Union
	open      map[*group]*set
	store     string // ID of the store; empty while no set has one
	catalogue string // of the store's first set
}

// Open opens the sets that the paths are divided into, and formats them on the very
// first start or where they are a pool that is new. Its errors name the set and say
// what to do.
func Open(ctx context.Context, cfg Config) (_ *Store, err error) {
	o := &opening{cfg: cfg, log: cfg.Set.Logger, union: new(erasure.Union), open: make(map[*group]*set)}
	if o.log == nil {
		o.log = slog.New(slog.DiscardHandler)
	}
	defer func() { //nolint:contextcheck // closing is not cut short
		if err != nil {
			for _, s := range o.open {
				err = errors.Join(err, s.Close())
			}
		}
	}()
	if cfg.sizeOf == nil {
		cfg.sizeOf = SetSize
	}
	p, err := look(cfg.Pools, cfg.sizeOf)
	if err != nil {
		return nil, err
	}
	m, err := p.match()
	if err != nil {
		return nil, err
	}
	if o.store, err = o.storeOf(p, m); err != nil {
		return nil, err
	}
	o.catalogue = cmp.Or(cfg.Set.Catalogue, defaultCatalogue(p))
	for _, g := range m.gone {
		o.log.Warn("these drives were drained and are not used: they can be unplugged, and their paths left out", "pool", g.pool, "paths", g.span())
	}
	// Those that have something first: what they hold decides about the others.
	all := slices.Concat(m.known, m.fresh)
	slices.SortStableFunc(all, func(a, b *group) int { return cmp.Compare(min(1, len(b.id)), min(1, len(a.id))) })
	for _, g := range all {
		if g.id == "" {
			if err := o.mayJoin(m.fresh); err != nil {
				return nil, err
			}
		}
		if err := o.openSet(ctx, g); err != nil {
			return nil, err
		}
	}
	if err := o.mayJoin(m.fresh); err != nil {
		return nil, err
	}
	return o.arrange(ctx, p, m)
}

// storeOf says which store the sets are of, empty when they are new.
func (o *opening) storeOf(p *plan, m matched) (id string, err error) {
	wanted := o.cfg.Set.Deployment
	switch {
	case p.layout != nil:
		id = p.layout.Store
	case slices.ContainsFunc(m.fresh, func(g *group) bool { return g.id == wanted }):
		id = wanted
	default:
		for _, g := range m.fresh {
			id = cmp.Or(id, g.id)
		}
	}
	switch {
	case id == "" && wanted != "":
		return "", errs.Newf(errs.Unavailable, "drives_away",
			"The state folder belongs to drives that are not here: %s and the others are missing or empty. Are the drives mounted?", m.fresh[0].paths[0])
	case wanted != "" && id != wanted:
		return "", errs.New(errs.Conflict, "state_of_another",
			"The state folder belongs to other drives than the ones given. Start Croft with the drives it was made with, or name another folder with --state.")
	}
	return id, nil
}

// defaultCatalogue is on the first drive that is there.
func defaultCatalogue(p *plan) string {
	path := p.pools[0][0].paths[0]
	for _, s := range p.pools[0][0].seen {
		if !s.Missing && s.Problem == nil {
			path = s.Path
			break
		}
	}
	return filepath.Join(path, ".croft", "catalogue.db")
}

func (o *opening) openSet(ctx context.Context, g *group) error {
	c := o.cfg.Set
	c.Drives, c.Union, c.Deployment = g.paths, o.union, g.id
	c.Logger = o.log.With("pool", g.pool, "set", g.set)
	c.CatalogueOf = func(id string) string {
		o.store = cmp.Or(o.store, id)
		if id == o.store {
			return o.catalogue
		}
		return filepath.Join(filepath.Dir(o.catalogue), "catalogue-"+id+".db")
	}
	opened, err := erasure.Open(ctx, c)
	if err != nil {
		code, message := errs.Public(err)
		return errs.Wrap(err, errs.KindOf(err), code, fmt.Sprintf("%s, %s: %s", g.span(), g, message))
	}
	o.open[g] = &set{Store: opened, pool: g.pool, number: g.set, id: opened.Deployment()}
	if o.cfg.step != nil {
		o.cfg.step("format")
	}
	return nil
}

// mayJoin demands of the sets that no layout knows that at most one of them has
// anything, which is a store that consisted of this set alone.
func (o *opening) mayJoin(fresh []*group) error {
	var full *group
	for _, g := range fresh {
		s := o.open[g]
		if s == nil || len(s.BucketCopies()) == 0 {
			continue
		}
		switch {
		case full != nil:
			return errs.Newf(errs.Conflict, "drive_foreign", "%s and %s are drives of two stores, which cannot be made one.", full.span(), g.span())
		case s.id != o.store:
			return errs.Newf(errs.Conflict, "drive_foreign", "%s belong to a different Croft deployment.", g.span())
		case g.set != 1 || slices.ContainsFunc(fresh, func(o *group) bool { return o.pool == g.pool && o != g }):
			return errs.Newf(errs.Invalid, "drive_count",
				"%s are all drives of this store, and a pool keeps its sets. Give the new drives as a pool of their own, with another range: `/mnt/old{1...%d} /mnt/new{1...4}`.",
				g.span(), len(g.paths))
		}
		full = g
	}
	return nil
}

// arrange makes the store of open sets and writes down which they are where that is
// new.
func (o *opening) arrange(ctx context.Context, p *plan, m matched) (*Store, error) {
	l := layout{Version: layoutVersion, Store: o.store}
	if p.layout != nil {
		l = *p.layout
	}
	changed := len(m.fresh) > 0
	if changed {
		l = l.next()
		// A store that was one set alone goes on being its first pool.
		slices.SortStableFunc(p.pools, func(a, b []*group) int {
			return cmp.Compare(o.isStore(b), o.isStore(a))
		})
		for _, groups := range p.pools {
			if !slices.Contains(m.fresh, groups[0]) {
				continue
			}
			var sets []string
			for _, g := range groups {
				sets = append(sets, o.open[g].id)
			}
			l.Pools = append(l.Pools, poolLayout{Sets: sets})
		}
	}
	s := &Store{log: o.log, union: o.union, step: o.cfg.step, batch: cmp.Or(o.cfg.batch, drainBatch)}
	s.claims.store, s.buckets.store = s, s
	s.drains.init()
	var given []*set
	for _, set := range o.open {
		given = append(given, set)
	}
	slices.SortFunc(given, func(a, b *set) int { return cmp.Or(cmp.Compare(a.pool, b.pool), cmp.Compare(a.number, b.number)) })
	if err := s.write(l, given); err != nil {
		if changed {
			return nil, err
		}
		o.log.Warn("not all drives know which sets make the store", "error", err)
	}
	s.now.Store(arranged(l, given))
	for _, pool := range s.now.Load().pools {
		o.log.Info("drives are in sets", "pool", pool.number, "sets", len(pool.sets), "drivesInEach", pool.sets[0].Width(), "draining", pool.state == poolDraining)
	}
	return s, s.buckets.settleAll(ctx)
}

// isStore is 1 for the pool that the store began with, else 0.
func (o *opening) isStore(groups []*group) int {
	if o.open[groups[0]] != nil && o.open[groups[0]].id == o.store {
		return 1
	}
	return 0
}

// arranged says how open sets are used.
func arranged(l layout, given []*set) *arrangement {
	a := &arrangement{layout: l, given: given, seed: xxh3.HashString(l.Store)}
	for _, p := range l.Pools {
		if p.State == poolGone {
			continue
		}
		in := &pool{state: p.State}
		for _, id := range p.Sets {
			i := slices.IndexFunc(given, func(s *set) bool { return s.id == id })
			in.sets = append(in.sets, given[i])
			in.number = given[i].pool
		}
		if a.first == nil {
			a.first = in.sets[0]
		}
		a.pools = append(a.pools, in)
	}
	slices.SortStableFunc(a.pools, func(x, y *pool) int { return cmp.Compare(y.drains(), x.drains()) })
	for _, p := range a.pools {
		a.sets = append(a.sets, p.sets...)
	}
	return a
}

// write writes a layout to all drives, those that are new to it first. Those of a
// pool that is gone need not be there to be told.
func (s *Store) write(l layout, given []*set) error {
	content, err := l.encode()
	if err != nil {
		return err
	}
	var failures []error
	for _, set := range slices.Backward(given) {
		err := set.SetCard(layoutFile, content)
		if err != nil && l.Pools[l.poolOf([]string{set.id})].State == poolGone {
			s.log.Warn("a drained pool was not told of a change", "pool", set.pool, "error", err)
			err = nil
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("set %d of pool %d: %w", set.number, set.pool, err))
		}
		s.at("layout")
	}
	return errors.Join(failures...)
}
