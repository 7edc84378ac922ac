package lifecycle

import (
	"slices"
	"time"
	"unicode/utf8"

	"croft/objectstore"
)

// validate refuses what can be written and yet S3 does not take.
func (r Rules) validate() error {
	if len(r) > MaxRules {
		return malformed("It has at most %d rules.", MaxRules)
	}
	seen := make(map[string]bool, len(r))
	for i := range r {
		id := r[i].ID
		if utf8.RuneCountInString(id) > MaxID {
			return invalid("ID length should not exceed allowed limit of %d", MaxID)
		}
		if seen[id] {
			return invalid("Rule ID must be unique. Found same ID for more than one rule")
		}
		seen[id] = true
		if !writable(id) {
			return invalid("A rule's ID has characters that XML cannot hold")
		}
		if err := r[i].validate(); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) validate() error {
	return first(r.Filter.validate, r.validateValues, r.validateFilter, r.validateOrder)
}

// first returns the first refusal.
func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (f *Filter) validate() error {
	if f.Prefix != "" && objectstore.ValidateKey(f.Prefix) != nil {
		return invalid("A Prefix is the beginning of a key: at most 1,024 bytes of valid UTF-8 without NUL.")
	}
	if !writable(f.Prefix) {
		return invalid("The Prefix has characters that the rules' XML cannot hold.")
	}
	for key, value := range f.Tags {
		if !writable(key) || !writable(value) {
			return invalid("A tag has characters that the rules' XML cannot hold.")
		}
		if key == "" || utf8.RuneCountInString(key) > 128 {
			return invalid("The TagKey you have provided is invalid")
		}
		if utf8.RuneCountInString(value) > 256 {
			return invalid("The TagValue you have provided is invalid")
		}
	}
	switch {
	case f.LargerThan != nil && *f.LargerThan < 0:
		return invalid("'ObjectSizeGreaterThan' must be a nonnegative integer.")
	case f.SmallerThan < 0:
		return invalid("'ObjectSizeLessThan' must be a positive integer.")
	case f.LargerThan != nil && f.SmallerThan != 0 && f.SmallerThan <= *f.LargerThan:
		return refused("'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'.")
	}
	return nil
}

// validateValues looks at each action by itself. The reader of documents has seen to
// most of it; rules may come from elsewhere.
func (r *Rule) validateValues() error {
	if !r.Expiration.set() && !r.Noncurrent.set() && r.AbortDays == 0 && len(r.Transitions) == 0 && len(r.NoncurrentTransitions) == 0 {
		return refused("At least one action needs to be specified in a rule.")
	}
	x := r.Expiration
	if x.Days < 0 || r.AbortDays < 0 || r.Noncurrent.Days < 0 || r.Noncurrent.Keep < 0 {
		return invalid("Days and numbers of versions must be positive integers")
	}
	if x.Days > 0 && !x.Date.IsZero() || x.Markers && (x.Days > 0 || !x.Date.IsZero()) {
		return malformed("An Expiration has one of Days, Date and ExpiredObjectDeleteMarker.")
	}
	dates := []time.Time{x.Date}
	kept := []int{r.Noncurrent.Keep}
	var tiers, noncurrent []string
	for _, t := range r.Transitions {
		if t.Days < 0 || t.Days > 0 && !t.Date.IsZero() {
			return invalid("'Days' for Transition action must be a nonnegative integer")
		}
		dates, tiers = append(dates, t.Date), append(tiers, t.Tier)
	}
	for _, t := range r.NoncurrentTransitions {
		if t.Days < 0 || t.Keep < 0 {
			return invalid("'NoncurrentDays' for NoncurrentVersionTransition action must be a nonnegative integer")
		}
		kept, noncurrent = append(kept, t.Keep), append(noncurrent, t.Tier)
	}
	for _, at := range dates {
		if !at.IsZero() && !at.Equal(at.UTC().Truncate(24*time.Hour)) {
			return invalid("'Date' must be at midnight GMT")
		}
	}
	for _, n := range kept {
		if n > MaxKept {
			return invalid("'NewerNoncurrentVersions' must be at most %d", MaxKept)
		}
	}
	for _, names := range [][]string{tiers, noncurrent} {
		for i, name := range names {
			if objectstore.ValidateTierName(name) != nil {
				return invalid("The StorageClass %q names no tier. %s", clip(name), objectstore.ErrTierNameInvalid.Message)
			}
			if slices.Contains(names[:i], name) {
				return invalid("'StorageClass' must be different for 'Transition' actions in the same 'Rule' with prefix '%s'", r.Filter.Prefix)
			}
		}
	}
	return nil
}

// validateFilter refuses actions that a filter does not go with.
func (r *Rule) validateFilter() error {
	f := &r.Filter
	if r.OldPrefix && !f.plain() {
		return malformed("Each rule has either a Filter or a Prefix.")
	}
	keeps := r.Noncurrent.Keep > 0
	for _, t := range r.NoncurrentTransitions {
		keeps = keeps || t.Keep > 0
	}
	switch {
	case r.OldPrefix && keeps:
		return refused("NewerNoncurrentVersions can only be specified in a rule with a Filter.")
	case r.Expiration.Markers && !f.plain():
		return refused("ExpiredObjectDeleteMarker cannot be specified with Tags or sizes.")
	case r.AbortDays > 0 && !f.plain():
		return refused("AbortIncompleteMultipartUpload cannot be specified with Tags or sizes.")
	}
	return nil
}

// validateOrder refuses to expire what is to be moved later, or at the same time.
func (r *Rule) validateOrder() error {
	x := r.Expiration
	var byDays, byDate bool
	for _, t := range r.Transitions {
		byDate, byDays = byDate || !t.Date.IsZero(), byDays || t.Date.IsZero()
		switch {
		case x.Days > 0 && t.Date.IsZero() && x.Days <= t.Days:
			return invalid("'Days' in the Expiration action for prefix '%s' must be greater than 'Days' in the Transition action", r.Filter.Prefix)
		case !x.Date.IsZero() && !t.Date.IsZero() && !x.Date.After(t.Date):
			return invalid("'Date' in the Expiration action for prefix '%s' must be later than 'Date' in the Transition action", r.Filter.Prefix)
		}
	}
	if byDate && (byDays || x.Days > 0) || byDays && !x.Date.IsZero() {
		return refused("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for prefix '%s'", r.Filter.Prefix)
	}
	for _, t := range r.NoncurrentTransitions {
		if n := r.Noncurrent; n.Days > 0 && n.Days <= t.Days {
			return invalid("'NoncurrentDays' in the NoncurrentVersionExpiration action for prefix '%s' must be greater than 'NoncurrentDays' in the NoncurrentVersionTransition action", r.Filter.Prefix)
		}
	}
	return nil
}

// writable reports whether XML can hold a text.
func writable(text string) bool {
	for i, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return false
			}
		}
	}
	return true
}
