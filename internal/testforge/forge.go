// Package testforge is a small Git host for tests and for the sample: bare
// repositories over smart HTTP by `git http-backend`, passwords where wanted, and
// a signed webhook after each push, as a team's own host would send it.
package testforge

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Forge serves the repositories below one folder.
type Forge struct {
	root    string
	backend *cgi.Handler
	// delivered is told what each webhook answered.
	delivered func(Delivery)

	mu        sync.Mutex // guards the following 2 fields
	passwords map[string][2]string
	hooks     map[string]Webhook
}

// Webhook is where a push is told, and the secret that signs it.
type Webhook struct{ URL, Secret string }

// Delivery is what a webhook answered.
type Delivery struct {
	Status int
	Body   string
	Err    error
}

// New serves the repositories in root. delivered is called after each webhook, from
// the push's own goroutine. It fails where git has no http-backend.
func New(ctx context.Context, root string, delivered func(Delivery)) (*Forge, error) {
	execPath, err := exec.CommandContext(ctx, "git", "--exec-path").Output()
	if err != nil {
		return nil, fmt.Errorf("find git: %w", err)
	}
	backend := filepath.Join(strings.TrimSpace(string(execPath)), "git-http-backend")
	if _, err := os.Stat(backend); err != nil {
		return nil, fmt.Errorf("git has no http-backend: %w", err)
	}
	return &Forge{
		root: root, delivered: delivered,
		backend: &cgi.Handler{
			Path: backend, Env: append(Env(), "GIT_PROJECT_ROOT="+root, "GIT_HTTP_EXPORT_ALL=1"),
			Stderr: io.Discard, // its complaints are answers to the client, too
		},
		passwords: make(map[string][2]string), hooks: make(map[string]Webhook),
	}, nil
}

// Env keeps the machine's own Git configuration out and signs commits as one person.
func Env() []string {
	return []string{
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Mei Lin", "GIT_AUTHOR_EMAIL=mei@example.com",
		"GIT_COMMITTER_NAME=Mei Lin", "GIT_COMMITTER_EMAIL=mei@example.com",
	}
}

// Git runs git in dir with Env and more, and returns what it printed.
func Git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), Env()...), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Create makes an empty bare repository that takes pushes. Its address is the
// forge's, "/" and the name.
func (f *Forge) Create(ctx context.Context, name string) error {
	dir := filepath.Join(f.root, name)
	if _, err := Git(ctx, f.root, nil, "init", "--quiet", "--bare", "--initial-branch=main", dir); err != nil {
		return err
	}
	if _, err := Git(ctx, dir, nil, "config", "http.receivepack", "true"); err != nil {
		return err
	}
	hook := "#!/bin/sh\nexec cat >>\"$GIT_DIR/pushed\"\n"
	return os.WriteFile(filepath.Join(dir, "hooks", "post-receive"), []byte(hook), 0o755)
}

// Protect asks for a password from now on.
func (f *Forge) Protect(name, user, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.passwords[name] = [2]string{user, password}
}

// OnPush sets the webhook of a repository.
func (f *Forge) OnPush(name string, hook Webhook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks[name] = hook
}

// ServeHTTP serves clones and pushes.
func (f *Forge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if !f.allowed(name, r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="forge"`)
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	f.backend.ServeHTTP(w, r)
	if strings.HasSuffix(r.URL.Path, "/git-receive-pack") {
		f.deliver(context.WithoutCancel(r.Context()), name)
	}
}

func (f *Forge) allowed(name string, r *http.Request) bool {
	f.mu.Lock()
	want, protected := f.passwords[name]
	f.mu.Unlock()
	user, password, _ := r.BasicAuth()
	return !protected || want == [2]string{user, password}
}

// deliver tells the webhook what the post-receive hook has noted.
func (f *Forge) deliver(ctx context.Context, name string) {
	f.mu.Lock()
	hook := f.hooks[name]
	f.mu.Unlock()
	noted := filepath.Join(f.root, name, "pushed")
	lines, err := os.ReadFile(noted)
	// A push that nobody wanted to hear of is not told later either.
	if err != nil || os.Remove(noted) != nil || hook.URL == "" {
		return
	}
	for line := range strings.Lines(string(lines)) {
		if words := strings.Fields(line); len(words) == 3 {
			f.delivered(hook.Push(ctx, words[0], words[1], words[2]))
		}
	}
}

// Push sends one signed push event, in the words that GitHub and Gitea share.
func (h Webhook) Push(ctx context.Context, before, after, ref string) Delivery {
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
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Delivery{Err: err}
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	_, err = answer.ReadFrom(resp.Body)
	return Delivery{Status: resp.StatusCode, Body: answer.String(), Err: err}
}
