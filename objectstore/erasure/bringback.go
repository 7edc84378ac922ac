package erasure

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"croft/objectstore"
	"croft/objectstore/erasure/coat"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/record"
)

// restoreStride is how many bytes are copied before what there is of a version with
// several bodies is written down, so that a crash does not cost all of it.
const restoreStride = 1 << 30

// bringing is the copying of one version's bodies.
type bringing struct {
	store   *Store
	bucket  *bucket
	was     *held
	fresh   map[[16]byte]*received // copies that no entry has, by the ID of the body in the tier
	missing driveset.Places        // drives that lack some of those
	bytes   int64                  // of those
	key     *coat.Key              // nil where none is needed, or nobody but its owner has it
}

// bringBack copies what tiers keep of a version to the drives, compares it with what the
// version is said to be, and only then says that it is there.
func (s *Store) bringBack(ctx context.Context, b *bucket, h *held) error {
	m := &bringing{store: s, bucket: b, was: h, fresh: make(map[[16]byte]*received)}
	defer m.drop()
	s.pins.pin(h.Bodies) // nothing is removed from the tier meanwhile
	defer s.pins.unpin(s, h.Bodies)
	if err := s.stands(ctx, h); err != nil {
		return err
	}
	if err := m.open(ctx); err != nil {
		return err
	}
	for _, body := range h.Bodies {
		if body.Tier == "" || body.Copy != (record.Copy{}) {
			continue
		}
		if m.bytes >= s.restoring.stride {
			if err := m.commit(ctx, false); err != nil {
				return err
			}
		}
		if err := m.copy(ctx, body); err != nil {
			return err
		}
	}
	if err := m.compare(ctx); err != nil {
		return err
	}
	return m.commit(ctx, true)
}

// open opens the version's key: without it nothing could be compared in the end.
func (m *bringing) open(ctx context.Context) (err error) {
	if !m.sealed() {
		m.key, err = m.store.openKey(ctx, m.was.Sealed, nil)
	}
	return err
}

// sealed reports whether nobody but its owner can decode the version.
func (m *bringing) sealed() bool { return m.was.Sealed.By == objectstore.EncryptionCustomer }

// copy writes a copy of a body, as it is stored, to shard files.
func (m *bringing) copy(ctx context.Context, body record.Body) error {
	s := m.store
	g := s.geometryFor(m.bucket, m.was.Class)
	if err := s.room(body.Size, g); err != nil {
		return err
	}
	if err := s.markRunning(ctx); err != nil {
		return err
	}
	from, err := s.openTiered(ctx, body, 0, body.Size)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	stored, held, err := s.bodies.Write(ctx, from, body.Size, g, nil)
	if err != nil {
		return err
	}
	c := s.received(recordBody(stored), held, "")
	m.fresh[body.ID] = c
	m.missing |= c.missing
	m.bytes += body.Size
	return nil
}

// with are bodies with the copies that no entry has yet.
func (m *bringing) with(bodies []record.Body) []record.Body {
	all := make([]record.Body, 0, len(bodies))
	for _, b := range bodies {
		if c := m.fresh[b.ID]; c != nil {
			b.Copy = copyIn(c.bodies[0])
		}
		all = append(all, b)
	}
	return all
}

