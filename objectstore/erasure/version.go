package erasure

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

var _ objectstore.Versions = (*Store)(nil)

// versionID is what callers name a version by: its ord, by which it is found, and
// a random tail.
func versionID(v *record.Version) string {
	if v.Null {
		return objectstore.NullVersion
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], v.Ord)
	binary.BigEndian.PutUint64(b[8:], v.Tail)
	return hex.EncodeToString(b[:])
}

func parseVersionID(id string) (ord, tail uint64, err error) {
	var b [16]byte
	if n, err := hex.Decode(b[:], []byte(id[:min(len(id), 32)])); err != nil || n != 16 || len(id) != 32 {
		return 0, 0, objectstore.ErrVersionInvalid
	}
	ord, tail = binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	if ord >= 1<<63 {
		return 0, 0, objectstore.ErrVersionInvalid
	}
	return ord, tail, nil
}

// version returns a version of a key, nil when there is none.
func (s *Store) version(ctx context.Context, b *bucket, ref objectstore.VersionRef) (*held, error) {
	switch ref.ID {
	case "":
		return s.held(ctx, b, ref.Key)
	case objectstore.NullVersion:
		row, found, err := s.index.NullVersion(ctx, b.ID, ref.Key)
		if err != nil || !found {
			return nil, err
		}
		return heldIn(row)
	}
	ord, tail, err := parseVersionID(ref.ID)
	if err != nil {
		return nil, err
	}
	row, found, err := s.index.ByOrd(ctx, b.ID, ref.Key, ord)
	if err != nil || !found {
		return nil, err
	}
	h, err := heldIn(row)
	if err != nil || h.Null || h.Tail != tail {
		return nil, err
	}
	return h, nil
}

// deletable reports whether a version's lock lets it go.
func (h *held) deletable(now time.Time, bypass bool) bool {
	l := h.Attrs.Lock
	if l.Hold {
		return false
	}
	return !l.Active(now) || l.Mode == objectstore.LockGovernance && bypass
}

// ListVersions implements objectstore.Versions.
func (s *Store) ListVersions(ctx context.Context, r objectstore.ListVersionsRequest) (objectstore.VersionPage, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.VersionPage{}, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(r.Bucket)
	if err != nil {
		return objectstore.VersionPage{}, err
	}
	after, err := s.versionOrd(ctx, b, r.AfterKey, r.AfterID)
	if err != nil {
		return objectstore.VersionPage{}, err
	}
	var page objectstore.VersionPage
	end, err := s.index.ListVersions(ctx, index.ListVersionsRequest{
		Bucket: b.ID, Prefix: r.Prefix, Delimiter: r.Delimiter, AfterKey: r.AfterKey, AfterOrd: after, Limit: r.Limit,
	}, func(e index.VersionEntry) error {
		if e.Prefix != "" {
			page.Prefixes = append(page.Prefixes, e.Prefix)
			return nil
		}
		v, err := listed(e.Version.Value)
		if err != nil {
			return err
		}
		o := b.object(v)
		o.VersionID, o.Latest = versionID(v), e.Latest
		page.Versions = append(page.Versions, o)
		return nil
	})
	if err != nil {
		return objectstore.VersionPage{}, err
	}
	page.Truncated, page.NextKey = end.Truncated, end.NextKey
	if end.NextOrd != 0 {
		page.NextID = page.Versions[len(page.Versions)-1].VersionID
	}
	return page, nil
}

// versionOrd returns the ord that a page starts behind; 0 is behind all versions
// of the key. Where the null version was is not known once it is gone: versions that
// were listed may come again then, but none is passed over.
func (s *Store) versionOrd(ctx context.Context, b *bucket, key, id string) (uint64, error) {
	switch id {
	case "":
		return 0, nil
	case objectstore.NullVersion:
		row, found, err := s.index.NullVersion(ctx, b.ID, key)
		if err == nil && !found {
			return beforeAll, nil
		}
		return row.Ord, err
	}
	ord, _, err := parseVersionID(id)
	return ord, err
}

// beforeAll is more than any ord.
const beforeAll = 1<<63 - 1

// UpdateVersion implements objectstore.Versions. The version is written again: its
// entry, and a small body with it.
func (s *Store) UpdateVersion(ctx context.Context, ref objectstore.VersionRef, bypass bool, change func(*objectstore.Attributes) error) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	b, release, err := s.buckets.hold(ref.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(name{b.ID, ref.Key})()
	h, err := s.version(ctx, b, ref)
	if err != nil {
		return objectstore.Object{}, err
	}
	if o, err := b.readable(h, ref); err != nil {
		return o, err
	}
	attrs := h.Attrs.Clone()
	if err := change(&attrs); err != nil {
		return objectstore.Object{}, err
	}
	if err := mayRelock(h.Attrs.Lock, attrs.Lock, b.now.Load().ObjectLock, bypass); err != nil {
		return objectstore.Object{}, err
	}
	v := *h.Version
	v.Attrs.Tags, v.Attrs.System, v.Attrs.Lock = attrs.Tags, attrs.System, attrs.Lock
	told, err := s.tellOfUpdate(ctx, b, h.Version, &v)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer told.end()
	if err := s.rewrite(ctx, h, &v, told.with()...); err != nil {
		return objectstore.Object{}, err
	}
	told.done(ctx)
	return b.object(&v), nil
}

// rewrite appends a version again with other metadata; its body stays as it is
// stored. more are appended with it. The caller holds the key's lock.
func (s *Store) rewrite(ctx context.Context, h *held, v *record.Version, more ...seglog.Entry) error {
	v.Shadows = h.Shadows.With(h.loc.Segment, s.segmentExists())
	var payload []byte
	if v.Inline {
		payload = make([]byte, h.loc.Length)
		if err := s.seglog.ReadAt(ctx, &h.loc, payload, 0); err != nil {
			return err
		}
	}
	_, err := s.seglog.Append(ctx, seglog.Options{}, append([]seglog.Entry{entry(v, payload)}, more...)...)
	return err
}

// mayRelock refuses to loosen a retention that has not ended.
func mayRelock(was, is objectstore.Lock, enabled, bypass bool) error {
	if is == was {
		return nil
	}
	if !enabled {
		return objectstore.ErrObjectLockMissing
	}
	if !was.Active(time.Now()) {
		return nil
	}
	looser := is.Mode == objectstore.LockNone || is.Until.Before(was.Until) ||
		was.Mode == objectstore.LockCompliance && is.Mode != objectstore.LockCompliance
	if looser && !(was.Mode == objectstore.LockGovernance && bypass) {
		return objectstore.ErrVersionLocked
	}
	return nil
}
