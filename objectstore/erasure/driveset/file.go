package driveset

import (
	"errors"
	"fmt"
	"io"

	"croft/objectstore/erasure/disk"
)

// File is an open file of a drive. When the drive has lost its disk, or has
// another one, all that is asked of the file fails with ErrAway; it still has to
// be closed.
type File struct {
	drive *Drive
	on    *attached
	file  disk.File
	name  string
}

// Stale reports whether the file is on a disk that is no longer the drive's. Who
// keeps files open has to open such a one again.
func (f *File) Stale() bool { return f.on.gone.Load() }

func (f *File) stale(op string) error {
	if f.Stale() {
		return fmt.Errorf("%s on drive %s: %w", op, f.drive.Path, ErrAway)
	}
	return nil
}

// ReadFull reads exactly len(p) bytes; a file that ends before them gives an
// error that wraps io.ErrUnexpectedEOF and is no fault of the drive.
func (f *File) ReadFull(p []byte, offset int64) error {
	if err := f.stale("read"); err != nil {
		return err
	}
	start := f.drive.reads.begin()
	n, err := f.file.ReadAt(p, offset)
	f.drive.reads.end(start)
	switch {
	case n == len(p):
		f.drive.misreads.end()
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("read on drive %s: %w", f.drive.Path, io.ErrUnexpectedEOF)
	}
	return f.drive.checkRead(f.on, "read", f.name, offset, err)
}

// change runs a changing operation on the file.
func (f *File) change(op string, do func() error) error {
	if err := f.stale(op); err != nil {
		return err
	}
	return f.drive.checkWrite(f.on, op, do())
}

// WriteAt writes all of p.
func (f *File) WriteAt(p []byte, offset int64) error {
	return f.change("write", func() error {
		_, err := f.file.WriteAt(p, offset)
		return err
	})
}

// WritePast is WriteAt past the system's memory where that can be: for much that
// will not be read at once.
func (f *File) WritePast(p []byte, offset int64) error {
	b, ok := f.file.(disk.Bypasser)
	if !ok {
		return f.WriteAt(p, offset)
	}
	return f.change("write", func() error {
		_, err := b.WritePast(p, offset)
		return err
	})
}

// Sync makes the file's bytes durable.
func (f *File) Sync() error {
	return f.change("sync", func() error {
		start := f.drive.syncs.begin()
		defer f.drive.syncs.end(start)
		return f.file.Sync()
	})
}

// Flush begins to write bytes out ahead of Sync, where the disk can. It is a hint;
// what goes wrong Sync tells.
func (f *File) Flush(offset, length int64) {
	if b, ok := f.file.(disk.Flusher); ok {
		b.Flush(offset, length)
	}
}

// Allocate reserves the file's space and lengthens it to that.
func (f *File) Allocate(size int64) error {
	return f.change("allocate", func() error { return f.file.Allocate(size) })
}

// Truncate cuts the file.
func (f *File) Truncate(size int64) error {
	return f.change("truncate", func() error { return f.file.Truncate(size) })
}

// Size returns the file's length.
func (f *File) Size() (int64, error) {
	if err := f.stale("stat"); err != nil {
		return 0, err
	}
	n, err := f.file.Size()
	return n, f.drive.checkRead(f.on, "stat", f.name, 0, err)
}

// Close lets go of the file.
func (f *File) Close() error { return f.file.Close() }
