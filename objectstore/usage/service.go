package usage

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"croft/internal/store"
	"croft/objectstore"
)

// Deps are what the room works with.
type Deps struct {
	DB *store.DB
	// Store is where the buckets are. Without objectstore.UsageReporter only requests
	// are counted.
	Store objectstore.Store
	Log   *slog.Logger
}

// Config tunes the room; the zero value suits a running instance.
type Config struct {
	Now func() time.Time // nil is time.Now
}

// Service counts requests, takes samples and tells histories. Its methods may be called
// from any goroutine.
type Service struct {
	db       *store.DB
	store    objectstore.Store
	reporter objectstore.UsageReporter // nil where the store does not count
	log      *slog.Logger
	now      func() time.Time

	// tallies are the buckets' counts by name. The map is replaced, never changed, by
	// whoever holds adding.
	tallies   atomic.Pointer[map[string]*tally]
	adding    sync.Mutex
	elsewhere tally // requests to no bucket, or to none that there is

	sampling sync.Mutex // held while a sample is taken

	mu     sync.Mutex // guards the following 2 fields, and what the tallies say is sampled
	series map[identity]*series
	owed   Requests // that are in the buckets' samples, or whose bucket is gone, and not in that of all
}

// identity is a bucket, or all of them. Another bucket of the same name is another.
type identity struct {
	bucket  string
	created int64 // Unix milliseconds
}

// everything is the series of all buckets together.
var everything identity

func identityOf(b *objectstore.Bucket) identity {
	return identity{b.Name, b.CreatedAt.UnixMilli()}
}

// series is what the newest sample of a bucket says.
type series struct {
	id    int64
	since time.Time
	at    time.Time
	last  objectstore.Usage
}

// New makes the service. It does no I/O and starts nothing. Requests may be counted
// before Open.
func New(deps Deps, config Config) *Service {
	s := &Service{db: deps.DB, store: deps.Store, log: deps.Log, now: config.Now, series: map[identity]*series{}}
	s.reporter, _ = deps.Store.(objectstore.UsageReporter)
	s.tallies.Store(&map[string]*tally{})
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Open reads what was sampled last.
func (s *Service) Open(ctx context.Context) error {
	db := s.db.Read(ctx)
	var rows []seriesRow
	if err := db.Find(&rows).Error; err != nil {
		return fmt.Errorf("read whose usage is known: %w", err)
	}
	last, err := lastSamples(db)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows {
		newest := last[row.ID]
		s.series[identity{row.Bucket, row.BucketCreated}] = &series{
			id: row.ID, since: time.Unix(row.Since, 0).UTC(), at: time.Unix(newest.At, 0).UTC(), last: newest.usage(),
		}
	}
	return nil
}

// Counts says whether the store counts what buckets hold; otherwise histories have
// requests alone.
func (s *Service) Counts() bool { return s.reporter != nil }

// lastWords is how long the last sample may take when the service is stopped.
const lastWords = 10 * time.Second

// Run takes samples until ctx ends, and one then.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.Sample(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "usage could not be written down; it is tried again", "error", err)
		}
		now := s.now()
		next := time.NewTimer(now.Truncate(Interval).Add(Interval).Sub(now))
		select {
		case <-next.C:
		case <-ctx.Done():
			next.Stop()
			last, done := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer done()
			if err := s.Sample(last); err != nil {
				return fmt.Errorf("write down the last usage: %w", err)
			}
			return nil
		}
	}
}
