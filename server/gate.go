package server

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
)

// cookieName holds the session's token.
const cookieName = "croft_session"

// csrfHeader must carry the session's CSRF token on every mutation by cookie.
const csrfHeader = "X-Croft-Csrf"

var (
	errUnauthenticated = errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")
	errCSRF            = errs.New(errs.Forbidden, "csrf", "The request lacks this session's CSRF token. Reload the page and try again.")
	errOrigin          = errs.New(errs.Forbidden, "foreign_origin", "The request comes from another site.")
)

// admit lets a request in or says why not: who is it, did their browser mean it,
// may they. It returns the context for the handler. A refusal of a known principal
// who wanted to change something is in the audit log.
func (s *Server) admit(r *http.Request, operation string, rule Rule, params Params) (context.Context, error) {
	admitted := &admission{from: clientOf(r), note: Note{Target: pathTarget(r.URL.Path)}}
	ctx := context.WithValue(r.Context(), admissionKey, admitted)
	principal, session, err := s.authenticate(ctx, r, rule)
	if err != nil {
		return nil, err
	}
	admitted.session = session
	ctx = account.WithPrincipal(ctx, principal)
	ctx = objectstore.WithOrigin(ctx, &objectstore.Origin{
		User: principal.Name, UserID: principal.UserID, Address: admitted.from.address, RequestID: requestID(ctx),
	})
	err = s.mayProceed(ctx, r, rule, params, admitted)
	if err != nil {
		s.audit(ctx, r.Method, operation, rule, err)
		return nil, err
	}
	return ctx, nil
}

func (s *Server) mayProceed(ctx context.Context, r *http.Request, rule Rule, params Params, admitted *admission) error {
	principal := account.PrincipalFrom(ctx)
	if mutates(r.Method) && principal.Via != account.ViaToken {
		if err := s.origins.Check(r); err != nil {
			return errOrigin
		}
	}
	if rule.public != "" {
		return nil
	}
	if mutates(r.Method) && principal.Via == account.ViaSession && !sameText(r.Header.Get(csrfHeader), admitted.session.CSRF) {
		return errCSRF
	}
	if rule.body != nil {
		return nil // asked by admitBody, once the body is read
	}
	resource, err := rule.scope.Resolve(ctx, params)
	if err != nil {
		return err
	}
	admitted.resource = resource
	admitted.again = func(ctx context.Context) error {
		now, _, err := s.credential(ctx, r)
		if err != nil {
			return err
		}
		return s.allowed(ctx, now, rule, params, resource)
	}
	return s.allowed(ctx, principal, rule, params, resource)
}

// allowed asks roles, and then the policy of the bucket where the rule heeds it.
func (s *Server) allowed(ctx context.Context, p account.Principal, rule Rule, params Params, resource account.Resource) error {
	if err := s.deps.Accounts.Authorize(ctx, p, rule.action, resource); err != nil {
		return err
	}
	return s.heed(ctx, p, rule, params)
}

// admitBody asks a rule whose resource is in the body.
func (s *Server) admitBody(ctx context.Context, rule Rule, resolve func() (account.Resource, error)) error {
	resource, err := resolve()
	if err != nil {
		return err
	}
	admissionFrom(ctx).resource = resource
	return s.deps.Accounts.Authorize(ctx, account.PrincipalFrom(ctx), rule.action, resource)
}

// authenticate finds the principal by bearer token or by session cookie. A public
// route ignores credentials that are not valid, and a webhook's own bearer secret.
func (s *Server) authenticate(ctx context.Context, r *http.Request, rule Rule) (account.Principal, account.Session, error) {
	principal, session, err := s.credential(ctx, r)
	switch {
	case err != nil && errs.KindOf(err) != errs.Unauthenticated:
		return account.Principal{}, account.Session{}, err
	case err != nil && rule.public == "":
		return account.Principal{}, account.Session{}, err
	}
	return principal, session, nil
}

func (s *Server) credential(ctx context.Context, r *http.Request) (account.Principal, account.Session, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, token, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(token, account.TokenPrefix) {
			return account.Principal{}, account.Session{}, errUnauthenticated
		}
		principal, err := s.deps.Accounts.TokenPrincipal(ctx, token)
		return principal, account.Session{}, err
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" {
		return account.Principal{}, account.Session{}, errUnauthenticated
	}
	return s.deps.Accounts.SessionPrincipal(ctx, cookie.Value)
}

// audit writes the row of a mutation, good or refused. It goes on when the client
// has left: what happened has happened. Attempts that cost an attacker nothing (no
// credential, over the rate limit) leave no row, lest they fill the disk.
func (s *Server) audit(ctx context.Context, method, operation string, rule Rule, outcome error) {
	admitted := admissionFrom(ctx)
	note := &admitted.note
	principal := account.PrincipalFrom(ctx)
	nobody := principal.Nobody() && note.ActorName == ""
	if !mutates(method) || rule.unaudited != "" || outcome != nil && (nobody || errs.KindOf(outcome) == errs.RateLimited) {
		return
	}
	entry := account.Entry{
		ActorID: principal.UserID, ActorName: principal.Name, Via: principal.Via,
		Action: operation, Target: note.Target, Detail: note.Detail, ProjectID: note.ProjectID,
		Address: admitted.from.address, RequestID: requestID(ctx), Outcome: outcomeOf(outcome),
	}
	if principal.Nobody() {
		entry.ActorID, entry.ActorName = note.ActorID, note.ActorName
	}
	if entry.ProjectID == "" {
		entry.ProjectID = admitted.resource.ProjectID
	}
	if err := s.deps.Accounts.Audit(context.WithoutCancel(ctx), entry); err != nil {
		s.log.ErrorContext(ctx, "audit row lost", "requestId", entry.RequestID, "action", operation, "error", err)
	}
}

func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	var answered *APIError
	if errors.As(err, &answered) {
		return answered.Code
	}
	code, _ := errs.Public(err)
	return code
}

// pathTarget is what a path names, without the API's prefix.
func pathTarget(path string) string {
	path = withoutToken(path)
	return strings.TrimPrefix(strings.TrimPrefix(path, apiPrefix), "/")
}

func sameText(a, b string) bool {
	return b != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
