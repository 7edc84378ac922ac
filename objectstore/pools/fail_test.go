package pools

import (
	"context"
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

// TestHalfMadeBucketGivesWay makes a bucket again whose creation was cut off before it
// counted, without a start between.
func TestHalfMadeBucketGivesWay(t *testing.T) {
	s := mustOpen(t, drives(quickDir(t), "a", 4))
	cut := errors.New("cut off")
	err := s.buckets.alter(t.Context(), "bucket", func() (bool, error) {
		c, err := s.now.Load().first.PlanBucket(t.Context(), objectstore.Bucket{Name: "bucket", Owner: "somebody else"})
		if err == nil {
			err = s.sets()[1].PutBucketCopy(t.Context(), c)
		}
		return false, errors.Join(cut, err)
	})
	if !errors.Is(err, cut) {
		t.Fatal(err)
	}
	makeBucket(t, s)
	if all := agreed(t, s, "made again"); len(all) != 1 || all[0].Owner != "team" {
		t.Errorf("buckets %+v", all)
	}
}

// halfMoved is a store of two pools, the first of which is being drained, and perhaps keys
// that are in both: a move was cut off after the other pool had them.
func halfMoved(t *testing.T, keys ...string) *Store {
	t.Helper()
	root := quickDir(t)
	a, b := drives(root, "a", 1), drives(root, "b", 1)
	s := mustOpen(t, a)
	makeBucket(t, s)
	put(t, s, keys...)
	closeStore(t, s)
	s = mustOpen(t, a, b)
	if err := s.DrainPool(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	sets := s.sets()
	if len(keys) == 0 {
		return s
	}
	p, err := sets[0].Pack(t.Context(), sets[1].Store, "bucket", keys)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := p.Deliver(ctx, cancel); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, set := range sets {
		if page, err := set.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"}); err != nil || len(page.Objects) != len(keys) {
			t.Fatalf("%d keys in a set, %v", len(page.Objects), err)
		}
	}
	return s
}

// TestChangesOfAKeyInTwoSets changes keys that a move which was cut off left in two
// sets. What is deleted does not come back, and what is written stays.
func TestChangesOfAKeyInTwoSets(t *testing.T) {
	s := halfMoved(t, "deleted", "deleted with others", "overwritten", "left")
	holds(t, s, "deleted", "deleted with others", "overwritten", "left")
	if existed, err := s.Delete(t.Context(), "bucket", "deleted"); err != nil || !existed {
		t.Fatal(existed, err)
	}
	if failures := s.DeleteAll(t.Context(), "bucket", []string{"deleted with others"}); failures[0] != nil {
		t.Fatal(failures[0])
	}
	_, err := s.Put(t.Context(), objectstore.PutRequest{
		Bucket: "bucket", Key: "left", Body: strings.NewReader("x"), Size: 1, Condition: objectstore.Condition{Absent: true},
	})
	if !errors.Is(err, objectstore.ErrPreconditionFailed) {
		t.Errorf("a key that is in two sets was taken for absent: %v", err)
	}
	put(t, s, "overwritten")
	holds(t, s, "overwritten", "left")
	drainTo(t, s, 1, nil)
	holds(t, s, "overwritten", "left")
}

// TestKeysInUseAreNotMoved leaves a key where somebody is about to write to it.
func TestKeysInUseAreNotMoved(t *testing.T) {
	s := halfMoved(t)
	from := s.sets()[0]
	if _, err := from.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1}); err != nil {
		t.Fatal(err)
	}
	in, release, err := s.claims.take(t.Context(), name{"bucket", "key"})
	if err != nil || in != from {
		t.Fatal(in, err)
	}
	over, err := s.drainOnce(t.Context(), s.now.Load().pools[0])
	if over || err != nil {
		t.Fatalf("drained: %v, %v", over, err)
	}
	if there, err := from.Holds(t.Context(), "bucket", "key"); err != nil || !there {
		t.Errorf("the key was moved: %v", err)
	}
	release()
	// A claim on a key that is nowhere yet was made before the pool was drained.
	k := s.claims.use(name{"bucket", "new"})
	k.set = from
	if over, err = s.drainOnce(t.Context(), s.now.Load().pools[0]); over || err != nil {
		t.Fatalf("drained although somebody may write there: %v, %v", over, err)
	}
	s.claims.drop(name{"bucket", "new"}, k)
	if over, err = s.drainOnce(t.Context(), s.now.Load().pools[0]); !over || err != nil {
		t.Fatalf("not drained: %v, %v", over, err)
	}
}

// TestDrainRefusals are what DrainPool does not do.
func TestDrainRefusals(t *testing.T) {
	root := quickDir(t)
	s := mustOpen(t, drives(root, "a", 1), drives(root, "b", 1), drives(root, "c", 1))
	if err := s.DrainPool(t.Context(), 4); !errors.Is(err, objectstore.ErrPoolNotFound) {
		t.Error(err)
	}
	if err := s.DrainPool(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantCode(t, s.DrainPool(t.Context(), 2), "pool_draining", "Pool 1 is being drained")
	if err := s.DrainPool(t.Context(), 1); err != nil {
		t.Errorf("asked twice: %v", err)
	}
	h, err := s.Health(t.Context())
	if err != nil || h.Pools[0].State != objectstore.PoolDraining || h.Pools[1].State != objectstore.PoolInUse {
		t.Errorf("%+v, %v", h.Pools, err)
	}
}
