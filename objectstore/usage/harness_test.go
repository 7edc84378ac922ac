package usage

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/erasure"
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

// began is the first moment of tests, in the middle of all steps but the finest.
var began = time.Date(2026, 3, 14, 9, 25, 0, 0, time.UTC)

// fixture is a service over a real store and a real database, at a time of its own.
type fixture struct {
	*testing.T
	*Service
	objects *erasure.Store
	state   string
	db      *store.DB
	clock   time.Time
}

func start(t *testing.T) *fixture {
	t.Helper()
	dir := quickDir(t)
	f := &fixture{T: t, state: dir, clock: began}
	var err error
	if f.db, err = store.Open(t.Context(), dir, migrations.Files); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	if f.objects, err = erasure.Open(t.Context(), erasure.Config{Drives: []string{filepath.Join(dir, "drive")}, Parity: -1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.objects.Close() })
	f.open(f.objects)
	return f
}

// open makes a service, as a start of Croft does.
func (f *fixture) open(over objectstore.Store) {
	f.Helper()
	f.Service = New(Deps{DB: f.db, Store: over, Log: slog.New(slog.DiscardHandler)}, Config{Now: func() time.Time { return f.clock }})
	if err := f.Open(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) bucket(name string) {
	f.Helper()
	if _, err := f.objects.CreateBucket(f.Context(), objectstore.Bucket{Name: name}); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) put(bucket, key string, size int) {
	f.Helper()
	body := strings.Repeat("x", size)
	if _, err := f.objects.Put(f.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Size: int64(size), Body: strings.NewReader(body)}); err != nil {
		f.Fatal(err)
	}
}

// sample takes one after some time.
func (f *fixture) sample(later time.Duration) {
	f.Helper()
	f.clock = f.clock.Add(later)
	if err := f.Sample(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) of(bucket string, r Range) History {
	f.Helper()
	ask := func(ctx context.Context, r Range) (History, error) { return f.Bucket(ctx, bucket, r) }
	if bucket == "" {
		ask = f.Whole
	}
	h, err := ask(f.Context(), r)
	if err != nil {
		f.Fatal(err)
	}
	return h
}

// rows counts what there is in a table.
func (f *fixture) rows(table string, where ...any) (n int64) {
	f.Helper()
	q := f.db.Read(f.Context()).Table(table)
	if len(where) > 0 {
		q = q.Where(where[0], where[1:]...)
	}
	if err := q.Count(&n).Error; err != nil {
		f.Fatal(err)
	}
	return n
}

// written is how much was written to the database.
func (f *fixture) written() int64 {
	f.Helper()
	info, err := os.Stat(filepath.Join(f.state, store.FileName+"-wal"))
	if err != nil {
		f.Fatal(err)
	}
	return info.Size()
}

// total adds up the requests of a history.
func total(h History) (sum Requests) {
	for _, p := range h.Points {
		sum.add(p.Requests)
	}
	return sum
}
