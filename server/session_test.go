package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"croft/account"
)

func TestSetupByLink(t *testing.T) {
	c := newConsole(t)
	token, err := c.accounts.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := c.anonymous()
	body := func(token string) string {
		return fmt.Sprintf(`{"token":%q,"name":"ada","displayName":"Ada","password":%q}`, token, goodPassword)
	}
	c.run(t, []scenario{
		{name: "asks for set-up", as: b, method: "GET", path: "/api/v1/instance", status: 200,
			want: []string{`"setupRequired":true`, `"version":"1.2.3"`, `"s3Address":"http://127.0.0.1:9000"`}, never: []string{"docker"}},
		{name: "wrong token", as: b, method: "POST", path: "/api/v1/setup", body: body("guess"), status: 403, want: []string{`"setup_token_invalid"`}, audit: "-"},
		{name: "bad password", as: b, method: "POST", path: "/api/v1/setup", body: strings.Replace(body(token), goodPassword, "short", 1), status: 400, want: []string{`"password_short"`}},
		{name: "good", as: b, method: "POST", path: "/api/v1/setup", body: body(token), status: 201,
			want: []string{`"csrf":"`, `"admin":true`, `"displayName":"Ada"`}, never: []string{goodPassword}, audit: "ada complete-setup ada ok"},
		{name: "is logged in", as: b, method: "GET", path: "/api/v1/session", status: 200, want: []string{`"name":"ada"`}},
		{name: "twice", as: c.anonymous(), method: "POST", path: "/api/v1/setup", body: strings.Replace(body(token), "ada", "eve", 1), status: 403, want: []string{`"setup_token_invalid"`}},
		{name: "no set-up any more", as: b, method: "GET", path: "/api/v1/instance", status: 200, want: []string{`"setupRequired":false`, `"docker":{"available":false`, "install Docker"}},
	})
}

func TestSessionCookie(t *testing.T) {
	c := newConsole(t)
	c.user("ada", true)
	b := c.anonymous()
	a := b.do("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ada","password":%q}`, goodPassword))
	cookie := a.header.Get("Set-Cookie")
	for _, attribute := range []string{"croft_session=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, attribute) {
			t.Errorf("cookie %q lacks %s", cookie, attribute)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q would not come back over http", cookie)
	}
	token := strings.TrimPrefix(strings.Split(cookie, ";")[0], "croft_session=")
	if strings.Contains(a.body, token) || strings.Contains(c.log.String(), token) || strings.Contains(c.log.String(), goodPassword) {
		t.Error("the token or the password is in the body or the log")
	}
	first := a
	again := b.do("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ada","password":%q}`, goodPassword))
	if again.status != 200 || again.header.Get("Set-Cookie") == cookie || again.json()["csrf"] == first.json()["csrf"] {
		t.Error("a second login did not rotate the session")
	}
	old := c.anonymous().do("GET", "/api/v1/session", "", "Cookie: croft_session="+token)
	if old.status != http.StatusUnauthorized {
		t.Errorf("the session of before the login answers %d", old.status)
	}
}

func TestLoginOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("ada", true)
	b := c.anonymous()
	try := func(password string) answer {
		return b.do("POST", "/api/v1/session", fmt.Sprintf(`{"name":"ada","password":%q}`, password))
	}
	if a := try("wrong password"); a.status != 401 || a.json()["code"] != "login_failed" || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("wrong password: %d %s", a.status, a.body)
	}
	if got := c.audited(); got != "ada log-in session login_failed" {
		t.Errorf("audited %q", got)
	}
	for range 9 {
		try("wrong password")
	}
	before := c.audited()
	a := try(goodPassword)
	if a.status != 429 || a.json()["code"] != "rate_limited" || a.header.Get("Retry-After") == "" || a.header.Get("Retry-After") == "0" {
		t.Fatalf("over the limit: %d %v %s", a.status, a.header, a.body)
	}
	if c.audited() != before {
		t.Error("an attempt over the limit left a row")
	}
}

func TestLogOut(t *testing.T) {
	c := newConsole(t)
	c.user("ada", true)
	b := c.as("ada")
	c.run(t, []scenario{
		{name: "out", as: b, method: "DELETE", path: "/api/v1/session", status: 204, audit: "ada log-out session ok"},
		{name: "is out", as: b, method: "GET", path: "/api/v1/session", status: 401},
	})
}

