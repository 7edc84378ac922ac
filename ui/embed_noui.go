//go:build noui

// Package ui is empty in this build: the console's files were left out with the tag noui.
package ui

import (
	"embed"
	"io/fs"
)

// Dist returns an empty file system.
func Dist() fs.FS { return embed.FS{} }
