package s3api

import "context"

// Action is what a request wants to do; Access decides whether it may.
type Action string

// The actions. ListBuckets concerns no bucket; the listing is then filtered by
// ReadBucket, bucket by bucket.
const (
	ListBuckets  Action = "buckets.list"
	ReadBucket   Action = "bucket.read"   // list and get objects, read the bucket's settings
	WriteObject  Action = "object.write"  // put, copy to, delete, upload in parts
	CreateBucket Action = "bucket.create" // the bucket does not exist yet
	WriteBucket  Action = "bucket.write"  // change the bucket's settings
	DeleteBucket Action = "bucket.delete"
)

// Credential is an access key with its secret. Identity is whatever Access
// wants to find again in its other methods; this package does not look at it.
type Credential struct {
	AccessKey string
	Secret    string
	Identity  any
}

// Access answers who somebody is and what they may do. Its errors are
// *errs.Error; nothing is retried. Methods are called concurrently.
type Access interface {
	// Credential returns the credential of an access key. A not_found error
	// becomes InvalidAccessKeyId; a forbidden one (disabled, expired) AccessDenied.
	Credential(ctx context.Context, accessKey string) (Credential, error)
	// Authorize returns nil when c may do a to the bucket. A forbidden error
	// becomes AccessDenied, a not_found one NoSuchBucket. It is called before the
	// bucket is known to exist.
	Authorize(ctx context.Context, c Credential, a Action, bucket string) error
	// Owner returns what objectstore.Bucket.Owner is to be for a bucket that c
	// creates. It is called after CreateBucket was authorised.
	Owner(ctx context.Context, c Credential) (string, error)
	// Audit is told of what a known credential does to buckets, and of every request
	// that Authorize refused it, after the outcome is known and before the answer
	// ends. It may write to a disk: what objects go through is told to Recorder.
	Audit(ctx context.Context, c Credential, e Event)
}

// Event is an attempt to change a bucket, or one that was not allowed.
type Event struct {
	Operation string // S3's name: "PutObject", "DeleteBucket" …
	Action    Action
	Bucket    string
	Key       string // empty for bucket operations and DeleteObjects
	Outcome   string // "ok" or the S3 error code
	RequestID string
	Address   string // the client's, host:port
}
