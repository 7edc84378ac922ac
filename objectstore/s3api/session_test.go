package s3api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
)

// sessionGuard is a guard that knows one session.
type sessionGuard struct{ *guard }

const goodToken = "token of the tests"

func (sessionGuard) SessionCredential(_ context.Context, accessKey, token string) (Credential, error) {
	switch {
	case accessKey != "ASIATEST":
		return Credential{}, errs.New(errs.NotFound, "access_key_unknown", "No such key.")
	case token == "old":
		return Credential{}, errs.New(errs.Unauthenticated, "session_token_expired", "The provided token has expired.")
	case token != goodToken:
		return Credential{}, errs.New(errs.Unauthenticated, "session_token_invalid", "The provided token is malformed or otherwise invalid.")
	}
	return Credential{AccessKey: accessKey, Secret: testSecret, Identity: accessKey}, nil
}

func withSessions(c *Config) { c.Access = sessionGuard{c.Access.(*guard)} }

// inSession signs with the session's key and a token, "" without one.
func inSession(token string) func(*fixture, string, string, string, ...string) answer {
	return func(f *fixture, method, target, body string, header ...string) answer {
		f.t.Helper()
		if token != "" {
			header = append(header, "X-Amz-Security-Token", token)
		}
		return f.do(signAs(f.request(method, target, body, header...), body, "ASIATEST", testSecret, f.now()))
	}
}

func TestSessionTokens(t *testing.T) {
	f := start(t, withSessions)
	f.bucket("bucket")
	put := func(accessKey string, header ...string) *http.Request {
		return signAs(f.request(http.MethodPut, "/bucket/key", "x", header...), "x", accessKey, testSecret, f.now())
	}
	link := func(accessKey string, tokens ...string) *http.Request {
		u, err := Presign(http.MethodPut, f.server.URL, "bucket", "key", accessKey, testSecret, "", time.Minute, url.Values{"X-Amz-Security-Token": tokens}, f.now())
		if err != nil {
			t.Fatal(err)
		}
		return f.request(http.MethodPut, strings.TrimPrefix(u, f.server.URL), "x")
	}
	const header = "X-Amz-Security-Token"
	unsigned := put("ASIATEST")
	unsigned.Header.Set(header, goodToken)
	linkAndHeader := link("ASIATEST", goodToken)
	linkAndHeader.Header.Set(header, goodToken)
	for name, c := range map[string]struct {
		r    *http.Request
		code string
	}{
		"in the header":            {put("ASIATEST", header, goodToken), ""},
		"in the link":              {link("ASIATEST", goodToken), ""},
		"none":                     {put("ASIATEST"), "InvalidAccessKeyId"},
		"empty":                    {put("ASIATEST", header, ""), "InvalidToken"},
		"wrong":                    {put("ASIATEST", header, "wrong"), "InvalidToken"},
		"expired":                  {put("ASIATEST", header, "old"), "ExpiredToken"},
		"of another key":           {put(testKey, header, goodToken), "InvalidAccessKeyId"},
		"not signed":               {unsigned, "AccessDenied"},
		"twice in the link":        {link("ASIATEST", goodToken, goodToken), "InvalidToken"},
		"in link and header":       {linkAndHeader, "AccessDenied"},
		"wrong in the link":        {link("ASIATEST", "wrong"), "InvalidToken"},
		"in the query of a header": {signAs(f.request(http.MethodPut, "/bucket/key?X-Amz-Security-Token=token+of+the+tests", "x"), "x", "ASIATEST", testSecret, f.now()), "InvalidToken"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := f.store.Delete(t.Context(), "bucket", "key"); err != nil {
				t.Fatal(err)
			}
			a := f.of(t).do(c.r)
			if c.code == "" && a.status != http.StatusOK || c.code != "" && !strings.Contains(a.body, "<Code>"+c.code+"</Code>") {
				t.Errorf("%d %s, want %q", a.status, a.body, c.code)
			}
			if written := len(f.keys("bucket")) > 0; written != (c.code == "") {
				t.Errorf("written is %v", written)
			}
		})
	}
	t.Run("in a form", func(t *testing.T) {
		for token, status := range map[string]int{goodToken: http.StatusNoContent, "wrong": http.StatusBadRequest, "": http.StatusBadRequest} {
			at := f.now().UTC()
			sig := signatureOf("ASIATEST", at)
			policy := fmt.Sprintf(`{"expiration":%q,"conditions":[{"bucket":"bucket"},{"key":"form"},{"x-amz-algorithm":%q},{"x-amz-credential":%q},{"x-amz-date":%q},["starts-with","$x-amz-security-token",""]]}`,
				at.Add(time.Hour).Format("2006-01-02T15:04:05.000Z"), algorithmV4, "ASIATEST/"+sig.scope(), at.Format(timeFormat))
			fields := signPolicy(policy, testSecret, sig, at, field{"key", "form"})
			fields = append(fields, field{"x-amz-security-token", token})
			if a := f.of(t).post("/bucket", fields, "x"); a.status != status {
				t.Errorf("%q: %d %s", token, a.status, a.body)
			}
		}
	})
}
