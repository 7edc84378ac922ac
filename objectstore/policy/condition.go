package policy

import "strings"

// quantifier says how many values of a key have to be as a condition demands.
type quantifier uint8

const (
	single quantifier = iota
	forAll
	forAny
)

// condition is one operator on one key.
type condition struct {
	operator   string // as it is written
	name       string // of the key, as it is written
	key        string
	quantifier quantifier
	ifExists   bool
	negated    bool
	null       bool // the operator is Null
	absent     bool // what Null wants
	operands   []operand
	miss       *mismatch // when it does not hold
}

// holds reports whether the condition is fulfilled.
func (d *condition) holds(c Context) bool {
	var values []string
	if c != nil {
		values = c.Value(d.key)
	}
	if d.null {
		return (len(values) == 0) == d.absent
	}
	if len(values) == 0 {
		switch {
		case d.ifExists || d.quantifier == forAll:
			return true
		case d.quantifier == forAny:
			return false
		}
		return d.negated // what is not there is unequal to everything
	}
	switch d.quantifier {
	case forAll:
		for _, v := range values {
			if d.matches(v, c) == d.negated {
				return false
			}
		}
		return true
	case forAny:
		for _, v := range values {
			if d.matches(v, c) != d.negated {
				return true
			}
		}
		return false
	}
	for _, v := range values {
		if d.matches(v, c) {
			return !d.negated
		}
	}
	return d.negated
}

// matches reports whether one of the operands fits the value.
func (d *condition) matches(value string, c Context) bool {
	for _, o := range d.operands {
		if o.match(value, c) {
			return true
		}
	}
	return false
}

func (r *reader) conditions(n *node, path string, variables bool) ([]condition, error) {
	if n.kind != isObject {
		return nil, r.atf(n, path, `A condition is an object, {"StringEquals": {"s3:prefix": "…"}}, not %s.`, n.kind)
	}
	var out []condition
	for _, m := range n.members {
		at := join(path, m.name)
		d, op, err := readOperator(m.name)
		if err != nil {
			return nil, r.place(m.offset, at, err.Error())
		}
		if m.value.kind != isObject || len(m.value.members) == 0 {
			return nil, r.atf(m.value, at, `Give it condition keys: {"s3:prefix": "…"}.`)
		}
		for _, k := range m.value.members {
			one := d
			if err := r.condition(&one, op, k, join(at, k.name), variables); err != nil {
				return nil, err
			}
			one.miss = &mismatch{PartCondition, one.operator + " " + one.name}
			out = append(out, one)
		}
	}
	return out, nil
}

// readOperator takes an operator's name apart: ForAnyValue:StringLikeIfExists.
func readOperator(name string) (d condition, op operator, err error) {
	d.operator = name
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		d.quantifier, name = forAll, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		d.quantifier, name = forAny, rest
	}
	if name == null && d.quantifier == single {
		d.null = true
		return d, op, nil
	}
	name, d.ifExists = strings.CutSuffix(name, "IfExists")
	op, ok := operators[name]
	if !ok {
		return d, op, errAt("There is no such operator. Use one of StringEquals, StringLike, NumericEquals, DateLessThan, Bool, BinaryEquals, IpAddress, ArnLike, Null and their kin, perhaps with IfExists behind or ForAllValues: or ForAnyValue: before it.")
	}
	d.negated = op.negated
	return d, op, nil
}

func (r *reader) condition(d *condition, op operator, k member, path string, variables bool) error {
	var ok bool
	d.name = k.name
	if d.key, ok = canonicalKey(k.name); !ok && r.purpose == forTrust {
		d.key, ok = claimKey(k.name)
	}
	if !ok {
		return r.place(k.offset, path, "There is no such condition key. Check its spelling; S3's begin with s3: and those of every service with aws:.")
	}
	values := k.value.list()
	if len(values) == 0 || (d.null && len(values) > 1) {
		return r.atf(k.value, path, "Give it a value to compare with.")
	}
	for _, v := range values {
		if v.kind != isString && v.kind != isNumber && v.kind != isBoolean {
			return r.atf(v, path, "A value is a text, a number, true or false, not %s.", v.kind)
		}
		if d.null {
			if d.absent, ok = parseBoolean(v.text); !ok {
				return r.atf(v, path, `Null asks whether there is no value: "true" or "false".`)
			}
			continue
		}
		o, err := op.read(v.text, variables)
		if err != nil {
			return r.at(v, path, err)
		}
		d.operands = append(d.operands, o)
	}
	return nil
}
