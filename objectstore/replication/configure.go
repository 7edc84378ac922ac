package replication

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"croft/internal/ids"
	"croft/objectstore"
)

// Rules returns a bucket's rules, the oldest first, with the destinations that S3
// clients are told.
func (s *Service) Rules(ctx context.Context, bucket string) ([]Rule, error) {
	have, err := readRules(s.db.Read(ctx), "bucket = ?", bucket)
	if err != nil {
		return nil, err
	}
	rules := make([]Rule, len(have))
	for i, r := range have {
		rules[i] = r.Rule
		if r.Destination == "" {
			rules[i].Destination = Target{ID: r.TargetID, TargetBucket: r.TargetBucket}.ARN()
		}
	}
	return rules, nil
}

// Configure makes these a bucket's rules, all or none, as S3 sets them: each has a name,
// a priority, a destination and what it is for; the rest comes from the target. A rule
// that stays what it was goes on; one that takes the place of others for the same
// target copies what those had not. No rules end all. Targets stay.
func (s *Service) Configure(ctx context.Context, bucket string, rules []Rule) error {
	if s.source == nil {
		return ErrUnavailable
	}
	if len(rules) > MaxRules {
		return errTooMany
	}
	s.change.Lock()
	defer s.change.Unlock()
	is, err := s.source.Bucket(ctx, bucket)
	if err != nil {
		return err
	}
	have, err := readRules(s.db.Read(ctx), "bucket = ?", bucket)
	if err != nil {
		return err
	}
	targets, err := readTargets(s.db.Read(ctx), bucket)
	if err != nil {
		return err
	}
	p := plan{left: have}
	for _, rule := range rules {
		t, err := targetOf(targets, is, rule.Destination)
		if err != nil {
			return err
		}
		rule.Bucket, rule.bucketCreatedAt = bucket, is.CreatedAt
		p.add(rule, t)
	}
	return s.carryOut(ctx, &p)
}

// plan is how a bucket's rules become others.
type plan struct {
	left      []kept // rules that are there; in the end those that go
	old       []kept // what changed ones were
	changed   []kept
	made      []kept
	bookmarks []bookmark // of those made
}

// add finds the rule that is meant, or makes it.
func (p *plan) add(want Rule, t targetRow) {
	same := func(r kept) bool {
		return r.Name == want.Name && r.TargetID == t.ID && r.Prefix == want.Prefix && r.Existing == want.Existing
	}
	if i := slices.IndexFunc(p.left, same); i >= 0 {
		is := p.left[i]
		p.left = slices.Delete(slices.Clone(p.left), i, i+1)
		p.old = append(p.old, is)
		is.Priority, is.Tags, is.Deletes, is.Paused = want.Priority, want.Tags, want.Deletes, want.Paused
		is.Role, is.Destination, is.Legacy = want.Role, want.Destination, want.Legacy
		p.changed = append(p.changed, is)
		return
	}
	want.ID, want.TargetID = ids.New(), t.ID
	want.Endpoint, want.Region, want.TargetBucket, want.AccessKey = t.Endpoint, t.Region, t.TargetBucket, t.AccessKey
	want.CreatedAt = time.Now().UTC().Truncate(time.Millisecond)
	row := fromApp(want)
	rule, _ := row.toApp(t) // its own tags can be read
	p.made = append(p.made, kept{rule, t.SecretKey})
	p.bookmarks = append(p.bookmarks, newBookmark(rule))
}

// inherit has new rules look for what the rules that they take the place of had not
// copied yet.
func (p *plan) inherit() {
	for i := range p.made {
		for _, gone := range p.left {
			if r := &p.made[i]; gone.TargetID == r.TargetID {
				if gone.CreatedAt.Before(r.CreatedAt) {
					r.CreatedAt = gone.CreatedAt
				}
				p.bookmarks[i].Done = false
			}
		}
	}
}

// carryOut does what is planned. What changes meanwhile is in the backlog of one rule
// or the other.
func (s *Service) carryOut(ctx context.Context, p *plan) error {
	p.inherit()
	var err error
	for i, r := range p.made {
		follower := objectstore.Follower{Name: followerOf(r.ID), Bucket: r.Bucket, Prefix: r.Prefix}
		if _, err = s.source.Follow(ctx, follower); err == nil {
			err = s.source.Recall(ctx, follower.Name, nil, p.bookmarks[i].encode())
		}
		if err != nil {
			return errors.Join(err, s.unfollow(ctx, p.made))
		}
	}
	for _, r := range p.left {
		if runs := s.drop(r.ID); runs != nil {
			runs.end()
			runs.endUploads(ctx)
		}
	}
	for _, r := range p.changed {
		if runs := s.drop(r.ID); runs != nil {
			runs.end()
		}
	}
	if err := s.write(ctx, p); err != nil {
		// Everything goes on as it was.
		again := context.WithoutCancel(ctx)
		for _, r := range slices.Concat(p.left, p.old) {
			err = errors.Join(err, s.take(again, r))
		}
		return errors.Join(err, s.unfollow(ctx, p.made))
	}
	// It is done, whoever asked for it waits or not.
	ctx = context.WithoutCancel(ctx)
	for _, r := range slices.Concat(p.changed, p.made) {
		err = errors.Join(err, s.take(ctx, r))
	}
	return errors.Join(err, s.unfollow(ctx, p.left))
}

// write makes the rows what is planned, in one step.
func (s *Service) write(ctx context.Context, p *plan) error {
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		for _, r := range p.left {
			if err := tx.Where("id = ?", r.ID).Delete(&ruleRow{}).Error; err != nil {
				return err
			}
		}
		for _, r := range p.changed {
			row := fromApp(r.Rule)
			if err := tx.Save(&row).Error; err != nil {
				return err
			}
		}
		for _, r := range p.made {
			row := fromApp(r.Rule)
			if err := tx.Create(&row).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) unfollow(ctx context.Context, rules []kept) error {
	var failed error
	for _, r := range rules {
		failed = errors.Join(failed, s.source.Unfollow(context.WithoutCancel(ctx), followerOf(r.ID)))
	}
	return failed
}

// yields reports whether another rule with the same target and a higher priority has a
// say in what r would copy or delete.
func (s *Service) yields(r *runner, meant func(*Rule) bool) bool {
	for _, other := range (*s.byBucket.Load())[r.rule.Bucket] {
		if other.rule.Priority <= r.rule.Priority {
			return false
		}
		if other.rule.TargetID == r.rule.TargetID && !other.isPaused() && meant(&other.rule) {
			return true
		}
	}
	return false
}

func (r *runner) isPaused() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.paused
}
