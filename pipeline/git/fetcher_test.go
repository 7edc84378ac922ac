package git_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/pipeline"
	"croft/pipeline/git"
	"croft/pipeline/git/gittest"
)

func sample(t *testing.T, s *gittest.Server) (*gittest.Repository, string) {
	t.Helper()
	r := s.Init(t, "sample")
	r.Write(".croft.yml", "stages: []\n", 0o644)
	r.Write("run.sh", "#!/bin/sh\n", 0o755)
	r.Write("deep/er/file.txt", strings.Repeat("content\n", 1000), 0o644)
	if err := os.Symlink("deep/er/file.txt", filepath.Join(r.Dir, "link")); err != nil {
		t.Fatal(err)
	}
	return r, r.Push("main", "First commit\n\nWith a body")
}

func fetcher(t *testing.T, cfg git.Config) (*git.Fetcher, string) {
	cfg.TempDir = t.TempDir()
	return git.New(cfg), cfg.TempDir
}

func tree(t *testing.T, c pipeline.Checkout) string {
	t.Helper()
	var buf bytes.Buffer
	if err := c.Tar(t.Context(), &buf); err != nil {
		t.Fatal(err)
	}
	var list []string
	for r := tar.NewReader(&buf); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		if err != nil || n != h.Size {
			t.Fatalf("%s: %d bytes, header says %d, %v", h.Name, n, h.Size, err)
		}
		list = append(list, fmt.Sprintf("%s %o %d%s", h.Name, h.Mode, h.Size, h.Linkname))
	}
	sort.Strings(list)
	return strings.Join(list, "\n")
}

