// Package index is the catalogue of an erasure-coded store: which buckets,
// objects, versions, uploads and large files there are, in one SQLite file.
//
// It is a cache. All it knows was said on the drives first; its file may be
// deleted at any time and is then built anew. So a commit is not synced: after a
// crash of the machine the catalogue is whole and at some state it once had,
// perhaps an earlier one, and the log position kept in the same transaction (Set)
// says which. Sync makes everything applied durable. Applied is visible at once
// to every read that starts afterwards.
//
// Values are opaque bytes of the caller. Keys are arbitrary bytes, compared as
// bytes. Every value carries a checksum, of its key as well, which every read
// verifies: what a read returns was once put, and what cannot be right is
// ErrUnusable. That nothing is missing is as sure as the structure of SQLite's
// file, which only Verify checks through and through.
package index
