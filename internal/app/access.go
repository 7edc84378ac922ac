package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
)

// access lets S3 requests pass the same policy as everything else.
type access struct {
	accounts *account.Service
	buckets  objectstore.Buckets
	rules    *grants.Reader
	refusals *refusals
	log      *slog.Logger
}

var (
	_ s3api.Access   = access{}
	_ s3api.Sessions = access{}
)

// s3Actions is what S3's actions are called in the policy.
var s3Actions = map[s3api.Action]account.Action{
	s3api.ReadBucket:   account.BucketRead,
	s3api.WriteObject:  account.ObjectWrite,
	s3api.WriteBucket:  account.BucketWrite,
	s3api.DeleteBucket: account.BucketWrite,

	s3api.BypassGovernance: account.BucketWrite,
}

func (a access) Credential(ctx context.Context, accessKey string) (s3api.Credential, error) {
	secret, principal, err := a.accounts.KeyCredential(ctx, accessKey)
	if errs.KindOf(err) == errs.Unauthenticated {
		return s3api.Credential{}, errs.Wrap(err, errs.NotFound, "access_key_unknown", "There is no such access key")
	}
	if err != nil {
		return s3api.Credential{}, err
	}
	return s3api.Credential{AccessKey: accessKey, Secret: secret, Identity: principal, User: principal.Name, UserID: principal.UserID, Initiator: initiator(principal)}, nil
}

// SessionCredential implements s3api.Sessions.
func (a access) SessionCredential(ctx context.Context, accessKey, token string) (s3api.Credential, error) {
	secret, principal, err := a.accounts.TemporaryCredential(ctx, accessKey, token)
	if err != nil {
		return s3api.Credential{}, err
	}
	return s3api.Credential{AccessKey: accessKey, Secret: secret, Identity: principal, Initiator: initiator(principal)}, nil
}

// principalOf is who signed a request; nobody, when none did.
func principalOf(c s3api.Credential) account.Principal {
	principal, _ := c.Identity.(account.Principal)
	return principal
}

// Authorize is called once the signature is verified, so the key counts as used.
func (a access) Authorize(ctx context.Context, c s3api.Credential, ask s3api.Ask) error {
	principal := principalOf(c)
	if ask.Action == s3api.ListBuckets && !principal.Nobody() {
		if principal.Grants.Deny(&account.Question{Action: ask.S3, Resource: policy.Resource("*", ""), Facts: circumstances{principal, ask.Facts}}) {
			return errDeniedByOwn
		}
		a.used(c, principal)
		return nil // the listing is filtered bucket by bucket
	}
	if err := a.decide(ctx, principal, &ask); err != nil {
		return err
	}
	a.used(c, principal)
	return nil
}

// used notes that a lasting key was used.
func (a access) used(c s3api.Credential, p account.Principal) {
	if c.AccessKey != "" && !p.Temporary {
		a.accounts.KeyUsed(c.AccessKey)
	}
}

// newBucket asks roles and the policies of who asks: a bucket that is not there has
// nothing to say.
func (a access) newBucket(ctx context.Context, p account.Principal, ask *s3api.Ask) error {
	resource := account.Resource{Bucket: ask.Bucket}
	if p.Nobody() {
		return a.accounts.Authorize(ctx, p, account.BucketWrite, resource)
	}
	allowed := false
	if p.Grants != nil {
		var err error
		if allowed, err = a.ownPolicies(p, ask); err != nil {
			return err
		}
	}
	var err error
	if resource.ProjectID, err = a.projectFor(ctx, p); err != nil && (!allowed || errs.KindOf(err) != errs.Forbidden) {
		return err
	}
	if err := a.checkName(ctx, ask.Bucket, resource.ProjectID); err != nil {
		return err
	}
	if allowed && p.Grantable(account.BucketWrite, resource) == nil {
		return nil
	}
	return a.accounts.Authorize(ctx, p, account.BucketWrite, resource)
}

// checkName keeps the names that Croft itself gives to buckets.
func (a access) checkName(ctx context.Context, bucket, projectID string) error {
	var slug string
	if projectID != "" {
		project, err := a.accounts.Project(ctx, projectID)
		if err != nil {
			return err
		}
		slug = project.Slug
	}
	if err := account.CheckBucketName(bucket, slug); err != nil {
		code, message := errs.Public(err)
		return errs.New(errs.Forbidden, code, message)
	}
	return nil
}

// Owner is the project of the bucket that a key creates. Who may make buckets by policy
// and by role in no project, or in several, makes one of nobody.
func (a access) Owner(ctx context.Context, c s3api.Credential) (string, error) {
	p := principalOf(c)
	owner, err := a.projectFor(ctx, p)
	if errs.KindOf(err) == errs.Forbidden && p.Grants.MayAllow("s3:CreateBucket") {
		return "", nil // that it may was decided before
	}
	return owner, err
}

// projectFor finds the project of a bucket that S3 does not name one for: the
// key's, or nobody's for an administrator, or the only one where the user may
// make buckets.
func (a access) projectFor(ctx context.Context, p account.Principal) (string, error) {
	if p.ProjectID != "" || p.Admin {
		return p.ProjectID, nil
	}
	projects, err := a.accounts.ListProjects(ctx, p)
	if err != nil {
		return "", err
	}
	var owner string
	for _, project := range projects {
		err := a.accounts.Authorize(ctx, p, account.BucketWrite, account.Resource{ProjectID: project.ID})
		switch {
		case err != nil && errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.NotFound:
			return "", err
		case err != nil:
			continue
		case owner != "":
			return "", errs.New(errs.Forbidden, "project_ambiguous",
				"You may make buckets in several projects. Use an access key that is limited to one of them, or the console.")
		}
		owner = project.ID
	}
	if owner == "" {
		return "", errs.New(errs.Forbidden, "role_too_low", "Making buckets needs the role maintainer in a project.")
	}
	return owner, nil
}

// Audit writes what a key did to a bucket, and what it was refused, into the audit
// log. Who is refused again and again gets a bounded number of rows.
func (a access) Audit(ctx context.Context, c s3api.Credential, e s3api.Event) {
	principal := principalOf(c)
	left := int64(0)
	if e.Outcome != "ok" {
		var write bool
		if write, left = a.refusals.admit(c.AccessKey); !write {
			return
		}
	}
	entry := account.Entry{
		ActorID: principal.UserID, ActorName: principal.Name, Via: principal.Via, Action: "s3." + e.Operation,
		Target: e.Bucket, Address: e.Address, RequestID: e.RequestID, Outcome: e.Outcome,
	}
	if e.Key != "" {
		entry.Target += "/" + e.Key
	}
	if left > 0 {
		entry.Detail = fmt.Sprintf("%d earlier refusals of this key are not in this log.", left)
	}
	// The change is made whether or not the client still listens.
	ctx = context.WithoutCancel(ctx)
	if bucket, err := a.buckets.Bucket(ctx, e.Bucket); err == nil {
		entry.ProjectID = bucket.Owner
	} else if !errors.Is(err, objectstore.ErrBucketNotFound) {
		a.log.ErrorContext(ctx, "bucket of an audit entry not found", "requestId", e.RequestID, "error", err)
	}
	if err := a.accounts.Audit(ctx, entry); err != nil {
		a.log.ErrorContext(ctx, "audit entry not written", "requestId", e.RequestID, "error", err)
	}
}
