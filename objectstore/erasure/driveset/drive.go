package driveset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk"
)

// ErrFull marks a failure for want of space, which is not the drive's fault.
var ErrFull = errors.New("drive is full")

// ErrAway says that an operation was asked of a drive that is offline, or of a
// file of a disk that is no longer the drive's.
var ErrAway = errors.New("drive is offline")

// Drive is one drive of a set. Its file operations pass the disk's, sort the
// errors, and fence the drive when one is the disk's fault. The disk may come, go
// and be another one meanwhile.
type Drive struct {
	Path  string // as given
	Place int
	log   *slog.Logger

	readErrors  atomic.Int64
	writeErrors atomic.Int64
	misreads    misreads
	reads       meter
	syncs       meter
	space       question[*space]
	looks       question[*Candidate]
	silent      atomic.Int32 // times it was asked for its room and has not said

	// The set's mutex guards the following 2 fields.
	again func() *Candidate // looks at the path anew; nil when that is not possible
	knows int               // generation of the format on the disk; 0 is none that counts

	mu     sync.RWMutex // guards the following 4 fields
	id     string
	at     *attached // nil while the drive is offline
	state  objectstore.DriveState
	reason string
}

// attached is a disk that is, or was, a drive's.
type attached struct {
	disk       disk.Disk
	lock       io.Closer
	fileSystem string
	gone       atomic.Bool // it is the drive's no longer
	settled    atomic.Bool // nothing that it shows is of a process that did not sync it
}

func (a *attached) close() {
	a.gone.Store(true)
	_ = a.lock.Close()
	if c, ok := a.disk.(io.Closer); ok {
		_ = c.Close()
	}
}

// Status is how the drive is, and why when it is not well.
func (d *Drive) Status() (state objectstore.DriveState, reason string) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.state, d.reason
}

// ID names the drive for ever, whatever its path. It is empty while unknown. A
// drive that takes a lost one's place has another.
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
	return d.at != nil
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
	d.fence(reason)
}

// fence is Fence for a caller who holds mu.
func (d *Drive) fence(reason string) {
	if d.state == objectstore.DriveOK || d.state == objectstore.DriveHealing {
		d.state, d.reason = objectstore.DriveFailing, reason
		d.log.Error("drive fenced", "path", d.Path, "reason", reason)
	}
}

// attach makes a disk the drive's.
func (d *Drive) attach(a *attached, id string, state objectstore.DriveState, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.misreads.end()
	d.reads.reset()
	d.syncs.reset()
	d.at, d.id, d.state, d.reason = a, id, state, reason
}

// away takes the disk from the drive, if it has one, and says why it is offline.
func (d *Drive) away(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at != nil {
		d.at.close()
		d.at = nil
	}
	_, reason := errs.Public(err)
	if d.state != objectstore.DriveOffline || d.reason != reason {
		d.log.Warn("drive offline", "path", d.Path, "reason", reason, "error", err)
	}
	d.state, d.reason = objectstore.DriveOffline, reason
}

// close lets go of the disk.
func (d *Drive) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at != nil {
		d.at.close()
		d.at = nil
	}
}

func (d *Drive) disk() (*attached, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.at == nil {
		return nil, fmt.Errorf("%s: %w", d.Path, ErrAway)
	}
	return d.at, nil
}

// check passes on the error of an operation on a disk, and marks ErrFull. When it
// is the disk's fault it is counted and blame says why to fence the drive, or
// nothing. A file that is missing is nobody's fault.
func (d *Drive) check(a *attached, op string, err error, count *atomic.Int64, blame func() string) error {
	switch {
	case err == nil:
		return nil
	case a.gone.Load():
		return fmt.Errorf("%s on drive %s: %w: %w", op, d.Path, ErrAway, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist), errors.Is(err, io.EOF), errors.Is(err, fs.ErrClosed):
	case disk.IsFull(err):
		return fmt.Errorf("%w: %s on %s: %w", ErrFull, op, d.Path, err)
	case disk.IsExhausted(err):
	default:
		count.Add(1)
		if reason := blame(); reason != "" {
			d.fault(a, reason)
		}
	}
	return fmt.Errorf("%s on drive %s: %w", op, d.Path, err)
}

