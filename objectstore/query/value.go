package query

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Values are nil (NULL), missing, bool, int64, float64, written, string, moment, *object and
// []any. What CSV holds is strings, which count as numbers where numbers are expected.

// absent is the value of what a record does not have.
type absent struct{}

var missing any = absent{}

// written is a number that is given back as it stands in JSON, since an int64 or a float64
// would not: it is too long, or ends with zeros. It is reckoned with as either of them.
type written string

// object is a record, or something in one, with its names in order.
type object struct {
	names  []string
	values []any
	// positional says that _1, _2 … name the values as well.
	positional bool
}

func (o *object) get(name string, exact bool) any {
	for i, n := range o.names {
		if n == name {
			return o.values[i]
		}
	}
	if !exact {
		for i, n := range o.names {
			if strings.EqualFold(n, name) {
				return o.values[i]
			}
		}
	}
	if o.positional && len(name) > 1 && name[0] == '_' {
		if n, err := strconv.Atoi(name[1:]); err == nil && 0 < n && n <= len(o.values) {
			return o.values[n-1]
		}
	}
	return missing
}

// step is one step of a path.
type step struct {
	name  string
	exact bool // the name is meant to the letter
	index int  // place in a list, counted from one; 0: it is a name
	all   bool // everything in a list, or under any name
}

func walk(v any, steps []step) any {
	for _, s := range steps {
		switch in := v.(type) {
		case *object:
			if s.index > 0 {
				return missing
			}
			v = in.get(s.name, s.exact)
		case []any:
			if s.index < 1 || s.index > len(in) {
				return missing
			}
			v = in[s.index-1]
		default:
			return missing
		}
	}
	return v
}

// spread calls f with everything that a path leads to.
func spread(v any, steps []step, f func(any) error) error {
	for i, s := range steps {
		if !s.all {
			v = walk(v, steps[i:i+1])
			continue
		}
		var in []any
		switch x := v.(type) {
		case []any:
			in = x
		case *object:
			in = x.values
		default:
			return nil
		}
		for _, one := range in {
			if err := spread(one, steps[i+1:], f); err != nil {
				return err
			}
		}
		return nil
	}
	if v == missing {
		return nil
	}
	return f(v)
}

// numeric returns a value as a number: int64 or float64.
func numeric(v any) (any, bool) {
	switch x := v.(type) {
	case int64, float64:
		return x, true
	case written:
		return numeric(string(x))
	case string:
		x = strings.TrimSpace(x)
		if n, err := strconv.ParseInt(x, 10, 64); err == nil {
			return n, true
		}
		if f, err := strconv.ParseFloat(x, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) && !strings.ContainsAny(x, "xX_pP") {
			return f, true
		}
	}
	return nil, false
}

func float(n any) float64 {
	if i, ok := n.(int64); ok {
		return float64(i)
	}
	return n.(float64)
}

// compare orders two values, if they can be.
func compare(a, b any) (order int, comparable bool) {
	switch x := a.(type) {
	case bool:
		y, ok := b.(bool)
		if s, is := b.(string); is && !ok {
			y, ok = strings.EqualFold(s, "true"), strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
		}
		if !ok {
			return 0, false
		}
		return map[bool]int{true: 1}[x] - map[bool]int{true: 1}[y], true
	case moment:
		y, ok := b.(moment)
		if s, is := b.(string); is && !ok {
			y, ok = parseTime(s)
		}
		return x.Compare(y.Time), ok
	case string:
		switch y := b.(type) {
		case string:
			return strings.Compare(x, y), true
		case bool, moment:
			order, ok := compare(y, x)
			return -order, ok
		}
	}
	x, ok := numeric(a)
	y, also := numeric(b)
	if !ok || !also {
		return 0, false
	}
	if i, is := x.(int64); is {
		if j, is := y.(int64); is {
			switch {
			case i < j:
				return -1, true
			case i > j:
				return 1, true
			}
			return 0, true
		}
	}
	switch f, g := float(x), float(y); {
	case f < g:
		return -1, true
	case f > g:
		return 1, true
	}
	return 0, true
}

func unknown(v any) bool { return v == nil || v == missing }

// comparisons are the operators that compare. What cannot be compared is neither equal
// nor unequal; with NULL the answer is NULL.
var comparisons = map[string]func(*scope, []any) (any, error){
	"=": by(func(o int) bool { return o == 0 }), "<>": by(func(o int) bool { return o != 0 }), "!=": by(func(o int) bool { return o != 0 }),
	"<": by(func(o int) bool { return o < 0 }), "<=": by(func(o int) bool { return o <= 0 }),
	">": by(func(o int) bool { return o > 0 }), ">=": by(func(o int) bool { return o >= 0 }),
}

