package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// Policy is a policy that users, groups and roles can hold by its name.
type Policy struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	BuiltIn     bool      `json:"builtIn" doc:"It comes with Croft and cannot be changed"`
	Version     int       `json:"version" doc:"The default one, which counts"`
	UsedBy      int       `json:"usedBy" doc:"How many users, groups and roles hold it"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

// PolicyDetails is a policy with all that it says or said, and who holds it.
type PolicyDetails struct {
	Name        string          `json:"name"`
	ARN         string          `json:"arn" doc:"What clients of IAM call it"`
	Description string          `json:"description"`
	BuiltIn     bool            `json:"builtIn"`
	CreatedAt   time.Time       `json:"createdAt"`
	UpdatedAt   time.Time       `json:"updatedAt"`
	Versions    []PolicyVersion `json:"versions" doc:"The newest first"`
	MostKept    int             `json:"mostKept" doc:"How many versions there may be"`
	UsedBy      []PolicyHolder  `json:"usedBy"`
}

// PolicyVersion is what a policy says or said.
type PolicyVersion struct {
	Number    int       `json:"number"`
	Document  string    `json:"document"`
	Default   bool      `json:"default" doc:"It is the one that counts"`
	CreatedAt time.Time `json:"createdAt"`
}

// PolicyHolder is who holds a policy.
type PolicyHolder struct {
	Kind string `json:"kind" enum:"user,group,role"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// CreatePolicyRequest is a policy to make.
type CreatePolicyRequest struct {
	Name        string `json:"name" maxLength:"128" doc:"Letters, digits and _+=,.@-"`
	Description string `json:"description,omitempty" maxLength:"1000"`
	Document    string `json:"document" maxLength:"65536" doc:"In the language of AWS, without principals"`
}

// AddPolicyVersionRequest is what a policy is to say.
type AddPolicyVersionRequest struct {
	Document string `json:"document" maxLength:"65536"`
	Default  bool   `json:"default" doc:"It counts from now on"`
}

type (
	createPolicyInput     struct{ Body CreatePolicyRequest }
	addPolicyVersionInput struct {
		Name string `path:"name"`
		Body AddPolicyVersionRequest
	}
	policyVersionInput struct {
		Name    string `path:"name"`
		Version int    `path:"version" minimum:"1"`
	}
)

func (s *Server) policyRoutes() {
	rule := Need(account.InstanceAdmin, instanceScope)
	route(s, op("list-policies", http.MethodGet, "/policies", "All policies that can be attached", "identities"), rule, s.listPolicies)
	route(s, status(op("create-policy", http.MethodPost, "/policies", "Make a policy", "identities"), http.StatusCreated), rule, s.createPolicy)
	route(s, op("get-policy", http.MethodGet, "/policies/{name}", "A policy, its versions and who holds it", "identities"), rule, s.getPolicy)
	route(s, status(op("delete-policy", http.MethodDelete, "/policies/{name}", "Delete a policy that nobody holds, with its versions", "identities"), http.StatusNoContent), rule, s.deletePolicy)
	route(s, status(op("add-policy-version", http.MethodPost, "/policies/{name}/versions", "Change what a policy says", "identities"), http.StatusCreated), rule, s.addPolicyVersion)
	route(s, status(op("set-default-policy-version", http.MethodPost, "/policies/{name}/versions/{version}/default", "Have a version of a policy count", "identities"), http.StatusNoContent),
		rule, s.setDefaultPolicyVersion)
	route(s, status(op("delete-policy-version", http.MethodDelete, "/policies/{name}/versions/{version}", "Delete a version of a policy that does not count", "identities"), http.StatusNoContent),
		rule, s.deletePolicyVersion)
}

