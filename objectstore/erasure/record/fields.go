package record

import (
	"fmt"

	"croft/objectstore"
)

// The numbered fields of entries, each number of its own kind of entry. What they
// say does not change what the rest means, so they have odd numbers: a Croft that
// does not know one loses it when it writes the entry again, and nothing else.
const (
	bucketParity = 1 // of large bodies, one byte
	objectClass  = 1 // of a version or an upload: the storage class's name
)

// field is a numbered field; without a number it is none.
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

func classField(c objectstore.StorageClass) field {
	if c == objectstore.ClassUnset {
		return field{}
	}
	return field{objectClass, []byte(c)}
}

// end writes an entry's numbered field, if it has it.
func (e *encoder) end(f field) []byte {
	if f.number == 0 {
		e.uint(0)
		return e.b
	}
	e.uint(1)
	e.uint(f.number)
	e.string(string(f.value))
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
	if number != bucketParity {
		return false
	}
	parity := int(d.byte())
	b.Parity = &parity
	return true
}

func (v *Version) field(number uint64, d *decoder) bool {
	if number == objectClass {
		v.Class = d.class()
	}
	return number == objectClass
}

func (u *Upload) field(number uint64, d *decoder) bool {
	if number == objectClass {
		u.Class = d.class()
	}
	return number == objectClass
}

// class reads a storage class, which is all that is left.
func (d *decoder) class() objectstore.StorageClass {
	c := objectstore.StorageClass(d.b)
	d.b = nil
	return c
}
