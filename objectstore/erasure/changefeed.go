package erasure

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"sync"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
)

// The backlogs of followers are in the catalogue: a change is noted in the
// transaction that brings it there, from the log, and so exactly once it is durable.
// A catalogue that is built anew has none and no followers either.

var _ objectstore.ChangeFeed = (*Store)(nil)

// bell wakes everybody who waits for changes.
type bell struct {
	mu     sync.Mutex // guards the following field
	waited chan struct{}
}

func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waited == nil {
		b.waited = make(chan struct{})
	}
	return b.waited
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waited != nil {
		close(b.waited)
		b.waited = nil
	}
}

// noteVersion notes that a version was put. What gave way to it says whether it is a
// new one: compaction only writes it in another place.
func (c *change) noteVersion(v *record.Version, gone []index.Version, value []byte) error {
	if c.quiet || !c.tx.Followed(v.Bucket) {
		return nil
	}
	is := index.Change{
		Position: v.Ord, Revision: v.Ord, Key: v.Key, Ord: v.Ord, Null: v.Null, Delete: v.Marker, Size: v.Size, Since: v.Modified,
	}
	for i := range gone {
		switch {
		case bytes.Equal(gone[i].Value, value): // it is older than what is there
			return nil
		case gone[i].Ord == v.Ord:
			was, err := listed(gone[i].Value)
			if err != nil || maps.Equal(was.Attrs.Tags, v.Attrs.Tags) {
				return err
			}
			is.Position = c.store.nextOrd()
			is.Revision, is.Since = is.Position, time.Now().UnixMilli()
		}
	}
	c.noted = true
	return c.tx.Note(v.Bucket, is)
}

// noteGone notes that the latest version of a key was deleted for ever.
func (c *change) noteGone(g *record.Gone) error {
	is := index.Change{
		Position: g.Ord, Revision: g.Ord, Key: g.Key, Null: g.Null, Delete: true, Since: time.Unix(0, int64(g.Ord)).UnixMilli(),
	}
	next, found, err := c.tx.Latest(g.Bucket, g.Key)
	if err != nil {
		return err
	}
	if found && !next.Marker {
		v, err := listed(next.Value)
		if err != nil {
			return err
		}
		is.Ord, is.Null, is.Delete, is.Size = v.Ord, v.Null, false, v.Size
	}
	c.noted = true
	return c.tx.Note(g.Bucket, is)
}

// Follow implements objectstore.ChangeFeed.
func (s *Store) Follow(ctx context.Context, f objectstore.Follower) (bookmark []byte, err error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(f.Bucket)
	if err != nil {
		return nil, err
	}
	b.use.RLock() // it is not deleted meanwhile
	defer b.use.RUnlock()
	if b.dead {
		return nil, objectstore.ErrBucketNotFound
	}
	err = s.index.Apply(ctx, func(tx *index.Tx) error {
		is, found, err := tx.Follower(f.Name)
		if err != nil {
			return err
		}
		if found && is.Bucket == b.ID && is.Prefix == f.Prefix {
			bookmark = is.Bookmark
			return nil
		}
		if err := tx.DeleteFollower(f.Name); err != nil {
			return err
		}
		return tx.PutFollower(index.Follower{Name: f.Name, Bucket: b.ID, Prefix: f.Prefix})
	})
	return bookmark, err
}

// Followers implements objectstore.ChangeFeed.
func (s *Store) Followers(ctx context.Context) ([]objectstore.Follower, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.inUse.Done()
	rows, err := s.index.Followers(ctx)
	if err != nil {
		return nil, err
	}
	var all []objectstore.Follower
	for _, f := range rows {
		if b := s.buckets.byID(f.Bucket); b != nil {
			all = append(all, objectstore.Follower{Name: f.Name, Bucket: b.now.Load().Name, Prefix: f.Prefix})
		}
	}
	return all, nil
}

// byID returns a bucket, nil when there is none.
func (t *bucketTable) byID(id uint64) *bucket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, b := range t.byName {
		if b.ID == id {
			return b
		}
	}
	return nil
}

// Unfollow implements objectstore.ChangeFeed.
func (s *Store) Unfollow(ctx context.Context, name string) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	return s.index.Apply(ctx, func(tx *index.Tx) error { return tx.DeleteFollower(name) })
}

