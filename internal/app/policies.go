package app

import (
	"context"
	"errors"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
)

// policies lets accounts read the policy language of buckets.
type policies struct{}

var _ account.Policies = policies{}

// Identity implements account.Policies.
func (policies) Identity(text string) (account.Document, error) {
	p, err := policy.ParseIdentity(text)
	if err != nil {
		return nil, malformed(err)
	}
	return document{p}, nil
}

// Trust implements account.Policies.
func (policies) Trust(text string) (account.Trust, error) {
	p, err := policy.ParseTrust(text)
	if err != nil {
		return nil, malformed(err)
	}
	return trust{document{p}}, nil
}

// malformed is what is wrong with a policy, in accounts' words.
func malformed(err error) error {
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		return errs.New(errs.Invalid, "policy_malformed", wrong.Error())
	}
	return err
}

// directory tells whoever keeps policies of buckets who is called what.
type directory struct{ accounts *account.Service }

var _ grants.Directory = directory{}

// Named implements grants.Directory.
func (d directory) Named(ctx context.Context, users, roles []string) (policy.Bindings, error) {
	names, err := d.accounts.Named(ctx, users, roles)
	return policy.Bindings(names), err
}

// trust is a policy that says who may assume a role.
type trust struct{ document }

var _ account.Trust = trust{}

// Users implements account.Trust.
func (t trust) Users() []string {
	users, _ := t.Mentions()
	return users
}

// Roles implements account.Trust.
func (t trust) Roles() []string {
	_, roles := t.Mentions()
	return roles
}

// Strangers implements account.Trust.
func (t trust) Strangers(n account.Names) error {
	return malformed(t.Policy.Strangers((*policy.Bindings)(&n)))
}

// Bind implements account.Trust.
func (t trust) Bind(n account.Names) { t.Policy.Bind((*policy.Bindings)(&n)) }

// Shown implements account.Trust.
func (t trust) Shown(bound, now account.Names) string {
	return t.Policy.Shown((*policy.Bindings)(&bound), (*policy.Bindings)(&now))
}

// document is a policy as accounts ask it.
type document struct{ *policy.Policy }

var _ account.Document = document{}

var verdicts = map[policy.Effect]account.Verdict{policy.NoMatch: account.Silent, policy.Allow: account.Allows, policy.Deny: account.Denies}

func (document) request(q *account.Question) policy.Request {
	return policy.Request{
		Principal: policy.Principal{Name: q.User, Role: q.Role, Session: q.Session, Federated: q.Federated, ID: q.ID, ByID: q.ByID},
		Action:    q.Action, Resource: q.Resource, Context: q.Facts,
	}
}

// Judge implements account.Document.
func (d document) Judge(q *account.Question) account.Verdict {
	r := d.request(q)
	switch d.Evaluate(&r) {
	case policy.Allow:
		return account.Allows
	case policy.Deny:
		return account.Denies
	}
	return account.Silent
}

// MayAllow implements account.Document. No statement of these names principals.
func (d document) MayAllow(action string) bool {
	return d.Policy.MayAllow(policy.Principal{}, action)
}

// Explain implements account.Document.
func (d document) Explain(q *account.Question) []account.Statement {
	r := d.request(q)
	var out []account.Statement
	for _, step := range d.Policy.Explain(&r).Steps {
		if step.Applies {
			out = append(out, account.Statement{SID: step.SID, Line: step.Line, Verdict: verdicts[step.Effect]})
		}
	}
	return out
}
