package replication

import (
	"context"
	"errors"

	"croft/objectstore"
)

// Standing is how far an object is on its way to the targets of its bucket's rules.
type Standing string

// The standings, in S3's words.
const (
	StandingNone      Standing = "" // no rule is for it
	StandingPending   Standing = "PENDING"
	StandingCompleted Standing = "COMPLETED" // every target has it
	StandingFailed    Standing = "FAILED"    // a target could not get it; it is tried again, if it can ever be
	StandingReplica   Standing = "REPLICA"   // it is a copy that a rule of some cluster put here
)

// Standing says how far an object is on its way. Where the bucket has no rule that
// costs nothing, otherwise a look-up for each rule.
func (s *Service) Standing(ctx context.Context, o *objectstore.Object) (Standing, error) {
	if isReplica(o) {
		return StandingReplica, nil
	}
	standing := StandingNone
	for _, r := range (*s.byBucket.Load())[o.Bucket] {
		if !r.rule.wants(o) || !r.rule.Existing && o.ModifiedAt.Before(r.rule.CreatedAt) {
			continue
		}
		is, err := r.standing(ctx, o)
		if errors.Is(err, objectstore.ErrNotFollowed) {
			continue // the rule is being removed
		}
		if err != nil {
			return StandingNone, err
		}
		switch {
		case is == StandingFailed:
			return is, nil
		case standing != StandingPending:
			standing = is
		}
	}
	return standing, nil
}

func (r *runner) standing(ctx context.Context, o *objectstore.Object) (Standing, error) {
	if o.Encryption == objectstore.EncryptionCustomer {
		return StandingFailed, nil
	}
	waiting, err := r.svc.source.Changes(ctx, objectstore.ChangesRequest{Follower: followerOf(r.rule.ID), Key: o.Key})
	if err != nil {
		return StandingNone, err
	}
	for _, c := range waiting {
		if c.Kind != objectstore.ChangePut || c.VersionID != "" && c.VersionID != o.VersionID {
			continue
		}
		if _, stuck := r.stuck.Load(o.Key); stuck {
			return StandingFailed, nil
		}
		return StandingPending, nil
	}
	if b := r.bookmark.Load(); !b.Done && o.Key > b.After {
		return StandingPending, nil // nobody has looked yet whether the target has it
	}
	return StandingCompleted, nil
}
