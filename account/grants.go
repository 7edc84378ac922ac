package account

import (
	"time"

	"croft/internal/errs"
)

// Policies reads documents in the policy language of AWS. Its errors are *errs.Error
// of code policy_malformed that say where and what to do.
type Policies interface {
	// Identity reads a policy of a user, a group, a role, a key or a session.
	Identity(text string) (Document, error)
	// Trust reads a policy that says who may assume a role.
	Trust(text string) (Trust, error)
}

// Trust is a policy that says who may assume a role. It is bound before it is asked, if at
// all: without, a name means whoever has it, but for those whom only IDs mean.
type Trust interface {
	Document
	// Users and Roles are the names that it mentions.
	Users() []string
	Roles() []string
	// Strangers refuses names that are not among these: policy_malformed, saying where.
	Strangers(Names) error
	// Bind has the names mean these, and nobody where there is none.
	Bind(Names)
	// Shown is its text, but that those stand there by ID who are not now what they were.
	Shown(bound, now Names) string
}

// Document is a policy that was read. It does not change.
type Document interface {
	// Judge decides as AWS does: a statement that denies outweighs all that allow.
	Judge(q *Question) Verdict
	// MayAllow reports whether anything at all of an action is allowed.
	MayAllow(action string) bool
	// OnlyS3 reports whether nothing but actions of S3 is allowed.
	OnlyS3() bool
	// Explain says which statements had to do with the verdict, in their order.
	Explain(q *Question) []Statement
}

// Verdict is what policies say of a question. The zero value is that they are silent,
// which where nothing else allows is enough to refuse.
type Verdict int

// The verdicts.
const (
	Silent Verdict = iota
	Allows
	Denies
)

// Question is what policies are asked.
type Question struct {
	Action   string // "s3:GetObject"
	Resource string // an ARN
	Facts    Facts  // that conditions may ask for; nil: nothing is known
	// Who asks; only trust policies want to know.
	User, Role, Session, Federated string
	ID                             string // of the user or the role
	ByID                           bool   // see Principal
}

// Facts are what conditions may ask for, by the condition key in lower case.
type Facts interface {
	Value(key string) []string
}

// Statement is one of a document that applies to a question.
type Statement struct {
	Source  string // where the document is from; see Held
	SID     string
	Line    int // of the document, from 1
	Verdict Verdict
}

// Held is a policy that somebody has.
type Held struct {
	// Source names it: "policy/readwrite", "user/ada/inline" …
	Source string
	Document
}

// Bound is a set of policies that narrow a credential: together they have to allow
// whatever it is used for.
type Bound []Document

// Grants are the policies that a principal's requests are held to. They do not change.
type Grants struct {
	Identity []Held  // of the user and its groups, or of the role
	Bounds   []Bound // of the key, and of the session
	// Claims are what the token said of whoever signed in elsewhere, by lower-case name.
	Claims map[string][]string
	Issued time.Time // of a temporary credential
}

// Deny reports whether a policy denies. Nil grants deny nothing.
func (g *Grants) Deny(q *Question) bool {
	if g == nil {
		return false
	}
	for i := range g.Identity {
		if g.Identity[i].Judge(q) == Denies {
			return true
		}
	}
	return g.boundsDeny(q)
}

func (g *Grants) boundsDeny(q *Question) bool {
	if g == nil {
		return false
	}
	for _, b := range g.Bounds {
		for _, d := range b {
			if d.Judge(q) == Denies {
				return true
			}
		}
	}
	return false
}

// Allow reports whether a policy of the user, its groups or the role allows. Whether
// one denies is another question.
func (g *Grants) Allow(q *Question) bool {
	if g == nil {
		return false
	}
	for i := range g.Identity {
		if g.Identity[i].Judge(q) == Allows {
			return true
		}
	}
	return false
}

// MayAllow reports whether anything of an action may be allowed by a policy.
func (g *Grants) MayAllow(action string) bool {
	if g == nil {
		return false
	}
	for i := range g.Identity {
		if g.Identity[i].MayAllow(action) {
			return true
		}
	}
	return false
}

// Narrow reports whether the credential is not good for this, whatever its user may.
func (g *Grants) Narrow(q *Question) bool {
	return g.outside(func(d Document) bool { return d.Judge(q) == Allows })
}

// MayNarrow reports whether the credential is good for nothing at all of an action.
func (g *Grants) MayNarrow(action string) bool {
	return g.outside(func(d Document) bool { return d.MayAllow(action) })
}

func (g *Grants) outside(allows func(Document) bool) bool {
	if g == nil {
		return false
	}
bounds:
	for _, b := range g.Bounds {
		for _, d := range b {
			if allows(d) {
				continue bounds
			}
		}
		return true
	}
	return false
}

// Narrowed reports whether the credential is good for less than its user may.
func (g *Grants) Narrowed() bool { return g != nil && len(g.Bounds) > 0 }

// unreadable is a document that cannot be read any more. Nobody can say what it
// denied, so it denies everything.
type unreadable struct{}

func (unreadable) Judge(*Question) Verdict { return Denies }
func (unreadable) MayAllow(string) bool    { return false }
func (unreadable) OnlyS3() bool            { return false }
func (unreadable) Explain(*Question) []Statement {
	return []Statement{{SID: "unreadable", Verdict: Denies}}
}

// read returns the reading of a stored policy. Each text is read once.
func (s *Service) read(text string) Document {
	s.mu.Lock()
	d, ok := s.readings.all[text]
	s.mu.Unlock()
	if ok {
		return d
	}
	d, err := s.policies().Identity(text)
	if err != nil {
		d = unreadable{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readings.put(text, d, len(text))
	return d
}

// policies is who reads documents.
func (s *Service) policies() Policies {
	if s.config.Policies == nil {
		return noPolicies{}
	}
	return s.config.Policies
}

type noPolicies struct{}

func (noPolicies) Identity(string) (Document, error) { return nil, errNoPolicies }
func (noPolicies) Trust(string) (Trust, error)       { return nil, errNoPolicies }

var errNoPolicies = errs.New(errs.Unavailable, "policies_unavailable", "This Croft reads no policies.")

// Explain says what policies decide together, and which statements had to do with it.
func Explain(held []Held, q *Question) (Verdict, []Statement) {
	verdict := Silent
	var why []Statement
	for _, one := range held {
		if v := one.Judge(q); v == Denies || (v == Allows && verdict == Silent) {
			verdict = v
		}
		for _, s := range one.Explain(q) {
			s.Source = one.Source
			why = append(why, s)
		}
	}
	return verdict, why
}
