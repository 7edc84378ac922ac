// Package disk is the smallest file interface that the engine needs of a drive,
// so that one implementation can be the operating system's and another a
// simulator that loses power.
//
// Nothing is durable until it was synced: a file's bytes and length by
// File.Sync, the fact that it exists under a name by SyncDir of its folder. An
// implementation promises no more than that, and the engine relies on no more.
//
// Names are relative and separated by slashes, as fs.ValidPath has them; others
// fail with fs.ErrInvalid. "." is the root, for List and SyncDir. Errors are those
// of package os (match with errors.Is against fs.ErrNotExist and fs.ErrExist) and
// of the system; IsFull, IsExhausted and IsReadOnly sort them.
package disk

import "io"

// Disk is one drive's folder. Its methods may be called concurrently.
type Disk interface {
	// Open opens a file that exists, or fs.ErrNotExist: for reading and writing, or
	// for reading alone where the drive does not let itself be written to.
	Open(name string) (File, error)
	// Create makes an empty file for its owner alone, or fs.ErrExist.
	Create(name string) (File, error)
	// Remove unlinks a file or an empty folder. Files that are open stay usable
	// until closed.
	Remove(name string) error
	// Rename moves a file, not a folder, replacing the file that the new name held.
	// Between folders it is durable once both are synced.
	Rename(from, to string) error
	// Mkdir makes a folder whose parent exists; one that exists is no error.
	Mkdir(name string) error
	// List returns a folder's entries in order of name.
	List(name string) ([]Entry, error)
	// SyncDir makes a folder's entries durable: what was made, moved and removed.
	SyncDir(name string) error
	// Space returns the size of the file system and what is free in it, in bytes.
	Space() (total, free int64, err error)
	// Lock takes a file's exclusive lock, making the file where it is missing. The
	// lock ends with Close or with the process. It fails with ErrLocked when
	// somebody holds it, in this process or another. On a drive that cannot be
	// written to it takes the lock of a file that exists.
	Lock(name string) (io.Closer, error)
}

// Entry is one name in a folder.
type Entry struct {
	Name string
	Size int64 // of a file
	Dir  bool
}

// File is an open file. Its methods may be called concurrently. Files grow when
// written behind their end. After a write that failed nothing is known about the
// bytes it was for.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Size returns the file's length.
	Size() (int64, error)
	// Allocate makes the file at least size bytes long, the new bytes zero, and
	// reserves the space, so that writing there does not fail for want of it and a
	// sync need not commit a new length. Nothing may be written
	// behind the end meanwhile. Where space is lacking the length stays as it was.
	Allocate(size int64) error
	// Truncate cuts the file to a length and gives the space back.
	Truncate(size int64) error
	// Sync makes the bytes written so far, and the length needed to read them
	// back, durable. After an error nothing is known about any of them.
	Sync() error
}

// Settler is a second interface of disks that can make durable what others did to
// them: processes that ended between a change and its sync, of which nobody can
// tell any more which ones lack theirs.
type Settler interface {
	// Settle makes everything durable that the disk shows.
	Settle() error
}

// Bypasser is a second interface of files whose writes can go to the drive without
// a copy of the bytes being made and kept in memory.
type Bypasser interface {
	// WritePast is WriteAt that does so if it can and the bytes are aligned: in
	// memory, where they go and in number, to multiples of BypassAlign. They are no
	// more durable than others before Sync.
	WritePast(p []byte, offset int64) (int, error)
}

// BypassAlign suits all drives whose sectors are not longer.
const BypassAlign = 4096

// Flusher is a second interface of files that can begin to write bytes out ahead
// of the Sync that makes them durable, so that it has less to do.
type Flusher interface {
	// Flush is a hint and promises nothing; what goes wrong Sync tells.
	Flush(offset, length int64)
}
