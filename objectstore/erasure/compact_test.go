package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/record"
	"croft/objectstore/erasure/seglog"
)

// compact compacts until nothing more is worth it, which must be soon: it must not
// go on for ever with what it wrote itself.
func (b *bay) compact() {
	b.Helper()
	for range 10 {
		before := b.store.applied.Load()
		if err := b.store.compactAll(b.Context()); err != nil {
			b.Fatal(err)
		}
		if b.store.applied.Load() == before {
			return
		}
	}
	b.Fatal("compaction does not come to an end")
}

// logBytes is how long the segments of the log are together, on one drive.
func (b *bay) logBytes() (n int64) {
	for _, x := range b.store.seglog.Segments() {
		n += x.End
	}
	return n
}

func TestSpaceOfDeletedObjectsComesBack(t *testing.T) {
	b := newBayOf(t, 4, 256<<10)
	for i := range 40 {
		b.put(fmt.Sprint("small ", i), randomBytes(60_000, uint64(i)))
	}
	b.put("stays", randomBytes(60_000, 1000))
	full := b.logBytes()
	for i := range 40 {
		b.delete(fmt.Sprint("small ", i))
	}
	b.roll()
	b.compact()
	if n := b.logBytes(); n > full/4 {
		t.Fatalf("%d bytes of log are left of %d", n, full)
	}
	// A drive gives its files up in its own time.
	var files, limit int64
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		files, limit = 0, b.logBytes()+6*b.segment
		for _, e := range b.slots[0].Files() {
			if strings.HasPrefix(e.Name, "log/") {
				files += e.Size
			}
		}
		if files <= limit {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log's files have %d bytes, want at most %d", files, limit)
		}
	}
	b.check("after compaction")
	b.rebuild()
	b.check("after compaction and a new catalogue")
}

// TestManyTombstones deletes objects that share their segments with others that
// stay: what says that they are gone is needed as long, and must not be moved
// round and round.
func TestManyTombstones(t *testing.T) {
	b := newBayOf(t, 2, 128<<10)
	for i := range 300 {
		b.put(fmt.Sprint("gone ", i), randomBytes(100, uint64(i)))
		if i%3 == 0 {
			b.put(fmt.Sprint("stays ", i), randomBytes(10_000, uint64(i)))
		}
	}
	for i := range 300 {
		b.delete(fmt.Sprint("gone ", i))
	}
	b.roll()
	b.compact()
	b.check("after compaction")
	b.rebuild()
	b.check("after a new catalogue")
	for i := range 300 {
		if i%3 == 0 {
			b.delete(fmt.Sprint("stays ", i))
		}
	}
	for range 3 {
		b.roll()
		b.compact()
	}
	b.check("after all were deleted")
	if n := len(b.store.seglog.Segments()); n > 4 {
		t.Fatalf("%d segments are left of nothing", n)
	}
	b.rebuild()
	b.check("after another new catalogue")
}

