package replication

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/remote"
)

// Deps are what the room works with.
type Deps struct {
	DB     *store.DB
	Sealer *seal.Sealer
	Store  objectstore.Store
	Log    *slog.Logger
}

// Config tunes the room; the zero value suits a running instance.
type Config struct {
	Deployment string        // of the store, for ever
	FirstPause time.Duration // after a failure, before the next try; doubles up to LastPause. 0 is 2 s
	LastPause  time.Duration // 0 is 5 min
	PartSize   int64         // of large objects that came in one piece; 0 is 16 MiB

	// onePut is the largest object that goes in one request, unless it came in parts; 0
	// is 32 MiB. Tests have smaller ones.
	onePut int64
}

// source is what the room needs of a store.
type source interface {
	objectstore.Store
	objectstore.Versions
	objectstore.ChangeFeed
}

// Service is the room's face. Its methods may be called from any goroutine.
type Service struct {
	db     *store.DB
	sealer *seal.Sealer
	source source // nil when the store cannot do it
	log    *slog.Logger
	config Config

	// stirred, in tests, is called when anything may have changed in a rule's status.
	stirred func()

	// change is held while rules are added or removed.
	change sync.Mutex

	mu      sync.Mutex // guards the following 2 fields
	runners map[string]*runner
	// start starts a runner while Run runs; nil otherwise.
	start func(*runner)
	// byBucket are the runners again, for who must not wait.
	byBucket atomic.Pointer[map[string][]*runner]
}

// New makes the service. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Service {
	s := &Service{db: deps.DB, sealer: deps.Sealer, log: deps.Log, config: config, runners: map[string]*runner{}, stirred: func() {}}
	s.byBucket.Store(&map[string][]*runner{})
	s.source, _ = deps.Store.(source)
	if s.config.FirstPause == 0 {
		s.config.FirstPause = 2 * time.Second
	}
	if s.config.LastPause == 0 {
		s.config.LastPause = 5 * time.Minute
	}
	if s.config.PartSize == 0 {
		s.config.PartSize = 16 << 20
	}
	if s.config.onePut == 0 {
		s.config.onePut = 32 << 20
	}
	return s
}

// Open takes up all rules. It must return before anything is written to the store:
// from then on the store remembers what changes. Followers without a rule end.
func (s *Service) Open(ctx context.Context) error {
	if s.source == nil {
		return nil
	}
	rules, err := readRules(s.db.Read(ctx))
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, rule := range rules {
		known[rule.ID] = true
		is, err := s.source.Bucket(ctx, rule.Bucket)
		if errors.Is(err, objectstore.ErrBucketNotFound) || err == nil && !is.CreatedAt.Equal(rule.bucketCreatedAt) {
			s.log.Info("bucket is gone, and its replication rule with it", "bucket", rule.Bucket, "rule", rule.ID)
			if err := s.forget(ctx, rule.Rule); err != nil {
				return err
			}
			continue
		}
		if err == nil {
			err = s.take(ctx, rule)
		}
		if err != nil {
			return fmt.Errorf("replication of %s: %w", rule.Bucket, err)
		}
	}
	if err := s.forgetTargets(ctx); err != nil {
		return err
	}
	followers, err := s.source.Followers(ctx)
	for _, f := range followers {
		if id, ours := ruleOf(f.Name); ours && !known[id] && err == nil {
			err = s.source.Unfollow(ctx, f.Name)
		}
	}
	return err
}

// followerPrefix is what the names of rules' followers begin with.
const followerPrefix = "replication/"

func followerOf(ruleID string) string { return followerPrefix + ruleID }

func ruleOf(follower string) (id string, ours bool) {
	if len(follower) <= len(followerPrefix) || follower[:len(followerPrefix)] != followerPrefix {
		return "", false
	}
	return follower[len(followerPrefix):], true
}

// take makes a rule's runner and has the store remember changes for it.
func (s *Service) take(ctx context.Context, rule kept) error {
	r := s.newRunner(rule)
	kept, err := s.source.Follow(ctx, r.follower())
	if err != nil {
		return err
	}
	b, err := parseBookmark(kept)
	if err != nil {
		return err
	}
	r.bookmark.Store(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runners[rule.ID] = r
	s.arrange()
	if s.start != nil {
		s.start(r)
	}
	return nil
}

// newRunner makes a rule's runner. Without the key that its secret is sealed under
// it says so, and everything else goes on.
func (s *Service) newRunner(rule kept) *runner {
	secret, err := s.sealer.Open(secretPurpose(rule.TargetID), rule.sealed)
	is := NewRule{Rule: rule.Rule, SecretKey: remote.Secret(secret)}
	r := newRunner(s, rule.Rule, is.target())
	r.unopened = err
	return r
}

// arrange sorts the runners by bucket, the highest priority first. The caller holds s.mu.
func (s *Service) arrange() {
	sorted := map[string][]*runner{}
	for _, r := range s.runners {
		sorted[r.rule.Bucket] = append(sorted[r.rule.Bucket], r)
	}
	for _, all := range sorted {
		slices.SortFunc(all, func(a, b *runner) int { return cmp.Compare(b.rule.Priority, a.rule.Priority) })
	}
	s.byBucket.Store(&sorted)
}

// drop takes a rule's runner away; nil when it has none.
func (s *Service) drop(ruleID string) *runner {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.runners[ruleID]
	delete(s.runners, ruleID)
	s.arrange()
	return r
}

// Run copies until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var all sync.WaitGroup
	s.mu.Lock()
	s.start = func(r *runner) { // the caller holds s.mu, so ctx has not ended yet as seen from here
		all.Go(func() { r.run(ctx) })
	}
	for _, r := range s.runners {
		s.start(r)
	}
	s.mu.Unlock()
	<-ctx.Done()
	s.mu.Lock()
	s.start = nil
	s.mu.Unlock()
	all.Wait()
	return nil
}

