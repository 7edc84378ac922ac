package driveset

import "croft/objectstore/erasure/disk"

// Flush begins to write bytes out ahead of Sync, where the disk can. It is a hint;
// what goes wrong Sync tells.
func (f *File) Flush(offset, length int64) {
	if d, ok := f.file.(disk.Flusher); ok {
		d.Flush(offset, length)
	}
}
