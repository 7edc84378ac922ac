package record

import (
	"fmt"

	"croft/objectstore"
)

// The numbered fields of entries, each number of its own kind of entry. Most say
// nothing that changes what the rest means, so they have odd numbers: a Croft that
// does not know one loses it when it writes the entry again, and nothing else. One that
// does not know where a body is must not touch it, and one that does not know of a copy
// would leave it to nobody, nor can one read a body, or keep it in its tier, that does not know
// under which name it was stored: those numbers are even.
const (
	bucketParity    = 1 // of large bodies, one byte
	bucketDocuments = 3 // what the bucket is set to by callers, names and texts
	bucketNamed     = 5 // the named key that is the default, as an Encryption, where the entry says "store"
	objectClass     = 1 // of a version or an upload: the storage class's name
	objectTiers     = 2 // of a version: the tier of each body, empty for those in shard files
	objectSystem    = 3 // of a version or an upload: what callers keep with it, names and texts
	uploadBy        = 5 // of an upload: the name of who started it
	uploadAsked     = 7 // of an upload: what it was created with, names and texts
	objectTrouble   = 7 // of a version: how often copies could not be made, when last, and the code why
	objectBound     = 6 // of a version: the key that its bodies are bound to, and the proof of that
	objectRestore   = 4 // of a version: days, since when, until when; of each body 0, or 1 and the ID, data and parity shards of its copy
)

// field is a numbered field; without a value it is none.
type field struct {
	number uint64
	value  []byte
}

func parityField(parity *int) field {
	if parity == nil {
		return field{}
	}
	return field{bucketParity, []byte{byte(*parity)}}
}

// plainEncryption is what a bucket's entry says of its default encryption. A name stands in
// a field instead: a Croft that does not know of names encrypts with the store's key there,
// where it would otherwise write objects that say a name and are not sealed to it.
func plainEncryption(e objectstore.Encryption) objectstore.Encryption {
	if _, named := e.NamedKey(); named {
		return objectstore.EncryptionStore
	}
	return e
}

func namedField(e objectstore.Encryption) field {
	if _, named := e.NamedKey(); !named {
		return field{}
	}
	return field{bucketNamed, []byte(e)}
}

// named reads the named key that is a bucket's default.
func (b *Bucket) named(d *decoder) {
	e := objectstore.Encryption(d.b)
	d.b = nil
	if _, named := e.NamedKey(); !named || b.Encryption != objectstore.EncryptionStore {
		d.fail()
		return
	}
	b.Encryption = e
}

func classField(c objectstore.StorageClass) field { return field{objectClass, []byte(c)} }

func mapField(number uint64, m map[string]string) field {
	if len(m) == 0 {
		return field{}
	}
	e := &encoder{}
	e.stringMap(m)
	return field{number, e.b}
}

func tiersField(bodies []Body) field {
	e := &encoder{}
	some := false
	for _, b := range bodies {
		e.string(b.Tier)
		some = some || b.Tier != ""
	}
	if !some {
		return field{}
	}
	return field{objectTiers, e.b}
}

func restoreField(v *Version) field {
	if !v.Restore.Wanted() {
		return field{}
	}
	e := &encoder{}
	e.uint(uint64(v.Restore.Days))
	e.int(v.Restore.Asked)
	e.int(v.Restore.Until)
	for _, b := range v.Bodies {
		if e.bool(b.Copy != (Copy{})); b.Copy != (Copy{}) {
			e.bytes(b.Copy.ID[:])
			e.b = append(e.b, b.Copy.Data, b.Copy.Parity)
		}
	}
	return field{objectRestore, e.b}
}

// restore reads what restoreField wrote. The bodies have been read.
func (d *decoder) restore(v *Version) {
	v.Restore = Restore{Days: int(d.uint()), Asked: d.int(), Until: d.int()}
	for i := range v.Bodies {
		if d.bool() {
			c := &v.Bodies[i].Copy
			d.bytes(c.ID[:])
			c.Data, c.Parity = d.byte(), d.byte()
		}
	}
	if v.Restore.Days < 0 || (v.Restore.Days > 0) == (v.Restore.Until != 0) {
		d.fail()
	}
}

func boundField(n Bound) field {
	if n == (Bound{}) {
		return field{}
	}
	e := &encoder{}
	e.string(n.Key)
	e.bytes(n.Proof[:])
	return field{objectBound, e.b}
}

func troubleField(t Trouble) field {
	if t.Tries == 0 {
		return field{}
	}
	e := &encoder{}
	e.uint(uint64(t.Tries))
	e.int(t.At)
	e.string(t.Code)
	return field{objectTrouble, e.b}
}

// end writes those of an entry's numbered fields that it has.
func (e *encoder) end(fields ...field) []byte {
	count := uint64(0)
	for _, f := range fields {
		if len(f.value) > 0 {
			count++
		}
	}
	e.uint(count)
	for _, f := range fields {
		if len(f.value) > 0 {
			e.uint(f.number)
			e.string(string(f.value))
		}
	}
	return e.b
}

// fields reads the numbered fields. read takes one that it knows from a decoder of
// its value, all of which it must read, and reports whether it does.
func (d *decoder) fields(read func(number uint64, d *decoder) bool) {
	for range d.count() {
		number := d.uint()
		n := d.count()
		if d.err != nil {
			return
		}
		value := &decoder{b: d.b[:n:n]}
		d.b = d.b[n:]
		switch known := read(number, value); {
		case known && (value.err != nil || len(value.b) > 0):
			d.fail()
			return
		case !known && number%2 == 0:
			d.err = fmt.Errorf("%w (field %d)", ErrNewer, number)
			return
		}
	}
	if d.err == nil && len(d.b) != 0 {
		d.fail()
	}
}

func (b *Bucket) field(number uint64, d *decoder) bool {
	switch number {
	case bucketParity:
		parity := int(d.byte())
		b.Parity = &parity
	case bucketDocuments:
		b.Documents = d.stringMap()
	case bucketNamed:
		b.named(d)
	default:
		return false
	}
	return true
}

func (v *Version) field(number uint64, d *decoder) bool {
	switch number {
	case objectClass:
		v.Class = d.class()
	case objectTiers:
		for i := range v.Bodies {
			v.Bodies[i].Tier = d.string()
		}
	case objectSystem:
		v.Attrs.System = d.stringMap()
	case objectRestore:
		d.restore(v)
	case objectBound:
		v.Bound.Key = d.string()
		d.bytes(v.Bound.Proof[:])
	case objectTrouble:
		v.Trouble = Trouble{Tries: int(d.uint()), At: d.int(), Code: d.string()}
		if v.Trouble.Tries < 1 {
			d.fail()
		}
	default:
		return false
	}
	return true
}

func (u *Upload) field(number uint64, d *decoder) bool {
	switch number {
	case objectClass:
		u.Class = d.class()
	case objectSystem:
		u.Attrs.System = d.stringMap()
	case uploadBy:
		u.By, d.b = string(d.b), nil
	case uploadAsked:
		u.Asked = d.stringMap()
	default:
		return false
	}
	return true
}

// class reads a storage class, which is all that is left.
func (d *decoder) class() objectstore.StorageClass {
	c := objectstore.StorageClass(d.b)
	d.b = nil
	return c
}
