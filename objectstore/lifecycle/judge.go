package lifecycle

import (
	"maps"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

// Kind is what is to become of a version.
type Kind int

// The kinds. Keep is also the answer when nothing is due yet.
const (
	Keep         Kind = iota
	Expire            // delete what the key holds: for good, or under a marker where versions are kept
	Remove            // remove a noncurrent version for good
	RemoveMarker      // remove a delete marker that hides nothing
	Move              // to a tier
)

// Version is what rules judge: a version and where it stands among those of its key.
type Version struct {
	objectstore.Object
	Only            bool      // there is no other version of the key
	NoncurrentSince time.Time // when the next newer version was written; zero for what the key holds
	Newer           int       // noncurrent versions of the key that are newer, delete markers aside
}

// Verdict is what is to become of a version: what, since when it is due, and by which
// rule.
type Verdict struct {
	Kind Kind
	At   time.Time
	Rule string // its ID
	Tier string // of Move
}

const day = 24 * time.Hour

// due is when something is so many days old: S3 counts to the midnight, UTC, that
// follows. Zero days are over at the next midnight too.
func due(since time.Time, days int) time.Time {
	return since.UTC().Add(time.Duration(days) * day).Truncate(day).Add(day)
}

// matches reports whether a filter selects a version. Delete markers have neither
// tags nor a size, so only filters on keys select them.
func (f *Filter) matches(o *objectstore.Object) bool {
	if !strings.HasPrefix(o.Key, f.Prefix) {
		return false
	}
	if f.plain() {
		return true
	}
	if o.Marker || f.LargerThan != nil && o.Size <= *f.LargerThan || f.SmallerThan > 0 && o.Size >= f.SmallerThan {
		return false
	}
	for key, value := range f.Tags {
		if is, has := o.Attributes.Tags[key]; !has || is != value {
			return false
		}
	}
	return true
}

// Judge says what is to become of a version now. Of several things that are due S3
// prefers deleting for good, then moving, then deleting under a marker; of several
// deletions the one that was due first counts, of several moves the one that was due
// last. Locks are not looked at.
func (r Rules) Judge(v *Version, versioning objectstore.Versioning, now time.Time) Verdict {
	var deletion, move Verdict
	for i := range r {
		rule := &r[i]
		if !rule.Enabled || !rule.Filter.matches(&v.Object) {
			continue
		}
		if kind, at := rule.deletion(v); kind != Keep && !now.Before(at) && (deletion.Kind == Keep || at.Before(deletion.At)) {
			deletion = Verdict{Kind: kind, At: at, Rule: rule.ID}
		}
		if v.Marker || v.Size == 0 {
			continue // there is nothing to move
		}
		rule.moves(v, func(at time.Time, tier string) {
			if !now.Before(at) && (move.Kind == Keep || at.After(move.At)) {
				move = Verdict{Kind: Move, At: at, Rule: rule.ID, Tier: tier}
			}
		})
	}
	if move.Tier == v.Tier {
		move = Verdict{} // it is there
	}
	forGood := deletion.Kind != Expire || versioning == objectstore.VersioningOff
	if deletion.Kind != Keep && (forGood || move.Kind == Keep) {
		return deletion
	}
	return move
}

// deletion says how a rule deletes a version, and when.
func (r *Rule) deletion(v *Version) (Kind, time.Time) {
	switch {
	case !v.Latest:
		if !r.Noncurrent.set() || v.Newer < r.Noncurrent.Keep {
			return Keep, time.Time{}
		}
		return Remove, r.Noncurrent.due(v)
	case !v.Marker:
		at, expires := r.Expiration.due(v.ModifiedAt)
		if !expires {
			return Keep, time.Time{}
		}
		return Expire, at
	case !v.Only:
		return Keep, time.Time{}
	case r.Expiration.Markers:
		return RemoveMarker, v.ModifiedAt
	}
	// A marker that hides nothing expires as an object would.
	at, expires := r.Expiration.due(v.ModifiedAt)
	if !expires || !r.Filter.plain() {
		return Keep, time.Time{}
	}
	return RemoveMarker, at
}

// due is when what was written at a time expires.
func (e Expiration) due(written time.Time) (at time.Time, expires bool) {
	switch {
	case e.Days > 0:
		return due(written, e.Days), true
	case !e.Date.IsZero():
		return e.Date, true
	}
	return time.Time{}, false
}

// due is when a noncurrent version is old enough; where only a number is kept, at once.
func (n Noncurrent) due(v *Version) time.Time {
	if n.Days == 0 && n.Keep > 0 {
		return v.NoncurrentSince
	}
	return due(v.NoncurrentSince, n.Days)
}

// moves calls f for each tier a rule moves a version to, with when.
func (r *Rule) moves(v *Version, f func(at time.Time, tier string)) {
	if !v.Latest {
		for _, t := range r.NoncurrentTransitions {
			if v.Newer >= t.Keep {
				f(t.due(v), t.Tier)
			}
		}
		return
	}
	for _, t := range r.Transitions {
		if t.Date.IsZero() {
			f(due(v.ModifiedAt, t.Days), t.Tier)
		} else {
			f(t.Date, t.Tier)
		}
	}
}

// Expiry says when what a key holds will be deleted, and by which rule.
func (r Rules) Expiry(o *objectstore.Object) (at time.Time, rule string, expires bool) {
	if o.Marker {
		return at, rule, false
	}
	for i := range r {
		one := &r[i]
		if !one.Enabled || !one.Filter.matches(o) {
			continue
		}
		if t, ok := one.Expiration.due(o.ModifiedAt); ok && (!expires || t.Before(at)) {
			at, rule, expires = t, one.ID, true
		}
	}
	return at, rule, expires
}

// Abort says when an upload of a key that began at a time is aborted, unless it is
// completed before, and by which rule.
func (r Rules) Abort(key string, began time.Time) (at time.Time, rule string, aborts bool) {
	for i := range r {
		one := &r[i]
		if !one.Enabled || one.AbortDays == 0 || !strings.HasPrefix(key, one.Filter.Prefix) {
			continue
		}
		if t := due(began, one.AbortDays); !aborts || t.Before(at) {
			at, rule, aborts = t, one.ID, true
		}
	}
	return at, rule, aborts
}

// prefixes are the beginnings of all keys that rules of a sort are about, none of
// which begins with another.
func (r Rules) prefixes(about func(*Rule) bool) []string {
	set := map[string]bool{}
	for i := range r {
		if r[i].Enabled && about(&r[i]) {
			set[r[i].Filter.Prefix] = true
		}
	}
	maps.DeleteFunc(set, func(p string, _ bool) bool {
		for i := range len(p) {
			if set[p[:i]] {
				return true
			}
		}
		return false
	})
	return slices.Sorted(maps.Keys(set))
}

func (r *Rule) aboutVersions() bool {
	return r.Expiration.set() || r.Noncurrent.set() || len(r.Transitions) > 0 || len(r.NoncurrentTransitions) > 0
}

func (r *Rule) aboutUploads() bool { return r.AbortDays > 0 }
