package record

import (
	"croft/objectstore"
	"croft/objectstore/erasure/coat"
)

const (
	flagEncrypted  = 1 << 0
	flagCompressed = 1 << 1
)

func (e *encoder) coat(c coat.Coat) {
	var flags byte
	if c.Encrypted {
		flags |= flagEncrypted
	}
	if c.Compressed {
		flags |= flagCompressed
	}
	e.b = append(e.b, flags)
	if c.Encrypted {
		e.bytes(c.Salt[:])
	}
}

func (d *decoder) coat() (c coat.Coat) {
	flags := d.byte()
	if flags&^(flagEncrypted|flagCompressed) != 0 {
		d.fail()
		return c
	}
	c.Encrypted, c.Compressed = flags&flagEncrypted != 0, flags&flagCompressed != 0
	if c.Encrypted {
		d.bytes(c.Salt[:])
	}
	return c
}

// size reads a number of bytes.
func (d *decoder) size() int64 {
	n := d.int()
	if n < 0 {
		d.fail()
	}
	return n
}

func (e *encoder) sealed(s Sealed) {
	e.string(string(s.By))
	if s.By != objectstore.EncryptionNone {
		e.string(s.MasterID)
		e.string(string(s.Key))
	}
}

func (d *decoder) sealed() (s Sealed) {
	s.By = objectstore.Encryption(d.string())
	if s.By != objectstore.EncryptionNone {
		s.MasterID = d.string()
		s.Key = []byte(d.string())
	}
	return s
}

func (e *encoder) compression(c objectstore.Compression) {
	e.bool(c.On)
	e.strings(c.Types)
	e.strings(c.Suffixes)
	e.int(c.MinSize)
}

func (d *decoder) compression() objectstore.Compression {
	return objectstore.Compression{On: d.bool(), Types: d.strings(), Suffixes: d.strings(), MinSize: d.size()}
}

func (e *encoder) strings(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.string(s)
	}
}

func (d *decoder) strings() (list []string) {
	for range d.count() {
		list = append(list, d.string())
		if d.err != nil {
			return nil
		}
	}
	return list
}
