package app

import (
	"context"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
)

// decide is where roles, the policies of who asks and what a bucket says of itself come
// together, in this order:
//
//  1. What narrows the credential (the policy of a key or of a session) has to allow it.
//  2. A policy that denies is final, for administrators too: of the user, its groups or
//     its role, of the credential, or of the bucket. Only reading and changing the policy
//     itself the bucket's cannot take from those whose role lets them, so that nobody is
//     locked out for good; the policies of users are mended elsewhere.
//  3. A role that allows is enough, and so is a policy of the user, its groups or its role.
//  4. Then the bucket's policy may allow, or an ACL where ACLs count: users of other
//     projects, or everybody, as far as the public access block lets it. Neither these
//     nor the user's own policies let a credential do what it is not good for.
//  5. Who began an upload may abort it and list its parts.
//  6. Otherwise it is what roles said.
func (a access) decide(ctx context.Context, p account.Principal, ask *s3api.Ask) error {
	_, err := a.ruling(ctx, p, ask)
	return err
}

// ruling decides, and says what decided.
func (a access) ruling(ctx context.Context, p account.Principal, ask *s3api.Ask) (decided, error) {
	if ask.Action == s3api.CreateBucket {
		return byRole, a.newBucket(ctx, p, ask)
	}
	bucket, err := a.buckets.Bucket(ctx, ask.Bucket)
	if err != nil {
		return byNothing, err
	}
	action, resource := s3Actions[ask.Action], account.Resource{ProjectID: bucket.Owner, Bucket: ask.Bucket}
	role := a.accounts.Authorize(ctx, p, action, resource)
	if role != nil && errs.KindOf(role) != errs.Unauthenticated && errs.KindOf(role) != errs.Forbidden && errs.KindOf(role) != errs.NotFound {
		return byNothing, role // nobody knows
	}
	if errs.KindOf(role) == errs.NotFound {
		role = errNotAllowed // as in S3: a bucket that is there is never said not to be, for clients take that for its loss
	}
	allowed, by := role == nil, byRole
	if p.Grants != nil {
		own, err := a.ownPolicies(p, ask)
		if err != nil {
			return byOwn, err
		}
		if !allowed && own && p.Grantable(action, resource) == nil {
			allowed, by = true, byOwn
		}
	}
	if ask.S3 == "" || account.SystemBucket(ask.Bucket) || (role == nil && aboutPolicy[ask.S3]) {
		return by, unless(allowed, role)
	}
	rules, err := a.rules.Of(&bucket)
	if err != nil {
		return byNothing, err
	}
	request := policy.Request{Principal: policyPrincipal(p), Action: ask.S3}
	if rules.Policy != nil {
		request.Resource, request.Context = policy.Resource(ask.Bucket, ask.Key), circumstances{p, ask.Facts}
		switch effect := rules.Policy.Evaluate(&request); {
		case ask.Each && allowed:
			return by, nil // each key is asked for on its own
		case effect == policy.Deny && !ask.Each:
			return byPolicy, errDeniedByPolicy
		case allowed:
			return by, nil
		case effect == policy.Allow || (ask.Each && rules.Policy.MayAllow(request.Principal, ask.S3)):
			switch {
			case p.Grantable(action, resource) != nil:
				by = byCredential
			case restricted(rules, p):
				by = byBlock
			default:
				return byPolicy, nil
			}
		}
	}
	if allowed || p.Grantable(action, resource) != nil {
		return by, unless(allowed, role)
	}
	if rules.ACLs() {
		granted, err := granted(ctx, rules, request.Principal, ask)
		if err != nil || granted {
			return byACL, err
		}
	}
	began, err := began(ctx, p, ask)
	if err != nil || began {
		return byUpload, err
	}
	return by, role
}

// decided is what decided about a request.
type decided uint8

const (
	byNothing    decided = iota // it could not be decided
	byRole                      // what the user is, in the project or altogether
	byOwn                       // a policy of the user, a group, the role, the key or the session
	byPolicy                    // the policy of the bucket
	byACL                       // that of the bucket or the object
	byUpload                    // who began it, that it is about
	byBlock                     // the policy would allow it, but the public access block holds
	byCredential                // the policy would allow it, but the credential is not good for it
)

