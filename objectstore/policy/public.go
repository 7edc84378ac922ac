package policy

import "net/netip"

// narrowing are the condition keys that make everybody somebody, as AWS counts them.
var narrowing = set(
	"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount", "aws:SourceArn", "aws:SourceIp",
	"aws:SourceVpc", "aws:SourceVpce", "aws:userid", "aws:username",
)

// The widest networks that are not the world, as AWS counts them.
const (
	leastBits4 = 8
	leastBits6 = 32
)

// Public reports whether the policy allows something to everybody, in AWS's meaning:
// to principals that are not named, without a condition that holds them to fixed
// values of who or where they are.
func (p *Policy) Public() bool {
	for i := range p.statements {
		if s := &p.statements[i]; s.effect == Allow && s.public() {
			return true
		}
	}
	return false
}

func (s *statement) public() bool {
	if !s.principals.everybody && !s.notPrincipal {
		return false
	}
	for i := range s.conditions {
		if s.conditions[i].narrows() {
			return false
		}
	}
	return true
}

// narrows reports whether the condition demands fixed values.
func (d *condition) narrows() bool {
	if !narrowing[d.key] || d.negated || d.null || d.ifExists || d.quantifier == forAll {
		return false
	}
	for _, o := range d.operands {
		switch o := o.(type) {
		case text:
			if o.variable {
				return false
			}
		case glob:
			if o.variable || !o.fixed() {
				return false
			}
		case arn:
			for _, field := range o {
				if field.variable || !field.fixed() {
					return false
				}
			}
		case network:
			least := leastBits4
			if netip.Prefix(o).Addr().Is6() {
				least = leastBits6
			}
			if netip.Prefix(o).Bits() < least {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// fixed reports whether there are no wildcards.
func (p *pattern) fixed() bool {
	if len(p.segments) > 1 {
		return false
	}
	for _, a := range p.segments[0] {
		if a.any {
			return false
		}
	}
	return true
}
