package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

func testEngine(t *testing.T, config erasure.Config) *erasure.Store {
	t.Helper()
	config.Drives, config.Parity = []string{filepath.Join(t.TempDir(), "drive")}, -1
	engine, err := erasure.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { engine.Close() })
	return engine
}

func makeBucket(t *testing.T, s objectstore.Store, b objectstore.Bucket) {
	t.Helper()
	if _, err := s.CreateBucket(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func putObject(t *testing.T, s objectstore.Store, r objectstore.PutRequest, text string) {
	t.Helper()
	r.Body, r.Size = strings.NewReader(text), int64(len(text))
	if _, err := s.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// batches counts how an engine is asked to delete.
type batches struct {
	*erasure.Store
	batched, single int
}

func (b *batches) DeleteAll(ctx context.Context, bucket string, keys []string) []error {
	b.batched++
	return b.Store.DeleteAll(ctx, bucket, keys)
}

func (b *batches) Delete(ctx context.Context, bucket, key string) (bool, error) {
	b.single++
	return b.Store.Delete(ctx, bucket, key)
}

func TestDeletePrefixInBatches(t *testing.T) {
	engine := &batches{Store: testEngine(t, erasure.Config{})}
	makeBucket(t, engine, objectstore.Bucket{Name: "bucket"})
	for i := range 30 {
		putObject(t, engine, objectstore.PutRequest{Bucket: "bucket", Key: fmt.Sprint("logs/", i)}, "x")
	}
	putObject(t, engine, objectstore.PutRequest{Bucket: "bucket", Key: "kept"}, "x")
	b := blobs{engine}
	for _, bucket := range []string{"bucket", "none"} {
		if err := b.DeletePrefix(t.Context(), bucket, "logs/"); err != nil {
			t.Fatal(err)
		}
	}
	page, err := engine.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"})
	if err != nil || len(page.Objects) != 1 || engine.batched != 1 || engine.single != 0 {
		t.Errorf("left %v, %d batches, %d single, %v", page.Objects, engine.batched, engine.single, err)
	}
}

// TestEmptyBucketOfVersions: a project goes with what its buckets keep of the past,
// unless that is locked.
func TestEmptyBucketOfVersions(t *testing.T) {
	engine := testEngine(t, erasure.Config{})
	b := blobs{engine}
	bucket := objectstore.Bucket{Name: "bucket", Versioning: objectstore.VersioningEnabled}
	makeBucket(t, engine, bucket)
	for range 3 {
		putObject(t, engine, objectstore.PutRequest{Bucket: "bucket", Key: "key"}, "x")
	}
	if _, err := engine.Delete(t.Context(), "bucket", "key"); err != nil {
		t.Fatal(err)
	}
	if err := b.empty(t.Context(), bucket); err != nil {
		t.Fatal(err)
	}
	if err := engine.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatalf("not empty: %v", err)
	}
	locked := objectstore.Bucket{Name: "locked", Versioning: objectstore.VersioningEnabled, ObjectLock: true}
	makeBucket(t, engine, locked)
	putObject(t, engine, objectstore.PutRequest{Bucket: "locked", Key: "key", Attributes: objectstore.Attributes{
		Lock: objectstore.Lock{Mode: objectstore.LockGovernance, Until: time.Now().Add(time.Hour)},
	}}, "x")
	err := b.empty(t.Context(), locked)
	if code, sentence := errs.Public(err); code != "bucket_locked" || !strings.Contains(sentence, "locked") {
		t.Errorf("locked: %v", err)
	}
	if _, err := engine.Head(t.Context(), "locked", "key"); err != nil {
		t.Errorf("it is gone: %v", err)
	}
}

// TestProjectQuotasReachTheEngine: what an administrator sets holds for the next write.
func TestProjectQuotasReachTheEngine(t *testing.T) {
	db, err := store.Open(t.Context(), t.TempDir(), migrations.Files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var q quotas
	engine := testEngine(t, erasure.Config{Quotas: &q})
	accounts := account.New(db, seal.New([seal.KeySize]byte{1}), events.New(), account.Defaults())
	user, err := accounts.CreateUser(t.Context(), account.NewUser{Name: "ada", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	project, err := accounts.CreateProject(t.Context(), user.ID, account.NewProject{Slug: "web"})
	if err != nil {
		t.Fatal(err)
	}
	makeBucket(t, engine, objectstore.Bucket{Name: "one", Owner: project.ID})
	makeBucket(t, engine, objectstore.Bucket{Name: "two", Owner: project.ID})
	putObject(t, engine, objectstore.PutRequest{Bucket: "one", Key: "before"}, "12345") // accounts are not there yet
	q.accounts.Store(accounts)
	if _, err := accounts.SetProjectQuota(t.Context(), project.ID, 8); err != nil {
		t.Fatal(err)
	}
	_, err = engine.Put(t.Context(), objectstore.PutRequest{Bucket: "two", Key: "k", Body: strings.NewReader("1234"), Size: 4})
	if !errors.Is(err, objectstore.ErrQuotaExceeded) {
		t.Errorf("over the quota: %v", err)
	}
	putObject(t, engine, objectstore.PutRequest{Bucket: "two", Key: "k"}, "123")
}