func empty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestFetchBranch(t *testing.T) {
	s := gittest.New(t)
	r, commit := sample(t, s)
	f, dir := fetcher(t, git.Config{})
	remote := pipeline.Remote{URL: r.URL}
	if err := f.Check(t.Context(), remote, "main"); err != nil {
		t.Fatal(err)
	}
	c, err := f.Fetch(t.Context(), remote, pipeline.Revision{Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Commit(); got.Hash != commit || got.Author != "Mei Lin" || got.Message != "First commit\n\nWith a body" {
		t.Fatalf("commit is %+v", got)
	}
	want := ".croft.yml 644 11\ndeep/ 755 0\ndeep/er/ 755 0\ndeep/er/file.txt 644 8000\nlink 777 0deep/er/file.txt\nrun.sh 755 10"
	if got := tree(t, c); got != want {
		t.Fatalf("tree is\n%s\nwant\n%s", got, want)
	}
	if data, err := c.File("deep/er/file.txt", 8000); err != nil || len(data) != 8000 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	for name, kind := range map[string]errs.Kind{"deep/er/file.txt": errs.TooLarge, "none": errs.NotFound, "no/ne": errs.NotFound, "deep": errs.NotFound, "link": errs.NotFound} {
		if _, err := c.File(name, 7999); errs.KindOf(err) != kind {
			t.Errorf("%s: %v, want %s", name, err, kind)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	empty(t, dir)
}

// TestFetchCommit asks for commits that are not a branch's newest, of servers
// that give out single commits and of those that do not.
func TestFetchCommit(t *testing.T) {
	for _, single := range []bool{false, true} {
		t.Run(fmt.Sprintf("single=%v", single), func(t *testing.T) {
			s := gittest.New(t)
			r, first := sample(t, s)
			r.Write("new.txt", "new", 0o644)
			second := r.Push("main", "Second")
			r.Server("config", "uploadpack.allowReachableSHA1InWant", fmt.Sprint(single))
			r.Server("config", "uploadpack.allowTipSHA1InWant", fmt.Sprint(single))
			f, dir := fetcher(t, git.Config{})
			for commit, hasNew := range map[string]bool{first: false, second: true} {
				c, err := f.Fetch(t.Context(), pipeline.Remote{URL: r.URL}, pipeline.Revision{Branch: "main", Commit: commit})
				if err != nil {
					t.Fatal(err)
				}
				if c.Commit().Hash != commit || strings.Contains(tree(t, c), "new.txt") != hasNew {
					t.Errorf("%s: got %s\n%s", commit, c.Commit().Hash, tree(t, c))
				}
				c.Close()
			}
			_, err := f.Fetch(t.Context(), pipeline.Remote{URL: r.URL}, pipeline.Revision{Branch: "main", Commit: strings.Repeat("a", 40)})
			if code, _ := errs.Public(err); !single && code != "repository_commit_missing" || err == nil {
				t.Errorf("unknown commit: %v", err)
			}
			empty(t, dir)
		})
	}
}

func TestCredentials(t *testing.T) {
	s := gittest.New(t)
	r, _ := sample(t, s)
	s.Protect("git", "s3cret-token")
	f, _ := fetcher(t, git.Config{})
	check := func(c pipeline.Credential, code string) {
		t.Helper()
		err := f.Check(t.Context(), pipeline.Remote{URL: r.URL, Credential: c}, "main")
		if got, words := errs.Public(err); err != nil && got != code || err == nil && code != "" || strings.Contains(words, "s3cret") {
			t.Errorf("%+v: %v, want %q", c, err, code)
		}
	}
	check(pipeline.Credential{}, "repository_auth")
	check(pipeline.Credential{Username: "git", Password: "wrong"}, "repository_auth")
	check(pipeline.Credential{Username: "git", Password: "s3cret-token"}, "")
	check(pipeline.Credential{Password: "s3cret-token"}, "")
	c, err := f.Fetch(t.Context(), pipeline.Remote{URL: r.URL, Credential: pipeline.Credential{Password: "s3cret-token"}}, pipeline.Revision{Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// TestCredentialStaysWithItsServer redirects to another server, which must not
// see the password.
func TestCredentialStaysWithItsServer(t *testing.T) {
	var seen string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen += r.Header.Get("Authorization") }))
	t.Cleanup(thief.Close)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
	}))
	t.Cleanup(front.Close)
	f, _ := fetcher(t, git.Config{})
	err := f.Check(t.Context(), pipeline.Remote{URL: front.URL + "/a.git", Credential: pipeline.Credential{Username: "u", Password: "p"}}, "main")
	if err == nil || seen != "" {
		t.Fatalf("the other server saw %q (%v)", seen, err)
	}
}

func TestUnreachable(t *testing.T) {
	s := gittest.New(t)
	r, _ := sample(t, s)
	bare := s.Init(t, "bare")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>hello") }))
	t.Cleanup(web.Close)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	f, _ := fetcher(t, git.Config{})
	for _, c := range []struct{ url, branch, code, words string }{
		{r.URL, "nope", "repository_branch_missing", `no branch "nope"`},
		{bare.URL, "main", "repository_branch_missing", "no commits yet"},
		{s.URL + "/none.git", "main", "repository_unreachable", "no repository at this address"},
		{web.URL + "/x.git", "main", "repository_unreachable", "smart HTTP"},
		{"http://" + closed.Addr().String() + "/x.git", "main", "repository_unreachable", "refused"},
		{"file://" + r.Dir, "main", "repository_unreachable", ""},
	} {
		err := f.Check(t.Context(), pipeline.Remote{URL: c.url}, c.branch)
		code, words := errs.Public(err)
		if err == nil || code != c.code || !strings.Contains(words, c.words) {
			t.Errorf("%s: %q %q, want %q %q", c.url, code, words, c.code, c.words)
		}
	}
}

func TestBounds(t *testing.T) {
	s := gittest.New(t)
	r, _ := sample(t, s)
	f, dir := fetcher(t, git.Config{MaxPackBytes: 600})
	_, err := f.Fetch(t.Context(), pipeline.Remote{URL: r.URL}, pipeline.Revision{Branch: "main"})
	if errs.KindOf(err) != errs.TooLarge {
		t.Errorf("pack: %v", err)
	}
	empty(t, dir)
	f, dir = fetcher(t, git.Config{MaxTreeBytes: 5000})
	c, err := f.Fetch(t.Context(), pipeline.Remote{URL: r.URL}, pipeline.Revision{Branch: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Tar(t.Context(), io.Discard); errs.KindOf(err) != errs.TooLarge {
		t.Errorf("tree: %v", err)
	}
	c.Close()
	empty(t, dir)
}

// TestCancel cuts off a server that sends nothing.
func TestCancel(t *testing.T) {
	reached := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(reached)
		<-r.Context().Done()
	}))
	t.Cleanup(hang.Close)
	f, dir := fetcher(t, git.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-reached; cancel() }()
	_, err := f.Fetch(ctx, pipeline.Remote{URL: hang.URL + "/a.git"}, pipeline.Revision{Branch: "main"})
	if code, _ := errs.Public(err); !errors.Is(err, context.Canceled) || code != "canceled" {
		t.Fatalf("got %v", err)
	}
	empty(t, dir)
}
