package erasure

import (
	"context"
	"errors"
	"reflect"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// What a set can do besides is for a store that is made of several: every bucket is
// in all of them under one number, and a key is in one.

// BucketCopy is a bucket with the number that it has in every set of a store.
type BucketCopy struct {
	ID uint64
	objectstore.Bucket
}

// Same reports whether two copies say the same.
func (c BucketCopy) Same(o BucketCopy) bool {
	none := func(s []string) []string {
		if len(s) == 0 {
			return nil
		}
		return s
	}
	for _, x := range []*BucketCopy{&c, &o} {
		x.Compression.Types, x.Compression.Suffixes = none(x.Compression.Types), none(x.Compression.Suffixes)
	}
	created := c.CreatedAt.Equal(o.CreatedAt)
	c.CreatedAt = o.CreatedAt
	return created && reflect.DeepEqual(c, o)
}

func (c BucketCopy) entry() *record.Bucket {
	b := c.Bucket
	return &record.Bucket{
		ID: c.ID, Name: b.Name, Owner: b.Owner, Created: b.CreatedAt.UnixMilli(),
		Versioning: string(b.Versioning), ObjectLock: b.ObjectLock, Lock: b.DefaultLock,
		Encryption: b.Encryption, Compression: cloneCompression(b.Compression), Quota: b.Quota, Parity: cloneParity(b.Parity),
		Documents: cloneDocuments(b.Documents),
	}
}

// BucketCopies are the set's buckets, in no order.
func (s *Store) BucketCopies() []BucketCopy {
	s.buckets.mu.RLock()
	defer s.buckets.mu.RUnlock()
	all := make([]BucketCopy, 0, len(s.buckets.byName))
	for _, b := range s.buckets.byName {
		all = append(all, BucketCopy{b.ID, b.public()})
	}
	return all
}

// BucketCopy is one of them and whether there is such.
func (s *Store) BucketCopy(bucketName string) (c BucketCopy, found bool) {
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return c, false
	}
	return BucketCopy{b.ID, b.public()}, true
}

// Settled returns an error while nobody can say which changes of buckets are durable.
func (s *Store) Settled() error {
	if _, cause := s.seglog.Stalled(); cause != nil {
		return cause
	}
	l := s.seglog.Load()
	if l == nil {
		return seglog.ErrClosed
	}
	if err := l.Broken(); err != nil {
		return closedError(l, err)
	}
	if s.seglog.behind.Load() {
		return errs.New(errs.Unavailable, "catalogue_behind", "The catalogue is being brought up to date. Try again in a moment.")
	}
	return nil
}

// Width is how many drives the set has.
func (s *Store) Width() int { return len(s.set.Drives) }

// Writable returns an error unless enough drives can be written to.
func (s *Store) Writable() error { return s.checkWritable() }

// PlanBucket is what CreateBucket would make, checked and complete.
func (s *Store) PlanBucket(ctx context.Context, b objectstore.Bucket) (BucketCopy, error) {
	if err := s.begin(ctx); err != nil {
		return BucketCopy{}, err
	}
	defer s.inUse.Done()
	return s.planBucket(ctx, b)
}

// PutBucketCopy makes a bucket as another set has it, or gives it that one's
// settings. It checks nothing. A number that the set has ended is not to come again.
func (s *Store) PutBucketCopy(ctx context.Context, c BucketCopy) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	defer s.keys.lock(name{key: c.Name})()
	b, err := s.buckets.find(c.Name)
	if err != nil {
		_, err := s.makeBucket(ctx, c)
		return err
	}
	if b.ID != c.ID {
		return objectstore.ErrBucketExists
	}
	b.use.Lock() // nothing is being committed under the old settings
	defer b.use.Unlock()
	e := c.entry()
	e.Ord = s.nextOrd()
	e.Shadows = b.now.Load().Shadows.With(b.now.Load().segment, s.segmentExists())
	placed, err := s.seglog.Append(ctx, seglog.Options{}, entry(e, nil))
	if err == nil {
		b.now.Store(&bucketState{*e, placed[0].Location.Segment})
	}
	return err
}

