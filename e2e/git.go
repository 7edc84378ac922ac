package e2e

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"croft/internal/testforge"
)

// Forge is a team's own git host on loopback: a testforge with an address.
type Forge struct {
	*testforge.Forge
	URL string
	// Deliveries are the webhook's answers, in order.
	Deliveries chan testforge.Delivery
}

// NewForge starts a forge on loopback.
func NewForge(tb testing.TB) *Forge {
	tb.Helper()
	NeedCommand(tb, "git")
	f := &Forge{Deliveries: make(chan testforge.Delivery, 64)}
	var err error
	if f.Forge, err = testforge.New(tb.Context(), tb.TempDir(), func(d testforge.Delivery) { f.Deliveries <- d }); err != nil {
		Lack(tb, err.Error())
	}
	server := httptest.NewServer(f.Forge)
	tb.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// NewRepository makes an empty bare repository that takes pushes, and returns its clone URL.
func (f *Forge) NewRepository(tb testing.TB, name string) string {
	tb.Helper()
	if err := f.Create(tb.Context(), name); err != nil {
		tb.Fatal(err)
	}
	return f.URL + "/" + name
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
	env := append(testforge.Env(), "GIT_AUTHOR_DATE="+when, "GIT_COMMITTER_DATE="+when)
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
