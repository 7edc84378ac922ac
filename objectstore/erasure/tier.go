package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/frame"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
	"croft/objectstore/erasure/shardfile"
)

// A body moves to a tier as it is stored, encrypted and compressed, in frames that
// tell wrong bytes, and under a new ID. The version is then written again with the
// body in its new place, and only then the old one goes. A version of several bodies
// moves body by body.

// Transition implements objectstore.Tierer.
func (s *Store) Transition(ctx context.Context, r objectstore.TransitionRequest) (objectstore.Object, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.Object{}, err
	}
	defer s.inUse.Done()
	if r.Tier != "" {
		if _, err := s.tier(r.Tier); err != nil {
			return objectstore.Object{}, err
		}
	}
	b, err := s.buckets.find(r.Bucket)
	if err != nil {
		return objectstore.Object{}, err
	}
	h, err := s.version(ctx, b, r.VersionRef)
	for {
		if err != nil {
			return objectstore.Object{}, err
		}
		o, err := b.readable(h, r.VersionRef)
		if err != nil {
			return o, err
		}
		which := h.elsewhere(r.Tier)
		if which < 0 {
			return o, nil
		}
		if err = s.checkWritable(); err == nil && r.Check != nil {
			err = s.check(ctx, b, h, r.Check)
		}
		if err != nil {
			return o, err
		}
		if h, err = s.moveBody(ctx, b, h, which, &r); err != nil {
			return o, err
		}
	}
}

// inLog stands for the payload of a version's own entry among its bodies.
const inLog = 1 << 30

// elsewhere returns a body that is not in a tier, -1 when all are.
func (h *held) elsewhere(tier string) int {
	if h.Inline && tier != "" {
		return inLog
	}
	return slices.IndexFunc(h.Bodies, func(b record.Body) bool { return b.Tier != tier })
}

// body is one that elsewhere returned. The payload of an entry becomes one whose ID is
// to be given.
func (h *held) body(which int) record.Body {
	if which != inLog {
		return h.toRead()[which]
	}
	b := record.Body{Size: h.loc.Length, Coat: h.Coat}
	if !b.Coat.Bare() {
		b.Plain = h.Size
	}
	return b
}

// moveBody moves one body of a version and returns the version as it is then.
func (s *Store) moveBody(ctx context.Context, b *bucket, h *held, which int, r *objectstore.TransitionRequest) (*held, error) {
	m := &transition{store: s, bucket: b, was: h, which: which, old: h.body(which), check: r.Check}
	defer m.end()
	from, err := m.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }()
	if r.Tier != "" {
		err = m.out(ctx, from, r.Tier)
	} else {
		err = m.back(ctx, from)
	}
	if err != nil {
		return nil, err
	}
	return m.commit(ctx)
}

// transition is the move of one body.
type transition struct {
	store  *Store
	bucket *bucket
	was    *held
	which  int
	old    record.Body
	check  func(objectstore.Object) error // nil asks nobody

	is      record.Body // unless it goes into the log
	payload []byte      // when it does
	missing driveset.Places
	written *received // in shard files, to be abandoned unless it is kept
	begun   bool      // is may be in a tier
	pinned  []record.Body
	kept    bool // is may be referred to
	sure    bool // whether it is
}

// open opens the body as it is stored.
func (m *transition) open(ctx context.Context) (io.ReadCloser, error) {
	s, h := m.store, m.was
	if m.which == inLog {
		return s.openPayload(ctx, h)
	}
	m.pinned = record.Kept([]record.Body{m.old})
	s.pins.pin(m.pinned)
	if err := s.stands(ctx, h); err != nil {
		return nil, changedMeanwhile(err)
	}
	return s.openStored(ctx, m.old, 0, m.old.Size)
}

// openPayload opens the payload of an entry as it is stored. Compaction does not move
// it meanwhile.
func (s *Store) openPayload(ctx context.Context, h *held) (io.ReadCloser, error) {
	defer s.keys.lock(name{h.Bucket, h.Key})()
	if err := s.stands(ctx, h); err != nil {
		return nil, changedMeanwhile(err)
	}
	p, err := s.seglog.Read(ctx, &h.loc, 0, h.loc.Length)
	if err != nil {
		return nil, err
	}
	return &payload{bytes.NewReader(p.Bytes()), p}, nil
}

