// Package erasure is the object store on local drives: what it is told is coded
// with Reed-Solomon across a set of drives, so that some of them may be lost. It
// promises what package objectstore asks of an engine.
//
// Small objects and all metadata go to a log that every drive keeps (seglog), large
// bodies to shard files that the log names (shardfile). A change is what the log
// says, once it is on a write quorum of drives and synced. The catalogue (index)
// tells where things are; it follows the log, may be deleted, and is then built
// anew from the drives, which are the only truth.
//
// One name is changed by one caller at a time, under its lock: what it holds is
// read, conditions are checked, and the entry is appended. Batches of entries of
// different names go to the drives together.
//
// An error that is the disk's fault fences the drive. What drives lack or have
// wrong is computed from the others when it is read, and written back by Run. Only
// one process may have the drives open.
package erasure
