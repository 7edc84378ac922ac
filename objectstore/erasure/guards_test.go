package erasure

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
)

// TestNamesStayLockedWhileTheCatalogueIsBehind: who gets a name next must not see
// the catalogue without what was written of it.
func TestNamesStayLockedWhileTheCatalogueIsBehind(t *testing.T) {
	behind := make(chan struct{})
	k := keyLocks{over: func() (<-chan struct{}, error) { return behind, errors.New("behind") }}
	n := name{1, "key"}
	k.lock(n)()
	k.mu.Lock()
	l := k.locks[n]
	k.mu.Unlock()
	if l == nil || l.TryLock() {
		t.Fatal("the name is free")
	}
	next := make(chan struct{})
	go func() {
		k.lock(n)
		close(next)
	}()
	close(behind)
	<-next
	s := mustOpen(t, newPaths(t, 1))
	if s.keys.over == nil {
		t.Error("the store does not say when it is behind")
	}
}

// TestNoRoomForLargeBodies refuses large bodies before anything of them is written,
// also where they would just fit, and small ones not.
func TestNoRoomForLargeBodies(t *testing.T) {
	b := newBayOf(t, 4, 256<<10)
	b.put("small", randomBytes(1000, 1))
	for _, d := range b.slots[:2] {
		d.SetFree(5_900_000)
	}
	made := func() (n int) {
		for _, op := range b.machine.Trace() {
			if op.Kind == simdisk.Create && strings.HasPrefix(op.Name, "bodies/") {
				n++
			}
		}
		return n
	}
	before := made()
	large := randomBytes(11<<20, 2) // half of it on each drive
	for _, size := range []int64{int64(len(large)), -1} {
		_, err := b.store.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "large", Body: readerOf(large), Size: size})
		if !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("put of %d bytes: %v", size, err)
		}
		if size >= 0 && made() != before {
			t.Error("files were made for a body that does not fit")
		}
	}
	if !b.store.short.Load() {
		t.Error("giving back space is not urgent")
	}
	b.put("another", randomBytes(1000, 3))
	b.check("small ones")
	b.slots[0].SetFree(1 << 40)
	b.put("large", large) // one drive that is full keeps nobody from writing
	b.check("all")
}

// TestSegmentsStayUntilTheCatalogueIsDurable keeps a segment that was compacted when
// the catalogue, which knows the new places, could not be made durable.
func TestSegmentsStayUntilTheCatalogueIsDurable(t *testing.T) {
	b := newBayOf(t, 2, 256<<10)
	for i := range 10 {
		b.put(fmt.Sprint(i), randomBytes(10_000, uint64(i)))
	}
	from := b.store.seglog.Segments()[0].ID
	b.roll()
	wal := b.catalogue + "-wal"
	if err := os.Rename(wal, wal+".real"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(wal, 0o700); err != nil {
		t.Fatal(err)
	}
	err := (&compactor{store: b.store}).segment(t.Context(), from)
	if !errors.Is(err, index.ErrUnusable) {
		t.Fatalf("compaction without a durable catalogue: %v", err)
	}
	if !b.store.segmentExists()(from) {
		t.Error("the segment was freed")
	}
	b.check("afterwards")
	if err := errors.Join(os.Remove(wal), os.Rename(wal+".real", wal)); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsLookedForWhileAllAreThere asks no drive for anything.
func TestNothingIsLookedForWhileAllAreThere(t *testing.T) {
	b := newBay(t, 4)
	b.put("key", randomBytes(1000, 1))
	asked := func() (n int) {
		for _, d := range b.slots {
			n += d.Count(simdisk.Any)
		}
		return n
	}
	b.settle()
	before := asked()
	b.store.lookAround(t.Context())
	if n := asked() - before; n > 0 {
		t.Errorf("the drives were asked %d times", n)
	}
	if b.store.leftovers.new.Load() {
		t.Error("the next start looks for leftovers")
	}
}

// settle waits until no drive is asked for anything any more.
func (b *bay) settle() {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	b.open()
	for _, d := range b.store.set.Drives {
		d.SetHealing(false, "")
	}
}

// TestHealingEndsWithNothingLeft keeps a drive healing as long as anything is noted
// that it lacks.
func TestHealingEndsWithNothingLeft(t *testing.T) {
	b := newBay(t, 4)
	b.put("large", randomBytes(largeBytes, 1))
	s, ctx := b.store, t.Context()
	files, err := s.index.ScanFiles(ctx, index.FileID{}, 10)
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	here := uint16(driveset.Places(0).With(1))
	repair := index.Repair{Segment: s.seglog.Segments()[0].ID, Offset: wholeSegment, Places: here}
	set := func(f func(tx *index.Tx) error) {
		t.Helper()
		if err := s.index.Apply(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	s.set.Drives[1].SetHealing(true, "It is being filled.")
	for _, c := range []struct {
		what   string
		begin  func(tx *index.Tx) error
		finish func(tx *index.Tx) error
	}{
		{
			"a repair", func(tx *index.Tx) error { return tx.AddRepair(repair) },
			func(tx *index.Tx) error { return tx.DeleteRepair(repair.Segment, repair.Offset) },
		},
		{
			"a body", func(tx *index.Tx) error { _, err := tx.SetMissing(files[0].ID, here); return err },
			func(tx *index.Tx) error { _, err := tx.SetMissing(files[0].ID, 0); return err },
		},
	} {
		set(c.begin)
		if err := s.heal.finish(ctx); err != nil {
			t.Fatal(err)
		}
		if state := b.state(1).State; state != objectstore.DriveHealing {
			t.Errorf("with %s left the drive is %s", c.what, state)
			s.set.Drives[1].SetHealing(true, "It is being filled.")
		}
		set(c.finish)
	}
	if err := s.heal.finish(ctx); err != nil {
		t.Fatal(err)
	}
	b.wantOK()
}

// TestReplacedBeforeItWasPinned opens an object that was replaced between being
// looked up and its bodies being pinned: they may go at any time.
func TestReplacedBeforeItWasPinned(t *testing.T) {
	b := newBay(t, 4)
	b.upload("key", randomBytes(objectstore.MinPartSize, 1), randomBytes(1000, 2))
	in, err := b.store.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	h, err := b.store.held(t.Context(), in, "key")
	if err != nil || len(h.Bodies) != 2 {
		t.Fatal(h, err)
	}
	if err := b.store.index.Apply(t.Context(), func(tx *index.Tx) error {
		_, _, err := tx.DeleteVersion(h.Bucket, h.Key, h.Ord)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	body, err := b.store.openBody(t.Context(), h, nil, 0, h.Size)
	if !errors.Is(err, errReplaced) {
		t.Fatalf("opened %v, %v", body, err)
	}
	if n := len(b.store.pins.readers); n > 0 {
		t.Errorf("%d bodies stay pinned", n)
	}
}
