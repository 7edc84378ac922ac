package pools

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

// A pool is drained key by key: what a key has goes to another pool whole, and then
// from its own in one step. Until that step the pool that is drained has the last
// word, so what a crash leaves in the other one is nothing to anybody and is written
// over. Only one pool is drained at a time.

const (
	// drainBatch is how many keys are moved in one step at most, and drainBytes about
	// how many bytes of small bodies.
	drainBatch = 128
	drainBytes = 4 << 20
	// drainAgain is how long to wait before another try, after keys that somebody was
	// writing to and after a failure.
	drainAgain  = time.Second
	drainFailed = 10 * time.Second
)

// drains is what is known of the pool that is being drained.
type drains struct {
	wake chan struct{}

	layoutMu sync.Mutex // held while the layout changes

	mu      sync.Mutex // guards the following field
	problem error      // why it does not go on
}

func (d *drains) init() { d.wake = make(chan struct{}, 1) }

func (d *drains) say(problem error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.problem = problem
}

// why is why it does not go on, for people; empty while it does.
func (d *drains) why() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.problem == nil {
		return ""
	}
	_, message := errs.Public(d.problem)
	return message
}

// DrainPool implements objectstore.Decommissioner.
func (s *Store) DrainPool(ctx context.Context, number int) error {
	s.drains.layoutMu.Lock()
	defer s.drains.layoutMu.Unlock()
	a := s.now.Load()
	var from *pool
	var free int64
	others := 0
	for _, p := range a.pools {
		switch {
		case p.number == number && p.state == poolDraining:
			return nil
		case p.number == number:
			from = p
		case p.state == poolDraining:
			return errs.Newf(errs.Conflict, "pool_draining", "Pool %d is being drained. Wait until it has finished: one pool is drained at a time.", p.number)
		default:
			others++
			free += p.free(ctx)
		}
	}
	switch {
	case from == nil:
		return objectstore.ErrPoolNotFound
	case others == 0:
		return errs.New(errs.Conflict, "pool_last", "This is the only pool of drives. Add another one first: start Croft with the new drives as a second range.")
	}
	if _, holds, err := s.left(ctx, from); err != nil {
		return err
	} else if holds > free {
		return errs.Newf(errs.StorageFull, "pool_no_room", "The pool holds %d bytes, and the others have room for %d. Add drives or delete something first.", holds, free)
	}
	for _, set := range a.sets {
		if err := set.Writable(); err != nil {
			return err
		}
	}
	l := a.layout.next()
	l.Pools[l.poolOf([]string{from.sets[0].id})].State = poolDraining
	if err := s.write(l, a.given); err != nil {
		return err
	}
	s.now.Store(arranged(l, a.given))
	// Who looks in the old order has to have finished before anything moves.
	s.reading.Lock()
	s.reading.Unlock() //nolint:staticcheck // only waits
	s.union.Moving.Lock()
	s.union.Moving.Unlock() //nolint:staticcheck // only waits
	s.log.Info("pool is being drained", "pool", number)
	select {
	case s.drains.wake <- struct{}{}:
	default:
	}
	return nil
}

// Drained reports whether the store ever had a pool that it has no more.
func (s *Store) Drained() bool {
	return slices.ContainsFunc(s.now.Load().layout.Pools, func(p poolLayout) bool { return p.State == poolGone })
}

// left is how many versions a pool has and how many bytes they and unfinished uploads
// have, as they were written.
func (s *Store) left(ctx context.Context, p *pool) (versions, bytes int64, err error) {
	buckets, err := s.ListBuckets(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, b := range buckets {
		for _, set := range p.sets {
			u, err := set.Usage(ctx, b.Name)
			if errors.Is(err, objectstore.ErrBucketNotFound) {
				continue
			}
			if err != nil {
				return 0, 0, err
			}
			versions += u.Objects + u.Versions
			bytes += u.Bytes + u.Unfinished
		}
	}
	return versions, bytes, nil
}

// drain moves what pools have that are being drained until ctx ends.
func (s *Store) drain(ctx context.Context) {
	for ctx.Err() == nil {
		wait := time.Duration(0)
		if p := s.now.Load().pools[0]; p.state == poolDraining {
			over, err := s.drainOnce(ctx, p)
			s.drains.say(err)
			switch {
			case err != nil && ctx.Err() == nil:
				s.log.Warn("pool could not be drained; it is tried again", "pool", p.number, "error", err)
				wait = drainFailed
			case !over:
				wait = drainAgain
			}
		}
		var again <-chan time.Time
		if wait > 0 {
			t := time.NewTimer(wait)
			defer t.Stop()
			again = t.C
		}
		select {
		case <-ctx.Done():
		case <-s.drains.wake:
		case <-again:
		}
	}
}

// drainOnce moves all keys of a pool that nobody is writing to. It reports whether
// nothing is left.
func (s *Store) drainOnce(ctx context.Context, p *pool) (over bool, err error) {
	buckets, err := s.ListBuckets(ctx)
	if err != nil {
		return false, err
	}
	for _, set := range p.sets {
		for _, b := range buckets {
			if err := s.drainBucket(ctx, set, b.Name); err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) {
				return false, err
			}
		}
	}
	return s.finishDrain(ctx, p)
}

