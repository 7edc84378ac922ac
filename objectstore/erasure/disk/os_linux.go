package disk

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"

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

// bypass is a file opened a second time, for writes past the page cache: those of
// the first one go through it, and reads find there what was written last.
type bypass struct {
	mu    sync.Mutex // guards the following 2 fields
	file  *os.File   // nil when there is none
	tried bool
}

// of returns the second opening, nil where the file system has none like it.
func (b *bypass) of(f *os.File) *os.File {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.tried {
		b.tried = true
		_ = control(f, "open", func(fd uintptr) (err error) {
			// By its name another file may be found by now.
			b.file, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", fd), os.O_RDWR|unix.O_DIRECT, 0)
			return err
		})
	}
	return b.file
}

func (b *bypass) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tried = true
	if b.file == nil {
		return nil
	}
	defer func() { b.file = nil }()
	return b.file.Close()
}

var _ Bypasser = (*osFile)(nil)

// WritePast implements Bypasser.
func (f *osFile) WritePast(p []byte, offset int64) (int, error) {
	if f.denied != nil || !aligned(p, offset) {
		return f.WriteAt(p, offset)
	}
	past := f.bypass.of(f.File)
	if past == nil {
		return f.WriteAt(p, offset)
	}
	n, err := past.WriteAt(p, offset)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.EOPNOTSUPP): // not with this drive's sectors, or this file system
		_ = f.bypass.close()
		return f.WriteAt(p, offset)
	case errors.Is(err, os.ErrClosed): // by somebody who just found that out, or with the file
		return f.WriteAt(p, offset)
	}
	return n, err
}

func aligned(p []byte, offset int64) bool {
	return len(p) > 0 && (uint64(uintptr(unsafe.Pointer(unsafe.SliceData(p))))|uint64(len(p))|uint64(offset))%BypassAlign == 0
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
