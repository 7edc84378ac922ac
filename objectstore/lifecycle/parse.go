package lifecycle

import (
	"strconv"
	"strings"
	"time"

	"croft/internal/ids"
)

// Parse reads a LifecycleConfiguration as clients send it. What does not belong in it
// is refused, and so is what S3 refuses; rules without an ID get one.
func Parse(document []byte) (Rules, error) {
	root, err := readTree(document)
	if err != nil {
		return nil, err
	}
	if root.name != "LifecycleConfiguration" {
		return nil, malformed("It is no LifecycleConfiguration.")
	}
	if root.text != "" && len(root.children) > 0 {
		return nil, malformed("There is text between the rules.")
	}
	if len(root.children) == 0 || len(root.children) > MaxRules {
		return nil, malformed("It has at least one rule and at most %d.", MaxRules)
	}
	rules := make(Rules, 0, len(root.children))
	for _, e := range root.children {
		if e.name != "Rule" {
			return nil, malformed("%s does not belong in it.", clip(e.name))
		}
		rule, err := parseRule(e)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	for i := range rules {
		if rules[i].ID == "" {
			rules[i].ID = ids.New()
		}
	}
	return rules, rules.validate()
}

// each hands each child to its reader; one without a reader, and one that comes again
// where it may not, is malformed.
func (e *element) each(once map[string]func(*element) error, many map[string]func(*element) error) error {
	if strings.TrimSpace(e.text) != "" {
		return malformed("%s holds text.", clip(e.name))
	}
	seen := map[string]bool{}
	for _, child := range e.children {
		read := many[child.name]
		if read == nil {
			if read = once[child.name]; read == nil || seen[child.name] {
				return malformed("%s does not belong in %s, or not twice.", clip(child.name), e.name)
			}
			seen[child.name] = true
		}
		if err := read(child); err != nil {
			return err
		}
	}
	return nil
}

func parseRule(e *element) (r Rule, err error) {
	var status string
	var filtered, prefixed, acts bool
	action := func(read func(*element) error) func(*element) error {
		return func(e *element) error {
			acts = true
			return read(e)
		}
	}
	err = e.each(map[string]func(*element) error{
		"ID":     textInto(&r.ID),
		"Status": textInto(&status),
		"Prefix": func(e *element) error {
			prefixed, r.OldPrefix = true, true
			return textInto(&r.Filter.Prefix)(e)
		},
		"Filter": func(e *element) error {
			filtered = true
			return r.Filter.parse(e)
		},
		"Expiration":                     action(r.Expiration.parse),
		"NoncurrentVersionExpiration":    action(r.Noncurrent.parse),
		"AbortIncompleteMultipartUpload": action(func(e *element) error { return parseAbort(e, &r.AbortDays) }),
	}, map[string]func(*element) error{
		"Transition": action(func(e *element) error {
			t, err := parseTransition(e)
			r.Transitions = append(r.Transitions, t)
			return err
		}),
		"NoncurrentVersionTransition": action(func(e *element) error {
			t, err := parseNoncurrentTransition(e)
			r.NoncurrentTransitions = append(r.NoncurrentTransitions, t)
			return err
		}),
	})
	switch {
	case err != nil:
		return r, err
	case filtered == prefixed:
		return r, malformed("Each rule has either a Filter or a Prefix.")
	case status != "Enabled" && status != "Disabled":
		return r, malformed("A rule's Status is Enabled or Disabled.")
	case !acts:
		return r, refused("At least one action needs to be specified in a rule.")
	}
	r.Enabled = status == "Enabled"
	return r, nil
}

func (f *Filter) parse(e *element) error {
	if len(e.children) > 1 {
		return malformed("A Filter holds one condition, or several inside of And.")
	}
	return e.each(map[string]func(*element) error{
		"Prefix":                f.parsePrefix,
		"Tag":                   f.parseTag,
		"ObjectSizeGreaterThan": f.parseLarger,
		"ObjectSizeLessThan":    f.parseSmaller,
		"And": func(e *element) error {
			if len(e.children) < 2 {
				return malformed("And joins at least two conditions.")
			}
			return e.each(map[string]func(*element) error{
				"Prefix": f.parsePrefix, "ObjectSizeGreaterThan": f.parseLarger, "ObjectSizeLessThan": f.parseSmaller,
			}, map[string]func(*element) error{"Tag": f.parseTag})
		},
	}, nil)
}

func (f *Filter) parsePrefix(e *element) error {
	f.prefixed = true
	return textInto(&f.Prefix)(e)
}

func (f *Filter) parseTag(e *element) error {
	var key, value string
	var hasKey, hasValue bool
	err := e.each(map[string]func(*element) error{
		"Key":   func(e *element) error { hasKey = true; return textInto(&key)(e) },
		"Value": func(e *element) error { hasValue = true; return textInto(&value)(e) },
	}, nil)
	if err != nil {
		return err
	}
	if !hasKey || !hasValue {
		return malformed("A Tag has a Key and a Value.")
	}
	if _, twice := f.Tags[key]; twice {
		return refused("Duplicate Tag Keys are not allowed.")
	}
	if f.Tags == nil {
		f.Tags = map[string]string{}
	}
	f.Tags[key] = value
	return nil
}

func (f *Filter) parseLarger(e *element) error {
	n, err := number(e)
	f.LargerThan = &n
	return err
}

func (f *Filter) parseSmaller(e *element) error {
	n, err := number(e)
	if err == nil && n < 1 {
		err = invalid("'ObjectSizeLessThan' must be a positive integer.")
	}
	f.SmallerThan = n
	return err
}

func (e *Expiration) parse(in *element) error {
	said := 0
	err := in.each(map[string]func(*element) error{
		"Days": func(in *element) error { said++; return days(in, &e.Days, 1, "'Days' for Expiration action") },
		"Date": func(in *element) error { said++; return date(in, &e.Date) },
		"ExpiredObjectDeleteMarker": func(in *element) error {
			switch in.text {
			case "true":
				said++
				e.Markers = true
			case "false": // which some clients write beside Days, and which says nothing
			default:
				return malformed("ExpiredObjectDeleteMarker is true or false.")
			}
			return nil
		},
	}, nil)
	if err == nil && said != 1 {
		err = malformed("An Expiration has one of Days, Date and ExpiredObjectDeleteMarker.")
	}
	return err
}

func (n *Noncurrent) parse(e *element) error {
	if err := n.read(e, 1, "NoncurrentVersionExpiration", nil); err != nil {
		return err
	}
	if !n.set() {
		return malformed("A NoncurrentVersionExpiration has NoncurrentDays or NewerNoncurrentVersions.")
	}
	return nil
}

// read reads what expirations and transitions of noncurrent versions have in common.
func (n *Noncurrent) read(e *element, least int, action string, tier *string) error {
	once := map[string]func(*element) error{
		"NoncurrentDays": func(e *element) error {
			return days(e, &n.Days, least, "'NoncurrentDays' for "+action+" action")
		},
		"NewerNoncurrentVersions": func(e *element) error {
			return days(e, &n.Keep, 1, "'NewerNoncurrentVersions' for "+action+" action")
		},
	}
	if tier != nil {
		once["StorageClass"] = textInto(tier)
	}
	return e.each(once, nil)
}

func parseAbort(e *element, after *int) error {
	err := e.each(map[string]func(*element) error{"DaysAfterInitiation": func(e *element) error {
		return days(e, after, 1, "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action")
	}}, nil)
	if err == nil && *after == 0 {
		err = malformed("An AbortIncompleteMultipartUpload has DaysAfterInitiation.")
	}
	return err
}

func parseTransition(e *element) (t Transition, err error) {
	said := 0
	err = e.each(map[string]func(*element) error{
		"Days":         func(e *element) error { said++; return days(e, &t.Days, 0, "'Days' for Transition action") },
		"Date":         func(e *element) error { said++; return date(e, &t.Date) },
		"StorageClass": textInto(&t.Tier),
	}, nil)
	if err == nil && (said != 1 || t.Tier == "") {
		err = malformed("A Transition has a StorageClass and one of Days and Date.")
	}
	return t, err
}

func parseNoncurrentTransition(e *element) (t NoncurrentTransition, err error) {
	err = t.read(e, 0, "NoncurrentVersionTransition", &t.Tier)
	if err == nil && (t.Tier == "" || len(e.children) < 2) {
		err = malformed("A NoncurrentVersionTransition has a StorageClass and NoncurrentDays.")
	}
	return t, err
}

// textInto reads an element that holds text alone.
func textInto(to *string) func(*element) error {
	return func(e *element) error {
		if len(e.children) > 0 {
			return malformed("%s holds text alone.", clip(e.name))
		}
		*to = e.text
		return nil
	}
}

func number(e *element) (int64, error) {
	text := strings.TrimSpace(e.text)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || len(e.children) > 0 || strings.HasPrefix(text, "+") {
		return 0, malformed("%s is a whole number.", clip(e.name))
	}
	return n, nil
}

// days reads a count of at least least. What is more than S3 counts is malformed.
func days(e *element, to *int, least int, what string) error {
	n, err := number(e)
	if err != nil {
		return err
	}
	if n > 1<<31-1 {
		return malformed("%s is too large a number.", clip(e.name))
	}
	if n < int64(least) {
		if least == 0 {
			return invalid("%s must be a nonnegative integer", what)
		}
		return invalid("%s must be a positive integer", what)
	}
	*to = int(n)
	return nil
}

func date(e *element, to *time.Time) error {
	text := strings.TrimSpace(e.text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
		t, err := time.Parse(layout, text)
		if err != nil || len(e.children) > 0 {
			continue
		}
		*to = t.UTC()
		return nil
	}
	return malformed("%s is a date as ISO 8601 writes it.", clip(e.name))
}
