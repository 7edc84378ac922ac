package policy

import (
	"strings"
	"unicode/utf8"
)

// pattern is a text with wildcards and variables: segments with stars between them.
type pattern struct {
	source   string
	segments []segment
	variable bool // there is one in it
}

type segment []atom

// atom is a piece of a segment: a literal, any one character, or a variable.
type atom struct {
	literal  string
	any      bool
	variable string // its key
	fallback *string
}

// Context is what is known of a request. The key is in lower case up to a slash:
// "aws:username", "s3:existingobjecttag/Team". Without a value it returns none.
type Context interface {
	Value(key string) []string
}

// newPattern reads a text. Wildcards and variables are looked for only where they
// mean something: wildcards not in StringEquals, variables not before 2012.
func newPattern(text string, wildcards, variables bool) (*pattern, error) {
	p := &pattern{source: text}
	var current segment
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			current = append(current, atom{literal: literal.String()})
			literal.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*' && wildcards:
			flush()
			p.segments = append(p.segments, current)
			current = nil
		case c == '?' && wildcards:
			flush()
			current = append(current, atom{any: true})
		case c == '$' && variables && strings.HasPrefix(text[i:], "${"):
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return nil, errAt("A policy variable begins with ${ and never ends. Close it with }, or write ${$}{ for these characters themselves.")
			}
			name := text[i+2 : i+end]
			i += end
			if name == "*" || name == "?" || name == "$" {
				literal.WriteString(name)
				continue
			}
			a, err := newVariable(name)
			if err != nil {
				return nil, err
			}
			flush()
			current, p.variable = append(current, a), true
		default:
			literal.WriteByte(c)
		}
	}
	flush()
	p.segments = append(p.segments, current)
	return p, nil
}

// newVariable reads what stands between the braces: a key, and perhaps what it is
// taken for where the request has none.
func newVariable(text string) (atom, error) {
	name, fallback, has := strings.Cut(text, ",")
	key, ok := canonicalKey(strings.TrimSpace(name))
	if !ok {
		return atom{}, errAtf("There is no policy variable ${%s}. Use a condition key with one value, such as ${aws:username}.", strings.TrimSpace(name))
	}
	a := atom{variable: key}
	if has {
		fallback = strings.TrimSpace(fallback)
		if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
			return atom{}, errAtf("The default of ${%s} must stand in single quotes: ${%s, 'nobody'}.", text, strings.TrimSpace(name))
		}
		fallback = fallback[1 : len(fallback)-1]
		a.fallback = &fallback
	}
	return a, nil
}

// value is what the atom stands for literally; not ok where the request has no single
// value of the variable.
func (a *atom) value(c Context) (string, bool) {
	if a.variable == "" {
		return a.literal, true
	}
	if c != nil {
		if values := c.Value(a.variable); len(values) == 1 {
			return values[0], true
		}
	}
	if a.fallback != nil {
		return *a.fallback, true
	}
	return "", false
}

// resolves reports whether every variable has a value.
func (p *pattern) resolves(c Context) bool {
	if !p.variable {
		return true
	}
	for _, s := range p.segments {
		for i := range s {
			if s[i].any {
				continue
			}
			if _, ok := s[i].value(c); !ok {
				return false
			}
		}
	}
	return true
}

// match reports whether the whole text is as the pattern says. A pattern with a
// variable that has no value matches nothing; what a variable has is meant literally.
func (p *pattern) match(text string, fold bool, c Context) bool {
	if !p.resolves(c) {
		return false
	}
	last := len(p.segments) - 1
	rest, ok := p.segments[0].prefix(text, fold, c)
	if !ok {
		return false
	}
	if last == 0 {
		return rest == ""
	}
	// The leftmost place is the best for each segment, since a star takes the rest.
	for _, s := range p.segments[1:last] {
		if rest, ok = s.find(rest, fold, c, false); !ok {
			return false
		}
	}
	_, ok = p.segments[last].find(rest, fold, c, true)
	return ok
}

// find looks for the leftmost place where the segment stands, or where it stands and
// the text ends with it, and returns what follows.
func (s segment) find(text string, fold bool, c Context, atEnd bool) (string, bool) {
	for {
		if rest, ok := s.prefix(text, fold, c); ok && (!atEnd || rest == "") {
			return rest, true
		}
		if text == "" {
			return "", false
		}
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
	}
}

// prefix takes the segment off the beginning of the text.
func (s segment) prefix(text string, fold bool, c Context) (rest string, ok bool) {
	for i := range s {
		a := &s[i]
		if a.any {
			if text == "" {
				return "", false
			}
			_, size := utf8.DecodeRuneInString(text)
			text = text[size:]
			continue
		}
		value, _ := a.value(c)
		if len(text) < len(value) {
			return "", false
		}
		if head := text[:len(value)]; head != value && (!fold || !equalFold(head, value)) {
			return "", false
		}
		text = text[len(value):]
	}
	return text, true
}

// equalFold compares texts of equal length without regard to the case of ASCII.
func equalFold(a, b string) bool {
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// expand is a pattern without wildcards as one text.
func (p *pattern) expand(c Context) (string, bool) {
	s := p.segments[0]
	if len(s) == 0 {
		return "", true
	}
	if len(s) == 1 {
		return s[0].value(c)
	}
	var out strings.Builder
	for i := range s {
		value, ok := s[i].value(c)
		if !ok {
			return "", false
		}
		out.WriteString(value)
	}
	return out.String(), true
}
