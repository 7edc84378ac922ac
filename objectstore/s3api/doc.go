// Package s3api speaks the S3 protocol over an objectstore.Store: path-style
// and virtual-host requests, Signature Version 4, and S3's own XML and error codes.
//
// It promises that nothing happens before a request is authenticated and
// authorised; that a body is stored only if its length, signature, digests and
// checksums all hold; and that a client never takes a truncated answer for a
// whole one, because an error in the middle of a body aborts the connection.
//
// It refuses what it does not implement with NotImplemented rather than
// pretending. docs/s3.md lists call by call what works.
package s3api
