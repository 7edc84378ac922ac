package account

import "context"

// Via says by which kind of credential a principal came.
type Via string

// The ways in.
const (
	ViaSession Via = "session"
	ViaToken   Via = "token"
	ViaKey     Via = "s3key"
	ViaShare   Via = "share"  // a link that somebody made; it acts as they would
	ViaSystem  Via = "system" // Croft itself; never made from anything a client sends
)

// Principal is who asks. The zero value is nobody.
type Principal struct {
	UserID       string
	Name         string
	Admin        bool
	Via          Via
	CredentialID string // the session, token or key it came by
	ProjectID    string // when not empty, the credential reaches only this project
	ReadOnly     bool   // the credential changes nothing
	// Grants are the policies that its requests are held to; nil: there are none.
	Grants *Grants
	// Temporary says that the credential is of STS. Role is then the role of IAM that it
	// is, empty where it is its user's, and Session what it calls itself.
	Temporary     bool
	Role, Session string
	RoleID        string
	// ByID says that documents mean the user, or the role, only where they say the ID: those
	// that say a name alone are from before there was one of this name.
	ByID bool
}

// System is Croft acting for itself.
func System() Principal { return Principal{Name: "croft", Via: ViaSystem} }

// Nobody reports whether no credential was presented.
func (p Principal) Nobody() bool { return p.Via == "" }

type principalKey struct{}

// WithPrincipal returns a context that carries p.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom returns the context's principal, or nobody.
func PrincipalFrom(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}
