//go:build unix

package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// The codes of package syscall are the system's own.
func isFull(error) bool      { return false }
func isExhausted(error) bool { return false }
func isReadOnly(error) bool  { return false }

// patiently tries once: nothing that looks into a file keeps it from moving.
func patiently(try func() error) error { return try() }

func syncDir(root *os.Root, path string) error {
	dir, err := root.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// lock takes the file's exclusive lock, which the system lets go when the process
// ends however it ends.
func lock(f *os.File) error {
	err := control(f, "flock", func(fd uintptr) error { return unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

func space(root *os.Root) (total, free int64, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return 0, 0, err
	}
	defer dir.Close()
	var st unix.Statfs_t
	if err := control(dir, "statfs", func(fd uintptr) error { return unix.Fstatfs(int(fd), &st) }); err != nil {
		return 0, 0, err
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize), nil
}
