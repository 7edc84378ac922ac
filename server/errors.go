package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"croft/internal/errs"
)

// APIError is what every failed request answers.
type APIError struct {
	Code      string       `json:"code" doc:"Stable word for programs and translations" example:"bucket_not_empty"`
	Message   string       `json:"message" doc:"One English sentence for people"`
	RequestID string       `json:"requestId" doc:"Under which the log knows this request"`
	Fields    []FieldError `json:"fields,omitempty" doc:"What is wrong with which input"`

	status     int
	retryAfter time.Duration
}

// FieldError says what is wrong with one input.
type FieldError struct {
	Path    string `json:"path" example:"body.name"`
	Message string `json:"message"`
}

var (
	_ huma.StatusError  = (*APIError)(nil)
	_ huma.HeadersError = (*APIError)(nil)
)

// Error returns the message.
func (e *APIError) Error() string { return e.Message }

// GetStatus returns the HTTP status.
func (e *APIError) GetStatus() int { return e.status }

// GetHeaders returns Retry-After where it is known.
func (e *APIError) GetHeaders() http.Header {
	h := http.Header{}
	if e.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(e.retryAfter.Seconds()))))
	}
	return h
}

// statusClientGone is what the log shows when the client left first.
const statusClientGone = 499

// statuses maps kinds to statuses, and is the only place that does.
var statuses = map[errs.Kind]int{
	errs.Invalid:         http.StatusBadRequest,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.RateLimited:     http.StatusTooManyRequests,
	errs.StorageFull:     http.StatusInsufficientStorage,
	errs.Unavailable:     http.StatusServiceUnavailable,
	errs.Canceled:        statusClientGone,
	errs.Internal:        http.StatusInternalServerError,
}

// words are the codes of failures that huma or the router found by themselves.
var words = map[int]struct{ code, message string }{
	http.StatusBadRequest:            {"bad_request", "The request could not be understood."},
	http.StatusNotFound:              {"not_found", "There is nothing at this address."},
	http.StatusMethodNotAllowed:      {"method_not_allowed", "This address does not know that method."},
	http.StatusNotAcceptable:         {"not_acceptable", "The answer is JSON, which the request does not accept."},
	http.StatusRequestTimeout:        {"timeout", "The request took too long to arrive."},
	http.StatusRequestEntityTooLarge: {"too_large", "The request is too large."},
	http.StatusUnsupportedMediaType:  {"unsupported_media_type", "The request's content type is not supported; send application/json."},
	http.StatusUnprocessableEntity:   {"validation_failed", "Some of the input is not valid."},
}

// toAPIError turns any error into its public form. An error that is not ours, or
// is internal, is logged here, once, with the request's ID.
func (s *Server) toAPIError(ctx context.Context, err error) *APIError {
	var ready *APIError
	if errors.As(err, &ready) {
		return ready
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		err = errs.Newf(errs.TooLarge, "too_large", "The request is larger than %d bytes.", tooLarge.Limit)
	}
	kind := errs.KindOf(err)
	e := &APIError{RequestID: requestID(ctx), status: statuses[kind]}
	e.Code, e.Message = errs.Public(err)
	var later interface{ RetryAfter() time.Duration }
	if errors.As(err, &later) {
		e.retryAfter = later.RetryAfter()
	}
	s.logInternal(ctx, err)
	return e
}

// logInternal logs an error that shows nothing of itself to the client.
func (s *Server) logInternal(ctx context.Context, err error) {
	if errs.KindOf(err) == errs.Internal {
		s.log.ErrorContext(ctx, "request failed", "requestId", requestID(ctx), "error", err)
	}
}

// statusError is an error of the router's own.
func statusError(requestID string, status int, details ...error) *APIError {
	word, ok := words[status]
	if !ok {
		word.code, word.message = "http_"+strconv.Itoa(status), http.StatusText(status)
	}
	if status == http.StatusInternalServerError {
		word.code, word.message = errs.Public(errInternal)
	}
	e := &APIError{Code: word.code, Message: word.message, RequestID: requestID, status: status}
	for _, err := range details {
		var detail huma.ErrorDetailer
		if errors.As(err, &detail) {
			d := detail.ErrorDetail()
			e.Fields = append(e.Fields, FieldError{Path: d.Location, Message: d.Message})
		} else if err != nil && status < http.StatusInternalServerError {
			e.Fields = append(e.Fields, FieldError{Message: err.Error()})
		}
	}
	return e
}

var errInternal = errors.New("internal")

// adoptErrors makes huma answer in our shape. Its hooks are globals of that
// package, so this happens once a process.
var adoptErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, _ string, details ...error) huma.StatusError {
		return statusError("", status, details...)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, details ...error) huma.StatusError {
		return statusError(requestID(ctx.Context()), status, details...)
	}
	huma.DefaultArrayNullable = false
})

// writeError answers with err, unless an answer has begun.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	e := s.toAPIError(r.Context(), err)
	for name, values := range e.GetHeaders() {
		w.Header()[name] = values
	}
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Content-Disposition", "Accept-Ranges"} {
		w.Header().Del(name)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(e.status)
	if r.Method != http.MethodHead {
		if err := json.NewEncoder(w).Encode(e); err != nil {
			s.log.DebugContext(r.Context(), "error not delivered", "requestId", e.RequestID, "error", fmt.Errorf("write error: %w", err))
		}
	}
}
