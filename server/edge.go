package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"croft/internal/forwarded"
	"croft/internal/patience"
)

// ServeHTTP is the bare handler in front of the router: it gives the request its
// ID, sets the headers that every answer carries, turns a panic into a 500 and
// writes the access log.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	id := newRequestID(r)
	r = r.WithContext(context.WithValue(r.Context(), requestIDKey, id))
	w.Header().Set("X-Request-Id", id)
	secure(w.Header(), r.Host)
	answer := &recorder{Writer: patience.Writer{ResponseWriter: w, Control: http.NewResponseController(w), Idle: s.config.Idle}}
	defer s.logAccess(answer, r, started)
	defer s.recoverPanic(answer, r)
	s.engine.ServeHTTP(answer, r)
}

// contentSecurity is the UI's policy: everything from ourselves. Radix positions
// floating elements by style attributes; previews are blobs. %s is where sockets go,
// which not every browser counts as 'self'.
const contentSecurity = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"media-src 'self' blob:; font-src 'self' data:; connect-src 'self'%s; worker-src 'self'; manifest-src 'self'; " +
	"frame-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// plainHost is a host that can stand in a policy without changing its meaning.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.\-\[\]:]{1,255}$`)

func secure(h http.Header, host string) {
	sockets := ""
	if plainHost.MatchString(host) {
		sockets = " ws://" + host + " wss://" + host
	}
	h.Set("Content-Security-Policy", fmt.Sprintf(contentSecurity, sockets))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

// recoverPanic answers 500 where nothing has been written, and cuts the connection
// where something has.
func (s *Server) recoverPanic(w *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause) // a deliberate cut; net/http handles it
	}
	s.log.ErrorContext(r.Context(), "handler panicked", "requestId", requestID(r.Context()), "cause", cause, "stack", string(debug.Stack()))
	if w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	s.writeError(w, r, statusError(requestID(r.Context()), http.StatusInternalServerError))
}

func (s *Server) logAccess(w *recorder, r *http.Request, started time.Time) {
	level := slog.LevelDebug
	if strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/hooks/") {
		level = slog.LevelInfo
	}
	s.log.Log(r.Context(), level, "request", "requestId", requestID(r.Context()), "method", r.Method, "path", withoutToken(r.URL.Path),
		"status", w.status, "bytes", w.bytes, "duration", time.Since(started), "address", forwarded.Address(r))
}

// recorder remembers what was answered. It keeps what streams and sockets need. A client
// that stops taking an answer is given up: it would hold open files, and a place among
// those who download archives.
type recorder struct {
	patience.Writer
	status int
	bytes  int64
}

var (
	_ http.Flusher  = (*recorder)(nil)
	_ http.Hijacker = (*recorder)(nil)
)

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.Writer.Write(p)
	w.bytes += int64(n)
	return n, err
}

func (w *recorder) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = w.Control.Flush()
}

func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return w.Control.Hijack()
}
