package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// IAMRole is a set of policies that somebody can put on for a while. It has nothing to do
// with the roles of members in projects.
type IAMRole struct {
	Name        string    `json:"name"`
	Description string    `json:"description"`
	MaxSession  int       `json:"maxSession" doc:"The longest session that assumes it, in seconds"`
	Policies    int       `json:"policies" doc:"How many it holds, its own too"`
	CreatedAt   time.Time `json:"createdAt"`
}

// IAMRoleDetails is a role with whom it trusts and what it holds.
type IAMRoleDetails struct {
	Name        string       `json:"name"`
	ARN         string       `json:"arn" doc:"What clients of STS call it"`
	Description string       `json:"description"`
	Trust       string       `json:"trust" doc:"The policy that says who may assume it"`
	MaxSession  int          `json:"maxSession" doc:"In seconds"`
	CreatedAt   time.Time    `json:"createdAt"`
	Policies    HeldPolicies `json:"policies"`
}

// CreateIAMRoleRequest is a role to make.
type CreateIAMRoleRequest struct {
	Name        string `json:"name" maxLength:"64" doc:"Letters, digits and _+=,.@-"`
	Description string `json:"description,omitempty" maxLength:"1000"`
	Trust       string `json:"trust" maxLength:"65536"`
	MaxSession  int    `json:"maxSession,omitempty" minimum:"3600" maximum:"43200" doc:"In seconds; missing: one hour"`
}

// UpdateIAMRoleRequest changes what it names.
type UpdateIAMRoleRequest struct {
	Description *string `json:"description,omitempty" maxLength:"1000"`
	Trust       *string `json:"trust,omitempty" maxLength:"65536"`
	MaxSession  *int    `json:"maxSession,omitempty" minimum:"3600" maximum:"43200" doc:"In seconds; what has begun goes on"`
}

type (
	createIAMRoleInput struct{ Body CreateIAMRoleRequest }
	updateIAMRoleInput struct {
		Name string `path:"name"`
		Body UpdateIAMRoleRequest
	}
)

func (s *Server) iamRoleRoutes() {
	rule := Need(account.InstanceAdmin, instanceScope)
	route(s, op("list-roles", http.MethodGet, "/roles", "All roles that can be assumed", "identities"), rule, s.listIAMRoles)
	route(s, status(op("create-role", http.MethodPost, "/roles", "Make a role", "identities"), http.StatusCreated), rule, s.createIAMRole)
	route(s, op("get-role", http.MethodGet, "/roles/{name}", "A role, whom it trusts and what it holds", "identities"), rule, s.getIAMRole)
	route(s, status(op("update-role", http.MethodPatch, "/roles/{name}", "Change a role", "identities"), http.StatusNoContent), rule, s.updateIAMRole)
	route(s, status(op("delete-role", http.MethodDelete, "/roles/{name}", "Delete a role with its policies; sessions that assumed it end", "identities"), http.StatusNoContent), rule, s.deleteIAMRole)
	route(s, status(op("end-role-sessions", http.MethodPost, "/roles/{name}/end-sessions", "End the temporary credentials that are a role", "identities"), http.StatusNoContent),
		rule, s.endRoleSessions)
	holderRoutes[NamedPolicyPath, namedInlineInput](s, "role", "/roles/{name}", s.roleHolder)
}

// roleHolder implements findHolder.
func (s *Server) roleHolder(ctx context.Context, name string) (account.Holder, string, error) {
	role, err := s.deps.Accounts.IAMRole(ctx, name)
	return account.Holder{Kind: account.RoleHolder, ID: role.ID}, role.Name, err
}

func (s *Server) listIAMRoles(ctx context.Context, _ *struct{}) (*body[List[IAMRole]], error) {
	roles, err := s.deps.Accounts.ListIAMRoles(ctx)
	if err != nil {
		return nil, err
	}
	out := List[IAMRole]{Items: make([]IAMRole, 0, len(roles))}
	for _, role := range roles {
		held, err := s.heldBy(ctx, account.Holder{Kind: account.RoleHolder, ID: role.ID})
		if err != nil {
			return nil, err
		}
		one := wireIAMRole(role)
		one.Policies = len(held.Attached) + len(held.Inline)
		out.Items = append(out.Items, one)
	}
	return &body[List[IAMRole]]{out}, nil
}

func wireIAMRole(r account.IAMRole) IAMRole {
	return IAMRole{Name: r.Name, Description: r.Description, MaxSession: int(r.MaxSession / time.Second), CreatedAt: r.CreatedAt}
}

func (s *Server) createIAMRole(ctx context.Context, in *createIAMRoleInput) (*body[IAMRole], error) {
	auditing(ctx).Target = "role/" + in.Body.Name
	role, err := s.deps.Accounts.CreateIAMRole(ctx, account.NewIAMRole{
		Name: in.Body.Name, Description: in.Body.Description, Trust: in.Body.Trust, MaxSession: time.Duration(in.Body.MaxSession) * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return &body[IAMRole]{wireIAMRole(role)}, nil
}

func (s *Server) getIAMRole(ctx context.Context, in *nameInput) (*body[IAMRoleDetails], error) {
	role, err := s.deps.Accounts.IAMRole(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	held, err := s.heldBy(ctx, account.Holder{Kind: account.RoleHolder, ID: role.ID})
	return &body[IAMRoleDetails]{IAMRoleDetails{
		Name: role.Name, ARN: account.IAMARN("role", role.Name), Description: role.Description, Trust: role.Trust,
		MaxSession: int(role.MaxSession / time.Second), CreatedAt: role.CreatedAt, Policies: held,
	}}, err
}

func (s *Server) updateIAMRole(ctx context.Context, in *updateIAMRoleInput) (*struct{}, error) {
	change := account.IAMRoleChange{Description: in.Body.Description, Trust: in.Body.Trust}
	note := auditing(ctx)
	note.Target = "role/" + in.Name
	if change.Trust != nil {
		note.Detail = "trust"
	}
	if in.Body.MaxSession != nil {
		longest := time.Duration(*in.Body.MaxSession) * time.Second
		change.MaxSession = &longest
	}
	return nil, s.deps.Accounts.UpdateIAMRole(ctx, in.Name, change)
}

func (s *Server) deleteIAMRole(ctx context.Context, in *nameInput) (*struct{}, error) {
	auditing(ctx).Target = "role/" + in.Name
	return nil, s.deps.Accounts.DropIAMRole(ctx, in.Name)
}

func (s *Server) endRoleSessions(ctx context.Context, in *nameInput) (*struct{}, error) {
	auditing(ctx).Target = "role/" + in.Name
	holder, _, err := s.roleHolder(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Accounts.EndSessions(ctx, holder)
}
