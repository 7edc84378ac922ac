package notification

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
)

// Keeper is what the room needs of a store.
type Keeper interface {
	objectstore.Store
	objectstore.Versions
	objectstore.NoticeKeeper
}

// Own is how Croft's own targets are reached.
type Own interface {
	// Check says why a bucket of this owner cannot have a target, or nil.
	Check(ctx context.Context, owner string, t Target) error
	// Deliver hands over one event, or several to a room, of which id is the same each time.
	// It is called again until it returns nil. ErrBusy in what it returns says that the target
	// is well and takes no more at once.
	Deliver(ctx context.Context, owner string, t Target, events []Event, id string) error
	// Offer lists what targets buckets of this owner can have.
	Offer(ctx context.Context, owner string) ([]Target, error)
}

// Deps are what the room works with.
type Deps struct {
	DB        *store.DB
	Sealer    *seal.Sealer
	Store     Keeper // nil: nothing can be told
	Announcer *Announcer
	Own       Own // nil: there are webhooks only
	Log       *slog.Logger
}

// Config tunes the room; the zero value suits a running instance.
type Config struct {
	FirstPause time.Duration // after a failure, before the next try; doubles up to LastPause. 0 is 1 s
	LastPause  time.Duration // 0 is 5 min
	Timeout    time.Duration // of one delivery; 0 is 30 s
	Gather     time.Duration // what happens within it is one message in a room; 0 is 3 s
	BusyPause  time.Duration // before a target that takes no more at once is asked again; 0 is 2 s
}

// Service is the room's face. Its methods may be called from any goroutine.
type Service struct {
	db        *store.DB
	sealer    *seal.Sealer
	store     Keeper
	announcer *Announcer
	own       Own
	log       *slog.Logger
	config    Config
	hooks     hooks

	bell chan struct{} // rings when the room itself has kept an event

	mu     sync.Mutex       // guards queues and what is running of them
	queues map[place]*queue // those that had events since the start
}

// New makes the service. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Service {
	config.FirstPause = cmp.Or(config.FirstPause, time.Second)
	config.LastPause = cmp.Or(config.LastPause, 5*time.Minute)
	config.Timeout = cmp.Or(config.Timeout, 30*time.Second)
	config.Gather = cmp.Or(config.Gather, 3*time.Second)
	config.BusyPause = cmp.Or(config.BusyPause, 2*time.Second)
	s := &Service{
		db: deps.DB, sealer: deps.Sealer, store: deps.Store, announcer: deps.Announcer, own: deps.Own, log: deps.Log, config: config,
		queues: map[place]*queue{}, bell: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.hooks.service = s
	return s
}

// Available reports whether this store's buckets can have rules.
func (s *Service) Available() bool { return s.store != nil }

// Open makes sure that events can be kept of all buckets that have rules. It must return
// before anything is written to the store.
func (s *Service) Open(ctx context.Context) error {
	if !s.Available() {
		return nil
	}
	buckets, err := s.store.ListBuckets(ctx)
	if err != nil {
		return fmt.Errorf("list buckets: %w", err)
	}
	if slices.ContainsFunc(buckets, func(b objectstore.Bucket) bool { return b.Documents[Document] != "" }) {
		return s.ready(ctx)
	}
	return nil
}

// ready makes the bucket that events wait in, if there is none.
func (s *Service) ready(ctx context.Context) error {
	_, err := s.store.Bucket(ctx, objectstore.NoticeBucket)
	if errors.Is(err, objectstore.ErrBucketNotFound) {
		_, err = s.store.CreateBucket(ctx, objectstore.Bucket{Name: objectstore.NoticeBucket})
	}
	if err != nil && !errors.Is(err, objectstore.ErrBucketExists) {
		return fmt.Errorf("make the bucket of events: %w", err)
	}
	return nil
}

// Get returns a bucket's rules, none where it has none.
func (s *Service) Get(ctx context.Context, bucket string) (Rules, error) {
	if !s.Available() {
		return nil, ErrUnavailable
	}
	b, err := s.store.Bucket(ctx, bucket)
	if err != nil || b.Documents[Document] == "" {
		return nil, err
	}
	return Parse([]byte(b.Documents[Document]))
}

// Set gives a bucket other rules; none end all. Targets that rules did not name before are
// sent a test event, as S3 does. What waits for targets that no rule names any more still
// goes there: it happened while one did.
func (s *Service) Set(ctx context.Context, bucket string, rules Rules) error {
	return s.Change(ctx, bucket, func(Rules) (Rules, error) { return rules, nil })
}

