package record

import (
	"encoding/binary"
	"fmt"

	"croft/objectstore"
)

// ErrNewer says that an entry was written by a newer Croft in a way that this one
// must not pass over.
var ErrNewer = fmt.Errorf("%w: written by a newer Croft", ErrMalformed)

// Entry is a *Bucket, *Version, *Upload, *Part or *Gone.
type Entry interface{ Encode() []byte }

// Decode reads what Encode wrote. Strings do not share memory with b.
func Decode(b []byte) (Entry, error) {
	if len(b) == 0 {
		return nil, ErrMalformed
	}
	d := &decoder{b: b[1:]}
	var e Entry
	field := func(uint64, *decoder) bool { return false }
	switch k := Kind(b[0]); k {
	case KindBucket:
		b := &Bucket{
			ID: d.uint(), Ord: d.uint(), Name: d.string(), Owner: d.string(), Created: d.int(),
			Versioning: d.string(), ObjectLock: d.bool(), Lock: objectstore.DefaultLock{
				Mode: objectstore.LockMode(d.string()), Days: int(d.uint()), Years: int(d.uint()),
			},
			Encryption: objectstore.Encryption(d.string()), Compression: d.compression(), Quota: d.size(),
			Shadows: d.shadows(),
		}
		e, field = b, b.field
	case KindVersion:
		v := d.version()
		e, field = v, v.field
	case KindUpload:
		u := &Upload{
			Bucket: d.uint(), Key: d.string(), ID: d.string(), Ord: d.uint(), Started: d.int(),
			Attrs: d.attributes(), Sealed: d.sealed(), Compress: d.bool(), Shadows: d.shadows(),
		}
		e, field = u, u.field
	case KindPart:
		e = &Part{
			Bucket: d.uint(), Key: d.string(), Upload: d.string(), Ord: d.uint(),
			Part: d.part(), Body: d.body(), Shadows: d.shadows(),
		}
	case KindBucketGone, KindVersionGone, KindUploadGone:
		flags := d.byte()
		e = &Gone{
			Kind: k, Null: flags&flagNull != 0, Bucket: d.uint(), Key: d.string(), Upload: d.string(),
			Ord: d.uint(), Of: d.uint(), Shadows: d.shadows(),
		}
	default:
		return nil, fmt.Errorf("%w (kind %d)", ErrNewer, k)
	}
	d.fields(field)
	if d.err != nil {
		return nil, d.err
	}
	return e, nil
}

// version reads a version's entry behind the kind.
func (d *decoder) version() *Version {
	v := d.summary()
	v.Attrs = d.attributes()
	for range d.count() {
		v.Parts = append(v.Parts, d.part())
		if d.err != nil {
			return v
		}
	}
	for range d.count() {
		v.Bodies = append(v.Bodies, d.body())
		if d.err != nil {
			return v
		}
	}
	v.Coat = d.coat()
	if !v.Coat.Bare() {
		v.Stored = d.size()
	}
	v.Sealed = d.sealed()
	v.Shadows = d.shadows()
	return v
}

// summary reads the part of a version's entry that a listing shows.
func (d *decoder) summary() *Version {
	flags := d.byte()
	v := &Version{
		Null: flags&flagNull != 0, Marker: flags&flagMarker != 0, Inline: flags&flagInline != 0,
		Bucket: d.uint(), Key: d.string(),
	}
	var n [16]byte
	d.bytes(n[:])
	v.Ord, v.Tail = binary.BigEndian.Uint64(n[:]), binary.BigEndian.Uint64(n[8:])
	v.Size, v.Modified, v.ETag = d.int(), d.int(), d.etag()
	if v.Size < 0 {
		d.fail()
	}
	return v
}

// Summary reads only what a listing shows of a version: all up to its ETag.
func Summary(b []byte) (*Version, error) {
	if len(b) == 0 || Kind(b[0]) != KindVersion {
		return nil, ErrMalformed
	}
	d := &decoder{b: b[1:]}
	v := d.summary()
	return v, d.err
}

func (d *decoder) byte() byte {
	var b [1]byte
	d.bytes(b[:])
	return b[0]
}

func (d *decoder) shadows() (s Shadows) {
	for range d.count() {
		s = append(s, d.uint())
	}
	return s
}
