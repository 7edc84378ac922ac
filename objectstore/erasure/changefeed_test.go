package erasure

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"croft/objectstore"
	"croft/objectstore/storetest"
)

func TestChanges(t *testing.T) {
	storetest.RunChanges(t, func(t *testing.T) objectstore.Store { return mustOpen(t, newPaths(t, 2)) })
}

// waiting returns the keys in a follower's backlog.
func (b *bay) waiting(follower string) (keys []string) {
	b.Helper()
	list, err := b.store.Changes(b.Context(), objectstore.ChangesRequest{Follower: follower})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range list {
		keys = append(keys, c.Key)
	}
	return keys
}

func (b *bay) follow(name string) (bookmark string) {
	b.Helper()
	is, err := b.store.Follow(b.Context(), objectstore.Follower{Name: name, Bucket: "bucket"})
	if err != nil {
		b.Fatal(err)
	}
	return string(is)
}

// TestBacklogAfterACrash cuts the power with the catalogue as far behind as it may
// be: whatever was acknowledged and not settled is in the backlog, or the follower is
// told to look for itself.
func TestBacklogAfterACrash(t *testing.T) {
	b := newBay(t, 2)
	b.follow("rule")
	if err := b.store.Recall(t.Context(), "rule", nil, []byte("here")); err != nil {
		t.Fatal(err)
	}
	if err := b.store.index.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	known := 0
	for i := range 8 {
		b.put(fmt.Sprint("object ", i), randomBytes(1000, uint64(i)))
		if i%3 == 2 {
			b.delete(fmt.Sprint("object ", i-1))
		}
		for _, thousandths := range []int{0, 300, 700, 1000} {
			folder := copyCatalogue(t, filepath.Dir(b.catalogue), thousandths)
			crashed := &bay{world: &world{TB: t, want: b.want}, machine: b.machine.Clone(), catalogue: filepath.Join(folder, catalogueName), segment: b.segment}
			for slot := range b.slots {
				crashed.slots = append(crashed.slots, crashed.machine.Drive(fmt.Sprint("drive ", slot)))
			}
			crashed.open()
			if crashed.follow("rule") == "here" {
				known++
				if got, want := crashed.waiting("rule"), b.waiting("rule"); !slices.Equal(got, want) {
					t.Fatalf("after %d changes, catalogue at %d: %v waits, want %v", i, thousandths, got, want)
				}
			}
			if err := crashed.store.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if known < 8 {
		t.Fatalf("the follower was known %d times only", known)
	}
}

// TestReindexForgetsFollowers builds the catalogue anew: nobody claims to remember.
func TestReindexForgetsFollowers(t *testing.T) {
	paths := newPaths(t, 2)
	s := mustOpen(t, paths)
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	f := objectstore.Follower{Name: "rule", Bucket: "bucket"}
	if _, err := s.Follow(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if err := s.Recall(t.Context(), "rule", nil, []byte("here")); err != nil {
		t.Fatal(err)
	}
	for _, reindex := range []bool{false, true} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var err error
		if s, err = Open(t.Context(), Config{Drives: paths, Parity: -1, Reindex: reindex}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		bookmark, err := s.Follow(t.Context(), f)
		if err != nil || (len(bookmark) == 0) != reindex {
			t.Fatalf("reindex %v: bookmark %q, %v", reindex, bookmark, err)
		}
	}
}

// TestCompactionChangesNothing moves everything there is: no follower hears of it.
func TestCompactionChangesNothing(t *testing.T) {
	b := newBayOf(t, 2, 256<<10)
	for i := range 40 {
		b.put(fmt.Sprint("object ", i), randomBytes(20_000, uint64(i)))
	}
	b.follow("rule")
	for i := range 40 {
		if i%4 != 0 {
			b.delete(fmt.Sprint("object ", i))
		}
	}
	b.roll()
	before := b.waiting("rule")
	list, err := b.store.Changes(t.Context(), objectstore.ChangesRequest{Follower: "rule"})
	if err == nil {
		err = b.store.Settle(t.Context(), "rule", list)
	}
	if err != nil || len(before) != 31 {
		t.Fatalf("%d changes noted, %v", len(before), err)
	}
	applied := b.store.applied.Load()
	b.compact()
	if b.store.applied.Load() == applied {
		t.Fatal("nothing was moved; the test shows nothing")
	}
	if got := b.waiting("rule"); len(got) != 0 {
		t.Fatalf("compaction noted %v", got)
	}
	b.check("after compaction")
}
