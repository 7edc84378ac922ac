package adminapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7/pkg/signer"
	"go.uber.org/goleak"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/s3api"
)

// TestMain fails the package when a trace leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	operator = "operator"
	member   = "member" // who may use buckets and nothing of the server
	narrow   = "narrow" // whose policy is about something else
	secret   = "secret-of-the-tests"
)

// fence is who may do what, and the power, for tests.
type fence struct {
	mu        sync.Mutex // guards the following 2 fields
	asked     []string
	events    []Event
	noRestart error
	turned    chan string
}

func (f *fence) Credential(_ context.Context, accessKey string) (s3api.Credential, error) {
	if accessKey != operator && accessKey != member && accessKey != narrow {
		return s3api.Credential{}, errs.New(errs.NotFound, "access_key_unknown", "No such key.")
	}
	return s3api.Credential{AccessKey: accessKey, Secret: secret + accessKey, Identity: accessKey}, nil
}

func (f *fence) Authorize(context.Context, s3api.Credential, s3api.Ask) error { return nil }
func (f *fence) Owner(context.Context, s3api.Credential) (string, error)      { return "", nil }
func (f *fence) allow() accessOf                                              { return accessOf{f} }
func (f *fence) CanRestart() error                                            { return f.noRestart }
func (f *fence) Restart()                                                     { f.turned <- "restart" }
func (f *fence) Stop()                                                        { f.turned <- "stop" }
func (f *fence) AllowBucket(_ context.Context, _ s3api.Credential, change bool, bucket string) error {
	if bucket == "croft-own" && change {
		return errs.New(errs.Forbidden, "system_bucket", "It is Croft's.")
	}
	return nil
}

func (f *fence) Allow(_ context.Context, c s3api.Credential, permission string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, permission)
	if c.AccessKey != operator {
		return errs.New(errs.Forbidden, "admin_required", "Only an administrator may do this.")
	}
	return nil
}

func (f *fence) AllowOwn(_ context.Context, c s3api.Credential, _ string) error {
	if c.AccessKey == narrow {
		return errs.New(errs.Forbidden, "iam_denied", "This key is good for nothing here.")
	}
	return nil
}
func (f *fence) Audit(_ context.Context, _ s3api.Credential, e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, e)
}

func (f *fence) last() Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.events) == 0 {
		return Event{}
	}
	return f.events[len(f.events)-1]
}

// accessOf is the fence as S3 sees it.
type accessOf struct{ *fence }

func (accessOf) Audit(context.Context, s3api.Credential, s3api.Event) {}

// fixture is a running S3 with its guest over a real engine.
type fixture struct {
	t       *testing.T
	store   *erasure.Store
	fence   *fence
	book    *book
	handler *Handler
	url     string
	stop    func() // ends the server, and waits for those who answer
	client  *http.Client
}

func start(t *testing.T, configure ...func(*Config)) *fixture {
	t.Helper()
	dir := t.TempDir()
	var drives []string
	for _, name := range []string{"a", "b", "c", "d"} {
		drives = append(drives, filepath.Join(dir, name))
	}
	log := slog.New(slog.DiscardHandler)
	store, err := erasure.Open(t.Context(), erasure.Config{Drives: drives, Parity: -1, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := &fixture{t: t, store: store, fence: &fence{turned: make(chan string, 1)}}
	f.book = &book{fence: f.fence}
	c := Config{
		Store: store, Gate: f.fence, Accounts: f.book, Power: f.fence, Version: "1.2.3", Region: "us-east-1", Deployment: store.Deployment(), ReducedParity: 1, Log: log,
	}
	for _, set := range configure {
		set(&c)
	}
	f.handler = New(c)
	server := httptest.NewServer(s3api.New(s3api.Config{
		Store: store, Access: f.fence.allow(), Log: log, Guests: []s3api.Guest{f.handler}, Watcher: f.handler,
	}))
	t.Cleanup(server.Close)
	t.Cleanup(f.handler.CloseStreams)
	f.url, f.client, f.stop = server.URL, server.Client(), server.Close
	return f
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (f *fixture) request(method, target string, body []byte) *http.Request {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.url+target, bytes.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fixture) send(r *http.Request) answer {
	f.t.Helper()
	w, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, string(text)}
}

// signed signs as mc does: calls of the admin protocol for S3, without a region.
func (f *fixture) signed(who string, r *http.Request, body []byte) *http.Request {
	region := "us-east-1"
	if strings.HasPrefix(r.URL.Path, "/minio/") {
		region = ""
	}
	r.Header.Set("X-Amz-Content-Sha256", sum(body))
	return signer.SignV4(*r, who, secret+who, "", region)
}

// call makes a call of the admin protocol as the operator.
func (f *fixture) call(method, path string, body []byte) answer {
	f.t.Helper()
	return f.send(f.signed(operator, f.request(method, "/minio/admin/v3/"+path, body), body))
}

// ok makes a call that has to succeed.
func (f *fixture) ok(method, path string, body []byte) string {
	f.t.Helper()
	a := f.call(method, path, body)
	if a.status != http.StatusOK {
		f.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a.body
}

// refused makes a call that has to be refused with a code.
func (f *fixture) refused(code, method, path string, body []byte) answer {
	f.t.Helper()
	a := f.call(method, path, body)
	if a.status < 400 || !strings.Contains(a.body, `"Code":"`+code+`"`) {
		f.t.Errorf("%s %s: %d %s, want %s", method, path, a.status, a.body, code)
	}
	return a
}

func (f *fixture) decode(text string, v any) {
	f.t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		f.t.Fatalf("%v in %s", err, text)
	}
}

// put makes a bucket and an object.
func (f *fixture) put(bucket, key, body string) {
	f.t.Helper()
	if _, err := f.store.CreateBucket(f.t.Context(), objectstore.Bucket{Name: bucket}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.store.Put(f.t.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Body: strings.NewReader(body), Size: int64(len(body))}); err != nil {
		f.t.Fatal(err)
	}
}
