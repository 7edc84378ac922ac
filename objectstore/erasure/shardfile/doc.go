// Package shardfile keeps large bodies on the drives of a set: each body is cut
// into stripes, coded, and streamed to one file on every drive, under a name that
// is used once.
//
// It promises:
//
//   - What Write has returned without error is in files that are synced, with
//     their names, on a write quorum of drives. Nothing tells of a body but who
//     keeps its Body; files nobody tells of are found by Orphans.
//   - Open gives the bytes that were written or an error. Blocks that a drive lacks
//     or has wrong are computed from the others and reported; a slow drive is read
//     around.
//   - Memory does not grow with the size of a body.
//
// A file is the drive's share of all stripes, one chunk behind the other, then the
// checksums of its blocks, then a tail that says what the file is. The checksums
// are bound to the body and to the drive's place, so that a right block in a wrong
// file is a wrong block. docs/storage-format.md describes the bytes.
package shardfile
