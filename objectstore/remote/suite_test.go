package remote

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/s3api"
	"croft/objectstore/storetest"
)

func TestSuite(t *testing.T) {
	storetest.RunLimited(t, storetest.Limits{RoughTimes: true, NoBlankKeys: true, NoVersions: true}, func(t *testing.T) objectstore.Store {
		return newCluster(t).open(t)
	})
}

func TestClasses(t *testing.T) {
	storetest.RunClasses(t, func(t *testing.T) objectstore.Store { return newCluster(t).open(t) })
}

// keeper lets one key do everything.
type keeper struct{}

func (keeper) Credential(_ context.Context, accessKey string) (s3api.Credential, error) {
	if accessKey != "key" {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: accessKey, Secret: "secret"}, nil
}

func (keeper) Authorize(context.Context, s3api.Credential, s3api.Ask) error { return nil }
func (keeper) Owner(context.Context, s3api.Credential) (string, error)      { return "", nil }
func (keeper) Audit(context.Context, s3api.Credential, s3api.Event)         {}

// cluster is Croft's own S3 server over the erasure engine, on loopback, and what
// tests put in front of it.
type cluster struct {
	objects objectstore.Store
	api     http.Handler
	server  *httptest.Server
	before  atomic.Pointer[func(w http.ResponseWriter, r *http.Request) (answered bool)]
}

// set has every request seen by f first, which may answer it itself; nil by nobody.
func (c *cluster) set(f func(w http.ResponseWriter, r *http.Request) (answered bool)) {
	if f == nil {
		c.before.Store(nil)
		return
	}
	c.before.Store(&f)
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	return newClusterOver(t, func(s objectstore.Store) objectstore.Store { return s })
}

// newClusterOver is a cluster that serves what wrap makes of the engine.
func newClusterOver(t testing.TB, wrap func(objectstore.Store) objectstore.Store) *cluster {
	t.Helper()
	objects, err := erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(t.TempDir(), "drive")}, Parity: -1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = objects.Close() })
	c := &cluster{objects: objects, api: s3api.New(s3api.Config{Store: wrap(objects), Access: keeper{}, Log: slog.New(slog.DiscardHandler)})}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before := c.before.Load(); before == nil || !(*before)(w, r) {
			c.api.ServeHTTP(w, r)
		}
	}))
	c.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	t.Cleanup(c.server.Close)
	return c
}

func (c *cluster) config() Config {
	return Config{Target: Target{Endpoint: c.server.URL, AccessKey: "key", SecretKey: "secret"}, Prefix: "team"}
}

func (c *cluster) open(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), c.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
