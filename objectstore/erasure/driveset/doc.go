// Package driveset is the drives of one erasure set: which belong together and
// in what order, how each of them is, and how bytes are coded across them.
//
// A drive is known by the format file in its .croft folder, not by the path it
// is given under. A drive on which an operation fails through the disk's fault is
// fenced: what it holds may still be read, since readers verify everything, but
// it is not written to before somebody has looked at it anew. One that went away
// is looked for, and one that was lost is replaced by a blank one in its stead, as
// long as enough of the others are there to agree on that.
//
// The package refuses drives of several deployments, one drive given twice,
// drives that were replaced by others, and those of an earlier engine. It knows
// nothing of objects.
package driveset
