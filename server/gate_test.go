package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/store"
	"croft/server"
)

// fill replaces path parameters by things that exist, where the test made some.
func fill(path string) string {
	values := map[string]string{"{project}": "mine", "{bucket}": "mine-files"}
	return regexp.MustCompile(`\{[^}]+\}`).ReplaceAllStringFunc(path, func(name string) string {
		if value, ok := values[name]; ok {
			return value
		}
		return "x"
	})
}

// bodies are the least that each operation's rule needs to see.
var bodies = map[string]string{
	"create-bucket":    `{"name":"new-bucket","project":"mine"}`,
	"open-direct-room": `{"userIds":["x"]}`,
}

// TestEveryRouteKeepsStrangersOut calls every route there is, also those that will
// be added, as those who must not get in.
func TestEveryRouteKeepsStrangersOut(t *testing.T) {
	var db *store.DB
	c := newConsole(t, (&talk{}).withChat, func(_ *console, opened *store.DB, _ *server.Deps) { db = opened })
	c.user("boss", true)
	c.user("outsider", false)
	mine := c.project("mine", "boss", nil)
	c.bucket("mine-files", mine.ID)
	c.put("mine-files", "secret.txt", "text/plain", "secret")
	c.project("theirs", "outsider", nil)
	outsider := c.as("outsider")
	forged := c.anonymous()
	anonymous := c.anonymous()
	lapsed := c.lapsed(db)
	principal := account.Principal{UserID: c.users["outsider"].ID, Via: account.ViaSession}
	for _, route := range c.server.Routes() {
		path := fill(route.Path) + "?key=secret.txt&project=mine"
		public := strings.HasPrefix(route.Rule.String(), "public: ")
		mutates := route.Method != http.MethodGet && route.Method != http.MethodHead
		f := func(who string, b *browser, want []int, code string, headers ...string) {
			t.Helper()
			body := bodies[route.Operation]
			if code == "unauthenticated" {
				body = "{" // who is nobody is told so before the body is looked at
			}
			a := b.do(route.Method, path, body, headers...)
			for _, status := range want {
				if a.status == status && (code == "" || route.Method == http.MethodHead || a.json()["code"] == code) {
					return
				}
			}
			t.Errorf("%s %s %s: %d, want %v %s\n%s", who, route.Method, route.Path, a.status, want, code, a.body)
		}
		if mutates {
			f("another site", outsider, []int{403}, "foreign_origin", "Origin: https://evil.example", "Sec-Fetch-Site: cross-site")
		}
		if public {
			continue
		}
		f("nobody", anonymous, []int{401}, "unauthenticated")
		f("a bad session", forged, []int{401}, "unauthenticated", "Cookie: croft_session=forged")
		f("a bad token", anonymous, []int{401}, "unauthenticated", "Authorization: Bearer croft_pat_forged")
		for who, credential := range lapsed {
			f(who, anonymous, []int{401}, "unauthenticated", credential)
		}
		f("another scheme", outsider, []int{401}, "unauthenticated", "Authorization: Basic YTpi")
		if mutates {
			f("no CSRF token", outsider, []int{403}, "csrf", "X-Croft-CSRF: ")
			f("a wrong CSRF token", outsider, []int{403}, "csrf", "X-Croft-CSRF: wrong")
		}
		if allowedToAll(t, c, principal, route) {
			continue
		}
		f("an outsider", outsider, []int{403, 404}, "")
	}
}