func (s *Server) listPolicies(ctx context.Context, _ *struct{}) (*body[List[Policy]], error) {
	policies, err := s.deps.Accounts.ListPolicies(ctx)
	if err != nil {
		return nil, err
	}
	out := List[Policy]{Items: make([]Policy, 0, len(policies))}
	for _, p := range policies {
		holders, err := s.deps.Accounts.HoldersOf(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		one := wirePolicy(p)
		one.UsedBy = len(holders)
		out.Items = append(out.Items, one)
	}
	return &body[List[Policy]]{out}, nil
}

func wirePolicy(p account.Policy) Policy {
	return Policy{Name: p.Name, Description: p.Description, BuiltIn: p.BuiltIn, Version: p.Version, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt}
}

func wirePolicyVersion(v account.PolicyVersion) PolicyVersion { return PolicyVersion(v) }

func (s *Server) createPolicy(ctx context.Context, in *createPolicyInput) (*body[Policy], error) {
	auditing(ctx).Target = "policy/" + in.Body.Name
	p, err := s.deps.Accounts.CreatePolicy(ctx, in.Body.Name, in.Body.Description, in.Body.Document)
	if err != nil {
		return nil, err
	}
	return &body[Policy]{wirePolicy(p)}, nil
}

func (s *Server) getPolicy(ctx context.Context, in *nameInput) (*body[PolicyDetails], error) {
	p, err := s.deps.Accounts.Policy(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	versions, err := s.deps.Accounts.PolicyVersions(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	holders, err := s.deps.Accounts.HoldersOf(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	out := PolicyDetails{
		Name: p.Name, ARN: account.PolicyARN(p.Name), Description: p.Description, BuiltIn: p.BuiltIn, CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
		Versions: listOf(versions, "", wirePolicyVersion).Body.Items, MostKept: account.MaxPolicyVersions,
	}
	if out.UsedBy, err = s.namesOf(ctx, holders); err != nil {
		return nil, err
	}
	return &body[PolicyDetails]{out}, nil
}

// namesOf finds what holders are called.
func (s *Server) namesOf(ctx context.Context, holders []account.Holder) ([]PolicyHolder, error) {
	groups, err := s.deps.Accounts.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	roles, err := s.deps.Accounts.ListIAMRoles(ctx)
	if err != nil {
		return nil, err
	}
	users, err := s.deps.Accounts.ListUsers(ctx)
	if err != nil {
		return nil, err
	}
	names := make(map[account.Holder]string, len(groups)+len(roles)+len(users))
	for _, g := range groups {
		names[account.Holder{Kind: account.GroupHolder, ID: g.ID}] = g.Name
	}
	for _, r := range roles {
		names[account.Holder{Kind: account.RoleHolder, ID: r.ID}] = r.Name
	}
	for _, u := range users {
		names[account.Holder{Kind: account.UserHolder, ID: u.ID}] = u.Name
	}
	out := make([]PolicyHolder, 0, len(holders))
	for _, h := range holders {
		if name := names[h]; name != "" { // one that went in the meantime has none
			out = append(out, PolicyHolder{Kind: string(h.Kind), ID: h.ID, Name: name})
		}
	}
	return out, nil
}

func (s *Server) deletePolicy(ctx context.Context, in *nameInput) (*struct{}, error) {
	auditing(ctx).Target = "policy/" + in.Name
	return nil, s.deps.Accounts.DropPolicy(ctx, in.Name)
}

func (s *Server) addPolicyVersion(ctx context.Context, in *addPolicyVersionInput) (*body[PolicyVersion], error) {
	auditing(ctx).Target = "policy/" + in.Name
	if in.Body.Default {
		auditing(ctx).Detail = "default"
	}
	version, err := s.deps.Accounts.AddPolicyVersion(ctx, in.Name, in.Body.Document, in.Body.Default)
	if err != nil {
		return nil, err
	}
	return &body[PolicyVersion]{wirePolicyVersion(version)}, nil
}

func (s *Server) setDefaultPolicyVersion(ctx context.Context, in *policyVersionInput) (*struct{}, error) {
	return nil, s.deps.Accounts.SetDefaultPolicyVersion(ctx, in.Name, in.Version)
}

func (s *Server) deletePolicyVersion(ctx context.Context, in *policyVersionInput) (*struct{}, error) {
	return nil, s.deps.Accounts.DeletePolicyVersion(ctx, in.Name, in.Version)
}
