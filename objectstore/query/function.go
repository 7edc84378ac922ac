package query

import (
	"strings"
	"unicode/utf8"
)

// function reads the arguments of a function, whose name and bracket were taken.
func (p *parser) function(name string) (expr, error) {
	switch name {
	case "COUNT", "SUM", "AVG", "MIN", "MAX":
		return p.aggregate(name)
	case "CAST":
		return p.cast()
	case "EXTRACT":
		return p.extract()
	case "DATE_ADD", "DATE_DIFF", "DATEADD", "DATEDIFF":
		return p.dates(name)
	case "SUBSTRING":
		return p.substring()
	case "TRIM":
		return p.trim()
	}
	f, known := functions[name]
	if !known {
		return nil, fail("UnsupportedFunction", "There is no function %.40s in S3 Select.", name)
	}
	var args []expr
	if !p.accept(")") {
		var err error
		if args, err = p.list(); err != nil {
			return nil, err
		}
	}
	if len(args) < f.least || len(args) > f.most {
		return nil, fail("EvaluatorInvalidArguments", "%s does not take %d arguments.", name, len(args))
	}
	if f.lazy != nil {
		return newLazy(name, f.lazy, args...), nil
	}
	return newCall(name, f.run, args...), nil
}

type function struct {
	least, most int
	run         func(*scope, []any) (any, error)
	lazy        func(*scope, []expr) (any, error)
}

var functions = map[string]function{
	"COALESCE": {least: 1, most: 1000, lazy: coalesce},
	"NULLIF": {2, 2, func(_ *scope, args []any) (any, error) {
		if order, ok := compare(args[0], args[1]); ok && order == 0 {
			return nil, nil
		}
		return args[0], nil
	}, nil},
	"CHAR_LENGTH":      {1, 1, length, nil},
	"CHARACTER_LENGTH": {1, 1, length, nil},
	"LOWER":            {1, 1, onText(func(s string) any { return strings.ToLower(s) }), nil},
	"UPPER":            {1, 1, onText(func(s string) any { return strings.ToUpper(s) }), nil},
	"UTCNOW":           {0, 0, func(s *scope, _ []any) (any, error) { return moment{Time: s.now}, nil }, nil},
	"TO_TIMESTAMP":     {1, 2, toTimestamp, nil},
	"TO_STRING":        {2, 2, toString, nil},
	"ABS": {1, 1, func(s *scope, args []any) (any, error) {
		if unknown(args[0]) {
			return nil, nil
		}
		if n, ok := numeric(args[0]); ok && float(n) >= 0 {
			return n, nil
		}
		return operators["-"](s, []any{int64(0), args[0]})
	}, nil},
}

func coalesce(s *scope, args []expr) (any, error) {
	for _, a := range args {
		v, err := a.of(s)
		if err != nil || !unknown(v) {
			return v, err
		}
	}
	return nil, nil
}

// onText is a function of one string; NULL stays NULL.
func onText(f func(string) any) func(*scope, []any) (any, error) {
	return func(_ *scope, args []any) (any, error) {
		if unknown(args[0]) {
			return nil, nil
		}
		return f(plain(args[0])), nil
	}
}

func length(s *scope, args []any) (any, error) {
	return onText(func(text string) any { return int64(utf8.RuneCountInString(text)) })(s, args)
}

func (p *parser) cast() (expr, error) {
	e, err := p.expression()
	if err == nil {
		err = p.expect("AS")
	}
	if err != nil {
		return nil, err
	}
	t := p.take()
	if t.kind != word {
		p.next--
		return nil, p.unexpected("a type")
	}
	to := strings.ToUpper(t.text)
	if _, err := cast("1", to); err != nil && to != "TIMESTAMP" {
		return nil, err
	}
	if p.accept("(") { // DECIMAL(10, 2): the width is not kept
		if _, err := p.list(); err != nil {
			return nil, err
		}
	}
	return newCall("CAST", func(_ *scope, args []any) (any, error) { return cast(args[0], to) }, e), p.expect(")")
}

