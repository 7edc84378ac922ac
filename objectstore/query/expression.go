package query

import (
	"strconv"
	"strings"
	"time"
)

// expr is a value that is worked out for a record.
type expr interface {
	of(*scope) (any, error)
}

// scope is what expressions see.
type scope struct {
	value  any // as it was read, which need not be an object
	record any
	now    time.Time
}

// literal is a value that stands in the statement.
type literal struct{ value any }

func (l literal) of(*scope) (any, error) { return l.value, nil }

// field is a value within the record.
type field struct{ steps []step }

func (f *field) of(s *scope) (any, error) {
	// A record that is no object is meant by its own name as well as by _1.
	if v := walk(s.value, f.steps); v != missing {
		return v, nil
	}
	return walk(s.record, f.steps), nil
}

// call is an operator or a function.
type call struct {
	name string
	args []expr
	run  func(s *scope, args []any) (any, error)
}

func (c *call) of(s *scope) (any, error) {
	args := make([]any, len(c.args))
	for i, a := range c.args {
		var err error
		if args[i], err = a.of(s); err != nil {
			return nil, err
		}
	}
	return c.run(s, args)
}

// lazy is a value that does not need all its parts: AND, OR, CASE, COALESCE.
type lazy struct {
	call
	work func(s *scope, args []expr) (any, error)
}

func (l *lazy) of(s *scope) (any, error) { return l.work(s, l.args) }

func newLazy(name string, work func(*scope, []expr) (any, error), args ...expr) expr {
	return &lazy{call: call{name: name, args: args}, work: work}
}

func newCall(name string, run func(*scope, []any) (any, error), args ...expr) expr {
	return &call{name: name, args: args, run: run}
}

func (p *parser) expression() (expr, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, fail("UnsupportedSqlStructure", "The statement goes more than %d levels deep.", maxNesting)
	}
	defer func() { p.depth-- }()
	left, err := p.conjunction()
	for err == nil && p.accept("OR") {
		var right expr
		if right, err = p.conjunction(); err == nil {
			left = newLazy("OR", or, left, right)
		}
	}
	return left, err
}

func (p *parser) conjunction() (expr, error) {
	left, err := p.negation()
	for err == nil && p.accept("AND") {
		var right expr
		if right, err = p.negation(); err == nil {
			left = newLazy("AND", and, left, right)
		}
	}
	return left, err
}

func (p *parser) negation() (expr, error) {
	if !p.accept("NOT") {
		return p.predicate()
	}
	if p.depth++; p.depth > maxNesting {
		return nil, fail("UnsupportedSqlStructure", "The statement goes more than %d levels deep.", maxNesting)
	}
	defer func() { p.depth-- }()
	is, err := p.negation()
	if err != nil {
		return nil, err
	}
	return newCall("NOT", not, is), nil
}

func (p *parser) predicate() (expr, error) {
	left, err := p.sum()
	if err != nil {
		return nil, err
	}
	t := p.peek()
	switch {
	case t.kind == sign && comparisons[t.text] != nil:
		p.take()
		right, err := p.sum()
		return newCall(t.text, comparisons[t.text], left, right), err
	case p.accept("IS"):
		return p.kindOf(left)
	}
	negated := false
	if t.is("NOT") && p.next+1 < len(p.tokens) && (p.tokens[p.next+1].is("LIKE") || p.tokens[p.next+1].is("IN") || p.tokens[p.next+1].is("BETWEEN")) {
		p.take()
		negated = true
	}
	var is expr
	switch {
	case p.accept("LIKE"):
		is, err = p.like(left)
	case p.accept("IN"):
		is, err = p.in(left)
	case p.accept("BETWEEN"):
		is, err = p.between(left)
	default:
		return left, nil
	}
	if negated {
		is = newCall("NOT", not, is)
	}
	return is, err
}

func (p *parser) kindOf(left expr) (expr, error) {
	negated := p.accept("NOT")
	var test func(any) bool
	switch {
	case p.accept("NULL"):
		test = func(v any) bool { return v == nil || v == missing }
	case p.accept("MISSING"):
		test = func(v any) bool { return v == missing }
	case p.accept("TRUE"):
		test = func(v any) bool { return v == true }
	case p.accept("FALSE"):
		test = func(v any) bool { return v == false }
	default:
		return nil, p.unexpected("NULL, MISSING, TRUE or FALSE")
	}
	return newCall("IS", func(_ *scope, args []any) (any, error) { return test(args[0]) != negated, nil }, left), nil
}

func (p *parser) like(left expr) (expr, error) {
	pattern, err := p.sum()
	if err != nil {
		return nil, err
	}
	escape := expr(literal{""})
	if p.accept("ESCAPE") {
		if escape, err = p.sum(); err != nil {
			return nil, err
		}
	}
	return newCall("LIKE", like, left, pattern, escape), nil
}

