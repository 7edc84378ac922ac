// Package errs holds the one error type that crosses room borders: a kind that
// decides the status code, a stable code that clients and translations key on,
// and a message that is safe to show. The cause stays inside for the log.
package errs

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what class of failure an error is; the edges map it to a status.
type Kind string

// The kinds. Every edge (console API, S3, sockets) maps all of them.
const (
	Invalid         Kind = "invalid"
	Unauthenticated Kind = "unauthenticated"
	Forbidden       Kind = "forbidden"
	NotFound        Kind = "not_found"
	Conflict        Kind = "conflict"
	TooLarge        Kind = "too_large"
	RateLimited     Kind = "rate_limited"
	StorageFull     Kind = "storage_full"
	Unavailable     Kind = "unavailable"
	Canceled        Kind = "canceled"
	Internal        Kind = "internal"
)

// Error is a failure that a user may be told about. Code is a stable slug
// ("bucket_not_empty") and Message one English sentence that says what to do;
// neither ever holds a secret or raw driver text. Err is the cause, for the log.
type Error struct {
	Kind    Kind
	Code    string
	Message string
	Err     error
}

// Error returns the message, with the cause behind it where there is one.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports two errs as the same when kind and code agree, so that a sentinel
// made by New can be matched after its message was made more precise.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// New makes an error of a kind with a stable code and a safe message.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Newf is New with a formatted message.
func Newf(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Wrap keeps err as the cause of a new error of the given kind.
func Wrap(err error, kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message, Err: err}
}

// KindOf returns the kind of the first *Error in err's chain. Context errors
// are Canceled; anything else, nil included, is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Canceled
	}
	return Internal
}

// Public returns the code and message that may be shown to a user. An error
// that is not ours shows nothing of itself.
func Public(err error) (code, message string) {
	var e *Error
	if errors.As(err, &e) {
		return e.Code, e.Message
	}
	if KindOf(err) == Canceled {
		return "canceled", "The request was canceled before it finished."
	}
	return "internal", "Something went wrong inside Croft. The log has the details under this request's ID."
}