// Test reaches for a new rule's target and says why it cannot be used, or nil. It
// leaves nothing there.
func (s *Service) Test(ctx context.Context, bucket string, n NewRule) error {
	if s.source == nil {
		return ErrUnavailable
	}
	if err := n.clean(); err != nil {
		return err
	}
	client, err := remote.Dial(n.target())
	if err != nil {
		return err
	}
	defer client.Close()
	return s.probe(ctx, client, bucket, n)
}

// Add makes a rule once its target has passed Test, and begins to copy.
func (s *Service) Add(ctx context.Context, bucket string, n NewRule) (Rule, error) {
	if err := s.Test(ctx, bucket, n); err != nil {
		return Rule{}, err
	}
	if err := n.clean(); err != nil {
		return Rule{}, err
	}
	s.change.Lock()
	defer s.change.Unlock()
	is, err := s.source.Bucket(ctx, bucket)
	if err != nil {
		return Rule{}, err
	}
	rule := n.Rule
	rule.ID, rule.Bucket, rule.bucketCreatedAt, rule.Paused = ids.New(), bucket, is.CreatedAt, false
	rule.CreatedAt = time.Now().UTC().Truncate(time.Millisecond)
	sealed, err := s.sealer.Seal(secretPurpose(rule.ID), []byte(n.SecretKey))
	if err != nil {
		return Rule{}, err
	}
	rule.Name, rule.TargetID = rule.ID, rule.ID
	rule.Tags, rule.Role, rule.Destination, rule.Legacy = nil, "", "", false
	// The store remembers changes before the rule is there: a crash in between leaves
	// a follower without a rule, which ends at the next start.
	follower := objectstore.Follower{Name: followerOf(rule.ID), Bucket: bucket, Prefix: rule.Prefix}
	if _, err := s.source.Follow(ctx, follower); err != nil {
		return Rule{}, err
	}
	err = s.source.Recall(ctx, follower.Name, nil, newBookmark(rule).encode())
	if err == nil {
		err = s.db.Write(ctx, func(tx *gorm.DB) error {
			have, err := readRules(tx, "bucket = ?", bucket)
			if err != nil {
				return err
			}
			if len(have) >= MaxRules {
				return errTooMany
			}
			for _, is := range have {
				rule.Priority = max(rule.Priority, is.Priority+1)
			}
			target, row := newTargetRow(rule, sealed), fromApp(rule)
			if err := tx.Create(&target).Error; err != nil {
				return err
			}
			return tx.Create(&row).Error
		})
	}
	if err == nil {
		err = s.take(ctx, kept{rule, sealed})
	}
	if err != nil {
		return Rule{}, errors.Join(err, s.source.Unfollow(context.WithoutCancel(ctx), follower.Name))
	}
	return rule, nil
}

// SetPaused stops a rule from copying, or has it go on. What changes meanwhile is
// remembered.
func (s *Service) SetPaused(ctx context.Context, bucket, id string, paused bool) (Status, error) {
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		if _, err := findRule(tx, bucket, id); err != nil {
			return err
		}
		return tx.Model(&ruleRow{}).Where("id = ?", id).Update("paused", paused).Error
	})
	if err != nil {
		return Status{}, err
	}
	s.mu.Lock()
	r := s.runners[id]
	s.mu.Unlock()
	if r == nil {
		return Status{}, ErrRuleNotFound
	}
	r.setPaused(paused)
	return r.status(ctx)
}

// Remove ends a rule, and its target with it when no other rule has that. What was
// copied stays at the target.
func (s *Service) Remove(ctx context.Context, bucket, id string) error {
	s.change.Lock()
	defer s.change.Unlock()
	row, err := findRule(s.db.Read(ctx), bucket, id)
	if err != nil {
		return err
	}
	rule, err := row.toApp(targetRow{})
	if err != nil {
		return err
	}
	return s.forget(ctx, rule)
}

// forget stops a rule's runner and removes all there is of it.
func (s *Service) forget(ctx context.Context, rule Rule) error {
	if r := s.drop(rule.ID); r != nil {
		r.end()
		r.endUploads(ctx)
	}
	err := s.db.Write(ctx, func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", rule.ID).Delete(&ruleRow{}).Error; err != nil {
			return err
		}
		return tx.Where("id = ? AND id NOT IN (SELECT target_id FROM replication_rules)", rule.TargetID).Delete(&targetRow{}).Error
	})
	if err != nil {
		return err
	}
	return s.source.Unfollow(ctx, followerOf(rule.ID))
}

// Statuses returns a bucket's rules and how they are, the oldest first.
func (s *Service) Statuses(ctx context.Context, bucket string) ([]Status, error) {
	rules, err := readRules(s.db.Read(ctx), "bucket = ?", bucket)
	if err != nil {
		return nil, err
	}
	list := make([]Status, 0, len(rules))
	for _, rule := range rules {
		s.mu.Lock()
		r := s.runners[rule.ID]
		s.mu.Unlock()
		if r == nil {
			continue // it is being removed
		}
		st, err := r.status(ctx)
		if errors.Is(err, objectstore.ErrNotFollowed) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, nil
}

// Available reports whether this store's buckets can be replicated.
func (s *Service) Available() bool { return s.source != nil }

// gone reports whether an error says that a rule's bucket is no more.
func gone(err error) bool {
	return errors.Is(err, objectstore.ErrNotFollowed) || errs.KindOf(err) == errs.NotFound && errors.Is(err, objectstore.ErrBucketNotFound)
}
