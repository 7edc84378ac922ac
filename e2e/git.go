package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// Forge serves bare repositories over smart HTTP with `git http-backend`, as a
// team's own git host would, and calls a repository's webhook after each push.
type Forge struct {
	URL string

	root string
	mu   sync.Mutex // guards the following two
	user map[string][2]string
	hook map[string]Webhook
	// Deliveries are the webhook's answers, in order.
	Deliveries chan Delivery
}

// Webhook is where a push is told, and the secret that signs it.
type Webhook struct{ URL, Secret string }

// Delivery is what a webhook answered.
type Delivery struct {
	Status int
	Body   string
	Err    error
}

// NewForge starts a forge on loopback.
func NewForge(tb testing.TB) *Forge {
	tb.Helper()
	git := NeedCommand(tb, "git")
	f := &Forge{
		root: tb.TempDir(), user: map[string][2]string{}, hook: map[string]Webhook{}, Deliveries: make(chan Delivery, 64),
	}
	backend := filepath.Join(strings.TrimSpace(Run(tb, "", nil, git, "--exec-path")), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		skip(tb, "git has no http-backend")
	}
	handler := &cgi.Handler{
		Path: backend,
		Env:  append(gitEnv, "GIT_PROJECT_ROOT="+f.root, "GIT_HTTP_EXPORT_ALL=1"),
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f.URL = "http://" + listener.Addr().String()
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !f.allowed(name, r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
			f.deliver(context.WithoutCancel(r.Context()), name)
		}
	})}
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() { _ = server.Close() })
	return f
}

// Create makes an empty bare repository that takes pushes, and returns its clone URL.
func (f *Forge) Create(tb testing.TB, name string) string {
	tb.Helper()
	dir := filepath.Join(f.root, name)
	Run(tb, f.root, gitEnv, "git", "init", "--quiet", "--bare", "--initial-branch=main", dir)
	Run(tb, dir, gitEnv, "git", "config", "http.receivepack", "true")
	hook := "#!/bin/sh\nexec cat >>\"$GIT_DIR/pushed\"\n"
	if err := os.WriteFile(filepath.Join(dir, "hooks", "post-receive"), []byte(hook), 0o755); err != nil {
		tb.Fatal(err)
	}
	return f.URL + "/" + name
}

// Protect asks for a password from now on.
func (f *Forge) Protect(name, user, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.user[name] = [2]string{user, password}
}

// OnPush sets the webhook of a repository.
func (f *Forge) OnPush(name string, hook Webhook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook[name] = hook
}

func (f *Forge) allowed(name string, r *http.Request) bool {
	f.mu.Lock()
	want, protected := f.user[name]
	f.mu.Unlock()
	user, password, _ := r.BasicAuth()
	return !protected || want == [2]string{user, password}
}

// deliver tells the webhook what the post-receive hook has noted.
func (f *Forge) deliver(ctx context.Context, name string) {
	f.mu.Lock()
	hook := f.hook[name]
	f.mu.Unlock()
	noted := filepath.Join(f.root, name, "pushed")
	lines, err := os.ReadFile(noted)
	if err != nil || os.Remove(noted) != nil || hook.URL == "" {
		return
	}
	for line := range strings.Lines(string(lines)) {
		words := strings.Fields(line)
		if len(words) == 3 {
			f.Deliveries <- hook.push(ctx, words[0], words[1], words[2])
		}
	}
}

// push sends one signed push event, in the words that GitHub and Gitea share.
func (h Webhook) push(ctx context.Context, before, after, ref string) Delivery {
	body, err := json.Marshal(map[string]string{"ref": ref, "before": before, "after": after})
	if err != nil {
		return Delivery{Err: err}
	}
	return h.Send(ctx, body, h.Sign(body))
}

// Sign is the signature of a body.
func (h Webhook) Sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(h.Secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// Send posts a push event with that signature.
func (h Webhook) Send(ctx context.Context, body []byte, signature string) Delivery {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return Delivery{Err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "push")
	req.Header.Set("X-Hub-Signature-256", signature)
	resp, err := loopback.Do(req)
	if err != nil {
		return Delivery{Err: err}
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(resp.Body)
	return Delivery{Status: resp.StatusCode, Body: answer.String(), Err: err}
}

// Work is a working copy that somebody commits in.
type Work struct {
	Dir string
	tb  testing.TB
	day int
}

// NewWork makes a working copy with remote as its origin.
func NewWork(tb testing.TB, remote string) *Work {
	tb.Helper()
	w := &Work{Dir: tb.TempDir(), tb: tb}
	w.Git("init", "--quiet", "--initial-branch=main")
	w.Git("remote", "add", "origin", remote)
	return w
}

// Git runs git in the working copy.
func (w *Work) Git(args ...string) string {
	w.tb.Helper()
	when := fmt.Sprintf("2026-03-%02dT09:30:00Z", 1+w.day)
	env := append(gitEnv, "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when)
	return strings.TrimSpace(Run(w.tb, w.Dir, env, "git", args...))
}

// Commit commits everything there is and returns the commit.
func (w *Work) Commit(message string) string {
	w.tb.Helper()
	w.Git("add", "--all")
	w.Git("commit", "--quiet", "--message", message)
	w.day++
	return w.Git("rev-parse", "HEAD")
}

// Write writes one file.
func (w *Work) Write(name, content string) {
	w.tb.Helper()
	path := filepath.Join(w.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		w.tb.Fatal(err)
	}
}

// CopySample copies files of the sample project, all of them when none is named.
func (w *Work) CopySample(names ...string) {
	w.tb.Helper()
	sample := os.DirFS(filepath.Join(Root(w.tb), "assets", "sample"))
	if len(names) == 0 {
		err := fs.WalkDir(sample, ".", func(name string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			w.tb.Fatal(err)
		}
	}
	for _, name := range names {
		content, err := fs.ReadFile(sample, name)
		if err != nil {
			w.tb.Fatal(err)
		}
		w.Write(name, string(content))
	}
}

// Push pushes the branch.
func (w *Work) Push() {
	w.tb.Helper()
	w.Git("push", "--quiet", "origin", "main")
}

// gitEnv keeps the machine's own git configuration out.
var gitEnv = []string{
	"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
	"GIT_AUTHOR_NAME=Mei Lin", "GIT_AUTHOR_EMAIL=mei@example.com",
	"GIT_COMMITTER_NAME=Mei Lin", "GIT_COMMITTER_EMAIL=mei@example.com",
}
