package replication

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
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

// cluster is a Croft's store behind its S3 server, which can be cut off.
type cluster struct {
	testing.TB
	drive  string
	store  *erasure.Store
	server *httptest.Server

	mu   sync.Mutex // guards the following 3 fields
	s3   http.Handler
	hook func(w http.ResponseWriter, r *http.Request) (answered bool)
	seen []string // methods and paths of requests
}

func newCluster(tb testing.TB, buckets ...string) *cluster {
	c := &cluster{TB: tb, drive: filepath.Join(quickDir(tb), "drive")}
	c.open(false)
	tb.Cleanup(func() { _ = c.store.Close() })
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	tb.Cleanup(c.server.Close)
	for _, b := range buckets {
		if _, err := c.store.CreateBucket(tb.Context(), objectstore.Bucket{Name: b}); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

func (c *cluster) open(reindex bool) {
	c.Helper()
	s, err := erasure.Open(c.Context(), erasure.Config{Drives: []string{c.drive}, Parity: -1, Reindex: reindex})
	if err != nil {
		c.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store = s
	c.s3 = s3api.New(s3api.Config{Store: s, Access: everybody{}, Recorder: everybody{}, Log: slog.New(slog.DiscardHandler)})
}

func (c *cluster) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	hook, s3 := c.hook, c.s3
	c.seen = append(c.seen, r.Method+" "+r.URL.RequestURI())
	c.mu.Unlock()
	if hook == nil || !hook(w, r) {
		s3.ServeHTTP(w, r)
	}
}

// intercept has a function see requests first; nil none.
func (c *cluster) intercept(hook func(w http.ResponseWriter, r *http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook = hook
}

// cut drops every connection.
func cut(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }

// requests counts those whose method and path begin so, and forgets all.
func (c *cluster) requests(prefix string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.seen {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	c.seen = nil
	return n
}

func (c *cluster) put(bucket, key, body string) objectstore.Object {
	c.Helper()
	o, err := c.store.Put(c.Context(), objectstore.PutRequest{
		Bucket: bucket, Key: key, Body: strings.NewReader(body), Size: int64(len(body)),
		Attributes: objectstore.Attributes{ContentType: "text/x-test", User: map[string]string{"of": key}},
	})
	if err != nil {
		c.Fatal(err)
	}
	return o
}

func (c *cluster) delete(bucket, key string) {
	c.Helper()
	if _, err := c.store.Delete(c.Context(), bucket, key); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) versioned(bucket string) {
	c.Helper()
	_, err := c.store.UpdateBucket(c.Context(), bucket, func(b *objectstore.Bucket) error {
		b.Versioning = objectstore.VersioningEnabled
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
}

// content is what a bucket holds: the MD5 of each body and what it is stored with.
func (c *cluster) content(bucket string) map[string]string {
	c.Helper()
	all := map[string]string{}
	ask := objectstore.ListRequest{Bucket: bucket}
	for {
		page, err := c.store.List(c.Context(), ask)
		if err != nil {
			c.Fatal(err)
		}
		for _, o := range page.Objects {
			_, body, err := c.store.Get(c.Context(), bucket, o.Key, nil)
			if err != nil {
				c.Fatal(err)
			}
			sum := md5.New()
			if _, err := io.Copy(sum, body); err != nil {
				c.Fatal(err)
			}
			_ = body.Close()
			user := maps.Clone(o.Attributes.User)
			delete(user, MarkName)
			text := hex.EncodeToString(sum.Sum(nil)) + " " + o.Attributes.ContentType
			for _, k := range slices.Sorted(maps.Keys(user)) {
				text += " " + k + "=" + user[k]
			}
			all[o.Key] = text
		}
		if !page.Truncated {
			return all
		}
		ask.After = page.Next
	}
}

// side is a cluster with the room that replicates its buckets.
type side struct {
	*cluster
	state  string
	db     *store.DB
	svc    *Service
	stop   context.CancelFunc
	ended  chan struct{}
	stirs  chan struct{}
	config Config
	key    *seal.Sealer // nil is the usual one
}

func newSide(tb testing.TB, buckets ...string) *side {
	s := &side{
		cluster: newCluster(tb, buckets...), state: quickDir(tb), stirs: make(chan struct{}, 1),
		config: Config{FirstPause: 5 * time.Millisecond, LastPause: 20 * time.Millisecond, PartSize: 5 << 20, onePut: 6 << 20},
	}
	s.run()
	tb.Cleanup(s.halt)
	return s
}

// run starts the room, as a start of Croft does.
func (s *side) run() {
	s.Helper()
	db, err := store.Open(s.Context(), s.state, migrations.Files)
	if err != nil {
		s.Fatal(err)
	}
	s.db = db
	s.config.Deployment = s.store.Deployment()
	s.svc = New(Deps{DB: db, Sealer: cmp.Or(s.key, seal.New([seal.KeySize]byte{1})), Store: s.store, Log: slog.New(slog.DiscardHandler)}, s.config)
	s.svc.stirred = func() {
		select {
		case s.stirs <- struct{}{}:
		default:
		}
	}
	if err := s.svc.Open(s.Context()); err != nil {
		s.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(s.Context()))
	s.stop, s.ended = stop, make(chan struct{})
	go func() {
		defer close(s.ended)
		_ = s.svc.Run(ctx)
	}()
}

// halt stops the room.
func (s *side) halt() {
	if s.db == nil {
		return
	}
	s.stop()
	<-s.ended
	_ = s.db.Close()
	s.db = nil
}

// to is a rule to another cluster.
func to(c *cluster, bucket string) NewRule {
	return NewRule{
		Rule:      Rule{Endpoint: c.server.URL, TargetBucket: bucket, AccessKey: accessKey, Deletes: true, Existing: true},
		SecretKey: secretKey,
	}
}

func (s *side) add(bucket string, n NewRule) Rule {
	s.Helper()
	r, err := s.svc.Add(s.Context(), bucket, n)
	if err != nil {
		s.Fatal(err)
	}
	return r
}

func (s *side) status(bucket string) Status {
	s.Helper()
	all, err := s.svc.Statuses(s.Context(), bucket)
	if err != nil || len(all) != 1 {
		s.Fatalf("statuses %+v, %v", all, err)
	}
	return all[0]
}

// await waits until a bucket's one rule is as wanted.
func (s *side) await(bucket string, is func(Status) bool) Status {
	s.Helper()
	for end := time.After(2 * time.Minute); ; {
		st := s.status(bucket)
		if is(st) {
			return st
		}
		select {
		case <-s.stirs:
		case <-end:
			s.Fatalf("waited in vain: %+v", st)
		}
	}
}

func (s *side) current(bucket string) Status {
	s.Helper()
	return s.await(bucket, func(st Status) bool { return st.State == StateCurrent })
}

func (s *side) same(bucket string, c *cluster, target string) {
	s.Helper()
	if got, want := c.content(target), s.content(bucket); !maps.Equal(got, want) {
		for key := range maps.Keys(got) {
			if want[key] == got[key] {
				delete(got, key)
				delete(want, key)
			}
		}
		s.Fatalf("the target differs: %v, want %v", got, want)
	}
}

// bodyOf returns n bytes that differ by seed.
func bodyOf(n int, seed byte) string {
	b := bytes.Repeat([]byte{seed}, n)
	for i := range b {
		b[i] += byte(i >> 12)
	}
	return string(b)
}

func (s *side) uploaded(bucket, key string, parts ...string) objectstore.Object {
	s.Helper()
	u, err := s.store.CreateUpload(s.Context(), objectstore.CreateUploadRequest{Bucket: bucket, Key: key, Attributes: objectstore.Attributes{ContentType: "x/y"}})
	var choice []objectstore.PartChoice
	for i, p := range parts {
		if err == nil {
			_, err = s.store.PutPart(s.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: i + 1, Body: strings.NewReader(p), Size: int64(len(p))})
		}
		choice = append(choice, objectstore.PartChoice{Number: i + 1})
	}
	var o objectstore.Object
	if err == nil {
		o, err = s.store.CompleteUpload(s.Context(), objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: choice})
	}
	if err != nil {
		s.Fatal(err)
	}
	return o
}

func (c *cluster) bucket(name string) {
	c.Helper()
	if _, err := c.store.CreateBucket(c.Context(), objectstore.Bucket{Name: name}); err != nil {
		c.Fatal(err)
	}
}
