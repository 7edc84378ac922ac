package lifecycle

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure"
)

// meddler is the real engine, with somebody in between: what tests want to happen at
// the worst moment happens here. It moves to tiers by remembering.
type meddler struct {
	*erasure.Store
	asked atomic.Int64 // calls of any kind

	mu           sync.Mutex // guards what follows
	beforeDelete func(objectstore.DeleteRequest) error
	beforeMove   func(ref objectstore.VersionRef, tier string) error
	afterList    func(n int)
	lists        int
	tiers        map[string]string // by key
}

func (m *meddler) ListBuckets(ctx context.Context) ([]objectstore.Bucket, error) {
	m.asked.Add(1)
	return m.Store.ListBuckets(ctx)
}

func (m *meddler) ListVersions(ctx context.Context, r objectstore.ListVersionsRequest) (objectstore.VersionPage, error) {
	m.asked.Add(1)
	page, err := m.Store.ListVersions(ctx, r)
	m.mu.Lock()
	for i := range page.Versions {
		page.Versions[i].Tier = m.tiers[page.Versions[i].Key]
	}
	m.lists++
	f, n := m.afterList, m.lists
	m.mu.Unlock()
	if f != nil {
		f(n)
	}
	return page, err
}

func (m *meddler) DeleteVersion(ctx context.Context, r objectstore.DeleteRequest) (objectstore.Deleted, error) {
	m.mu.Lock()
	f := m.beforeDelete
	m.mu.Unlock()
	if f != nil {
		if err := f(r); err != nil {
			return objectstore.Deleted{}, err
		}
	}
	return m.Store.DeleteVersion(ctx, r)
}

func (m *meddler) Transition(ctx context.Context, r objectstore.TransitionRequest) (objectstore.Object, error) {
	look := func() (objectstore.Object, error) {
		o, err := m.HeadVersion(ctx, r.VersionRef)
		if err == nil {
			o.Latest = true
			err = r.Check(o)
		}
		return o, err
	}
	if _, err := look(); err != nil {
		return objectstore.Object{}, err
	}
	if m.beforeMove != nil {
		if err := m.beforeMove(r.VersionRef, r.Tier); err != nil {
			return objectstore.Object{}, err
		}
	}
	o, err := look()
	if err == nil {
		m.mu.Lock()
		m.tiers[r.Key] = r.Tier
		m.mu.Unlock()
		o.Tier = r.Tier
	}
	return o, err
}

func (m *meddler) TierUsage(context.Context) (map[string]objectstore.TierUsage, error) {
	return nil, nil
}

// tiersNamed knows tiers by name alone.
type tiersNamed []string

func (n tiersNamed) Tier(name string) (objectstore.Tier, error) {
	for _, known := range n {
		if known == name {
			return nil, nil
		}
	}
	return nil, objectstore.ErrTierNotFound
}

// fixture is a service over a store, with a clock that can be moved.
type fixture struct {
	*testing.T
	store *meddler
	*Service
	ahead atomic.Int64 // of the real clock
}

func start(t *testing.T, config Config) *fixture {
	t.Helper()
	store, err := erasure.Open(t.Context(), erasure.Config{
		Drives: []string{filepath.Join(t.TempDir(), "drive")}, Parity: -1, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	f := &fixture{T: t, store: &meddler{Store: store, tiers: map[string]string{}}}
	f.Service = f.service(config)
	f.bucket("bucket", objectstore.VersioningOff)
	return f
}

// service is another service over the same store and clock.
func (f *fixture) service(config Config) *Service {
	config.Now = func() time.Time { return time.Now().Add(time.Duration(f.ahead.Load())) }
	if config.Pace == (Pace{}) {
		config.Pace = Pace{Rate: 1e6, Rest: -1}
	}
	return New(Deps{Store: f.store, Tiers: tiersNamed{"WARM", "COLD"}, Log: slog.New(slog.DiscardHandler)}, config)
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) bucket(name string, v objectstore.Versioning) {
	f.Helper()
	_, err := f.store.CreateBucket(f.Context(), objectstore.Bucket{Name: name, Versioning: v})
	f.ok(err)
}

// versioned has the bucket keep versions.
func (f *fixture) versioned(lock bool) {
	f.Helper()
	_, err := f.store.UpdateBucket(f.Context(), "bucket", func(b *objectstore.Bucket) error {
		b.Versioning, b.ObjectLock = objectstore.VersioningEnabled, lock
		return nil
	})
	f.ok(err)
}

func (f *fixture) put(key, body string, attributes ...objectstore.Attributes) objectstore.Object {
	f.Helper()
	r := objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader(body), Size: int64(len(body))}
	for _, a := range attributes {
		r.Attributes = a
	}
	o, err := f.store.Put(context.Background(), r)
	f.ok(err)
	return o
}

func (f *fixture) remove(key, id string) objectstore.Deleted {
	f.Helper()
	d, err := f.store.Store.DeleteVersion(context.Background(), objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: key, ID: id}})
	f.ok(err)
	return d
}

// rules gives the bucket rules, each of which is what is inside of it.
func (f *fixture) rules(inside ...string) {
	f.Helper()
	var text []string
	for i, one := range inside {
		text = append(text, named(string(rune('a'+i)), one))
	}
	f.ok(f.Set(f.Context(), "bucket", mustParse(f, document(text...))))
}

func (f *fixture) pass(days int) { f.ahead.Add(int64(time.Duration(days) * day)) }

// look has a bucket looked through once, to the end.
func (f *fixture) look() Status {
	f.Helper()
	b, err := f.store.Bucket(f.Context(), "bucket")
	f.ok(err)
	p := &plan{bucket: b.Name, created: b.CreatedAt, text: b.Documents[DocumentName], due: time.Now()}
	for f.work(f.Context(), p); p.round != nil; {
		f.work(f.Context(), p)
	}
	return f.Status(f.Context(), "bucket")
}

// is compares what is in the bucket: "key" of an object, "key!" of a delete marker,
// "key?" of a noncurrent version and "key?!" of a noncurrent marker.
func (f *fixture) is(want ...string) {
	f.Helper()
	page, err := f.store.Store.ListVersions(context.Background(), objectstore.ListVersionsRequest{Bucket: "bucket"})
	f.ok(err)
	got := []string{}
	for _, v := range page.Versions {
		name := v.Key
		if !v.Latest {
			name += "?"
		}
		if v.Marker {
			name += "!"
		}
		got = append(got, name)
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		f.Fatalf("there is %q, want %q", got, want)
	}
}

// read is what a key holds.
func (f *fixture) read(key string) string {
	f.Helper()
	_, body, err := f.store.Get(context.Background(), "bucket", key, nil)
	f.ok(err)
	defer body.Close()
	text, err := io.ReadAll(body)
	f.ok(err)
	return string(text)
}
