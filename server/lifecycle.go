package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/lifecycle"
)

// Lifecycle keeps buckets' lifecycle rules and does what they say.
type Lifecycle interface {
	Available() bool
	Get(ctx context.Context, bucket string) (lifecycle.Rules, error)
	Change(ctx context.Context, bucket string, change func(lifecycle.Rules) (lifecycle.Rules, error)) error
	Status(ctx context.Context, bucket string) lifecycle.Status
}

// BucketLifecycle is a bucket's rules and what they did.
type BucketLifecycle struct {
	Available bool             `json:"available" doc:"Whether buckets of this store can have rules"`
	Rules     []LifecycleRule  `json:"rules"`
	Status    *LifecycleStatus `json:"status,omitempty" doc:"Absent until the bucket is to be looked through"`
}

// LifecycleRule says what becomes of some objects. What is 0, empty or missing is not
// done, or not asked for.
type LifecycleRule struct {
	ID          string            `json:"id" maxLength:"255" doc:"One of the bucket's rules; a new rule without one gets one"`
	Enabled     bool              `json:"enabled"`
	Prefix      string            `json:"prefix" maxLength:"1024" doc:"Only keys that begin with it"`
	Tags        map[string]string `json:"tags,omitempty" doc:"Only objects with all of these tags"`
	LargerThan  *int64            `json:"largerThan,omitempty" minimum:"0" doc:"Only larger objects, in bytes"`
	SmallerThan int64             `json:"smallerThan" minimum:"0" doc:"Only smaller objects, in bytes"`

	ExpireDays    int    `json:"expireDays" minimum:"0" doc:"Delete objects so many days after they were written"`
	ExpireDate    string `json:"expireDate,omitempty" doc:"Delete objects from this day on" example:"2030-01-31"`
	ExpireMarkers bool   `json:"expireMarkers" doc:"Remove delete markers that hide nothing"`

	NoncurrentDays int `json:"noncurrentDays" minimum:"0" doc:"Remove old versions so many days after they were replaced"`
	NoncurrentKeep int `json:"noncurrentKeep" minimum:"0" maximum:"100" doc:"Keep so many of the newest old versions"`

	AbortDays int `json:"abortDays" minimum:"0" doc:"Abort uploads that are unfinished after so many days"`

	Transitions           []LifecycleTransition           `json:"transitions,omitempty" maxItems:"100"`
	NoncurrentTransitions []LifecycleNoncurrentTransition `json:"noncurrentTransitions,omitempty" maxItems:"100"`
}

// LifecycleTransition moves objects to a tier, days after they were written or from a
// day on.
type LifecycleTransition struct {
	Days int    `json:"days" minimum:"0"`
	Date string `json:"date,omitempty" example:"2030-01-31"`
	Tier string `json:"tier" maxLength:"32"`
}

// LifecycleNoncurrentTransition moves old versions to a tier, days after they were
// replaced.
type LifecycleNoncurrentTransition struct {
	Days int    `json:"days" minimum:"0"`
	Keep int    `json:"keep" minimum:"0" maximum:"100" doc:"But for so many of the newest"`
	Tier string `json:"tier" maxLength:"32"`
}

// LifecycleStatus is what rules did. Counts are since the start.
type LifecycleStatus struct {
	Running bool       `json:"running" doc:"The bucket is being looked through"`
	Began   *time.Time `json:"began,omitempty" doc:"When it was looked through last, or began to be"`
	Ended   *time.Time `json:"ended,omitempty"`
	Next    *time.Time `json:"next,omitempty"`
	Looked  int64      `json:"looked" doc:"Versions that were looked at then"`
	Locked  int64      `json:"locked" doc:"Of them, that a lock kept"`

	Expired      int64 `json:"expired" doc:"Objects that were deleted"`
	ExpiredBytes int64 `json:"expiredBytes"`
	Removed      int64 `json:"removed" doc:"Old versions"`
	RemovedBytes int64 `json:"removedBytes"`
	Markers      int64 `json:"markers" doc:"Delete markers that hid nothing"`
	Moved        int64 `json:"moved" doc:"Versions, to tiers"`
	MovedBytes   int64 `json:"movedBytes"`
	Aborted      int64 `json:"aborted" doc:"Uploads"`

	Failures    int64  `json:"failures"`
	Problem     string `json:"problem,omitempty" doc:"The last failure that is not over, in words"`
	ProblemCode string `json:"problemCode,omitempty" doc:"Of that failure, as of a refusal; missing of one that has none"`
	ProblemKey  string `json:"problemKey,omitempty" doc:"The object it is about; missing when it is the bucket or a tier"`
}

