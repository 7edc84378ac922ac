package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncData leaves out what reading the bytes back does not need, such as times.
func syncData(f *os.File) error {
	return control(f, "fdatasync", func(fd uintptr) error { return unix.Fdatasync(int(fd)) })
}

// reserve makes the file at least size bytes long in as few pieces as the file
// system can, and reports whether it can.
func reserve(f *os.File, size int64) (bool, error) {
	err := control(f, "fallocate", func(fd uintptr) error { return unix.Fallocate(int(fd), 0, 0, size) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return false, nil
	}
	return err == nil, err
}

var _ Settler = (*OS)(nil)

// Settle implements Settler.
func (d *OS) Settle() error {
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(control(dir, "syncfs", func(fd uintptr) error { return unix.Syncfs(int(fd)) }), dir.Close())
}

var _ Flusher = (*osFile)(nil)

// Flush implements Flusher.
func (f *osFile) Flush(offset, length int64) {
	_ = control(f.File, "sync_file_range", func(fd uintptr) error {
		return unix.SyncFileRange(int(fd), offset, length, unix.SYNC_FILE_RANGE_WRITE)
	})
}
