// Package inventory writes lists of what is in buckets, as S3's inventory reports: files
// of rows in another bucket, and a manifest that names them.
//
// A report is whole or it is not there: the manifest's checksum is written last, and what
// a crash left of a report is removed when the next is made. Nothing but the
// configurations is kept; when the last report was made, the reports themselves say.
//
// A report is no moment's picture, as in S3: what is written while the bucket is listed
// may be in it or not. It is made at leisure, page by page, with little in memory.
package inventory
