package server_test

import (
	"strings"
	"testing"

	"croft/account"
)

func TestUsersOverTheAPI(t *testing.T) {
	c := newConsole(t)
	boss := c.user("boss", true)
	eve := c.user("eve", false)
	admin, plain := c.as("boss"), c.as("eve")
	c.run(t, []scenario{
		{name: "everybody may list", as: plain, method: "GET", path: "/api/v1/users", status: 200, want: []string{`"name":"boss"`, `"name":"eve"`}, never: []string{"password", "argon2"}},
		{name: "only administrators make", as: plain, method: "POST", path: "/api/v1/users", body: `{"name":"bob","password":"a good password"}`, status: 403,
			want: []string{`"admin_required"`}, audit: "eve create-user users admin_required"},
		{name: "make", as: admin, method: "POST", path: "/api/v1/users", body: `{"name":"bob","displayName":"Bob","password":"a good password"}`, status: 201,
			want: []string{`"name":"bob"`, `"admin":false`}, audit: "boss create-user bob ok"},
		{name: "taken", as: admin, method: "POST", path: "/api/v1/users", body: `{"name":"bob","password":"a good password"}`, status: 409, want: []string{`"user_exists"`}},
		{name: "bad name", as: admin, method: "POST", path: "/api/v1/users", body: `{"name":"Bob!","password":"a good password"}`, status: 400, want: []string{`"user_name_invalid"`}},
		{name: "disable", as: admin, method: "PATCH", path: "/api/v1/users/" + eve.ID, body: `{"disabled":true}`, status: 200, want: []string{`"disabled":true`}, audit: "boss update-user eve ok"},
		{name: "is out at once", as: plain, method: "GET", path: "/api/v1/projects", status: 401},
		{name: "the last administrator", as: admin, method: "PATCH", path: "/api/v1/users/" + boss.ID, body: `{"admin":false}`, status: 409, want: []string{`"last_admin"`}},
		{name: "no such user", as: admin, method: "PATCH", path: "/api/v1/users/x", body: `{"admin":true}`, status: 404},
	})
}

func TestProjectsOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	ada := c.user("ada", false)
	c.user("eve", false)
	admin, owner, eve := c.as("boss"), c.as("ada"), c.as("eve")
	c.run(t, []scenario{
		{name: "make", as: owner, method: "POST", path: "/api/v1/projects", body: `{"slug":"web","name":"Web site"}`, status: 201,
			want: []string{`"slug":"web"`, `"role":"owner"`, `"artifactBucket":"web-artifacts"`}, audit: "ada create-project web ok"},
		{name: "taken", as: eve, method: "POST", path: "/api/v1/projects", body: `{"slug":"web"}`, status: 409, want: []string{`"project_exists"`}},
		{name: "bad slug", as: eve, method: "POST", path: "/api/v1/projects", body: `{"slug":"Web"}`, status: 400, want: []string{`"project_slug_invalid"`}},
		{name: "reserved slug", as: eve, method: "POST", path: "/api/v1/projects", body: `{"slug":"croft"}`, status: 400, want: []string{`"project_slug_reserved"`}},
		{name: "hidden from others", as: eve, method: "GET", path: "/api/v1/projects", status: 200, want: []string{`"items":[]`, `"next":""`}},
		{name: "hidden by name", as: eve, method: "GET", path: "/api/v1/projects/web", status: 404, want: []string{`"project_not_found"`}},
		{name: "like one that is not", as: eve, method: "GET", path: "/api/v1/projects/none", status: 404, want: []string{`"project_not_found"`}},
		{name: "administrators see it", as: admin, method: "GET", path: "/api/v1/projects/web", status: 200, want: []string{`"role":"admin"`}},
		{name: "change", as: owner, method: "PATCH", path: "/api/v1/projects/web", body: `{"description":"All of it"}`, status: 200,
			want: []string{`"name":"Web site"`, `"description":"All of it"`, `"role":"owner"`}, audit: "ada update-project projects/web ok"},
		{name: "the slug stays", as: owner, method: "PATCH", path: "/api/v1/projects/web", body: `{"slug":"shop"}`, status: 422},
	})
	eveID := c.users["eve"].ID
	c.run(t, []scenario{
		{name: "add a member", as: owner, method: "PUT", path: "/api/v1/projects/web/members/" + eveID, body: `{"role":"developer"}`, status: 200,
			want: []string{`"role":"developer"`, `"name":"eve"`, `"since":`}, audit: "ada set-member web/eve ok"},
		{name: "a role there is not", as: owner, method: "PUT", path: "/api/v1/projects/web/members/" + eveID, body: `{"role":"king"}`, status: 422},
		{name: "a user there is not", as: owner, method: "PUT", path: "/api/v1/projects/web/members/x", body: `{"role":"viewer"}`, status: 404, want: []string{`"user_not_found"`}},
		{name: "members", as: eve, method: "GET", path: "/api/v1/projects/web/members", status: 200, want: []string{`"role":"owner"`, `"role":"developer"`}},
		{name: "no promotion of oneself", as: eve, method: "PUT", path: "/api/v1/projects/web/members/" + eveID, body: `{"role":"owner"}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "the last owner", as: owner, method: "DELETE", path: "/api/v1/projects/web/members/" + ada.ID, status: 409, want: []string{`"last_owner"`}},
		{name: "remove", as: owner, method: "DELETE", path: "/api/v1/projects/web/members/" + eveID, status: 204, audit: "ada remove-member web/eve ok"},
		{name: "is out at once", as: eve, method: "GET", path: "/api/v1/projects/web", status: 404},
		{name: "delete", as: owner, method: "DELETE", path: "/api/v1/projects/web", status: 204, audit: "ada delete-project web ok"},
		{name: "is gone", as: admin, method: "GET", path: "/api/v1/projects/web", status: 404},
	})
}

func TestAuditOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	c.user("ada", false)
	c.user("dev", false)
	admin, owner := c.as("boss"), c.as("ada")
	owner.do("POST", "/api/v1/projects", `{"slug":"web"}`)
	if _, err := c.accounts.SetMember(t.Context(), projectID(t, c, "web"), c.users["dev"].ID, account.Developer); err != nil {
		t.Fatal(err)
	}
	owner.do("PATCH", "/api/v1/projects/web", `{"name":"Web"}`)
	admin.do("POST", "/api/v1/projects", `{"slug":"other"}`)
	dev := c.as("dev")
	c.run(t, []scenario{
		{name: "a project's", as: owner, method: "GET", path: "/api/v1/audit?project=web", status: 200,
			want: []string{`"action":"update-project"`, `"action":"create-project"`, `"name":"ada"`, `"address":"127.0.0.1"`, `"outcome":"ok"`}, never: []string{"other", "log-in"}},
		{name: "everything is for administrators", as: owner, method: "GET", path: "/api/v1/audit", status: 403, want: []string{`"admin_required"`}},
		{name: "developers may not", as: dev, method: "GET", path: "/api/v1/audit?project=web", status: 403, want: []string{`"role_too_low"`}},
		{name: "another project's", as: owner, method: "GET", path: "/api/v1/audit?project=other", status: 404},
		{name: "everything", as: admin, method: "GET", path: "/api/v1/audit?limit=500", status: 200, want: []string{`"log-in"`, `"target":"other"`}},
		{name: "bad cursor", as: admin, method: "GET", path: "/api/v1/audit?cursor=x", status: 400, want: []string{`"cursor_invalid"`}},
	})
	first := admin.do("GET", "/api/v1/audit?limit=1", "").json()
	next, _ := first["next"].(string)
	second := admin.do("GET", "/api/v1/audit?limit=1&cursor="+next, "")
	if next == "" || second.status != 200 || strings.Contains(second.body, first["items"].([]any)[0].(map[string]any)["requestId"].(string)) {
		t.Errorf("pages overlap: %v %s", first, second.body)
	}
}

func projectID(t *testing.T, c *console, slug string) string {
	t.Helper()
	p, err := c.accounts.ProjectBySlug(t.Context(), slug)
	if err != nil {
		t.Fatal(err)
	}
	return p.ID
}

func TestDriveHealthOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("eve", false)
	c.run(t, []scenario{
		{name: "anybody logged in", as: c.as("eve"), method: "GET", path: "/api/v1/health/drives", status: 200,
			want: []string{`"engine":"erasure"`, `"writable":true`, `"state":"ok"`, `"totalBytes":`, `"fileSystem":"`, `"readErrors":0`}},
	})
}
