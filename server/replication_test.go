package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/replication"
	"croft/objectstore/s3api"
	"croft/server"
)

// oneKey is a cluster of S3 that knows one key.
type oneKey struct{}

func (oneKey) Credential(_ context.Context, key string) (s3api.Credential, error) {
	if key != "AKIATARGET" {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: key, Secret: "a secret of the target", Identity: key}, nil
}
func (oneKey) Authorize(context.Context, s3api.Credential, s3api.Ask) error { return nil }
func (oneKey) Owner(context.Context, s3api.Credential) (string, error)      { return "", nil }
func (oneKey) Audit(context.Context, s3api.Credential, s3api.Event)         {}
func (oneKey) Record(s3api.Credential, s3api.Record)                        {}

// target is a cluster with a bucket.
func target(t *testing.T) (objectstore.Store, string) {
	t.Helper()
	objects, err := erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(t.TempDir(), "drive")}, Parity: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { objects.Close() })
	if _, err := objects.CreateBucket(t.Context(), objectstore.Bucket{Name: "backup"}); err != nil {
		t.Fatal(err)
	}
	s3 := httptest.NewServer(s3api.New(s3api.Config{Store: objects, Access: oneKey{}, Recorder: oneKey{}, Log: slog.New(slog.DiscardHandler)}))
	t.Cleanup(s3.Close)
	return objects, s3.URL
}

// withReplication adds the room, and runs it.
func withReplication(c *console, db *store.DB, deps *server.Deps) {
	svc := replication.New(replication.Deps{DB: db, Sealer: seal.New([seal.KeySize]byte{1}), Store: c.store, Log: deps.Log}, replication.Config{Deployment: "d"})
	ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = svc.Run(ctx)
	}()
	c.t.Cleanup(func() {
		stop()
		<-ended
	})
	deps.Replication = svc
}

func TestReplicationOverTheAPI(t *testing.T) {
	there, endpoint := target(t)
	c := newConsole(t, withReplication)
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	c.put("web-files", "old", "text/plain", "x")
	max, dev, eve, boss := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss")
	rules := "/api/v1/buckets/web-files/replication"
	rule := fmt.Sprintf(`{"endpoint":%q,"targetBucket":"backup","accessKey":"AKIATARGET","secretKey":"a secret of the target","deletes":true,"existing":true}`, endpoint)
	wrong := strings.Replace(rule, "a secret of", "another secret of", 1)
	c.run(t, []scenario{
		{name: "none yet", as: max, method: "GET", path: rules, status: 200, want: []string{`"items":[]`}},
		{name: "developers do not see", as: dev, method: "GET", path: rules, status: 403, want: []string{`"role_too_low"`}},
		{name: "nor add", as: dev, method: "POST", path: rules, body: rule, status: 403, want: []string{`"role_too_low"`}},
		{name: "nor test", as: dev, method: "POST", path: rules + "/test", body: rule, status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders", as: eve, method: "POST", path: rules, body: rule, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "Croft's own", as: boss, method: "POST", path: "/api/v1/buckets/croft-runs/replication", body: rule, status: 403, want: []string{`"system_bucket"`}},
		{name: "test", as: max, method: "POST", path: rules + "/test", body: rule, status: 204},
		{name: "test with another key", as: max, method: "POST", path: rules + "/test", body: wrong, status: 403, want: []string{`"target_refused"`, "secret key"}, never: []string{"another secret"}},
		{name: "add with another key", as: max, method: "POST", path: rules, body: wrong, status: 403, want: []string{`"target_refused"`}},
		{name: "still none", as: max, method: "GET", path: rules, status: 200, want: []string{`"items":[]`}},
		{name: "add", as: max, method: "POST", path: rules, body: rule, status: 201, want: []string{`"targetBucket":"backup"`, `"state":"`}, never: []string{"a secret of"}},
	})
	id := max.do("GET", rules, "").json()["items"].([]any)[0].(map[string]any)["id"].(string)
	one := rules + "/" + id
	c.run(t, []scenario{
		{name: "pause", as: max, method: "PATCH", path: one, body: `{"paused":true}`, status: 200, want: []string{`"state":"paused"`}, audit: "max change-replication web-files ok"},
		{name: "developers do not", as: dev, method: "PATCH", path: one, body: `{"paused":false}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "resume", as: max, method: "PATCH", path: one, body: `{"paused":false}`, status: 200, never: []string{`"state":"paused"`}},
		{name: "none such", as: max, method: "DELETE", path: rules + "/x", status: 404, want: []string{`"replication_rule_not_found"`}},
		{name: "developers do not remove", as: dev, method: "DELETE", path: one, status: 403, want: []string{`"role_too_low"`}},
		{name: "remove", as: max, method: "DELETE", path: one, status: 204, audit: "max remove-replication web-files ok"},
		{name: "none again", as: max, method: "GET", path: rules, status: 200, want: []string{`"items":[]`}},
	})
	if page, err := there.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "backup"}); err != nil || len(page.Uploads) > 0 {
		t.Fatalf("tests left %+v, %v", page.Uploads, err)
	}
	if strings.Contains(c.log.String(), "a secret of") {
		t.Fatal("the log has the secret")
	}
}