// commit writes down where the copies are and, where that is all of them, until when
// they stay. The version may have got other tags meanwhile, or have been moved.
func (m *bringing) commit(ctx context.Context, all bool) error {
	s, h := m.store, m.was
	m.bucket.use.RLock() // the bucket stays
	defer m.bucket.use.RUnlock()
	if m.bucket.dead {
		return errReplaced
	}
	defer s.keys.lock(name{h.Bucket, h.Key})()
	now, err := s.heldByOrd(ctx, restoreRow(h.Version))
	if err != nil {
		return err
	}
	v := *now.Version
	v.Bodies = m.with(now.Bodies)
	if !now.Restore.Ongoing() || len(record.Kept(v.Bodies)) != len(record.Kept(now.Bodies))+len(m.fresh) {
		return errReplaced // bodies were moved, or are not wanted any more
	}
	var told *telling
	if all {
		for _, b := range v.Bodies {
			if b.Tier != "" && b.Copy == (record.Copy{}) {
				return errReplaced
			}
		}
		v.Restore = record.Restore{Until: objectstore.RestoreUntil(s.now(), now.Restore.Days).UnixMilli()}
		v.Trouble = record.Trouble{}
		if told, err = s.tell(ctx, nil, m.bucket, objectstore.HappenedRestored, s.nextOrd(), m.bucket.object(&v)); err != nil {
			return err
		}
		defer told.end()
	}
	err = s.rewriteAs(ctx, now, &v, &pending{missing: m.missing}, told)
	if err == nil || unsure(err) {
		clear(m.fresh) // they may be referred to
		m.missing, m.bytes = 0, 0
	}
	if err != nil || all {
		return err
	}
	m.was, err = s.heldByOrd(ctx, restoreRow(h.Version))
	return err
}

// drop removes copies that no entry refers to.
func (m *bringing) drop() {
	for _, c := range m.fresh {
		m.store.abandon(c)
	}
}

// compare reads the copies from the drives, and what else the version has there, and
// demands its size and ETag. What is encrypted with a customer's key is only read as it
// is stored: its parts were checked against the sums that they were moved with.
func (m *bringing) compare(ctx context.Context) error {
	h, sealed := m.was, m.sealed()
	want := newContentSum(h.Version)
	for _, b := range m.with(h.Bodies) {
		if b.Tier != "" {
			b = b.OnDrives()
		}
		var into io.Writer = want
		if sealed {
			b.Coat, into = coat.Coat{}, io.Discard
		}
		if err := m.read(ctx, b, into); err != nil {
			return err
		}
	}
	if !sealed && !want.met() {
		return fmt.Errorf("version %s of %q: %w", versionID(h.Version), h.Key, objectstore.ErrCopyDiffers)
	}
	return nil
}

func (m *bringing) read(ctx context.Context, b record.Body, into io.Writer) error {
	if b.Length() == 0 {
		return nil
	}
	name, err := storedName(m.was.Version, m.key)
	if err != nil {
		return err
	}
	r, err := m.store.openFile(ctx, b, m.key, name, 0, b.Length())
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	n, err := io.Copy(into, r)
	if err == nil && n != b.Length() {
		err = fmt.Errorf("body %x gave %d bytes of %d: %w", b.ID, n, b.Length(), objectstore.ErrCopyDiffers)
	}
	return err
}

// contentSum compares content with a version's size and ETag, that of an upload part by
// part.
type contentSum struct {
	parts []objectstore.Part // that are left
	sum   hash.Hash
	got   int64 // of the first of those
	wrong bool
}

func newContentSum(v *record.Version) *contentSum {
	parts := v.Parts
	if len(parts) == 0 {
		parts = []objectstore.Part{{Size: v.Size, ETag: v.ETag}}
	}
	return &contentSum{parts: parts, sum: md5.New()}
}

// Write implements io.Writer. It never fails.
func (c *contentSum) Write(p []byte) (int, error) {
	n := len(p)
	for c.end(); len(p) > 0 && !c.wrong; c.end() {
		if len(c.parts) == 0 {
			c.wrong = true
			break
		}
		k := min(int64(len(p)), c.parts[0].Size-c.got)
		_, _ = c.sum.Write(p[:k])
		c.got, p = c.got+k, p[k:]
	}
	return n, nil
}

// end compares parts that are whole.
func (c *contentSum) end() {
	for len(c.parts) > 0 && c.got == c.parts[0].Size {
		c.wrong = c.wrong || hex.EncodeToString(c.sum.Sum(nil)) != c.parts[0].ETag
		c.parts, c.got = c.parts[1:], 0
		c.sum.Reset()
	}
}

// met reports whether all that was wanted came, and nothing else.
func (c *contentSum) met() bool {
	c.end()
	return !c.wrong && len(c.parts) == 0
}
