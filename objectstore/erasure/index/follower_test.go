package index_test

import (
	"path/filepath"
	"testing"

	"croft/objectstore/erasure/index"
)

// TestFollowersEndWithTheBucket deletes a bucket: no row of its followers is left, and
// those of others stay.
func TestFollowersEndWithTheBucket(t *testing.T) {
	db, err := index.Open(t.Context(), filepath.Join(t.TempDir(), "catalogue.db"), "d")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Apply(t.Context(), func(tx *index.Tx) error {
		for i, name := range []string{"one", "two"} {
			bucket := uint64(i + 1)
			if err := tx.PutBucket(index.Bucket{ID: bucket, Name: name}); err != nil {
				return err
			}
			if err := tx.PutFollower(index.Follower{Name: name, Bucket: bucket}); err != nil {
				return err
			}
			if err := tx.Note(bucket, index.Change{Position: 1, Revision: 1, Key: "k", Size: 7}); err != nil {
				return err
			}
		}
		return tx.DeleteBucket(1)
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := db.Followers(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "two" {
		t.Fatalf("%+v, %v", all, err)
	}
	if b, found, err := db.Backlog(t.Context(), "two"); err != nil || !found || b.Changes != 1 || b.Bytes != 7 {
		t.Fatalf("%+v, %v, %v", b, found, err)
	}
	if _, found, err := db.Backlog(t.Context(), "one"); err != nil || found {
		t.Fatalf("found %v, %v", found, err)
	}
}
