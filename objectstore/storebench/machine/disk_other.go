//go:build !linux

package machine

import "os"

func syncData(f *os.File) error { return f.Sync() }

// syncDir does nothing: not every system can sync a directory.
func syncDir(string) error { return nil }

func forget(*os.File) {}

// FileSystem names what a folder lies on, and says whether that is memory.
func FileSystem(string) (name string, memory bool) { return "unknown", false }

// Allocated is how many bytes of the disk a file occupies.
func Allocated(info os.FileInfo) int64 { return info.Size() }
