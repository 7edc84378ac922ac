package mirror

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/remote"
	"croft/objectstore/s3api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secretKey = "the secret key of the tests"

// everybody may do everything with one key.
type everybody struct{}

func (everybody) Credential(_ context.Context, key string) (s3api.Credential, error) {
	if key != "AKIATEST" {
		return s3api.Credential{}, errs.New(errs.NotFound, "key_not_found", "No such key.")
	}
	return s3api.Credential{AccessKey: key, Secret: secretKey, Identity: key}, nil
}

func (everybody) Authorize(context.Context, s3api.Credential, s3api.Ask) error { return nil }
func (everybody) Owner(context.Context, s3api.Credential) (string, error)      { return "", nil }
func (everybody) Audit(context.Context, s3api.Credential, s3api.Event)         {}

// cluster is a Croft's store behind its S3 server.
type cluster struct {
	testing.TB
	store   *erasure.Store
	place   remote.Place
	handler http.Handler

	mu   sync.Mutex // guards the following 2 fields
	seen []string   // methods and paths of requests
	hook func(w http.ResponseWriter, r *http.Request) (answered bool)
}

func newCluster(tb testing.TB, buckets ...string) *cluster {
	c := &cluster{TB: tb}
	dir, err := os.MkdirTemp("/dev/shm", "croft")
	if err != nil {
		dir = tb.TempDir()
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if c.store, err = erasure.Open(tb.Context(), erasure.Config{Drives: []string{filepath.Join(dir, "drive")}, Parity: -1}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.store.Close() })
	s3 := s3api.New(s3api.Config{Store: c.store, Access: everybody{}, Log: slog.New(slog.DiscardHandler)})
	c.handler = s3
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		hook := c.hook
		c.seen = append(c.seen, r.Method+" "+r.URL.RequestURI())
		c.mu.Unlock()
		if hook == nil || !hook(w, r) {
			s3.ServeHTTP(w, r)
		}
	}))
	tb.Cleanup(server.Close)
	c.place = remote.Place{Target: remote.Target{Endpoint: server.URL, AccessKey: "AKIATEST", SecretKey: secretKey}}
	for _, b := range buckets {
		if _, err := c.store.CreateBucket(tb.Context(), objectstore.Bucket{Name: b}); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

// intercept has a function see requests first; nil none.
func (c *cluster) intercept(hook func(w http.ResponseWriter, r *http.Request) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hook = hook
}

// resigned is a presigned request with another parameter.
func (c *cluster) resigned(r *http.Request, name, value string) *http.Request {
	c.Helper()
	query := r.URL.Query()
	for key := range query {
		if strings.HasPrefix(key, "X-Amz-") {
			query.Del(key)
		}
	}
	query.Set(name, value)
	bucket, key, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	at, err := c.client().Presign(r.Context(), r.Method, bucket, key, time.Minute, query)
	if err != nil {
		c.Error(err)
		return r
	}
	again := httptest.NewRequestWithContext(r.Context(), r.Method, at.String(), nil)
	again.Host = at.Host
	return again
}

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

func bodyOf(n int, seed byte) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

func (c *cluster) put(bucket, key string, body []byte, change ...func(*objectstore.PutRequest)) {
	c.Helper()
	r := objectstore.PutRequest{Bucket: bucket, Key: key, Body: bytes.NewReader(body), Size: int64(len(body))}
	r.Attributes.ContentType = "application/octet-stream"
	for _, f := range change {
		f(&r)
	}
	if _, err := c.store.Put(c.Context(), r); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) upload(bucket, key string, parts ...[]byte) {
	c.Helper()
	u, err := c.store.CreateUpload(c.Context(), objectstore.CreateUploadRequest{
		Bucket: bucket, Key: key, Attributes: objectstore.Attributes{ContentType: "in/parts", User: map[string]string{"a": "b"}},
	})
	r := objectstore.CompleteUploadRequest{Upload: u.UploadRef}
	for i, p := range parts {
		if err == nil {
			_, err = c.store.PutPart(c.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: i + 1, Body: bytes.NewReader(p), Size: int64(len(p))})
		}
		r.Parts = append(r.Parts, objectstore.PartChoice{Number: i + 1, ETag: fmt.Sprintf("%x", md5.Sum(p))})
	}
	if err == nil {
		_, err = c.store.CompleteUpload(c.Context(), r)
	}
	if err != nil {
		c.Fatal(err)
	}
}

// holds is all that a cluster has, but for some: what each object is and what it holds.
func (c *cluster) holds(but ...string) map[string]string {
	c.Helper()
	all := map[string]string{}
	buckets, err := c.store.ListBuckets(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	for _, b := range buckets {
		page, err := c.store.List(c.Context(), objectstore.ListRequest{Bucket: b.Name, Limit: 10_000})
		if err != nil {
			c.Fatal(err)
		}
		for _, o := range page.Objects {
			name := b.Name + "/" + o.Key
			if slices.Contains(but, name) {
				continue
			}
			full, r, err := c.store.Get(c.Context(), b.Name, o.Key, nil)
			if err != nil {
				c.Fatal(err)
			}
			body, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil {
				c.Fatal(err)
			}
			a := full.Attributes
			a.Checksums = nil
			all[name] = fmt.Sprintf("%x %s %+v %s", md5.Sum(body), o.ETag, a, full.Class)
		}
	}
	return all
}

// bring mirrors one cluster to another.
func bring(t *testing.T, from, to *cluster, change ...func(*Config)) (p Progress, failed map[string]error, err error) {
	t.Helper()
	c := Config{Source: from.place, Target: to.place, Jobs: 3, pause: time.Millisecond}
	var mu sync.Mutex
	failed = map[string]error{}
	c.Failed = func(bucket, key string, err error) {
		mu.Lock()
		defer mu.Unlock()
		failed[bucket+"/"+key] = err
	}
	for _, f := range change {
		f(&c)
	}
	p, err = Run(t.Context(), c)
	return p, failed, err
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	code, _ := errs.Public(err)
	return code
}