// checkWrite fences the drive after any error.
func (d *Drive) checkWrite(a *attached, op string, err error) error {
	return d.check(a, op, err, &d.writeErrors, func() string { return fmt.Sprintf("%s failed: %v", op, err) })
}

// checkRead fences the drive when nothing of it can be read any more.
func (d *Drive) checkRead(a *attached, op, name string, offset int64, err error) error {
	return d.check(a, op, err, &d.readErrors, func() string {
		if !d.misreads.add(name, offset) {
			return ""
		}
		return fmt.Sprintf("reads failed in %d places in a row, in the last one with: %v", manyMisreads, err)
	})
}

// fault fences the drive unless it has another disk by now.
func (d *Drive) fault(a *attached, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at == a {
		d.fence(reason)
	}
}

// change runs a changing operation on the disk.
func (d *Drive) change(op string, f func(disk.Disk) error) error {
	a, err := d.disk()
	if err != nil {
		return err
	}
	return d.checkWrite(a, op, f(a.disk))
}

// Open opens a file that exists.
func (d *Drive) Open(name string) (*File, error) {
	a, err := d.disk()
	if err != nil {
		return nil, err
	}
	f, err := a.disk.Open(name)
	if err = d.checkRead(a, "open", name, 0, err); err != nil {
		return nil, err
	}
	return &File{drive: d, on: a, file: f, name: name}, nil
}

// Create makes a file.
func (d *Drive) Create(name string) (*File, error) {
	a, err := d.disk()
	if err != nil {
		return nil, err
	}
	f, err := a.disk.Create(name)
	if err = d.checkWrite(a, "create", err); err != nil {
		return nil, err
	}
	return &File{drive: d, on: a, file: f, name: name}, nil
}

// Remove unlinks a file; one that is not there is no error.
func (d *Drive) Remove(name string) error {
	err := d.change("remove", func(b disk.Disk) error { return b.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Rename moves a file over another.
func (d *Drive) Rename(from, to string) error {
	return d.change("rename", func(b disk.Disk) error { return b.Rename(from, to) })
}

// Mkdir makes a folder unless it exists.
func (d *Drive) Mkdir(name string) error {
	return d.change("make folder", func(b disk.Disk) error { return b.Mkdir(name) })
}

// SyncDir makes a folder's entries durable.
func (d *Drive) SyncDir(name string) error {
	return d.change("sync folder", func(b disk.Disk) error { return b.SyncDir(name) })
}

// Settle makes durable what the drive shows and a process that ended did, which may
// have come to the change and not to its sync. Ask it before something that is
// already there is taken for done. Where the system cannot do that it does nothing.
func (d *Drive) Settle() error {
	a, err := d.disk()
	if err != nil || a.settled.Load() || !d.Writable() {
		return err
	}
	if s, ok := a.disk.(disk.Settler); ok {
		if err := d.checkWrite(a, "sync", s.Settle()); err != nil {
			return err
		}
	}
	a.settled.Store(true)
	return nil
}

// List returns a folder's entries in order of name.
func (d *Drive) List(name string) ([]disk.Entry, error) {
	a, err := d.disk()
	if err != nil {
		return nil, err
	}
	entries, err := a.disk.List(name)
	return entries, d.checkRead(a, "list", name, 0, err)
}

// Space returns the size of the drive's file system and what is free, in bytes.
func (d *Drive) Space() (total, free int64, err error) {
	a, err := d.disk()
	if err != nil {
		return 0, 0, err
	}
	return a.disk.Space()
}

// FileSystem says which file system the drive is on: drives with the same one
// share its space. It is empty when that is unknown.
func (d *Drive) FileSystem() string {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.at == nil {
		return ""
	}
	return d.at.fileSystem
}
