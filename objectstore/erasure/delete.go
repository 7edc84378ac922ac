package erasure

import (
	"context"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Delete implements objectstore.Objects.
func (s *Store) Delete(ctx context.Context, bucketName, key string) (existed bool, err error) {
	d, err := s.DeleteVersion(ctx, objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: bucketName, Key: key}})
	return d.Existed, err
}

// DeleteVersion implements objectstore.Versions.
func (s *Store) DeleteVersion(ctx context.Context, r objectstore.DeleteRequest) (objectstore.Deleted, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Deleted{}, err
	}
	defer s.inUse.Done()
	if err := objectstore.ValidateKey(r.Key); err != nil {
		return objectstore.Deleted{}, err
	}
	b, release, err := s.buckets.hold(r.Bucket)
	if err != nil {
		return objectstore.Deleted{}, err
	}
	defer release()
	defer s.keys.lock(name{b.ID, r.Key})()
	e, done, err := s.deletion(ctx, b, r)
	if err != nil || e == nil {
		return done, err
	}
	told, err := s.tellOfDeletion(ctx, nil, b, e, done)
	if err != nil {
		return objectstore.Deleted{}, err
	}
	defer told.end()
	deletion := entry(e, nil)
	deletion.Tag.(*pending).replica = r.Replica
	if _, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, told.with(deletion)...); err != nil {
		return objectstore.Deleted{}, err
	}
	told.done(ctx)
	return done, nil
}

// deletion returns the entry that deletes what a request says and what that does;
// no entry when there is nothing to delete. The caller holds the key's lock.
func (s *Store) deletion(ctx context.Context, b *bucket, r objectstore.DeleteRequest) (record.Entry, objectstore.Deleted, error) {
	h, err := s.version(ctx, b, r.VersionRef)
	if err == nil {
		err = h.allows(r.Condition)
	}
	if err == nil && h != nil && r.Check != nil {
		err = s.check(ctx, b, h, r.Check)
	}
	if err != nil {
		return nil, objectstore.Deleted{}, err
	}
	if r.ID == "" && b.versioning() != objectstore.VersioningOff {
		return s.marker(ctx, b, r.Key, h)
	}
	if h == nil {
		return nil, objectstore.Deleted{}, nil
	}
	if !h.deletable(time.Now(), r.Bypass) {
		return nil, objectstore.Deleted{}, objectstore.ErrVersionLocked
	}
	done := objectstore.Deleted{Existed: true, Marker: h.Marker}
	if b.versioning() != objectstore.VersioningOff {
		done.VersionID = versionID(h.Version)
	}
	return &record.Gone{
		Kind: record.KindVersionGone, Bucket: b.ID, Key: r.Key, Ord: s.nextOrd(), Of: h.Ord, Null: h.Null,
		Shadows: h.Shadows.With(h.loc.Segment, s.segmentExists()),
	}, done, nil
}

// check asks a caller about a version that something is to be done to.
func (s *Store) check(ctx context.Context, b *bucket, h *held, ask func(objectstore.Object) error) error {
	latest, err := s.held(ctx, b, h.Key)
	if err != nil {
		return err
	}
	is := b.object(h.Version)
	is.Attributes = is.Attributes.Clone()
	is.Latest = latest != nil && latest.Ord == h.Ord
	return ask(is)
}

// marker returns a delete marker over what a key holds.
func (s *Store) marker(ctx context.Context, b *bucket, key string, h *held) (record.Entry, objectstore.Deleted, error) {
	v := &record.Version{
		Bucket: b.ID, Key: key, Ord: s.nextOrd(), Tail: randomTail(), Marker: true,
		Null: b.versioning() != objectstore.VersioningEnabled, Modified: time.Now().UnixMilli(),
	}
	gives, err := s.displaced(ctx, b, v, h)
	if err != nil {
		return nil, objectstore.Deleted{}, err
	}
	v.Shadows = s.shadowsOf(gives)
	return v, objectstore.Deleted{Existed: h.exists(), VersionID: versionID(v), Marker: true}, nil
}
