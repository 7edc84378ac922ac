package tiering

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/remote"
	"croft/objectstore/s3api"
)

const (
	accessKey = "AKIATEST"
	secretKey = "the secret key of the tests"
)

// quickDir returns a folder in memory where there is one.
func quickDir(tb testing.TB) string {
	tb.Helper()
	if dir, err := os.MkdirTemp("/dev/shm", "croft"); err == nil {
		tb.Cleanup(func() { _ = os.RemoveAll(dir) })
		return dir
	}
	return tb.TempDir()
}

// everybody may do everything with the one key.
type everybody struct{}

func (everybody) Credential(_ context.Context, key string) (s3api.Credential, error) {
	if key != accessKey {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: key, Secret: secretKey, Identity: key}, nil
}

func (everybody) Authorize(context.Context, s3api.Credential, s3api.Ask) error {
	return nil
}
func (everybody) Owner(context.Context, s3api.Credential) (string, error) { return "", nil }
func (everybody) Audit(context.Context, s3api.Credential, s3api.Event)    {}
func (everybody) Record(s3api.Credential, s3api.Record)                   {}

// cluster is a Croft's store behind its S3 server, and what tests put in front of it.
type cluster struct {
	testing.TB
	store  objectstore.Store
	server *httptest.Server

	mu   sync.Mutex // guards the following 2 fields
	hook func(w http.ResponseWriter, r *http.Request, s3 http.Handler)
	seen []string // method, path and range of requests
}

func newCluster(tb testing.TB, buckets ...string) *cluster {
	tb.Helper()
	s, err := erasure.Open(tb.Context(), erasure.Config{Drives: []string{filepath.Join(quickDir(tb), "drive")}, Parity: -1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	c := &cluster{TB: tb, store: s}
	s3 := s3api.New(s3api.Config{Store: s, Access: everybody{}, Recorder: everybody{}, Log: slog.New(slog.DiscardHandler)})
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		hook := c.hook
		c.seen = append(c.seen, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Range")))
		c.mu.Unlock()
		if hook != nil {
			hook(w, r, s3)
			return
		}
		s3.ServeHTTP(w, r)
	}))
	c.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	tb.Cleanup(c.server.Close)
	for _, b := range buckets {
		if _, err := s.CreateBucket(tb.Context(), objectstore.Bucket{Name: b}); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

// intercept has a function answer requests, with the cluster behind it; nil none.
func (c *cluster) intercept(hook func(w http.ResponseWriter, r *http.Request, s3 http.Handler)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook, c.seen = hook, nil
}

// requests are those since the last intercept whose line begins so.
func (c *cluster) requests(prefix string) (list []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seen {
		if strings.HasPrefix(s, prefix) {
			list = append(list, s)
		}
	}
	return list
}

// keys are those of a bucket, unfinished uploads with "…" behind them.
func (c *cluster) keys(bucket string) (keys []string) {
	c.Helper()
	page, err := c.store.List(c.Context(), objectstore.ListRequest{Bucket: bucket})
	if err != nil {
		c.Fatal(err)
	}
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	uploads, err := c.store.ListUploads(c.Context(), objectstore.ListUploadsRequest{Bucket: bucket})
	if err != nil {
		c.Fatal(err)
	}
	for _, u := range uploads.Uploads {
		keys = append(keys, u.Key+"…")
	}
	return keys
}

// used is a store that says it has something in tiers.
type used struct {
	objectstore.Store

	mu    sync.Mutex // guards the following field
	usage map[string]objectstore.TierUsage
}

func (u *used) Transition(context.Context, objectstore.TransitionRequest) (objectstore.Object, error) {
	panic("nobody moves anything here")
}

func (u *used) TierUsage(context.Context) (map[string]objectstore.TierUsage, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.usage, nil
}

func (u *used) set(usage map[string]objectstore.TierUsage) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.usage = usage
}

// side is a Croft with the room.
type side struct {
	*cluster
	used    *used
	state   string
	db      *store.DB
	svc     *Service
	key     *seal.Sealer // nil is the usual one
	config  Config
	checked chan struct{}
}

func newSide(tb testing.TB, deployment string, buckets ...string) *side {
	tb.Helper()
	s := &side{
		cluster: newCluster(tb, buckets...), state: quickDir(tb), checked: make(chan struct{}, 100),
		config: Config{Deployment: deployment, PartSize: objectstore.MinPartSize, CheckEvery: time.Nanosecond},
	}
	s.used = &used{Store: s.store}
	s.start()
	tb.Cleanup(func() { _ = s.db.Close() })
	return s
}

// start opens the room, as a start of Croft does.
func (s *side) start() {
	s.Helper()
	if s.db != nil {
		if err := s.db.Close(); err != nil {
			s.Fatal(err)
		}
	}
	db, err := store.Open(s.Context(), s.state, migrations.Files)
	if err != nil {
		s.Fatal(err)
	}
	s.db = db
	s.svc = New(Deps{DB: db, Sealer: cmp.Or(s.key, seal.New([seal.KeySize]byte{1})), Store: s.used, Log: slog.New(slog.DiscardHandler)}, s.config)
	s.svc.checked = func() { s.checked <- struct{}{} }
	if err := s.svc.Open(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// run runs the room until the test ends.
func (s *side) run() {
	ctx, stop := context.WithCancel(context.WithoutCancel(s.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.svc.Run(ctx)
	}()
	s.Cleanup(func() {
		stop()
		<-ended
	})
}

// at is a tier in a bucket of a cluster.
func at(c *cluster, name, bucket string) NewTier {
	return NewTier{Tier: Tier{Name: name, Endpoint: c.server.URL, Bucket: bucket, Prefix: "cold", AccessKey: accessKey}, SecretKey: remote.Secret(secretKey)}
}

func (s *side) add(n NewTier) {
	s.Helper()
	if _, err := s.svc.Add(s.Context(), n); err != nil {
		s.Fatal(err)
	}
}

func (s *side) tier(name string) objectstore.Tier {
	s.Helper()
	t, err := s.svc.Tier(name)
	if err != nil {
		s.Fatal(err)
	}
	return t
}

func wants(tb testing.TB, what string, err error, want *errs.Error, says string) {
	tb.Helper()
	if code, message := errs.Public(err); err == nil || code != want.Code || errs.KindOf(err) != want.Kind || !strings.Contains(message, says) || strings.Contains(message, secretKey) {
		tb.Errorf("%s: %v; want %s that says %q", what, err, want.Code, says)
	}
}