func TestMe(t *testing.T) {
	c := newConsole(t)
	c.user("ada", true)
	other, b := c.as("ada"), c.as("ada")
	c.run(t, []scenario{
		{name: "profile", as: b, method: "PATCH", path: "/api/v1/me", body: `{"displayName":"Ada L.","locale":"zh-CN"}`, status: 200,
			want: []string{`"displayName":"Ada L."`, `"locale":"zh-CN"`}, audit: "ada update-me me ok"},
		{name: "no promotion by profile", as: b, method: "PATCH", path: "/api/v1/me", body: `{"admin":true}`, status: 422},
		{name: "sessions", as: b, method: "GET", path: "/api/v1/me/sessions", status: 200, want: []string{`"current":true`, `"current":false`, `"address":"127.0.0.1"`}},
		{name: "wrong password", as: b, method: "POST", path: "/api/v1/me/password", body: `{"current":"wrong password","new":"another good one"}`,
			status: 400, want: []string{`"password_wrong"`}, audit: "ada change-password me/password password_wrong"},
		{name: "new password", as: b, method: "POST", path: "/api/v1/me/password", body: fmt.Sprintf(`{"current":%q,"new":"another good one"}`, goodPassword),
			status: 204, audit: "ada change-password me/password ok"},
		{name: "goes on with the new cookie and the same CSRF token", as: b, method: "PATCH", path: "/api/v1/me", body: `{"locale":"en"}`, status: 200},
		{name: "the other browser is out", as: other, method: "GET", path: "/api/v1/session", status: 401},
		{name: "no such session", as: b, method: "DELETE", path: "/api/v1/me/sessions/x", status: 404, want: []string{`"session_not_found"`}},
	})
}

func TestMyCredentials(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	c.user("ada", false)
	secret := c.project("secret", "boss", nil)
	mine := c.project("web", "ada", nil)
	b := c.as("ada")
	a := b.do("POST", "/api/v1/me/tokens", `{"name":"ci","expiresAt":"2099-01-02T03:04:05Z"}`)
	token, _ := a.json()["token"].(string)
	if a.status != 201 || !strings.HasPrefix(token, account.TokenPrefix) || a.json()["expiresAt"] != "2099-01-02T03:04:05Z" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	tokenID := a.json()["id"].(string)
	a = b.do("POST", "/api/v1/me/keys", fmt.Sprintf(`{"name":"laptop","projectId":%q}`, mine.ID))
	key, _ := a.json()["accessKey"].(string)
	if a.status != 201 || len(a.json()["secretKey"].(string)) != 40 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := c.audited(); got != "ada create-key "+key+" ok" {
		t.Errorf("audited %q", got)
	}
	c.run(t, []scenario{
		{name: "tokens", as: b, method: "GET", path: "/api/v1/me/tokens", status: 200, want: []string{`"name":"ci"`}, never: []string{token, `"token"`, "lastUsedAt"}},
		{name: "keys", as: b, method: "GET", path: "/api/v1/me/keys", status: 200, want: []string{key}, never: []string{"secretKey"}},
		{name: "expired at birth", as: b, method: "POST", path: "/api/v1/me/tokens", body: `{"name":"x","expiresAt":"2001-01-01T00:00:00Z"}`, status: 400, want: []string{`"expiry_past"`}},
		{name: "key for a hidden project", as: b, method: "POST", path: "/api/v1/me/keys", body: fmt.Sprintf(`{"name":"x","projectId":%q}`, secret.ID), status: 404, want: []string{`"project_not_found"`}},
		{name: "key for no project", as: b, method: "POST", path: "/api/v1/me/keys", body: `{"name":"x","projectId":"gone"}`, status: 404, want: []string{`"project_not_found"`}},
		{name: "end the token", as: b, method: "DELETE", path: "/api/v1/me/tokens/" + tokenID, status: 204, audit: "ada delete-token me/tokens/" + tokenID + " ok"},
		{name: "a key's own words", as: b, method: "PATCH", path: "/api/v1/me/keys/" + key, body: `{"description":"for the press","expiresAt":"2999-01-01T00:00:00Z","disabled":true}`, status: 200, want: []string{`"disabled":true`, `"expiresAt":"2999-`, `"description":"for the press"`}, audit: "ada update-key " + key + " ok"},
		{name: "for ever again", as: b, method: "PATCH", path: "/api/v1/me/keys/" + key, body: `{"neverExpires":true}`, status: 200, want: []string{`"disabled":true`}, never: []string{"expiresAt"}},
		{name: "expired already", as: b, method: "PATCH", path: "/api/v1/me/keys/" + key, body: `{"expiresAt":"2001-01-01T00:00:00Z"}`, status: 400, want: []string{`"expiry_past"`}},
		{name: "another's key", as: c.as("boss"), method: "PATCH", path: "/api/v1/me/keys/" + key, body: `{"disabled":false}`, status: 404, want: []string{`"key_not_found"`}},
		{name: "end the key", as: b, method: "DELETE", path: "/api/v1/me/keys/" + key, status: 204},
		{name: "end it twice", as: b, method: "DELETE", path: "/api/v1/me/keys/" + key, status: 404, want: []string{`"key_not_found"`}},
	})
}
