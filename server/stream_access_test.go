package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
)

// TestStreamEndsWithTheRightToSeeIt opens a stream about a project and then takes
// the viewer out of it, or ends their session.
func TestStreamEndsWithTheRightToSeeIt(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 1}
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	s := New(Deps{Accounts: accounts}, Config{})
	s.beatEvery = 5 * time.Millisecond
	raw(s, op("stream", http.MethodGet, "/projects/{project}/stream", "", ""), Need(account.RunRead, s.project()), func(w http.ResponseWriter, r *http.Request, _ Params) error {
		return s.stream(w, r, func(ctx context.Context, send func(Event) error) error {
			<-ctx.Done()
			return ctx.Err()
		})
	})
	listener := httptest.NewServer(s)
	t.Cleanup(listener.Close)
	t.Cleanup(s.CloseStreams)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)

	users := map[string]account.User{}
	for _, name := range []string{"ada", "vic"} {
		if users[name], err = accounts.CreateUser(t.Context(), account.NewUser{Name: name, Password: "correct horse battery", Admin: name == "ada"}); err != nil {
			t.Fatal(err)
		}
	}
	project, err := accounts.CreateProject(t.Context(), users["ada"].ID, account.NewProject{Slug: "web"})
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, end func(token string) error) {
		t.Helper()
		if _, err := accounts.SetMember(t.Context(), project.ID, users["vic"].ID, account.Viewer); err != nil {
			t.Fatal(err)
		}
		token, _, err := accounts.Login(t.Context(), "vic", "correct horse battery", "", account.Client{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, listener.URL+apiPrefix+"/projects/web/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.AddCookie(&http.Cookie{Name: cookieName, Value: token})
		response, err := http.DefaultClient.Do(r) // returns with the first heartbeat
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %d", name, response.StatusCode)
		}
		if err := end(token); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Errorf("%s: the stream goes on: %v", name, err)
		}
	}
	f("member removed", func(string) error { return accounts.RemoveMember(t.Context(), project.ID, users["vic"].ID) })
	f("logged out", func(token string) error { return accounts.Logout(t.Context(), token) })
}
