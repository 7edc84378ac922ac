package index_test

import (
	"errors"
	"testing"

	"croft/objectstore/erasure/index"
)

// TestRowsOfOthers gives rows the values of other rows, whole as they are. Reading
// them must not return what was never put there.
func TestRowsOfOthers(t *testing.T) {
	db := open(t)
	one, two := index.FileID{1}, index.FileID{2}
	apply(t, db, func(tx *index.Tx) error {
		var failed error
		for _, v := range []index.Version{{Bucket: 1, Key: "a", Ord: 1}, {Bucket: 1, Key: "b", Ord: 1}, {Bucket: 2, Key: "a", Ord: 1}} {
			_, err := tx.PutVersion(v)
			failed = errors.Join(failed, err)
		}
		return errors.Join(failed,
			tx.Set("a", nil), tx.Set("b", nil),
			tx.PutBucket(index.Bucket{ID: 1, Name: "a"}), tx.PutBucket(index.Bucket{ID: 2, Name: "b"}),
			tx.PutUpload(index.Upload{Bucket: 1, Key: "a", ID: "1"}), tx.PutUpload(index.Upload{Bucket: 1, Key: "a", ID: "2"}),
			tx.PutPart("1", index.Part{Number: 1}), tx.PutPart("1", index.Part{Number: 2}), tx.PutPart("2", index.Part{Number: 1}),
			tx.PutFile(index.File{ID: one}), tx.PutFile(index.File{ID: two}),
			tx.SetSegment(index.Segment{ID: 1}), tx.SetSegment(index.Segment{ID: 2}))
	})
	reads := map[string]func() error{
		"another key's object":    func() error { _, _, err := db.Latest(t.Context(), 1, "b"); return err },
		"another bucket's object": func() error { _, _, err := db.Latest(t.Context(), 2, "a"); return err },
		"another bucket's usage":  func() error { _, err := db.BucketUsage(t.Context(), 2); return err },
		"another value":           func() error { _, err := db.Get(t.Context(), "b"); return err },
		"another bucket":          func() error { _, _, err := db.BucketByName(t.Context(), "b"); return err },
		"another upload":          func() error { _, _, err := db.Upload(t.Context(), 1, "a", "2"); return err },
		"another part":            func() error { _, _, err := db.Part(t.Context(), "1", 2); return err },
		"another upload's part":   func() error { _, _, err := db.Part(t.Context(), "2", 1); return err },
		"another file":            func() error { _, _, err := db.File(t.Context(), two); return err },
		"another segment":         func() error { _, _, err := db.Segment(t.Context(), 2); return err },
	}
	for what, read := range reads {
		if err := read(); err != nil {
			t.Errorf("%s, before: %v", what, err)
		}
	}
	apply(t, db, func(tx *index.Tx) error {
		return tx.Run(`UPDATE objects SET entry = (SELECT entry FROM objects LIMIT 1);
			UPDATE usage SET value = (SELECT value FROM usage LIMIT 1);
			UPDATE meta SET value = (SELECT value FROM meta LIMIT 1);
			UPDATE buckets SET value = (SELECT value FROM buckets LIMIT 1);
			UPDATE uploads SET value = (SELECT value FROM uploads LIMIT 1);
			UPDATE parts SET value = (SELECT value FROM parts LIMIT 1);
			UPDATE files SET value = (SELECT value FROM files LIMIT 1);
			UPDATE segments SET value = (SELECT value FROM segments LIMIT 1);`)
	})
	for what, read := range reads {
		if err := read(); !errors.Is(err, index.ErrUnusable) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
