package simdisk

import (
	"io"
	"io/fs"
	"syscall"

	"croft/objectstore/erasure/disk"
)

// handle is an open file.
type handle struct {
	drive   *Drive
	file    *file
	name    string // it was opened by
	plugged int    // the drive's when it was opened
	closed  bool
}

var _ disk.File = (*handle)(nil)

func (h *handle) do(a action) error {
	a.op.Name, a.on = h.name, h
	return h.drive.do(a)
}

func (h *handle) Close() error {
	h.drive.machine.mu.Lock()
	defer h.drive.machine.mu.Unlock()
	if h.closed {
		return fs.ErrClosed
	}
	h.closed = true
	if h.file.handles--; h.plugged == h.drive.plugged {
		h.drive.release(h.file)
	}
	return nil
}

func (h *handle) Size() (size int64, err error) {
	err = h.do(action{op: Op{Kind: Size}, apply: func() error {
		size = h.file.now.size
		return nil
	}})
	return size, err
}

func (h *handle) ReadAt(b []byte, offset int64) (n int, err error) {
	err = h.do(action{op: Op{Kind: Read, Offset: offset, Length: int64(len(b))}, apply: func() error {
		if offset < 0 {
			return fs.ErrInvalid
		}
		n = h.file.now.readAt(b, offset)
		return nil
	}})
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

func (h *handle) WriteAt(b []byte, offset int64) (n int, err error) {
	d, f := h.drive, h.file
	part := func() { // what is left of a write that ends too early
		if n := d.rng.IntN(2*len(b) + 1); len(b) > 0 {
			d.write(f, b[:min(n, len(b))], offset)
		}
	}
	err = h.do(action{
		op: Op{Kind: Write, Offset: offset, Length: int64(len(b))},
		apply: func() error {
			if offset < 0 {
				return fs.ErrInvalid
			}
			n = d.write(f, b, offset)
			if n < len(b) {
				return syscall.ENOSPC
			}
			return nil
		},
		torn: part, failed: part,
	})
	return n, err
}

// write writes as much as there is space for.
func (d *Drive) write(f *file, b []byte, offset int64) int {
	free := max(0, d.size-d.used) / pageSize
	for f.needs(offset, int64(len(b))) > free {
		end := (offset + int64(len(b)) - 1) / pageSize * pageSize // of the last page the start
		b = b[:max(0, end-offset)]
	}
	if len(b) == 0 {
		return 0
	}
	added := f.needs(offset, int64(len(b)))
	f.blocks += added
	d.used += added * pageSize
	f.write(b, offset, d.rng)
	return len(b)
}

func (h *handle) Allocate(size int64) error {
	d, f := h.drive, h.file
	allocate := func(size int64) error {
		added := f.count(max(size, f.reserved)) - f.blocks
		if added*pageSize > d.size-d.used {
			return syscall.ENOSPC
		}
		f.allocate(size)
		f.blocks += added
		d.used += added * pageSize
		return nil
	}
	return h.do(action{
		op:    Op{Kind: Allocate, Length: size},
		apply: func() error { return allocate(size) },
		torn: func() {
			if had := f.now.size; size > had {
				_ = allocate(had + d.rng.Int64N(size-had+1))
			}
		},
	})
}

func (h *handle) Truncate(size int64) error {
	d, f := h.drive, h.file
	truncate := func() error {
		if size < 0 {
			return fs.ErrInvalid
		}
		f.truncate(size)
		had := f.blocks
		f.blocks = f.count(f.reserved)
		d.used += (f.blocks - had) * pageSize
		return nil
	}
	return h.do(action{op: Op{Kind: Truncate, Length: size}, apply: truncate})
}

func (h *handle) Sync() error {
	d, f := h.drive, h.file
	return h.do(action{
		op: Op{Kind: Sync},
		apply: func() error {
			if !d.state.lying {
				f.sync()
			}
			return nil
		},
		failed: func() { f.failSync(d.rng) },
	})
}
