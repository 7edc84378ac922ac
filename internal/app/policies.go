package app

import (
	"errors"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/policy"
)

// policies lets accounts read the policy language of buckets.
type policies struct{}

var _ account.Policies = policies{}

// Identity implements account.Policies.
func (policies) Identity(text string) (account.Document, error) {
	return readPolicy(policy.ParseIdentity(text))
}

// Trust implements account.Policies.
func (policies) Trust(text string) (account.Document, error) {
	return readPolicy(policy.ParseTrust(text))
}

func readPolicy(p *policy.Policy, err error) (account.Document, error) {
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		return nil, errs.New(errs.Invalid, "policy_malformed", wrong.Error())
	}
	if err != nil {
		return nil, err
	}
	return document{p}, nil
}

// document is a policy as accounts ask it.
type document struct{ *policy.Policy }

var _ account.Document = document{}

var verdicts = map[policy.Effect]account.Verdict{policy.NoMatch: account.Silent, policy.Allow: account.Allows, policy.Deny: account.Denies}

func (document) request(q *account.Question) policy.Request {
	return policy.Request{
		Principal: policy.Principal{Name: q.User, Role: q.Role, Session: q.Session, Federated: q.Federated},
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
