package s3api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/forwarded"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/notification"
)

const (
	testKey    = "AKIATEST"
	testSecret = "secret-of-the-tests"
)

// testKeys are a master key that seals nothing.
type testKeys struct{}

func (testKeys) Seal(_ context.Context, _ string, plain []byte) (string, []byte, error) {
	return "one", slices.Clone(plain), nil
}

func (testKeys) Open(_ context.Context, _, _ string, sealed []byte) ([]byte, error) {
	return sealed, nil
}

// openEngine opens the real engine on four empty drives, with a master key.
func openEngine(t testing.TB) objectstore.Store { return openEngineWith(t, testKeys{}) }

func openEngineWith(t testing.TB, keys erasure.Keys) objectstore.Store {
	return openAnnouncing(t, keys, nil)
}

func openAnnouncing(t testing.TB, keys erasure.Keys, announcer objectstore.Announcer) objectstore.Store {
	t.Helper()
	dir := t.TempDir()
	var drives []string
	for _, name := range []string{"a", "b", "c", "d"} {
		drives = append(drives, filepath.Join(dir, name))
	}
	store, err := erasure.Open(t.Context(), erasure.Config{Drives: drives, Parity: -1, Keys: keys, Tiers: oneTier{new(memoryTier)}, Announcer: announcer, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// guard is an Access with fixed credentials that can be told to refuse.
type guard struct {
	mu      sync.Mutex // guards the following 3 fields
	refuse  func(c Credential, ask Ask) error
	events  []Event
	records []Record
}

func (g *guard) Credential(_ context.Context, accessKey string) (Credential, error) {
	switch accessKey {
	case testKey, "reader":
		return Credential{AccessKey: accessKey, Secret: testSecret, Identity: accessKey, User: "ada"}, nil
	case "rich":
		return Credential{AccessKey: accessKey, Secret: "another-secret", Identity: accessKey}, nil
	case "disabled":
		return Credential{}, errs.New(errs.Forbidden, "key_disabled", "This key is disabled.")
	case "hollow":
		return Credential{AccessKey: accessKey}, nil
	}
	return Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
}

func (g *guard) Authorize(_ context.Context, c Credential, ask Ask) error {
	a := ask.Action
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refuse != nil {
		return g.refuse(c, ask)
	}
	if c == (Credential{}) {
		return errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")
	}
	if c.AccessKey == "reader" && a != ReadBucket && a != ListBuckets {
		return errs.New(errs.Forbidden, "forbidden", "You may only read.")
	}
	return nil
}

func (g *guard) Owner(context.Context, Credential) (string, error) { return "project-1", nil }

func (g *guard) Audit(_ context.Context, _ Credential, e Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, e)
}

func (g *guard) Record(_ Credential, r Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records = append(g.records, r)
}

// fixture is a running handler on a loopback address over a real engine.
type fixture struct {
	t       testing.TB
	store   objectstore.Store
	guard   *guard
	handler *Handler
	server  *httptest.Server
	client  *http.Client
	now     func() time.Time
}

// of is the same fixture within a subtest.
func (f *fixture) of(t *testing.T) *fixture {
	g := *f
	g.t = t
	return &g
}

func start(t testing.TB, configure ...func(*Config)) *fixture {
	t.Helper()
	announcer := notification.NewAnnouncer()
	f := &fixture{t: t, store: openAnnouncing(t, testKeys{}, announcer), guard: &guard{}, now: time.Now}
	c := Config{
		Store: f.store, Access: f.guard, Recorder: f.guard, Log: slog.New(slog.DiscardHandler),
		Notification: notification.New(notification.Deps{Store: f.store.(notification.Keeper), Announcer: announcer, Own: anyTarget{}}, notification.Config{}),
	}
	for _, set := range configure {
		set(&c)
	}
	f.serve(New(c))
	return f
}

// serve puts a handler on a loopback address.
func (f *fixture) serve(h *Handler) {
	// Loopback is a proxy: what it says of whom it forwards for is believed.
	f.handler = h
	f.server = httptest.NewServer(forwarded.Handler(h, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}))
	f.t.Cleanup(f.server.Close)
	f.client = f.server.Client()
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.client.Transport.(*http.Transport).DisableCompression = true
}

// bucket makes a bucket directly in the store.
func (f *fixture) bucket(name string) *fixture {
	f.t.Helper()
	if _, err := f.store.CreateBucket(f.t.Context(), objectstore.Bucket{Name: name, Owner: "project-1"}); err != nil {
		f.t.Fatal(err)
	}
	return f
}

// put stores an object directly in the store.
func (f *fixture) put(bucket, key, body string) objectstore.Object {
	f.t.Helper()
	o, err := f.store.Put(f.t.Context(), objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: strings.NewReader(body), Size: int64(len(body)),
		Attributes: objectstore.Attributes{ContentType: "text/plain"},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// keys lists what a bucket holds, straight from the store.
func (f *fixture) keys(bucket string) []string {
	f.t.Helper()
	page, err := f.store.List(f.t.Context(), objectstore.ListRequest{Bucket: bucket})
	if err != nil {
		f.t.Fatal(err)
	}
	keys := []string{}
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// empty fails the test when anything at all is stored in the bucket.
func (f *fixture) empty(bucket, after string) {
	f.t.Helper()
	if keys := f.keys(bucket); len(keys) > 0 {
		f.t.Fatalf("%s: stored %q", after, keys)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// code is the S3 error code in the body.
func (a answer) code() string {
	var wrapped controlErrorXML
	if xml.Unmarshal([]byte(a.body), &wrapped) == nil {
		return wrapped.Error.Code
	}
	var e errorXML
	if xml.Unmarshal([]byte(a.body), &e) != nil {
		return ""
	}
	return e.Code
}

// do sends a request as it is.
func (f *fixture) do(r *http.Request) answer {
	f.t.Helper()
	response, err := f.client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// request makes an unsigned request; target is a raw path with query.
func (f *fixture) request(method, target, body string, header ...string) *http.Request {
	f.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.server.URL+target, content)
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// call signs and sends; header are pairs.
func (f *fixture) call(method, target, body string, header ...string) answer {
	f.t.Helper()
	return f.do(f.sign(f.request(method, target, body, header...), body))
}

// sign signs for testKey, with the body's digest unless one is set already.
func (f *fixture) sign(r *http.Request, body string) *http.Request {
	return signAs(r, body, testKey, testSecret, f.now())
}

func sha256hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func signAs(r *http.Request, body, accessKey, secret string, at time.Time) *http.Request {
	if r.Header.Get("X-Amz-Content-Sha256") == "" {
		r.Header.Set("X-Amz-Content-Sha256", sha256hex(body))
	}
	at = at.UTC()
	r.Header.Set("X-Amz-Date", at.Format(timeFormat))
	sig := signature{accessKey: accessKey, day: at.Format(dayFormat), region: DefaultRegion, at: at}
	names := []string{"host"}
	for name := range r.Header {
		if name != "Authorization" {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	sig.headers = names
	sig.value = computed(r, sig, secret)
	r.Header.Set("Authorization", authorization(sig))
	return r
}

func authorization(sig signature) string {
	return algorithmV4 + " Credential=" + sig.accessKey + "/" + sig.scope() + ", SignedHeaders=" + strings.Join(sig.headers, ";") + ", Signature=" + sig.value
}

// computed is the signature of a request as the server will see it.
func computed(r *http.Request, sig signature, secret string) string {
	seen := r.Clone(r.Context())
	if seen.Host == "" {
		seen.Host = r.URL.Host
	}
	value := newSigner(secret, sig.day, sig.region).sign(seen, r.URL.Query(), &sig, r.Header.Get("X-Amz-Content-Sha256"))
	return value.String()
}

// presign makes a presigned URL for the fixture.
func (f *fixture) presign(method, bucket, key string, expires time.Duration, query url.Values) string {
	f.t.Helper()
	u, err := Presign(method, f.server.URL, bucket, key, testKey, testSecret, "", expires, query, f.now())
	if err != nil {
		f.t.Fatal(err)
	}
	return u
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
