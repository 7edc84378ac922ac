package driveset

import (
	"io/fs"

	"golang.org/x/sys/windows"
)

// mounted is not known on Windows, where an absent drive has no path either.
func mounted(string, fs.FileInfo) bool { return false }

// fileSystem names the volume that a folder is on.
func fileSystem(path string) string {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return ""
	}
	root := make([]uint16, windows.MAX_LONG_PATH)
	if err := windows.GetVolumePathName(name, &root[0], uint32(len(root))); err != nil {
		return ""
	}
	volume := make([]uint16, 64) // \\?\Volume{GUID}\ has 49
	if err := windows.GetVolumeNameForVolumeMountPoint(&root[0], &volume[0], uint32(len(volume))); err != nil {
		return windows.UTF16ToString(root) // a network share has no such name
	}
	return windows.UTF16ToString(volume)
}
