// Package s3client is a client of the S3 protocol that costs its process as
// little as it can: one connection, one request at a time, buffers that are used
// again, nothing decoded that is not needed. A load generator shares the machine
// with the server it measures, so whatever it burns is missing there.
//
// It trusts the server where a real client must not: names are sent unescaped and
// answers are searched rather than parsed. Statuses and lengths are checked.
package s3client
