package index_test

import (
	"context"
	"errors"
	"testing"

	"croft/objectstore/erasure/index"
)

func TestVerify(t *testing.T) {
	f := func(sql string) {
		t.Helper()
		db := open(t)
		apply(t, db, func(tx *index.Tx) error {
			for ord := range uint64(6) {
				for _, key := range []string{"object", "marker"} {
					v := index.Version{Bucket: 1, Key: key, Ord: ord + 1, Marker: key == "marker" && ord == 5, Value: []byte(key)}
					if _, err := tx.PutVersion(v); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err := db.Verify(t.Context()); err != nil {
			t.Errorf("untouched: %v", err)
		}
		apply(t, db, func(tx *index.Tx) error { return tx.Run(sql) })
		if err := db.Verify(t.Context()); !errors.Is(err, index.ErrUnusable) {
			t.Errorf("after %s: %v", sql, err)
		}
	}
	f("DELETE FROM objects")
	f("DELETE FROM versions WHERE ord = 2")
	f("DELETE FROM usage")
	f("UPDATE versions SET entry = (SELECT entry FROM versions WHERE ord = 3)")
	f("UPDATE versions SET ord = ord + 10 WHERE ord = 4")
	f("UPDATE versions SET nameless = 1 WHERE ord = 4")
	f("UPDATE versions SET bucket = 2")
	f("UPDATE objects SET key = x'00'")
	// The latest of a key is an older version: everything adds up but that.
	f("INSERT INTO versions (bucket, key, ord, entry) SELECT bucket, key, 6, entry FROM objects; DELETE FROM objects")

	db := open(t)
	putNumbered(t, db, 0, 3000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
