package query

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What the footer of a Parquet file may need in memory once it is read. The library makes
// room for as many elements as a list says it has before it reads the first of them.
const (
	maxFooterMemory = 256 << 20 // bytes
	structMemory    = 1 << 10   // bytes that one structure takes at most
	otherMemory     = 16        // bytes that another element of a list takes at most
	maxFooterDepth  = 64        // structures and lists within each other
	maxFooterPaths  = 1 << 20   // names in the paths of all columns together
	maxFooterChunks = 1 << 21   // parts of the schema times row groups
)

// footerMemory is how much memory a footer takes once it is read. It refuses one whose
// lists do not hold what they say, or that would take too much.
func footerMemory(footer []byte) (int64, error) {
	w := &footerWalk{left: footer}
	w.skip(thrift.STRUCT, 0)
	if w.memory > maxFooterMemory {
		return 0, fail("OverMaxParquetBlockSize", "The footer of the Parquet file needs more than %d MB in memory.", maxFooterMemory>>20)
	}
	if w.bad {
		return 0, badParquet("The footer of the Parquet file cannot be read.")
	}
	var is format.FileMetaData
	if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReaderFromBytes(footer)).Decode(&is); err != nil {
		return 0, badParquet("The footer of the Parquet file cannot be read: %v.", err)
	}
	paths, open := 0, []int32{}
	for i := range is.Schema {
		for len(open) > 0 && open[len(open)-1] == 0 {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			open[len(open)-1]--
		}
		paths += len(open)
		if n := is.Schema[i].NumChildren; n.Valid && n.V > 0 {
			open = append(open, n.V)
		}
	}
	if paths > maxFooterPaths || len(is.Schema)*len(is.RowGroups) > maxFooterChunks {
		return 0, fail("OverMaxParquetBlockSize", "The Parquet file has too many columns, or too many row groups.")
	}
	return w.memory, nil
}

// footerWalk passes over values in Thrift's compact protocol without keeping them.
type footerWalk struct {
	left   []byte
	memory int64
	bad    bool
}

func (w *footerWalk) pass(n uint64) {
	if n > uint64(len(w.left)) {
		w.bad, w.left = true, nil
		return
	}
	w.left = w.left[n:]
}

func (w *footerWalk) octet() (b byte) {
	if len(w.left) > 0 {
		b = w.left[0]
	}
	w.pass(1)
	return b
}

func (w *footerWalk) number() uint64 {
	v, n := binary.Uvarint(w.left)
	if n <= 0 {
		w.bad, w.left = true, nil
		return 0
	}
	w.left = w.left[n:]
	return v
}

// skip passes over a field's value. Those of truth values are in their type.
func (w *footerWalk) skip(t thrift.Type, depth int) {
	if depth > maxFooterDepth {
		w.bad = true
	}
	if w.bad {
		return
	}
	switch t {
	case thrift.TRUE, thrift.FALSE:
	case thrift.I8:
		w.pass(1)
	case thrift.I16, thrift.I32, thrift.I64:
		w.number()
	case thrift.DOUBLE:
		w.pass(8)
	case thrift.BINARY:
		w.pass(w.number())
	case thrift.LIST:
		w.list(depth)
	case thrift.STRUCT:
		for !w.bad {
			b := w.octet()
			if b == 0 {
				return
			}
			if b>>4 == 0 {
				w.number() // the field's number
			}
			w.skip(thrift.Type(b&0xF), depth+1)
		}
	default:
		w.bad = true // there are no sets and maps in a footer
	}
}

func (w *footerWalk) list(depth int) {
	b := w.octet()
	size, t := uint64(b>>4), thrift.Type(b&0xF)
	if size == 0xF {
		size = w.number()
	}
	if size > uint64(len(w.left)) { // each element takes a byte at least
		w.bad = true
		return
	}
	each := int64(otherMemory)
	if t == thrift.STRUCT || t == thrift.LIST {
		each = structMemory
	}
	if w.memory += int64(size) * each; w.memory > maxFooterMemory {
		w.bad = true
		return
	}
	for ; size > 0 && !w.bad; size-- {
		if t == thrift.TRUE || t == thrift.FALSE {
			w.pass(1)
			continue
		}
		w.skip(t, depth+1)
	}
}
