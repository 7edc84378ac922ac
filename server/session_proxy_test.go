package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"croft/internal/forwarded"
)

// TestGuessesThroughProxy brakes clients of a proxy one by one, whatever it writes of them:
// neither do they go on through another port, nor do others pay for them.
func TestGuessesThroughProxy(t *testing.T) {
	c := newConsole(t)
	proxied := httptest.NewServer(forwarded.Handler(c.server, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}))
	t.Cleanup(proxied.Close)
	c.url = proxied.URL
	b := c.anonymous()
	guesses := 0
	guess := func(by string) int {
		t.Helper()
		guesses++ // a name is braked too
		return b.do(http.MethodPost, "/api/v1/session", fmt.Sprintf(`{"name":"nobody%d","password":"a guess of mine"}`, guesses), "X-Forwarded-For: "+by).status
	}
	for _, by := range []string{"203.0.113.9:4711", "unknown"} {
		braked := false
		for range 20 {
			if guess(by) == http.StatusTooManyRequests {
				braked = true
				break
			}
		}
		if !braked {
			t.Errorf("%s guesses on and on", by)
		}
	}
	for by, want := range map[string]int{
		"203.0.113.9:4712": http.StatusTooManyRequests, "garbage": http.StatusTooManyRequests,
		"": http.StatusUnauthorized, "198.51.100.7:4711": http.StatusUnauthorized, "[2001:db8::1]": http.StatusUnauthorized, "198.51.100.8, ": http.StatusUnauthorized,
	} {
		if got := guess(by); got != want {
			t.Errorf("%q afterwards: %d, want %d", by, got, want)
		}
	}
}
