package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/store"
)

var schema = fstest.MapFS{
	"0001_first.sql": {Data: []byte(`CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);`)},
	"0002_more.sql":  {Data: []byte(`ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0; CREATE INDEX stars ON notes(stars);`)},
}

type note struct {
	ID    int64
	Body  string
	Stars int
}

func open(t *testing.T, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dir, schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func add(ctx context.Context, db *store.DB, body string) error {
	return db.Write(ctx, func(tx *gorm.DB) error { return tx.Create(&note{Body: body}).Error })
}

func count(t *testing.T, db *store.DB) (n int64) {
	t.Helper()
	if err := db.Read(t.Context()).Model(&note{}).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWritesSurviveReopen(t *testing.T) {
	dir := t.TempDir()
	db := open(t, dir)
	if err := add(t.Context(), db, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if n := count(t, open(t, dir)); n != 1 {
		t.Fatalf("%d notes after reopening, want 1", n)
	}
	if err := add(t.Context(), db, "late"); errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("write after Close: %v", err)
	}
}

func TestPragmas(t *testing.T) {
	db := open(t, t.TempDir())
	var mode string
	var sync, foreign int
	err := db.Write(t.Context(), func(tx *gorm.DB) error {
		return errors.Join(tx.Raw("PRAGMA journal_mode").Scan(&mode).Error,
			tx.Raw("PRAGMA synchronous").Scan(&sync).Error, tx.Raw("PRAGMA foreign_keys").Scan(&foreign).Error)
	})
	if err != nil || mode != "wal" || sync != 2 || foreign != 1 {
		t.Fatalf("journal_mode=%s synchronous=%d foreign_keys=%d err=%v", mode, sync, foreign, err)
	}
}

func TestOneFailureOrPanicUndoesOnlyItself(t *testing.T) {
	db := open(t, t.TempDir())
	const writers = 60
	var wg sync.WaitGroup
	failures := make([]error, writers)
	for i := range writers {
		wg.Go(func() {
			failures[i] = db.Write(context.Background(), func(tx *gorm.DB) error {
				if err := tx.Create(&note{Body: fmt.Sprint(i)}).Error; err != nil {
					return err
				}
				switch i % 3 {
				case 1:
					return errors.New("no")
				case 2:
					panic("no")
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range failures {
		if (err == nil) != (i%3 == 0) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if n := count(t, db); n != writers/3 {
		t.Fatalf("%d notes, want %d", n, writers/3)
	}
}

func TestTranslatesErrorsAndReadsCannotWrite(t *testing.T) {
	db := open(t, t.TempDir())
	if err := add(t.Context(), db, "same"); err != nil {
		t.Fatal(err)
	}
	if err := add(t.Context(), db, "same"); !store.Duplicate(err) {
		t.Fatalf("second insert: %v", err)
	}
	if err := db.Read(t.Context()).First(&note{}, 99).Error; !store.NotFound(err) {
		t.Fatalf("missing row: %v", err)
	}
	if err := db.Read(t.Context()).Create(&note{Body: "sneaky"}).Error; err == nil {
		t.Fatal("the reader pool accepted a write")
	}
}

func TestCanceledBeforeStartIsSkipped(t *testing.T) {
	db := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := add(ctx, db, "never"); !errors.Is(err, context.Canceled) {
		t.Fatalf("write: %v", err)
	}
	if n := count(t, db); n != 0 {
		t.Fatal("a canceled write was committed")
	}
}

func TestRefusesNewerSchemaAndBadNames(t *testing.T) {
	dir := t.TempDir()
	open(t, dir).Close()
	older := fstest.MapFS{"0001_first.sql": schema["0001_first.sql"]}
	if _, err := store.Open(t.Context(), dir, older); !errors.Is(err, store.ErrNewerSchema) {
		t.Fatalf("older program: %v", err)
	}
	twice := fstest.MapFS{"0001_a.sql": {}, "1_b.sql": {}}
	if _, err := store.Open(t.Context(), t.TempDir(), twice); err == nil {
		t.Fatal("two migrations of one number were accepted")
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	broken := fstest.MapFS{
		"0001_first.sql": schema["0001_first.sql"],
		"0002_more.sql":  {Data: []byte(`CREATE TABLE half (id INTEGER); CREATE TABL oops;`)},
	}
	if _, err := store.Open(t.Context(), dir, broken); err == nil {
		t.Fatal("a broken migration was accepted")
	}
	fixed := fstest.MapFS{"0001_first.sql": schema["0001_first.sql"], "0002_half.sql": {Data: []byte(`CREATE TABLE half (id INTEGER);`)}}
	db, err := store.Open(t.Context(), dir, fixed)
	if err != nil {
		t.Fatalf("after the migration was mended: %v", err)
	}
	db.Close()
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes; the folder's access list counts")
	}
	dir := t.TempDir()
	db := open(t, dir)
	if err := add(t.Context(), db, "secret"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, store.FileName+"*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("found %q, %v", files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(file), info.Mode().Perm())
		}
	}
}
