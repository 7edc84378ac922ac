//go:build !linux

package disk

import "os"

// bypass is nothing here.
type bypass struct{}

func (bypass) close() error { return nil }

// syncData is os.File.Sync, which on macOS waits for the drive itself.
func syncData(f *os.File) error { return f.Sync() }

// reserve makes the file longer; writing it is what reserves here.
func reserve(f *os.File, size int64) (bool, error) {
	st, err := f.Stat()
	if err != nil || st.Size() >= size {
		return false, err
	}
	return false, f.Truncate(size)
}
