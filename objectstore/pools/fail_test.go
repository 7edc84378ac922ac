package pools

import (
	"errors"
	"strings"
	"testing"

	"croft/objectstore"
)

// keyIn is a key of the bucket that belongs into a set.
func keyIn(t *testing.T, s *Store, in *set) string {
	t.Helper()
	a := s.now.Load()
	for _, key := range manyKeys("key", 1000) {
		for _, p := range a.pools {
			if a.home(p, name{"bucket", key}) == in {
				return key
			}
		}
	}
	t.Fatal("no key belongs into the set")
	return ""
}

// TestASetFails changes buckets while one set cannot be written to. Nothing is
// written under settings that not all sets have.
func TestASetFails(t *testing.T) {
	a := drives(quickDir(t), "a", 4)
	s := mustOpen(t, a)
	makeBucket(t, s)
	here, away := s.sets()[0], s.sets()[1]
	key := keyIn(t, s, here)
	put(t, s, key)
	closeStore(t, away)

	tryPut := func(bucket string) error {
		_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Body: strings.NewReader("x"), Size: 1})
		return err
	}
	if err := tryPut("bucket"); err != nil {
		t.Errorf("put where all is well: %v", err)
	}
	if err := jobs["update"](t.Context(), s); err == nil {
		t.Fatal("settings were changed in half of the sets")
	}
	if err := tryPut("bucket"); err == nil {
		t.Error("something was written while the sets do not agree about the bucket")
	}
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "another"}); err == nil {
		t.Fatal("a bucket was made in half of the sets")
	}
	if _, err := s.Bucket(t.Context(), "another"); !errors.Is(err, objectstore.ErrBucketNotFound) {
		t.Errorf("the bucket that was not made: %v", err)
	}
	closeStore(t, s)

	s = mustOpen(t, a)
	all := agreed(t, s, "opened again")
	if len(all) != 1 || all[0].Versioning != objectstore.VersioningEnabled {
		t.Errorf("buckets %+v", all)
	}
	if err := tryPut("bucket"); err != nil {
		t.Error(err)
	}
}

// TestUnsettledBucketIsSettled finishes a change before the next write, without a
// start between.
func TestUnsettledBucketIsSettled(t *testing.T) {
	s := mustOpen(t, drives(quickDir(t), "a", 4))
	makeBucket(t, s)
	first := s.now.Load().first
	cut := errors.New("cut off")
	err := s.buckets.alter(t.Context(), "bucket", func() (bool, error) {
		_, err := first.UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error {
			b.Quota = 5
			return nil
		})
		return false, errors.Join(cut, err)
	})
	if !errors.Is(err, cut) {
		t.Fatal(err)
	}
	_, err = s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: keyIn(t, s, s.sets()[1]), Body: strings.NewReader("more than 5"), Size: 11})
	if !errors.Is(err, objectstore.ErrQuotaExceeded) {
		t.Errorf("put: %v", err)
	}
	agreed(t, s, "after a write")
	if n := s.buckets.some.Load(); n != 0 {
		t.Errorf("%d changes are still waited for", n)
	}
}
