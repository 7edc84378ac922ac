package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"croft/internal/testforge"
)

func TestMain(m *testing.M) { Main(m) }

// TestForge proves the stand-in for a team's git host: it serves history, asks
// for passwords and tells of pushes, signed.
func TestForge(t *testing.T) {
	forge := NewForge(t)
	url := forge.NewRepository(t, "hello.git")
	work := NewWork(t, url)
	work.CopySample("go.mod", "main.go")
	first := work.Commit("say hello")

	var body []byte
	var signature string
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		signature = r.Header.Get("X-Hub-Signature-256")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer hook.Close()
	webhook := testforge.Webhook{URL: hook.URL, Secret: "s3cret"}
	forge.OnPush("hello.git", webhook)
	work.Push()
	if d := <-forge.Deliveries; d.Err != nil || d.Status != http.StatusAccepted {
		t.Fatalf("delivery %+v", d)
	}
	var event struct{ Ref, After string }
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	if event.Ref != "refs/heads/main" || event.After != first || signature != webhook.Sign(body) {
		t.Errorf("event %s signed %s", body, signature)
	}

	clone := t.TempDir()
	Run(t, clone, testforge.Env(), "git", "clone", "--quiet", url, ".")
	if head := Run(t, clone, testforge.Env(), "git", "rev-parse", "HEAD"); head != first+"\n" {
		t.Errorf("cloned %s, want %s", head, first)
	}
	forge.Protect("hello.git", "mei", "pa55")
	for target, want := range map[string]int{url: http.StatusUnauthorized, "http://mei:pa55@" + host(url): http.StatusOK} {
		resp, err := loopback.Get(target + "/info/refs?service=git-upload-pack")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s answered %d, want %d", target, resp.StatusCode, want)
		}
	}
}

// TestBrowser proves that Chromium starts and does what it is told.
func TestBrowser(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>你好</title><h1>Hello</h1>")
	}))
	defer page.Close()
	var title string
	NewBrowser(t).Do("visit", map[string]any{"url": page.URL}, &title)
	if title != "你好" {
		t.Errorf("the page's title is %q", title)
	}
}
