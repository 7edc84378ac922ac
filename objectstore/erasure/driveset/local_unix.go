//go:build unix

package driveset

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// mounted reports whether a folder is on another file system than its parent.
func mounted(path string, st fs.FileInfo) bool {
	parent, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return false
	}
	a, ok := st.Sys().(*syscall.Stat_t)
	b, ok2 := parent.Sys().(*syscall.Stat_t)
	return ok && ok2 && a.Dev != b.Dev
}

// fileSystem names the file system that a folder is on by its device.
func fileSystem(path string) string {
	st, err := os.Stat(path)
	if err != nil {
		return ""
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%x", sys.Dev)
}
