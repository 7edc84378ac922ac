package driveset

import (
	"errors"
	"io"
	"io/fs"
	"slices"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk"
)

// Candidate is what was found where a drive was announced. Its disk belongs to
// whom it is given to, who closes it.
type Candidate struct {
	Path    string    // as given
	Disk    disk.Disk // its .croft folder; nil when there is none
	Missing bool      // there is nothing at the path
	Problem error     // why the drive cannot be used, for people; nil for blank ones
	Mounted bool      // the path is the root of a file system of its own
	// FileSystem is the same for drives that share one; empty when unknown.
	FileSystem string
	// Make makes the .croft folder where Disk is nil.
	Make func() (disk.Disk, error)
	// Again looks at the place anew, without changing anything. A drive without it
	// is not found again once it is away.
	Again func() *Candidate

	format *format
	taken  bool // the disk is a drive's
}

// inspect reads a candidate's format. A drive of the engine before this one is
// refused whole, so that nobody starts on half of their drives.
func (c *Candidate) inspect() error {
	if c.Disk == nil || c.Problem != nil {
		return nil
	}
	f, err := readFormat(c.Disk)
	if errors.Is(err, fs.ErrNotExist) {
		c.Problem = c.leftovers()
		return nil
	}
	if disk.IsReadOnly(err) {
		c.Problem = unusable(c.Path, err)
		return nil
	}
	c.Problem = formatProblem(c.Path, err)
	if errors.Is(err, errOldFormat) {
		return c.Problem
	}
	c.format = f
	return nil
}

// leftovers finds what a drive holds that has lost its format file: it is not
// blank, and nobody knows whose it is.
func (c *Candidate) leftovers() error {
	entries, err := c.Disk.List(".")
	if err != nil {
		return unusable(c.Path, err)
	}
	for _, e := range entries {
		if slices.Contains(dataNames, e.Name) {
			return errs.Newf(errs.Invalid, "drive_format", "%s holds data but its format file is gone. %s", c.Path, emptyIt)
		}
	}
	return nil
}

func (c *Candidate) blank() bool { return c.format == nil && c.Problem == nil && !c.Missing }

// halfFormatted reports whether a candidate was to become a drive of a set and it
// did not come to that.
func (c *Candidate) halfFormatted() bool {
	return c.Problem == nil && c.format != nil && !c.format.Ready
}

// release closes the disk unless a drive has it.
func (c *Candidate) release() {
	if b, ok := c.Disk.(io.Closer); ok && !c.taken {
		_ = b.Close()
	}
	c.taken = true
}

// take locks the disk and makes sure that it can be written to, or at least
// read, which the state says.
func (c *Candidate) take() (a *attached, state objectstore.DriveState, reason string, err error) {
	if c.Disk == nil {
		b, err := c.Make()
		if err != nil {
			return nil, "", "", unusable(c.Path, err)
		}
		c.Disk = b
	}
	lock, err := c.Disk.Lock(lockFile)
	if errors.Is(err, disk.ErrLocked) {
		return nil, "", "", errs.Newf(errs.Conflict, "drive_locked", "%s is in use by another Croft process. Stop that one first.", c.Path)
	}
	if err != nil {
		return nil, "", "", unusable(c.Path, err)
	}
	state = objectstore.DriveOK
	if err = c.unchanged(); err == nil {
		err = probe(c.Disk)
	}
	switch {
	case err == nil || disk.IsFull(err): // reads and deletes go on
	case disk.IsReadOnly(err) && c.format != nil:
		_, reason = errs.Public(unusable(c.Path, err))
		state = objectstore.DriveFailing
	case errs.KindOf(err) == errs.Conflict:
		_ = lock.Close()
		return nil, "", "", err
	default:
		_ = lock.Close()
		return nil, "", "", unusable(c.Path, err)
	}
	c.taken = true
	return &attached{disk: c.Disk, lock: lock, fileSystem: c.FileSystem}, state, reason, nil
}

// unchanged makes sure that nobody has written to the disk between the look at it
// and its lock.
func (c *Candidate) unchanged() error {
	f, err := readFormat(c.Disk)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if (f == nil) != (c.format == nil) || f != nil && f.Sum != c.format.Sum {
		return errs.Newf(errs.Conflict, "drive_locked", "Another Croft process has just written to %s. Start again.", c.Path)
	}
	return nil
}

// probe writes to the disk, since permissions alone do not tell.
func probe(b disk.Disk) error {
	const name = "probe"
	if err := b.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := b.Create(name)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("croft"), 0)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), b.Remove(name))
}

// unusable says what is wrong with a drive in words that help.
func unusable(path string, err error) error {
	switch {
	case disk.IsFull(err):
		return errs.Wrap(err, errs.StorageFull, objectstore.ErrStorageFull.Code, path+" is full. Free some space and start again.")
	case disk.IsReadOnly(err):
		return errs.Wrap(err, errs.Invalid, "drive_not_writable", path+" cannot be written to. Mount it writable or change its permissions.")
	}
	return errs.Wrap(err, errs.Invalid, "drive_unreadable", path+" cannot be used as a drive. The log has the details.")
}
