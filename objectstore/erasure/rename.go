package erasure

import (
	"context"
	"errors"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// One record has the version under its new key and the end of the old one. Large bodies
// stay where they are and belong to the new version, as an upload's parts become an
// object's, and so do those in a tier. Encrypted ones stay bound to the name that they were
// stored under: the version says which that was, and its key vouches for it. Only where the
// new key belongs into another set the body is written anew before.

var _ objectstore.Renamer = (*Store)(nil)

// Rename implements objectstore.Renamer.
func (s *Store) Rename(ctx context.Context, r objectstore.RenameRequest) (objectstore.Object, error) {
	return s.RenameTo(ctx, s, r)
}

// RenameTo is Rename where the new key belongs into another set of the union. It is in
// both then, from when the one has it until the other has not.
func (s *Store) RenameTo(ctx context.Context, to *Store, r objectstore.RenameRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if to != s {
		if err := to.begin(ctx); err != nil {
			return objectstore.Object{}, err
		}
		defer to.inUse.Done()
	}
	m := &renaming{from: s, to: to, request: &r}
	if err := m.admit(); err != nil {
		return objectstore.Object{}, err
	}
	for {
		err := m.prepare(ctx)
		if err == nil {
			err = m.commit(ctx)
		}
		m.end()
		if !errors.Is(err, errReplaced) {
			return m.object, err
		}
	}
}

// renaming is one rename.
type renaming struct {
	from, to *Store
	request  *objectstore.RenameRequest

	opened *held     // the version that the following key is of; nil while there is none
	key    *coat.Key // nil where it is not encrypted
	copied *held     // the version whose body was written anew; nil while none was
	body   *received // that body
	sealed record.Sealed
	kept   bool // it may be referred to
	object objectstore.Object
}

// admit refuses what can be refused before anything is looked for.
func (m *renaming) admit() error {
	for _, key := range []string{m.request.From, m.request.Key} {
		if err := objectstore.ValidateKey(key); err != nil {
			return err
		}
	}
	if m.request.From == m.request.Key {
		return errs.New(errs.Invalid, "rename_onto_itself", "An object cannot be renamed to the name that it has.")
	}
	if err := m.from.checkWritable(); err != nil {
		return err
	}
	return m.to.checkWritable()
}

// prepare writes the body anew where it cannot go along.
func (m *renaming) prepare(ctx context.Context) error {
	s, r := m.from, m.request
	b, err := s.buckets.find(r.Bucket)
	if err != nil {
		return err
	}
	h, err := s.held(ctx, b, r.From)
	if err != nil || !h.exists() {
		return err // commit says what is the matter
	}
	if m.key, err = s.openKey(ctx, h.Sealed, r.CustomerKey); err != nil {
		return err // who may not read it may not rename it
	}
	if m.opened = h; m.from == m.to || b.versioning() != objectstore.VersioningOff {
		return nil
	}
	if err := m.early(ctx, b, h); err != nil {
		return err
	}
	return m.copy(ctx, h)
}

// early asks whether the rename is going to be refused before a body is copied for it.
func (m *renaming) early(ctx context.Context, b *bucket, h *held) error {
	in, err := m.to.buckets.find(m.request.Bucket)
	if err != nil {
		return err
	}
	over, err := m.to.held(ctx, in, m.request.Key)
	if err != nil {
		return err
	}
	_, err = m.ask(b, h, over)
	return err
}

// copy writes a version's body anew, for the new key.
func (m *renaming) copy(ctx context.Context, h *held) error {
	r := m.request
	o, from, err := m.from.GetVersion(ctx, objectstore.VersionRef{Bucket: r.Bucket, Key: r.From, CustomerKey: r.CustomerKey}, nil)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	if o.ETag != h.ETag || o.Size != h.Size || !o.ModifiedAt.Equal(record.Time(h.Modified)) {
		return errReplaced
	}
	wish := newObject{bucket: r.Bucket, key: r.Key, attrs: h.Attrs, class: h.Class, customer: r.CustomerKey}
	if h.Sealed.By.UnderMasterKey() {
		wish.encrypt = h.Sealed.By
	}
	c, err := m.to.codingFor(ctx, wish)
	if err != nil {
		return err
	}
	defer m.to.etags.expect(o.Size)()
	if m.body, err = m.to.receive(ctx, from, o.Size, inlineMax, c); err != nil {
		return err
	}
	m.copied, m.sealed = h, c.sealed
	return nil
}

// commit renames, unless the key holds something else by now than what was opened and copied.
func (m *renaming) commit(ctx context.Context) error {
	s, to, r := m.from, m.to, m.request
	b, in, release, err := m.hold()
	if err != nil {
		return err
	}
	defer release()
	if to == s {
		defer s.keys.lockAll(b.ID, []string{r.From, r.Key})()
	} else {
		s.union.renaming.Lock() // of two renames that cross each other one waits
		defer s.union.renaming.Unlock()
		defer s.keys.lock(name{b.ID, r.From})()
		defer to.keys.lock(name{in.ID, r.Key})()
	}
	if b.versioning() != objectstore.VersioningOff {
		return objectstore.ErrRenameVersioned
	}
	h, err := s.held(ctx, b, r.From)
	if err != nil {
		return err
	}
	over, err := to.held(ctx, in, r.Key)
	if err != nil {
		return err
	}
	attrs, err := m.ask(b, h, over)
	if err != nil {
		return err
	}
	if m.opened == nil || m.opened.Ord != h.Ord || m.from != m.to && m.copied == nil {
		return errReplaced
	}
	return m.write(ctx, b, in, h, over, attrs)
}

// hold keeps the bucket from being deleted, in both sets. Who deletes it holds one set
// after the other too, in an order of its own: so nothing is held while another is waited
// for.
func (m *renaming) hold() (b, in *bucket, release func(), err error) {
	name := m.request.Bucket
	if m.from == m.to {
		b, release, err = m.from.buckets.hold(name)
		return b, b, release, err
	}
	first, second := m.from, m.to
	for {
		one, letGo, err := first.buckets.hold(name)
		if err != nil {
			return nil, nil, nil, err
		}
		other, letOtherGo, err := second.buckets.tryHold(name)
		if err != nil {
			letGo()
			return nil, nil, nil, err
		}
		if other == nil { // wait for that one first
			letGo()
			first, second = second, first
			continue
		}
		if first != m.from {
			one, other = other, one
		}
		return one, other, func() { letOtherGo(); letGo() }, nil
	}
}

// ask lets the caller look at what both keys hold, and refuses where there is nothing
// to rename. It returns the attributes that the object is to have.
func (m *renaming) ask(b *bucket, h, over *held) (attrs objectstore.Attributes, err error) {
	see := func(h *held) *objectstore.Object {
		if !h.exists() {
			return nil
		}
		o := b.object(h.Version)
		o.Attributes = o.Attributes.Clone()
		return &o
	}
	source := see(h)
	if source != nil {
		attrs = source.Attributes.Clone()
	}
	if m.request.Check != nil {
		if err := m.request.Check(source, see(over), &attrs); err != nil {
			return attrs, err
		}
	}
	if source == nil {
		return attrs, objectstore.ErrObjectNotFound
	}
	if !h.deletable(time.Now(), false) {
		return attrs, objectstore.ErrVersionLocked
	}
	return attrs, nil
}

// write appends the version under its new key and the end of the old one.
func (m *renaming) write(ctx context.Context, b, in *bucket, h, over *held, attrs objectstore.Attributes) error {
	s, to := m.from, m.to
	v := *h.Version
	v.Key, v.Ord, v.Tail = m.request.Key, s.nextOrd(), randomTail()
	v.Attrs.Tags, v.Attrs.System = attrs.Tags, attrs.System
	put := &pending{entry: &v}
	var payload []byte
	if m.copied != nil {
		v.Inline, v.Bodies, v.Coat, v.Stored, v.Sealed = len(m.body.inline) > 0, m.body.bodies, m.body.coat, 0, m.sealed
		if payload = m.body.inline; !v.Coat.Bare() {
			v.Stored = int64(len(payload))
		}
		v.Restore, v.Trouble, v.Bound = record.Restore{}, record.Trouble{}, record.Bound{} // which were of the body of before
		put.missing = m.body.missing
	} else {
		bound, err := renamedFrom(h.Version, v.Key, m.key)
		if err != nil {
			return err
		}
		v.Bound = bound
	}
	if m.copied == nil && v.Inline {
		payload = make([]byte, h.loc.Length)
		if err := s.seglog.ReadAt(ctx, &h.loc, payload, 0); err != nil {
			return err
		}
	}
	gives, err := to.displaced(ctx, in, &v, over)
	if err != nil {
		return err
	}
	v.Shadows = to.shadowsOf(gives)
	gone := &record.Gone{
		Kind: record.KindVersionGone, Bucket: b.ID, Key: h.Key, Ord: s.nextOrd(), Of: h.Ord, Null: h.Null,
		Shadows: h.Shadows.With(h.loc.Segment, s.segmentExists()),
	}
	told, err := to.tellOf(ctx, in, objectstore.HappenedCopy, &v)
	defer func() { told.end() }()
	if err != nil {
		return err
	}
	entries := []seglog.Entry{{Meta: v.Encode(), Payload: payload, Tag: put}}
	var toldOfEnd *telling
	if to == s {
		told, err = s.tellOfDeletion(ctx, told, b, gone, objectstore.Deleted{Existed: true})
		entries = append(entries, entry(gone, nil))
	} else {
		toldOfEnd, err = s.tellOfDeletion(ctx, nil, b, gone, objectstore.Deleted{Existed: true})
		defer func() { toldOfEnd.end() }()
	}
	if err != nil {
		return err
	}
	_, err = to.seglog.Append(ctx, seglog.Options{}, told.with(entries...)...)
	m.kept = err == nil || unsure(err)
	if err != nil {
		return err
	}
	told.done(ctx)
	if to != s {
		if _, err := s.seglog.Append(ctx, seglog.Options{Urgent: true}, toldOfEnd.with(entry(gone, nil))...); err != nil {
			return err
		}
		toldOfEnd.done(ctx)
	}
	m.object = in.object(&v)
	return nil
}

// end lets go of a body that was written anew, for another try.
func (m *renaming) end() {
	m.opened, m.key = nil, nil
	if m.body == nil {
		return
	}
	if !m.kept {
		m.to.abandon(m.body)
	}
	m.body.release()
	m.copied, m.body = nil, nil
}
