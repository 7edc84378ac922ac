package erasure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// A notice is an object of a bucket of its own, appended in the one record that makes
// the change it tells of. So it is there exactly if the change is, whatever catalogue is
// left of it, and all that keeps objects keeps notices.

var _ objectstore.NoticeKeeper = (*Store)(nil)

// telling is changes on their way to those who want to know. The nil one is of none.
type telling struct {
	store      *Store
	happenings []objectstore.Happening
	entries    []seglog.Entry
	to         *bucket // of notices, held; nil while there are none
	release    func()
}

// tell asks who wants to know of a change that is about to be made, and adds it to
// what is told already, if anything is. The caller holds the key's lock, calls done when
// the changes are made, and end in any case; on a failure what was told before stays.
func (s *Store) tell(ctx context.Context, t *telling, in *bucket, what objectstore.What, sequencer uint64, o objectstore.Object) (*telling, error) {
	now := in.now.Load()
	if s.announcer == nil || !s.announcer.Wants(now.Name, now.Documents) || now.Name == objectstore.NoticeBucket {
		return t, nil
	}
	if t == nil {
		t = &telling{store: s}
	}
	h := objectstore.Happening{What: what, Object: o, Sequencer: sequencer, Documents: now.Documents, Owner: now.Owner, BucketID: publicID(in.ID)}
	notices := s.announcer.Notices(ctx, &h)
	if len(notices) > 0 && t.to == nil {
		var err error
		if t.to, t.release, err = s.buckets.hold(objectstore.NoticeBucket); err != nil {
			t.to = nil
			return t, noticesMissing(err)
		}
	}
	for _, n := range notices {
		t.entries = append(t.entries, s.notice(t.to, n))
	}
	t.happenings = append(t.happenings, h)
	return t, nil
}

// noticesMissing explains why events cannot be kept.
func noticesMissing(err error) error {
	if !errors.Is(err, objectstore.ErrBucketNotFound) {
		return err
	}
	return errs.Wrap(err, errs.Unavailable, "notices_unavailable",
		"Nothing can be written to this bucket: its events cannot be kept, because Croft's own bucket for them is missing. It is made again when Croft starts.")
}

// tellOf is tell of a version that is about to be written.
func (s *Store) tellOf(ctx context.Context, in *bucket, what objectstore.What, v *record.Version) (*telling, error) {
	if s.announcer == nil {
		return nil, nil
	}
	return s.tell(ctx, nil, in, what, v.Ord, in.object(v))
}

// tellOfDeletion is tell of what a delete does.
func (s *Store) tellOfDeletion(ctx context.Context, t *telling, in *bucket, e record.Entry, done objectstore.Deleted) (*telling, error) {
	if s.announcer == nil {
		return t, nil
	}
	o := objectstore.Object{Bucket: in.now.Load().Name, VersionID: done.VersionID, Marker: done.Marker, ModifiedAt: record.Time(time.Now().UnixMilli())}
	switch e := e.(type) {
	case *record.Version:
		o.Key = e.Key
		return s.tell(ctx, t, in, objectstore.HappenedMarker, e.Ord, o)
	case *record.Gone:
		o.Key = e.Key
		return s.tell(ctx, t, in, objectstore.HappenedDelete, e.Ord, o)
	}
	return t, fmt.Errorf("a delete writes a %T", e)
}

// tellOfUpdate is tell of other tags or system attributes.
func (s *Store) tellOfUpdate(ctx context.Context, in *bucket, was, is *record.Version) (*telling, error) {
	if s.announcer == nil {
		return nil, nil
	}
	what := objectstore.HappenedTag
	switch {
	case maps.Equal(was.Attrs.Tags, is.Attrs.Tags) && maps.Equal(was.Attrs.System, is.Attrs.System):
		return nil, nil
	case maps.Equal(was.Attrs.Tags, is.Attrs.Tags):
		what = objectstore.HappenedAttribute
	case len(is.Attrs.Tags) == 0:
		what = objectstore.HappenedUntag
	}
	return s.tell(ctx, nil, in, what, s.nextOrd(), in.object(is))
}

// notice is the entry of one notice. Its ord is its own and rises with those of its key.
func (s *Store) notice(in *bucket, n objectstore.Notice) seglog.Entry {
	v := &record.Version{
		Bucket: in.ID, Ord: s.nextOrd(), Tail: randomTail(), Null: true, Modified: time.Now().UnixMilli(), ETag: emptyETag,
		Attrs: objectstore.Attributes{System: map[string]string{objectstore.NoticeText: n.Text}},
	}
	v.Key = fmt.Sprintf("%s/%016x", n.Queue, v.Ord)
	return entry(v, nil)
}

// emptyETag is the ETag of no bytes.
const emptyETag = "d41d8cd98f00b204e9800998ecf8427e"

// with appends the notices to the entries that make the changes.
func (t *telling) with(entries ...seglog.Entry) []seglog.Entry {
	if t == nil {
		return entries
	}
	return append(entries, t.entries...)
}

// done says that the changes are durable.
func (t *telling) done(ctx context.Context) {
	if t == nil {
		return
	}
	if len(t.entries) > 0 {
		t.store.noticed.ring()
	}
	for i := range t.happenings {
		t.store.announcer.Happened(ctx, &t.happenings[i])
	}
}

// end lets go of the bucket of notices.
func (t *telling) end() {
	if t != nil && t.to != nil {
		t.release()
	}
}

// SettleNotices implements objectstore.NoticeKeeper.
func (s *Store) SettleNotices(ctx context.Context, keys []string) error {
	return errors.Join(s.DeleteAll(ctx, objectstore.NoticeBucket, keys)...)
}

// publicID writes a bucket's number for others. Numbers are never given twice.
func publicID(id uint64) string { return fmt.Sprintf("%016x", id) }

// BucketID implements objectstore.NoticeKeeper.
func (s *Store) BucketID(name string) (string, error) {
	b, err := s.buckets.find(name)
	if err != nil {
		return "", err
	}
	return publicID(b.ID), nil
}

// Noticed implements objectstore.NoticeKeeper.
func (s *Store) Noticed() <-chan struct{} { return s.noticed.wait() }
