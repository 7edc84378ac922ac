package iamapi

import (
	"context"

	"croft/account"
	"croft/internal/errs"
)

// ofVersion does something to a version of a policy.
func (q *request) ofVersion(do func(ctx context.Context, name string, version int) error) error {
	p, err := q.ownPolicy()
	if err != nil {
		return err
	}
	n, err := q.version()
	if err != nil {
		return err
	}
	return do(q.ctx, p.Name, n)
}

// attachPolicy gives what a policy says now, and what it will say.
func (q *request) attachPolicy() ([]node, error) {
	name, err := q.policyName()
	if err != nil {
		return nil, err
	}
	p, missing := q.h.Accounts.Policy(q.ctx, name)
	if missing != nil && errs.KindOf(missing) != errs.NotFound {
		return nil, missing
	}
	var documents []account.Document
	if missing == nil {
		d, err := q.h.Accounts.CheckDocument(p.Document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, d)
	}
	h, err := q.holder(notOwn, documents...)
	if err != nil {
		return nil, err
	}
	q.target += " " + account.PolicyARN(name)
	return nil, q.h.Accounts.AttachPolicy(q.ctx, h, name)
}

func (q *request) detachPolicy() ([]node, error) {
	h, err := q.holder(notOwn)
	if err != nil {
		return nil, err
	}
	name, err := q.policyName()
	if err != nil {
		return nil, err
	}
	q.target += " " + account.PolicyARN(name)
	return nil, q.h.Accounts.DetachPolicy(q.ctx, h, name)
}

func (q *request) listAttached() ([]node, error) {
	h, err := q.holder(ownToo)
	if err != nil {
		return nil, err
	}
	held, err := q.h.Accounts.AttachedPolicies(q.ctx, h)
	if err != nil {
		return nil, err
	}
	held, rest, err := page(q, held, itself)
	return append([]node{list("AttachedPolicies", held, func(name string) []node {
		return []node{text("PolicyName", name), text("PolicyArn", account.PolicyARN(name))}
	})}, rest...), err
}

func (q *request) putInline() ([]node, error) {
	if _, err := q.holder(notOwn); err != nil { // who may not learns nothing of the document
		return nil, err
	}
	name, err := q.need("PolicyName")
	if err != nil {
		return nil, err
	}
	text, d, err := q.document()
	if err != nil {
		return nil, err
	}
	h, err := q.holder(notOwn, d)
	if err != nil {
		return nil, err
	}
	q.target += " " + short(name)
	return nil, q.h.Accounts.PutInlinePolicy(q.ctx, h, name, text)
}

// holderName is whose policies a call is about, as the request names them.
func (q *request) holderName() node {
	for _, name := range []string{"UserName", "GroupName", "RoleName"} {
		if v := q.form.Get(name); v != "" {
			return text(name, v)
		}
	}
	return text("UserName", q.by.Principal.Name)
}

func (q *request) getInline() ([]node, error) {
	h, err := q.holder(ownToo)
	if err != nil {
		return nil, err
	}
	name, err := q.need("PolicyName")
	if err != nil {
		return nil, err
	}
	held, err := q.h.Accounts.InlinePolicies(q.ctx, h)
	if err != nil {
		return nil, err
	}
	for _, p := range held {
		if p.Name == name {
			return []node{q.holderName(), text("PolicyName", name), document("PolicyDocument", p.Document)}, nil
		}
	}
	return nil, &failure{code: "NoSuchEntity", message: "The " + string(h.Kind) + " policy with name " + short(name) + " cannot be found.", status: 404}
}

func (q *request) listInline() ([]node, error) {
	h, err := q.holder(ownToo)
	if err != nil {
		return nil, err
	}
	held, err := q.h.Accounts.InlinePolicies(q.ctx, h)
	if err != nil {
		return nil, err
	}
	all := make([]string, len(held))
	for i, p := range held {
		all[i] = p.Name
	}
	all, rest, err := page(q, all, itself)
	return append([]node{names("PolicyNames", all)}, rest...), err
}

func (q *request) deleteInline() ([]node, error) {
	h, err := q.holder(notOwn)
	if err != nil {
		return nil, err
	}
	name, err := q.need("PolicyName")
	if err != nil {
		return nil, err
	}
	q.target += " " + short(name)
	return nil, q.h.Accounts.DeleteInlinePolicy(q.ctx, h, name)
}