type (
	addLifecycleInput struct {
		InBucket
		Body LifecycleRule
	}
	changeLifecycleInput struct {
		InBucket
		Rule string `query:"rule" required:"true" doc:"The ID of the rule to replace"`
		Body LifecycleRule
	}
	oneLifecycleInput struct {
		InBucket
		Rule string `query:"rule" required:"true" doc:"The ID of the rule"`
	}
)

func (s *Server) lifecycleRoutes() {
	rule := Need(account.BucketWrite, s.bucket())
	const path = "/buckets/{bucket}/lifecycle"
	route(s, op("get-lifecycle", http.MethodGet, path, "A bucket's lifecycle rules, and what they did", "buckets"), Need(account.BucketRead, s.bucket()), s.getLifecycle)
	route(s, status(op("add-lifecycle-rule", http.MethodPost, path, "Add a lifecycle rule", "buckets"), http.StatusCreated), rule, s.addLifecycleRule)
	route(s, op("replace-lifecycle-rule", http.MethodPut, path, "Change a lifecycle rule; the others stay", "buckets"), rule, s.replaceLifecycleRule)
	route(s, status(op("remove-lifecycle-rule", http.MethodDelete, path, "Remove a lifecycle rule; what it did stays done", "buckets"), http.StatusNoContent),
		rule, s.removeLifecycleRule)
}

func (s *Server) getLifecycle(ctx context.Context, in *InBucket) (*body[BucketLifecycle], error) {
	out := BucketLifecycle{Available: s.deps.Lifecycle.Available(), Rules: []LifecycleRule{}}
	if !out.Available {
		return &body[BucketLifecycle]{out}, nil
	}
	rules, err := s.deps.Lifecycle.Get(ctx, in.Bucket)
	if err != nil && !errors.Is(err, lifecycle.ErrNone) {
		return nil, err
	}
	for i := range rules {
		out.Rules = append(out.Rules, wireLifecycleRule(&rules[i]))
	}
	if st := s.deps.Lifecycle.Status(ctx, in.Bucket); st != (lifecycle.Status{}) {
		out.Status = wireLifecycleStatus(st)
	}
	return &body[BucketLifecycle]{out}, nil
}

func (s *Server) addLifecycleRule(ctx context.Context, in *addLifecycleInput) (*body[BucketLifecycle], error) {
	return s.changeLifecycle(ctx, &in.InBucket, "add "+in.Body.ID, func(now lifecycle.Rules) (lifecycle.Rules, error) {
		added, err := in.Body.toApp()
		return append(now, added), err
	})
}

func (s *Server) replaceLifecycleRule(ctx context.Context, in *changeLifecycleInput) (*body[BucketLifecycle], error) {
	return s.changeLifecycle(ctx, &in.InBucket, "change "+in.Rule, func(now lifecycle.Rules) (lifecycle.Rules, error) {
		i, err := ruleAt(now, in.Rule)
		if err == nil {
			now[i], err = in.Body.toApp()
		}
		return now, err
	})
}

func (s *Server) removeLifecycleRule(ctx context.Context, in *oneLifecycleInput) (*struct{}, error) {
	_, err := s.changeLifecycle(ctx, &in.InBucket, "remove "+in.Rule, func(now lifecycle.Rules) (lifecycle.Rules, error) {
		i, err := ruleAt(now, in.Rule)
		if err != nil {
			return nil, err
		}
		return append(now[:i], now[i+1:]...), nil
	})
	return nil, err
}