func changedMeanwhile(err error) error {
	if errors.Is(err, errReplaced) {
		return objectstore.ErrMoveOvertaken
	}
	return err
}

// out writes the body to a tier. That it may be there is on record before, so that a
// crash leaves nothing behind.
func (m *transition) out(ctx context.Context, from io.Reader, tier string) error {
	s := m.store
	at, err := s.tier(tier)
	if err != nil {
		return err
	}
	m.is = m.old
	m.is.ID, m.is.Tier, m.is.Data, m.is.Parity, m.is.Copy = s.bodies.NewID(), tier, 0, 0, record.Copy{}
	if err := s.tiering.begin(ctx, s, m.is); err != nil {
		return err
	}
	m.begun = true
	return at.Put(ctx, nameInTier(m.is), frame.NewEncoder(from, m.is.ID), frame.Size(m.is.Size))
}

// back writes the body to the drives: into the log where a new one of its size would
// be there.
func (m *transition) back(ctx context.Context, from io.Reader) error {
	s := m.store
	if len(m.was.Bodies) == 1 && m.old.Size <= inlineMax {
		m.payload = make([]byte, m.old.Size)
		_, err := io.ReadFull(from, m.payload)
		return err
	}
	g := s.geometryFor(m.bucket, m.was.Class)
	if err := s.room(m.old.Size, g); err != nil {
		return err
	}
	if err := s.markRunning(ctx); err != nil {
		return err
	}
	stored, held, err := s.bodies.Write(ctx, from, m.old.Size, g, nil)
	if err != nil {
		return err
	}
	m.is = recordBody(stored)
	m.is.Coat, m.is.Plain = m.old.Coat, m.old.Plain
	m.written = s.received(m.is, held, "")
	m.missing = m.written.missing
	return nil
}

// commit writes the version again with the body in its new place, unless that body is
// not the version's any more.
func (m *transition) commit(ctx context.Context) (*held, error) {
	s, h := m.store, m.was
	m.bucket.use.RLock() // the bucket stays
	defer m.bucket.use.RUnlock()
	if m.bucket.dead {
		return nil, objectstore.ErrBucketNotFound
	}
	defer s.keys.lock(name{h.Bucket, h.Key})()
	row, found, err := s.index.ByOrd(ctx, h.Bucket, h.Key, h.Ord)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, objectstore.ErrMoveOvertaken
	}
	now, err := heldIn(row)
	if err != nil {
		return nil, err
	}
	if now.elsewhere(m.is.Tier) != m.which || now.body(m.which).ID != m.old.ID {
		return nil, objectstore.ErrMoveOvertaken
	}
	if m.check != nil {
		if err := s.check(ctx, m.bucket, now, m.check); err != nil {
			return nil, err
		}
	}
	v := m.version(now)
	v.Shadows = now.Shadows.With(now.loc.Segment, s.segmentExists())
	told, err := m.tell(ctx, v)
	if err != nil {
		return nil, err
	}
	defer told.end()
	_, err = s.seglog.Append(ctx, seglog.Options{}, told.with(seglog.Entry{
		Meta: v.Encode(), Payload: m.payload, Tag: &pending{entry: v, missing: m.missing},
	})...)
	m.kept, m.sure = err == nil || unsure(err), !unsure(err)
	if err != nil {
		return nil, err
	}
	told.done(ctx)
	row, found, err = s.index.ByOrd(ctx, h.Bucket, h.Key, h.Ord)
	if err != nil || !found {
		return nil, errors.Join(err, objectstore.ErrMoveOvertaken)
	}
	return heldIn(row)
}

// tell asks who wants to know that the last body of the version is in a tier now.
func (m *transition) tell(ctx context.Context, v *record.Version) (*telling, error) {
	s := m.store
	if s.announcer == nil || m.is.Tier == "" || (&held{Version: v}).elsewhere(m.is.Tier) >= 0 {
		return nil, nil
	}
	return s.tell(ctx, nil, m.bucket, objectstore.HappenedMove, s.nextOrd(), m.bucket.object(v))
}

