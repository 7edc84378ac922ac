package server

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"croft/account"
)

// AuditEntry is one row of the audit log.
type AuditEntry struct {
	ID        string     `json:"id"`
	At        time.Time  `json:"at"`
	Actor     AuditActor `json:"actor"`
	Action    string     `json:"action" doc:"The operation's ID" example:"create-bucket"`
	Target    string     `json:"target"`
	ProjectID string     `json:"projectId"`
	Detail    string     `json:"detail"`
	Address   string     `json:"address"`
	RequestID string     `json:"requestId"`
	Outcome   string     `json:"outcome" doc:"ok, or the error's code"`
}

// AuditActor is who did it. The ID is empty when nobody was logged in.
type AuditActor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type auditInput struct {
	Project string `query:"project" doc:"A project's short name; without it, the whole log (administrators only)"`
	Cursor  string `query:"cursor"`
	Limit   int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Server) auditRoutes() {
	route(s, op("list-audit", http.MethodGet, "/audit", "Who did what, the newest first", "operations"), Need(account.AuditRead, s.projectInQuery()), s.listAudit)
}

// projectInQuery is the project whose slug is in the query, or the instance.
func (s *Server) projectInQuery() Scope {
	return Scope{"the project in the query, or the instance", func(ctx context.Context, p Params) (account.Resource, error) {
		if p.Query("project") == "" {
			return account.Resource{}, nil
		}
		found, err := s.deps.Accounts.ProjectBySlug(ctx, p.Query("project"))
		return account.Resource{ProjectID: found.ID}, err
	}}
}

func (s *Server) listAudit(ctx context.Context, in *auditInput) (*body[List[AuditEntry]], error) {
	entries, next, err := s.deps.Accounts.ListAudit(ctx, account.AuditFilter{
		ProjectID: resourceFrom(ctx).ProjectID, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	return listOf(entries, next, func(e account.Entry) AuditEntry {
		return AuditEntry{
			ID: strconv.FormatInt(e.ID, 10), At: e.At, Actor: AuditActor{ID: e.ActorID, Name: e.ActorName}, Action: e.Action, Target: e.Target,
			ProjectID: e.ProjectID, Detail: e.Detail, Address: e.Address, RequestID: e.RequestID, Outcome: e.Outcome,
		}
	}), nil
}