func (s *Server) changeLifecycle(ctx context.Context, in *InBucket, what string, change func(lifecycle.Rules) (lifecycle.Rules, error)) (*body[BucketLifecycle], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, what
	if err := s.deps.Lifecycle.Change(ctx, in.Bucket, change); err != nil {
		return nil, err
	}
	return s.getLifecycle(ctx, in)
}

func ruleAt(rules lifecycle.Rules, id string) (int, error) {
	for i := range rules {
		if rules[i].ID == id {
			return i, nil
		}
	}
	return 0, lifecycle.ErrRuleNotFound
}

func (r LifecycleRule) toApp() (out lifecycle.Rule, err error) {
	out = lifecycle.Rule{
		ID: r.ID, Enabled: r.Enabled,
		Filter:     lifecycle.Filter{Prefix: r.Prefix, Tags: r.Tags, LargerThan: r.LargerThan, SmallerThan: r.SmallerThan},
		Expiration: lifecycle.Expiration{Days: r.ExpireDays, Markers: r.ExpireMarkers},
		Noncurrent: lifecycle.Noncurrent{Days: r.NoncurrentDays, Keep: r.NoncurrentKeep},
		AbortDays:  r.AbortDays,
	}
	if out.Expiration.Date, err = midnight("expireDate", r.ExpireDate); err != nil {
		return out, err
	}
	for _, t := range r.Transitions {
		date, err := midnight("transitions", t.Date)
		if err != nil {
			return out, err
		}
		out.Transitions = append(out.Transitions, lifecycle.Transition{Days: t.Days, Date: date, Tier: t.Tier})
	}
	for _, t := range r.NoncurrentTransitions {
		out.NoncurrentTransitions = append(out.NoncurrentTransitions, lifecycle.NoncurrentTransition{
			Noncurrent: lifecycle.Noncurrent{Days: t.Days, Keep: t.Keep}, Tier: t.Tier,
		})
	}
	return out, nil
}

// midnight reads a day; empty is none.
func midnight(field, day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return t, errs.Newf(errs.Invalid, lifecycle.ErrInvalid.Code, "%s is a day as in 2030-01-31.", field)
	}
	return t, nil
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func wireLifecycleRule(r *lifecycle.Rule) LifecycleRule {
	out := LifecycleRule{
		ID: r.ID, Enabled: r.Enabled, Prefix: r.Filter.Prefix, Tags: r.Filter.Tags, LargerThan: r.Filter.LargerThan, SmallerThan: r.Filter.SmallerThan,
		ExpireDays: r.Expiration.Days, ExpireDate: dayOf(r.Expiration.Date), ExpireMarkers: r.Expiration.Markers,
		NoncurrentDays: r.Noncurrent.Days, NoncurrentKeep: r.Noncurrent.Keep, AbortDays: r.AbortDays,
	}
	for _, t := range r.Transitions {
		out.Transitions = append(out.Transitions, LifecycleTransition{Days: t.Days, Date: dayOf(t.Date), Tier: t.Tier})
	}
	for _, t := range r.NoncurrentTransitions {
		out.NoncurrentTransitions = append(out.NoncurrentTransitions, LifecycleNoncurrentTransition{Days: t.Days, Keep: t.Keep, Tier: t.Tier})
	}
	return out
}

func wireLifecycleStatus(st lifecycle.Status) *LifecycleStatus {
	return &LifecycleStatus{
		Running: st.Running, Began: optional(st.Began), Ended: optional(st.Ended), Next: optional(st.Next), Looked: st.Looked, Locked: st.Locked,
		Expired: st.Expired, ExpiredBytes: st.ExpiredBytes, Removed: st.Removed, RemovedBytes: st.RemovedBytes, Markers: st.Markers,
		Moved: st.Moved, MovedBytes: st.MovedBytes, Aborted: st.Aborted,
		Failures: st.Failures, Problem: st.Problem.Message, ProblemCode: st.Problem.Code, ProblemKey: st.ProblemKey,
	}
}
