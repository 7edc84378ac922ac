package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// UpdateMeRequest changes what it names.
type UpdateMeRequest struct {
	DisplayName *string `json:"displayName,omitempty" maxLength:"200"`
	Locale      *string `json:"locale,omitempty" maxLength:"16"`
}

// ChangePasswordRequest sets a new password.
type ChangePasswordRequest struct {
	Current string `json:"current" maxLength:"1000"`
	New     string `json:"new" maxLength:"256"`
}

// BrowserSession is a browser that is logged in.
type BrowserSession struct {
	ID         string    `json:"id"`
	CreatedAt  time.Time `json:"createdAt"`
	LastSeenAt time.Time `json:"lastSeenAt"`
	UserAgent  string    `json:"userAgent"`
	Address    string    `json:"address"`
	Current    bool      `json:"current" doc:"The one that asks"`
}

type (
	updateMeInput       struct{ Body UpdateMeRequest }
	changePasswordInput struct{ Body ChangePasswordRequest }
	idInput             struct {
		ID string `path:"id"`
	}
)

func (s *Server) meRoutes() {
	credentials := Need(account.SelfCredentials, ownScope)
	route(s, op("update-me", http.MethodPatch, "/me", "Change my profile", "me"), Need(account.SelfUpdate, ownScope), s.updateMe)
	route(s, status(op("change-password", http.MethodPost, "/me/password", "Change my password; ends my other sessions", "me"), http.StatusNoContent),
		credentials, s.changePassword)
	route(s, op("list-sessions", http.MethodGet, "/me/sessions", "Browsers where I am logged in", "me"), SignedIn(), s.listSessions)
	route(s, status(op("end-session", http.MethodDelete, "/me/sessions/{id}", "Log a browser out", "me"), http.StatusNoContent), credentials, s.endSession)
}

func (s *Server) updateMe(ctx context.Context, in *updateMeInput) (*body[User], error) {
	p := account.PrincipalFrom(ctx)
	user, err := s.deps.Accounts.UpdateUser(ctx, p.UserID, account.UserChange{DisplayName: in.Body.DisplayName, Locale: in.Body.Locale})
	if err != nil {
		return nil, err
	}
	return &body[User]{wireUser(user)}, nil
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*cookieOnly, error) {
	token, err := s.deps.Accounts.ChangePassword(ctx, account.PrincipalFrom(ctx), in.Body.Current, in.Body.New)
	if err != nil {
		return nil, err
	}
	return &cookieOnly{sessionCookie(ctx, token, admissionFrom(ctx).session.ExpiresAt)}, nil
}

func (s *Server) listSessions(ctx context.Context, _ *struct{}) (*body[List[BrowserSession]], error) {
	p := account.PrincipalFrom(ctx)
	sessions, err := s.deps.Accounts.ListSessions(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	return listOf(sessions, "", func(b account.Session) BrowserSession {
		return BrowserSession{
			ID: b.ID, CreatedAt: b.CreatedAt, LastSeenAt: b.LastSeenAt, UserAgent: b.UserAgent, Address: b.Address,
			Current: p.Via == account.ViaSession && b.ID == p.CredentialID,
		}
	}), nil
}

func (s *Server) endSession(ctx context.Context, in *idInput) (*struct{}, error) {
	return nil, s.deps.Accounts.EndSession(ctx, account.PrincipalFrom(ctx).UserID, in.ID)
}
