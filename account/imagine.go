package account

import (
	"context"

	"croft/internal/errs"
)

// ImaginedSession is a session that nobody began, to ask what one could do.
type ImaginedSession struct {
	// Role is the name of the role that it assumed. Empty, it is one of a provider without a
	// role, which has the policies that the claim "policy" names.
	Role string
	// Session is what it calls itself; of a provider's without a role, that is made of the
	// claim "sub". Empty: a word that stands for any.
	Session string
	// Provider is the name of the provider that vouches for whoever assumed the role; empty:
	// it was somebody with an access key, and then there are no claims.
	Provider string
	Claims   map[string][]string // by lower-case name
}

// anySession is what an imagined session calls itself that has no name.
const anySession = "session"

// ImagineSession returns who would sign with a session, as requests by it would be from.
// Whether somebody may begin it is what the role's trust policy says, and not asked here.
func (s *Service) ImagineSession(ctx context.Context, i ImaginedSession) (Principal, error) {
	now := s.endedBefore() // so it is none of those that were ended
	p := pass{Session: i.Session, Claims: i.Claims, Issued: now, Expires: now + usualSession.Milliseconds(), imagined: true}
	if p.Session == "" {
		p.Session = anySession
	}
	if err := checkSession(p.Session); err != nil {
		return Principal{}, err
	}
	switch {
	case i.Provider != "":
		provider, err := s.Provider(ctx, i.Provider)
		if err != nil {
			return Principal{}, err
		}
		p.Provider = provider.ID
		if i.Role != "" {
			break
		}
		p.Named = namedBy(i.Claims)
		switch _, err := s.namedPolicies(ctx, p.Named); {
		case !provider.PolicyClaim:
			return Principal{}, errs.New(errs.Invalid, "provider_needs_role", "Name a role: this provider's claim named policy counts for nothing.")
		case len(p.Named) == 0:
			return Principal{}, errs.New(errs.Invalid, "provider_needs_role", "Name a role, or say with jwt:policy which policies the token names.")
		case err != nil:
			return Principal{}, err
		}
		if sub := i.Claims["sub"]; len(sub) == 1 {
			p.Session = sessionName(sub[0])
		}
	case i.Role == "":
		return Principal{}, errs.New(errs.Invalid, "role_missing", "Name the role whose session is to be asked about.")
	case len(i.Claims) > 0:
		return Principal{}, errs.New(errs.Invalid, "claims_without_provider", "Only somebody for whom a provider vouches has claims. Choose the provider, or leave them away.")
	}
	if i.Role != "" {
		role, err := findRole(s.db.Read(ctx), "name = ?", i.Role)
		if err != nil {
			return Principal{}, err
		}
		p.Roles = []string{role.ID}
	}
	owner, err := s.readPass(ctx, &p)
	return owner.principal, err
}