func by(test func(int) bool) func(*scope, []any) (any, error) {
	return func(_ *scope, args []any) (any, error) {
		if unknown(args[0]) || unknown(args[1]) {
			return nil, nil
		}
		order, ok := compare(args[0], args[1])
		if !ok {
			return nil, nil
		}
		return test(order), nil
	}
}

// truth is what a condition came to.
func truth(v any) (is, known bool) {
	switch x := v.(type) {
	case bool:
		return x, true
	case string:
		if strings.EqualFold(x, "true") {
			return true, true
		}
		if strings.EqualFold(x, "false") {
			return false, true
		}
	}
	return false, false
}

func not(_ *scope, args []any) (any, error) {
	is, known := truth(args[0])
	if !known {
		return nil, nil
	}
	return !is, nil
}

func and(s *scope, args []expr) (any, error) { return logic(s, args, false) }
func or(s *scope, args []expr) (any, error)  { return logic(s, args, true) }

// logic is OR when decides is true, otherwise AND.
func logic(s *scope, args []expr, decides bool) (any, error) {
	var answer any = !decides
	for _, a := range args {
		v, err := a.of(s)
		if err != nil {
			return nil, err
		}
		is, known := truth(v)
		if known && is == decides {
			return decides, nil
		}
		if !known {
			answer = nil
		}
	}
	return answer, nil
}

func choose(s *scope, args []expr) (any, error) {
	for ; len(args) > 1; args = args[2:] {
		v, err := args[0].of(s)
		if err != nil {
			return nil, err
		}
		if is, _ := truth(v); is {
			return args[1].of(s)
		}
	}
	if len(args) == 1 {
		return args[0].of(s)
	}
	return nil, nil
}

func in(_ *scope, args []any) (any, error) {
	if unknown(args[0]) {
		return nil, nil
	}
	var answer any = false
	for _, a := range args[1:] {
		if unknown(a) {
			answer = nil
			continue
		}
		if order, ok := compare(args[0], a); ok && order == 0 {
			return true, nil
		}
	}
	return answer, nil
}

// operators are those of arithmetic, and the one that joins strings.
var operators = map[string]func(*scope, []any) (any, error){
	"+": arithmetic("+", func(a, b int64) (int64, bool) { c := a + b; return c, (c > a) == (b > 0) }, func(a, b float64) float64 { return a + b }),
	"-": arithmetic("-", func(a, b int64) (int64, bool) { c := a - b; return c, (c < a) == (b > 0) }, func(a, b float64) float64 { return a - b }),
	"*": arithmetic("*", func(a, b int64) (int64, bool) {
		if a == 0 || b == 0 {
			return 0, true
		}
		c := a * b
		return c, c/b == a && (a != -1 || b != math.MinInt64) && (b != -1 || a != math.MinInt64)
	}, func(a, b float64) float64 { return a * b }),
	"/": arithmetic("/", func(a, b int64) (int64, bool) {
		if b == -1 {
			return -a, a != math.MinInt64
		}
		return a / b, true
	}, func(a, b float64) float64 { return a / b }),
	"%": arithmetic("%", func(a, b int64) (int64, bool) {
		if b == -1 {
			return 0, true
		}
		return a % b, true
	}, math.Mod),
	"||": func(_ *scope, args []any) (any, error) {
		if unknown(args[0]) || unknown(args[1]) {
			return nil, nil
		}
		return joined(plain(args[0]), plain(args[1]))
	},
}

// joined bounds what a record can grow to.
func joined(a, b string) (any, error) {
	if len(a)+len(b) > MaxRecord {
		return nil, fail("OverMaxRecordSize", "A value is longer than a record may be.")
	}
	return a + b, nil
}

// arithmetic works with whole numbers as long as they hold the answer.
func arithmetic(name string, whole func(a, b int64) (int64, bool), broken func(a, b float64) float64) func(*scope, []any) (any, error) {
	return func(_ *scope, args []any) (any, error) {
		if unknown(args[0]) || unknown(args[1]) {
			return nil, nil
		}
		a, ok := numeric(args[0])
		b, also := numeric(args[1])
		if !ok || !also {
			return nil, fail("InvalidDataType", "%s needs two numbers.", name)
		}
		if (name == "/" || name == "%") && float(b) == 0 {
			return nil, fail("EvaluatorInvalidArguments", "A number cannot be divided by zero.")
		}
		i, is := a.(int64)
		if j, also := b.(int64); is && also {
			if n, fits := whole(i, j); fits {
				return n, nil
			}
		}
		f := broken(float(a), float(b))
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fail("EvaluatorInvalidArguments", "The result of %s is too large a number.", name)
		}
		return f, nil
	}
}

// plain is a value as text.
func plain(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case written:
		return string(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return formatFloat(x)
	case bool:
		return strconv.FormatBool(x)
	case moment:
		return x.format()
	case *object, []any:
		return string(appendJSON(nil, x))
	}
	return ""
}

