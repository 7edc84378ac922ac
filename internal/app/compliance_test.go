package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"

	"croft/internal/app"
	"croft/objectstore/adminapi"
	"croft/objectstore/webdav"
)

// household is a whole Croft with an object under compliance, and its administrator at
// all of its doors.
type household struct {
	t           *testing.T
	console, s3 string // addresses with their scheme
	browser     *http.Client
	csrf        string
	objects     *minio.Client
	version     string
	until       time.Time
}

func newHousehold(t *testing.T, r running) *household {
	t.Helper()
	console, s3 := r.addresses()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &household{t: t, console: "http://" + console, s3: "http://" + s3, browser: &http.Client{Jar: jar}, objects: rootClient(t, r)}
	var session struct{ CSRF string }
	if err := json.Unmarshal([]byte(h.asked(200, "POST", "/api/v1/session", fmt.Sprintf(`{"name":%q,"password":%q}`, rootUser, rootPassword))), &session); err != nil {
		t.Fatal(err)
	}
	h.csrf = session.CSRF
	return h
}

// ask sends a request to the console.
func (h *household) ask(method, path, body string) (status int, text string) {
	h.t.Helper()
	r := h.request(method, h.console+path, body)
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("X-Croft-CSRF", h.csrf)
	return h.send(r)
}

// asked demands a status besides.
func (h *household) asked(want int, method, path, body string) string {
	h.t.Helper()
	status, text := h.ask(method, path, body)
	if status != want {
		h.t.Fatalf("%s %s: %d %s, want %d", method, path, status, text, want)
	}
	return text
}

