package inventory

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"croft/objectstore"
)

// Deps are what the room works with.
type Deps struct {
	// Store is where the buckets are, and their reports. Without objectstore.Versions there
	// are none.
	Store objectstore.Store
	// Standing is S3's word for how far replication of an object is; nil: nothing is
	// replicated.
	Standing func(ctx context.Context, o *objectstore.Object) (string, error)
	Log      *slog.Logger
}

// Config tunes the room; the zero value suits a running instance.
type Config struct {
	Now func() time.Time // nil is time.Now
	// FirstAfter is how long after the start the first report is made at the earliest, and
	// Retry how long after one that failed the next try. 0 is a minute and 15 minutes.
	FirstAfter, Retry time.Duration

	page     int // how much is listed at once; 0 is 250
	fileRows int // how many rows a file has at most; 0 is a million
}

// source is what the room needs of a store.
type source interface {
	objectstore.Store
	objectstore.Versions
}

// Service keeps configurations and makes their reports. Its methods may be called from
// any goroutine.
type Service struct {
	source   source // nil when the store cannot do it
	standing func(context.Context, *objectstore.Object) (string, error)
	log      *slog.Logger
	config   Config
	// stirred is rung when configurations may have changed, or a report is wanted now.
	stirred chan struct{}

	mu      sync.Mutex // guards the following field
	tallies map[name]*tally
}

// name names a configuration.
type name struct{ bucket, id string }

// New makes the service. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Service {
	s := &Service{standing: deps.Standing, log: deps.Log, config: config, stirred: make(chan struct{}, 1), tallies: map[name]*tally{}}
	s.source, _ = deps.Store.(source)
	c := &s.config
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.FirstAfter == 0 {
		c.FirstAfter = time.Minute
	}
	if c.Retry == 0 {
		c.Retry = 15 * time.Minute
	}
	if c.page == 0 {
		c.page = 250 // larger ones are felt by who waits for a CPU
	}
	if c.fileRows == 0 {
		c.fileRows = 1_000_000
	}
	return s
}

// Available reports whether buckets of this store can have inventories.
func (s *Service) Available() bool { return s.source != nil }

// All returns a bucket's configurations in order of ID.
func (s *Service) All(ctx context.Context, bucket string) ([]Configuration, error) {
	if s.source == nil {
		return nil, nil
	}
	b, err := s.source.Bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	return Read(&b)
}

// Get returns one of a bucket's configurations or ErrNone.
func (s *Service) Get(ctx context.Context, bucket, id string) (Configuration, error) {
	all, err := s.All(ctx, bucket)
	if err != nil {
		return Configuration{}, err
	}
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
	}
	return Configuration{}, ErrNone
}

// Set gives a bucket a configuration, in place of the one of the same ID. Who may have
// reports written to their bucket is the caller's to ask.
func (s *Service) Set(ctx context.Context, bucket string, c Configuration) error {
	if err := c.Validate(); err != nil {
		return err
	}
	return s.change(ctx, bucket, func(all []Configuration) ([]Configuration, error) {
		all = slices.DeleteFunc(all, func(is Configuration) bool { return is.ID == c.ID })
		if len(all) >= MaxConfigurations {
			return nil, ErrTooMany
		}
		return append(all, c), nil
	})
}

// Remove takes a configuration away, or refuses with ErrNone. Its reports stay.
func (s *Service) Remove(ctx context.Context, bucket, id string) error {
	return s.change(ctx, bucket, func(all []Configuration) ([]Configuration, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(is Configuration) bool { return is.ID == id })
		if len(left) == len(all) {
			return nil, ErrNone
		}
		return left, nil
	})
}

func (s *Service) change(ctx context.Context, bucket string, change func([]Configuration) ([]Configuration, error)) error {
	if s.source == nil {
		return ErrUnavailable
	}
	_, err := s.source.UpdateBucket(ctx, bucket, func(b *objectstore.Bucket) error {
		all, err := Read(b)
		if err != nil {
			return err
		}
		if all, err = change(all); err != nil {
			return err
		}
		return write(b, all)
	})
	if err == nil {
		s.stir()
	}
	return err
}

// Now has a report made as soon as the worker has time, enabled or not.
func (s *Service) Now(ctx context.Context, bucket, id string) error {
	if s.source == nil {
		return ErrUnavailable
	}
	if _, err := s.Get(ctx, bucket, id); err != nil {
		return err
	}
	s.tallyOf(name{bucket, id}).want()
	s.stir()
	return nil
}

func (s *Service) stir() {
	select {
	case s.stirred <- struct{}{}:
	default: // it is to look already
	}
}

// has reports whether a field was asked for.
func (c *Configuration) has(field string) bool { return slices.Contains(c.Fields, field) }
