package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
)

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

func isExhausted(err error) bool {
	return errors.Is(err, windows.ERROR_TOO_MANY_OPEN_FILES) || errors.Is(err, windows.ERROR_NOT_ENOUGH_MEMORY) ||
		errors.Is(err, windows.ERROR_NO_SYSTEM_RESOURCES)
}

func isReadOnly(err error) bool { return errors.Is(err, windows.ERROR_WRITE_PROTECT) }

// patience is how long a file that was just written may be held by whoever looks
// into every new file, such as a virus scanner; it is the longest of the pauses,
// which double. Only then is it the drive's fault.
const patience = time.Second

// patiently tries again what a stranger's hold on a file keeps from happening.
func patiently(try func() error) error {
	for pause := time.Millisecond; ; pause *= 2 {
		err := try()
		if err == nil || pause > patience ||
			!errors.Is(err, windows.ERROR_ACCESS_DENIED) && !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return err
		}
		time.Sleep(pause)
	}
}

// syncDir flushes the folder's handle, which on NTFS writes out the journal with
// all that was made, moved and removed. A file system that knows no such call is
// taken at its word.
func syncDir(root *os.Root, path string) error {
	full := filepath.Join(root.Name(), path)
	name, err := windows.UTF16PtrFromString(full)
	if err != nil {
		return &fs.PathError{Op: "sync", Path: full, Err: err}
	}
	dir, err := windows.CreateFile(name, windows.GENERIC_WRITE,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err == nil {
		err = errors.Join(windows.FlushFileBuffers(dir), windows.CloseHandle(dir))
	}
	switch {
	case err == nil, errors.Is(err, windows.ERROR_ACCESS_DENIED), errors.Is(err, windows.ERROR_INVALID_FUNCTION),
		errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_PARAMETER):
		return nil
	}
	return &fs.PathError{Op: "sync", Path: full, Err: err}
}

// lock takes the file's exclusive lock, which the system lets go when the process
// ends however it ends.
func lock(f *os.File) error {
	err := control(f, "lock", func(fd uintptr) error {
		return windows.LockFileEx(windows.Handle(fd), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
			0, 1, 0, new(windows.Overlapped))
	})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return ErrLocked
	}
	return err
}

func space(root *os.Root) (total, free int64, err error) {
	name, err := windows.UTF16PtrFromString(root.Name())
	if err != nil {
		return 0, 0, err
	}
	var avail, size uint64
	if err := windows.GetDiskFreeSpaceEx(name, &avail, &size, nil); err != nil {
		return 0, 0, err
	}
	return int64(size), int64(avail), nil
}
