package driveset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"croft/objectstore"
	"croft/objectstore/erasure/disk"
)

// ErrFull marks a failure for want of space, which is not the drive's fault.
var ErrFull = errors.New("drive is full")

// ErrAway says that an operation was asked of a drive that is offline.
var ErrAway = errors.New("drive is offline")

// Drive is one drive of a set. Its file operations pass the disk's, sort the
// errors, and fence the drive when one is the disk's fault.
type Drive struct {
	Path  string // as given
	Place int
	log   *slog.Logger

	readErrors  atomic.Int64
	writeErrors atomic.Int64

	mu     sync.RWMutex // guards the following 5 fields
	id     string
	disk   disk.Disk // nil while the drive is offline
	lock   io.Closer
	state  objectstore.DriveState
	reason string
}

// Status is how the drive is, and why when it is not well.
func (d *Drive) Status() (state objectstore.DriveState, reason string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.state, d.reason
}

// ID names the drive for ever, whatever its path. It is empty while unknown.
func (d *Drive) ID() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.id
}

// Writable reports whether changes may go to the drive.
func (d *Drive) Writable() bool {
	s, _ := d.Status()
	return s == objectstore.DriveOK || s == objectstore.DriveHealing
}

// Readable reports whether the drive may be asked for what it holds.
func (d *Drive) Readable() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.disk != nil
}

// Errors are the numbers of operations that failed through the disk's fault.
func (d *Drive) Errors() (reads, writes int64) { return d.readErrors.Load(), d.writeErrors.Load() }

// SetHealing marks a drive that lacks some of what it should hold, or that it no
// longer does. A fenced or absent drive stays what it is.
func (d *Drive) SetHealing(lacks bool, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case lacks && d.state == objectstore.DriveOK:
		d.state, d.reason = objectstore.DriveHealing, reason
	case lacks && d.state == objectstore.DriveHealing:
		d.reason = reason
	case !lacks && d.state == objectstore.DriveHealing:
		d.state, d.reason = objectstore.DriveOK, ""
	}
}

// Fence keeps a drive from being written to.
func (d *Drive) Fence(reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == objectstore.DriveOK || d.state == objectstore.DriveHealing {
		d.state, d.reason = objectstore.DriveFailing, reason
		d.log.Error("drive fenced", "path", d.Path, "reason", reason)
	}
}

func (d *Drive) base() (disk.Disk, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.disk == nil {
		return nil, fmt.Errorf("%s: %w", d.Path, ErrAway)
	}
	return d.disk, nil
}

// check passes on err, fences the drive when it is the disk's fault, and marks
// ErrFull. A file that is missing is no fault of the disk.
func (d *Drive) check(op string, failures *atomic.Int64, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist), errors.Is(err, io.EOF), errors.Is(err, fs.ErrClosed):
		return fmt.Errorf("%s on drive %s: %w", op, d.Path, err)
	case disk.IsFull(err):
		return fmt.Errorf("%w: %s on %s: %w", ErrFull, op, d.Path, err)
	case !disk.IsExhausted(err):
		failures.Add(1)
		d.Fence(fmt.Sprintf("%s failed: %v", op, err))
	}
	return fmt.Errorf("%s on drive %s: %w", op, d.Path, err)
}

func (d *Drive) checkRead(op string, err error) error  { return d.check(op, &d.readErrors, err) }
func (d *Drive) checkWrite(op string, err error) error { return d.check(op, &d.writeErrors, err) }

// with runs a changing operation on the disk.
func (d *Drive) with(op string, f func(disk.Disk) error) error {
	b, err := d.base()
	if err != nil {
		return err
	}
	return d.checkWrite(op, f(b))
}

// Open opens a file that exists.
func (d *Drive) Open(name string) (*File, error) {
	b, err := d.base()
	if err != nil {
		return nil, err
	}
	f, err := b.Open(name)
	if err != nil {
		return nil, d.checkRead("open", err)
	}
	return &File{drive: d, file: f}, nil
}

// Create makes a file.
func (d *Drive) Create(name string) (*File, error) {
	b, err := d.base()
	if err != nil {
		return nil, err
	}
	f, err := b.Create(name)
	if err != nil {
		return nil, d.checkWrite("create", err)
	}
	return &File{drive: d, file: f}, nil
}

// Remove unlinks a file; one that is not there is no error.
func (d *Drive) Remove(name string) error {
	err := d.with("remove", func(b disk.Disk) error { return b.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Rename moves a file over another.
func (d *Drive) Rename(from, to string) error {
	return d.with("rename", func(b disk.Disk) error { return b.Rename(from, to) })
}

// Mkdir makes a folder unless it exists.
func (d *Drive) Mkdir(name string) error {
	return d.with("make folder", func(b disk.Disk) error { return b.Mkdir(name) })
}

// SyncDir makes a folder's entries durable.
func (d *Drive) SyncDir(name string) error {
	return d.with("sync folder", func(b disk.Disk) error { return b.SyncDir(name) })
}

// List returns a folder's entries in order of name.
func (d *Drive) List(name string) ([]disk.Entry, error) {
	b, err := d.base()
	if err != nil {
		return nil, err
	}
	entries, err := b.List(name)
	return entries, d.checkRead("list", err)
}

// Space returns the size of the drive's file system and what is free, in bytes.
func (d *Drive) Space() (total, free int64, err error) {
	b, err := d.base()
	if err != nil {
		return 0, 0, err
	}
	return b.Space()
}

// close lets go of the drive.
func (d *Drive) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock != nil {
		_ = d.lock.Close()
	}
	d.lock, d.disk = nil, nil
}

// File is an open file of a drive.
type File struct {
	drive *Drive
	file  disk.File
}

// ReadFull reads exactly len(p) bytes; a file that ends before them gives an
// error that wraps io.ErrUnexpectedEOF and is no fault of the drive.
func (f *File) ReadFull(p []byte, offset int64) error {
	n, err := f.file.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case err == nil || errors.Is(err, io.EOF):
		return fmt.Errorf("read on drive %s: %w", f.drive.Path, io.ErrUnexpectedEOF)
	}
	return f.drive.checkRead("read", err)
}

// WriteAt writes all of p.
func (f *File) WriteAt(p []byte, offset int64) error {
	_, err := f.file.WriteAt(p, offset)
	return f.drive.checkWrite("write", err)
}

// Sync makes the file's bytes durable.
func (f *File) Sync() error { return f.drive.checkWrite("sync", f.file.Sync()) }

// Allocate reserves the file's space and lengthens it to that.
func (f *File) Allocate(size int64) error {
	return f.drive.checkWrite("allocate", f.file.Allocate(size))
}

// Truncate cuts the file.
func (f *File) Truncate(size int64) error {
	return f.drive.checkWrite("truncate", f.file.Truncate(size))
}

// Size returns the file's length.
func (f *File) Size() (int64, error) {
	n, err := f.file.Size()
	return n, f.drive.checkRead("stat", err)
}

// Close lets go of the file.
func (f *File) Close() error { return f.file.Close() }
