package shardfile

import (
	"croft/objectstore/erasure/driveset"
	"fmt"
)

// output is one drive's file of a body while it is written: the chunks in order,
// then their checksums and the tail.
//
// The chunks go to the drive past the system's memory where they can. Copying them
// there costs more than all the rest, and would leave little room there for what is
// read often.
type output struct {
	place   int
	data    int // shards
	summer  summer
	file    *driveset.File // nil unless it is open
	written int64
	flushed int64 // of those, what was begun to be written out
	sums    []byte
}

func newOutput(b Body, place int) output {
	return output{place: place, data: int(b.Data), summer: newSummer(b.ID, place)}
}

// open gives the output its file, which is empty.
func (o *output) open(f *driveset.File) { o.file = f }

// close lets go of the file and reports whether there was one.
func (o *output) close() bool {
	if o.file == nil {
		return false
	}
	_ = o.file.Close()
	o.file = nil
	return true
}

// flushBytes is how much of a body's data may wait in the system's memory before
// it is begun to be written out. Without that the last sync takes as long as all
// the rest; in smaller pieces the drives do not like it.
const flushBytes = 8 << 20

// add writes the next chunk.
func (o *output) add(p []byte) error {
	o.sums = o.summer.add(o.sums, p, o.written/BlockBytes)
	if err := o.file.WritePast(p, o.written); err != nil {
		return err
	}
	o.written += int64(len(p))
	if o.written-o.flushed >= flushBytes/int64(o.data) {
		o.file.Flush(o.flushed, o.written-o.flushed)
		o.flushed = o.written
	}
	return nil
}

// seal writes what comes behind the chunks and makes the file durable. The layout
// is that of the whole body.
func (o *output) seal(lay *layout) error {
	if lay.shardBytes() != o.written {
		return fmt.Errorf("%d bytes were written where %d were to be", o.written, lay.shardBytes())
	}
	if err := o.file.WriteAt(append(o.sums, lay.tail(o.place, o.sums)...), o.written); err != nil {
		return err
	}
	return o.file.Sync()
}
