package lifecycle

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/objectstore"
)

// Deps are what the room works with.
type Deps struct {
	// Store is where the rules and the objects are. Without objectstore.Versions there
	// are no rules, without objectstore.Tierer none that move.
	Store objectstore.Store
	Tiers objectstore.Tiers // nil: there are none
	Log   *slog.Logger
}

// Config tunes the room; the zero value suits a running instance.
type Config struct {
	Now func() time.Time // that rules are judged by; nil is time.Now
	// Every is how often a bucket is looked through, FirstAfter how long after the start,
	// and Soon how long after its rules changed. 0 is an hour, a minute and 5 seconds.
	Every, FirstAfter, Soon time.Duration
	Pace                    Pace

	// page is how many versions are listed at once, and turn how long a bucket is worked
	// on while others wait; 0 is 250 and 10 seconds. Tests have smaller ones.
	page int
	turn time.Duration
}

// source is what the room needs of a store.
type source interface {
	objectstore.Store
	objectstore.Versions
}

// Service keeps rules and does what they say. Its methods may be called from any
// goroutine.
type Service struct {
	source source             // nil when the store cannot do it
	tierer objectstore.Tierer // nil when the store has no tiers
	tiers  objectstore.Tiers
	log    *slog.Logger
	config Config
	// changed is rung when rules may have changed.
	changed chan struct{}
	// stirred, in tests, is called when a round has ended and when Run begins to wait.
	stirred func()

	mu      sync.Mutex // guards the following 2 fields
	tallies map[string]*tally
	parsed  map[string]parsed // by bucket
}

// parsed are the rules of a document.
type parsed struct {
	text  string
	rules Rules
	err   error
}

// New makes the service. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Service {
	s := &Service{
		tiers: deps.Tiers, log: deps.Log, config: config, changed: make(chan struct{}, 1), stirred: func() {},
		tallies: map[string]*tally{}, parsed: map[string]parsed{},
	}
	s.source, _ = deps.Store.(source)
	s.tierer, _ = deps.Store.(objectstore.Tierer)
	c := &s.config
	if c.Now == nil {
		c.Now = time.Now
	}
	for _, d := range []struct {
		of   *time.Duration
		when time.Duration
	}{{&c.Every, time.Hour}, {&c.FirstAfter, time.Minute}, {&c.Soon, 5 * time.Second}, {&c.turn, 10 * time.Second}} {
		if *d.of == 0 {
			*d.of = d.when
		}
	}
	if c.page == 0 {
		c.page = 250 // larger ones are felt by who waits for a CPU
	}
	c.Pace = c.Pace.complete()
	return s
}

// Available reports whether buckets of this store can have rules.
func (s *Service) Available() bool { return s.source != nil }

// Rules returns a bucket's rules, nil where it has none. It reads a document once.
func (s *Service) Rules(b *objectstore.Bucket) (Rules, error) {
	text := b.Documents[DocumentName]
	if text == "" {
		return nil, nil
	}
	s.mu.Lock()
	known, ok := s.parsed[b.Name]
	s.mu.Unlock()
	if ok && known.text == text {
		return known.rules, known.err
	}
	known = parsed{text: text}
	known.rules, known.err = Parse([]byte(text))
	s.mu.Lock()
	s.parsed[b.Name] = known
	s.mu.Unlock()
	return known.rules, known.err
}

// Get returns a bucket's rules or ErrNone.
func (s *Service) Get(ctx context.Context, bucket string) (Rules, error) {
	if s.source == nil {
		return nil, ErrUnavailable
	}
	b, err := s.source.Bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	rules, err := s.Rules(&b)
	if err == nil && rules == nil {
		err = ErrNone
	}
	return rules, err
}

// Set gives a bucket rules in place of those it has.
func (s *Service) Set(ctx context.Context, bucket string, rules Rules) error {
	return s.change(ctx, bucket, func(Rules) (Rules, error) { return rules, nil }, true)
}

// Change changes a bucket's rules in one step: change gets them as they are, nil where
// there are none, and returns what they are to be. Rules without an ID get one.
func (s *Service) Change(ctx context.Context, bucket string, change func(Rules) (Rules, error)) error {
	return s.change(ctx, bucket, change, false)
}

// Remove takes a bucket's rules away, if it has any.
func (s *Service) Remove(ctx context.Context, bucket string) error {
	return s.change(ctx, bucket, func(Rules) (Rules, error) { return nil, nil }, true)
}

// change is Change. anew says that the rules before do not matter, not even whether
// they can be read, and that tiers which they name need be there too.
func (s *Service) change(ctx context.Context, bucket string, change func(Rules) (Rules, error), anew bool) error {
	if s.source == nil {
		return ErrUnavailable
	}
	_, err := s.source.UpdateBucket(ctx, bucket, func(b *objectstore.Bucket) error {
		before, err := s.Rules(b)
		if err != nil && !anew {
			return err
		}
		known := before.Tiers()
		if anew {
			known = nil
		}
		rules, err := change(before.Clone())
		if err != nil {
			return err
		}
		for i := range rules {
			if rules[i].ID == "" {
				rules[i].ID = ids.New()
			}
		}
		if err := rules.validate(); err != nil {
			return err
		}
		if err := s.checkTiers(rules.Tiers(), known); err != nil {
			return err
		}
		text := ""
		if len(rules) > 0 {
			text = rules.String()
		}
		b.Documents = b.WithDocument(DocumentName, text)
		return nil
	})
	if err != nil {
		return err
	}
	select {
	case s.changed <- struct{}{}:
	default: // it is to look already
	}
	return nil
}

// checkTiers refuses tiers that are not there, but for those known before.
func (s *Service) checkTiers(names, known []string) error {
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		if s.tierer == nil || s.tiers == nil {
			return invalid("There is no tier %s: this Croft keeps no objects in tiers.", name)
		}
		if _, err := s.tiers.Tier(name); errors.Is(err, objectstore.ErrTierNotFound) {
			_, say := errs.Public(objectstore.ErrTierNotFound)
			return invalid("%s: %s", name, say)
		} else if err != nil && !errors.Is(err, objectstore.ErrTierUnavailable) {
			return err
		}
	}
	return nil
}
