package index_test

import (
	"math"
	"testing"

	"croft/objectstore/erasure/index"
)

// TestRestores notes what is due, finds it in order, and forgets it with its bucket.
func TestRestores(t *testing.T) {
	db := open(t)
	rows := []index.Restore{
		{Bucket: 2, Key: "b", Ord: 4, Due: -7, Tier: "COLD"}, {Bucket: 1, Key: "a", Ord: 3, Due: -5, Tier: "COLD"},
		{Bucket: 1, Key: "a", Ord: 2, Due: 10}, {Bucket: 1, Key: "b", Ord: 1, Due: 10}, {Bucket: 2, Key: "a", Ord: 9, Due: 20},
	}
	apply(t, db, func(tx *index.Tx) error {
		for _, i := range []int{4, 2, 0, 3, 1} {
			if err := tx.PutRestore(rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
	first := index.Restore{Due: math.MinInt64}
	scan := func(what string, after index.Restore, until int64, limit int, want ...index.Restore) {
		t.Helper()
		got, err := db.ScanRestores(t.Context(), after, until, limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, what, append([]index.Restore{}, got...), append([]index.Restore{}, want...))
	}
	next := func(after, want int64, is bool) {
		t.Helper()
		due, found, err := db.NextRestore(t.Context(), after)
		if err != nil || found != is || due != want {
			t.Errorf("next after %d: %d, %v, %v", after, due, found, err)
		}
	}
	scan("nothing is due", first, -8, 9)
	scan("at once", first, 0, 9, rows[:2]...)
	scan("until 10", first, 10, 9, rows[:4]...)
	scan("a page", first, 10, 3, rows[:3]...)
	scan("the next page", rows[2], 10, 3, rows[3])
	next(0, 10, true)
	next(10, 20, true)
	next(20, 0, false)
	rows[2].Due = 30
	apply(t, db, func(tx *index.Tx) error {
		if err := tx.PutRestore(rows[2]); err != nil {
			return err
		}
		return tx.DeleteRestore(2, "b", 4)
	})
	scan("changed", first, 30, 9, rows[1], rows[3], rows[4], rows[2])
	apply(t, db, func(tx *index.Tx) error { return tx.DeleteBucket(1) })
	scan("of the other bucket", first, 30, 9, rows[4])
}

// TestUpgrade: a file of a version before gets the table and the column that it lacks, and
// keeps what it has.
func TestUpgrade(t *testing.T) {
	for what, script := range map[string]string{
		"3": "DROP TABLE restores; ALTER TABLE tiered DROP COLUMN ord; PRAGMA user_version = 3;",
		"4": "ALTER TABLE tiered DROP COLUMN ord; PRAGMA user_version = 4;",
	} {
		t.Run(what, func(t *testing.T) { upgrade(t, script) })
	}
}

func upgrade(t *testing.T, script string) {
	t.Helper()
	path := t.TempDir() + "/catalogue.db"
	db := openAt(t, path)
	apply(t, db, func(tx *index.Tx) error {
		if err := tx.Set("kept", []byte("yes")); err != nil {
			return err
		}
		if err := tx.PutTiered(index.Tiered{ID: index.FileID{1}, Tier: "COLD", Size: 3}); err != nil {
			return err
		}
		return tx.Run(script)
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		db = openAt(t, path)
		apply(t, db, func(tx *index.Tx) error { return tx.PutRestore(index.Restore{Bucket: 1, Key: "k", Ord: 1}) })
		if rows, err := db.ScanRestores(t.Context(), index.Restore{Due: -1}, 0, 9); err != nil || len(rows) != 1 {
			t.Errorf("%+v, %v", rows, err)
		}
		if b, found, err := db.Tiered(t.Context(), index.FileID{1}); err != nil || !found || b != (index.Tiered{ID: index.FileID{1}, Tier: "COLD", Size: 3}) {
			t.Errorf("%+v, %v, %v", b, found, err)
		}
		if kept, err := db.Get(t.Context(), "kept"); err != nil || string(kept) != "yes" {
			t.Errorf("%q, %v", kept, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
