//go:build unix

package erasure

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openShared opens a file for reading in a way that lets it be unlinked
// meanwhile; the reader keeps what it opened.
func openShared(path string) (*os.File, error) { return os.Open(path) }

// replaceFile renames; syncDir makes it durable.
func replaceFile(from, to string) error { return os.Rename(from, to) }

// syncDir makes the entries of a directory durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}

// tryLock takes the file's exclusive lock, which the system lets go when the
// process ends however it ends. false means that another process holds it.
func tryLock(f *os.File) (bool, error) {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

// isFull reports that a write failed for want of space, which is no fault of the drive.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// isExhausted reports that this process ran out of something, which is no fault
// of the drive either.
func isExhausted(err error) bool {
	return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM)
}

func isReadOnly(err error) bool {
	return errors.Is(err, unix.EROFS) || errors.Is(err, os.ErrPermission)
}

// space returns the size of the file system that holds path and what is free in it.
func space(path string) (total, free int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return 0, 0, err
	}
	return int64(st.Blocks) * int64(st.Bsize), int64(st.Bavail) * int64(st.Bsize), nil
}
