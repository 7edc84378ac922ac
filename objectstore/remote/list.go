package remote

import (
	"context"
	"strings"

	"github.com/minio/minio-go/v7"

	"croft/objectstore"
)

// List implements objectstore.Objects. Where a page begins inside of what is rolled
// up to a prefix, clusters list that prefix again; it is passed over.
func (s *Store) List(ctx context.Context, r objectstore.ListRequest) (objectstore.ListPage, error) {
	if _, err := s.Bucket(ctx, r.Bucket); err != nil {
		return objectstore.ListPage{}, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = objectstore.DefaultLimit
	}
	var page objectstore.ListPage
	for token := ""; ; {
		entries := len(page.Objects) + len(page.Prefixes)
		answer, err := s.listPage(ctx, s.there(r.Bucket), r.Prefix, r.Delimiter, startOf(r), token, limit-entries)
		if err != nil {
			return objectstore.ListPage{}, err
		}
		for _, c := range answer.Contents {
			if c.Key > r.After {
				page.Objects = append(page.Objects, objectOf(r.Bucket, c))
			}
		}
		for _, p := range answer.CommonPrefixes {
			if p.Prefix > r.After {
				page.Prefixes = append(page.Prefixes, p.Prefix)
			}
		}
		if !answer.IsTruncated {
			return page, nil
		}
		if len(page.Objects)+len(page.Prefixes) >= limit {
			page.Truncated, page.Next = true, lastOf(page)
			return page, nil
		}
		token = answer.NextContinuationToken
	}
}

// startOf is where a cluster is told to start: behind After or, where that is rolled
// up to a prefix, behind all that is rolled up to it, for that prefix sorts first.
func startOf(r objectstore.ListRequest) string {
	rest, ok := strings.CutPrefix(r.After, r.Prefix)
	if !ok || r.Delimiter == "" {
		return r.After
	}
	i := strings.Index(rest, r.Delimiter)
	if i < 0 {
		return r.After
	}
	group := r.Prefix + rest[:i+len(r.Delimiter)]
	// No key of the group sorts behind this one.
	return group + strings.Repeat(lastRune, (objectstore.MaxKeyBytes-len(group))/len(lastRune))
}

const lastRune = "\U0010FFFF"

func lastOf(page objectstore.ListPage) string {
	last := ""
	if n := len(page.Objects); n > 0 {
		last = page.Objects[n-1].Key
	}
	if n := len(page.Prefixes); n > 0 {
		last = max(last, page.Prefixes[n-1])
	}
	return last
}

func objectOf(bucket string, c minio.ObjectInfo) objectstore.Object {
	return objectstore.Object{
		Bucket: bucket, Key: c.Key, Size: c.Size, StoredSize: c.Size, ETag: strings.Trim(c.ETag, `"`), ModifiedAt: wholeSeconds(c.LastModified),
		Class: classOf(c.StorageClass),
	}
}

// listPage asks for one page. minio-go's call takes no context: when ours ends the
// call is left to end by itself, within the client's time-outs.
func (s *Store) listPage(ctx context.Context, bucket, prefix, delimiter, after, token string, limit int) (minio.ListBucketV2Result, error) {
	type answer struct {
		page minio.ListBucketV2Result
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		page, err := s.client.ListObjectsV2(bucket, prefix, after, token, delimiter, min(limit, objectstore.DefaultLimit))
		answers <- answer{page, err}
	}()
	select {
	case a := <-answers:
		return a.page, s.explain(a.err)
	case <-ctx.Done():
		return minio.ListBucketV2Result{}, ctx.Err()
	}
}
