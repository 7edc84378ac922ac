package query

import (
	"strings"
	"unicode/utf8"
)

// kind is what a token is.
type kind int

const (
	end     kind = iota
	word         // a name or a keyword
	quoted       // a name in double quotes
	number       //
	text         // in single quotes
	instant      // in backquotes: a time
	sign         // an operator or a bracket
)

type token struct {
	kind kind
	text string
	at   int // byte in the statement
}

// is reports whether the token is this sign, or this keyword in any case.
func (t token) is(what string) bool {
	return t.kind == sign && t.text == what || t.kind == word && strings.EqualFold(t.text, what)
}

// scan cuts a statement into tokens.
func scan(s string) (all []token, err error) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case strings.HasPrefix(s[i:], "--"):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '\'' || c == '"' || c == '`':
			value, n, ok := unquote(s[i:])
			if !ok {
				return nil, fail("LexerInvalidLiteral", "The %c at byte %d is not closed.", c, i)
			}
			all = append(all, token{map[byte]kind{'\'': text, '"': quoted, '`': instant}[c], value, i})
			i += n
		case isDigit(c) || c == '.' && i+1 < len(s) && isDigit(s[i+1]):
			n := numberLength(s[i:])
			all = append(all, token{number, s[i : i+n], i})
			i += n
		case isLetter(c):
			n := 1
			for i+n < len(s) && (isLetter(s[i+n]) || isDigit(s[i+n])) {
				n++
			}
			all = append(all, token{word, s[i : i+n], i})
			i += n
		default:
			n := signLength(s[i:])
			if n == 0 {
				r, _ := utf8.DecodeRuneInString(s[i:])
				return nil, fail("LexerInvalidChar", "There is %q at byte %d, which no statement has.", r, i)
			}
			all = append(all, token{sign, s[i : i+n], i})
			i += n
		}
	}
	return append(all, token{kind: end, at: len(s)}), nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '$' || c >= utf8.RuneSelf
}

// unquote reads what stands between quotes; twice a quote is the quote itself.
func unquote(s string) (value string, n int, ok bool) {
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != s[0] {
			out.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == s[0] {
			out.WriteByte(s[i])
			i++
			continue
		}
		return out.String(), i + 1, true
	}
	return "", 0, false
}

func numberLength(s string) int {
	n := 0
	digits := func() {
		for n < len(s) && isDigit(s[n]) {
			n++
		}
	}
	digits()
	if n < len(s) && s[n] == '.' {
		n++
		digits()
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		exponent := n + 1
		if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
			exponent++
		}
		if exponent < len(s) && isDigit(s[exponent]) {
			n = exponent
			digits()
		}
	}
	return n
}

func signLength(s string) int {
	for _, two := range []string{"<>", "!=", "<=", ">=", "||"} {
		if strings.HasPrefix(s, two) {
			return 2
		}
	}
	if strings.IndexByte("()[],.*+-/%=<>;", s[0]) >= 0 {
		return 1
	}
	return 0
}
