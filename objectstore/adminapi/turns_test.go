package adminapi

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"croft/objectstore/s3api"
)

// TestTheLineIsFair: one key fills the line for itself alone, who goes away does not
// wait, and what was begun is not refused.
func TestTheLineIsFair(t *testing.T) {
	line := newTurns()
	ask := func(ctx context.Context, user, key string) *request {
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
		return &request{r: r, turns: &line, visit: s3api.Visit{Credential: s3api.Credential{AccessKey: key, UserID: user}}}
	}
	nothing := func() error { return nil }
	begun := ask(t.Context(), "u1", "k1")
	if err := begun.derive(nothing); err != nil {
		t.Fatal(err)
	}
	held, err := line.take(t.Context()) // somebody derives, for as long as we look
	if err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	var ended []chan error
	for range mostOfOne - 1 {
		q, end := ask(ctx, "u1", "k2"), make(chan error, 1)
		ended = append(ended, end)
		if q.place, err = line.enter("u1"); err != nil { // as derive does, so that it is known to be in line
			t.Fatal(err)
		}
		go func() {
			defer q.leave()
			end <- q.derive(nothing)
		}()
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // where it is let into the line it does not wait
	if err := ask(gone, "u1", "k3").derive(nothing); failureOf(err).code != "XMinioAdminTooMany" {
		t.Error("one user has the whole line:", err)
	}
	leave()
	for _, end := range ended {
		if err := <-end; !errors.Is(err, context.Canceled) {
			t.Error("who has gone waits:", err)
		}
	}
	other := ask(t.Context(), "", "k9")
	end := make(chan error, 1)
	go func() { end <- errors.Join(other.derive(nothing), begun.derive(nothing)) }()
	held()
	if err := <-end; err != nil {
		t.Error("another key, and what was begun:", err)
	}
	other.leave()
	begun.leave()
	for i := range mostOfAll {
		if _, err := line.enter(string(rune('a' + i))); err != nil {
			t.Fatal(i, err)
		}
	}
	if _, err := line.enter("z"); err == nil {
		t.Error("the line has no end")
	}
}

// TestNothingIsDerivedForWhomNothingIsAllowed: a key that may do nothing here is refused
// before its body is decrypted.
func TestNothingIsDerivedForWhomNothingIsAllowed(t *testing.T) {
	f := start(t)
	for who, code := range map[string]string{narrow: "AccessDenied", member: "XMinioAdminConfigBadJSON"} {
		body := []byte("not encrypted, which only who derives a key finds out, and long enough")
		a := f.send(f.signed(who, f.request(http.MethodPut, "/minio/admin/v3/add-service-account", body), body))
		if !strings.Contains(a.body, `"Code":"`+code+`"`) {
			t.Errorf("as %s: %d %s, want %s", who, a.status, a.body, code)
		}
	}
	f.handler.turns.mu.Lock()
	defer f.handler.turns.mu.Unlock()
	if f.handler.turns.inLine != 0 || len(f.handler.turns.inLineOf) != 0 {
		t.Error("places in line were not given back")
	}
}
