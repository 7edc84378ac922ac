// Package seglog is the log that an erasure set keeps on its drives: an
// append-only sequence of batches in preallocated segments. What arrives while
// the last batch is being synced is the next one; a batch costs one write and one
// sync on each drive, the drives side by side.
//
// A batch is a record that has the same segment, offset and length on all
// drives. Its head, with all metadata, is the same everywhere; behind it stands
// one shard of the payload. Small payloads lie whole in one data shard, so that
// reading one back is one read from one drive and one check; larger ones are cut
// over all data shards. Checksums are in the metadata, beside the bytes.
//
// It promises:
//
//   - What Append has returned without error is on a write quorum of drives, synced,
//     was applied, and is replayed after any crash, in the order of the log.
//   - A record that was cut off, or that was never acknowledged and cannot be read,
//     is not replayed. One that could be read is, and then always.
//   - Read returns the bytes that were appended or an error. What a drive lacks or
//     has wrong is computed from the others and reported for repair.
//
// It knows nothing of objects: metadata are bytes to it. Which segments are free
// is told by its user. docs/storage-format.md describes the bytes.
package seglog