func (p *parser) in(left expr) (expr, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	args, err := p.list()
	if err != nil {
		return nil, err
	}
	return newCall("IN", in, append([]expr{left}, args...)...), nil
}

// list reads expressions up to the closing bracket.
func (p *parser) list() (args []expr, err error) {
	for {
		e, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
		if !p.accept(",") {
			return args, p.expect(")")
		}
	}
}

func (p *parser) between(left expr) (expr, error) {
	low, err := p.sum()
	if err == nil {
		err = p.expect("AND")
	}
	if err != nil {
		return nil, err
	}
	high, err := p.sum()
	if err != nil {
		return nil, err
	}
	return newLazy("AND", and, newCall(">=", comparisons[">="], left, low), newCall("<=", comparisons["<="], left, high)), nil
}

func (p *parser) sum() (expr, error) {
	left, err := p.product()
	for err == nil {
		t := p.peek()
		if t.kind != sign || t.text != "+" && t.text != "-" && t.text != "||" {
			break
		}
		p.take()
		var right expr
		if right, err = p.product(); err == nil {
			left = newCall(t.text, operators[t.text], left, right)
		}
	}
	return left, err
}

func (p *parser) product() (expr, error) {
	left, err := p.unary()
	for err == nil {
		t := p.peek()
		if t.kind != sign || t.text != "*" && t.text != "/" && t.text != "%" {
			break
		}
		p.take()
		var right expr
		if right, err = p.unary(); err == nil {
			left = newCall(t.text, operators[t.text], left, right)
		}
	}
	return left, err
}

func (p *parser) unary() (expr, error) {
	negative := false
	for p.peek().kind == sign && (p.peek().text == "-" || p.peek().text == "+") {
		negative = negative != (p.take().text == "-")
	}
	e, err := p.primary()
	if err != nil || !negative {
		return e, err
	}
	return newCall("-", operators["-"], literal{int64(0)}, e), nil
}

func (p *parser) primary() (expr, error) {
	t := p.take()
	switch t.kind {
	case number:
		if n, err := strconv.ParseInt(t.text, 10, 64); err == nil {
			return literal{n}, nil
		}
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return nil, fail("LexerInvalidLiteral", "%.40q is too large a number.", t.text)
		}
		return literal{f}, nil
	case text:
		return literal{t.text}, nil
	case instant:
		at, ok := parseTime(t.text)
		if !ok {
			return nil, fail("LexerInvalidLiteral", "%.40q is no time.", t.text)
		}
		return literal{at}, nil
	case quoted:
		return p.field(t)
	case sign:
		if t.text == "(" {
			e, err := p.expression()
			if err != nil {
				return nil, err
			}
			return e, p.expect(")")
		}
	case word:
		switch strings.ToUpper(t.text) {
		case "TRUE":
			return literal{true}, nil
		case "FALSE":
			return literal{false}, nil
		case "NULL":
			return literal{nil}, nil
		case "MISSING":
			return literal{missing}, nil
		case "CASE":
			return p.choice()
		case "SELECT", "FROM", "WHERE", "LIMIT", "AND", "OR", "AS", "LIKE", "IN", "BETWEEN", "IS", "THEN", "WHEN", "ELSE", "END":
			p.next--
			return nil, p.unexpected("a value")
		}
		if p.accept("(") {
			return p.function(strings.ToUpper(t.text))
		}
		return p.field(t)
	}
	if t.kind != end {
		p.next--
	}
	return nil, p.unexpected("a value")
}

func (p *parser) field(t token) (expr, error) {
	steps, err := p.path(false)
	if err != nil {
		return nil, err
	}
	if p.isRecord(t) {
		return &field{steps}, nil
	}
	return &field{append([]step{{name: t.text, exact: t.kind == quoted}}, steps...)}, nil
}

// choice reads what follows CASE.
func (p *parser) choice() (expr, error) {
	var subject expr
	var err error
	if !p.peek().is("WHEN") {
		if subject, err = p.expression(); err != nil {
			return nil, err
		}
	}
	var args []expr
	for p.accept("WHEN") {
		when, err := p.expression()
		if err == nil {
			err = p.expect("THEN")
		}
		if err != nil {
			return nil, err
		}
		then, err := p.expression()
		if err != nil {
			return nil, err
		}
		if subject != nil {
			when = newCall("=", comparisons["="], subject, when)
		}
		args = append(args, when, then)
	}
	if len(args) == 0 {
		return nil, p.unexpected("WHEN")
	}
	if p.accept("ELSE") {
		other, err := p.expression()
		if err != nil {
			return nil, err
		}
		args = append(args, other)
	}
	return newLazy("CASE", choose, args...), p.expect("END")
}
