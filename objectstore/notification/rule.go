package notification

import (
	"errors"
	"slices"
	"strings"

	"croft/internal/ids"
	"croft/objectstore"
)

// Document is the name of the bucket's document that holds its rules.
const Document = "notification"

// MaxRules is how many rules a bucket may have.
const MaxRules = 100

// Rule says which events of which keys go to a target.
type Rule struct {
	ID     string
	Sort   Sort
	ARN    string // as it was given
	Events []string
	Prefix string
	Suffix string

	target Target
	names  []Name
}

// Sort is which of S3's elements a rule is written as; to Croft they are the same.
type Sort int

// The sorts of rules.
const (
	Queue Sort = iota
	Topic
	Function
)

// Target is where the rule's events go.
func (r *Rule) Target() Target { return r.target }

// Rules are all of a bucket.
type Rules []Rule

// matches reports whether a rule wants an event of a key.
func (r *Rule) matches(name Name, key string) bool {
	return strings.HasPrefix(key, r.Prefix) && strings.HasSuffix(key, r.Suffix) && slices.Contains(r.names, name)
}

// check completes rules and refuses what S3 refuses.
func (rules Rules) check() error {
	if len(rules) > MaxRules {
		return invalid("A bucket has at most %d event rules.", MaxRules)
	}
	known := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if r.ID == "" {
			r.ID = ids.New()
		}
		if len(r.ID) > 255 || known[r.ID] {
			return invalid("The ID of each rule is its own and has at most 255 characters: %s.", clip(r.ID))
		}
		known[r.ID] = true
		if err := r.check(); err != nil {
			return err
		}
		for j := range rules[:i] {
			if r.overlaps(&rules[j]) {
				return invalid("Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type: %s and %s.",
					clip(rules[j].ID), clip(r.ID))
			}
		}
	}
	return nil
}

func (r *Rule) check() (err error) {
	if r.target, err = ParseTarget(r.ARN); err != nil {
		return err
	}
	if len(r.Events) == 0 {
		return malformed("A rule names at least one event.")
	}
	r.names = nil
	var refused error
	for _, text := range r.Events {
		names, err := expand(text)
		if strings.HasPrefix(text, accessed) && errors.Is(err, ErrUnsupported) {
			refused = err // mc asks for reads unasked; the rule is kept as it was given, for its other events
			continue
		}
		if err != nil {
			return err
		}
		for _, n := range names {
			if slices.Contains(r.names, n) {
				return invalid("The rule %s names the event %s twice.", clip(r.ID), n)
			}
			r.names = append(r.names, n)
		}
	}
	if len(r.names) == 0 {
		return refused
	}
	for _, part := range []string{r.Prefix, r.Suffix} {
		if part != "" && objectstore.ValidateKey(part) != nil {
			return invalid("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation, and it has no NUL.")
		}
	}
	return nil
}

// overlaps reports whether some event of some key would be told by both.
func (r *Rule) overlaps(o *Rule) bool {
	prefixes := strings.HasPrefix(r.Prefix, o.Prefix) || strings.HasPrefix(o.Prefix, r.Prefix)
	suffixes := strings.HasSuffix(r.Suffix, o.Suffix) || strings.HasSuffix(o.Suffix, r.Suffix)
	return prefixes && suffixes && slices.ContainsFunc(r.names, func(n Name) bool { return slices.Contains(o.names, n) })
}
