package usage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"croft/objectstore"
)

// chunk is how many buckets are written in a transaction, which others wait for.
const chunk = 200

// late is how much later than its interval's end a sample may be taken and still count
// for that interval.
const late = 30 * time.Second

// change is what a sample says of a bucket, or of all.
type change struct {
	of       identity
	is       objectstore.Usage
	requests Requests // since the sample before
	seen     Requests // that the tally counted when it was looked at
	tally    *tally   // nil for all together
	known    *series  // nil for a first sample
}

// Sample writes down what changed since the last one. What cannot be written is in the
// next.
func (s *Service) Sample(ctx context.Context) error {
	s.sampling.Lock()
	defer s.sampling.Unlock()
	if s.reporter == nil && s.quiet() {
		return nil // nothing is worth asking the store for
	}
	now := s.now().UTC()
	before := *s.tallies.Load() // a bucket that is counted now and not listed then is gone
	buckets, err := s.store.ListBuckets(ctx)
	if err != nil {
		return err
	}
	s.reconcile(before, buckets)
	changes, whole, err := s.look(ctx, buckets)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(changes, chunk) {
		if err := s.write(ctx, now, some); err != nil {
			return err
		}
	}
	if all, changed := s.changeOfAll(whole); changed {
		if err := s.write(ctx, now, []change{all}); err != nil {
			return err
		}
	}
	return s.forget(ctx, buckets)
}

// quiet reports whether no request was counted since the last sample.
func (s *Service) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	none := Requests{}
	if s.owed != none || s.elsewhere.load() != s.elsewhere.sampled {
		return false
	}
	for _, t := range *s.tallies.Load() {
		if t.load() != t.sampled {
			return false
		}
	}
	return true
}

// reconcile gives every bucket a tally of its own, and takes those away of buckets that
// are gone. What these counted since the last sample counts for all buckets together.
func (s *Service) reconcile(before map[string]*tally, buckets []objectstore.Bucket) {
	s.adding.Lock()
	defer s.adding.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(*s.tallies.Load())
	end := func(t *tally) { s.owed.add(t.load().without(t.sampled)) }
	there := make(map[string]bool, len(buckets))
	for i := range buckets {
		is := identityOf(&buckets[i])
		there[is.bucket] = true
		t := next[is.bucket]
		switch {
		case t == nil:
			next[is.bucket] = &tally{created: is.created}
		case t.created == 0:
			t.created = is.created
		case t.created != is.created:
			end(t)
			next[is.bucket] = &tally{created: is.created}
		}
	}
	for name, t := range before {
		if !there[name] && next[name] == t {
			end(t)
			delete(next, name)
		}
	}
	s.tallies.Store(&next)
}

// look returns what has changed in each bucket, and what all hold together.
func (s *Service) look(ctx context.Context, buckets []objectstore.Bucket) (changes []change, whole objectstore.Usage, err error) {
	tallies := *s.tallies.Load()
	for i := range buckets {
		is, err := s.usage(ctx, buckets[i].Name)
		if errors.Is(err, objectstore.ErrBucketNotFound) {
			continue // it went meanwhile
		}
		if err != nil {
			return nil, whole, err
		}
		whole = sum(whole, is)
		c := change{of: identityOf(&buckets[i]), is: is, tally: tallies[buckets[i].Name]}
		c.seen = c.tally.load()
		s.mu.Lock()
		c.requests, c.known = c.seen.without(c.tally.sampled), s.series[c.of]
		s.mu.Unlock()
		if c.known == nil || c.known.last != c.is || c.requests != (Requests{}) {
			changes = append(changes, c)
		}
	}
	return changes, whole, nil
}

// usage is what a bucket holds, nothing where the store does not count.
func (s *Service) usage(ctx context.Context, bucket string) (objectstore.Usage, error) {
	if s.reporter == nil {
		return objectstore.Usage{}, nil
	}
	return s.reporter.Usage(ctx, bucket)
}

