package app

import (
	"context"

	"croft/objectstore/adminapi"
	"croft/objectstore/s3api"
	"croft/objectstore/usage"
)

// openUsage returns what keeps how much buckets hold and how often they are asked for,
// and its worker.
func (a *App) openUsage(ctx context.Context) (*usage.Service, worker, error) {
	counts := usage.New(usage.Deps{DB: a.db, Store: a.store, Log: a.log}, usage.Config{})
	if err := counts.Open(ctx); err != nil {
		return nil, worker{}, err
	}
	return counts, worker{"usage", counts.Run}, nil
}

// bucketCounts are counts by bucket for whom the admin protocol tells of them.
type bucketCounts struct{ *usage.Service }

func (c bucketCounts) traffic(bucket string) adminapi.BucketTraffic {
	return adminapi.BucketTraffic(c.Counted(bucket))
}

// onlookers are told of every request of S3: the admin protocol, and what counts by bucket.
type onlookers struct {
	*adminapi.Handler
	counts *usage.Service
}

var _ s3api.Watcher = onlookers{}

// Ended implements s3api.Watcher.
func (o onlookers) Ended(operation, bucket string, status int, in, out int64) {
	o.Handler.Ended(operation, bucket, status, in, out)
	o.counts.Count(bucket, requestKinds[operation], status, in, out)
}

// requestKinds says what operations are for. Those that are not named are usage.Other.
var requestKinds = map[string]usage.Kind{
	"GetObject": usage.Read, "HeadObject": usage.Read, "GetObjectAttributes": usage.Read, "SelectObjectContent": usage.Read,
	s3api.OperationSite: usage.Read,

	"PutObject": usage.Write, "PostObject": usage.Write, "CopyObject": usage.Write, "UploadPart": usage.Write, "UploadPartCopy": usage.Write,
	"CreateMultipartUpload": usage.Write, "CompleteMultipartUpload": usage.Write,

	"ListBuckets": usage.List, "ListObjects": usage.List, "ListObjectsV2": usage.List, "ListObjectVersions": usage.List,
	"ListMultipartUploads": usage.List, "ListParts": usage.List,

	"DeleteObject": usage.Delete, "DeleteObjects": usage.Delete, "AbortMultipartUpload": usage.Delete,
}
