// Package gittest serves real Git repositories over smart HTTP for tests, with
// the machine's own git and its http-backend.
package gittest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"croft/internal/testforge"
)

// Server serves every repository in its folder.
type Server struct {
	URL                string // of the folder
	dir                string
	username, password string // empty: everybody may read
}

// New starts a server that ends with the test.
func New(t *testing.T) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir()}
	forge, err := testforge.New(t.Context(), s.dir, func(testforge.Delivery) {})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, ok := r.BasicAuth(); s.password != "" && (!ok || user != s.username || password != s.password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			http.Error(w, "who are you", http.StatusUnauthorized)
			return
		}
		forge.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Protect asks for this user and password from now on.
func (s *Server) Protect(username, password string) { s.username, s.password = username, password }

// Repository is a bare repository on the server with a working copy beside it.
type Repository struct {
	URL  string // to clone from
	Dir  string // the working copy
	bare string
	t    *testing.T
}

// Init makes an empty repository whose branch is main.
func (s *Server) Init(t *testing.T, name string) *Repository {
	t.Helper()
	r := &Repository{URL: s.URL + "/" + name + ".git", Dir: t.TempDir(), bare: filepath.Join(s.dir, name+".git"), t: t}
	r.run(s.dir, "init", "-q", "--bare", "-b", "main", r.bare)
	r.run(r.Dir, "init", "-q", "-b", "main")
	r.run(r.Dir, "remote", "add", "origin", r.bare)
	return r
}

// Write puts a file into the working copy.
func (r *Repository) Write(name, content string, mode os.FileMode) {
	r.t.Helper()
	path := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		r.t.Fatal(err)
	}
}

// Push commits everything in the working copy, pushes the branch and returns the
// commit's ID.
func (r *Repository) Push(branch, message string) string {
	r.t.Helper()
	r.Git("checkout", "-q", "-B", branch)
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", message)
	r.Git("push", "-q", "-f", "origin", branch)
	return r.Git("rev-parse", "HEAD")
}

// Git runs git in the working copy and returns its output.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	return r.run(r.Dir, args...)
}

// Server runs git in the bare repository, to configure it.
func (r *Repository) Server(args ...string) {
	r.t.Helper()
	r.run(r.bare, args...)
}

func (r *Repository) run(dir string, args ...string) string {
	r.t.Helper()
	out, err := testforge.Git(r.t.Context(), dir, nil, args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}
