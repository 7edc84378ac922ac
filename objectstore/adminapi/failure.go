package adminapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"croft/internal/errs"
	"croft/objectstore/s3api"
)

// failure is an error as the protocol has it.
type failure struct {
	code    string
	status  int
	message string
	cause   error
}

func fail(code string, status int, message string) *failure {
	return &failure{code: code, status: status, message: message}
}

func (f *failure) Error() string { return f.code + ": " + f.message }
func (f *failure) Unwrap() error { return f.cause }

// byCode are the codes that mc knows, by ours.
var byCode = map[string]string{
	"bucket_not_found":   "NoSuchBucket",
	"user_not_found":     "XMinioAdminNoSuchUser",
	"group_not_found":    "XMinioAdminNoSuchGroup",
	"policy_not_found":   "XMinioAdminNoSuchPolicy",
	"key_not_found":      "XMinioInvalidIAMCredentials",
	"policy_malformed":   "MalformedPolicy",
	"not_supported_here": "NotImplemented",
}

// byKind is what remains. mc repeats what was answered with 429, 502 or 503 ten times
// before it says why, so nothing is.
var byKind = map[errs.Kind]failure{
	errs.Invalid:         {code: "InvalidArgument", status: http.StatusBadRequest},
	errs.Unauthenticated: {code: "AccessDenied", status: http.StatusForbidden},
	errs.Forbidden:       {code: "AccessDenied", status: http.StatusForbidden},
	errs.NotFound:        {code: "XMinioAdminNotFound", status: http.StatusNotFound},
	errs.Conflict:        {code: "XMinioAdminConflict", status: http.StatusConflict},
	errs.TooLarge:        {code: "EntityTooLarge", status: http.StatusBadRequest},
	errs.RateLimited:     {code: "XMinioAdminTooMany", status: http.StatusConflict},
	errs.StorageFull:     {code: "XMinioStorageFull", status: http.StatusInsufficientStorage},
	errs.Unavailable:     {code: "XMinioAdminUnavailable", status: http.StatusInternalServerError},
	errs.Canceled:        {code: "XMinioAdminCanceled", status: http.StatusInternalServerError},
	errs.Internal:        {code: "InternalError", status: http.StatusInternalServerError},
}

// failureOf turns any error into one of the protocol. What is not ours shows nothing of
// itself.
func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	kind := errs.KindOf(err)
	out := byKind[kind]
	slug, message := errs.Public(err)
	if kind == errs.Internal {
		message = "We encountered an internal error. The server's log has the details under this request's ID."
	}
	out.message, out.cause = message, err
	if code := byCode[slug]; code != "" {
		out.code = code
	}
	if out.code == "NotImplemented" {
		out.status = http.StatusNotImplemented
	}
	return &out
}

func (h *Handler) refuse(q *request, err error) {
	f := failureOf(err)
	if f.status == http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		h.config.Log.ErrorContext(q.ctx(), "admin request failed", "requestId", q.visit.RequestID, "path", q.r.URL.Path, "error", err)
	}
	h.Refuse(q.w, q.r, s3api.Refusal{RequestID: q.visit.RequestID, Code: f.code, Message: f.message, Status: f.status})
}

// Refuse implements s3api.Guest: errors are JSON.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, why s3api.Refusal) {
	text, err := json.Marshal(map[string]string{
		"Code": why.Code, "Message": why.Message, "Resource": r.URL.Path, "RequestId": why.RequestID, "HostId": why.RequestID,
	})
	if err != nil {
		w.WriteHeader(why.Status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(why.Status)
	_, _ = w.Write(text)
}

// answer writes a value as JSON.
func (q *request) answer(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write(text)
	return nil
}
