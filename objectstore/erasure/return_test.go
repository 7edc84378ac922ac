package erasure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"croft/objectstore"
)

func TestReopenFindsEverything(t *testing.T) {
	w := newWorld(t, 4)
	u, err := w.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "unfinished"})
	if err != nil {
		t.Fatal(err)
	}
	parts := [][]byte{randomBytes(objectstore.MinPartSize, 1), randomBytes(9, 2)}
	put := func(number int) {
		if _, err := w.store.PutPart(t.Context(), objectstore.PutPartRequest{
			Upload: u.UploadRef, Number: number, Body: readerOf(parts[number-1]), Size: -1,
		}); err != nil {
			t.Fatal(err)
		}
	}
	put(1)
	before, err := w.store.Head(t.Context(), "bucket", "in parts")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.close()
		w.open()
		w.check("reopened")
	}
	after, err := w.store.Head(t.Context(), "bucket", "in parts")
	if err != nil || after.ETag != before.ETag || len(after.Parts) != 2 || !after.ModifiedAt.Equal(before.ModifiedAt) {
		t.Fatalf("before %+v, after %+v, %v", before, after, err)
	}
	b, err := w.store.Bucket(t.Context(), "bucket")
	if err != nil || b.Owner != "owner" {
		t.Fatalf("bucket %+v, %v", b, err)
	}
	put(2)
	w.close()
	w.open()
	if _, err := w.store.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{
		Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}, {Number: 2}},
	}); err != nil {
		t.Fatal(err)
	}
	w.want["unfinished"] = slices.Concat(parts...)
	w.close()
	w.open()
	w.check("completed over restarts")
}

// TestEverythingDeletedLeavesNoFile counts files instead of trusting listings.
func TestEverythingDeletedLeavesNoFile(t *testing.T) {
	w := newWorld(t, 4)
	w.put("size 1", []byte("overwritten"))
	w.upload("in parts", randomBytes(10, 1))
	for key := range w.want {
		w.delete(key)
	}
	if err := w.store.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	for _, p := range w.paths {
		if left := shards(t, p); len(left) != 0 {
			t.Fatalf("left on %s: %v", p, left)
		}
	}
}

// TestNothingComesBack lets a drive miss changes and return, for each drive.
func TestNothingComesBack(t *testing.T) {
	for _, n := range []int{3, 4, 6, 16} {
		t.Run(fmt.Sprintf("%d drives", n), func(t *testing.T) {
			w := newWorld(t, n)
			g := w.store.geometry
			w.close()
			for first := 0; first < n; first += 1 + n/8 {
				// As many as may be away while writing goes on.
				var away []int
				for i := range n - g.writeQuorum() {
					away = append(away, (first+i)%n)
				}
				gone, over, fresh := fmt.Sprintf("gone %d", first), fmt.Sprintf("over %d", first), fmt.Sprintf("fresh %d", first)
				w.open()
				w.put(gone, randomBytes(50_000, 1))
				w.put(over, randomBytes(50_000, 2))
				w.upload(gone+" in parts", randomBytes(60_000, 3))
				w.close()
				w.away(away...)
				w.open()
				w.delete(gone)
				w.delete(gone + " in parts")
				w.put(over, randomBytes(60_000, 4))
				w.put(fresh, randomBytes(70_000, 5))
				w.check("while away")
				w.close()
				w.back(away...)
				w.open()
				w.check("with all back")
				w.close()
				w.open()
				w.check("a second time")
				heal(t, w.store)
				w.close()
			}
		})
	}
}

