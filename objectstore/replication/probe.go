package replication

import (
	"context"

	"croft/objectstore"
	"croft/objectstore/remote"
)

// probe lists a target's bucket, begins an upload there and ends it again.
func (s *Service) probe(ctx context.Context, client *remote.Client, bucket string, n NewRule) error {
	return client.InTime(ctx, remote.PersonTime, func(ctx context.Context) error { return s.tryTarget(ctx, client, bucket, n) })
}

func (s *Service) tryTarget(ctx context.Context, client *remote.Client, bucket string, n NewRule) error {
	if err := client.Reach(ctx, n.TargetBucket); err != nil {
		return err
	}
	if err := client.TryList(ctx, n.TargetBucket, n.Prefix); err != nil {
		return err
	}
	return client.TryUpload(ctx, n.TargetBucket, n.Prefix, func(key string) error {
		if n.TargetBucket != bucket {
			return nil
		}
		here, err := s.source.ListUploads(ctx, objectstore.ListUploadsRequest{Bucket: bucket, Prefix: key})
		if err == nil && len(here.Uploads) > 0 {
			return errSameBucket
		}
		return err
	})
}
