package erasure

import (
	"context"
	"errors"
	"io"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// What a tier keeps may be on the drives as well for some days. That a copy is wanted is
// written in the version's own entry, so it is durable before anybody is told; which
// bodies are copied, and until when they stay, is written there when they are. The tier
// keeps its bodies all the same, and the version is where it is.

// Restore implements objectstore.Restorer.
func (s *Store) Restore(ctx context.Context, r objectstore.RestoreRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if r.Days < 1 || r.Days > objectstore.MaxRestoreDays {
		return objectstore.Object{}, objectstore.ErrRestoreDays
	}
	b, release, err := s.buckets.hold(r.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer release()
	defer s.keys.lock(name{b.ID, r.Key})()
	h, err := s.version(ctx, b, r.VersionRef)
	if err != nil {
		return objectstore.Object{}, err
	}
	o, err := b.readable(h, r.VersionRef)
	switch {
	case err != nil:
		return o, err
	case h.Tier() == "":
		return o, objectstore.ErrNotInTier
	case h.Restore.Ongoing():
		return o, objectstore.ErrRestoreRunning
	}
	v := *h.Version
	if h.Restore.Wanted() {
		v.Restore.Until = objectstore.RestoreUntil(s.now(), r.Days).UnixMilli()
		return b.object(&v), s.rewrite(ctx, h, &v)
	}
	if err := s.mayRestore(b, h); err != nil {
		return o, err
	}
	reserved, err := s.reserve(ctx, b, h.Size)
	if err != nil {
		return o, err
	}
	defer reserved()
	v.Restore, v.Trouble = record.Restore{Days: r.Days, Asked: s.now().UnixMilli()}, record.Trouble{}
	told, err := s.tell(ctx, nil, b, objectstore.HappenedRestore, s.nextOrd(), b.object(&v))
	if err != nil {
		return o, err
	}
	defer told.end()
	if err := s.rewrite(ctx, h, &v, told.with()...); err != nil {
		return o, err
	}
	told.done(ctx)
	return b.object(&v), nil
}

// CancelRestore implements objectstore.Restorer.
func (s *Store) CancelRestore(ctx context.Context, ref objectstore.VersionRef) (objectstore.Object, error) {
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
	o, err := b.readable(h, ref)
	switch {
	case err != nil:
		return o, err
	case !h.Restore.Wanted() && h.Trouble == (record.Trouble{}):
		return o, objectstore.ErrNoRestore
	}
	if err := s.endRestore(ctx, b, h); err != nil {
		return o, err
	}
	s.restoring.stop(nameOf(restoreRow(h.Version)))
	o.Restore = objectstore.RestoreState{}
	return o, nil
}

// endRestore writes a version again without copies, and forgets that they were wanted. The
// caller holds the key's lock.
func (s *Store) endRestore(ctx context.Context, b *bucket, h *held) error {
	v := *h.Version
	v.Restore, v.Trouble, v.Bodies = record.Restore{}, record.Trouble{}, withoutCopies(h.Bodies)
	var told *telling
	if h.Restore.Until != 0 { // what was not there yet does not go
		var err error
		if told, err = s.tell(ctx, nil, b, objectstore.HappenedRestoreEnd, s.nextOrd(), b.object(h.Version)); err != nil {
			return err
		}
		defer told.end()
	}
	return s.rewriteAs(ctx, h, &v, &pending{}, told)
}

// mayRestore refuses a copy that could not be made: for want of room, or in a tier that
// nobody knows any more.
func (s *Store) mayRestore(b *bucket, h *held) error {
	size := int64(0)
	for _, body := range h.Bodies {
		if body.Tier == "" {
			continue
		}
		if _, err := s.knownTier(body.Tier); err != nil {
			return err
		}
		size += body.Size
	}
	return s.room(size, s.geometryFor(b, h.Class))
}

// knownTier finds the tier that keeps a body. One that nobody knows any more is no
// reason to say that the body is not there.
func (s *Store) knownTier(name string) (objectstore.Tier, error) {
	at, err := s.tier(name)
	if errors.Is(err, objectstore.ErrTierNotFound) {
		err = errs.Newf(errs.Unavailable, objectstore.ErrTierUnavailable.Code,
			"The object is kept in the tier %s, which this Croft does not know. An administrator can add it again in the console's settings.", name)
	}
	return at, err
}

// toRead are the bodies to read a version from. A copy counts when all are there and
// were compared.
func (h *held) toRead() []record.Body {
	if !h.Restore.Ongoing() {
		return h.Bodies
	}
	return withoutCopies(h.Bodies)
}

func withoutCopies(bodies []record.Body) []record.Body {
	bare := make([]record.Body, 0, len(bodies))
	for _, b := range bodies {
		b.Copy = record.Copy{}
		bare = append(bare, b)
	}
	return bare
}

// copyIn is where a body on the drives is, as the copy of another.
func copyIn(b record.Body) record.Copy { return record.Copy{ID: b.ID, Data: b.Data, Parity: b.Parity} }

// copyAfterMove is the copy of a body that is in a tier from now on: the one that it has
// or, where copies are wanted, what it was before.
func copyAfterMove(now *held, which int) record.Copy {
	was := now.Bodies[which]
	if was.Tier == "" && now.Restore.Wanted() {
		return copyIn(was)
	}
	return was.Copy
}

// openCopy opens a range of a body that has a copy. Where that cannot be read intact,
// the tier is asked for the rest.
func (s *Store) openCopy(ctx context.Context, b record.Body, offset, length int64) (io.ReadCloser, error) {
	c := &copied{ctx: ctx, store: s, body: b, offset: offset, left: length}
	r, err := s.bodies.Open(ctx, bodyOf(b.OnDrives()), offset, length)
	if err == nil {
		c.current = r
		return c, nil
	}
	if err := c.turn(err); err != nil {
		return nil, err
	}
	return c, nil
}

// copied is a body that is read from its copy as far as that goes.
type copied struct {
	ctx     context.Context //nolint:containedctx // the request's: a body is read on its behalf
	store   *Store
	body    record.Body
	current io.ReadCloser
	offset  int64 // of what comes next, and how much of it
	left    int64
	turned  bool // to the tier
}

// turn goes on in the tier after the copy failed; the copy's error is what is told if
// that fails too.
func (c *copied) turn(failure error) error {
	if c.turned || c.ctx.Err() != nil || !errors.Is(failure, objectstore.ErrReadQuorum) {
		return failure
	}
	c.turned = true
	r, err := c.store.openTiered(c.ctx, c.body, c.offset, c.left)
	if err != nil {
		return failure
	}
	if c.current != nil {
		_ = c.current.Close()
	}
	c.current = r
	return nil
}

// Read returns verified bytes.
func (c *copied) Read(p []byte) (int, error) {
	n, err := c.current.Read(p)
	c.offset, c.left = c.offset+int64(n), c.left-int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, c.turn(err)
}

// Close implements io.Closer and is called once.
func (c *copied) Close() error { return c.current.Close() }

// putRestore notes that something is to be done about copies, at once or when they go.
func (c *change) putRestore(v *record.Version) error {
	c.restores = true
	return c.tx.PutRestore(restoreRow(v))
}

// rewriteAs appends a version in other words, told with what is to be told of it. The
// caller holds the key's lock.
func (s *Store) rewriteAs(ctx context.Context, h *held, v *record.Version, p *pending, told *telling) error {
	v.Shadows = h.Shadows.With(h.loc.Segment, s.segmentExists())
	p.entry = v
	_, err := s.seglog.Append(ctx, seglog.Options{}, told.with(seglog.Entry{Meta: v.Encode(), Tag: p})...)
	if err == nil {
		told.done(ctx)
	}
	return err
}