// heal does once what Run does at start.
func heal(t *testing.T, s *Store) {
	t.Helper()
	for _, v := range s.index.all() {
		if s.lacking(v) != 0 {
			if _, err := s.healVersion(t.Context(), v, false); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestReturnedDriveCatchesUp writes while a drive is away, heals it, and then
// reads with that drive as one of the last.
func TestReturnedDriveCatchesUp(t *testing.T) {
	w := newWorld(t, 4)
	w.close()
	w.away(0)
	w.open()
	w.put("fresh", randomBytes(2<<20, 1))
	w.upload("fresh in parts", randomBytes(objectstore.MinPartSize, 2), randomBytes(5, 3))
	w.close()
	w.back(0)
	w.open()
	heal(t, w.store)
	w.close()
	w.away(1, 2)
	w.open()
	w.check("with the healed drive")
}

// TestUnsureIsRefused keeps away the drives that would decide between the old
// body and the new one: no answer may be given, least of all the old body.
func TestUnsureIsRefused(t *testing.T) {
	w := newWorld(t, 4)
	w.put("key", randomBytes(5000, 1))
	w.close()
	w.away(3)
	w.open()
	w.put("key", randomBytes(5000, 2)) // on 0, 1 and 2
	w.close()
	w.back(3)
	w.away(0, 1)
	w.open() // 2 has the new version, 3 the old one
	if _, err := w.read("key"); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Fatalf("got %v, want read_quorum", err)
	}
	w.close()
	w.away(2)
	w.back(0)
	w.open()
	if _, err := w.read("key"); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Fatalf("got %v, want read_quorum", err)
	}
	w.close()
	w.back(1)
	w.open() // 0, 1 and 3: enough of the new one
	w.check("with the deciding drives")
	w.close()
	w.back(2)
	w.open()
	w.check("with all")
}

// snapshot keeps the shard files of all drives, so that restore can undo unlinks
// and removals that a crash would have kept from happening.
func (w *world) snapshot() (restore func()) {
	w.Helper()
	kept := quickDir(w)
	saved := make([][]string, len(w.paths))
	for i, p := range w.paths {
		saved[i] = shards(w, p)
		for _, f := range saved[i] {
			copyTo := filepath.Join(kept, fmt.Sprint(i), f)
			if err := os.MkdirAll(filepath.Dir(copyTo), 0o700); err != nil {
				w.Fatal(err)
			}
			if err := os.Link(filepath.Join(p, f), copyTo); err != nil {
				w.Fatal(err)
			}
		}
	}
	return func() {
		w.Helper()
		for i, p := range w.paths {
			for _, f := range saved[i] {
				err := os.Link(filepath.Join(kept, fmt.Sprint(i), f), filepath.Join(p, f))
				if err != nil && !errors.Is(err, os.ErrExist) {
					w.Fatal(err)
				}
			}
		}
	}
}

// halfOverwritten leaves the key as a crash does in the middle of replacing old by
// newest: the new version is on the first holders drives, the old one on all.
func (w *world) halfOverwritten(key string, old, newest []byte, holders int) {
	w.Helper()
	w.open()
	w.put(key, old)
	w.close()
	restore := w.snapshot()
	before := make([][]string, len(w.paths))
	for i, p := range w.paths {
		before[i] = shards(w, p)
	}
	w.open()
	w.put(key, newest)
	w.close()
	for i, p := range w.paths {
		for _, f := range shards(w, p) {
			if i >= holders && !slices.Contains(before[i], f) {
				if err := os.Remove(filepath.Join(p, f)); err != nil {
					w.Fatal(err)
				}
			}
		}
		stray := filepath.Join(p, croftDir, storeDir, tmpDir, "0123")
		if err := os.WriteFile(stray, []byte("half"), 0o600); err != nil {
			w.Fatal(err)
		}
	}
	restore()
	w.want[key] = old
}

// TestCrashLeftovers: the version on fewer drives than can be read goes, on as many
// it counts, and one of the two is left.
func TestCrashLeftovers(t *testing.T) {
	for holders := range 5 {
		w := newWorld(t, 4)
		files := len(shards(t, w.paths[3]))
		w.close()
		w.halfOverwritten("key", randomBytes(30_000, 1), randomBytes(40_000, 2), holders)
		if holders >= 2 {
			w.want["key"] = randomBytes(40_000, 2)
		}
		for range 2 {
			w.open()
			w.check(fmt.Sprintf("new version on %d drives", holders))
			w.close()
		}
		for i, p := range w.paths {
			if n := len(shards(t, p)); n > files+1 || n < files || i < 2 && n != files+1 {
				t.Fatalf("new version on %d drives: %d files on %s, were %d", holders, n, p, files)
			}
		}
	}
}

// TestUnsureKeepsBoth opens a set that may write while drives are away that decide
// between two versions. Neither may be removed.
func TestUnsureKeepsBoth(t *testing.T) {
	w := newWorld(t, 6)
	w.close()
	w.halfOverwritten("key", randomBytes(30_000, 1), randomBytes(40_000, 2), 2)
	w.away(4, 5)
	w.open()
	if _, err := w.read("key"); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Fatalf("got %v, want read_quorum", err)
	}
	if err := w.store.checkWritable(); err != nil {
		t.Fatal(err)
	}
	w.close()
	w.back(4, 5)
	w.open() // it was never acknowledged, and is on too few
	w.check("with the deciding drives")
	w.close()

	// A new version or a delete settles the matter without them.
	for _, settle := range []func(){
		func() { w.put("key", []byte("settled")) },
		func() { w.delete("key") },
	} {
		w.halfOverwritten("key", randomBytes(30_000, 3), randomBytes(40_000, 4), 2)
		w.away(4, 5)
		w.open()
		settle()
		w.check("settled")
		w.close()
		w.back(4, 5)
		w.open()
		w.check("settled, with all")
		w.close()
	}
}

