package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// Parcel is all that a set has of some keys of a bucket, on the way to another set of
// the union: versions, delete markers and unfinished uploads, under the ords and IDs
// that they have, stored as they are stored. Nobody else changes these keys from
// before Pack until after Deliver or Drop. What an earlier parcel that was cut off has left
// in the other set is written over.
type Parcel struct {
	from, to *Store
	bucket   string
	keys     []string
	was      []piece // as it was packed
	entries  []seglog.Entry
	fresh    []*received // bodies that nothing refers to yet
}

// piece is one entry of a key.
type piece struct {
	entry record.Entry
	loc   seglog.Location
}

// parcelBytes is how many bytes of small bodies are appended in one piece.
const parcelBytes = 8 << 20

// Pack reads what the set has of keys and writes their large bodies to another one.
func (s *Store) Pack(ctx context.Context, to *Store, bucketName string, keys []string) (_ *Parcel, err error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.inUse.Done()
	if err := to.begin(ctx); err != nil {
		return nil, err
	}
	defer to.inUse.Done()
	b, err := s.buckets.find(bucketName)
	if err != nil {
		return nil, err
	}
	if err := to.checkWritable(); err != nil {
		return nil, err
	}
	p := &Parcel{from: s, to: to, bucket: bucketName, keys: keys}
	defer func() {
		if err != nil {
			p.Drop()
		}
	}()
	for _, key := range keys {
		pieces, payloads, err := p.read(ctx, b, key)
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", key, err)
		}
		p.was = append(p.was, pieces...)
		for i, x := range pieces {
			e, err := p.readdress(ctx, b, x, payloads[i])
			if err != nil {
				return nil, fmt.Errorf("copy %q: %w", key, err)
			}
			p.entries = append(p.entries, e)
		}
	}
	return p, nil
}

// Bytes is how many bytes of small bodies the parcel has.
func (p *Parcel) Bytes() (n int64) {
	for _, e := range p.entries {
		n += int64(len(e.Payload))
	}
	return n
}

// read returns what the set has of a key, and the payloads. Compaction does not move
// them meanwhile.
func (p *Parcel) read(ctx context.Context, b *bucket, key string) (pieces []piece, payloads [][]byte, err error) {
	s := p.from
	defer s.keys.lock(name{b.ID, key})()
	if pieces, err = s.pieces(ctx, b, key); err != nil {
		return nil, nil, err
	}
	payloads = make([][]byte, len(pieces))
	for i := range pieces {
		if v, ok := pieces[i].entry.(*record.Version); ok && v.Inline {
			payloads[i] = make([]byte, pieces[i].loc.Length)
			if err := s.seglog.ReadAt(ctx, &pieces[i].loc, payloads[i], 0); err != nil {
				return nil, nil, err
			}
		}
	}
	return pieces, payloads, nil
}

var errBehind = errors.New("behind the key")