func sum(a, b objectstore.Usage) objectstore.Usage {
	return objectstore.Usage{
		Objects: a.Objects + b.Objects, Versions: a.Versions + b.Versions, Bytes: a.Bytes + b.Bytes, Unfinished: a.Unfinished + b.Unfinished,
	}
}

// changeOfAll is what changed in all buckets together, and of requests to none.
func (s *Service) changeOfAll(whole objectstore.Usage) (c change, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.elsewhere.load()
	s.owed.add(seen.without(s.elsewhere.sampled))
	s.elsewhere.sampled = seen
	c = change{of: everything, is: whole, requests: s.owed, known: s.series[everything]}
	return c, c.known == nil || c.known.last != whole || c.requests != (Requests{})
}

// write commits samples, and then takes note of what they say.
func (s *Service) write(ctx context.Context, now time.Time, changes []change) error {
	at, since := now.Add(-late).Truncate(Interval), now.Truncate(time.Second)
	ids := make([]int64, len(changes))
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := identify(tx, changes, ids, since); err != nil {
			return err
		}
		rows := make([]sampleRow, 0, len(changes)*len(levels))
		for i := range changes {
			for _, l := range levels {
				row := rowOf(changes[i].is, changes[i].requests)
				row.Series, row.Step, row.At = ids[i], l.seconds(), at.Truncate(l.step).Unix()
				rows = append(rows, row)
			}
		}
		if err := tx.Clauses(merge).Create(&rows).Error; err != nil {
			return err
		}
		for _, l := range levels {
			if begun := begun(changes, ids, l, at); len(begun) > 0 {
				if err := prune(tx, begun, l, at.Unix()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("write usage: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range changes {
		newest := &series{id: ids[i], since: since, at: at, last: c.is}
		if c.known != nil {
			newest.since = c.known.since
		}
		s.series[c.of] = newest
		if c.tally == nil {
			s.owed = s.owed.without(c.requests)
			continue
		}
		c.tally.sampled = c.seen
		s.owed.add(c.requests)
	}
	return nil
}

// identify fills in the IDs of the series that changes are of, and makes those that are missing.
func identify(tx *gorm.DB, changes []change, ids []int64, since time.Time) error {
	var missing []seriesRow
	var where []int
	for i := range changes {
		if known := changes[i].known; known != nil {
			ids[i] = known.id
			continue
		}
		missing = append(missing, seriesRow{Bucket: changes[i].of.bucket, BucketCreated: changes[i].of.created, Since: since.Unix()})
		where = append(where, i)
	}
	if len(missing) == 0 {
		return nil
	}
	if err := tx.Create(&missing).Error; err != nil {
		return err
	}
	for i, row := range missing {
		ids[where[i]] = row.ID
	}
	return nil
}

// begun are the series whose samples of a step are the first of a new one.
func begun(changes []change, ids []int64, l level, at time.Time) (all []int64) {
	for i := range changes {
		if known := changes[i].known; known != nil && known.at.Truncate(l.step).Before(at.Truncate(l.step)) {
			all = append(all, ids[i])
		}
	}
	return all
}

// forget removes the samples of buckets that are gone.
func (s *Service) forget(ctx context.Context, buckets []objectstore.Bucket) error {
	there := make(map[identity]bool, len(buckets)+1)
	there[everything] = true
	for i := range buckets {
		there[identityOf(&buckets[i])] = true
	}
	var gone []identity
	var ids []int64
	s.mu.Lock()
	for of, is := range s.series {
		if !there[of] {
			gone, ids = append(gone, of), append(ids, is.id)
		}
	}
	s.mu.Unlock()
	for some := range slices.Chunk(ids, chunk) {
		err := s.db.Write(ctx, func(tx *gorm.DB) error {
			if err := tx.Delete(&sampleRow{}, "series IN ?", some).Error; err != nil {
				return err
			}
			return tx.Delete(&seriesRow{}, "id IN ?", some).Error
		})
		if err != nil {
			return fmt.Errorf("forget the usage of deleted buckets: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, of := range gone {
		delete(s.series, of)
	}
	return nil
}