func (h *household) request(method, address, body string) *http.Request {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *household) send(r *http.Request) (status int, text string) {
	h.t.Helper()
	a, err := h.browser.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer a.Body.Close()
	all, err := io.ReadAll(a.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return a.StatusCode, string(all)
}

// kept demands that the version is there, as it was and locked for as long.
func (h *household) kept(after string) {
	h.t.Helper()
	o, err := h.objects.GetObject(h.t.Context(), "team-kept", "dir/kept.txt", minio.GetObjectOptions{VersionID: h.version})
	if err != nil {
		h.t.Fatal(err)
	}
	defer o.Close()
	body, err := io.ReadAll(o)
	if err != nil || string(body) != "kept" {
		h.t.Fatalf("after %s: %q, %v", after, body, err)
	}
	mode, until, err := h.objects.GetObjectRetention(h.t.Context(), "team-kept", "dir/kept.txt", h.version)
	if err != nil || *mode != minio.Compliance || until.Before(h.until) {
		h.t.Fatalf("after %s: %v until %v, %v", after, mode, until, err)
	}
}

// TestNobodyLoosensComplianceAnywhere has the administrator use every other way that there
// is besides the calls of S3, as they are wired, to be rid of what is under compliance:
// projects and users, quotas, drives and keys, the admin protocol, WebDAV, a mirror that
// deletes, and a restart.
func TestNobodyLoosensComplianceAnywhere(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = rootUser, rootPassword
	r := start(t, c)
	h := newHousehold(t, r)
	h.asked(201, "POST", "/api/v1/projects", `{"slug":"team"}`)
	h.asked(201, "POST", "/api/v1/buckets", `{"name":"team-kept","project":"team","objectLock":true}`)
	h.asked(200, "PATCH", "/api/v1/buckets/team-kept/web", `{"webdav":true}`)
	h.until = time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	put, err := h.objects.PutObject(t.Context(), "team-kept", "dir/kept.txt", strings.NewReader("kept"), 4, minio.PutObjectOptions{Mode: minio.Compliance, RetainUntilDate: h.until})
	if err != nil {
		t.Fatal(err)
	}
	h.version = put.VersionID
	h.kept("nothing")

	var owner struct{ ID string }
	if err := json.Unmarshal([]byte(h.asked(201, "POST", "/api/v1/users", `{"name":"owner","password":"a long enough secret 2"}`)), &owner); err != nil {
		t.Fatal(err)
	}
	var health struct{ Drives []struct{ ID string } }
	if err := json.Unmarshal([]byte(h.asked(200, "GET", "/api/v1/health/drives", "")), &health); err != nil || len(health.Drives) == 0 {
		t.Fatalf("%+v, %v", health, err)
	}
	for _, a := range []struct {
		method, path, body string
		refused            bool
	}{
		{"PUT", "/api/v1/projects/team/members/" + owner.ID, `{"role":"owner"}`, false},
		{"DELETE", "/api/v1/buckets/team-kept", "", true},
		{"DELETE", "/api/v1/projects/team", "", true},
		{"DELETE", "/api/v1/projects/team/members/" + owner.ID, "", false},
		{"DELETE", "/api/v1/users/" + owner.ID, "", false},
		{"PUT", "/api/v1/projects/team/quota", `{"quota":1}`, false},
		{"PATCH", "/api/v1/buckets/team-kept", `{"quota":1}`, false},
		{"PATCH", "/api/v1/buckets/team-kept", `{"quota":0}`, false},
		{"PUT", "/api/v1/projects/team/quota", `{"quota":0}`, false},
		{"POST", "/api/v1/encryption/key", "", false},
		{"POST", "/api/v1/encryption/reseal", "", false},
		{"POST", "/api/v1/health/scrub", "", false},
		{"POST", "/api/v1/health/drives/" + health.Drives[0].ID + "/reset", "", false},
		{"POST", "/api/v1/health/pools/1/drain", "", true},
	} {
		status, text := h.ask(a.method, a.path, a.body)
		if status == 401 || status == 422 || status >= 500 || (status >= 400) != a.refused {
			t.Errorf("%s %s: %d %s", a.method, a.path, status, text)
		}
		h.kept(a.method + " " + a.path)
	}

	for _, call := range adminapi.Calls() {
		if strings.HasSuffix(call.Path, "/service") || strings.HasSuffix(call.Path, "/trace") {
			continue // a restart is below, and a trace shows only
		}
		body := `{"quota":1,"quotatype":"hard"}`
		sum := sha256.Sum256([]byte(body))
		r := h.request(call.Method, h.s3+call.Path+"?bucket=team-kept&force=true&remove=true", body)
		r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
		if status, text := h.send(signer.SignV4(*r, rootUser, rootPassword, "", "")); status == 401 || status == 403 || status == 500 {
			t.Errorf("%s %s: %d %s", call.Method, call.Path, status, text)
		}
		h.kept(call.Method + " " + call.Path)
	}
	h.asked(200, "PATCH", "/api/v1/buckets/team-kept", `{"quota":0}`)

	if _, err := h.objects.PutObject(t.Context(), "team-kept", "other.txt", strings.NewReader("other"), 5, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	file, other := webdav.Prefix+"/team-kept/dir/kept.txt", webdav.Prefix+"/team-kept/other.txt"
	dav := func(method, path, to, body string) int {
		r := h.request(method, h.s3+path, body)
		r.SetBasicAuth(rootUser, rootPassword)
		r.Header.Set("Overwrite", "T")
		r.Header.Set("Depth", "infinity")
		if to != "" {
			r.Header.Set("Destination", h.s3+to)
		}
		status, text := h.send(r)
		if status == 401 || status >= 500 && status != 502 { // which says that there is no such destination
			t.Errorf("%s %s: %d %s", method, path, status, text)
		}
		h.kept("WebDAV's " + method + " of " + path)
		return status
	}
	did := 0
	for _, method := range webdav.Methods {
		for _, x := range [][2]string{{file, other}, {other, file}, {webdav.Prefix + "/team-kept/dir", webdav.Prefix + "/team-kept/elsewhere"}, {webdav.Prefix + "/team-kept/", ""}} {
			if status := dav(method, x[0], x[1], "another text"); status < 300 {
				did++
			}
		}
		for _, key := range []string{"dir/kept.txt", "other.txt"} { // which some methods took away
			if _, err := h.objects.PutObject(t.Context(), "team-kept", key, strings.NewReader("other"), 5, minio.PutObjectOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if did < 10 {
		t.Errorf("only %d requests of WebDAV did something", did)
	}

	if err := h.objects.MakeBucket(t.Context(), "empty", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	at := func(bucket string) app.StoreConfig {
		return app.StoreConfig{URL: strings.Replace(h.s3, "http", "s3+http", 1) + "/" + bucket, AccessKey: rootUser, SecretKey: rootPassword}
	}
	if err := app.Mirror(t.Context(), app.MirrorConfig{Source: at("empty"), Target: at("team-kept"), Delete: true, Out: io.Discard}); err != nil {
		t.Errorf("a mirror: %v", err)
	}
	if _, err := h.objects.StatObject(t.Context(), "team-kept", "dir/kept.txt", minio.StatObjectOptions{}); minio.ToErrorResponse(err).Code != "NoSuchKey" {
		t.Errorf("the mirror did not delete: %v", err)
	}
	h.kept("a mirror of an empty bucket")

	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	again := newHousehold(t, start(t, c))
	again.version, again.until = h.version, h.until
	again.kept("a restart")
}
