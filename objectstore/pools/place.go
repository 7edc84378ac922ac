package pools

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/zeebo/xxh3"
)

// name is a key of a bucket.
type name struct{ bucket, key string }

// home is the set of a pool in which a key is, if it is in that pool.
func (a *arrangement) home(p *pool, n name) *set {
	if len(p.sets) == 1 {
		return p.sets[0]
	}
	sum := xxh3.HashStringSeed(n.bucket+"\x00"+n.key, a.seed)
	return p.sets[sum%uint64(len(p.sets))]
}

// claims are the keys that somebody may be writing to, with the set that each is in
// until the last of those is done. So to look a key up and to write there is one
// step, without others having to wait for a body. One pool alone needs none.
type claims struct {
	store *Store

	mu   sync.Mutex // guards keys and the numbers of users in it
	keys map[name]*claim
}

type claim struct {
	mu    sync.Mutex // guards set, and is held while the key is looked up or moved
	set   *set       // nil while nobody has looked
	users int
}

// take returns the set that a key is in or, when it is new, is to be in, until
// release.
func (c *claims) take(ctx context.Context, n name) (in *set, release func(), err error) {
	a := c.store.now.Load()
	if len(a.pools) == 1 && len(a.given) == len(a.sets) {
		return a.home(a.pools[0], n), func() {}, nil
	}
	k := c.use(n)
	k.mu.Lock()
	if k.set == nil {
		k.set, err = c.store.find(ctx, n)
	}
	in = k.set
	k.mu.Unlock()
	if err != nil {
		c.drop(n, k)
		return nil, nil, err
	}
	return in, func() { c.drop(n, k) }, nil
}

// seize takes a key that nobody writes to, so that it can be moved: who wants to write
// waits until release, and looks the key up then.
func (c *claims) seize(n name) (release func(), free bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys[n] != nil {
		return nil, false
	}
	if c.keys == nil {
		c.keys = make(map[name]*claim)
	}
	k := &claim{users: 1}
	k.mu.Lock()
	c.keys[n] = k
	return func() {
		k.mu.Unlock()
		c.drop(n, k)
	}, true
}

// mayBeIn reports whether somebody may be about to write to a set. The caller holds mu.
func (c *claims) mayBeIn(s *set) bool {
	for _, k := range c.keys {
		if !k.mu.TryLock() {
			return true // it is being looked up
		}
		in := k.set
		k.mu.Unlock()
		if in == s {
			return true
		}
	}
	return false
}

func (c *claims) use(n name) *claim {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.keys == nil {
		c.keys = make(map[name]*claim)
	}
	k := c.keys[n]
	if k == nil {
		k = new(claim)
		c.keys[n] = k
	}
	k.users++
	return k
}

func (c *claims) drop(n name, k *claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.users--; k.users == 0 {
		delete(c.keys, n)
	}
}

// find returns the set that a key is in or, when it is new, is to be in. The caller
// holds its claim.
func (s *Store) find(ctx context.Context, n name) (*set, error) {
	a := s.now.Load()
	leaving, in, err := s.where(ctx, a, n)
	switch {
	case err != nil:
		return nil, err
	case leaving != nil && in != nil:
		// A move was cut off. Nothing may change until the key is in one set.
		return in, s.move(ctx, leaving, in, n.bucket, []string{n.key})
	case leaving != nil:
		return leaving, nil
	case in != nil:
		return in, nil
	}
	return a.choose(ctx, n), nil
}

// where returns the set that has a key, nil when none has. In a pool that is being
// drained that is leaving, and another one may have some of the key too.
func (s *Store) where(ctx context.Context, a *arrangement, n name) (leaving, in *set, err error) {
	for _, p := range a.pools {
		home := a.home(p, n)
		holds, err := home.Holds(ctx, n.bucket, n.key)
		switch {
		case err != nil:
			return nil, nil, err
		case holds && p.state == poolDraining:
			leaving = home
		case holds:
			return leaving, home, nil
		}
	}
	return leaving, nil, nil
}

// choose picks the pool of a new key: any that can be written to, the more likely
// the more room it has.
func (a *arrangement) choose(ctx context.Context, n name) *set {
	var can []*set
	var room []int64
	var total int64
	for _, p := range a.pools {
		home := a.home(p, n)
		if p.state != poolInUse || home.Writable() != nil {
			continue
		}
		free := max(1, p.free(ctx))
		can, room, total = append(can, home), append(room, free), total+free
	}
	if len(can) == 0 { // whichever it is says why it cannot be written to
		for _, p := range a.pools {
			if p.state == poolInUse {
				return a.home(p, n)
			}
		}
		return a.home(a.pools[0], n)
	}
	at := rand.Int64N(total)
	for i, free := range room {
		if at -= free; at < 0 {
			return can[i]
		}
	}
	return can[len(can)-1]
}
