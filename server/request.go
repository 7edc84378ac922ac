package server

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"

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

func (s *Server) clientOf(r *http.Request) client {
	c := client{address: s.address(r), agent: r.UserAgent(), host: r.Host, https: s.https(r)}
	if cookie, err := r.Cookie(cookieName); err == nil {
		c.session = cookie.Value
	}
	return c
}

// address returns the client's IP address: the connection's, or what a trusted
// proxy says.
func (s *Server) address(r *http.Request) string {
	peer := remoteIP(r.RemoteAddr)
	if !s.trusted(peer) {
		return peer
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		peer = hop
		if !s.trusted(hop) {
			break
		}
	}
	return peer
}

// https reports whether the browser's connection is encrypted.
func (s *Server) https(r *http.Request) bool {
	return r.TLS != nil || s.trusted(remoteIP(r.RemoteAddr)) && r.Header.Get("X-Forwarded-Proto") == "https"
}

func (s *Server) trusted(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, prefix := range s.config.TrustedProxies {
		if prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

func remoteIP(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return remoteAddr
	}
	return host
}

func mutates(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
