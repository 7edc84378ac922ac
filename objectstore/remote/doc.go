// Package remote reaches S3 clusters of others through minio-go. Target, Dial and
// Check are for whoever keeps something in one; they settle endpoint, TLS, region,
// time-outs and retries in one place, and Explain turns what a cluster answers
// into errors that say what to do.
//
// It promises that secrets show in no log, that nothing goes over a connection
// that is not encrypted unless the endpoint says http, and that a connection on
// which nothing moves ends in an error.
package remote
