package server

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

func TestAddressBehindProxies(t *testing.T) {
	s := New(Deps{}, Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}})
	f := func(peer, forwarded, proto, want string, https bool) {
		t.Helper()
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		r.Header.Set("X-Forwarded-Proto", proto)
		if got := s.address(r); got != want {
			t.Errorf("%s for %q: %q, want %q", peer, forwarded, got, want)
		}
		if got := s.https(r); got != https {
			t.Errorf("%s for %q: https %t", peer, forwarded, got)
		}
	}
	f("192.0.2.1:5", "", "", "192.0.2.1", false)
	f("192.0.2.1:5", "203.0.113.9", "https", "192.0.2.1", false) // not a proxy of ours
	f("10.0.0.1:5", "203.0.113.9", "https", "203.0.113.9", true)
	f("10.0.0.1:5", "1.1.1.1, 203.0.113.9, 10.0.0.2", "http", "203.0.113.9", false) // the first hop is the client's own word
	f("10.0.0.1:5", "not an address", "", "10.0.0.1", false)
	f("10.0.0.1:5", "203.0.113.9, nonsense", "", "10.0.0.1", false)
	f("[::1]:5", "2001:db8::1", "", "2001:db8::1", false)
}