// version is a version with the body in its new place.
func (m *transition) version(now *held) *record.Version {
	v := *now.Version
	v.Bodies = slices.Clone(now.Bodies)
	switch {
	case m.which == inLog:
		v.Inline, v.Coat, v.Stored = false, coat.Coat{}, 0
		v.Bodies = []record.Body{m.is}
	case m.payload != nil:
		v.Inline, v.Bodies = true, nil
		if v.Coat = m.old.Coat; !v.Coat.Bare() {
			v.Stored = m.old.Size
		}
	default:
		v.Bodies[m.which] = m.is
		if m.is.Tier != "" {
			v.Bodies[m.which].Copy = copyAfterMove(now, m.which)
		}
	}
	if v.Tier() == "" {
		v.Restore, v.Trouble = record.Restore{}, record.Trouble{} // there is nothing left to have a copy of
	}
	return &v
}

// end lets go of the old body and of a new one that nothing will refer to.
func (m *transition) end() {
	s := m.store
	s.pins.unpin(s, m.pinned)
	if m.written != nil && !m.kept {
		s.abandon(m.written)
	}
	if m.begun && (m.sure || !m.kept) {
		s.tiering.finish(m.is.ID)
	}
}

// tier finds a tier that is written to.
func (s *Store) tier(name string) (objectstore.Tier, error) {
	if s.tiers == nil {
		return nil, objectstore.ErrTierNotFound
	}
	return s.tiers.Tier(name)
}

// nameInTier is what a body is called in its tier.
func nameInTier(b record.Body) string { return shardfile.ID(b.ID).String() }

// openStored opens a range of a body as it is stored.
func (s *Store) openStored(ctx context.Context, b record.Body, offset, length int64) (io.ReadCloser, error) {
	switch {
	case b.Tier == "":
		return s.bodies.Open(ctx, bodyOf(b), offset, length)
	case b.Copy != (record.Copy{}):
		return s.openCopy(ctx, b, offset, length)
	}
	return s.openTiered(ctx, b, offset, length)
}

// openTiered opens a range of a body in its tier.
func (s *Store) openTiered(ctx context.Context, b record.Body, offset, length int64) (io.ReadCloser, error) {
	at, err := s.knownTier(b.Tier)
	if err != nil {
		return nil, err
	}
	source := func(offset, length int64) (io.ReadCloser, error) { return at.Get(ctx, nameInTier(b), offset, length) }
	r, err := frame.Open(source, b.ID, b.Size, offset, length)
	if err != nil {
		return nil, err
	}
	return tiered{r}, nil
}

// tiered is a body that is read from a tier.
type tiered struct{ *frame.Reader }

// Read returns verified bytes.
func (t tiered) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	if errors.Is(err, frame.ErrBroken) {
		err = bodyAltered(err)
	}
	return n, err
}

// TierUsage implements objectstore.Tierer.
func (s *Store) TierUsage(ctx context.Context) (map[string]objectstore.TierUsage, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.inUse.Done()
	rows, err := s.index.TierUsage(ctx)
	if err != nil {
		return nil, fmt.Errorf("count what tiers keep: %w", err)
	}
	all := make(map[string]objectstore.TierUsage)
	for _, r := range rows {
		u := all[r.Tier]
		if r.Doomed {
			u.Removing = r.Bodies
		} else {
			u.Bodies, u.Bytes = r.Bodies, r.Bytes
		}
		all[r.Tier] = u
	}
	return all, nil
}

// putTiered notes a body that a tier keeps for the version with an ord. It is of one version,
// until that is renamed: then it is the new one's, which has the higher ord.
func (c *change) putTiered(b record.Body, ord uint64) error {
	t := index.Tiered{ID: index.FileID(b.ID), Tier: b.Tier, Size: frame.Size(b.Size), Ord: ord}
	was, found, err := c.tx.Tiered(t.ID)
	if err != nil {
		return err
	}
	if found && !was.Doomed {
		t.Ord = max(t.Ord, was.Ord)
	}
	return c.tx.PutTiered(t)
}

// dropTiered dooms a body in a tier that still belongs to the version with an ord.
func (c *change) dropTiered(b record.Body, ord uint64) error {
	t, found, err := c.tx.Tiered(index.FileID(b.ID))
	if err != nil || !found || t.Doomed || t.Ord > ord {
		return err
	}
	t.Doomed, c.doomedTiered = true, true
	return c.tx.PutTiered(t)
}
