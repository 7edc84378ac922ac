package replication

import (
	"context"
	"time"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// probeTime is how long a person waits for the test of a target.
const probeTime = 30 * time.Second

// probe lists a target's bucket, begins an upload there and ends it again.
func (s *Service) probe(ctx context.Context, client *remote.Client, bucket string, n NewRule) error {
	short, stop := context.WithTimeout(ctx, probeTime)
	defer stop()
	err := s.tryTarget(short, client, bucket, n)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		return errs.Wrap(err, errs.Unavailable, remote.ErrTargetUnavailable.Code, n.Endpoint+" does not answer in time. Check that it runs, and the network on the way.")
	}
	return err
}

func (s *Service) tryTarget(ctx context.Context, client *remote.Client, bucket string, n NewRule) error {
	if err := check(ctx, client, n.TargetBucket); err != nil {
		return err
	}
	if err := listOne(ctx, client, n.TargetBucket, n.Prefix); err != nil {
		return err
	}
	key := n.Prefix + "croft-connection-test-" + ids.New()
	id, err := client.NewMultipartUpload(ctx, n.TargetBucket, key, minio.PutObjectOptions{})
	if err != nil {
		return client.Explain(err)
	}
	var here objectstore.UploadPage
	if n.TargetBucket == bucket {
		here, err = s.source.ListUploads(ctx, objectstore.ListUploadsRequest{Bucket: bucket, Prefix: key})
	}
	if end := client.AbortMultipartUpload(context.WithoutCancel(ctx), n.TargetBucket, key, id); err == nil && end != nil {
		err = client.Explain(end)
	}
	if err == nil && len(here.Uploads) > 0 {
		err = errSameBucket
	}
	return err
}

// check reaches for a bucket and returns why it cannot be used, or nil. The quick
// request for it is refused without a reason; another one has it.
func check(ctx context.Context, client *remote.Client, bucket string) error {
	err := client.Check(ctx, bucket)
	if errs.KindOf(err) == errs.Forbidden {
		if reason := listOne(ctx, client, bucket, ""); reason != nil {
			return reason
		}
	}
	return err
}

func listOne(ctx context.Context, client *remote.Client, bucket, prefix string) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	first, some := <-client.Client.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: 1})
	if !some {
		return nil
	}
	return client.Explain(first.Err)
}