// drainBucket moves what a set has of a bucket.
func (s *Store) drainBucket(ctx context.Context, from *set, bucket string) error {
	versions := objectstore.ListVersionsRequest{Bucket: bucket}
	for more := true; more; {
		page, err := from.ListVersions(ctx, versions)
		if err != nil {
			return err
		}
		x := &mover{store: s, from: from, bucket: bucket}
		for _, v := range page.Versions {
			x.add(v.Key, v.StoredSize)
		}
		if err := x.run(ctx); err != nil {
			return err
		}
		more, versions.AfterKey = page.Truncated, page.NextKey // the rest of that key went along
	}
	uploads := objectstore.ListUploadsRequest{Bucket: bucket}
	for more := true; more; {
		page, err := from.ListUploads(ctx, uploads)
		if err != nil {
			return err
		}
		x := &mover{store: s, from: from, bucket: bucket}
		for _, u := range page.Uploads {
			x.add(u.Key, 0)
		}
		if err := x.run(ctx); err != nil {
			return err
		}
		more, uploads.AfterKey = page.Truncated, page.NextKey
	}
	return nil
}

// mover moves some keys of a bucket from one set.
type mover struct {
	store  *Store
	from   *set
	bucket string
	keys   []string // in order
	sizes  []int64
}

func (x *mover) add(key string, size int64) {
	if n := len(x.keys); n > 0 && x.keys[n-1] == key {
		x.sizes[n-1] += size
		return
	}
	x.keys, x.sizes = append(x.keys, key), append(x.sizes, size)
}

// run moves the keys in batches, each to one set. Keys that somebody is writing to
// are left for the next time.
func (x *mover) run(ctx context.Context) error {
	type batch struct {
		keys  []string
		bytes int64
	}
	batches := make(map[*set]*batch)
	var held []func()
	letGo := func() {
		for _, release := range held {
			release()
		}
		held = nil
	}
	defer func() { letGo() }()
	flush := func() error {
		for to, b := range batches {
			delete(batches, to)
			if err := x.store.move(ctx, x.from, to, x.bucket, b.keys); err != nil && !errors.Is(err, erasure.ErrParcelStale) {
				return err
			}
		}
		letGo()
		return nil
	}
	for i, key := range x.keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := name{x.bucket, key}
		release, free := x.store.claims.seize(n)
		if !free {
			continue
		}
		held = append(held, release)
		a := x.store.now.Load()
		leaving, to, err := x.store.where(ctx, a, n)
		if err != nil {
			return err
		}
		if leaving != x.from {
			continue // it was deleted, or is another's by now
		}
		if to == nil {
			to = a.choose(ctx, n)
		}
		b := batches[to]
		if b == nil {
			b = new(batch)
			batches[to] = b
		}
		b.keys, b.bytes = append(b.keys, key), b.bytes+x.sizes[i]
		if len(held) >= x.store.batch || b.bytes >= drainBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// move moves keys from one set to another. The caller has seized them.
func (s *Store) move(ctx context.Context, from, to *set, bucket string, keys []string) error {
	p, err := from.Pack(ctx, to.Store, bucket, keys)
	if err != nil {
		return err
	}
	defer p.Drop()
	s.at("packed")
	return s.buckets.alter(ctx, bucket, func() (settled bool, err error) {
		err = p.Deliver(ctx, func() { s.at("delivered") })
		s.at("moved")
		return true, err
	})
}

// finishDrain gives a pool up when nothing is left in it and nobody may write there.
func (s *Store) finishDrain(ctx context.Context, p *pool) (over bool, err error) {
	s.drains.layoutMu.Lock()
	defer s.drains.layoutMu.Unlock()
	a := s.now.Load()
	s.buckets.mu.Lock() // no bucket changes
	defer s.buckets.mu.Unlock()
	s.claims.mu.Lock() // nobody begins to write
	defer s.claims.mu.Unlock()
	if len(s.buckets.all) > 0 {
		return false, nil
	}
	for _, set := range p.sets {
		if s.claims.mayBeIn(set) {
			return false, nil
		}
		if empty, err := set.holdsNothing(ctx); err != nil || !empty {
			return false, err
		}
	}
	l := a.layout.next()
	l.Pools[l.poolOf([]string{p.sets[0].id})].State = poolGone
	if err := s.write(l, a.given); err != nil {
		return false, err
	}
	s.now.Store(arranged(l, a.given))
	s.at("gone")
	s.log.Info("pool was drained: its drives can be unplugged, and their paths left out at the next start", "pool", p.number)
	return true, nil
}

// holdsNothing reports whether the set has no version, no unfinished upload and no
// change that a follower is to deal with.
func (s *set) holdsNothing(ctx context.Context) (bool, error) {
	followers, err := s.Followers(ctx)
	if err != nil {
		return false, err
	}
	for _, f := range followers {
		if b, err := s.Backlog(ctx, f.Name); err != nil || b.Changes > 0 {
			return false, err
		}
	}
	for _, b := range s.BucketCopies() {
		u, err := s.Usage(ctx, b.Name)
		if err != nil || u.Objects+u.Versions > 0 {
			return false, err
		}
		page, err := s.ListUploads(ctx, objectstore.ListUploadsRequest{Bucket: b.Name, Limit: 1})
		if err != nil || len(page.Uploads) > 0 {
			return false, err
		}
	}
	return true, nil
}
