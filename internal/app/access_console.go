package app

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
	"croft/server"
)

// denials lets what policies deny over S3 be denied in the console too.
type denials struct {
	access
	store objectstore.Store
}

var _ server.Policies = denials{}

// Denied implements server.Policies. Croft's own buckets have no policy.
func (d denials) Denied(ctx context.Context, p account.Principal, r server.PolicyRequest) error {
	bucket, err := d.buckets.Bucket(ctx, r.Bucket)
	if err != nil || account.SystemBucket(r.Bucket) {
		return err
	}
	facts := &consoleFacts{ctx: ctx, store: d.store, request: &r}
	grants := p.Grants
	if grants == nil && p.UserID != "" {
		if grants, err = d.accounts.UserGrants(ctx, p.UserID); err != nil {
			return err
		}
	}
	if grants.Deny(&account.Question{Action: r.Permission, Resource: policy.Resource(r.Bucket, r.Key), Facts: circumstances{p, facts}}) {
		return errDeniedByOwn
	}
	rules, err := d.rules.Of(&bucket)
	if err != nil || rules.Policy == nil {
		return errors.Join(err, facts.err)
	}
	effect := rules.Policy.Evaluate(&policy.Request{
		Principal: policyPrincipal(p), Action: r.Permission, Resource: policy.Resource(r.Bucket, r.Key), Context: circumstances{p, facts},
	})
	if effect == policy.Deny {
		return errDeniedByPolicy
	}
	return facts.err
}

// consoleFacts are what is known of a request in the console.
type consoleFacts struct {
	ctx     context.Context // they live as long as one question
	store   objectstore.Store
	request *server.PolicyRequest
	err     error // why a fact could not be found
}

var _ s3api.Facts = (*consoleFacts)(nil)

// Value implements s3api.Facts.
func (f *consoleFacts) Value(key string) []string {
	r := f.request
	switch key {
	case "aws:sourceip":
		return some(r.Address)
	case "aws:useragent":
		return some(r.Agent)
	case "aws:securetransport":
		return some(strconv.FormatBool(r.Secure))
	case "aws:currenttime":
		return some(time.Now().UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return some(strconv.FormatInt(time.Now().Unix(), 10))
	case "s3:versionid":
		return some(r.Version)
	case "s3:prefix":
		if strings.HasPrefix(r.Permission, "s3:List") {
			return []string{r.Prefix}
		}
	}
	if tag, ok := strings.CutPrefix(key, "s3:existingobjecttag/"); ok && r.Key != "" {
		o, err := f.Object(f.ctx)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			f.err = err
		}
		return some(o.Attributes.Tags[tag])
	}
	return nil
}

// Initiator implements s3api.Facts. The console decides by roles which uploads
// somebody may abort.
func (*consoleFacts) Initiator(context.Context) (string, error) { return "", nil }

// Object implements s3api.Facts.
func (f *consoleFacts) Object(ctx context.Context) (objectstore.Object, error) {
	if versions, ok := f.store.(objectstore.Versions); ok && f.request.Version != "" {
		return versions.HeadVersion(ctx, objectstore.VersionRef{Bucket: f.request.Bucket, Key: f.request.Key, ID: f.request.Version})
	}
	return f.store.Head(ctx, f.request.Bucket, f.request.Key)
}
