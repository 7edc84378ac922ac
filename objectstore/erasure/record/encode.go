package record

import (
	"encoding/binary"
	"encoding/hex"
	"strings"

	"croft/objectstore"
)

// An entry starts with its kind and ends with its numbered fields; between them
// stands what every entry of the kind has, in the order below.

func begin(k Kind, size int) *encoder { return &encoder{b: append(make([]byte, 0, size), byte(k))} }

// Encode returns the entry's bytes.
func (b *Bucket) Encode() []byte {
	e := begin(KindBucket, 96)
	e.uint(b.ID)
	e.uint(b.Ord)
	e.string(b.Name)
	e.string(b.Owner)
	e.int(b.Created)
	e.string(b.Versioning)
	e.bool(b.ObjectLock)
	e.string(string(b.Lock.Mode))
	e.uint(uint64(b.Lock.Days))
	e.uint(uint64(b.Lock.Years))
	e.string(string(plainEncryption(b.Encryption)))
	e.compression(b.Compression)
	e.int(b.Quota)
	e.shadows(b.Shadows)
	return e.end(parityField(b.Parity), mapField(bucketDocuments, b.Documents), namedField(b.Encryption))
}

const (
	flagNull   = 1 << 0
	flagMarker = 1 << 1
	flagInline = 1 << 2
)

// Encode returns the entry's bytes. What a listing shows comes first, so that
// Summary need not read the rest.
func (v *Version) Encode() []byte {
	e := begin(KindVersion, 192)
	var flags byte
	if v.Null {
		flags |= flagNull
	}
	if v.Marker {
		flags |= flagMarker
	}
	if v.Inline {
		flags |= flagInline
	}
	e.b = append(e.b, flags)
	e.uint(v.Bucket)
	e.string(v.Key)
	e.b = binary.BigEndian.AppendUint64(e.b, v.Ord)
	e.b = binary.BigEndian.AppendUint64(e.b, v.Tail)
	e.int(v.Size)
	e.int(v.Modified)
	e.etag(v.ETag)
	e.attributes(v.Attrs)
	e.uint(uint64(len(v.Parts)))
	for _, p := range v.Parts {
		e.part(p)
	}
	e.uint(uint64(len(v.Bodies)))
	for _, b := range v.Bodies {
		e.body(b)
	}
	e.coat(v.Coat)
	if !v.Coat.Bare() {
		e.int(v.Stored)
	}
	e.sealed(v.Sealed)
	e.shadows(v.Shadows)
	return e.end(classField(v.Class), tiersField(v.Bodies), mapField(objectSystem, v.Attrs.System), restoreField(v), troubleField(v.Trouble), boundField(v.Bound))
}

// Encode returns the entry's bytes.
func (u *Upload) Encode() []byte {
	e := begin(KindUpload, 160)
	e.uint(u.Bucket)
	e.string(u.Key)
	e.string(u.ID)
	e.uint(u.Ord)
	e.int(u.Started)
	e.attributes(u.Attrs)
	e.sealed(u.Sealed)
	e.bool(u.Compress)
	e.shadows(u.Shadows)
	return e.end(classField(u.Class), mapField(objectSystem, u.Attrs.System), field{uploadBy, []byte(u.By)}, mapField(uploadAsked, u.Asked))
}

// Encode returns the entry's bytes.
func (p *Part) Encode() []byte {
	e := begin(KindPart, 192)
	e.uint(p.Bucket)
	e.string(p.Key)
	e.string(p.Upload)
	e.uint(p.Ord)
	e.part(p.Part)
	e.body(p.Body)
	e.shadows(p.Shadows)
	return e.end()
}

// Encode returns the entry's bytes.
func (g *Gone) Encode() []byte {
	e := begin(g.Kind, 96)
	var flags byte
	if g.Null {
		flags |= flagNull
	}
	e.b = append(e.b, flags)
	e.uint(g.Bucket)
	e.string(g.Key)
	e.string(g.Upload)
	e.uint(g.Ord)
	e.uint(g.Of)
	e.shadows(g.Shadows)
	return e.end()
}

