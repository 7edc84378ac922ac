package disk

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// OS is a folder of the operating system. It holds the folder itself and not its
// path: when a file system is mounted over it, or was unmounted, nothing is ever
// written to what took its place.
type OS struct{ root *os.Root }

var _ Disk = (*OS)(nil)

// At opens a folder that exists.
func At(path string) (*OS, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return &OS{root}, nil
}

// Close lets the folder go; files that are open stay so.
func (d *OS) Close() error { return d.root.Close() }

// local turns a name into the system's form and refuses what leaves the root or
// could be no file on this system.
func local(op, name string) (string, error) {
	path, err := filepath.Localize(name)
	if err != nil {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return path, nil
}

// Open also opens a file that may only be read, as on a file system that went
// read-only after an error: what it holds can still be had, and writing fails
// with what opening it for writing said.
func (d *OS) Open(name string) (File, error) {
	path, err := local("open", name)
	if err != nil {
		return nil, err
	}
	f, err := d.open(path, os.O_RDWR)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (d *OS) open(path string, flag int) (*osFile, error) {
	f, err := d.root.OpenFile(path, flag, 0o600)
	if err == nil {
		return &osFile{File: f}, nil
	}
	if IsReadOnly(err) {
		if f, failed := d.root.Open(path); failed == nil {
			return &osFile{File: f, denied: err}, nil
		}
	}
	return nil, err
}

func (d *OS) Create(name string) (File, error) {
	path, err := local("create", name)
	if err != nil {
		return nil, err
	}
	f, err := d.root.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &osFile{File: f}, nil
}

func (d *OS) Remove(name string) error {
	path, err := local("remove", name)
	if err != nil {
		return err
	}
	return patiently(func() error { return d.root.Remove(path) })
}

func (d *OS) Rename(from, to string) error {
	old, err := local("rename", from)
	if err != nil {
		return err
	}
	path, err := local("rename", to)
	if err != nil {
		return err
	}
	return patiently(func() error { return d.root.Rename(old, path) })
}

func (d *OS) Mkdir(name string) error {
	path, err := local("mkdir", name)
	if err != nil {
		return err
	}
	err = d.root.Mkdir(path, 0o700)
	if errors.Is(err, fs.ErrExist) {
		if st, failed := d.root.Stat(path); failed == nil && st.IsDir() {
			return nil
		}
	}
	return err
}

func (d *OS) List(name string) ([]Entry, error) {
	path, err := local("list", name)
	if err != nil {
		return nil, err
	}
	dir, err := d.root.Open(path)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	found, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]Entry, 0, len(found))
	for _, f := range found {
		if f.IsDir() {
			entries = append(entries, Entry{Name: f.Name(), Dir: true})
			continue
		}
		st, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{Name: f.Name(), Size: st.Size()})
	}
	slices.SortFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	return entries, nil
}

func (d *OS) SyncDir(name string) error {
	path, err := local("sync", name)
	if err != nil {
		return err
	}
	return syncDir(d.root, path)
}

func (d *OS) Space() (total, free int64, err error) { return space(d.root) }

func (d *OS) Lock(name string) (io.Closer, error) {
	path, err := local("lock", name)
	if err != nil {
		return nil, err
	}
	f, err := d.open(path, os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, err
	}
	if err := lock(f.File); err != nil {
		_ = f.Close()
		return nil, &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	return f, nil
}

// osFile adds to os.File what the platform does its own way.
type osFile struct {
	*os.File
	denied error // why the file is open for reading only
	bypass bypass
}

func (f *osFile) Close() error { return errors.Join(f.bypass.close(), f.File.Close()) }

func (f *osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

func (f *osFile) WriteAt(p []byte, offset int64) (int, error) {
	if f.denied != nil {
		return 0, f.denied
	}
	return f.File.WriteAt(p, offset)
}

// zeros is what Allocate fills with where the system cannot reserve space.
var zeros [1 << 20]byte

// Allocate leaves the blocks unwritten where the system can reserve them. The first
// sync of each then commits that it was written, which costs less than writing
// everything twice.
func (f *osFile) Allocate(size int64) error {
	if f.denied != nil {
		return f.denied
	}
	had, err := f.Size()
	if err != nil || size <= 0 {
		return err
	}
	reserved, err := reserve(f.File, size)
	if err == nil && !reserved {
		for at := had; at < size && err == nil; at += int64(len(zeros)) {
			_, err = f.File.WriteAt(zeros[:min(size-at, int64(len(zeros)))], at)
		}
	}
	if err != nil && had < size {
		// What could not be had whole is not kept in part.
		err = errors.Join(err, f.File.Truncate(had))
	}
	return err
}

func (f *osFile) Truncate(size int64) error {
	if f.denied != nil {
		return f.denied
	}
	return f.File.Truncate(size)
}

func (f *osFile) Sync() error {
	if f.denied != nil {
		return f.denied
	}
	return syncData(f.File)
}

// control runs a system call on an open file, which cannot be closed meanwhile.
func control(f *os.File, op string, call func(fd uintptr) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) {
		for {
			if failed = call(fd); !errors.Is(failed, syscall.EINTR) {
				return
			}
		}
	}); err != nil {
		failed = fs.ErrClosed // the one reason there is
	}
	if failed != nil {
		return &fs.PathError{Op: op, Path: f.Name(), Err: failed}
	}
	return nil
}
