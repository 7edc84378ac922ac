//go:build !noui

// Package ui holds the built console. The files under dist are committed, so that building
// Croft needs no Node; with the build tag noui the package is empty instead.
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the built console with index.html at its root.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		// fs.Sub only refuses an invalid path, and "dist" is a valid one.
		return dist
	}
	return sub
}
