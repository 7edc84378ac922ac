package s3api

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// postPolicy is what somebody with a key allows a form to upload.
type postPolicy struct {
	expires    time.Time
	conditions []postCondition
	least      int64 // of the file, in bytes
	most       int64
}

// postCondition is about one field of the form; its name is in lower case.
type postCondition struct {
	operator string // "eq" or "starts-with"
	field    string
	value    string
}

func (c *postCondition) String() string {
	return fmt.Sprintf(`["%s", "$%s", "%s"]`, c.operator, c.field, c.value)
}

func errPolicy(why string) error { return fail("InvalidPolicyDocument", "Invalid Policy: "+why) }

// readPolicy reads a policy as it stands in a form: JSON in base64.
func readPolicy(text string) (*postPolicy, error) {
	data, err := base64.StdEncoding.DecodeString(strings.Map(withoutLineEnds, text))
	if err != nil {
		return nil, errPolicy("Invalid base64.")
	}
	// Into a map, because the names count as they are spelled.
	var top map[string]json.RawMessage
	if json.Unmarshal(data, &top) != nil {
		return nil, errPolicy("Invalid JSON.")
	}
	for name := range top {
		if name != "expiration" && name != "conditions" {
			return nil, errPolicy("Unexpected: '" + xmlLimit(name) + "'.")
		}
	}
	p := &postPolicy{most: maxBody}
	var expiration string
	if raw, ok := top["expiration"]; !ok {
		return nil, errPolicy("Policy missing expiration.")
	} else if json.Unmarshal(raw, &expiration) != nil {
		return nil, errPolicy("Invalid 'expiration' value.")
	}
	if p.expires, err = time.Parse(time.RFC3339, expiration); err != nil || !strings.HasSuffix(expiration, "Z") {
		return nil, errPolicy("Invalid 'expiration' value: '" + xmlLimit(expiration) + "'.")
	}
	var conditions []json.RawMessage
	if raw, ok := top["conditions"]; !ok {
		return nil, errPolicy("Policy missing conditions.")
	} else if json.Unmarshal(raw, &conditions) != nil {
		return nil, errPolicy("Invalid 'conditions' value: must be a List.")
	}
	for _, raw := range conditions {
		if err := p.readCondition(raw); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func withoutLineEnds(r rune) rune {
	if r == '\r' || r == '\n' {
		return -1
	}
	return r
}

func (p *postPolicy) readCondition(raw json.RawMessage) error {
	var simple map[string]string
	if json.Unmarshal(raw, &simple) == nil && simple != nil {
		if len(simple) != 1 {
			return errPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
		}
		for field, value := range simple {
			p.conditions = append(p.conditions, postCondition{"eq", strings.ToLower(field), value})
		}
		return nil
	}
	var list []json.RawMessage
	var operator string
	if json.Unmarshal(raw, &list) != nil || len(list) != 3 || json.Unmarshal(list[0], &operator) != nil {
		return errPolicy("Invalid Condition: a condition is an object with one text, or a list of an operator and two values.")
	}
	operator = strings.ToLower(operator)
	if operator == "content-length-range" {
		return p.readRange(list)
	}
	var field, value string
	if json.Unmarshal(list[1], &field) != nil || json.Unmarshal(list[2], &value) != nil {
		return errPolicy("Invalid Condition: the field and its value must be texts.")
	}
	name, ok := strings.CutPrefix(field, "$")
	if !ok {
		return errPolicy("Invalid Condition: the name of a field begins with '$'.")
	}
	if operator != "eq" && operator != "starts-with" {
		return errPolicy("Invalid Condition: unknown operation '" + xmlLimit(operator) + "'.")
	}
	p.conditions = append(p.conditions, postCondition{operator, strings.ToLower(name), value})
	return nil
}

// readRange reads the bounds of the file's size. Of several ranges all count.
func (p *postPolicy) readRange(list []json.RawMessage) error {
	var bounds [2]int64
	for i := range bounds {
		// Some clients write the numbers as texts.
		text := strings.Trim(string(list[i+1]), `"`)
		n, ok := digits(text)
		if !ok || n > math.MaxInt64/2 {
			return errPolicy("Invalid content-length-range: both bounds are numbers of bytes.")
		}
		bounds[i] = n
	}
	p.least, p.most = max(p.least, bounds[0]), min(p.most, bounds[1])
	return nil
}

// check holds the form's fields, with the bucket among them, to the policy.
func (p *postPolicy) check(fields map[string]string, now time.Time) error {
	refuse := func(why string) error { return fail("AccessDenied", "Invalid according to Policy: "+why) }
	if !now.Before(p.expires) {
		return refuse("Policy expired.")
	}
	named := make(map[string]bool, len(p.conditions))
	for i := range p.conditions {
		c := &p.conditions[i]
		named[c.field] = true
		if !c.holds(fields[c.field]) {
			return refuse("Policy Condition failed: " + c.String())
		}
	}
	var extra []string
	for name := range fields {
		if !named[name] && !exempt(name) {
			extra = append(extra, name)
		}
	}
	if len(extra) > 0 {
		slices.Sort(extra)
		return refuse("Extra input fields: " + xmlLimit(strings.Join(extra, ", ")))
	}
	return nil
}

func (c *postCondition) holds(value string) bool {
	if c.operator == "eq" {
		return value == c.value
	}
	if c.field != "content-type" {
		return strings.HasPrefix(value, c.value)
	}
	// A list of types satisfies a condition that each of them does.
	for one := range strings.SplitSeq(value, ",") {
		if !strings.HasPrefix(strings.TrimSpace(one), c.value) {
			return false
		}
	}
	return true
}

// exempt reports whether a field may stand in a form without a condition.
func exempt(field string) bool {
	switch field {
	case "policy", "x-amz-signature", "signature", "awsaccesskeyid", "file":
		return true
	}
	return strings.HasPrefix(field, "x-ignore-")
}
