package query

import "math"

// aggregate is a number, or a value, of all records.
type aggregate struct {
	name  string
	value expr // nil: the records are counted

	count int64
	total any // of SUM and AVG
	best  any // of MIN and MAX
}

// aggregate reads what follows the bracket of an aggregate.
func (p *parser) aggregate(name string) (expr, error) {
	if p.inSum {
		return nil, fail("UnsupportedSqlStructure", "Aggregates cannot stand in a condition, nor in each other.")
	}
	a := &aggregate{name: name}
	if p.accept("*") {
		if name != "COUNT" {
			return nil, fail("EvaluatorInvalidArguments", "%s is of a value; only COUNT takes *.", name)
		}
	} else {
		p.inSum = true
		var err error
		a.value, err = p.expression()
		p.inSum = false
		if err != nil {
			return nil, err
		}
	}
	p.sums = append(p.sums, a)
	return a, p.expect(")")
}

// add takes a record into account.
func (a *aggregate) add(s *scope) error {
	if a.value == nil {
		a.count++
		return nil
	}
	v, err := a.value.of(s)
	if err != nil || unknown(v) {
		return err
	}
	switch a.name {
	case "SUM", "AVG":
		n, ok := numeric(v)
		if !ok {
			return fail("InvalidDataType", "%s needs numbers, and %.40q is none.", a.name, plain(v))
		}
		if a.total == nil {
			a.total = int64(0)
		}
		if a.total, err = operators["+"](s, []any{a.total, n}); err != nil {
			return err
		}
	case "MIN", "MAX":
		if n, ok := numeric(v); ok {
			if _, is := v.(written); !is {
				v = n
			}
		}
		if a.count == 0 {
			a.best = v
		} else if order, ok := compare(v, a.best); ok && (order < 0) == (a.name == "MIN") && order != 0 {
			a.best = v
		}
	}
	a.count++
	return nil
}

// of is what it came to.
func (a *aggregate) of(*scope) (any, error) {
	switch {
	case a.name == "COUNT":
		return a.count, nil
	case a.count == 0:
		return nil, nil
	case a.name == "SUM":
		return a.total, nil
	case a.name == "AVG":
		f := float(a.total) / float64(a.count)
		if math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fail("EvaluatorInvalidArguments", "The average is too large a number.")
		}
		return f, nil
	}
	return a.best, nil
}
