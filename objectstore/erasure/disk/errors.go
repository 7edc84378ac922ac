package disk

import (
	"errors"
	"io/fs"
	"syscall"
)

// ErrLocked says that somebody else holds the lock.
var ErrLocked = errors.New("is locked")

// IsFull reports that something failed for want of space or quota, which is no
// fault of the drive.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || isFull(err)
}

// IsExhausted reports that this process or machine ran out of something, files
// or memory, which is no fault of the drive either.
func IsExhausted(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ENOMEM) || isExhausted(err)
}

// IsReadOnly reports that the file system or its rights allow no writing.
func IsReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) || isReadOnly(err)
}