// unless is what roles said, unless something else allows.
func unless(allowed bool, role error) error {
	if allowed {
		return nil
	}
	return role
}

// ownPolicies asks the policies of who asks. They refuse with an error, or allow, or
// leave it to others. Of a listing of buckets they are asked bucket by bucket.
func (a access) ownPolicies(p account.Principal, ask *s3api.Ask) (allowed bool, err error) {
	actions := []string{ask.S3}
	if ask.S3 == "" {
		if ask.Action != s3api.ReadBucket {
			if p.Grants.Narrowed() {
				return false, errNarrowed
			}
			return false, nil
		}
		actions = listing
	}
	g := p.Grants
	if ask.Each { // each key is asked for on its own
		if g.MayNarrow(ask.S3) {
			return false, errNarrowed
		}
		return g.MayAllow(ask.S3), nil
	}
	q := account.Question{Resource: policy.Resource(ask.Bucket, ask.Key), Facts: circumstances{p, ask.Facts}}
	narrow := true
	for _, q.Action = range actions {
		if g.Deny(&q) {
			return false, errDeniedByOwn
		}
		narrow = narrow && g.Narrow(&q)
		allowed = allowed || g.Allow(&q)
	}
	if narrow {
		return false, errNarrowed
	}
	return allowed, nil
}

// listing are the permissions of which one has to be had for a bucket to be listed
// among the others.
var listing = []string{"s3:ListBucket", "s3:GetBucketLocation", "s3:ListAllMyBuckets"}

var (
	errNarrowed    = errs.New(errs.Forbidden, "credential_narrowed", "The policy of this access key or session does not allow this.")
	errNotAllowed  = errs.New(errs.Forbidden, "policy_allows_not", "No role in the bucket's project and no policy allows this.")
	errDeniedByOwn = errs.New(errs.Forbidden, "denied_by_policy", "A policy of the user, a group or the role denies this.")
)

// policyPrincipal is who a principal is in policies of buckets.
func policyPrincipal(p account.Principal) policy.Principal {
	if p.Role != "" {
		return policy.Principal{Role: p.Role, Session: p.Session, ID: p.RoleID, ByID: p.ByID}
	}
	return policy.Principal{Name: p.Name, ID: p.UserID, ByID: p.ByID}
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
	if ask.Written && writtenByACL[ask.S3] {
		return rules.ACL.Allows(who, grants.Write, ignore), nil
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
	acl, err := grants.ACLOfObject(o.Attributes.System, rules.Ownership)
	return err == nil && acl.Allows(who, permission, ignore), err
}

// began reports whether it is about an upload that the principal began, and is what S3 lets
// everybody do with those.
func began(ctx context.Context, p account.Principal, ask *s3api.Ask) (bool, error) {
	who := initiator(p)
	if who == "" || ask.Facts == nil || (ask.S3 != "s3:AbortMultipartUpload" && ask.S3 != "s3:ListMultipartUploadParts") {
		return false, nil
	}
	by, err := ask.Facts.Initiator(ctx)
	return err == nil && by == who, err
}

// initiator is who a principal is to the uploads that it begins: the user, or those who call
// themselves so in a session of the role. It goes by IDs, so that neither who has the name
// later nor another role is meant. Sessions whose policies a token's claim names have no ID of their own, and are nobody.
func initiator(p account.Principal) string {
	switch p.Role {
	case "":
		return p.UserID
	case account.WebIdentityRole:
		return ""
	}
	return p.RoleID + "/" + p.Session
}

// writtenByACL are the permissions that an ACL which lets somebody write gives for the
// object that is written.
var writtenByACL = map[string]bool{"s3:PutObjectAcl": true, "s3:PutObjectTagging": true}

// circumstances are what conditions may ask for: of who asks, and of the request.
type circumstances struct {
	principal account.Principal
	facts     s3api.Facts
}

var _ policy.Context = circumstances{}

// Value implements policy.Context.
func (c circumstances) Value(key string) []string {
	if values, ok := c.principal.Fact(key); ok {
		return values
	}
	switch key {
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