// TestCompletedUploadIsForgotten brings the upload's own records back, as a crash
// right after the commit would leave them.
func TestCompletedUploadIsForgotten(t *testing.T) {
	w := newWorld(t, 4)
	files := len(shards(t, w.paths[0]))
	ref := func() objectstore.UploadRef {
		u, err := w.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		if err != nil {
			t.Fatal(err)
		}
		return u.UploadRef
	}()
	for number := 1; number <= 2; number++ {
		if _, err := w.store.PutPart(t.Context(), objectstore.PutPartRequest{
			Upload: ref, Number: number, Body: readerOf([]byte{byte(number)}), Size: 1,
		}); err != nil {
			t.Fatal(err)
		}
	}
	restore := w.snapshot()
	if _, err := w.store.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{
		Upload: ref, Parts: []objectstore.PartChoice{{Number: 2}},
	}); err != nil {
		t.Fatal(err)
	}
	w.want["key"] = []byte{2}
	w.close()
	restore()
	w.open()
	w.check("after the crash")
	if _, err := w.store.Upload(t.Context(), ref); !errors.Is(err, objectstore.ErrUploadNotFound) {
		t.Fatalf("got %v, want upload_not_found", err)
	}
	if n := len(shards(t, w.paths[0])); n != files+2 { // the object and its one piece
		t.Fatalf("%d files, want %d", n, files+2)
	}
}

// TestReadsAskForHealing follows what Run does with a shard that a read found damaged.
func TestReadsAskForHealing(t *testing.T) {
	w := newWorld(t, 4)
	v, _, err := w.store.held("bucket", "size 4096")
	if err != nil {
		t.Fatal(err)
	}
	path := w.store.drives[0].versionPath(v.file)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alter(t, path, func(b []byte) []byte { b[100] ^= 1; return b })
	w.check("damaged")
	select {
	case asked := <-w.store.healing:
		if n, err := w.store.healVersion(t.Context(), asked, true); n != 1 || err != nil {
			t.Fatalf("healed %d, %v", n, err)
		}
	default:
		t.Fatal("nothing was asked for")
	}
	if b, err := os.ReadFile(path); err != nil || !slices.Equal(b, whole) {
		t.Fatalf("the shard was not restored: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := w.store.Run(stopped); err != nil {
		t.Fatal(err)
	}
}