// graves counts the entries of the log that say that a key is gone.
func (b *bay) graves(key string) (n int) {
	b.Helper()
	for _, x := range b.store.seglog.Segments() {
		_, err := b.store.seglog.Scan(b.Context(), x.ID, func(_ seglog.Position, placed []seglog.Placed) error {
			for i := range placed {
				e, err := record.Decode(placed[i].Meta)
				if err != nil {
					return err
				}
				if gone, ok := e.(*record.Gone); ok && gone.Key == key {
					n++
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return n
}

// TestTombstoneOutlives compacts the segment that says that an object is gone while
// the one with the object is kept, and then that one too.
func TestTombstoneOutlives(t *testing.T) {
	b := newBayOf(t, 2, 256<<10)
	b.put("victim", randomBytes(20_000, 1))
	b.put("stays", randomBytes(100_000, 2))
	b.reopen()
	b.delete("victim")
	b.put("trash", randomBytes(100_000, 3))
	b.reopen()
	b.delete("trash")
	b.roll()
	b.compact()
	if n := b.graves("victim"); n != 1 {
		t.Fatalf("%d entries say that the object is gone, want 1", n)
	}
	if n := b.graves("trash"); n != 0 {
		t.Fatalf("%d entries say that is gone what is nowhere", n)
	}
	b.rebuild()
	b.check("after a new catalogue")
	b.delete("stays")
	for range 3 {
		b.roll()
		b.compact()
	}
	if n := b.graves("victim"); n != 0 {
		t.Fatalf("%d entries still say that the object is gone", n)
	}
	b.rebuild()
	b.check("after another new catalogue")
}

// TestMovedKnowsWhereItWas moves an object without freeing the segment it was in,
// as a crash between the two does: the object's end must outlive that one too.
func TestMovedKnowsWhereItWas(t *testing.T) {
	b := newBayOf(t, 2, 256<<10)
	b.put("object", randomBytes(20_000, 1))
	b.reopen()
	from := b.store.seglog.Segments()[0].ID
	m := &move{store: b.store, from: from}
	_, err := b.store.seglog.Scan(t.Context(), from, func(_ seglog.Position, placed []seglog.Placed) error {
		for i := range placed {
			if err := m.add(t.Context(), &placed[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, m.flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	in, err := b.store.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	h, err := b.store.held(t.Context(), in, "object")
	if err != nil || h.loc.Segment == from || !slices.Contains(h.Shadows, from) {
		t.Fatalf("in segment %x with shadows %x, from %x, %v", h.loc.Segment, h.Shadows, from, err)
	}
}

// TestTinyObjectsAreMovedOnce has many entries that are much smaller than the
// pages of their records.
func TestTinyObjectsAreMovedOnce(t *testing.T) {
	b := newBayOf(t, 3, 64<<10)
	for i := range 200 {
		b.put(fmt.Sprint("tiny ", i), []byte{byte(i)})
	}
	b.roll()
	full := b.logBytes()
	b.compact()
	if n := b.logBytes(); n > full/3 {
		t.Fatalf("%d bytes of log are left of %d", n, full)
	}
	b.check("after compaction")
}

func TestBodiesOfDeletedObjectsGo(t *testing.T) {
	b := newBay(t, 3)
	for i := range 3 {
		b.put(fmt.Sprint("large ", i), randomBytes(2<<20+100+i, uint64(i)))
	}
	b.put("large 0", randomBytes(2<<20+7, 9))
	b.put("large 1", []byte("small now"))
	b.delete("large 2")
	n := 0
	for _, e := range b.slots[1].Files() {
		if strings.HasPrefix(e.Name, "bodies/") {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d files of bodies are left, want 1", n)
	}
	b.check("afterwards")
}

// TestCatalogueAfterCompaction compares the catalogue that followed everything
// with one that is built from what compaction has left, again and again.
func TestCatalogueAfterCompaction(t *testing.T) {
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := newBayOf(t, 3, 64<<10)
			r := rand.New(rand.NewPCG(seed, 1))
			if _, err := b.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "versions"}); err != nil {
				t.Fatal(err)
			}
			for round := range 6 {
				for range 60 {
					b.anyChange(r)
				}
				if round%2 == 1 {
					b.roll()
					b.compact()
				}
				before := b.dump()
				b.rebuild()
				if after := b.dump(); after != before {
					t.Fatalf("round %d: the catalogue was\n%s\nand is\n%s", round, before, after)
				}
				b.check("after a new catalogue")
			}
		})
	}
}

// anyChange makes one change of any kind.
func (b *bay) anyChange(r *rand.Rand) {
	b.Helper()
	key := fmt.Sprint("key ", r.IntN(12))
	switch r.IntN(10) {
	default:
		b.put(key, randomBytes(r.IntN(9000), r.Uint64()))
	case 0:
		b.put(key, randomBytes(2<<20+1+r.IntN(1000), r.Uint64()))
	case 1, 2, 3:
		if _, ok := b.want[key]; ok {
			b.delete(key)
		}
	case 4:
		b.upload(key, randomBytes(r.IntN(5000), r.Uint64()))
	case 5:
		u, err := b.store.CreateUpload(b.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
		for n := 1; n <= 2 && err == nil; n++ {
			_, err = b.store.PutPart(b.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader(randomBytes(100, 1)), Size: 100})
		}
		if err == nil && r.IntN(2) == 0 {
			err = b.store.AbortUpload(b.Context(), u.UploadRef)
		}
		if err != nil {
			b.Fatal(err)
		}
	case 6:
		name := fmt.Sprint("bucket-", r.IntN(3))
		if err := b.store.DeleteBucket(b.Context(), name); err != nil {
			if _, err := b.store.CreateBucket(b.Context(), objectstore.Bucket{Name: name}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// reopen closes the store and opens it again.
func (b *bay) reopen() {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	b.open()
}

// roll puts all that was written so far into segments that are finished.
func (b *bay) roll() {
	b.Helper()
	for range 2 {
		b.reopen()
		b.put("roll", nil)
		b.delete("roll")
	}
}

// rebuild removes the catalogue and has it built from the drives.
func (b *bay) rebuild() {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(b.catalogue + "*")
	for _, f := range files {
		if err == nil {
			err = os.Remove(f)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	b.open()
}

// dump is all that the catalogue says.
func (b *bay) dump() string {
	b.Helper()
	var out strings.Builder
	err := b.store.index.View(b.Context(), func(v index.View) error { return dumpView(b.Context(), v, &out) })
	if err != nil {
		b.Fatal(err)
	}
	return out.String()
}

func dumpView(ctx context.Context, v index.View, out *strings.Builder) error {
	buckets, err := v.Buckets()
	if err != nil {
		return err
	}
	for _, b := range buckets {
		fmt.Fprintf(out, "bucket %d %s %x\n", b.ID, b.Name, b.Value)
		_, err := v.ListVersions(ctx, index.ListVersionsRequest{Bucket: b.ID, Limit: 1 << 20}, func(e index.VersionEntry) error {
			fmt.Fprintf(out, "  version %+v\n", e)
			return nil
		})
		if err != nil {
			return err
		}
		_, err = v.ListUploads(ctx, index.ListUploadsRequest{Bucket: b.ID, Limit: 1 << 20}, func(e index.UploadEntry) error {
			fmt.Fprintf(out, "  upload %+v\n", e)
			parts, err := v.Parts(e.Upload.ID, 0, 1<<20)
			for _, p := range parts {
				fmt.Fprintf(out, "    part %+v\n", p)
			}
			return err
		})
		if err != nil {
			return err
		}
		usage, err := v.BucketUsage(b.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  usage %+v\n", usage)
	}
	files, err := v.ScanFiles(index.FileID{}, 1<<20)
	for _, f := range files {
		fmt.Fprintf(out, "file %x %d %d %x\n", f.ID, f.Size, f.Ord, f.Value)
	}
	if err != nil {
		return err
	}
	segments, err := v.Segments()
	live := map[uint64]index.Segment{}
	for _, x := range segments {
		if x.Items != 0 || x.Live != 0 {
			live[x.ID] = x
		}
	}
	for _, id := range slices.Sorted(maps.Keys(live)) {
		fmt.Fprintf(out, "segment %+v\n", live[id])
	}
	return err
}
