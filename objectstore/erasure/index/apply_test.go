package index_test

import (
	"errors"
	"math"
	"testing"

	"croft/internal/errs"
	"croft/objectstore/erasure/index"
)

// unchanged checks that only the first ten numbered objects are there.
func unchanged(t *testing.T, db *index.DB) {
	t.Helper()
	u, err := db.BucketUsage(t.Context(), 1)
	if err != nil || u != (index.Usage{Objects: 10, Bytes: 45}) {
		t.Errorf("usage %+v, %v", u, err)
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if segments, err := db.Segments(t.Context()); err != nil || len(segments) != 0 {
		t.Errorf("segments %v, %v", segments, err)
	}
}

func TestApplyKeepsNothingOfAFailure(t *testing.T) {
	boom := errors.New("boom")
	change := func(tx *index.Tx) {
		t.Helper()
		for i := range 30 {
			if _, err := tx.PutVersion(numbered(i + 5)); err != nil {
				t.Fatal(err)
			}
		}
		if _, found, err := tx.DeleteVersion(1, numbered(2).Key, 1); err != nil || !found {
			t.Fatal(found, err)
		}
		tx.AddLive(3, 100, 1)
		if u, err := tx.BucketUsage(1); err != nil || u.Objects != 34 {
			t.Fatalf("inside: %+v, %v", u, err)
		}
	}
	f := func(name string, want error, fn func(tx *index.Tx) error) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			db := open(t)
			putNumbered(t, db, 0, 10)
			err := db.Apply(t.Context(), fn)
			if want != nil && !errors.Is(err, want) || err == nil {
				t.Errorf("got %v, want %v", err, want)
			}
			unchanged(t, db)
			putNumbered(t, db, 10, 20) // all is well afterwards
			if u, err := db.BucketUsage(t.Context(), 1); err != nil || u.Objects != 20 {
				t.Errorf("afterwards: %+v, %v", u, err)
			}
		})
	}
	f("an error", boom, func(tx *index.Tx) error {
		change(tx)
		return boom
	})
	f("an operation's error that was overlooked", nil, func(tx *index.Tx) error {
		change(tx)
		_ = tx.PutBucket(index.Bucket{ID: math.MaxUint64, Name: "beyond"})
		_, _ = tx.PutVersion(numbered(77))
		return nil
	})
	f("the same with nothing left to write", nil, func(tx *index.Tx) error {
		if err := tx.SetSegment(index.Segment{ID: 5}); err != nil {
			t.Fatal(err)
		}
		_ = tx.PutBucket(index.Bucket{ID: math.MaxUint64, Name: "beyond"})
		return nil
	})
	f("a name that is taken", nil, func(tx *index.Tx) error {
		change(tx)
		if err := tx.PutBucket(index.Bucket{ID: 1, Name: "name"}); err != nil {
			t.Fatal(err)
		}
		return tx.PutBucket(index.Bucket{ID: 2, Name: "name"})
	})
	for name, v := range map[string]index.Version{
		"an ord too large": {Bucket: 1, Key: "k", Ord: 1 << 63}, "a bucket too large": {Bucket: 1 << 63, Key: "k"}, "a size below 0": {Size: -1},
	} {
		f(name, nil, func(tx *index.Tx) error {
			_, err := tx.PutVersion(v)
			return err
		})
	}
	f("a lost row", index.ErrUnusable, func(tx *index.Tx) error {
		if err := tx.Run("CREATE TEMP TRIGGER lose BEFORE UPDATE ON main.objects BEGIN SELECT raise(IGNORE); END"); err != nil {
			t.Fatal(err)
		}
		_, err := tx.PutVersion(index.Version{Bucket: 1, Key: numbered(1).Key, Ord: 2, Null: true})
		return err
	})
}

func TestApplyAfterAPanic(t *testing.T) {
	db := open(t)
	putNumbered(t, db, 0, 10)
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		_ = db.Apply(t.Context(), func(tx *index.Tx) error {
			if _, err := tx.PutVersion(numbered(50)); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	unchanged(t, db)
}

// TestFullDisk lets a transaction run out of space, which makes SQLite undo all of
// it at that point, and go on as if nothing were.
func TestFullDisk(t *testing.T) {
	db := open(t)
	putNumbered(t, db, 0, 10)
	err := db.Apply(t.Context(), func(tx *index.Tx) error {
		if err := tx.LimitPages(3); err != nil {
			return err
		}
		for i := range 1000 {
			_, _ = tx.PutVersion(numbered(i + 10))
		}
		_ = tx.LimitPages(-1)
		_, _ = tx.PutVersion(numbered(5000))
		return nil
	})
	if errs.KindOf(err) != errs.StorageFull {
		t.Errorf("got %v", err)
	}
	unchanged(t, db)
	apply(t, db, func(tx *index.Tx) error { return tx.LimitPages(-1) })
	putNumbered(t, db, 10, 500)
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAfterAFailedSync(t *testing.T) {
	db := open(t)
	putNumbered(t, db, 0, 10)
	if err := db.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("input/output error")
	_ = db.Fail(cause)
	for what, err := range map[string]error{
		"sync": db.Sync(t.Context()), "apply": db.Apply(t.Context(), func(*index.Tx) error { t.Error("ran"); return nil }),
	} {
		if !errors.Is(err, index.ErrUnusable) || !errors.Is(err, cause) {
			t.Errorf("%s: %v", what, err)
		}
	}
	unchanged(t, db)
}
