package usage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"croft/internal/errs"
	"croft/objectstore"
)

// Order is by what buckets are compared.
type Order string

// The orders.
const (
	BySize     Order = "size"
	ByGrowth   Order = "growth"
	ByRequests Order = "requests"
)

// Standing is how a bucket compares with others.
type Standing struct {
	Bucket objectstore.Bucket
	objectstore.Usage
	// Growth is how many bytes it has more than at the beginning of the range, unfinished
	// uploads included, or than when it was first seen.
	Growth   int64
	Requests int64 // in the range
}

// Top returns the first buckets in an order, at most limit.
func (s *Service) Top(ctx context.Context, r Range, by Order, limit int) ([]Standing, error) {
	l, err := levelOf(r)
	if err != nil {
		return nil, err
	}
	weight, ok := map[Order]func(*Standing) int64{
		BySize:     func(b *Standing) int64 { return b.Bytes + b.Unfinished },
		ByGrowth:   func(b *Standing) int64 { return b.Growth },
		ByRequests: func(b *Standing) int64 { return b.Requests },
	}[by]
	if !ok {
		return nil, errs.Newf(errs.Invalid, "usage_order", "Buckets cannot be put in the order %q. Ask for size, growth or requests.", by)
	}
	buckets, err := s.store.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	then, err := s.pasts(ctx, l)
	if err != nil {
		return nil, err
	}
	all := make([]Standing, 0, len(buckets))
	for i := range buckets {
		is, err := s.usage(ctx, buckets[i].Name)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, err
		}
		of := identityOf(&buckets[i])
		one := Standing{Bucket: buckets[i], Usage: is, Growth: is.Bytes + is.Unfinished}
		s.mu.Lock()
		known, more := s.series[of], s.pending(of)
		s.mu.Unlock()
		if known != nil {
			past := then[known.id]
			one.Requests = past.Requests
			if !known.since.Truncate(Interval).Before(l.begins(s.now().UTC())) && buckets[i].CreatedAt.After(known.since.Add(-2*Interval)) {
				past.Held = 0 // all of it came in the range
			}
			one.Growth -= past.Held
		}
		one.Requests += more.Total()
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b Standing) int { return cmp.Compare(weight(&b), weight(&a)) })
	return all[:min(limit, len(all))], nil
}

// past is what is known of a bucket's range.
type past struct {
	ID       int64
	Held     int64 // bytes when it began, or when the bucket was first seen
	Requests int64 // that samples have
}

// pasts reads what there is of a range, by series.
func (s *Service) pasts(ctx context.Context, l level) (map[int64]past, error) {
	var rows []past
	from, step := l.begins(s.now().UTC()).Unix(), l.seconds()
	err := s.db.Read(ctx).Raw(`SELECT s.id AS id,
		COALESCE(
			(SELECT bytes + unfinished FROM usage_samples WHERE series = s.id AND step = ? AND at < ? ORDER BY at DESC LIMIT 1),
			(SELECT bytes + unfinished FROM usage_samples WHERE series = s.id AND step = ? AND at >= ? ORDER BY at LIMIT 1), 0) AS held,
		COALESCE((SELECT SUM(reads + writes + lists + deletes + others) FROM usage_samples WHERE series = s.id AND step = ? AND at >= ?), 0) AS requests
		FROM usage_series AS s`, step, from, step, from, step, from).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the usage of buckets: %w", err)
	}
	by := make(map[int64]past, len(rows))
	for _, row := range rows {
		by[row.ID] = row
	}
	return by, nil
}