func formatFloat(f float64) string {
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	return strconv.FormatFloat(f, form, -1, 64)
}

// appendJSON writes a value as JSON; what is missing is null.
func appendJSON(out []byte, v any) []byte {
	switch x := v.(type) {
	case string:
		return appendString(out, x)
	case moment:
		return appendString(out, x.format())
	case int64, float64, written, bool:
		return append(out, plain(x)...)
	case []any:
		out = append(out, '[')
		for i, one := range x {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendJSON(out, one)
		}
		return append(out, ']')
	case *object:
		out = append(out, '{')
		first := true
		for i, name := range x.names {
			if x.values[i] == missing {
				continue
			}
			if !first {
				out = append(out, ',')
			}
			first = false
			out = append(appendString(out, name), ':')
			out = appendJSON(out, x.values[i])
		}
		return append(out, '}')
	}
	return append(out, "null"...)
}

func appendString(out []byte, s string) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(s); err != nil { // a string can always be written
		return append(out, `""`...)
	}
	return append(out, strings.TrimSuffix(b.String(), "\n")...)
}

// cast makes a value one of a type.
func cast(v any, to string) (any, error) {
	if unknown(v) {
		return v, nil
	}
	failed := fail("CastFailed", "Attempt to convert from one data type to another using CAST failed: %.40q is no %s.", plain(v), to)
	switch to {
	case "INT", "INTEGER":
		if b, ok := v.(bool); ok {
			return map[bool]int64{true: 1, false: 0}[b], nil
		}
		n, ok := numeric(v)
		if !ok {
			return nil, failed
		}
		if f, ok := n.(float64); ok {
			if f < math.MinInt64 || f >= math.MaxInt64 {
				return nil, failed
			}
			return int64(f), nil
		}
		return n, nil
	case "FLOAT", "DECIMAL", "NUMERIC", "REAL", "DOUBLE":
		n, ok := numeric(v)
		if !ok {
			return nil, failed
		}
		if to == "DECIMAL" || to == "NUMERIC" {
			if _, is := v.(written); is {
				return v, nil
			}
			return n, nil
		}
		return float(n), nil
	case "STRING", "CHAR", "VARCHAR", "CHARACTER":
		return plain(v), nil
	case "BOOL", "BOOLEAN":
		if is, known := truth(v); known {
			return is, nil
		}
		if n, ok := numeric(v); ok {
			return float(n) != 0, nil
		}
		return nil, failed
	case "TIMESTAMP":
		switch x := v.(type) {
		case moment:
			return x, nil
		case string:
			if t, ok := parseTime(x); ok {
				return t, nil
			}
		}
		return nil, failed
	}
	return nil, fail("UnsupportedSyntax", "There is no type %.40s to cast to.", to)
}

// maxPattern bounds the patterns of LIKE, whose work grows with their length.
const maxPattern = 1000

// like matches a pattern of % and _, in time that grows with both lengths at worst.
func like(_ *scope, args []any) (any, error) {
	if unknown(args[0]) || unknown(args[1]) || unknown(args[2]) {
		return nil, nil
	}
	escape := []rune(plain(args[2]))
	if len(escape) > 1 {
		return nil, fail("EvaluatorInvalidArguments", "ESCAPE names one character.")
	}
	if len(plain(args[1])) > maxPattern {
		return nil, fail("EvaluatorInvalidArguments", "A pattern of LIKE has at most %d bytes.", maxPattern)
	}
	pattern, err := readPattern([]rune(plain(args[1])), escape)
	if err != nil {
		return nil, err
	}
	s := []rune(plain(args[0]))
	at, p, star, from := 0, 0, -1, 0
	for at < len(s) {
		switch {
		case p < len(pattern) && pattern[p].many:
			star, from = p, at
			p++
		case p < len(pattern) && (pattern[p].any || pattern[p].is == s[at]):
			at++
			p++
		case star >= 0:
			from++
			at, p = from, star+1
		default:
			return false, nil
		}
	}
	for p < len(pattern) && pattern[p].many {
		p++
	}
	return p == len(pattern), nil
}

type patternRune struct {
	is        rune
	any, many bool
}

func readPattern(text, escape []rune) (pattern []patternRune, err error) {
	for i := 0; i < len(text); i++ {
		switch {
		case len(escape) == 1 && text[i] == escape[0]:
			if i++; i == len(text) {
				return nil, fail("EvaluatorInvalidArguments", "The pattern of LIKE ends with its escape.")
			}
			pattern = append(pattern, patternRune{is: text[i]})
		case text[i] == '%':
			pattern = append(pattern, patternRune{many: true})
		case text[i] == '_':
			pattern = append(pattern, patternRune{any: true})
		default:
			pattern = append(pattern, patternRune{is: text[i]})
		}
	}
	return pattern, nil
}
