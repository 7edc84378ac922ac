package server

import (
	"cmp"
	"context"
	"strings"

	"croft/account"
)

// Policies says what the policies of buckets deny to those whose roles allow it: what
// is denied over S3 is not to be had here.
type Policies interface {
	// Denied returns why the bucket's policy denies it, nil where it does not.
	Denied(ctx context.Context, p account.Principal, r PolicyRequest) error
}

// PolicyRequest is what a request would be over S3.
type PolicyRequest struct {
	Permission string // S3's name: "s3:GetObject"
	Bucket     string
	Key        string // empty where it is about the bucket
	Version    string // the one that is named, if any
	Prefix     string // of a listing
	Address    string // the client's, without a port
	Agent      string
	Secure     bool // it came by TLS
}

// Heeding makes a rule heed the policy of the bucket as well: of the object that the
// query names, under S3's name of what the route does.
func (r Rule) Heeding(permission string) Rule {
	r.permission = permission
	return r
}

// heed asks the policy of the bucket, where the rule heeds it.
func (s *Server) heed(ctx context.Context, p account.Principal, rule Rule, params Params) error {
	if rule.permission == "" {
		return nil
	}
	r := PolicyRequest{
		Permission: rule.permission, Bucket: params.Param("bucket"), Key: params.Query("key"), Version: params.Query("version"), Prefix: params.Query("prefix"),
	}
	if strings.HasPrefix(r.Permission, "s3:List") { // is about the bucket
		r.Prefix, r.Key, r.Version = cmp.Or(r.Prefix, r.Key), "", ""
	}
	return s.denied(ctx, p, r)
}

// denied asks the policy of a bucket about the request that ctx belongs to.
func (s *Server) denied(ctx context.Context, p account.Principal, r PolicyRequest) error {
	if s.deps.Policies == nil {
		return nil
	}
	if name, ok := ofVersions[r.Permission]; ok && r.Version != "" {
		r.Permission = name
	}
	from := admissionFrom(ctx).from
	r.Address, r.Agent, r.Secure = from.address, from.agent, from.https
	return s.deps.Policies.Denied(ctx, p, r)
}

// mayDelete asks it about one of many objects to delete.
func (s *Server) mayDelete(ctx context.Context, bucket, key, version string) error {
	return s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:DeleteObject", Bucket: bucket, Key: key, Version: version})
}

// mayBypass asks whether the caller may change or delete what governance keeps.
func (s *Server) mayBypass(ctx context.Context, bucket, key, version string) error {
	who := account.PrincipalFrom(ctx)
	if err := s.deps.Accounts.Authorize(ctx, who, account.BucketWrite, resourceFrom(ctx)); err != nil {
		return err
	}
	return s.denied(ctx, who, PolicyRequest{Permission: "s3:BypassGovernanceRetention", Bucket: bucket, Key: key, Version: version})
}

// ofVersions is what permissions are called when a version is named.
var ofVersions = map[string]string{"s3:GetObject": "s3:GetObjectVersion", "s3:DeleteObject": "s3:DeleteObjectVersion"}
