package policy

// Request is what is asked.
type Request struct {
	Principal Principal
	Action    string // "s3:GetObject"
	Resource  string // see Resource
	Context   Context
}

// Evaluate decides. A statement that denies outweighs every other.
func (p *Policy) Evaluate(r *Request) Effect {
	effect := NoMatch
	for i := range p.statements {
		s := &p.statements[i]
		if s.effect == Allow && effect == Allow {
			continue
		}
		if s.misses(r) == nil {
			if s.effect == Deny {
				return Deny
			}
			effect = Allow
		}
	}
	return effect
}

// mismatch is the part of a statement that does not fit a request.
type mismatch struct {
	part      Part
	condition string
}

var (
	missedPrincipal = &mismatch{part: PartPrincipal}
	missedAction    = &mismatch{part: PartAction}
	missedResource  = &mismatch{part: PartResource}
)

// misses returns why the statement does not apply to the request, nil when it does.
func (s *statement) misses(r *Request) *mismatch {
	if s.hasPrincipals && s.principals.has(r.Principal) == s.notPrincipal {
		return missedPrincipal
	}
	if anyMatch(s.actions, r.Action, true, nil) == s.notAction {
		return missedAction
	}
	if anyMatch(s.resources, r.Resource, false, r.Context) == s.notResource || s.open(r.Context) {
		return missedResource
	}
	for i := range s.conditions {
		if c := &s.conditions[i]; !c.holds(r.Context) {
			return c.miss
		}
	}
	return nil
}

// open reports whether the statement would allow everything but a resource that it
// cannot name, because a variable in it has no value.
func (s *statement) open(c Context) bool {
	if !s.notResource || s.effect != Allow {
		return false
	}
	for _, p := range s.resources {
		if !p.resolves(c) {
			return true
		}
	}
	return false
}

func anyMatch(patterns []*pattern, text string, fold bool, c Context) bool {
	for _, p := range patterns {
		if p.match(text, fold, c) {
			return true
		}
	}
	return false
}

// Part is a part of a statement.
type Part string

// The parts, in the order in which they are looked at.
const (
	PartPrincipal Part = "principal"
	PartAction    Part = "action"
	PartResource  Part = "resource"
	PartCondition Part = "condition"
)

// Step is what one statement had to do with a decision.
type Step struct {
	Index   int    // of the statement, from 0
	SID     string // empty where it has none
	Line    int    // where it begins in the document
	Effect  Effect
	Applies bool
	// Part is what did not fit, where it does not apply, and Condition which one:
	// "IpAddress aws:SourceIp".
	Part      Part
	Condition string
}

// Explanation is a decision and why.
type Explanation struct {
	Effect Effect
	// Decided is the index of the statement that decided, -1 where none did.
	Decided int
	Steps   []Step
}

// Explain decides as Evaluate does, and says what each statement had to do with it.
func (p *Policy) Explain(r *Request) Explanation {
	out := Explanation{Effect: NoMatch, Decided: -1, Steps: make([]Step, 0, len(p.statements))}
	for i := range p.statements {
		s := &p.statements[i]
		step := Step{Index: i, SID: s.sid, Line: s.line, Effect: s.effect}
		miss := s.misses(r)
		switch {
		case miss != nil:
			step.Part, step.Condition = miss.part, miss.condition
		default:
			step.Applies = true
			if out.Effect == NoMatch || (s.effect == Deny && out.Effect == Allow) {
				out.Effect, out.Decided = s.effect, i
			}
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

// MayAllow reports whether a statement allows anything at all of an action to a
// principal, whatever the resource and the conditions.
func (p *Policy) MayAllow(who Principal, action string) bool {
	for i := range p.statements {
		s := &p.statements[i]
		if s.effect == Allow && (!s.hasPrincipals || s.principals.has(who) != s.notPrincipal) && anyMatch(s.actions, action, true, nil) != s.notAction {
			return true
		}
	}
	return false
}
