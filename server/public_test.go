package server_test

import (
	"net/http"
	"strings"
	"testing"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/store"
	"croft/server"
)

// openToAll are the public routes behind which there is nothing of anybody.
var openToAll = map[string]bool{"openapi.json": true, "healthz": true, "readyz": true, "get-instance": true}

// guesses are the bodies with which the other public routes are asked by those who must
// not get in. A link's routes are tried with every link that is not good, or not good for it.
var guesses = map[string][]string{
	"complete-setup": {`{"token":"guess","name":"eve","password":"correct horse battery"}`, `{"token":"","name":"eve","password":"correct horse battery"}`},
	"log-in": {
		`{"name":"boss","password":"guess, and a long one"}`, `{"name":"nobody","password":"correct horse battery"}`,
		`{"name":"dismissed","password":"correct horse battery"}`, `{"name":"program","password":"correct horse battery"}`,
	},
	"receive-webhook": {`{"ref":"refs/heads/main"}`},
	"get-shared":      {""}, "unlock-shared": {`{"password":"guess"}`}, "list-shared": {""}, "get-shared-object": {""}, "head-shared-object": {""},
	"put-shared-object": {"eve"}, "get-shared-zip": {""},
}

// TestEveryPublicRouteHasItsGuard asks every route that needs no login, also those that
// will be added, as somebody with nothing, or with something that was good once.
func TestEveryPublicRouteHasItsGuard(t *testing.T) {
	var db *store.DB
	var b builds
	c := newConsole(t, (&talk{}).withChat, withPipelines(t, &b), func(_ *console, opened *store.DB, _ *server.Deps) { db = opened })
	c.user("boss", true)
	for _, name := range []string{"dismissed", "leaver"} {
		c.user(name, false)
	}
	if _, err := c.accounts.CreateUser(t.Context(), account.NewUser{Name: "program", NoPassword: true}); err != nil {
		t.Fatal(err)
	}
	mine := c.project("mine", "boss", map[string]account.Role{"leaver": account.Developer})
	c.bucket("mine-files", mine.ID)
	c.put("mine-files", "dir/secret.txt", "text/plain", "Vertrauliches")
	boss := c.as("boss")
	// links that are good for nothing, and one that is good for reading.
	links := map[string]string{"unknown": strings.Repeat("a", 52)}
	link := func(name string, by *browser, body string) (id string) {
		api, id := by.share("mine-files", body)
		links[name] = strings.TrimPrefix(api, "/api/v1/shared/")
		return id
	}
	const folder = `{"key":"dir/","folder":true,"uploads":true}`
	ended := link("ended", boss, folder)
	expired := link("expired", boss, folder)
	link("with a password", boss, `{"key":"dir/","folder":true,"uploads":true,"password":"geheimes Wort"}`)
	link("of who left", c.as("leaver"), folder)
	link("to read", boss, `{"key":"dir/","folder":true}`)
	if a := boss.do(http.MethodDelete, "/api/v1/buckets/mine-files/shares/"+ended, ""); a.status != http.StatusNoContent {
		t.Fatalf("end a link: %d %s", a.status, a.body)
	}
	if err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE shares SET expires_at = 1 WHERE id = ?", expired).Error
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.accounts.RemoveMember(t.Context(), mine.ID, c.users["leaver"].ID); err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := c.accounts.UpdateUser(t.Context(), c.users["dismissed"].ID, account.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}

	stranger, tried := c.anonymous(), 0
	ask := func(what string, route server.Route, path, body string) {
		t.Helper()
		tried++
		a := stranger.do(route.Method, path, body)
		open := openToAll[route.Operation] || route.Operation == "get-shared" && what == "with a password"
		if open != (a.status == http.StatusOK) || a.status >= 500 || a.status == http.StatusUnprocessableEntity {
			t.Errorf("%s %s (%s): %d %s", route.Method, route.Path, what, a.status, a.body)
		}
		for _, word := range []string{"secret.txt", "Vertrauliches", "mine-files", "boss"} {
			if strings.Contains(a.body, word) {
				t.Errorf("%s %s (%s) tells of %q: %s", route.Method, route.Path, what, word, a.body)
			}
		}
	}
	for _, route := range c.server.Routes() {
		if !strings.HasPrefix(route.Rule.String(), "public: ") {
			continue
		}
		bodies, known := guesses[route.Operation]
		switch {
		case openToAll[route.Operation]:
			ask("anybody", route, route.Path, "")
		case !known:
			t.Errorf("%s %s: the test does not know what keeps strangers from it", route.Method, route.Path)
		case strings.Contains(route.Path, "{token}"):
			for name, token := range links {
				reads := route.Method != http.MethodPut && route.Operation != "unlock-shared"
				if name == "to read" && reads {
					continue // which it is for
				}
				for _, body := range bodies {
					ask(name, route, strings.ReplaceAll(route.Path, "{token}", token)+"?key=new.txt", body)
				}
			}
		default:
			for _, body := range bodies {
				ask(body, route, fill(route.Path), body)
			}
		}
	}
	if tried < 30 {
		t.Errorf("only %d requests were made", tried)
	}
	if _, err := c.accounts.UserByName(t.Context(), "eve"); err == nil {
		t.Error("somebody made an account")
	}
	if _, err := c.store.Head(t.Context(), "mine-files", "dir/new.txt"); err == nil {
		t.Error("a stranger put an object")
	}
}
