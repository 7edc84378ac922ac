package app

import (
	"context"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
)

// decide is where roles and what a bucket says of itself come together, in this order:
//
//  1. A policy that denies is final, for administrators too. Only reading and changing
//     the policy itself it cannot take from those whose role lets them, so that nobody
//     is locked out for good.
//  2. A role that allows is enough.
//  3. Then a policy may allow, or an ACL where ACLs count: users of other projects, or
//     everybody, as far as the public access block lets it and the credential is good
//     for it.
//  4. Otherwise it is what roles said.
func (a access) decide(ctx context.Context, p account.Principal, ask *s3api.Ask) error {
	if ask.Action == s3api.CreateBucket {
		return a.newBucket(ctx, p, ask.Bucket)
	}
	bucket, err := a.buckets.Bucket(ctx, ask.Bucket)
	if err != nil {
		return err
	}
	action, resource := s3Actions[ask.Action], account.Resource{ProjectID: bucket.Owner, Bucket: ask.Bucket}
	role := a.accounts.Authorize(ctx, p, action, resource)
	if role != nil && errs.KindOf(role) != errs.Unauthenticated && errs.KindOf(role) != errs.Forbidden && errs.KindOf(role) != errs.NotFound {
		return role // nobody knows
	}
	if ask.S3 == "" || account.SystemBucket(ask.Bucket) || (role == nil && aboutPolicy[ask.S3]) {
		return role
	}
	rules, err := a.rules.Of(&bucket)
	if err != nil {
		return err
	}
	request := policy.Request{Principal: policy.Principal{Name: p.Name}, Action: ask.S3}
	if rules.Policy != nil {
		request.Resource, request.Context = policy.Resource(ask.Bucket, ask.Key), circumstances{p, ask.Facts}
		switch effect := rules.Policy.Evaluate(&request); {
		case ask.Each && role == nil:
			return nil // each key is asked for on its own
		case effect == policy.Deny && !ask.Each:
			if errs.KindOf(role) == errs.NotFound {
				return role // who may not know of the bucket learns nothing of its policy
			}
			return errDeniedByPolicy
		case role == nil:
			return nil
		case effect == policy.Allow || (ask.Each && rules.Policy.MayAllow(request.Principal, ask.S3)):
			if p.Grantable(action, resource) == nil && !restricted(rules, p) {
				return nil
			}
		}
	}
	if role == nil || !rules.ACLs() || p.Grantable(action, resource) != nil {
		return role
	}
	allowed, err := granted(ctx, rules, request.Principal, ask)
	if err != nil || allowed {
		return err
	}
	return role
}

// aboutPolicy are the calls that a policy does not decide about for those whose role
// lets them.
var aboutPolicy = map[string]bool{"s3:GetBucketPolicy": true, "s3:PutBucketPolicy": true, "s3:DeleteBucketPolicy": true}

var errDeniedByPolicy = errs.New(errs.Forbidden, "denied_by_policy", "The bucket's policy denies this.")

// restricted reports whether a public policy is to let in users only, and this is none.
func restricted(rules *grants.Rules, p account.Principal) bool {
	return p.Nobody() && rules.Block.RestrictPublicBuckets && rules.Policy.Public()
}

// granted reports whether the ACL of the bucket, or that of the object, allows it.
func granted(ctx context.Context, rules *grants.Rules, who policy.Principal, ask *s3api.Ask) (bool, error) {
	ignore := rules.Block.IgnorePublicACLs
	if permission, ok := grants.OfBucket(ask.S3); ok {
		return rules.ACL.Allows(who, permission, ignore), nil
	}
	permission, ok := grants.OfObject(ask.S3)
	if !ok || ask.Facts == nil {
		return false, nil
	}
	o, err := ask.Facts.Object(ctx)
	switch {
	case errs.KindOf(err) == errs.NotFound:
		// Who may list may know that it is not there.
		return rules.ACL.Allows(who, grants.Read, ignore), nil
	case err != nil && !o.Marker:
		return false, err
	}
	acl, err := grants.ParseACL(o.Attributes.System[grants.ObjectACL])
	return err == nil && acl.Allows(who, permission, ignore), err
}

// circumstances are what conditions may ask for: of who asks, and of the request.
type circumstances struct {
	principal account.Principal
	facts     s3api.Facts
}

var _ policy.Context = circumstances{}

// Value implements policy.Context.
func (c circumstances) Value(key string) []string {
	who := policy.Principal{Name: c.principal.Name}
	switch key {
	case "aws:username":
		return some(who.Name)
	case "aws:userid":
		return some(c.principal.UserID)
	case "aws:principalarn":
		return some(who.ARN())
	case "aws:principaltype":
		if c.principal.Nobody() {
			return []string{"Anonymous"}
		}
		return []string{"User"}
	case "aws:principalaccount":
		if c.principal.Nobody() {
			return nil
		}
		return []string{policy.Account}
	case "aws:resourceaccount", "s3:resourceaccount":
		return []string{policy.Account}
	case "aws:principalisawsservice", "aws:viaawsservice":
		return []string{"false"}
	}
	if c.facts == nil {
		return nil
	}
	return c.facts.Value(key)
}

func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
