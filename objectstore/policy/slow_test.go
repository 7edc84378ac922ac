package policy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// slow decides as AWS's documentation says, sentence by sentence, with no care for
// speed and nothing shared with the real evaluator. The document must be valid.
func slow(text string, r *Request) Effect {
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		panic(err)
	}
	allowed := false
	for _, one := range slowList(document["Statement"]) {
		s := one.(map[string]any)
		if !slowApplies(s, document["Version"] == "2012-10-17", r) {
			continue
		}
		if s["Effect"] == "Deny" {
			return Deny
		}
		allowed = true
	}
	if allowed {
		return Allow
	}
	return NoMatch
}

func slowList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func slowApplies(s map[string]any, variables bool, r *Request) bool {
	if v, ok := s["Principal"]; ok && !slowPrincipal(v, r.Principal) {
		return false
	}
	if v, ok := s["NotPrincipal"]; ok && slowPrincipal(v, r.Principal) {
		return false
	}
	action := func(v any) bool {
		for _, one := range slowList(v) {
			expression := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(one.(string)))
			if regexp.MustCompile(`(?is)\A` + expression + `\z`).MatchString(r.Action) {
				return true
			}
		}
		return false
	}
	if v, ok := s["Action"]; ok && !action(v) {
		return false
	}
	if v, ok := s["NotAction"]; ok && action(v) {
		return false
	}
	resource := func(v any) (matches, unknown bool) {
		for _, one := range slowList(v) {
			m, known := slowGlob(one.(string), variables, r.Resource, r.Context)
			matches, unknown = matches || m, unknown || !known
		}
		return matches, unknown
	}
	if v, ok := s["Resource"]; ok {
		if matches, _ := resource(v); !matches {
			return false
		}
	}
	if v, ok := s["NotResource"]; ok {
		matches, unknown := resource(v)
		if matches || (unknown && s["Effect"] == "Allow") {
			return false
		}
	}
	conditions, _ := s["Condition"].(map[string]any)
	for operator, keys := range conditions {
		for key, values := range keys.(map[string]any) {
			if !slowCondition(operator, key, slowList(values), variables, r.Context) {
				return false
			}
		}
	}
	return true
}

func slowPrincipal(v any, who Principal) bool {
	if v == "*" {
		return true
	}
	for kind, list := range v.(map[string]any) {
		for _, one := range slowList(list) {
			name := one.(string)
			switch {
			case kind == "AWS" && name == "*":
				return true
			case who.Name == "":
			case kind == "AWS" && (name == "000000000000" || strings.HasSuffix(name, ":root")):
				return true
			case name == who.Name, kind == "AWS" && strings.HasPrefix(name, "arn:") && strings.HasSuffix(name, ":user/"+who.Name):
				return true
			}
		}
	}
	return false
}

var slowVariable = regexp.MustCompile(`\$\{([^}]*)\}`)

// slowExpand writes a pattern as a regular expression; not known where a variable has
// no value.
func slowExpand(pattern string, wildcards, variables bool, c Context) (expression string, known bool) {
	known = true
	plain := func(s string) {
		for _, char := range s {
			switch {
			case char == '*' && wildcards:
				expression += `.*`
			case char == '?' && wildcards:
				expression += `.`
			default:
				expression += regexp.QuoteMeta(string(char))
			}
		}
	}
	if !variables {
		plain(pattern)
		return expression, true
	}
	for {
		at := slowVariable.FindStringSubmatchIndex(pattern)
		if at == nil {
			plain(pattern)
			return expression, known
		}
		plain(pattern[:at[0]])
		inside := pattern[at[2]:at[3]]
		pattern = pattern[at[1]:]
		if inside == "*" || inside == "?" || inside == "$" {
			expression += regexp.QuoteMeta(inside)
			continue
		}
		name, fallback, has := strings.Cut(inside, ",")
		values := slowValues(strings.TrimSpace(name), c)
		switch {
		case len(values) == 1:
			expression += regexp.QuoteMeta(values[0])
		case has:
			expression += regexp.QuoteMeta(strings.Trim(strings.TrimSpace(fallback), "'"))
		default:
			known = false
		}
	}
}

