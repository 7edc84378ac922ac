package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// Member is a user in a project.
type Member struct {
	User  User      `json:"user"`
	Role  string    `json:"role" enum:"owner,maintainer,developer,viewer"`
	Since time.Time `json:"since"`
}

func wireMember(m account.Member) Member {
	return Member{User: wireUser(m.User), Role: string(m.Role), Since: m.Since}
}

// SetMemberRequest gives a user a role.
type SetMemberRequest struct {
	Role string `json:"role" enum:"owner,maintainer,developer,viewer"`
}

type (
	memberInput struct {
		InProject
		UserID string `path:"userId"`
	}
	setMemberInput struct {
		InProject
		UserID string `path:"userId"`
		Body   SetMemberRequest
	}
)

func (s *Server) memberRoutes() {
	route(s, op("list-members", http.MethodGet, "/projects/{project}/members", "Members of a project", "projects"),
		Need(account.MemberRead, s.project()), s.listMembers)
	route(s, op("set-member", http.MethodPut, "/projects/{project}/members/{userId}", "Add a member or change their role", "projects"),
		Need(account.MemberWrite, s.project()), s.setMember)
	route(s, status(op("remove-member", http.MethodDelete, "/projects/{project}/members/{userId}", "Remove a member", "projects"), http.StatusNoContent),
		Need(account.MemberWrite, s.project()), s.removeMember)
}

func (s *Server) listMembers(ctx context.Context, _ *InProject) (*body[List[Member]], error) {
	members, err := s.deps.Accounts.ListMembers(ctx, resourceFrom(ctx).ProjectID)
	if err != nil {
		return nil, err
	}
	return listOf(members, "", wireMember), nil
}

func (s *Server) setMember(ctx context.Context, in *setMemberInput) (*body[Member], error) {
	auditing(ctx).Detail = in.Body.Role
	member, err := s.deps.Accounts.SetMember(ctx, resourceFrom(ctx).ProjectID, in.UserID, account.Role(in.Body.Role))
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = in.Project + "/" + member.User.Name
	return &body[Member]{wireMember(member)}, nil
}

func (s *Server) removeMember(ctx context.Context, in *memberInput) (*struct{}, error) {
	if user, err := s.deps.Accounts.User(ctx, in.UserID); err == nil {
		auditing(ctx).Target = in.Project + "/" + user.Name
	}
	return nil, s.deps.Accounts.RemoveMember(ctx, resourceFrom(ctx).ProjectID, in.UserID)
}
