package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// Group is a set of users who hold the same policies.
type Group struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"createdAt"`
	Members   int       `json:"members" doc:"How many users are in it"`
	Policies  int       `json:"policies" doc:"How many it holds, its own too"`
}

// GroupDetails is a group with who is in it and what it holds.
type GroupDetails struct {
	Name      string       `json:"name"`
	CreatedAt time.Time    `json:"createdAt"`
	Members   []User       `json:"members" doc:"In order of name"`
	Policies  HeldPolicies `json:"policies"`
}

// CreateGroupRequest is a group to make.
type CreateGroupRequest struct {
	Name string `json:"name" maxLength:"128" doc:"Letters, digits and _+=,.@-"`
}

type (
	createGroupInput struct{ Body CreateGroupRequest }
	nameInput        struct {
		Name string `path:"name"`
	}
	groupMemberInput struct {
		Name   string `path:"name"`
		UserID string `path:"userId"`
	}
)

func (s *Server) groupRoutes() {
	rule := Need(account.InstanceAdmin, instanceScope)
	route(s, op("list-groups", http.MethodGet, "/groups", "All groups", "identities"), rule, s.listGroups)
	route(s, status(op("create-group", http.MethodPost, "/groups", "Make a group", "identities"), http.StatusCreated), rule, s.createGroup)
	route(s, op("get-group", http.MethodGet, "/groups/{name}", "A group, who is in it and what it holds", "identities"), rule, s.getGroup)
	route(s, status(op("delete-group", http.MethodDelete, "/groups/{name}", "Delete a group; its users stay", "identities"), http.StatusNoContent), rule, s.deleteGroup)
	route(s, status(op("add-group-member", http.MethodPut, "/groups/{name}/members/{userId}", "Put a user into a group", "identities"), http.StatusNoContent), rule, s.addGroupMember)
	route(s, status(op("remove-group-member", http.MethodDelete, "/groups/{name}/members/{userId}", "Take a user out of a group", "identities"), http.StatusNoContent), rule, s.removeGroupMember)
	holderRoutes[NamedPolicyPath, namedInlineInput](s, "group", "/groups/{name}", s.groupHolder)
}

// groupHolder implements findHolder.
func (s *Server) groupHolder(ctx context.Context, name string) (account.Holder, string, error) {
	group, err := s.deps.Accounts.Group(ctx, name)
	return account.Holder{Kind: account.GroupHolder, ID: group.ID}, group.Name, err
}

func (s *Server) listGroups(ctx context.Context, _ *struct{}) (*body[List[Group]], error) {
	groups, err := s.deps.Accounts.ListGroups(ctx)
	if err != nil {
		return nil, err
	}
	out := List[Group]{Items: make([]Group, 0, len(groups))}
	for _, group := range groups {
		details, err := s.groupDetails(ctx, group)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, Group{
			Name: group.Name, CreatedAt: group.CreatedAt, Members: len(details.Members), Policies: len(details.Policies.Attached) + len(details.Policies.Inline),
		})
	}
	return &body[List[Group]]{out}, nil
}

func (s *Server) groupDetails(ctx context.Context, group account.Group) (GroupDetails, error) {
	out := GroupDetails{Name: group.Name, CreatedAt: group.CreatedAt}
	members, err := s.deps.Accounts.GroupMembers(ctx, group.Name)
	if err != nil {
		return out, err
	}
	out.Members = listOf(members, "", wireUser).Body.Items
	out.Policies, err = s.heldBy(ctx, account.Holder{Kind: account.GroupHolder, ID: group.ID})
	return out, err
}

func (s *Server) createGroup(ctx context.Context, in *createGroupInput) (*body[Group], error) {
	auditing(ctx).Target = "group/" + in.Body.Name
	group, err := s.deps.Accounts.CreateGroup(ctx, in.Body.Name)
	if err != nil {
		return nil, err
	}
	return &body[Group]{Group{Name: group.Name, CreatedAt: group.CreatedAt}}, nil
}

func (s *Server) getGroup(ctx context.Context, in *nameInput) (*body[GroupDetails], error) {
	group, err := s.deps.Accounts.Group(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	details, err := s.groupDetails(ctx, group)
	return &body[GroupDetails]{details}, err
}

func (s *Server) deleteGroup(ctx context.Context, in *nameInput) (*struct{}, error) {
	auditing(ctx).Target = "group/" + in.Name
	return nil, s.deps.Accounts.DropGroup(ctx, in.Name)
}

func (s *Server) addGroupMember(ctx context.Context, in *groupMemberInput) (*struct{}, error) {
	return nil, s.membership(ctx, in, s.deps.Accounts.AddToGroup)
}

func (s *Server) removeGroupMember(ctx context.Context, in *groupMemberInput) (*struct{}, error) {
	return nil, s.membership(ctx, in, s.deps.Accounts.RemoveFromGroup)
}

func (s *Server) membership(ctx context.Context, in *groupMemberInput, change func(ctx context.Context, group, userID string) error) error {
	user, err := s.deps.Accounts.User(ctx, in.UserID)
	if err != nil {
		return err
	}
	auditing(ctx).Target, auditing(ctx).Detail = "group/"+in.Name, user.Name
	return change(ctx, in.Name, user.ID)
}