// BucketHold is a bucket into which nothing is committed until Release.
type BucketHold struct {
	store  *Store
	bucket *bucket
	done   func()
}

// HoldBucket waits for what is being committed into a bucket and keeps the rest out.
// The caller holds nobody up for long and nothing else of the set.
func (s *Store) HoldBucket(ctx context.Context, bucketName string) (*BucketHold, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	unlock := s.keys.lock(name{key: bucketName})
	b, err := s.buckets.find(bucketName)
	if err != nil {
		unlock()
		s.inUse.Done()
		return nil, err
	}
	b.use.Lock()
	return &BucketHold{store: s, bucket: b, done: func() {
		b.use.Unlock()
		unlock()
		s.inUse.Done()
	}}, nil
}

// Empty reports whether the bucket holds no version. Unfinished uploads do not count.
func (h *BucketHold) Empty(ctx context.Context) (bool, error) {
	return h.store.index.BucketEmpty(ctx, h.bucket.ID)
}

// Bury makes sure that nothing is committed into the bucket any more until the next
// start, whether Delete succeeds or not.
func (h *BucketHold) Bury() { h.bucket.dead = true }

// Delete deletes the bucket, which is empty, with its unfinished uploads.
func (h *BucketHold) Delete(ctx context.Context) error { return h.store.endBucket(ctx, h.bucket) }

// Release lets others at the bucket again. It is called once.
func (h *BucketHold) Release() { h.done() }

// Holds reports whether the set has anything of a key: a version, a delete marker or
// an unfinished upload. Without the bucket it has nothing.
func (s *Store) Holds(ctx context.Context, bucketName, key string) (holds bool, err error) {
	if err := s.begin(ctx); err != nil {
		return false, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return false, nil
	}
	if _, holds, err = s.index.Latest(ctx, b.ID, key); holds || err != nil {
		return holds, err
	}
	_, err = s.index.ListUploads(ctx, index.ListUploadsRequest{Bucket: b.ID, Prefix: key, Limit: 1}, func(e index.UploadEntry) error {
		holds = e.Upload.Key == key
		return nil
	})
	return holds, err
}

// Room is how much the set's file systems have and how much of that is free, in
// bytes, redundancy included.
func (s *Store) Room(ctx context.Context) (total, free int64) {
	room := s.set.Space(ctx)
	return room.Total, room.Free
}

// card is a small file that every drive of the set is to have.
type card struct {
	name    string
	content []byte
}

// SetCard writes a small file to all drives of the set, and to those that come back
// or are new as long as the store is open. Without an error it is durable on so many
// that whoever opens the set again finds it. A drive that has it is left alone.
func (s *Store) SetCard(name string, content []byte) error {
	s.cardMu.Lock()
	defer s.cardMu.Unlock()
	s.card = card{name, content}
	told, failures := s.tellCardTo(s.card)
	if need := s.set.Geometry.WriteQuorum(); told < need {
		return errs.Wrap(errors.Join(failures...), errs.Unavailable, objectstore.ErrWriteQuorum.Code, "Too few drives can be written to.")
	}
	return nil
}

// tellCard gives the file to drives that lack it.
func (s *Store) tellCard() {
	s.cardMu.Lock()
	defer s.cardMu.Unlock()
	if s.card.name == "" {
		return
	}
	if _, failures := s.tellCardTo(s.card); len(failures) > 0 {
		s.log.Warn("not all drives know which sets make the store", "error", errors.Join(failures...))
	}
}

func (s *Store) tellCardTo(c card) (told int, failures []error) {
	where := s.set.Writable()
	for i, d := range s.set.Drives {
		if !where.Has(i) {
			continue
		}
		have, err := d.ReadSmall(c.name)
		if err == nil && string(have) == string(c.content) {
			err = d.Settle() // a process that was killed may have written it and not synced
		} else {
			err = d.WriteSmall(c.name, c.content)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		told++
	}
	return told, failures
}
