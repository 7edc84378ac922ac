package erasure

import (
	"context"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
)

// List implements objectstore.Objects.
func (s *Store) List(ctx context.Context, r objectstore.ListRequest) (objectstore.ListPage, error) {
	if err := s.begin(ctx); err != nil {
		return objectstore.ListPage{}, err
	}
	defer s.inUse.Done()
	b, err := s.buckets.find(r.Bucket)
	if err != nil {
		return objectstore.ListPage{}, err
	}
	var page objectstore.ListPage
	end, err := s.index.List(ctx, index.ListRequest{
		Bucket: b.ID, Prefix: r.Prefix, Delimiter: r.Delimiter, After: r.After, Limit: r.Limit,
	}, func(e index.Entry) error {
		if e.Prefix != "" {
			page.Prefixes = append(page.Prefixes, e.Prefix)
			return nil
		}
		v, err := listed(e.Object.Value)
		if err != nil {
			return err
		}
		page.Objects = append(page.Objects, b.object(v))
		return nil
	})
	page.Truncated, page.Next = end.Truncated, end.Next
	return page, err
}