func slowGlob(pattern string, variables bool, text string, c Context) (matches, known bool) {
	expression, known := slowExpand(pattern, true, variables, c)
	return known && regexp.MustCompile(`(?s)\A`+expression+`\z`).MatchString(text), known
}

func slowValues(key string, c Context) []string {
	if c == nil {
		return nil
	}
	prefix, tag, ok := strings.Cut(key, "/")
	if ok {
		return c.Value(strings.ToLower(prefix) + "/" + tag)
	}
	return c.Value(strings.ToLower(key))
}

func slowCondition(operator, key string, wanted []any, variables bool, c Context) bool {
	have := slowValues(key, c)
	all, any := strings.HasPrefix(operator, "ForAllValues:"), strings.HasPrefix(operator, "ForAnyValue:")
	base := strings.TrimPrefix(strings.TrimPrefix(operator, "ForAllValues:"), "ForAnyValue:")
	if base == "Null" {
		return (len(have) == 0) == strings.EqualFold(fmt.Sprint(wanted[0]), "true")
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	negated := strings.Contains(base, "Not")
	positive := strings.Replace(base, "Not", "", 1)
	equalsOne := func(value string) bool {
		for _, w := range wanted {
			text := fmt.Sprint(w)
			if f, ok := w.(float64); ok {
				text = strconv.FormatFloat(f, 'f', -1, 64)
			}
			if slowMatch(positive, text, value, variables, c) {
				return true
			}
		}
		return false
	}
	if len(have) == 0 {
		return ifExists || all || (negated && !any)
	}
	good := 0
	for _, value := range have {
		if equalsOne(value) != negated {
			good++
		}
	}
	switch {
	case all:
		return good == len(have)
	case any:
		return good > 0
	case negated:
		return good == len(have) // not one of them is equal
	}
	return good > 0
}

func slowMatch(operator, want, value string, variables bool, c Context) bool {
	switch operator {
	case "StringEquals", "StringEqualsIgnoreCase":
		expression, known := slowExpand(want, false, variables, c)
		flags := "(?s)"
		if operator == "StringEqualsIgnoreCase" {
			flags = "(?is)"
		}
		return known && regexp.MustCompile(flags+`\A`+expression+`\z`).MatchString(value)
	case "StringLike":
		matches, _ := slowGlob(want, variables, value, c)
		return matches
	case "ArnEquals", "ArnLike":
		w, v := strings.SplitN(want, ":", 6), strings.SplitN(value, ":", 6)
		if len(v) != 6 || v[0] != "arn" {
			return false
		}
		for i := range w {
			if matches, _ := slowGlob(w[i], variables, v[i], c); !matches {
				return false
			}
		}
		return true
	case "Bool":
		return strings.EqualFold(want, value)
	case "BinaryEquals":
		w, _ := base64.StdEncoding.DecodeString(want)
		v, err := base64.StdEncoding.DecodeString(value)
		return err == nil && string(w) == string(v)
	case "IpAddress":
		ip := net.ParseIP(value)
		if _, n, err := net.ParseCIDR(want); err == nil {
			return ip != nil && n.Contains(ip)
		}
		return ip != nil && ip.Equal(net.ParseIP(want))
	}
	comparison, numeric := strings.CutPrefix(operator, "Numeric")
	var w, v float64
	var ok bool
	if numeric {
		w, _ = strconv.ParseFloat(want, 64)
		var err error
		v, err = strconv.ParseFloat(value, 64)
		ok = err == nil
	} else {
		comparison = strings.TrimPrefix(operator, "Date")
		w, _ = slowDate(want)
		v, ok = slowDate(value)
	}
	if !ok {
		return false
	}
	switch comparison {
	case "Equals":
		return v == w
	case "LessThan":
		return v < w
	case "LessThanEquals":
		return v <= w
	case "GreaterThan":
		return v > w
	case "GreaterThanEquals":
		return v >= w
	}
	panic("no operator " + operator)
}

func slowDate(s string) (float64, bool) {
	if n, err := strconv.ParseUint(s, 10, 32); err == nil {
		return float64(n), true
	}
	for _, form := range []string{"2006-01-02", "2006-01-02T15:04:05Z", "2006-01-02T15:04Z"} {
		if t, err := time.Parse(form, s); err == nil {
			return float64(t.Unix()), true
		}
	}
	return 0, false
}