// Change is Set with what the rules are before, which change may alter in place.
func (s *Service) Change(ctx context.Context, bucket string, change func(Rules) (Rules, error)) error {
	before, err := s.Get(ctx, bucket)
	if err != nil {
		return err
	}
	is, err := s.store.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	was := before.String()
	known := before.targets()
	after, err := change(before)
	if err == nil {
		err = after.check()
	}
	if err != nil {
		return err
	}
	for _, t := range after.targets() {
		if err := s.check(ctx, is.Owner, t); err != nil {
			return err
		}
	}
	text := ""
	if len(after) > 0 {
		text = after.String()
		if err := s.ready(ctx); err != nil {
			return err
		}
	}
	_, err = s.store.UpdateBucket(ctx, bucket, func(b *objectstore.Bucket) error {
		now, err := Parse([]byte(cmp.Or(b.Documents[Document], Rules(nil).String())))
		if err != nil || now.String() != was {
			return errs.New(errs.Conflict, "notification_changed", "The rules were changed by somebody else meanwhile. Look at them again.")
		}
		b.Documents = b.WithDocument(Document, text)
		return nil
	})
	if err != nil {
		return err
	}
	for _, t := range after.targets() {
		if t.Kind == Webhook && !slices.Contains(known, t) {
			if err := s.keepTest(ctx, bucket, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// targets are those that rules name, each once.
func (rules Rules) targets() (all []Target) {
	for i := range rules {
		if !slices.Contains(all, rules[i].target) {
			all = append(all, rules[i].target)
		}
	}
	return all
}

// check says why a bucket cannot have a target, or nil.
func (s *Service) check(ctx context.Context, owner string, t Target) error {
	switch {
	case t.Kind == Webhook:
		_, err := s.hooks.row(ctx, t.Name)
		if errors.Is(err, ErrTargetNotFound) {
			return invalid("There is no webhook %s. An administrator makes webhooks under Settings, Event targets.", t.Name)
		}
		return err
	case s.own == nil:
		return invalid("%s cannot be reached from here.", t.ARN())
	}
	err := s.own.Check(ctx, owner, t)
	if kind := errs.KindOf(err); kind == errs.NotFound || kind == errs.Invalid {
		_, message := errs.Public(err)
		return invalid("%s cannot be a target of this bucket: %s", t.ARN(), message)
	}
	return err
}

// Offer lists the targets that a bucket can have.
func (s *Service) Offer(ctx context.Context, bucket string) ([]Target, error) {
	if !s.Available() {
		return nil, nil
	}
	b, err := s.store.Bucket(ctx, bucket)
	if err != nil {
		return nil, err
	}
	hooks, err := s.Hooks(ctx)
	if err != nil {
		return nil, err
	}
	var all []Target
	for _, h := range hooks {
		all = append(all, Target{Kind: Webhook, Name: h.Name})
	}
	if s.own == nil {
		return all, nil
	}
	own, err := s.own.Offer(ctx, b.Owner)
	return append(all, own...), err
}

// keepTest puts a test event behind what waits for a target.
func (s *Service) keepTest(ctx context.Context, bucket string, t Target) error {
	id, err := s.store.BucketID(bucket)
	if err != nil {
		return err
	}
	e := newTest(bucket)
	at := place{Bucket: bucket, ID: id, Target: t}
	if err = s.keep(ctx, fmt.Sprintf("%s/%016x", at, time.Now().UnixNano()), e.text()); err == nil {
		select { // the store's bell rings for what it keeps of itself
		case s.bell <- struct{}{}:
		default:
		}
	}
	return err
}

// keep puts a notice that the room itself makes.
func (s *Service) keep(ctx context.Context, key, text string) error {
	_, err := s.store.Put(ctx, objectstore.PutRequest{
		Bucket: objectstore.NoticeBucket, Key: key, Body: strings.NewReader(""),
		Attributes: objectstore.Attributes{System: map[string]string{objectstore.NoticeText: text}},
	})
	return err
}

func newTest(bucket string) Event {
	return Event{Name: testEvent, Bucket: bucket, Milliseconds: time.Now().UnixMilli(), RequestID: strings.ToUpper(ids.New())}
}

// Listen tells what happens in a bucket while it happens.
func (s *Service) Listen(ctx context.Context, bucket string, events []string, prefix, suffix string) (*Listener, error) {
	if !s.Available() {
		return nil, ErrUnavailable
	}
	if _, err := s.store.Bucket(ctx, bucket); err != nil {
		return nil, err
	}
	return s.announcer.Listen(bucket, events, prefix, suffix)
}
