package pools

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

// bucketChanges are the buckets that are being changed, or whose last change was cut
// off: the sets may not agree about them, and who wants to write there waits, or
// finishes that change.
type bucketChanges struct {
	store *Store
	some  atomic.Int32 // number of changes

	mu  sync.Mutex // guards all and the numbers of users in it
	all map[string]*bucketChange
}

type bucketChange struct {
	mu      sync.Mutex // held while the bucket is changed; guards settled
	settled bool       // all sets agree
	users   int        // who wait for it or are at it
}

// alter runs a change of a bucket alone. settled says that the sets agree about the
// bucket, whether the change was made or not.
func (c *bucketChanges) alter(ctx context.Context, bucket string, change func() (settled bool, err error)) error {
	x := c.join(bucket, true)
	defer c.leave(bucket, x)
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.settled {
		if err := c.store.settle(ctx, bucket); err != nil {
			return err
		}
	}
	var err error
	x.settled, err = change()
	return err
}

// ready makes sure that all sets agree about a bucket.
func (c *bucketChanges) ready(ctx context.Context, bucket string) error {
	if c.some.Load() == 0 {
		return nil
	}
	x := c.join(bucket, false)
	if x == nil {
		return nil
	}
	defer c.leave(bucket, x)
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.settled {
		return nil
	}
	err := c.store.settle(ctx, bucket)
	x.settled = err == nil
	return err
}

// join returns a bucket's change; where there is none, it makes one or returns nil.
func (c *bucketChanges) join(bucket string, anew bool) *bucketChange {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.all[bucket]
	if x == nil {
		if !anew {
			return nil
		}
		if c.all == nil {
			c.all = make(map[string]*bucketChange)
		}
		x = &bucketChange{settled: true}
		c.all[bucket] = x
		c.some.Add(1)
	}
	x.users++
	return x
}

// leave forgets a change that nobody waits for and nothing is to be finished of. The
// caller holds the change's mutex no longer.
func (c *bucketChanges) leave(bucket string, x *bucketChange) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x.users--
	if x.users > 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.settled {
		delete(c.all, bucket)
		c.some.Add(-1)
	}
}

// settleAll brings all buckets of all sets to what the first set says. What cannot
// be finished now is tried again before somebody writes there.
func (c *bucketChanges) settleAll(ctx context.Context) error {
	a := c.store.now.Load()
	copies := make([]map[string]erasure.BucketCopy, len(a.sets))
	count := make(map[string]int)
	for i, s := range a.sets {
		copies[i] = make(map[string]erasure.BucketCopy)
		for _, b := range s.BucketCopies() {
			copies[i][b.Name] = b
			count[b.Name]++
		}
	}
	first := slices.Index(a.sets, a.first)
	for bucket := range count {
		same := true
		for i := range a.sets {
			b, found := copies[i][bucket]
			same = same && found && b.Same(copies[first][bucket])
		}
		if same {
			continue
		}
		if err := c.alter(ctx, bucket, func() (bool, error) {
			err := c.store.settle(ctx, bucket)
			return err == nil, err
		}); err != nil {
			c.store.log.Warn("a bucket's last change could not be finished in all sets", "bucket", bucket, "error", err)
		}
	}
	return ctx.Err()
}

// settle brings one bucket of all sets to what the first set says. The caller is the
// only one to change it.
func (s *Store) settle(ctx context.Context, bucket string) error {
	a := s.now.Load()
	if err := a.first.Settled(); err != nil {
		return err
	}
	want, exists := a.first.BucketCopy(bucket)
	for _, set := range a.sets {
		if set == a.first {
			continue
		}
		have, found := set.BucketCopy(bucket)
		if found && exists && have.Same(want) {
			continue
		}
		if err := s.settleIn(ctx, set, want, exists, have, found); err != nil {
			return fmt.Errorf("bucket %s in set %d of pool %d: %w", bucket, set.number, set.pool, err)
		}
		if !exists && !found {
			continue
		}
		s.at("settle")
		if !exists {
			want, exists = a.first.BucketCopy(bucket) // it may have been taken over
		}
	}
	return nil
}

func (s *Store) settleIn(ctx context.Context, set *set, want erasure.BucketCopy, exists bool, have erasure.BucketCopy, found bool) error {
	if found && (!exists || have.ID != want.ID) {
		// It was being made or deleted. Then it is empty; if not, nothing is thrown away.
		empty, err := set.dropIfEmpty(ctx, have.Name)
		switch {
		case err != nil:
			return err
		case !empty && exists:
			return errors.New("there are two buckets of this name, and both hold objects")
		case !empty:
			return s.now.Load().first.PutBucketCopy(ctx, have)
		}
	}
	if !exists {
		return nil
	}
	return set.PutBucketCopy(ctx, want)
}

