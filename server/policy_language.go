package server

import (
	"context"
	"errors"
	"net/http"

	"croft/account"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
)

// PolicyLanguage is what may be written in policies, for whoever puts one together.
type PolicyLanguage struct {
	Actions   []PolicyAction      `json:"actions"`
	Keys      []PolicyKey         `json:"keys" doc:"Condition keys, those that are asked for most first"`
	Operators map[string][]string `json:"operators" doc:"By the kind of values"`
	Account   string              `json:"account" doc:"The number of the account that this Croft is in names of users"`
}

// PolicyAction is an action of S3.
type PolicyAction struct {
	Name  string `json:"name" example:"s3:GetObject"`
	Group string `json:"group" enum:"read,write,list,permissions"`
	On    string `json:"on" enum:"object,bucket,service" doc:"What it is done to"`
	Asked bool   `json:"asked" doc:"Some request to this Croft needs it"`
}

// PolicyKey is a condition key.
type PolicyKey struct {
	Name string `json:"name" example:"aws:SourceIp"`
	Kind string `json:"kind" enum:"text,number,date,boolean,address,arn"`
	Tag  bool   `json:"tag" doc:"The name of a tag follows behind a slash"`
}

// CheckPolicyRequest is the text of a policy that is not kept.
type CheckPolicyRequest struct {
	Policy string `json:"policy" maxLength:"65536"`
}

// PolicyCheck says whether a text is a policy of a bucket.
type PolicyCheck struct {
	Public  bool           `json:"public" doc:"It would allow something to everybody, in AWS's meaning"`
	Problem *PolicyProblem `json:"problem,omitempty" doc:"What is wrong first; absent where nothing is"`
}

// PolicyProblem is what is wrong with a policy, and where.
type PolicyProblem struct {
	Line    int    `json:"line"`
	Column  int    `json:"column" doc:"In characters"`
	Path    string `json:"path" example:"Statement[0].Action" doc:"The element; empty for the whole"`
	Message string `json:"message"`
}

type checkPolicyInput struct {
	InBucket
	Body CheckPolicyRequest
}

func (s *Server) policyLanguageRoutes() {
	route(s, op("get-policy-language", http.MethodGet, "/policy-language", "What may be written in policies", "buckets"), SignedIn(), s.getPolicyLanguage)
	route(s, op("check-bucket-policy", http.MethodPost, "/buckets/{bucket}/policy-check", "Whether a text is a policy of a bucket", "buckets"),
		Need(account.BucketRead, s.bucket()).Unaudited("it changes nothing"), s.checkPolicy)
}

func (s *Server) getPolicyLanguage(context.Context, *struct{}) (*body[PolicyLanguage], error) {
	out := PolicyLanguage{Operators: map[string][]string{}, Account: policy.Account}
	for _, w := range policy.ActionWords() {
		asked := s.deps.Simulator != nil && s.deps.Simulator.Asked(w.Name)
		out.Actions = append(out.Actions, PolicyAction{Name: w.Name, Group: w.Group, On: w.On, Asked: asked})
	}
	for _, w := range policy.KeyWords() {
		out.Keys = append(out.Keys, PolicyKey{Name: w.Name, Kind: w.Kind, Tag: w.Tag})
	}
	for _, kind := range policy.Kinds() {
		out.Operators[kind] = policy.OperatorsOf(kind)
	}
	return &body[PolicyLanguage]{out}, nil
}

func (s *Server) checkPolicy(ctx context.Context, in *checkPolicyInput) (*body[PolicyCheck], error) {
	parsed, err := policy.ParseBucket(in.Body.Policy, in.Bucket)
	if err == nil {
		_, err = grants.Bind(ctx, s.deps.Directory, in.Body.Policy, in.Bucket)
	}
	if err == nil {
		return &body[PolicyCheck]{PolicyCheck{Public: parsed.Public()}}, nil
	}
	var wrong *policy.Error
	if !errors.As(err, &wrong) {
		return nil, err
	}
	return &body[PolicyCheck]{PolicyCheck{Problem: &PolicyProblem{Line: wrong.Line, Column: wrong.Column, Path: wrong.Path, Message: wrong.Message}}}, nil
}
