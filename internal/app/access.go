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

var _ s3api.Access = access{}

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
	return s3api.Credential{AccessKey: accessKey, Secret: secret, Identity: principal}, nil
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
		a.accounts.KeyUsed(c.AccessKey)
		return nil // the listing is filtered bucket by bucket
	}
	if err := a.decide(ctx, principal, &ask); err != nil {
		return err
	}
	if c.AccessKey != "" {
		a.accounts.KeyUsed(c.AccessKey)
	}
	return nil
}

// newBucket asks roles alone: a bucket that is not there has nothing to say.
func (a access) newBucket(ctx context.Context, p account.Principal, name string) error {
	resource := account.Resource{Bucket: name}
	if !p.Nobody() {
		var err error
		if resource.ProjectID, err = a.projectFor(ctx, p); err != nil {
			return err
		}
		if err := a.checkName(ctx, name, resource.ProjectID); err != nil {
			return err
		}
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

// Owner is the project of the key that creates the bucket.
func (a access) Owner(ctx context.Context, c s3api.Credential) (string, error) {
	return a.projectFor(ctx, principalOf(c))
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
