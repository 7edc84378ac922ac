package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
)

// Session is who is logged in.
type Session struct {
	User User   `json:"user"`
	CSRF string `json:"csrf" doc:"To be sent as X-Croft-CSRF with every mutation"`
}

// LoginRequest is a name and a password.
type LoginRequest struct {
	Name     string `json:"name" maxLength:"100"`
	Password string `json:"password" maxLength:"1000"`
}

// SetupRequest makes the first user, who is an administrator.
type SetupRequest struct {
	Token       string `json:"token" maxLength:"100" doc:"From the set-up link"`
	Name        string `json:"name" maxLength:"32"`
	DisplayName string `json:"displayName,omitempty" maxLength:"200"`
	Password    string `json:"password" maxLength:"256"`
}

type (
	loginInput struct{ Body LoginRequest }
	setupInput struct{ Body SetupRequest }

	// cookied is an answer that also sets the session's cookie.
	cookied[T any] struct {
		SetCookie string `header:"Set-Cookie"`
		Body      T
	}
	cookieOnly struct {
		SetCookie string `header:"Set-Cookie"`
	}
)

func (s *Server) sessionRoutes() {
	route(s, status(op("complete-setup", http.MethodPost, "/setup", "Make the first user", "session"), http.StatusCreated),
		Public("guarded by the one-time set-up token"), s.completeSetup)
	route(s, op("log-in", http.MethodPost, "/session", "Log in", "session"),
		Public("guarded by the password and the login rate limit"), s.logIn)
	route(s, op("get-session", http.MethodGet, "/session", "Who is logged in", "session"), SignedIn(), s.getSession)
	route(s, status(op("log-out", http.MethodDelete, "/session", "Log out", "session"), http.StatusNoContent), SignedIn(), s.logOut)
}

func (s *Server) completeSetup(ctx context.Context, in *setupInput) (*cookied[Session], error) {
	from := admissionFrom(ctx).from
	token, session, err := s.deps.Accounts.CompleteSetup(ctx, in.Body.Token, account.NewUser{
		Name: in.Body.Name, DisplayName: in.Body.DisplayName, Password: in.Body.Password,
	}, account.Client{Address: from.address, UserAgent: from.agent})
	if err != nil {
		return nil, err
	}
	return s.loggedIn(ctx, token, session), nil
}

func (s *Server) logIn(ctx context.Context, in *loginInput) (*cookied[Session], error) {
	auditing(ctx).ActorName = in.Body.Name
	from := admissionFrom(ctx).from
	token, session, err := s.deps.Accounts.Login(ctx, in.Body.Name, in.Body.Password, from.session,
		account.Client{Address: from.address, UserAgent: from.agent})
	if err != nil {
		return nil, err
	}
	return s.loggedIn(ctx, token, session), nil
}

func (s *Server) loggedIn(ctx context.Context, token string, session account.Session) *cookied[Session] {
	note := auditing(ctx)
	note.ActorID, note.ActorName, note.Target = session.User.ID, session.User.Name, session.User.Name
	return &cookied[Session]{
		SetCookie: sessionCookie(ctx, token, session.ExpiresAt),
		Body:      Session{User: wireUser(session.User), CSRF: session.CSRF},
	}
}

// getSession answers a token, too: it has a user but needs no CSRF token.
func (s *Server) getSession(ctx context.Context, _ *struct{}) (*body[Session], error) {
	p := account.PrincipalFrom(ctx)
	if p.Via == account.ViaSession {
		session := admissionFrom(ctx).session
		return &body[Session]{Session{User: wireUser(session.User), CSRF: session.CSRF}}, nil
	}
	user, err := s.deps.Accounts.User(ctx, p.UserID)
	if err != nil {
		return nil, err
	}
	return &body[Session]{Session{User: wireUser(user)}}, nil
}

func (s *Server) logOut(ctx context.Context, _ *struct{}) (*cookieOnly, error) {
	if err := s.deps.Accounts.Logout(ctx, admissionFrom(ctx).from.session); err != nil {
		return nil, err
	}
	return &cookieOnly{sessionCookie(ctx, "", time.Unix(1, 0))}, nil
}

func sessionCookie(ctx context.Context, token string, expires time.Time) string {
	cookie := http.Cookie{
		Name: cookieName, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: admissionFrom(ctx).from.https, SameSite: http.SameSiteLaxMode,
	}
	return cookie.String()
}
