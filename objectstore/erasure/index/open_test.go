package index_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"croft/objectstore/erasure/index"
)

// numbered is a small object that a test finds again.
func numbered(i int) index.Version {
	return index.Version{Bucket: 1, Key: fmt.Sprintf("key-%06d", i), Ord: 1, Null: true, Size: int64(i), Value: fmt.Appendf(nil, "value %d", i)}
}

func putNumbered(tb testing.TB, db *index.DB, from, to int) {
	tb.Helper()
	apply(tb, db, func(tx *index.Tx) error {
		for i := from; i < to; i++ {
			if _, err := tx.PutVersion(numbered(i)); err != nil {
				return err
			}
		}
		return nil
	})
}

func openErr(tb testing.TB, path, deployment string) error {
	tb.Helper()
	db, err := index.Open(tb.Context(), path, deployment)
	if err == nil {
		err = db.Close()
	}
	return err
}

func TestReopen(t *testing.T) {
	path := t.TempDir() + "/a?b#c %41.db" // nothing in a path is special
	db, err := index.Open(t.Context(), path, "deployment")
	if err != nil {
		t.Fatal(err)
	}
	putNumbered(t, db, 0, 100)
	apply(t, db, func(tx *index.Tx) error { return tx.Set("position", []byte("17")) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openAt(t, path)
	v, found, err := db.Latest(t.Context(), 1, numbered(42).Key)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	same(t, "object", v, numbered(42))
	for name, want := range map[string]string{"position": "17", "absent": ""} {
		if value, err := db.Get(t.Context(), name); err != nil || string(value) != want {
			t.Errorf("%s: %q, %v", name, value, err)
		}
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	made := func(t *testing.T) string {
		path := t.TempDir() + "/catalogue.db"
		if err := openErr(t, path, "deployment"); err != nil {
			t.Fatal(err)
		}
		return path
	}
	f := func(name string, deployment string, spoil func(t *testing.T, path string)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			path := made(t)
			spoil(t, path)
			if err := openErr(t, path, deployment); !errors.Is(err, index.ErrUnusable) {
				t.Fatalf("got %v, want unusable", err)
			}
			if err := index.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := openErr(t, path, deployment); err != nil {
				t.Errorf("after its removal: %v", err)
			}
		})
	}
	run := func(sql string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db, err := index.Open(t.Context(), path, "deployment")
			if err != nil {
				t.Fatal(err)
			}
			apply(t, db, func(tx *index.Tx) error { return tx.Run(sql) })
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	f("another deployment", "other", func(*testing.T, string) {})
	f("another schema", "deployment", run("PRAGMA user_version = 999"))
	f("another application", "deployment", run("PRAGMA application_id = 7"))
	f("no deployment", "deployment", run("DELETE FROM deployment"))
	f("not a database", "deployment", func(t *testing.T, path string) {
		if err := os.WriteFile(path, make([]byte, 5000), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	f("cut off", "deployment", func(t *testing.T, path string) {
		if err := os.Truncate(path, 4096+17); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOpenElsewhere(t *testing.T) {
	err := openErr(t, t.TempDir()+"/absent/catalogue.db", "deployment")
	if err == nil || errors.Is(err, index.ErrUnusable) {
		t.Errorf("a folder that is not there: %v", err)
	}
	path := t.TempDir() + "/catalogue.db"
	if err := index.Remove(path); err != nil {
		t.Errorf("remove what is not there: %v", err)
	}
	db := openAt(t, path)
	putNumbered(t, db, 0, 1)
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
			t.Errorf("%s may be read by others: %v", name, info.Mode())
		}
	}
}

func TestClosed(t *testing.T) {
	db := open(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := db.Get(t.Context(), "name")
	for what, err := range map[string]error{
		"get": err, "close again": db.Close(), "sync": db.Sync(t.Context()),
		"apply": db.Apply(t.Context(), func(*index.Tx) error { return nil }),
	} {
		if (what == "close again") != (err == nil) || err != nil && !errors.Is(err, index.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	db := open(t)
	putNumbered(t, db, 0, 2000)
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	_, err := db.List(ctx, index.ListRequest{Bucket: 1}, func(index.Entry) error {
		if seen++; seen == 10 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || seen > 300 {
		t.Errorf("listed %d, %v", seen, err)
	}
	if err := db.Apply(ctx, func(*index.Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("apply: %v", err)
	}
	if err := db.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("sync: %v", err)
	}
	if _, err := index.Open(ctx, t.TempDir()+"/x", "d"); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	// All reading connections are taken, so one more waits, but not for ever.
	var hold []chan struct{}
	for range db.Readers() {
		held, release := make(chan struct{}), make(chan struct{})
		hold = append(hold, release)
		go func() {
			_ = db.View(t.Context(), func(index.View) error { close(held); <-release; return nil })
		}()
		<-held
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if _, err := db.Get(ctx, "name"); !errors.Is(err, context.Canceled) {
		t.Errorf("get: %v", err)
	}
	for _, release := range hold {
		close(release)
	}
}