func (p *parser) substring() (expr, error) {
	e, err := p.expression()
	if err != nil {
		return nil, err
	}
	if !p.accept(",", "FROM") {
		return nil, p.unexpected("FROM")
	}
	from, err := p.expression()
	if err != nil {
		return nil, err
	}
	args := []expr{e, from}
	if p.accept(",", "FOR") {
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, n)
	}
	return newCall("SUBSTRING", substring, args...), p.expect(")")
}

// substring counts characters from one; what is before the first counts as well.
func substring(_ *scope, args []any) (any, error) {
	for _, a := range args {
		if unknown(a) {
			return nil, nil
		}
	}
	s := []rune(plain(args[0]))
	from, err := cast(args[1], "INT")
	if err != nil {
		return nil, err
	}
	begin := max(min(from.(int64)-1, int64(len(s))), -MaxRecord)
	last := int64(len(s))
	if len(args) == 3 {
		n, err := cast(args[2], "INT")
		if err != nil {
			return nil, err
		}
		count := n.(int64)
		if count < 0 {
			return nil, fail("EvaluatorInvalidArguments", "A substring has no negative length.")
		}
		last = min(last, begin+min(count, 2*MaxRecord))
	}
	begin = max(begin, 0)
	if last <= begin {
		return "", nil
	}
	return string(s[begin:last]), nil
}

func (p *parser) trim() (expr, error) {
	left, right := true, true
	if p.accept("LEADING") {
		right = false
	} else if p.accept("TRAILING") {
		left = false
	} else {
		p.accept("BOTH")
	}
	chars := expr(literal{" "})
	var e expr
	var err error
	if !p.accept("FROM") {
		if e, err = p.expression(); err != nil {
			return nil, err
		}
		if p.accept("FROM") {
			chars, e = e, nil
		}
	}
	if e == nil {
		if e, err = p.expression(); err != nil {
			return nil, err
		}
	}
	return newCall("TRIM", func(_ *scope, args []any) (any, error) {
		if unknown(args[0]) || unknown(args[1]) {
			return nil, nil
		}
		s, cut := plain(args[0]), plain(args[1])
		if left {
			s = strings.TrimLeft(s, cut)
		}
		if right {
			s = strings.TrimRight(s, cut)
		}
		return s, nil
	}, e, chars), p.expect(")")
}

func (p *parser) part() (string, error) {
	t := p.take()
	name := strings.ToLower(t.text)
	if t.kind != word || !timeParts[name] {
		p.next--
		return "", p.unexpected("year, month, day, hour, minute or second")
	}
	return name, nil
}

func (p *parser) extract() (expr, error) {
	part, err := p.part()
	if err == nil {
		err = p.expect("FROM")
	}
	if err != nil {
		return nil, err
	}
	e, err := p.expression()
	if err != nil {
		return nil, err
	}
	return newCall("EXTRACT", func(_ *scope, args []any) (any, error) {
		t, err := timeOf(args[0])
		if t == nil || err != nil {
			return nil, err
		}
		return partOf(*t, part), nil
	}, e), p.expect(")")
}

func (p *parser) dates(name string) (expr, error) {
	part, err := p.part()
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	a, err := p.expression()
	if err == nil {
		err = p.expect(",")
	}
	if err != nil {
		return nil, err
	}
	b, err := p.expression()
	if err != nil {
		return nil, err
	}
	run := func(_ *scope, args []any) (any, error) { return dateAdd(part, args[0], args[1]) }
	if strings.HasSuffix(name, "DIFF") {
		run = func(_ *scope, args []any) (any, error) { return dateDiff(part, args[0], args[1]) }
	}
	return newCall(name, run, a, b), p.expect(")")
}

// timeOf returns a value as a time; nil for NULL.
func timeOf(v any) (*moment, error) {
	if unknown(v) {
		return nil, nil
	}
	t, err := cast(v, "TIMESTAMP")
	if err != nil {
		return nil, err
	}
	at := t.(moment)
	return &at, nil
}
