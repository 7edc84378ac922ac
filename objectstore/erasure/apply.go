package erasure

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// metaPosition is where the catalogue keeps how far it has followed the log.
const metaPosition = "position"

// position reads it.
func (s *Store) position(ctx context.Context) (start seglog.Start, err error) {
	b, err := s.index.Get(ctx, metaPosition)
	if err != nil || b == nil {
		return start, err
	}
	if len(b) != 9*8 {
		return start, fmt.Errorf("%w: position of %d bytes", index.ErrUnusable, len(b))
	}
	n := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	at := func(i int) seglog.Position {
		return seglog.Position{Segment: n(i), Offset: int64(n(i + 1)), Seq: n(i + 2), Chain: n(i + 3)}
	}
	s.sawOrd(n(8))
	return seglog.Start{Stable: at(0), Applied: at(4)}, nil
}

func encodePosition(stable, applied seglog.Position, ord uint64) []byte {
	b := make([]byte, 0, 9*8)
	for _, p := range []seglog.Position{stable, applied} {
		for _, v := range []uint64{p.Segment, uint64(p.Offset), p.Seq, p.Chain} {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
	}
	return binary.LittleEndian.AppendUint64(b, ord)
}

// pending is what a caller of Append hands to apply along with its entry.
type pending struct {
	entry   record.Entry
	missing driveset.Places // drives that lack the entry's new bodies
	replica bool            // not to be noted for followers
}

// applier brings the catalogue to what the log says.
type applier struct {
	store      *Store
	rebuilding bool
	replayed   int
	// strays are uploads that parts were seen of while the catalogue is built from
	// nothing; the upload's own entry may come later, or have ended.
	strays map[string]record.Part
	// doomed are bodies that nothing referred to at some time of the replay. A later
	// record may bring them back: compaction moves an object behind the end of the
	// upload that it was made of.
	doomed []record.Body
}

// change is one batch on its way into the catalogue.
type change struct {
	*applier
	tx     *index.Tx
	replay bool
	doomed []record.Body // bodies that nothing refers to any more
	quiet  bool          // the entry at hand is not to be noted for followers
	noted  bool          // something was
	// doomedTiered says that bodies in tiers are not needed any more.
	doomedTiered bool
	// restores says that something is to be done about copies.
	restores bool
}

// apply is the log's Apply.
func (a *applier) apply(b seglog.Batch) error {
	s := a.store
	c := &change{applier: a, replay: b.Replay}
	var damage noted
	err := s.index.Apply(context.Background(), func(tx *index.Tx) (err error) { //nolint:forbidigo // what is durable is applied, whoever waits
		c.tx, c.doomed, c.noted, c.doomedTiered, c.restores = tx, nil, false, false, false
		for i := range b.Entries {
			if err := c.entry(&b.Entries[i]); err != nil {
				return err
			}
		}
		for _, id := range b.Freed {
			if err := tx.DeleteSegment(id); err != nil {
				return err
			}
		}
		if damage, err = s.damage.note(tx); err != nil {
			return err
		}
		return tx.Set(metaPosition, encodePosition(b.Stable, b.Next, s.union.ord.Load()))
	})
	if err != nil {
		s.damage.giveBack(damage)
		return err
	}
	s.applied.Store(b.Next.Seq)
	if c.noted {
		s.changed.ring()
	}
	for _, id := range b.Freed {
		s.damage.begin(id)
	}
	if b.Replay {
		a.replayed++
		a.doomed = append(a.doomed, c.doomed...)
		return nil
	}
	s.pins.doom(s, c.doomed)
	if c.doomedTiered {
		s.tiering.ring()
	}
	if c.restores {
		s.restoring.bell.ring()
	}
	return nil
}

func (c *change) entry(p *seglog.Placed) error {
	told, _ := p.Tag.(*pending)
	if told == nil {
		e, err := record.Decode(p.Meta)
		if err != nil {
			return fmt.Errorf("entry of the log: %w", err)
		}
		told = &pending{entry: e}
		if !c.rebuilding {
			// Which drives have its bodies was to be noted in the transaction that is lost.
			told.missing = driveset.AllPlaces(len(c.store.set.Drives))
		}
	}
	c.quiet = told.replica
	switch e := told.entry.(type) {
	case *record.Bucket:
		c.store.sawOrd(e.Ord)
		c.live(p.Meta, &p.Location, 1)
		return c.putBucket(e, p)
	case *record.Version:
		c.store.sawOrd(e.Ord)
		return c.putVersion(e, p, told.missing)
	case *record.Upload:
		c.store.sawOrd(e.Ord)
		return c.putUpload(e, p)
	case *record.Part:
		c.store.sawOrd(e.Ord)
		return c.putPart(e, p, told.missing)
	case *record.Gone:
		c.store.sawOrd(e.Ord)
		return c.gone(e)
	}
	return fmt.Errorf("entry of the log is a %T", told.entry)
}

// live accounts for an entry that something needs (1) or nothing needs any more (-1).
func (c *change) live(meta []byte, loc *seglog.Location, sign int64) {
	c.tx.AddLive(loc.Segment, sign*c.store.weight(meta, loc), sign)
}

// dead accounts for a value that left the catalogue.
func (c *change) dead(value []byte) error {
	meta, rest, err := splitValue(value)
	if err != nil {
		return err
	}
	loc, _, err := seglog.DecodeLocation(rest)
	if err != nil {
		return fmt.Errorf("%w: %w", index.ErrUnusable, err)
	}
	c.live(meta, &loc, -1)
	return nil
}

// putBucket makes or changes a bucket. When the catalogue is built anew, one of the
// same name that was deleted before may still be there: compaction can have moved
// the entry that says so behind this one.
func (c *change) putBucket(b *record.Bucket, p *seglog.Placed) error {
	old, found, err := c.tx.BucketByName(b.Name)
	if err != nil {
		return err
	}
	if found {
		if err := c.dead(old.Value); err != nil {
			return err
		}
		if old.ID != b.ID {
			if err := c.tx.DeleteBucket(old.ID); err != nil {
				return err
			}
		}
	}
	return c.tx.PutBucket(index.Bucket{ID: b.ID, Name: b.Name, Value: packValue(p.Meta, &p.Location)})
}

func (c *change) putVersion(v *record.Version, p *seglog.Placed, missing driveset.Places) error {
	c.live(p.Meta, &p.Location, 1)
	value := packValue(p.Meta, &p.Location)
	gone, err := c.tx.PutVersion(index.Version{
		Bucket: v.Bucket, Key: v.Key, Ord: v.Ord, Null: v.Null, Marker: v.Marker, Size: v.Counted(), Value: value,
	})
	if err != nil {
		return err
	}
	if err := c.noteVersion(v, gone, value); err != nil {
		return err
	}
	if err := c.putFiles(record.Kept(v.Bodies), v.Ord, missing); err != nil {
		return err
	}
	stays := true
	for i := range gone {
		same := bytes.Equal(gone[i].Value, value)
		if err := c.displaced(&gone[i], v, same); err != nil {
			return err
		}
		stays = stays && !(same && gone[i].Ord == v.Ord)
	}
	if stays && v.Restore.Wanted() {
		return c.putRestore(v)
	}
	return nil
}

// displaced accounts for a version that gave way when another one was put. It may be
// the one that was put (same), which an older catalogue entry outranks; or an earlier
// copy of that one, written again with other metadata or in another place, whose bodies
// go on, but for those that were moved.
func (c *change) displaced(gone *index.Version, put *record.Version, same bool) error {
	if err := c.dead(gone.Value); err != nil {
		return err
	}
	if gone.Ord == put.Ord && !same {
		return c.dropBodies(gone, record.Kept(put.Bodies))
	}
	return c.dropBodies(gone, nil)
}

// dropBodies drops the bodies of a version that is no more, or not so any more: some
// go on.
func (c *change) dropBodies(gone *index.Version, kept []record.Body) error {
	v, _, err := unpack[*record.Version](gone.Value)
	if err != nil {
		return err
	}
	if v.Restore.Wanted() {
		if err := c.tx.DeleteRestore(v.Bucket, v.Key, v.Ord); err != nil {
			return err
		}
	}
	dropped := slices.DeleteFunc(record.Kept(v.Bodies), func(b record.Body) bool {
		return slices.ContainsFunc(kept, func(k record.Body) bool { return k.ID == b.ID })
	})
	return c.dropFiles(dropped, v.Ord)
}

// putFiles notes bodies. One that was a part's is now the version's, which has the
// higher ord; what is known about missing shard files is kept.
func (c *change) putFiles(bodies []record.Body, ord uint64, missing driveset.Places) error {
	for _, b := range bodies {
		if b.Tier != "" {
			if err := c.putTiered(b, ord); err != nil {
				return err
			}
			continue
		}
		f := index.File{
			ID: index.FileID(b.ID), Size: b.Size, Ord: ord, Value: []byte{b.Data, b.Parity},
		}
		f.Missing = uint16(missing & placesOfFile(f))
		old, found, err := c.tx.File(f.ID)
		if err != nil {
			return err
		}
		if found {
			f.Missing |= old.Missing
			f.Ord = max(f.Ord, old.Ord)
		}
		if err := c.tx.PutFile(f); err != nil {
			return err
		}
	}
	return nil
}

// dropFiles dooms the bodies that still belong to the version or part with an ord.
func (c *change) dropFiles(bodies []record.Body, ord uint64) error {
	for _, b := range bodies {
		if b.Tier != "" {
			if err := c.dropTiered(b, ord); err != nil {
				return err
			}
			continue
		}
		f, found, err := c.tx.File(index.FileID(b.ID))
		if err != nil {
			return err
		}
		if !found || f.Ord != ord {
			continue
		}
		if _, err := c.tx.DeleteFile(f.ID); err != nil {
			return err
		}
		c.doomed = append(c.doomed, b)
	}
	return nil
}

func (c *change) putUpload(u *record.Upload, p *seglog.Placed) error {
	if old, found, err := c.tx.Upload(u.Bucket, u.Key, u.ID); err != nil {
		return err
	} else if found {
		if err := c.dead(old.Value); err != nil {
			return err
		}
	}
	c.live(p.Meta, &p.Location, 1)
	return c.tx.PutUpload(index.Upload{Bucket: u.Bucket, Key: u.Key, ID: u.ID, Value: packValue(p.Meta, &p.Location)})
}

func (c *change) putPart(part *record.Part, p *seglog.Placed, missing driveset.Places) error {
	number := part.Part.Number
	old, found, err := c.tx.Part(part.Upload, number)
	if err != nil {
		return err
	}
	if found {
		was, _, err := unpack[*record.Part](old.Value)
		if err != nil {
			return err
		}
		if was.Ord > part.Ord {
			return nil
		}
		if err := c.dead(old.Value); err != nil {
			return err
		}
		if was.Ord < part.Ord {
			if err := c.dropFiles([]record.Body{was.Body}, was.Ord); err != nil {
				return err
			}
		}
	}
	if c.rebuilding && c.replay {
		if c.strays == nil {
			c.strays = make(map[string]record.Part)
		}
		c.strays[part.Upload] = *part
	}
	c.live(p.Meta, &p.Location, 1)
	if err := c.putFiles([]record.Body{part.Body}, part.Ord, missing); err != nil {
		return err
	}
	return c.tx.PutPart(part.Upload, index.Part{
		Bucket: part.Bucket, Number: number, Size: part.Part.Size, Value: packValue(p.Meta, &p.Location),
	})
}

// gone removes what an entry says is no more.
func (c *change) gone(g *record.Gone) error {
	switch g.Kind {
	case record.KindVersionGone:
		return c.dropVersion(g)
	case record.KindUploadGone:
		return c.dropUpload(g)
	}
	return c.dropBucket(g)
}

func (c *change) dropVersion(g *record.Gone) error {
	ord := g.Of
	if g.Null {
		v, found, err := c.tx.NullVersion(g.Bucket, g.Key)
		if err != nil || !found || v.Ord > g.Ord {
			return err
		}
		ord = v.Ord
	}
	followed := !c.quiet && c.tx.Followed(g.Bucket)
	if followed {
		latest, found, err := c.tx.Latest(g.Bucket, g.Key)
		if err != nil {
			return err
		}
		followed = found && latest.Ord == ord
	}
	old, found, err := c.tx.DeleteVersion(g.Bucket, g.Key, ord)
	if err != nil || !found {
		return err
	}
	if followed {
		if err := c.noteGone(g); err != nil {
			return err
		}
	}
	if err := c.dead(old.Value); err != nil {
		return err
	}
	return c.dropBodies(&old, nil)
}

// dropUpload ends an upload.
func (c *change) dropUpload(g *record.Gone) error {
	if u, found, err := c.tx.Upload(g.Bucket, g.Key, g.Upload); err != nil {
		return err
	} else if found {
		if err := c.dead(u.Value); err != nil {
			return err
		}
	}
	if err := c.dropParts(g.Upload); err != nil {
		return err
	}
	return c.tx.DeleteUpload(g.Bucket, g.Key, g.Upload)
}

// dropParts forgets an upload's parts. A body that became an object's belongs to
// that by now.
func (c *change) dropParts(upload string) error {
	for {
		parts, err := c.tx.Parts(upload, 0, 1000)
		if err != nil || len(parts) == 0 {
			return err
		}
		for _, p := range parts {
			part, _, err := unpack[*record.Part](p.Value)
			if err == nil {
				err = c.dead(p.Value)
			}
			if err == nil {
				err = c.dropFiles([]record.Body{part.Body}, part.Ord)
			}
			if err == nil {
				err = c.tx.DeletePart(upload, p.Number)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (c *change) dropBucket(g *record.Gone) error {
	all, err := c.tx.Buckets()
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.ID == g.Bucket {
			if err := c.dead(b.Value); err != nil {
				return err
			}
		}
	}
	return c.tx.DeleteBucket(g.Bucket)
}

// finishRebuild removes parts whose upload turned out to have ended.
func (a *applier) finishRebuild(ctx context.Context) error {
	c := &change{applier: a}
	err := a.store.index.Apply(ctx, func(tx *index.Tx) error {
		c.tx, c.doomed = tx, nil
		for _, p := range a.strays {
			_, found, err := tx.Upload(p.Bucket, p.Key, p.Upload)
			if err == nil && !found {
				err = c.dropParts(p.Upload)
			}
			if err != nil {
				return err
			}
		}
		if a.replayed == 0 {
			return nil
		}
		return tx.Set(metaScrub, []byte(`{"urgent":true}`)) // nobody knows what drives lack
	})
	a.rebuilding = false
	if err != nil {
		return errors.Join(errors.New("finish the catalogue"), err)
	}
	a.doomed = append(a.doomed, c.doomed...)
	return nil
}

// removeDoomed removes the bodies that nothing refers to at the end of the replay.
func (a *applier) removeDoomed(ctx context.Context) error {
	var bodies []record.Body
	for _, b := range a.doomed {
		_, found, err := a.store.index.File(ctx, index.FileID(b.ID))
		if err != nil {
			return err
		}
		if !found {
			bodies = append(bodies, b)
		}
	}
	a.doomed = nil
	a.store.pins.doom(a.store, bodies)
	return nil
}
