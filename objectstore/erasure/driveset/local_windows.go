package driveset

import "io/fs"

// mounted is not known on Windows, where an absent drive has no path either.
func mounted(string, fs.FileInfo) bool { return false }