func (e *encoder) shadows(s Shadows) {
	e.uint(uint64(len(s)))
	for _, id := range s {
		e.uint(id)
	}
}

// etag writes the usual ETags, an MD5 with or without a number of parts, in half
// the space: 1 and 16 bytes; 2, 16 bytes and the number; or 0 and the text.
func (e *encoder) etag(s string) {
	sum, parts, inParts := strings.Cut(s, "-")
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != 16 || sum != strings.ToLower(sum) {
		e.b = append(e.b, 0)
		e.string(s)
		return
	}
	if !inParts {
		e.b = append(e.b, 1)
		e.bytes(raw)
		return
	}
	e.b = append(e.b, 2)
	e.bytes(raw)
	e.string(parts)
}

func (d *decoder) etag() string {
	var kind [1]byte
	var raw [16]byte
	d.bytes(kind[:])
	switch kind[0] {
	case 0:
		return d.string()
	case 1:
		d.bytes(raw[:])
		return hex.EncodeToString(raw[:])
	case 2:
		d.bytes(raw[:])
		return hex.EncodeToString(raw[:]) + "-" + d.string()
	}
	d.fail()
	return ""
}

func (e *encoder) attributes(a objectstore.Attributes) {
	for _, s := range []string{
		a.ContentType, a.ContentEncoding, a.ContentDisposition, a.ContentLanguage, a.CacheControl, a.Expires,
	} {
		e.string(s)
	}
	e.stringMap(a.User)
	e.stringMap(a.Checksums)
	e.stringMap(a.Tags)
	e.lock(a.Lock)
}

// lock writes a lock: no mode, no time.
func (e *encoder) lock(l objectstore.Lock) {
	e.bool(l.Hold)
	e.string(string(l.Mode))
	if l.Mode != objectstore.LockNone {
		e.int(l.Until.UnixMilli())
	}
}

func (d *decoder) lock() (l objectstore.Lock) {
	l.Hold = d.bool()
	l.Mode = objectstore.LockMode(d.string())
	if l.Mode != objectstore.LockNone {
		l.Until = Time(d.int())
	}
	return l
}

func (e *encoder) bool(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.fail()
	}
	return b == 1
}

func (d *decoder) attributes() (a objectstore.Attributes) {
	for _, s := range []*string{
		&a.ContentType, &a.ContentEncoding, &a.ContentDisposition, &a.ContentLanguage, &a.CacheControl, &a.Expires,
	} {
		*s = d.string()
	}
	a.User = d.stringMap()
	a.Checksums = d.stringMap()
	a.Tags = d.stringMap()
	a.Lock = d.lock()
	return a
}

func (e *encoder) part(p objectstore.Part) {
	e.uint(uint64(p.Number))
	e.int(p.Size)
	e.etag(p.ETag)
	e.int(p.ModifiedAt.UnixMilli())
	e.stringMap(p.Checksums)
}

func (d *decoder) part() objectstore.Part {
	return objectstore.Part{Number: int(d.uint()), Size: d.int(), ETag: d.etag(), ModifiedAt: Time(d.int()), Checksums: d.stringMap()}
}

func (e *encoder) body(b Body) {
	e.bytes(b.ID[:])
	e.int(b.Size)
	e.b = append(e.b, b.Data, b.Parity)
	e.coat(b.Coat)
	if !b.Coat.Bare() {
		e.int(b.Plain)
	}
}

func (d *decoder) body() (b Body) {
	var g [2]byte
	d.bytes(b.ID[:])
	b.Size = d.int()
	d.bytes(g[:])
	b.Data, b.Parity = g[0], g[1]
	b.Coat = d.coat()
	if !b.Coat.Bare() {
		b.Plain = d.size()
	}
	return b
}
