package lifecycle

import (
	"maps"
	"slices"
	"time"
)

// DocumentName is what the rules are kept under among a bucket's documents.
const DocumentName = "lifecycle"

// Limits of rules.
const (
	MaxRules = 1000
	MaxID    = 255 // characters
	MaxKept  = 100 // of noncurrent versions
)

// Rules are a bucket's rules, in the order in which they were written. They are not
// to be changed in place.
type Rules []Rule

// Rule says what is to become of the versions and uploads of some keys.
type Rule struct {
	ID      string
	Enabled bool
	Filter  Filter
	// OldPrefix says that the prefix stands where clients wrote it before there were
	// filters. The filter holds nothing else then.
	OldPrefix bool

	Expiration            Expiration
	Noncurrent            Noncurrent
	AbortDays             int // of uploads, after they began; 0 is never
	Transitions           []Transition
	NoncurrentTransitions []NoncurrentTransition
}

// Filter selects versions. All of it must hold; the zero value selects everything.
type Filter struct {
	Prefix      string
	Tags        map[string]string
	LargerThan  *int64 // bytes
	SmallerThan int64  // bytes; 0 is no limit

	// prefixed says that a prefix was written, be it an empty one, so that it reads the same.
	prefixed bool
}

// Expiration is what becomes of what a key holds. At most one of the three is set.
type Expiration struct {
	Days    int
	Date    time.Time // midnight UTC
	Markers bool      // remove delete markers that hide nothing
}

// Noncurrent says when versions are removed for good that are no longer what their
// key holds: so many days after they ceased to be, unless they are among the Keep
// newest of them.
type Noncurrent struct {
	Days int
	Keep int
}

// Transition moves what a key holds to a tier, days after it was written or from a
// date on.
type Transition struct {
	Days int
	Date time.Time // midnight UTC; zero: Days count
	Tier string
}

// NoncurrentTransition moves noncurrent versions to a tier.
type NoncurrentTransition struct {
	Noncurrent
	Tier string
}

func (e Expiration) set() bool { return e.Days > 0 || !e.Date.IsZero() || e.Markers }

func (n Noncurrent) set() bool { return n != Noncurrent{} }

// plain reports whether a filter looks at keys alone.
func (f *Filter) plain() bool { return len(f.Tags) == 0 && f.LargerThan == nil && f.SmallerThan == 0 }

// Clone returns rules that share nothing with these.
func (r Rules) Clone() Rules {
	all := slices.Clone(r)
	for i := range all {
		all[i].Filter.Tags = maps.Clone(all[i].Filter.Tags)
		all[i].Transitions = slices.Clone(all[i].Transitions)
		all[i].NoncurrentTransitions = slices.Clone(all[i].NoncurrentTransitions)
	}
	return all
}

// Tiers returns the names of all tiers that rules move to, each once and in order.
func (r Rules) Tiers() []string {
	var names []string
	for i := range r {
		for _, t := range r[i].Transitions {
			names = append(names, t.Tier)
		}
		for _, t := range r[i].NoncurrentTransitions {
			names = append(names, t.Tier)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
