package objectstore

import (
	"context"

	"croft/internal/errs"
)

// Usage is what a bucket holds.
type Usage struct {
	Objects  int64 // keys that hold an object now
	Versions int64 // older versions and delete markers
	Bytes    int64 // of all versions, as they were written; those with a copy beside their tier count twice
	// Unfinished is how many bytes the parts of unfinished uploads have.
	Unfinished int64
}

// UsageReporter is a second interface of stores that count as they write.
type UsageReporter interface {
	// Usage returns what a bucket holds, or ErrBucketNotFound. It is cheap.
	Usage(ctx context.Context, bucket string) (Usage, error)
}

// ErrQuotaExceeded is what a store refuses with that holds to quotas.
var ErrQuotaExceeded = errs.New(errs.StorageFull, "quota_exceeded", "The quota is used up. Delete something, or have the quota raised.")
