package pipeline

import (
	"context"
	"io"
)

// Sealer encrypts secrets for the database. purpose is bound to the result:
// Open fails under any other.
type Sealer interface {
	Seal(purpose string, plain []byte) ([]byte, error)
	Open(purpose string, sealed []byte) ([]byte, error)
}

// Blobs is where logs and artifacts end up. Its errors are errs, safe to show.
type Blobs interface {
	// EnsureBucket makes the bucket when it is missing; projectID owns it, empty
	// for Croft's own. A bucket of that name with another owner is an error.
	EnsureBucket(ctx context.Context, bucket, projectID string) error

	// Put stores an object of exactly size bytes, replacing what was there, and
	// returns nil only when it is durable.
	Put(ctx context.Context, bucket, key, contentType string, size int64, body io.Reader) error

	// Open reads an object from offset on. size is the whole object's. The caller
	// must Close the reader.
	Open(ctx context.Context, bucket, key string, offset int64) (body io.ReadCloser, size int64, err error)

	// DeletePrefix removes every object whose key starts with prefix. It is
	// idempotent; a bucket that does not exist has none.
	DeletePrefix(ctx context.Context, bucket, prefix string) error
}

// Projects answers what a pipeline must know of its project.
type Projects interface {
	Slug(ctx context.Context, projectID string) (string, error)
}

// LogBucket holds the logs of finished steps, logs/<runID>/<stepID>.log.
const LogBucket = "croft-runs"

// ArtifactBucket is the bucket of a project's artifacts.
func ArtifactBucket(projectSlug string) string { return projectSlug + "-artifacts" }
