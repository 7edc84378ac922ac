package server

import (
	"context"

	"croft/account"
)

// Rule says who may use a route. There is no route without one.
type Rule struct {
	public    string // why nobody need be logged in; empty when somebody must
	action    account.Action
	scope     Scope
	body      any    // func(context.Context, *I) (account.Resource, error), when the resource is in the body
	unaudited string // why the audit log does not have it
	// permission is what the policy of the bucket may deny, in S3's words; empty, it is
	// not asked.
	permission string
}

// Public lets everybody in, and says why. Where a session or token is presented
// and valid, the handler still finds its principal.
func Public(why string) Rule { return Rule{public: why} }

// SignedIn lets every principal in who may read their own account.
func SignedIn() Rule { return Need(account.SelfRead, ownScope) }

// Need asks account.Authorize for an action on the resource that scope finds from
// the path and query, before the body is read.
func Need(action account.Action, scope Scope) Rule { return Rule{action: action, scope: scope} }

// NeedBody is Need for the routes whose resource is known only from the body. The
// principal is established before the body is read.
func NeedBody[I any](action account.Action, resource func(context.Context, *I) (account.Resource, error)) Rule {
	return Rule{action: action, body: resource}
}

// Unaudited keeps a mutation out of the audit log, and says why.
func (r Rule) Unaudited(why string) Rule {
	r.unaudited = why
	return r
}

// String is how the route list shows the rule.
func (r Rule) String() string {
	text := "public: " + r.public
	switch {
	case r.body != nil:
		text = string(r.action) + " on what the body names"
	case r.public == "":
		text = string(r.action) + " on " + r.scope.Name
	}
	if r.permission != "" {
		text += ", unless its policy denies " + r.permission
	}
	if r.unaudited != "" {
		text += " (not audited: " + r.unaudited + ")"
	}
	return text
}

// Params are a request's path and query parameters.
type Params interface {
	Param(name string) string
	Query(name string) string
}

// Scope finds the resource that a request is about.
type Scope struct {
	Name    string
	Resolve func(ctx context.Context, p Params) (account.Resource, error)
}

// instanceScope is Croft as a whole, ownScope the caller's own account. Neither names
// anything: the action says which it is.
var (
	instanceScope = Scope{"the instance", nothingNamed}
	ownScope      = Scope{"the caller's own account", nothingNamed}
)

func nothingNamed(context.Context, Params) (account.Resource, error) { return account.Resource{}, nil }

// project is the project whose slug is in the path.
func (s *Server) project() Scope {
	return Scope{"the project", func(ctx context.Context, p Params) (account.Resource, error) {
		found, err := s.deps.Accounts.ProjectBySlug(ctx, p.Param("project"))
		return account.Resource{ProjectID: found.ID}, err
	}}
}

// admission is what the gate found out about a request, for the handler.
type admission struct {
	from     client
	session  account.Session // when they came by one
	resource account.Resource
	note     Note
	again    func(context.Context) error // nil where nobody need be logged in
}

// askAgain says whether a request that takes long would still be let in.
func (a *admission) askAgain(ctx context.Context) error {
	if a.again == nil {
		return nil
	}
	return a.again(ctx)
}

// client is where a request comes from.
type client struct {
	address string
	agent   string
	host    string // by which it reached us
	https   bool
	session string // the token in its cookie, valid or not
}

// Note is what a handler adds to its row in the audit log.
type Note struct {
	Target    string // what it was done to; the request's path unless changed
	Detail    string // anything worth knowing later, without secrets
	ProjectID string // the resource's when empty
	ActorID   string // who it was, where nobody is logged in yet
	ActorName string // whom they claimed to be; a refusal is then in the log too
}

// admissionFrom never returns nil, so that a handler can be called without the gate.
func admissionFrom(ctx context.Context) *admission {
	if a, ok := ctx.Value(admissionKey).(*admission); ok {
		return a
	}
	return &admission{}
}

// resourceFrom returns the resource that the rule was asked about.
func resourceFrom(ctx context.Context) account.Resource { return admissionFrom(ctx).resource }

// auditing returns the note of this request's audit row, to be filled in.
func auditing(ctx context.Context) *Note { return &admissionFrom(ctx).note }
