// Package objectstore is what Croft means by an object store, in its own words:
// buckets of objects, and uploads that gather an object part by part. It knows
// neither HTTP nor any protocol; s3api speaks S3 in front of it, and engines
// such as erasure implement it. The suite in storetest says the same in tests.
//
// Every engine promises:
//
//   - Durable on acknowledgement. A nil error means that the change survives a
//     power cut. Any other error means that it did not happen, except where a
//     failing disk makes that impossible to say; then it is still all or nothing.
//   - Never wrong bytes. What a body returns has been verified; bytes that cannot
//     be had intact end in an error, never in io.EOF.
//   - Linearizable per key. A Get sees one whole object, never a mix of two, and
//     goes on seeing it when the key is overwritten or deleted meanwhile.
//   - Strongly consistent listings: what is acknowledged is listed.
//
// Keys are opaque bytes and never become file names. "a/../b", "a//b" and "a/"
// are three ordinary, different keys; see ValidateKey for what is refused.
//
// Errors are *errs.Error with the codes of errors.go. All methods may be called
// concurrently. A canceled context ends an operation with the context's error.
package objectstore

import (
	"context"
	"io"
)

// Store is a whole object store. An engine may also be a DriveReporter or a
// TargetReporter, a BatchDeleter, a BatchVersionDeleter, a UsageReporter, a ChangeFeed, and keep Versions.
type Store interface {
	Buckets
	Objects
	Uploads
}

// Buckets are the top-level names.
type Buckets interface {
	// CreateBucket makes an empty bucket and returns it with its creation time.
	// It refuses with ErrBucketNameInvalid and ErrBucketExists.
	CreateBucket(ctx context.Context, b Bucket) (Bucket, error)
	// Bucket returns one bucket or ErrBucketNotFound.
	Bucket(ctx context.Context, name string) (Bucket, error)
	// ListBuckets returns all buckets in order of name.
	ListBuckets(ctx context.Context) ([]Bucket, error)
	// DeleteBucket removes a bucket that holds no object, or refuses with
	// ErrBucketNotEmpty. Unfinished uploads go with the bucket.
	DeleteBucket(ctx context.Context, name string) error
}

// Objects are bodies with attributes under a key.
type Objects interface {
	// Put stores an object, replacing what the key held in one step. The body is
	// read to its end and not closed; when it fails with anything but io.EOF that
	// error is returned (wrapped) and nothing is stored.
	Put(ctx context.Context, r PutRequest) (Object, error)
	// Head returns an object without its body, or ErrObjectNotFound.
	Head(ctx context.Context, bucket, key string) (Object, error)
	// Get returns an object with a body of the bytes that rng selects; nil selects
	// all. The caller closes the body. When rng cannot be satisfied the object is
	// returned beside ErrRangeInvalid, for its size. A body that cannot be read
	// intact fails with ErrReadQuorum, possibly after bytes that were right.
	Get(ctx context.Context, bucket, key string, rng *Range) (Object, io.ReadCloser, error)
	// Delete removes an object and reports whether there was one; a key that holds
	// nothing is no error.
	Delete(ctx context.Context, bucket, key string) (existed bool, err error)
	// List returns one page of keys in byte order.
	List(ctx context.Context, r ListRequest) (ListPage, error)
	// Copy makes the destination the same object as the source, without the bytes
	// leaving the store. Source and destination may be the same key.
	Copy(ctx context.Context, r CopyRequest) (Object, error)
}

// Uploads build one object out of parts that arrive separately, in any order.
// Every method but CreateUpload and ListUploads wants the bucket and key the
// upload was made for, and refuses with ErrUploadNotFound when they differ.
type Uploads interface {
	// CreateUpload starts an upload; nothing shows at the key until it completes.
	CreateUpload(ctx context.Context, r CreateUploadRequest) (Upload, error)
	// Upload returns an unfinished upload.
	Upload(ctx context.Context, ref UploadRef) (Upload, error)
	// PutPart stores one part, replacing an earlier one of the same number.
	PutPart(ctx context.Context, r PutPartRequest) (Part, error)
	// ListParts returns the stored parts in order of number.
	ListParts(ctx context.Context, r ListPartsRequest) (PartPage, error)
	// ListUploads returns the unfinished uploads in order of key, then age.
	ListUploads(ctx context.Context, r ListUploadsRequest) (UploadPage, error)
	// CompleteUpload makes the named parts the object, in one step, and forgets
	// the upload. It refuses with ErrPartInvalid, ErrPartOrder or ErrPartTooSmall
	// and leaves the upload as it was.
	CompleteUpload(ctx context.Context, r CompleteUploadRequest) (Object, error)
	// AbortUpload forgets an upload and its parts.
	AbortUpload(ctx context.Context, ref UploadRef) error
}
