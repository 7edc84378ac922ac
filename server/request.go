package server

import (
	"context"
	"net/http"

	"croft/internal/forwarded"
	"croft/internal/ids"
)

type contextKey int

const (
	requestIDKey contextKey = iota
	admissionKey
)

// requestID returns the ID under which the log knows this request.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// newRequestID keeps a caller's own ID when it is harmless, so that a proxy's log
// and ours agree.
func newRequestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if len(id) < 8 || len(id) > 64 {
		return ids.New()
	}
	for _, c := range id {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return ids.New()
		}
	}
	return id
}

func clientOf(r *http.Request) client {
	c := client{address: forwarded.Address(r), agent: r.UserAgent(), host: r.Host, https: forwarded.Secure(r)}
	if cookie, err := r.Cookie(cookieName); err == nil {
		c.session = cookie.Value
	}
	return c
}

func mutates(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