// pieces are the entries of a key, versions from the newest to the oldest, then
// uploads, each before its parts.
func (s *Store) pieces(ctx context.Context, b *bucket, key string) (all []piece, err error) {
	add := func(value []byte) error {
		e, loc, err := unpack[record.Entry](value)
		all = append(all, piece{e, loc})
		return err
	}
	versions := index.ListVersionsRequest{Bucket: b.ID, Prefix: key}
	for more := true; more; {
		page, err := s.index.ListVersions(ctx, versions, func(e index.VersionEntry) error {
			if e.Version.Key != key {
				return errBehind
			}
			return add(e.Version.Value)
		})
		if err != nil && !errors.Is(err, errBehind) {
			return nil, err
		}
		more, versions.AfterKey, versions.AfterOrd = page.Truncated && err == nil, page.NextKey, page.NextOrd
	}
	var uploads []index.Upload
	list := index.ListUploadsRequest{Bucket: b.ID, Prefix: key}
	for more := true; more; {
		page, err := s.index.ListUploads(ctx, list, func(e index.UploadEntry) error {
			if e.Upload.Key != key {
				return errBehind
			}
			uploads = append(uploads, e.Upload)
			return nil
		})
		if err != nil && !errors.Is(err, errBehind) {
			return nil, err
		}
		more, list.AfterKey, list.AfterID = page.Truncated && err == nil, page.NextKey, page.NextID
	}
	for _, u := range uploads {
		if err := add(u.Value); err != nil {
			return nil, err
		}
		parts, err := s.index.Parts(ctx, u.ID, 0, -1)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			if err := add(part.Value); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// readdress makes an entry one of the other set. Large bodies are copied there unless
// it has them already.
func (p *Parcel) readdress(ctx context.Context, b *bucket, x piece, payload []byte) (seglog.Entry, error) {
	told := &pending{}
	var err error
	switch e := x.entry.(type) {
	case *record.Version:
		v := *e
		told.entry = &v
		v.Shadows = nil
		row, found, err := p.to.index.ByOrd(ctx, b.ID, v.Key, v.Ord)
		if err != nil {
			return seglog.Entry{}, err
		}
		if found {
			was, err := heldIn(row)
			if err != nil {
				return seglog.Entry{}, err
			}
			v.Shadows = was.Shadows.With(was.loc.Segment, p.to.segmentExists())
			if v.Bodies = was.Bodies; alike(e, was.Version) {
				break
			}
		}
		if v.Bodies, err = p.copyBodies(ctx, e.Bodies, v.Class, told); err != nil {
			return seglog.Entry{}, err
		}
	case *record.Upload:
		u := *e
		told.entry = &u
		u.Shadows = nil
		row, found, err := p.to.index.Upload(ctx, b.ID, u.Key, u.ID)
		if err != nil {
			return seglog.Entry{}, err
		}
		if found {
			was, loc, err := unpack[*record.Upload](row.Value)
			if err != nil {
				return seglog.Entry{}, err
			}
			u.Shadows = was.Shadows.With(loc.Segment, p.to.segmentExists())
		}
	case *record.Part:
		part := *e
		told.entry = &part
		part.Shadows = nil
		row, found, err := p.to.index.Part(ctx, part.Upload, part.Part.Number)
		if err != nil {
			return seglog.Entry{}, err
		}
		if found {
			was, loc, err := unpack[*record.Part](row.Value)
			if err != nil {
				return seglog.Entry{}, err
			}
			part.Shadows = was.Shadows.With(loc.Segment, p.to.segmentExists())
			if was.Ord == part.Ord {
				part.Body = was.Body
				break
			}
		}
		bodies, err := p.copyBodies(ctx, []record.Body{e.Body}, objectstore.ClassUnset, told)
		if err != nil {
			return seglog.Entry{}, err
		}
		part.Body = bodies[0]
	default:
		err = fmt.Errorf("a %T is of no key", e)
	}
	if err != nil {
		return seglog.Entry{}, err
	}
	return seglog.Entry{Meta: told.entry.Encode(), Payload: payload, Tag: told}, nil
}

// alike reports whether two copies of a version have their bodies in the same kind of
// place: one may have been moved to a tier, or from there, or have got a copy, since the other was made.
func alike(a, b *record.Version) bool {
	return a.Inline == b.Inline && a.Tier() == b.Tier() && len(a.Bodies) == len(b.Bodies) &&
		len(record.Kept(a.Bodies)) == len(record.Kept(b.Bodies))
}

// copyBodies copies large bodies as they are stored, and those beside tiers. What a tier keeps stays there.
func (p *Parcel) copyBodies(ctx context.Context, bodies []record.Body, class objectstore.StorageClass, told *pending) (copies []record.Body, err error) {
	in, err := p.to.buckets.find(p.bucket)
	if err != nil {
		return nil, err
	}
	for _, b := range bodies {
		is := b
		if b.Copy != (record.Copy{}) {
			is = b.OnDrives()
		}
		if is.Tier != "" {
			copies = append(copies, is)
			continue
		}
		c, err := p.copyBody(ctx, is, p.to.geometryFor(in, class), told)
		if err != nil {
			return nil, err
		}
		if b.Tier != "" {
			b.Copy = copyIn(c)
			c = b
		}
		copies = append(copies, c)
	}
	return copies, nil
}

func (p *Parcel) copyBody(ctx context.Context, b record.Body, g driveset.Geometry, told *pending) (record.Body, error) {
	if err := p.to.room(b.Size, g); err != nil {
		return b, err
	}
	if err := p.to.markRunning(ctx); err != nil {
		return b, err
	}
	r, err := p.from.bodies.Open(ctx, bodyOf(b), 0, b.Size)
	if err != nil {
		return b, err
	}
	defer func() { _ = r.Close() }()
	stored, held, err := p.to.bodies.Write(ctx, r, b.Size, g, nil)
	if err != nil {
		return b, err
	}
	c := recordBody(stored)
	c.Coat, c.Plain = b.Coat, b.Plain
	x := p.to.received(c, held, "")
	p.fresh = append(p.fresh, x)
	told.missing |= x.missing
	return c, nil
}

// Drop gives up a parcel that was not delivered.
func (p *Parcel) Drop() {
	for _, x := range p.fresh {
		p.to.abandon(x)
	}
	p.fresh = nil
}

// ErrParcelStale says that a key changed after it was packed.
var ErrParcelStale = errs.New(errs.Conflict, "parcel_stale", "The key has just changed.")

// Deliver puts the parcel into the other set and then takes its keys from this one,
// each in one step: whoever asks this set first and the other one next finds each
// key whole. Between the two steps the given function is called. While that goes on
// nobody looks at several sets. After an error both may have the keys, and this set's word counts.
func (p *Parcel) Deliver(ctx context.Context, between func()) (err error) {
	if err := p.from.begin(ctx); err != nil {
		return err
	}
	defer p.from.inUse.Done()
	if err := p.to.begin(ctx); err != nil {
		return err
	}
	defer p.to.inUse.Done()
	moving := &p.from.union.Moving
	if p.Bytes() <= parcelBytes {
		moving.Lock()
		defer moving.Unlock()
	}
	if err := p.put(ctx); err != nil {
		return err
	}
	between()
	if p.Bytes() > parcelBytes { // what both have counts twice for a while
		moving.Lock()
		defer moving.Unlock()
	}
	return p.take(ctx)
}

// put appends the entries to the other set.
func (p *Parcel) put(ctx context.Context) error {
	in, release, err := p.to.buckets.hold(p.bucket)
	if err != nil {
		return err
	}
	defer release()
	defer p.to.keys.lockAll(in.ID, p.keys)()
	for rest := p.entries; len(rest) > 0; {
		n, size := 0, 0
		for n < len(rest) && (n == 0 || size+len(rest[n].Payload) <= parcelBytes) {
			size += len(rest[n].Payload)
			n++
		}
		_, err := p.to.seglog.Append(ctx, seglog.Options{}, rest[:n]...)
		if err == nil || unsure(err) {
			p.fresh = nil // they may be referred to; what is not, a sweep finds
		}
		if err != nil {
			p.to.leftovers.new.Store(true)
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// take ends the keys in this set in one step.
func (p *Parcel) take(ctx context.Context) error {
	s := p.from
	in, release, err := s.buckets.hold(p.bucket)
	if err != nil {
		return err
	}
	defer release()
	defer s.keys.lockAll(in.ID, p.keys)()
	var now []piece
	for _, key := range p.keys {
		pieces, err := s.pieces(ctx, in, key)
		if err != nil {
			return err
		}
		now = append(now, pieces...)
	}
	if len(now) != len(p.was) {
		return ErrParcelStale
	}
	var ends []seglog.Entry
	for i, x := range now {
		if !same(x.entry, p.was[i].entry) {
			return ErrParcelStale
		}
		switch e := x.entry.(type) {
		case *record.Version:
			ends = append(ends, entry(&record.Gone{
				Kind: record.KindVersionGone, Bucket: in.ID, Key: e.Key, Ord: s.nextOrd(), Of: e.Ord, Null: e.Null,
				Shadows: e.Shadows.With(x.loc.Segment, s.segmentExists()),
			}, nil))
		case *record.Upload:
			g, err := s.uploadGone(ctx, in.ID, e.Key, e.ID)
			if err != nil {
				return err
			}
			ends = append(ends, entry(g, nil))
		}
	}
	if len(ends) == 0 {
		return nil
	}
	_, err = s.seglog.Append(ctx, seglog.Options{Urgent: true}, ends...)
	return err
}

// same reports whether two entries say the same. Compaction changes their shadows.
func same(a, b record.Entry) bool {
	bare := func(e record.Entry) []byte {
		switch e := e.(type) {
		case *record.Version:
			v := *e
			v.Shadows = nil
			return v.Encode()
		case *record.Upload:
			u := *e
			u.Shadows = nil
			return u.Encode()
		case *record.Part:
			p := *e
			p.Shadows = nil
			return p.Encode()
		}
		return nil
	}
	return bytes.Equal(bare(a), bare(b))
}
