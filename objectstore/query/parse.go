package query

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Statement is a statement that was understood.
type Statement struct {
	items []item // empty: everything
	from  []step // inside of each record
	alias string
	where expr // nil: all
	limit int64
	// sums are the aggregates of the items; with any, there is one record in the end.
	sums []*aggregate
}

// item is one thing that is asked of a record.
type item struct {
	name  string
	value expr
}

// maxNesting bounds how deep expressions go.
const maxNesting = 100

type parser struct {
	tokens []token
	next   int
	depth  int
	alias  string
	sums   []*aggregate
	inSum  bool
}

// Parse reads a statement: SELECT … FROM S3Object … [WHERE …] [LIMIT …].
func Parse(statement string) (*Statement, error) {
	if len(statement) > MaxStatement {
		return nil, fail("ExpressionTooLong", "The SQL expression is too long: at most 256 KB.")
	}
	tokens, err := scan(statement)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	p.alias = aliasOf(tokens)
	s, err := p.statement()
	if err != nil {
		return nil, err
	}
	s.sums = p.sums
	return s, s.check()
}

// aliasOf looks ahead for what the statement calls a record, since items come first.
func aliasOf(tokens []token) string {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth == 0 && t.is("FROM"):
			for i++; i < len(tokens) && !tokens[i].is("WHERE") && !tokens[i].is("LIMIT") && tokens[i].kind != end; i++ {
				previous := tokens[i-1]
				if (tokens[i].kind == word || tokens[i].kind == quoted) && !tokens[i].is("AS") && !previous.is(".") && !previous.is("FROM") {
					return tokens[i].text
				}
			}
			return ""
		}
	}
	return ""
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != end {
		p.next++
	}
	return t
}

// accept takes the next token if it is one of these.
func (p *parser) accept(what ...string) bool {
	for _, w := range what {
		if p.peek().is(w) {
			p.next++
			return true
		}
	}
	return false
}

func (p *parser) expect(what string) error {
	if !p.accept(what) {
		return p.unexpected(what)
	}
	return nil
}

func (p *parser) unexpected(wanted string) error {
	t := p.peek()
	if t.kind == end {
		return fail("ParseUnexpectedToken", "The statement ends where %s is expected.", wanted)
	}
	return fail("ParseUnexpectedToken", "There is %.40q at byte %d where %s is expected.", t.text, t.at, wanted)
}

