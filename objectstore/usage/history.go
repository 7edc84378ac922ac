package usage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"croft/objectstore"
)

// Point is a step of a history: the requests in it, and what was there at its end.
type Point struct {
	At time.Time // its beginning
	objectstore.Usage
	Requests
}

// History is what happened, step by step.
type History struct {
	Step time.Duration
	// Since is when the first sample was taken: of what was before nothing is known.
	Since  time.Time
	Now    objectstore.Usage // as of this moment
	Points []Point           // the oldest first, without gaps; the last one is not over
}

// Bucket returns the history of a bucket, or objectstore.ErrBucketNotFound.
func (s *Service) Bucket(ctx context.Context, name string, r Range) (History, error) {
	b, err := s.store.Bucket(ctx, name)
	if err != nil {
		return History{}, err
	}
	now, err := s.usage(ctx, name)
	if err != nil {
		return History{}, err
	}
	of := identityOf(&b)
	return s.history(ctx, of, r, now, func() Requests { return s.pending(of) })
}

// Whole returns the history of all buckets together, and of requests to none.
func (s *Service) Whole(ctx context.Context, r Range) (History, error) {
	buckets, err := s.store.ListBuckets(ctx)
	if err != nil {
		return History{}, err
	}
	var now objectstore.Usage
	for i := range buckets {
		u, err := s.usage(ctx, buckets[i].Name)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			continue // it went meanwhile
		}
		if err != nil {
			return History{}, err
		}
		now = sum(now, u)
	}
	return s.history(ctx, everything, r, now, s.pendingOfAll)
}

// pending are the requests to a bucket that no sample has. The caller holds mu.
func (s *Service) pending(of identity) Requests {
	t := (*s.tallies.Load())[of.bucket]
	if t == nil || t.created != 0 && t.created != of.created {
		return Requests{}
	}
	return t.load().without(t.sampled)
}

// pendingOfAll are all requests that no sample of all has. The caller holds mu.
func (s *Service) pendingOfAll() Requests {
	all := s.owed
	all.add(s.elsewhere.load().without(s.elsewhere.sampled))
	for _, t := range *s.tallies.Load() {
		all.add(t.load().without(t.sampled))
	}
	return all
}

func (s *Service) history(ctx context.Context, of identity, r Range, is objectstore.Usage, pending func() Requests) (History, error) {
	l, err := levelOf(r)
	if err != nil {
		return History{}, err
	}
	now := s.now().UTC()
	s.mu.Lock()
	known, more := s.series[of], pending()
	s.mu.Unlock()
	h := History{Step: l.step, Since: now, Now: is}
	from, rows := now.Truncate(l.step), []sampleRow(nil)
	if known != nil {
		h.Since = known.since
		if from, rows, err = s.samples(ctx, known.id, l, now); err != nil {
			return History{}, err
		}
	}
	last := now.Truncate(l.step)
	at := objectstore.Usage{}
	if len(rows) > 0 && rows[0].At < from.Unix() {
		at, rows = rows[0].usage(), rows[1:]
	}
	for step := from; !step.After(last); step = step.Add(l.step) {
		p := Point{At: step}
		if len(rows) > 0 && rows[0].At == step.Unix() {
			at, p.Requests, rows = rows[0].usage(), rows[0].requests(), rows[1:]
		}
		p.Usage = at
		h.Points = append(h.Points, p)
	}
	end := &h.Points[len(h.Points)-1]
	end.Usage = is
	end.Requests.add(more)
	return h, nil
}

// samples reads the samples that a history needs, the oldest first, and says where it
// begins: where it is to, or with the first sample. One from before says what was there
// when it begins.
func (s *Service) samples(ctx context.Context, series int64, l level, now time.Time) (from time.Time, rows []sampleRow, err error) {
	from = l.begins(now)
	err = s.db.Read(ctx).Where("series = ? AND step = ? AND at <= ?", series, l.seconds(), now.Unix()).
		Where("at >= COALESCE((SELECT MAX(at) FROM usage_samples WHERE series = ? AND step = ? AND at < ?), ?)", series, l.seconds(), from.Unix(), from.Unix()).
		Order("at").Find(&rows).Error
	if err != nil {
		return from, nil, fmt.Errorf("read usage: %w", err)
	}
	switch {
	case len(rows) == 0:
		from = now.Truncate(l.step)
	case rows[0].At > from.Unix():
		from = time.Unix(rows[0].At, 0).UTC()
	}
	return from, rows, nil
}
