// Package remote keeps objects in an S3 cluster of somebody else, through minio-go.
//
// Store is a whole engine there, for teams that outgrew one machine: a bucket is a
// bucket of the cluster, PREFIX-name, a key is the same key, and the bucket PREFIX
// holds what S3 has no place for: which buckets there are and whose, and what is
// known of an object only once its body has ended. It promises what package
// objectstore promises as far as the cluster does, and refuses at start a cluster
// that would break it: one that ignores conditions on writes, or whose ETags are
// not the MD5 of what was sent. What S3 cannot promise: versions, locks, quotas,
// encryption and compression by Croft (refused, never ignored), keys of nothing but
// blanks, and times finer than a second. Bytes are checked against the ETag when an
// object is read from its beginning to its end; ranges are as right as the
// cluster and TLS make them.
//
// Target, Dial and Check are for whoever else keeps something in a cluster; they
// settle endpoint, TLS, region, time-outs and retries in one place, and Explain
// turns what a cluster answers into errors that say what to do. Secrets show in no
// log, nothing goes unencrypted unless the endpoint says http, and a connection on
// which nothing moves ends in an error.
package remote
