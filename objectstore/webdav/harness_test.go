package webdav

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/s3api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secretKey = "the secret key of the tests"

// people are who may do what: AKIAWRITE all, AKIAREAD only read.
type people struct{}

func (people) Credential(_ context.Context, key string) (s3api.Credential, error) {
	if key != "AKIAWRITE" && key != "AKIAREAD" {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: key, Secret: secretKey, Identity: key}, nil
}

func (people) Authorize(_ context.Context, c s3api.Credential, ask s3api.Ask) error {
	if c.AccessKey == "AKIAREAD" && ask.Action != s3api.ReadBucket {
		return errs.New(errs.Forbidden, "forbidden", "No.")
	}
	return nil
}
func (people) Owner(context.Context, s3api.Credential) (string, error) { return "", nil }
func (people) Audit(context.Context, s3api.Credential, s3api.Event)    {}

// place is a store that is served, with the bucket files for WebDAV and others for S3 only.
type place struct {
	testing.TB
	store   *erasure.Store
	url     string
	config  *Config
	handler *Handler
	client  *http.Client

	mu   sync.Mutex // guards seen
	seen []string   // S3 requests
}

func start(t *testing.T, change ...func(*Config)) *place {
	t.Helper()
	p := &place{TB: t}
	dir, err := os.MkdirTemp("/dev/shm", "croft")
	if err != nil {
		dir = t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if p.store, err = erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(dir, "drive")}, Parity: -1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.store.Close() })
	for _, name := range []string{"files", "others"} {
		b := objectstore.Bucket{Name: name}
		if Enable(&b, name == "files"); Enabled(&b) != (name == "files") {
			t.Fatal("the bucket is not set so")
		}
		if _, err := p.store.CreateBucket(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	s3 := s3api.New(s3api.Config{Store: p.store, Access: people{}, Log: slog.New(slog.DiscardHandler)})
	p.config = &Config{
		S3: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			p.seen = append(p.seen, r.Method+" "+r.URL.RequestURI())
			p.mu.Unlock()
			s3.ServeHTTP(w, r)
		}),
		Secret: func(ctx context.Context, key string) (string, error) {
			c, err := people{}.Credential(ctx, key)
			return c.Secret, err
		},
		Buckets: p.store, Log: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(p.config)
	}
	p.handler = New(*p.config)
	server := httptest.NewServer(p.handler)
	t.Cleanup(server.Close)
	p.url, p.client = server.URL, server.Client()
	return p
}

// requests returns the S3 requests since it was last asked.
func (p *place) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := p.seen
	p.seen = nil
	return seen
}

type result struct {
	*http.Response
	body string
}

// do sends a request as who may do all; pairs are headers.
func (p *place) do(method, path, body string, pairs ...string) result {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	r.SetBasicAuth("AKIAWRITE", secretKey)
	for i := 0; i < len(pairs); i += 2 {
		r.Header.Set(pairs[i], pairs[i+1])
	}
	return p.send(r)
}

func (p *place) send(r *http.Request) result {
	p.Helper()
	a, err := p.client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		p.Fatal(err)
	}
	return result{a, string(text)}
}

// is expects a status.
func (p *place) is(status int, a result) result {
	p.Helper()
	if a.StatusCode != status {
		p.Errorf("%s %s: %d, want %d: %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body)
	}
	return a
}

func (p *place) put(key, body string) {
	p.Helper()
	if _, err := p.store.Put(p.Context(), objectstore.PutRequest{Bucket: "files", Key: key, Body: bytes.NewReader([]byte(body)), Size: int64(len(body))}); err != nil {
		p.Fatal(err)
	}
}

// holds is what the bucket has: keys and bodies.
func (p *place) holds() map[string]string {
	p.Helper()
	all := make(map[string]string)
	page, err := p.store.List(p.Context(), objectstore.ListRequest{Bucket: "files", Limit: 10_000})
	if err != nil {
		p.Fatal(err)
	}
	for _, o := range page.Objects {
		_, r, err := p.store.Get(p.Context(), "files", o.Key, nil)
		if err != nil {
			p.Fatal(err)
		}
		body, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil {
			p.Fatal(err)
		}
		all[o.Key] = string(body)
	}
	return all
}
