// Package accesslog keeps what S3 requests changed as JSON lines in a folder: in
// s3-access.log, which is rotated by size to s3-access-00000001.log and so on.
//
// It promises that Record never waits for a disk and holds a bounded amount of
// memory: what does not fit is counted, and the count becomes a line. A line is in
// its file within about a second, not synced: a power cut may take the last ones.
// While nothing is recorded nothing is written. It is a record for people, not
// evidence: what must not be lost stands in the audit log.
package accesslog
