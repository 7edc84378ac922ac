package iamapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"croft/account"
	"croft/internal/errs"
)

// The services that requests are signed for.
const (
	serviceIAM = "iam"
	serviceSTS = "sts"
)

const (
	namespaceIAM = "https://iam.amazonaws.com/doc/2010-05-08/"
	namespaceSTS = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// MaxBody is how long a request may be, in bytes: as long as two policies, encoded.
const MaxBody = 256 << 10

// Tokens verifies what providers of OpenID Connect say of people.
type Tokens interface {
	// Verify returns what a token says once its signature, issuer, audience and time hold.
	// Errors are *errs.Error of code identity_token_invalid, identity_token_expired or
	// provider_unreachable.
	Verify(ctx context.Context, token string) (account.WebIdentity, error)
}

// Config is what New needs.
type Config struct {
	Accounts *account.Service
	Tokens   Tokens
	// Audit keeps what was done and refused. It must not fail.
	Audit func(ctx context.Context, e account.Entry)
	Log   *slog.Logger
}

// Handler answers IAM and STS.
type Handler struct {
	Config
	calls map[string]call
}

// New returns the protocols over accounts.
func New(c Config) *Handler { return &Handler{c, calls()} }

// Caller is who made a request, and how.
type Caller struct {
	RequestID string
	Principal account.Principal // the zero value: nobody signed
	Service   string            // that was signed for
	Token     string            // of a temporary credential
	Address   string
}

// Services are those that requests may be signed for.
func (*Handler) Services() []string { return []string{serviceIAM, serviceSTS} }

// Claims reports whether a request is one of IAM or STS. They are made to the root of
// the server, with a form or with the call in the query.
func (*Handler) Claims(r *http.Request) bool {
	if r.URL.Path != "/" && r.URL.Path != "" {
		return false
	}
	if r.Method == http.MethodPost {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		if strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded") {
			return true
		}
	}
	return (r.Method == http.MethodPost || r.Method == http.MethodGet) && strings.Contains(r.URL.RawQuery, "Action=")
}

// Refuse answers what was refused before it came here, in S3's words.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, requestID, code, message string, status int) {
	f, ok := refusals[code]
	if !ok {
		f = failure{code: code, status: status}
	}
	if f.message == "" {
		f.message = message
	}
	h.fail(w, namespaceOf(strings.Contains(r.Header.Get("Authorization"), "/"+serviceSTS+"/")), requestID, &f)
}

func namespaceOf(sts bool) string {
	if sts {
		return namespaceSTS
	}
	return namespaceIAM
}

func (*Handler) fail(w http.ResponseWriter, namespace, requestID string, f *failure) {
	kind := "Sender"
	if f.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	send(w, f.status, e(`ErrorResponse xmlns="`+namespace+`"`,
		e("Error", text("Type", kind), text("Code", f.code), text("Message", f.message)), text("RequestId", requestID)))
}

// request is one call on its way.
type request struct {
	h      *Handler
	ctx    context.Context // a request lives as long as it
	by     Caller
	http   *http.Request
	action string
	call   *call
	form   url.Values
	target string // what the audit log says it is about
}

// Serve answers a request whose signature was verified. readBody says what is wrong
// with a body in S3's words.
func (h *Handler) Serve(w http.ResponseWriter, r *http.Request, by Caller, readBody func(error) (code, message string, status int)) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		code, message, status := readBody(err)
		h.Refuse(w, r, by.RequestID, code, message, status)
		return
	}
	q := &request{h: h, ctx: r.Context(), by: by, http: r}
	result, err := q.answer(body)
	h.audit(q, err)
	if err != nil {
		f := translate(err)
		if f.status >= http.StatusInternalServerError {
			h.Log.ErrorContext(q.ctx, "iam request failed", "requestId", by.RequestID, "action", q.action, "error", err) //nolint:contextcheck // q.ctx is that of the request
		}
		sts := by.Service == serviceSTS || (q.call != nil && q.call.service == serviceSTS)
		h.fail(w, namespaceOf(sts), by.RequestID, f)
		return
	}
	answer := node{name: q.action + `Response xmlns="` + namespaceOf(q.call.service == serviceSTS) + `"`}
	if result != nil {
		answer.kids = append(answer.kids, e(q.action+"Result", result...))
	}
	answer.kids = append(answer.kids, e("ResponseMetadata", text("RequestId", by.RequestID)))
	send(w, http.StatusOK, answer)
}

// answer reads the request and makes the call. A nil result is one that has no element.
func (q *request) answer(body []byte) ([]node, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalid("The request is not a form that can be read.")
	}
	for name, values := range q.http.URL.Query() {
		if !strings.HasPrefix(name, "X-Amz-") && form[name] == nil {
			form[name] = values
		}
	}
	q.form, q.action = form, form.Get("Action")
	known, ok := q.h.calls[q.action]
	if !ok {
		q.action = ""
		return nil, &failure{code: "InvalidAction", message: "Could not find operation " + short(form.Get("Action")) + " here.", status: http.StatusBadRequest}
	}
	q.call = &known
	switch {
	case q.by.Principal.Nobody() && !known.anybody:
		return nil, &failure{code: "MissingAuthenticationToken", message: "Request is missing Authentication Token", status: http.StatusForbidden}
	case !q.by.Principal.Nobody() && q.by.Service != known.service:
		return nil, &failure{code: "SignatureDoesNotMatch", message: "Credential should be scoped to correct service: '" + known.service + "'.", status: http.StatusForbidden}
	}
	if err := q.refuseUnsupported(); err != nil {
		return nil, err
	}
	return known.run(q)
}

// refuseUnsupported refuses what would be lost without a word.
func (q *request) refuseUnsupported() error {
	for name := range q.form {
		switch {
		case name == "Path" || name == "NewPath":
			if v := q.form.Get(name); v != "" && v != "/" {
				return unsupported("Croft has no paths: leave it away, or say /.")
			}
		case strings.HasPrefix(name, "Tags.member") && !q.call.tags:
			return unsupported("Croft keeps no tags of users, groups, roles, policies and sessions.")
		case name == "PermissionsBoundary":
			return unsupported("Croft has no permission boundaries. Deny in a policy what must not be.")
		case name == "SerialNumber" || name == "TokenCode":
			return unsupported("Croft has no MFA devices.")
		}
	}
	return nil
}

// audit keeps what changed, and what somebody was refused.
func (h *Handler) audit(q *request, err error) {
	outcome := "ok"
	if err != nil {
		f := translate(err)
		if q.call == nil || (!q.call.changes && errs.KindOf(err) != errs.Forbidden) {
			return
		}
		outcome = f.code
	} else if !q.call.changes {
		return
	}
	p := q.by.Principal
	h.Audit(q.ctx, account.Entry{
		ActorID: p.UserID, ActorName: p.Name, Via: p.Via, Action: q.call.service + "." + q.action, Target: q.target,
		Address: q.by.Address, RequestID: q.by.RequestID, Outcome: outcome,
	})
}

func short(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}
