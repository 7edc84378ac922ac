// Package s3clients holds the tests that drive unmodified S3 clients, as their
// users run them, against the real program: the aws command line, boto3, s3cmd,
// rclone, restic, s3fs, the JavaScript ones and Java's. It exports nothing.
package s3clients