// Changes implements objectstore.ChangeFeed.
func (s *Store) Changes(ctx context.Context, r objectstore.ChangesRequest) (page []objectstore.Change, err error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.inUse.Done()
	if r.Limit <= 0 {
		r.Limit = objectstore.DefaultLimit
	}
	err = s.index.ViewChanges(ctx, r.Follower, r.Key, r.After, r.Limit, func(v index.View, rows []index.Change) error {
		f, found, err := v.Follower(r.Follower)
		b := s.buckets.byID(f.Bucket)
		if err != nil || !found || b == nil {
			return cmp.Or(err, error(objectstore.ErrNotFollowed))
		}
		for i := range rows {
			c, err := publicChange(v, b, &rows[i])
			if err != nil {
				return err
			}
			page = append(page, c)
		}
		return nil
	})
	return page, err
}

func publicChange(v index.View, b *bucket, row *index.Change) (objectstore.Change, error) {
	c := objectstore.Change{
		Position: row.Position, Revision: row.Revision, Key: row.Key, Size: row.Size,
		Since: record.Time(row.Since), Recalled: row.Recalled,
	}
	switch {
	case row.Null:
		if row.Delete {
			c.Kind = objectstore.ChangeDelete
		}
		if b.versioning() != objectstore.VersioningOff && row.Ord != 0 {
			c.VersionID = objectstore.NullVersion
		}
		return c, nil
	case row.Ord == 0:
		c.Kind = objectstore.ChangeDelete
		return c, nil
	}
	is, found, err := v.ByOrd(b.ID, row.Key, row.Ord)
	if err != nil || !found {
		c.Kind = objectstore.ChangeGone
		return c, err
	}
	h, err := heldIn(is)
	if err != nil {
		return c, err
	}
	if c.VersionID = versionID(h.Version); h.Marker {
		c.Kind = objectstore.ChangeDelete
	}
	return c, nil
}

// Settle implements objectstore.ChangeFeed.
func (s *Store) Settle(ctx context.Context, follower string, done []objectstore.Change) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	return s.index.Apply(ctx, func(tx *index.Tx) error {
		for _, c := range done {
			if err := tx.Settle(follower, index.Change{Position: c.Position, Revision: c.Revision, Key: c.Key}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Recall implements objectstore.ChangeFeed.
func (s *Store) Recall(ctx context.Context, follower string, what []objectstore.Recalled, bookmark []byte) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.inUse.Done()
	err := s.index.Apply(ctx, func(tx *index.Tx) error {
		f, found, err := tx.Follower(follower)
		if err != nil || !found {
			return cmp.Or(err, error(objectstore.ErrNotFollowed))
		}
		for _, r := range what {
			c, err := s.recalled(tx, f.Bucket, r)
			if err == nil && c != nil {
				err = tx.Recall(follower, *c)
			}
			if err != nil {
				return err
			}
		}
		f.Bookmark = bookmark
		return tx.PutFollower(f)
	})
	if err == nil && len(what) > 0 {
		s.changed.ring()
	}
	return err
}

// recalled is the change that made what a key holds; nil for a version that is not
// there.
func (s *Store) recalled(tx *index.Tx, bucket uint64, r objectstore.Recalled) (*index.Change, error) {
	v, found, err := tx.Latest(bucket, r.Key)
	switch {
	case r.VersionID == objectstore.NullVersion:
		v, found, err = tx.NullVersion(bucket, r.Key)
	case r.VersionID != "":
		ord, _, bad := parseVersionID(r.VersionID)
		if bad != nil {
			return nil, bad
		}
		v, found, err = tx.ByOrd(bucket, r.Key, ord)
	}
	if err != nil || !found && r.VersionID != "" {
		return nil, err
	}
	now := time.Now().UnixMilli()
	if !found {
		ord := s.nextOrd()
		return &index.Change{Position: ord, Revision: ord, Key: r.Key, Delete: true, Since: now}, nil
	}
	is, err := listed(v.Value)
	if err != nil {
		return nil, err
	}
	return &index.Change{
		Position: v.Ord, Revision: v.Ord, Key: r.Key, Ord: v.Ord, Null: v.Null, Delete: v.Marker, Size: is.Size, Since: now,
	}, nil
}

// Backlog implements objectstore.ChangeFeed.
func (s *Store) Backlog(ctx context.Context, follower string) (objectstore.Backlog, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Backlog{}, err
	}
	defer s.inUse.Done()
	b, found, err := s.index.Backlog(ctx, follower)
	if err != nil || !found {
		return objectstore.Backlog{}, cmp.Or(err, error(objectstore.ErrNotFollowed))
	}
	is := objectstore.Backlog{Changes: b.Changes, Bytes: b.Bytes}
	if b.Oldest != 0 {
		is.Oldest = record.Time(b.Oldest)
	}
	return is, nil
}

// Changed implements objectstore.ChangeFeed.
func (s *Store) Changed() <-chan struct{} { return s.changed.wait() }
