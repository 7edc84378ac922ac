// Package simdisk is a machine of drives in memory that can lose its power, for
// tests of what is there afterwards.
//
// It keeps what disk.Disk promises and nothing beyond, and takes away as much as
// that allows:
//
//   - A file's bytes and length survive a crash when they were synced since. Of
//     what was not, each sector of 512 bytes is found old, new or as it was
//     between, independently of all others, and the length is one that the file
//     had since or, where it grew, one on the way there.
//   - That a file was made, moved or removed survives when its folder was synced
//     since. Of what was not, each folder keeps the beginning of its changes, up
//     to a point of its own. A move from one folder to another happened in both or
//     in neither. A folder whose own entry is lost is lost with all in it.
//   - After a sync that failed, what was to be synced may be lost even if a later
//     sync succeeds: the system holds it for written.
//   - The operation during which the power goes is done, half done or not done.
//
// What a crash leaves follows from the machine's seed, from how many outcomes were
// drawn before and from what was done to the drives, and from nothing else. All of
// it is safe for concurrent use; operations are done one at a time.
package simdisk
