//go:build !linux

package disk

import "os"

// syncData is os.File.Sync, which on macOS waits for the drive itself.
func syncData(f *os.File) error { return f.Sync() }

// reserve does nothing but make the file longer; writing it is what reserves.
func reserve(f *os.File, size int64) error {
	st, err := f.Stat()
	if err != nil || st.Size() >= size {
		return err
	}
	return f.Truncate(size)
}
