package objectstore

import "context"

// BatchDeleter is a second interface of stores that delete many keys for little
// more than the cost of one.
type BatchDeleter interface {
	// DeleteAll removes the objects under the keys of one bucket and returns an error
	// for each key, in the order of the keys: nil where the key holds nothing now, be
	// it that it held nothing before. Each key ends for itself; one that fails keeps
	// none of the others. A key that is named twice ends the same way both times.
	DeleteAll(ctx context.Context, bucket string, keys []string) []error
}

// BatchVersionDeleter is BatchDeleter for stores that keep versions.
type BatchVersionDeleter interface {
	// DeleteVersions deletes in one bucket what DeleteVersion would, request by request,
	// and returns how each ended, in their order. Buckets in the requests are not looked
	// at. Requests that are the same end the same way, as one.
	DeleteVersions(ctx context.Context, bucket string, requests []DeleteRequest) []Deletion
}

// Deletion is how a request to delete ended: what it did, or why it did nothing.
type Deletion struct {
	Deleted
	Err error
}

// DeleteAll removes keys of a bucket as a BatchDeleter does, from any store.
func DeleteAll(ctx context.Context, store Objects, bucket string, keys []string) []error {
	if batch, ok := store.(BatchDeleter); ok {
		return batch.DeleteAll(ctx, bucket, keys)
	}
	failures := make([]error, len(keys))
	for i, key := range keys {
		_, failures[i] = store.Delete(ctx, bucket, key)
	}
	return failures
}