func (p *parser) statement() (*Statement, error) {
	s := &Statement{limit: math.MaxInt64}
	if err := p.expect("SELECT"); err != nil {
		return nil, err
	}
	if err := p.items(s); err != nil {
		return nil, err
	}
	if err := p.expect("FROM"); err != nil {
		return nil, err
	}
	if err := p.from(s); err != nil {
		return nil, err
	}
	if p.accept("WHERE") {
		p.inSum = true // there are none in conditions
		var err error
		if s.where, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for _, other := range []string{"GROUP", "ORDER", "JOIN", "HAVING", "UNION"} {
		if p.peek().is(other) {
			return nil, fail("UnsupportedSqlStructure", "%s is not part of S3 Select.", other)
		}
	}
	if p.accept("LIMIT") {
		n, err := strconv.ParseInt(p.peek().text, 10, 64)
		if err != nil || p.peek().kind != number {
			return nil, p.unexpected("a number of records")
		}
		p.take()
		s.limit = n
	}
	p.accept(";")
	if p.peek().kind != end {
		return nil, p.unexpected("the end")
	}
	return s, nil
}

func (p *parser) items(s *Statement) error {
	if p.accept("*") {
		return nil
	}
	for {
		if t := p.peek(); p.next+2 < len(p.tokens) && t.kind == word && p.tokens[p.next+1].is(".") && p.tokens[p.next+2].is("*") && p.isRecord(t) {
			p.next += 3
			if len(s.items) > 0 || p.peek().is(",") {
				return fail("UnsupportedSqlStructure", "Everything stands alone: SELECT * or other items.")
			}
			return nil
		}
		value, err := p.expression()
		if err != nil {
			return err
		}
		it := item{name: nameOf(value, len(s.items)+1), value: value}
		if p.accept("AS") || p.peek().kind == quoted || p.peek().kind == word && !p.peek().is("FROM") {
			t := p.take()
			if t.kind != word && t.kind != quoted {
				p.next--
				return p.unexpected("a name")
			}
			it.name = t.text
		}
		s.items = append(s.items, it)
		if !p.accept(",") {
			return nil
		}
	}
}

func nameOf(value expr, number int) string {
	if f, ok := value.(*field); ok {
		for i := len(f.steps) - 1; i >= 0; i-- {
			if f.steps[i].name != "" {
				return f.steps[i].name
			}
		}
	}
	return "_" + strconv.Itoa(number)
}

func (p *parser) isRecord(t token) bool {
	return strings.EqualFold(t.text, "S3Object") || p.alias != "" && strings.EqualFold(t.text, p.alias)
}

func (p *parser) from(s *Statement) error {
	if t := p.take(); !strings.EqualFold(t.text, "S3Object") || t.kind != word {
		p.next--
		return p.unexpected("S3Object")
	}
	steps, err := p.path(true)
	if err != nil {
		return err
	}
	if len(steps) > 0 && steps[0].all {
		steps = steps[1:] // S3Object[*] is its records, as is S3Object
	}
	s.from = steps
	if p.accept("AS") || p.peek().kind == word && !p.peek().is("WHERE") && !p.peek().is("LIMIT") || p.peek().kind == quoted {
		for _, other := range []string{"GROUP", "ORDER", "JOIN", "HAVING", "UNION"} {
			if p.peek().is(other) {
				return fail("UnsupportedSqlStructure", "%s is not part of S3 Select.", other)
			}
		}
		t := p.take()
		if t.kind != word && t.kind != quoted {
			return p.unexpected("a name")
		}
		s.alias = t.text
	}
	return nil
}

// path reads the steps of a path: .name, ."name", [3], ['name'] and, where that is
// allowed, [*].
func (p *parser) path(all bool) (steps []step, err error) {
	for {
		switch {
		case p.accept("."):
			t := p.take()
			switch {
			case t.kind == word:
				steps = append(steps, step{name: t.text})
			case t.kind == quoted:
				steps = append(steps, step{name: t.text, exact: true})
			case t.is("*") && all:
				steps = append(steps, step{all: true})
			default:
				p.next--
				return nil, p.unexpected("a name")
			}
		case p.accept("["):
			t := p.take()
			switch {
			case t.kind == number:
				n, err := strconv.Atoi(t.text)
				if err != nil {
					return nil, fail("LexerInvalidLiteral", "%.40q is no place in a list.", t.text)
				}
				steps = append(steps, step{index: n + 1})
			case t.kind == text || t.kind == quoted:
				steps = append(steps, step{name: t.text, exact: true})
			case t.is("*") && all:
				steps = append(steps, step{all: true})
			default:
				p.next--
				return nil, p.unexpected("a place in a list")
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
		default:
			return steps, nil
		}
	}
}

// check refuses what is well spelt but cannot be answered.
func (s *Statement) check() error {
	if len(s.sums) == 0 {
		return nil
	}
	for _, it := range s.items {
		if readsRecord(it.value) {
			return fail("UnsupportedSqlStructure", "Without GROUP BY, aggregates and single values cannot be asked for together.")
		}
	}
	return nil
}

// readsRecord reports whether a value differs from record to record.
func readsRecord(e expr) bool {
	switch x := e.(type) {
	case *field:
		return true
	case *aggregate:
		return false
	case *call:
		return slices.ContainsFunc(x.args, readsRecord)
	case *lazy:
		return slices.ContainsFunc(x.args, readsRecord)
	}
	return false
}
