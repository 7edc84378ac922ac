package policy

import (
	"bytes"
	"encoding/base64"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// operator is what a condition compares with.
type operator struct {
	negated bool
	read    func(text string, variables bool) (operand, error)
}

// operand is one value of a condition, read.
type operand interface {
	// match reports whether a value of the request is as the operand says. One that
	// is not of the operand's kind is not.
	match(value string, c Context) bool
}

var operators = map[string]operator{
	"StringEquals":              {false, readText(false)},
	"StringNotEquals":           {true, readText(false)},
	"StringEqualsIgnoreCase":    {false, readText(true)},
	"StringNotEqualsIgnoreCase": {true, readText(true)},
	"StringLike":                {false, readGlob},
	"StringNotLike":             {true, readGlob},

	"NumericEquals":            {false, readNumber(func(value, than float64) bool { return value == than })},
	"NumericNotEquals":         {true, readNumber(func(value, than float64) bool { return value == than })},
	"NumericLessThan":          {false, readNumber(func(value, than float64) bool { return value < than })},
	"NumericLessThanEquals":    {false, readNumber(func(value, than float64) bool { return value <= than })},
	"NumericGreaterThan":       {false, readNumber(func(value, than float64) bool { return value > than })},
	"NumericGreaterThanEquals": {false, readNumber(func(value, than float64) bool { return value >= than })},

	"DateEquals":            {false, readDate(func(value, than time.Time) bool { return value.Equal(than) })},
	"DateNotEquals":         {true, readDate(func(value, than time.Time) bool { return value.Equal(than) })},
	"DateLessThan":          {false, readDate(func(value, than time.Time) bool { return value.Before(than) })},
	"DateLessThanEquals":    {false, readDate(func(value, than time.Time) bool { return !value.After(than) })},
	"DateGreaterThan":       {false, readDate(func(value, than time.Time) bool { return value.After(than) })},
	"DateGreaterThanEquals": {false, readDate(func(value, than time.Time) bool { return !value.Before(than) })},

	"Bool":         {false, readBoolean},
	"BinaryEquals": {false, readBinary},
	"IpAddress":    {false, readAddress},
	"NotIpAddress": {true, readAddress},
	"ArnEquals":    {false, readARN},
	"ArnLike":      {false, readARN},
	"ArnNotEquals": {true, readARN},
	"ArnNotLike":   {true, readARN},
}

// null is the operator that asks whether there is a value at all.
const null = "Null"

type text struct {
	*pattern
	fold bool
}

func readText(fold bool) func(string, bool) (operand, error) {
	return func(value string, variables bool) (operand, error) {
		p, err := newPattern(value, false, variables)
		return text{p, fold}, err
	}
}

func (t text) match(value string, c Context) bool {
	want, ok := t.expand(c)
	return ok && (want == value || t.fold && strings.EqualFold(want, value))
}

type glob struct{ *pattern }

func readGlob(value string, variables bool) (operand, error) {
	p, err := newPattern(value, true, variables)
	return glob{p}, err
}

func (g glob) match(value string, c Context) bool { return g.pattern.match(value, false, c) }

type number struct {
	than    float64
	compare func(value, than float64) bool
}

func readNumber(compare func(value, than float64) bool) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		n, ok := parseNumber(text)
		if !ok {
			return nil, errAtf("%q is not a number.", text)
		}
		return number{n, compare}, nil
	}
}

// parseNumber reads a decimal number; infinities and the like are none.
func parseNumber(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) && !strings.ContainsAny(text, "xX_")
}

func (n number) match(value string, _ Context) bool {
	is, ok := parseNumber(value)
	return ok && n.compare(is, n.than)
}

type date struct {
	than    time.Time
	compare func(value, than time.Time) bool
}

func readDate(compare func(value, than time.Time) bool) func(string, bool) (operand, error) {
	return func(text string, _ bool) (operand, error) {
		t, ok := parseDate(text)
		if !ok {
			return nil, errAtf("%q is not a time. Write it like 2026-01-31T12:00:00Z, or in seconds since 1970.", text)
		}
		return date{t, compare}, nil
	}
}

var dateForms = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"}

func parseDate(text string) (time.Time, bool) {
	for _, form := range dateForms {
		if t, err := time.Parse(form, text); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 && n < 1<<40 {
		return time.Unix(n, 0), true
	}
	return time.Time{}, false
}

func (d date) match(value string, _ Context) bool {
	is, ok := parseDate(value)
	return ok && d.compare(is, d.than)
}

type boolean bool

func readBoolean(text string, _ bool) (operand, error) {
	b, ok := parseBoolean(text)
	if !ok {
		return nil, errAtf(`%q is neither "true" nor "false".`, text)
	}
	return boolean(b), nil
}

func parseBoolean(text string) (value, ok bool) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, true
	case strings.EqualFold(text, "false"):
		return false, true
	}
	return false, false
}

func (b boolean) match(value string, _ Context) bool {
	is, ok := parseBoolean(value)
	return ok && is == bool(b)
}

type binary []byte

func readBinary(text string, _ bool) (operand, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errAtf("%q is not base64.", text)
	}
	return binary(raw), nil
}

func (b binary) match(value string, _ Context) bool {
	raw, err := base64.StdEncoding.DecodeString(value)
	return err == nil && bytes.Equal(raw, b)
}

type network netip.Prefix

func readAddress(text string, _ bool) (operand, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return network(netip.PrefixFrom(a, a.BitLen())), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4In6() {
		return nil, errAtf("%q is not an address or a network. Write it like 192.0.2.0/24 or 2001:db8::/32.", text)
	}
	return network(p.Masked()), nil
}

func (n network) match(value string, _ Context) bool {
	a, err := netip.ParseAddr(value)
	return err == nil && netip.Prefix(n).Contains(a.Unmap().WithZone(""))
}

// arn is compared field by field, so that a wildcard does not reach into the next.
type arn [6]*pattern

func readARN(text string, variables bool) (operand, error) {
	parts, ok := splitARN(text)
	if !ok {
		return nil, errAtf("%q is not an ARN. It has six fields: arn:aws:s3:::bucket/key.", text)
	}
	var out arn
	for i, part := range parts {
		var err error
		if out[i], err = newPattern(part, true, variables); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func splitARN(text string) (parts [6]string, ok bool) {
	for i := range 5 {
		if parts[i], text, ok = strings.Cut(text, ":"); !ok {
			return parts, false
		}
	}
	parts[5] = text
	return parts, parts[0] == "arn"
}

func (a arn) match(value string, c Context) bool {
	parts, ok := splitARN(value)
	if !ok {
		return false
	}
	for i, p := range a {
		if !p.match(parts[i], false, c) {
			return false
		}
	}
	return true
}
