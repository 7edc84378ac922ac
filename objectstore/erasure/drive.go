package erasure

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"croft/objectstore"
)

// Where things are on a drive. Everything is below .croft, so that a folder
// with other files in it may be a drive.
const (
	croftDir    = ".croft"
	formatFile  = "format.json"
	lockFile    = "drive.lock"
	storeDir    = "store"
	tmpDir      = "tmp"
	versionsDir = "versions"
)

// drive is one folder that holds shards. After an error that is the disk's fault
// it is fenced: what it holds may still be read, since all of it is verified, but
// nothing is written to it before a restart has looked at it anew.
type drive struct {
	path  string // as given
	place int
	log   *slog.Logger
	lock  *os.File
	// fault, when set by a test, may fail an operation ("create", "write",
	// "sync", "rename", "syncdir", "remove", "read") before it reaches the disk.
	fault func(op string) error

	mu     sync.Mutex // guards the following 2 fields
	state  objectstore.DriveState
	reason string
}

func (d *drive) status() (objectstore.DriveState, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state, d.reason
}

func (d *drive) writable() bool {
	s, _ := d.status()
	return s == objectstore.DriveOK
}

func (d *drive) readable() bool {
	s, _ := d.status()
	return s != objectstore.DriveOffline
}

// errDriveFull marks a failure that is not the drive's fault.
var errDriveFull = errors.New("drive is full")

// check passes on err and fences the drive unless the fault lies elsewhere.
func (d *drive) check(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return fmt.Errorf("%w: %s %s: %w", errDriveFull, op, d.path, err)
	case !isExhausted(err):
		d.fence(fmt.Sprintf("%s failed: %v", op, err))
	}
	return fmt.Errorf("%s on drive %s: %w", op, d.path, err)
}

func (d *drive) fence(reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == objectstore.DriveOK {
		d.state, d.reason = objectstore.DriveFailing, reason
		d.log.Error("drive fenced", "path", d.path, "reason", reason)
	}
}

func (d *drive) injected(op string) error {
	if d.fault == nil {
		return nil
	}
	return d.fault(op)
}

func (d *drive) join(elem ...string) string {
	return filepath.Join(append([]string{d.path, croftDir}, elem...)...)
}

func (d *drive) versionPath(f file) string {
	return d.join(storeDir, versionsDir, f.folder, f.base())
}

func (d *drive) tmpPath(id versionID) string {
	return d.join(storeDir, tmpDir, fmt.Sprintf("%x", id[:]))
}

// create makes the temporary file that a shard is staged in.
func (d *drive) create(id versionID) (*os.File, error) {
	if err := d.injected("create"); err != nil {
		return nil, d.check("create", err)
	}
	f, err := os.OpenFile(d.tmpPath(id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	return f, d.check("create", err)
}

func (d *drive) write(f *os.File, b []byte) error {
	if err := d.injected("write"); err != nil {
		return d.check("write", err)
	}
	_, err := f.Write(b)
	return d.check("write", err)
}

// seal makes a staged file's bytes durable and closes it.
func (d *drive) seal(f *os.File) error {
	if err := d.injected("sync"); err != nil {
		_ = f.Close()
		return d.check("sync", err)
	}
	err := f.Sync()
	return d.check("sync", errors.Join(err, f.Close()))
}

// discard removes a staged file; open's sweep gets what this leaves.
func (d *drive) discard(id versionID) { _ = os.Remove(d.tmpPath(id)) }

// publish moves a staged file to its place and makes its entry durable. The move
// is taken back when it may not have become durable.
func (d *drive) publish(f file) error {
	err := d.injected("rename")
	if err == nil {
		err = replaceFile(d.tmpPath(f.id), d.versionPath(f))
	}
	if err != nil {
		return d.check("rename", err)
	}
	if err = d.injected("syncdir"); err == nil {
		err = syncDir(filepath.Dir(d.versionPath(f)))
	}
	if err = d.check("sync directory", err); err != nil {
		_ = os.Remove(d.versionPath(f))
	}
	return err
}

// remove unlinks versions of one name. Files that are not there are no error.
func (d *drive) remove(files []file) error {
	for _, f := range files {
		err := d.injected("remove")
		if err == nil {
			err = os.Remove(d.versionPath(f))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return d.check("remove", err)
		}
	}
	return nil
}

// removeDurably is remove, with the ends of the files on the disk when it returns.
func (d *drive) removeDurably(files []file) error {
	if err := d.remove(files); err != nil {
		return err
	}
	err := d.injected("syncdir")
	for i, f := range files {
		if err == nil && (i == 0 || f.folder != files[i-1].folder) {
			err = syncDir(filepath.Dir(d.versionPath(f)))
		}
	}
	return d.check("sync directory", err)
}

// open opens a version's shard. A missing file is the version's loss, not the
// drive's fault.
func (d *drive) open(f file) (*os.File, error) {
	err := d.injected("open")
	if err != nil {
		return nil, err
	}
	h, err := openShared(d.versionPath(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, d.check("open", err)
	}
	return h, err
}

// readAt reads from an open shard; the drive is fenced when the disk fails.
func (d *drive) readAt(f *os.File, p []byte, offset int64) error {
	err := d.injected("read")
	if err == nil {
		err = readFullAt(f, p, offset)
	}
	if err != nil && !errors.Is(err, errShardFile) {
		return d.check("read", err)
	}
	return err
}

// makeDirs is os.MkdirAll whose new entries are durable.
func makeDirs(path string) error {
	if st, err := os.Stat(path); err == nil {
		if !st.IsDir() {
			return &os.PathError{Op: "mkdir", Path: path, Err: errors.New("is not a folder")}
		}
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeDirs(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

// writeDurably replaces a small file as a whole.
func writeDurably(path string, b []byte) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = replaceFile(tmp, path)
	}
	if err != nil {
		_ = os.Remove(tmp)
		return err
	}
	return syncDir(filepath.Dir(path))
}
