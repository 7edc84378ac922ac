package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
)

// BucketAccess is what a bucket says of who may reach it over S3, beside the roles of
// its project.
type BucketAccess struct {
	Mode       string      `json:"mode" enum:"private,read,custom" doc:"private: there is no policy; read: one that lets everybody read objects; custom: any other"`
	Policy     string      `json:"policy" doc:"In the language of AWS; empty: none"`
	PublicRead string      `json:"publicRead" doc:"The policy that lets everybody read objects"`
	Public     bool        `json:"public" doc:"The policy allows something to everybody, in AWS's meaning"`
	Block      PublicBlock `json:"block"`
	Ownership  string      `json:"ownership" enum:"Unset,BucketOwnerEnforced,BucketOwnerPreferred,ObjectWriter" doc:"Whether ACLs count: with BucketOwnerEnforced they do not; Unset, they do once somebody who may change the bucket sets one"`
	ACLPublic  bool        `json:"aclPublic" doc:"ACLs count, and the bucket's own grants something to everybody or to every user"`
	Changeable bool        `json:"changeable" doc:"Whether the store can keep this"`
}

// PublicBlock keeps the public out, whatever the policy and ACLs say.
type PublicBlock struct {
	BlockPublicACLs       bool `json:"blockPublicAcls"`
	IgnorePublicACLs      bool `json:"ignorePublicAcls"`
	BlockPublicPolicy     bool `json:"blockPublicPolicy"`
	RestrictPublicBuckets bool `json:"restrictPublicBuckets"`
}

// UpdateBucketAccessRequest changes what it names, in one step.
type UpdateBucketAccessRequest struct {
	Policy    *string      `json:"policy,omitempty" maxLength:"65536" doc:"Empty removes it"`
	Block     *PublicBlock `json:"block,omitempty"`
	Ownership *string      `json:"ownership,omitempty" enum:"Unset,BucketOwnerEnforced,BucketOwnerPreferred,ObjectWriter"`
}

type updateBucketAccessInput struct {
	InBucket
	Body UpdateBucketAccessRequest
}

func (s *Server) bucketAccessRoutes() {
	route(s, op("get-bucket-access", http.MethodGet, "/buckets/{bucket}/access", "Who may reach a bucket over S3, beside its project", "buckets"),
		Need(account.BucketRead, s.bucket()), s.getBucketAccess)
	route(s, op("update-bucket-access", http.MethodPatch, "/buckets/{bucket}/access", "Change who may reach a bucket over S3", "buckets"),
		Need(account.BucketWrite, s.bucket()), s.updateBucketAccess)
}

func (s *Server) getBucketAccess(ctx context.Context, in *InBucket) (*body[BucketAccess], error) {
	found, err := s.deps.Store.Bucket(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	return s.bucketAccess(ctx, found)
}

func (s *Server) bucketAccess(ctx context.Context, b objectstore.Bucket) (*body[BucketAccess], error) {
	text, err := grants.Shown(ctx, s.deps.Directory, &b)
	if err != nil {
		return nil, err
	}
	_, err = s.versions()
	out := BucketAccess{
		Mode: "private", Policy: text, PublicRead: grants.PublicRead(b.Name),
		Ownership: string(grants.OwnerEnforced), Changeable: err == nil,
	}
	switch {
	case out.Policy == "":
	case grants.IsPublicRead(out.Policy, b.Name):
		out.Mode = "read"
	default:
		out.Mode = "custom"
	}
	rules, err := grants.Parse(&b)
	if err != nil { // it closes the bucket until it is replaced here
		out.Block = PublicBlock(grants.Everything)
		return &body[BucketAccess]{out}, nil
	}
	out.Public = rules.Policy != nil && rules.Policy.Public()
	out.Block, out.Ownership = PublicBlock(rules.Block), ownershipName(rules.Ownership)
	out.ACLPublic = rules.ACLs() && rules.ACL.Public()
	return &body[BucketAccess]{out}, nil
}

func (s *Server) updateBucketAccess(ctx context.Context, in *updateBucketAccessInput) (*body[BucketAccess], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.Body.describe()
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	var bound *policy.Bindings
	if in.Body.Policy != nil {
		if bound, err = grants.Bind(ctx, s.deps.Directory, strings.TrimSpace(*in.Body.Policy), in.Bucket); err != nil {
			return nil, policyError(err)
		}
	}
	changed, err := store.UpdateBucket(ctx, in.Bucket, func(b *objectstore.Bucket) error { return in.Body.apply(b, bound) })
	if err != nil {
		return nil, policyError(err)
	}
	return s.bucketAccess(ctx, changed)
}

// unset is what the API calls ownership that nobody has chosen.
const unset = "Unset"

func ownershipName(o grants.Ownership) string {
	if o == grants.Unset {
		return unset
	}
	return string(o)
}

func ownershipOf(name string) grants.Ownership {
	if name == unset {
		return grants.Unset
	}
	return grants.Ownership(name)
}

// apply changes the block first, because that says which policies may be.
func (r *UpdateBucketAccessRequest) apply(b *objectstore.Bucket, bound *policy.Bindings) error {
	if r.Block != nil {
		text := ""
		if *r.Block != (PublicBlock{}) {
			text = grants.Block(*r.Block).Text()
		}
		b.Documents = b.WithDocument(grants.BlockDocument, text)
	}
	if r.Ownership != nil {
		if err := grants.SetOwnership(b, ownershipOf(*r.Ownership)); err != nil {
			return err
		}
	}
	if r.Policy != nil {
		return grants.SetPolicy(b, strings.TrimSpace(*r.Policy), bound)
	}
	return nil
}

// policyError makes of what is wrong with a policy an answer that says where.
func policyError(err error) error {
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		return errs.New(errs.Invalid, "policy_invalid", wrong.Error())
	}
	return err
}

// describe says for the audit log what is changed.
func (r *UpdateBucketAccessRequest) describe() string {
	var parts []string
	switch {
	case r.Policy == nil:
	case strings.TrimSpace(*r.Policy) == "":
		parts = append(parts, "no policy")
	default:
		parts = append(parts, "policy")
	}
	if b := r.Block; b != nil {
		on := []string{"public access block"}
		for name, is := range map[string]bool{
			"BlockPublicAcls": b.BlockPublicACLs, "IgnorePublicAcls": b.IgnorePublicACLs,
			"BlockPublicPolicy": b.BlockPublicPolicy, "RestrictPublicBuckets": b.RestrictPublicBuckets,
		} {
			if is {
				on = append(on, name)
			}
		}
		if len(on) == 1 {
			on = append(on, "off")
		}
		slices.Sort(on[1:])
		parts = append(parts, strings.Join(on, " "))
	}
	if r.Ownership != nil {
		parts = append(parts, "ownership "+*r.Ownership)
	}
	return strings.Join(parts, "; ")
}
