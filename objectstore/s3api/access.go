package s3api

import (
	"context"

	"croft/objectstore"
)

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
	// BypassGovernance is to delete and to change what governance keeps. It is asked for
	// besides what the request needs, and only when the request wants to bypass.
	BypassGovernance Action = "governance.bypass"
)

// Ask is what a request wants to do: in Croft's words, which roles decide about, and
// in S3's, which policies and grants do.
type Ask struct {
	Action Action
	// S3 is S3's name of the permission, "s3:GetObject". Empty, roles alone decide.
	S3     string
	Bucket string
	Key    string // empty where it is about the bucket
	// Each says that many keys are asked for, one by one, if this is allowed: it is
	// to be refused only where each of them would be.
	Each bool
	// Written says that it is about what comes with an object that the same request
	// writes, as its ACL: where an ACL lets it write, it lets it do that as well.
	Written bool
	// Facts are what conditions may ask for; nil where nothing is known.
	Facts Facts
}

// Facts are what is known of a request. They are looked for only when asked for, and
// good only until Authorize returns.
type Facts interface {
	// Value returns what the request has of a condition key, which is in lower case up
	// to a slash: "aws:sourceip", "s3:existingobjecttag/Team". Nil, it has none.
	Value(key string) []string
	// Object returns the object that the request is about, as it is now. Where there
	// is none, it is ErrObjectNotFound or ErrVersionNotFound.
	Object(ctx context.Context) (objectstore.Object, error)
	// Initiator returns the Initiator of the credential that began the upload which the
	// request is about. It is empty where nobody knows, and where there is no such upload.
	Initiator(ctx context.Context) (string, error)
}

// Credential is an access key with its secret. Identity is whatever Access
// wants to find again in its other methods; this package does not look at it. The
// zero value is of a request without a signature.
type Credential struct {
	AccessKey string
	Secret    string
	Identity  any
	// User and UserID are whom those are told of who hear of what a request changes.
	User   string
	UserID string
	// Initiator is who is remembered to have begun an upload, as an ID that is never
	// another's. Where it is empty, nobody is.
	Initiator string
}

// Access answers who somebody is and what they may do. Its errors are
// *errs.Error; nothing is retried. Methods are called concurrently.
type Access interface {
	// Credential returns the credential of an access key. A not_found error
	// becomes InvalidAccessKeyId; a forbidden one (disabled, expired) AccessDenied.
	Credential(ctx context.Context, accessKey string) (Credential, error)
	// Authorize returns nil when c may do what it asks for. A forbidden error
	// becomes AccessDenied, a not_found one NoSuchBucket. It is called before the
	// bucket is known to exist. Only it says whether anything may be done without a
	// signature; c is then the zero value.
	Authorize(ctx context.Context, c Credential, ask Ask) error
	// Owner returns what objectstore.Bucket.Owner is to be for a bucket that c
	// creates. It is called after CreateBucket was authorised.
	Owner(ctx context.Context, c Credential) (string, error)
	// Audit is told of what a known credential does to buckets and their settings, of
	// what it does that may bypass governance and wants to, and
	// of every request that Authorize refused it, after the outcome is known and before the answer
	// ends. It may write to a disk: what objects go through is told to Recorder.
	Audit(ctx context.Context, c Credential, e Event)
}

// Sessions is an Access that knows temporary credentials as well.
type Sessions interface {
	// SessionCredential returns the credential of a session: an access key that is good
	// only together with its token. Errors are those of Credential, besides
	// session_token_invalid where key and token do not belong together, and
	// session_token_expired.
	SessionCredential(ctx context.Context, accessKey, token string) (Credential, error)
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
