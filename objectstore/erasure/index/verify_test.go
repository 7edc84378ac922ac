package index_test

import (
	"context"
	"errors"
	"testing"

	"croft/objectstore/erasure/index"
)

func TestVerify(t *testing.T) {
	f := func(what, sql string) {
		t.Helper()
		path := t.TempDir() + "/catalogue.db"
		db, err := index.Open(t.Context(), path, "deployment")
		if err != nil {
			t.Fatal(err)
		}
		apply(t, db, func(tx *index.Tx) error {
			for ord := uint64(10); ord <= 60; ord += 10 {
				for _, key := range []string{"object", "marker"} {
					v := index.Version{Bucket: 1, Key: key, Ord: ord, Null: ord == 10, Marker: key == "marker" && ord == 60, Value: []byte(key)}
					if _, err := tx.PutVersion(v); err != nil {
						return err
					}
				}
			}
			return errors.Join(tx.PutUpload(index.Upload{Bucket: 2, Key: "key", ID: "id"}), tx.PutPart("id", index.Part{Bucket: 2, Number: 1, Size: 5}))
		})
		if err := db.Verify(t.Context()); err != nil {
			t.Errorf("untouched: %v", err)
		}
		apply(t, db, func(tx *index.Tx) error { return tx.Run(sql) })
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = openAt(t, path)
		if err := db.Verify(t.Context()); !errors.Is(err, index.ErrUnusable) {
			t.Errorf("%s: %v", what, err)
		}
	}
	f("no object", "DELETE FROM objects")
	f("no version", "DELETE FROM versions WHERE ord = 20")
	f("not counted", "DELETE FROM usage WHERE bucket = 1")
	f("a part not counted", "DELETE FROM usage WHERE bucket = 2")
	f("no part", "DELETE FROM parts")
	f("the row of another", "UPDATE versions SET entry = (SELECT entry FROM versions WHERE ord = 30)")
	f("the row of another key", "UPDATE objects SET key = x'00'")
	f("the row of another bucket", "UPDATE versions SET bucket = 2")
	f("out of order", "UPDATE versions SET ord = ord + 100 WHERE ord = 40")
	f("another order", "UPDATE versions SET ord = ord + 1 WHERE ord = 40")
	f("another null version", "UPDATE versions SET nameless = NULL WHERE ord = 10; UPDATE versions SET nameless = 1 WHERE ord = 40")
	const demote = "INSERT INTO versions (bucket, key, ord, entry) SELECT bucket, key, 60, entry FROM objects; DELETE FROM objects;"
	f("an object among the older, a marker among the objects", demote+
		"INSERT INTO objects SELECT bucket, key, entry FROM versions WHERE key = CAST('marker' AS BLOB) AND ord = 60;"+
		"DELETE FROM versions WHERE key = CAST('marker' AS BLOB) AND ord = 60")
	f("what is not the latest", demote+
		"INSERT INTO objects SELECT bucket, key, entry FROM versions WHERE key = CAST('object' AS BLOB) AND ord = 50;"+
		"DELETE FROM versions WHERE key = CAST('object' AS BLOB) AND ord = 50")
	f("an index that lacks rows", "PRAGMA writable_schema = 1;"+
		"UPDATE sqlite_schema SET sql = replace(sql, 'nameless = 1', 'nameless IS NULL') WHERE name = 'versions_null'")

	db := open(t)
	putNumbered(t, db, 0, 3000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