// lapsed are credentials of owners of the project, as a header each, that were good and
// no longer are.
func (c *console) lapsed(db *store.DB) map[string]string {
	c.t.Helper()
	ctx := c.t.Context()
	credentials := map[string]string{}
	project, err := c.accounts.ProjectBySlug(ctx, "mine")
	if err != nil {
		c.t.Fatal(err)
	}
	// each makes an owner with a session and a token, and takes something from them.
	each := func(name string, take func(u account.User, p account.Principal, token account.Token)) {
		c.t.Helper()
		u := c.user(name, false)
		if _, err := c.accounts.SetMember(ctx, project.ID, u.ID, account.Owner); err != nil {
			c.t.Fatal(err)
		}
		b := c.as(name)
		address, err := url.Parse(c.url)
		if err != nil {
			c.t.Fatal(err)
		}
		session := b.client.Jar.Cookies(address)[0]
		p, _, err := c.accounts.SessionPrincipal(ctx, session.Value)
		if err != nil {
			c.t.Fatal(err)
		}
		secret, token, err := c.accounts.CreateToken(ctx, u.ID, "ci", time.Time{})
		if err != nil {
			c.t.Fatal(err)
		}
		bearer := "Authorization: Bearer " + secret
		cookie := "Cookie: " + session.Name + "=" + session.Value
		for _, header := range []string{bearer, cookie} {
			if a := c.anonymous().do("GET", "/api/v1/projects/mine", "", header); a.status != 200 {
				c.t.Fatalf("%s before: %d %s", name, a.status, a.body)
			}
		}
		take(u, p, token)
		credentials["the session of "+name], credentials["the token of "+name] = cookie, bearer
	}
	must := func(err error) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
	each("disabled", func(u account.User, _ account.Principal, _ account.Token) {
		yes := true
		_, err := c.accounts.UpdateUser(ctx, u.ID, account.UserChange{Disabled: &yes})
		must(err)
	})
	each("disabled-in-the-rows", func(u account.User, _ account.Principal, _ account.Token) {
		must(db.Write(ctx, func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET disabled = 1 WHERE id = ?", u.ID).Error }))
	})
	each("ended", func(u account.User, p account.Principal, token account.Token) {
		must(c.accounts.EndSession(ctx, u.ID, p.CredentialID))
		must(c.accounts.DeleteToken(ctx, u.ID, token.ID))
	})
	each("expired", func(u account.User, _ account.Principal, _ account.Token) {
		must(db.Write(ctx, func(tx *gorm.DB) error {
			if err := tx.Exec("UPDATE sessions SET expires_at = 1 WHERE user_id = ?", u.ID).Error; err != nil {
				return err
			}
			return tx.Exec("UPDATE api_tokens SET expires_at = 1 WHERE user_id = ?", u.ID).Error
		}))
	})
	return credentials
}

// leastRoles are the roles that a project's member needs at least, by action. It is
// written down again here, so that a rule that is loosened by mistake is noticed.
var leastRoles = map[account.Action]account.Role{
	account.ProjectRead: account.Viewer, account.ProjectUpdate: account.Maintainer, account.ProjectDelete: account.Owner,
	account.MemberRead: account.Viewer, account.MemberWrite: account.Owner,
	account.RepositoryRead: account.Viewer, account.RepositoryWrite: account.Maintainer,
	account.RunRead: account.Viewer, account.RunStart: account.Developer, account.RunCancel: account.Developer,
	account.AuditRead: account.Maintainer, account.RoomRead: account.Viewer, account.RoomPost: account.Viewer,
	account.BucketRead: account.Viewer, account.ObjectWrite: account.Developer, account.BucketWrite: account.Maintainer,
	// What is of Croft as a whole, an administrator needs to be for.
	account.InstanceAdmin: "administrator",
	// Of these a role is not asked.
	account.ProjectCreate: "", account.InstanceRead: "", account.SelfRead: "", account.SelfUpdate: "", account.SelfCredentials: "",
}

// TestEveryRouteKeepsLowerRolesOut calls every route as a member of the project whose
// role is too low for it, with a session and with a token.
func TestEveryRouteKeepsLowerRolesOut(t *testing.T) {
	c := newConsole(t, (&talk{}).withChat)
	c.user("boss", true)
	roles := account.Roles()
	members := map[string]account.Role{}
	for _, role := range roles {
		c.user(string(role), false)
		members[string(role)] = role
	}
	mine := c.project("mine", "boss", members)
	c.bucket("mine-files", mine.ID)
	c.put("mine-files", "secret.txt", "text/plain", "secret")
	sessions, tokens := map[account.Role]*browser{}, map[account.Role]string{}
	for _, role := range roles {
		sessions[role] = c.as(string(role))
		secret, _, err := c.accounts.CreateToken(t.Context(), c.users[string(role)].ID, "ci", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		tokens[role] = "Authorization: Bearer " + secret
	}
	anonymous := c.anonymous()
	refused := 0
	for _, route := range c.server.Routes() {
		rule := route.Rule.String()
		if strings.HasPrefix(rule, "public: ") {
			continue
		}
		action, _, _ := strings.Cut(rule, " on ")
		least, known := leastRoles[account.Action(action)]
		if !known {
			t.Errorf("%s %s: the test does not know who may %s", route.Method, route.Path, action)
		}
		if least == "" {
			continue
		}
		for _, role := range roles {
			if slices.Contains(roles, least) && slices.Index(roles, role) <= slices.Index(roles, least) {
				continue
			}
			path := fill(route.Path) + "?key=secret.txt&project=mine"
			for how, a := range map[string]answer{
				"session": sessions[role].do(route.Method, path, bodies[route.Operation]),
				"token":   anonymous.do(route.Method, path, bodies[route.Operation], tokens[role]),
			} {
				refused++
				if a.status != 403 {
					t.Errorf("a %s by %s: %s %s (%s): %d %s", role, how, route.Method, route.Path, rule, a.status, a.body)
				}
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d requests were refused", refused)
	}
	if o, err := c.store.Head(t.Context(), "mine-files", "secret.txt"); err != nil || o.Size != 6 {
		t.Errorf("%+v, %v", o, err)
	}
}

// allowedToAll reports whether a route names nothing and its action is open to
// everybody who is logged in.
func allowedToAll(t *testing.T, c *console, p account.Principal, route server.Route) bool {
	action, scope, _ := strings.Cut(route.Rule.String(), " on ")
	scope, _, _ = strings.Cut(scope, " (not audited")
	if !slices.Contains([]string{"the instance", "the caller's own account", "the room for all"}, scope) {
		return false
	}
	return c.accounts.Authorize(t.Context(), p, account.Action(action), account.Resource{}) == nil
}

func TestTokensNeedNoCSRFAndReachNoCredentials(t *testing.T) {
	c := newConsole(t)
	ada := c.user("ada", true)
	secret, token, err := c.accounts.CreateToken(t.Context(), ada.ID, "ci", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	bearer := []string{"Authorization: Bearer " + secret}
	c.run(t, []scenario{
		{name: "mutates", as: c.anonymous(), method: "POST", path: "/api/v1/projects", body: `{"slug":"web"}`, header: bearer,
			status: 201, want: []string{`"slug":"web"`, `"role":"owner"`}, audit: "ada create-project web ok"},
		{name: "who am I", as: c.anonymous(), method: "GET", path: "/api/v1/session", header: bearer, status: 200, want: []string{`"name":"ada"`, `"csrf":""`}},
		{name: "makes no token", as: c.anonymous(), method: "POST", path: "/api/v1/me/tokens", body: `{"name":"more"}`, header: bearer,
			status: 403, want: []string{`"session_required"`}, audit: "ada create-token me/tokens session_required"},
		{name: "ends no token", as: c.anonymous(), method: "DELETE", path: "/api/v1/me/tokens/" + token.ID, header: bearer, status: 403},
	})
}

func TestRefusalsOfKnownPrincipalsAreAudited(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	c.user("viewer", false)
	c.project("mine", "boss", map[string]account.Role{"viewer": account.Viewer})
	viewer := c.as("viewer")
	c.run(t, []scenario{
		{name: "role too low", as: viewer, method: "DELETE", path: "/api/v1/projects/mine", status: 403,
			want: []string{`"role_too_low"`, "viewer", "owner"}, audit: "viewer delete-project projects/mine role_too_low"},
		{name: "reads leave no row", as: viewer, method: "GET", path: "/api/v1/audit?project=mine", status: 403, audit: "-"},
		{name: "nobody leaves no row", as: c.anonymous(), method: "DELETE", path: "/api/v1/projects/mine", status: 401, audit: "-"},
		{name: "bad input leaves no row", as: viewer, method: "POST", path: "/api/v1/projects", body: `{"slug":5}`, status: 422, audit: "-"},
	})
}

func TestEdge(t *testing.T) {
	c := newConsole(t)
	b := c.anonymous()
	a := b.do("GET", "/healthz", "", "X-Request-Id: from-the-proxy-1")
	if a.status != 200 || a.header.Get("X-Request-Id") != "from-the-proxy-1" {
		t.Errorf("a good request ID was not kept: %v", a.header)
	}
	a = b.do("GET", "/healthz", "", "X-Request-Id: <script>alert</script>")
	if id := a.header.Get("X-Request-Id"); len(id) != 20 {
		t.Errorf("a bad request ID became %q", id)
	}
	for name, fragment := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
	} {
		if !strings.Contains(a.header.Get(name), fragment) {
			t.Errorf("%s: %q", name, a.header.Get(name))
		}
	}
	id := b.do("GET", "/api/v1/nothing", "").json()["requestId"]
	if id == "" || !strings.Contains(c.log.String(), "requestId="+id.(string)) {
		t.Errorf("the log does not know request %v", id)
	}
	ids := []scenario{
		{name: "the API's description", as: b, method: "GET", path: "/openapi.json", status: 200, want: []string{`"openapi": "3.1.0"`, `"operationId": "log-in"`}},
		{name: "ready", as: b, method: "GET", path: "/readyz", status: 200, want: []string{"ready"}},
		{name: "unknown path", as: b, method: "GET", path: "/api/v1/nothing", status: 404, want: []string{`"not_found"`, `"requestId"`}},
		{name: "unknown method", as: b, method: "PATCH", path: "/api/v1/session", status: 405, want: []string{`"method_not_allowed"`}},
		{name: "doubled slash is not redirected", as: b, method: "POST", path: "/api/v1//session", body: `{}`, status: 404},
		{name: "trailing slash is not redirected", as: b, method: "GET", path: "/api/v1/session/", status: 404},
		{name: "not JSON", as: b, method: "POST", path: "/api/v1/session", body: `{"name":`, status: 400, want: []string{`"bad_request"`}},
		{name: "another content type", as: b, method: "POST", path: "/api/v1/session", body: `name=a`, header: []string{"Content-Type: text/plain"}, status: 415, want: []string{`"unsupported_media_type"`}},
		{name: "fields are named", as: b, method: "POST", path: "/api/v1/session", body: `{"name":"ada"}`, status: 422,
			want: []string{`"validation_failed"`, `"fields"`, `password`}, never: []string{"$schema"}},
		{name: "unknown fields are refused", as: b, method: "POST", path: "/api/v1/session", body: `{"name":"ada","password":"p","more":1}`, status: 422, want: []string{`body.more`}},
		{name: "too large", as: b, method: "POST", path: "/api/v1/session", body: `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, status: 413, want: []string{`"too_large"`}},
	}
	c.run(t, ids)
}

func TestInterface(t *testing.T) {
	c := newConsole(t)
	b := c.anonymous()
	page := []string{"Accept: text/html"}
	c.run(t, []scenario{
		{name: "root", as: b, method: "GET", path: "/", header: page, status: 200, want: []string{"<title>Croft"}},
		{name: "a page of the UI", as: b, method: "GET", path: "/projects/web/runs/7", header: page, status: 200, want: []string{"<title>Croft"}},
		{name: "an asset", as: b, method: "GET", path: "/assets/app-1a2b.js", status: 200, want: []string{"console.log"}},
		{name: "a missing asset", as: b, method: "GET", path: "/assets/old.js", header: page, status: 404, want: []string{`"not_found"`}},
		{name: "a missing API path", as: b, method: "GET", path: "/api/v2/x", header: page, status: 404},
		{name: "not a page", as: b, method: "GET", path: "/x", header: []string{"Accept: application/json"}, status: 404},
		{name: "no way out", as: b, method: "GET", path: "/../../etc/passwd", header: []string{"Accept: application/json"}, status: 404},
	})
	if a := b.do("GET", "/assets/app-1a2b.js", "", "Accept-Encoding: gzip"); !strings.Contains(a.header.Get("Cache-Control"), "immutable") || a.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("asset headers %v", a.header)
	}
	if a := b.do("GET", "/", "", page...); a.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("index headers %v", a.header)
	}
}
