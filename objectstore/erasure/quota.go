package erasure

import (
	"context"
	"fmt"
	"sync"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/record"
)

// Quotas say how much the buckets of one owner may hold together.
type Quotas interface {
	// OwnerQuota returns a number of bytes, 0 for no limit. It is asked once for each
	// write, and with owner empty never.
	OwnerQuota(ctx context.Context, owner string) (int64, error)
}

// Usage implements objectstore.UsageReporter.
func (s *Store) Usage(ctx context.Context, bucketName string) (objectstore.Usage, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Usage{}, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return objectstore.Usage{}, err
	}
	u, err := s.index.BucketUsage(ctx, b.ID)
	return objectstore.Usage{Objects: u.Objects, Versions: u.Versions, Bytes: u.Bytes, Unfinished: u.Parts}, err
}

// purse is what a quota is of: a bucket, or all buckets of an owner.
type purse struct {
	bucket string
	owner  string
}

// limit is a purse with its quota, which is not 0.
type limit struct {
	purse
	quota   int64
	buckets []string // that count
}

// reservations are bytes that writers may add but the catalogue does not count yet.
type reservations struct {
	mu    sync.Mutex // guards the following 2 fields
	bytes map[purse]int64
	ended chan struct{} // closed when a reservation ends
}

// limits returns the quotas that hold for a bucket.
func (s *Store) limits(ctx context.Context, b *bucket) (all []limit, err error) {
	e := b.now.Load()
	if e.Quota > 0 {
		all = append(all, limit{purse{bucket: e.Name}, e.Quota, []string{e.Name}})
	}
	if s.quotas == nil || e.Owner == "" {
		return all, nil
	}
	quota, err := s.quotas.OwnerQuota(ctx, e.Owner)
	if err != nil {
		return nil, fmt.Errorf("quota of the owner: %w", err)
	}
	if quota > 0 {
		all = append(all, limit{purse{owner: e.Owner}, quota, s.buckets.of(e.Owner)})
	}
	return all, nil
}

// of returns the buckets of an owner.
func (t *bucketTable) of(owner string) (names []string) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for name, b := range t.byName {
		if b.now.Load().Owner == owner {
			names = append(names, name)
		}
	}
	return names
}

// used is how much the catalogue counts in some buckets.
func (s *Store) used(ctx context.Context, buckets []string) (total int64, err error) {
	for _, name := range buckets {
		b, err := s.buckets.find(name)
		if err != nil {
			continue // it is gone by now
		}
		u, err := s.index.BucketUsage(ctx, b.ID)
		if err != nil {
			return 0, err
		}
		total += u.Bytes + u.Parts
	}
	return total, nil
}

// reserve makes sure that so many more bytes fit into a bucket until release is
// called, which is after the catalogue counts them or the write has failed. What
// others have reserved but may yet give back is waited for.
func (s *Store) reserve(ctx context.Context, b *bucket, more int64) (release func(), err error) {
	if more <= 0 {
		return func() {}, nil
	}
	limits, err := s.limits(ctx, b)
	if err != nil || len(limits) == 0 {
		return func() {}, err
	}
	for {
		wait, err := s.tryReserve(ctx, limits, more)
		if err != nil {
			return nil, err
		}
		if wait == nil {
			return func() { s.union.reserved.end(limits, more) }, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryReserve reserves, or returns what to wait for.
func (s *Store) tryReserve(ctx context.Context, limits []limit, more int64) (wait <-chan struct{}, err error) {
	r := &s.union.reserved
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended == nil {
		r.bytes, r.ended = make(map[purse]int64), make(chan struct{})
	}
	for _, l := range limits {
		used, err := s.union.used(ctx, l.buckets)
		switch {
		case err != nil:
			return nil, err
		case used+more > l.quota:
			return nil, quotaExceeded(l, used)
		case used+r.bytes[l.purse]+more > l.quota:
			wait = r.ended
		}
	}
	if wait != nil {
		return wait, nil
	}
	for _, l := range limits {
		r.bytes[l.purse] += more
	}
	return nil, nil
}

func (r *reservations) end(limits []limit, bytes int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range limits {
		if r.bytes[l.purse] -= bytes; r.bytes[l.purse] == 0 {
			delete(r.bytes, l.purse)
		}
	}
	close(r.ended)
	r.ended = make(chan struct{})
}

func quotaExceeded(l limit, used int64) error {
	of := "bucket"
	if l.owner != "" {
		of = "project"
	}
	return errs.Newf(objectstore.ErrQuotaExceeded.Kind, objectstore.ErrQuotaExceeded.Code,
		"The %s's quota of %d bytes does not allow this: %d are used, unfinished uploads included. Delete something, or have the quota raised.", of, l.quota, used)
}

// mayAdd refuses a body of an announced size that will not fit, before it is sent.
// gives says how many bytes will give way to it; it is asked when that matters.
func (s *Store) mayAdd(ctx context.Context, b *bucket, size int64, gives func() (int64, error)) error {
	if size <= 0 {
		return nil
	}
	limits, err := s.limits(ctx, b)
	if err != nil {
		return err
	}
	for _, l := range limits {
		used, err := s.union.used(ctx, l.buckets)
		if err != nil {
			return err
		}
		if used+size <= l.quota {
			continue
		}
		less, err := gives()
		if err != nil {
			return err
		}
		if more := size - less; more > 0 && used+more > l.quota {
			return quotaExceeded(l, used)
		}
	}
	return nil
}

// givenUp is how many bytes of a key give way to an object that is put there now.
func (s *Store) givenUp(ctx context.Context, b *bucket, key string) (int64, error) {
	latest, err := s.held(ctx, b, key)
	if err != nil {
		return 0, err
	}
	v := &record.Version{Key: key, Null: b.versioning() != objectstore.VersioningEnabled}
	h, err := s.displaced(ctx, b, v, latest)
	return h.size(), err
}

// size is how many bytes of it count, of nothing none.
func (h *held) size() int64 {
	if h == nil {
		return 0
	}
	return h.Counted()
}
