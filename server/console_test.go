package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"croft/account"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/accesslog"
	"croft/objectstore/erasure"
	"croft/objectstore/masterkey"
	"croft/pipeline"
	"croft/server"
)

// gorm's cache of prepared statements sweeps itself and cannot be closed.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}

const goodPassword = "correct horse battery"

// console is a whole server on a real database and real drives.
type console struct {
	t        *testing.T
	url      string
	server   *server.Server
	accounts *account.Service
	store    objectstore.Store
	requests *accesslog.Log
	log      *logText
	users    map[string]account.User
	idle     time.Duration // how long clients may stand still
}

// newConsole starts a console; a part adds a room that most tests do without.
func newConsole(t *testing.T, parts ...func(*console, *store.DB, *server.Deps)) *console {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	c := &console{t: t, log: &logText{}, users: map[string]account.User{}}
	ring, err := masterkey.New(masterkey.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(t.TempDir(), "drive")}, Parity: -1, Keys: ring, Tiers: anyTier{}, Quotas: projectQuotas{c}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { objects.Close() })
	c.store = objects
	config := account.Defaults()
	config.Hash = account.HashCost{MemoryKiB: 8, Passes: 1, Lanes: 1, Parallel: 8}
	config.Policies = policyReader{}
	c.accounts = account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), config)
	c.requests = accesslog.New(accesslog.Config{Folder: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	deps := server.Deps{
		Accounts: c.accounts, Requests: c.requests, Store: objects, Drives: objects, Presigner: fakePresigner{}, Projects: remover{c.accounts}, Containers: noContainers{},
		MasterKeys: fakeKeys{},
		UI: fstest.MapFS{
			"index.html":         {Data: []byte("<!doctype html><title>Croft</title>")},
			"assets/app-1a2b.js": {Data: []byte("console.log('croft')")},
		},
		Log: slog.New(slog.NewTextHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, part := range parts {
		part(c, db, &deps)
	}
	c.server = server.New(deps, server.Config{Version: "1.2.3", Name: "Test", S3Port: "9000", Idle: c.idle})
	listener := httptest.NewServer(c.server)
	t.Cleanup(listener.Close)
	t.Cleanup(c.server.CloseStreams)
	c.url = listener.URL
	return c
}

// projectQuotas are the quotas of a console's projects.
type projectQuotas struct{ *console }

func (q projectQuotas) OwnerQuota(ctx context.Context, owner string) (int64, error) {
	return q.accounts.ProjectQuota(ctx, owner)
}

// fakeKeys says where keys come from that are none.
type fakeKeys struct{}

func (fakeKeys) State(context.Context) (server.MasterKeyState, error) {
	return server.MasterKeyState{Source: "file", File: "/state/keys/objects.keys", Keys: 1, Current: "0123", OnDrive: "/mnt/disk1"}, nil
}

func (fakeKeys) Renew(context.Context) (string, error) { return "4567", nil }

// noContainers is a machine without a container engine.
type noContainers struct{}

func (noContainers) Check(context.Context) pipeline.ExecutorStatus {
	return pipeline.ExecutorStatus{Message: "install Docker"}
}

// fakePresigner writes down what it was asked to sign.
type fakePresigner struct{}

func (fakePresigner) PresignGet(baseURL, accessKey, secretKey, bucket, key string, expires time.Duration) (string, error) {
	return fmt.Sprintf("%s/%s/%s?by=%s&signed=%t&for=%s", baseURL, bucket, key, accessKey, len(secretKey) == 40, expires), nil
}

// remover deletes projects that own nothing elsewhere.
type remover struct{ accounts *account.Service }

func (r remover) RemoveProject(ctx context.Context, id string) error {
	return r.accounts.DeleteProject(ctx, id)
}

// logText collects the log.
type logText struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (l *logText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (c *console) user(name string, admin bool) account.User {
	c.t.Helper()
	u, err := c.accounts.CreateUser(c.t.Context(), account.NewUser{Name: name, Password: goodPassword, Admin: admin})
	if err != nil {
		c.t.Fatal(err)
	}
	c.users[name] = u
	return u
}

func (c *console) project(slug, owner string, members map[string]account.Role) account.Project {
	c.t.Helper()
	p, err := c.accounts.CreateProject(c.t.Context(), c.users[owner].ID, account.NewProject{Slug: slug})
	if err != nil {
		c.t.Fatal(err)
	}
	for name, role := range members {
		if _, err := c.accounts.SetMember(c.t.Context(), p.ID, c.users[name].ID, role); err != nil {
			c.t.Fatal(err)
		}
	}
	return p
}

func (c *console) bucket(name, owner string) {
	c.t.Helper()
	if _, err := c.store.CreateBucket(c.t.Context(), objectstore.Bucket{Name: name, Owner: owner}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *console) put(bucket, key, contentType, text string) {
	c.t.Helper()
	_, err := c.store.Put(c.t.Context(), objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: strings.NewReader(text), Size: int64(len(text)), Attributes: objectstore.Attributes{ContentType: contentType},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// browser is a client with cookies. The zero CSRF token sends none.
type browser struct {
	*console
	client *http.Client
	csrf   string
}

// anonymous is a browser that is not logged in.
func (c *console) anonymous() *browser {
	c.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	c.t.Cleanup(transport.CloseIdleConnections)
	return &browser{c, &http.Client{Jar: jar, Transport: transport}, ""}
}

// as is a browser in which a user is logged in.
func (c *console) as(name string) *browser {
	c.t.Helper()
	b := c.anonymous()
	a := b.do(http.MethodPost, "/api/v1/session", fmt.Sprintf(`{"name":%q,"password":%q}`, name, goodPassword))
	if a.status != http.StatusOK {
		c.t.Fatalf("login of %s: %d %s", name, a.status, a.body)
	}
	b.csrf = a.json()["csrf"].(string)
	return b
}

type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		a.t.Fatalf("answer is not JSON: %v\n%s", err, a.body)
	}
	return v
}

// do sends a request; headers come as "Name: value". A JSON body gets its type.
func (b *browser) do(method, path, body string, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	if b.csrf != "" {
		r.Header.Set("X-Croft-CSRF", b.csrf)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return b.send(r)
}

func (b *browser) send(r *http.Request) answer {
	b.t.Helper()
	response, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return answer{b.t, response.StatusCode, response.Header, string(text)}
}

// audited returns the newest row of the audit log as "actor action target outcome".
func (c *console) audited() string {
	c.t.Helper()
	entries, _, err := c.accounts.ListAudit(c.t.Context(), account.AuditFilter{Limit: 1})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(entries) == 0 {
		return ""
	}
	e := entries[0]
	return strings.Join([]string{e.ActorName, e.Action, e.Target, e.Outcome}, " ")
}

// scenario is one request and what must come of it.
type scenario struct {
	name   string
	as     *browser
	method string
	path   string
	body   string
	header []string
	status int
	want   []string // fragments of the answer's body
	never  []string // fragments that must not be there
	audit  string   // the newest row afterwards, when not empty; "-" is no new row
}

func (c *console) run(t *testing.T, scenarios []scenario) {
	t.Helper()
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			t.Helper()
			before := c.audited()
			a := sc.as.do(sc.method, sc.path, sc.body, sc.header...)
			if a.status != sc.status {
				t.Fatalf("%s %s: %d, want %d\n%s", sc.method, sc.path, a.status, sc.status, a.body)
			}
			for _, fragment := range sc.want {
				if !strings.Contains(a.body, fragment) {
					t.Errorf("the answer lacks %s\n%s", fragment, a.body)
				}
			}
			for _, fragment := range sc.never {
				if strings.Contains(a.body, fragment) {
					t.Errorf("the answer holds %s\n%s", fragment, a.body)
				}
			}
			switch after := c.audited(); {
			case sc.audit == "-" && after != before:
				t.Errorf("audited: %s", after)
			case sc.audit != "" && sc.audit != "-" && after != sc.audit:
				t.Errorf("audited: %q, want %q", after, sc.audit)
			}
		})
	}
}