func (s *set) dropIfEmpty(ctx context.Context, bucket string) (empty bool, err error) {
	h, err := s.HoldBucket(ctx, bucket)
	if err != nil {
		return false, err
	}
	defer h.Release()
	if empty, err = h.Empty(ctx); err != nil || !empty {
		return false, err
	}
	return true, h.Delete(ctx)
}

// CreateBucket implements objectstore.Buckets. The first set comes last: before, the
// bucket is not there.
func (s *Store) CreateBucket(ctx context.Context, b objectstore.Bucket) (made objectstore.Bucket, err error) {
	if err := objectstore.ValidateBucketName(b.Name); err != nil {
		return made, err
	}
	err = s.buckets.alter(ctx, b.Name, func() (settled bool, err error) {
		first := s.now.Load().first
		c, err := first.PlanBucket(ctx, b)
		if err == nil {
			err = s.checkParity(b)
		}
		if err != nil {
			return true, err
		}
		err = s.others(func(set *set) error {
			defer s.at("create")
			return set.PutBucketCopy(ctx, c)
		})
		if err != nil {
			return false, err
		}
		if err = first.PutBucketCopy(ctx, c); err == nil {
			made = c.Bucket
			s.at("created")
		}
		return err == nil, err
	})
	return made, err
}

// checkParity refuses a bucket's parity that the drives of some set cannot have.
func (s *Store) checkParity(b objectstore.Bucket) error {
	for _, set := range s.sets() {
		if drives := set.Width(); b.Parity != nil && (*b.Parity < 0 || *b.Parity > drives/2) {
			return errs.Newf(errs.Invalid, "parity_invalid",
				"A bucket's parity is from 0 to half of the drives of a set: with %d drives up to %d.", drives, drives/2)
		}
	}
	return nil
}

// others runs f for all sets but the first, side by side.
func (s *Store) others(f func(*set) error) error {
	a := s.now.Load()
	var all errgroup.Group
	for _, set := range a.sets {
		if set != a.first {
			all.Go(func() error { return f(set) })
		}
	}
	return all.Wait()
}

// Bucket implements objectstore.Buckets.
func (s *Store) Bucket(ctx context.Context, bucket string) (objectstore.Bucket, error) {
	return s.now.Load().first.Bucket(ctx, bucket)
}

// ListBuckets implements objectstore.Buckets.
func (s *Store) ListBuckets(ctx context.Context) ([]objectstore.Bucket, error) {
	return s.now.Load().first.ListBuckets(ctx)
}

// UpdateBucket implements objectstore.Versions. What the first set has counts.
func (s *Store) UpdateBucket(ctx context.Context, bucket string, change func(*objectstore.Bucket) error) (b objectstore.Bucket, err error) {
	err = s.buckets.alter(ctx, bucket, func() (settled bool, err error) {
		first := s.now.Load().first
		before, existed := first.BucketCopy(bucket)
		b, err = first.UpdateBucket(ctx, bucket, func(b *objectstore.Bucket) error {
			if err := change(b); err != nil {
				return err
			}
			return s.checkParity(*b)
		})
		if err != nil {
			after, exists := first.BucketCopy(bucket)
			return first.Settled() == nil && existed == exists && before.Same(after), err
		}
		s.at("update")
		c, _ := first.BucketCopy(bucket)
		err = s.others(func(set *set) error {
			defer s.at("update")
			return set.PutBucketCopy(ctx, c)
		})
		return err == nil, err
	})
	return b, err
}

// DeleteBucket implements objectstore.Buckets. While it looks whether all sets are
// empty nothing is committed in any. The first set comes first: from then on the
// bucket is gone.
func (s *Store) DeleteBucket(ctx context.Context, bucket string) error {
	return s.buckets.alter(ctx, bucket, func() (settled bool, err error) {
		a := s.now.Load()
		holds := make(map[*set]*erasure.BucketHold)
		defer func() {
			for _, h := range holds {
				h.Release()
			}
		}()
		for _, set := range append([]*set{a.first}, a.sets...) {
			if holds[set] != nil {
				continue
			}
			if holds[set], err = set.HoldBucket(ctx, bucket); err != nil {
				delete(holds, set)
				return true, err
			}
			empty, err := holds[set].Empty(ctx)
			if err == nil && !empty {
				err = objectstore.ErrBucketNotEmpty
			}
			if err != nil {
				return true, err
			}
		}
		if err := holds[a.first].Delete(ctx); err != nil {
			return false, err
		}
		s.at("delete")
		err = s.others(func(set *set) error {
			defer s.at("delete")
			holds[set].Bury()
			return holds[set].Delete(ctx)
		})
		// The bucket is gone whatever the other sets say; they are brought to that later.
		if err != nil {
			s.log.Warn("a deleted bucket is still to be removed from some sets", "bucket", bucket, "error", err)
		}
		return err == nil, nil
	})
}
