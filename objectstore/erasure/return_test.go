package erasure

import (
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

// TestCrashLeftovers reproduces what a crash in the middle leaves: the version on
// fewer drives than can be read goes, on as many it counts.
func TestCrashLeftovers(t *testing.T) {
	for holders := range 5 {
		w := newWorld(t, 4)
		before := map[string]bool{}
		for _, f := range shards(t, w.paths[0]) {
			before[f] = true
		}
		old := randomBytes(30_000, 1)
		newest := randomBytes(40_000, 2)
		w.put("key", old)
		w.close()
		saved := make([][]string, 4)
		for i, p := range w.paths { // keep the old version's files
			for _, f := range shards(t, p) {
				link := filepath.Join(w.paths[i]+".saved", f)
				if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.Link(filepath.Join(p, f), link); err != nil {
					t.Fatal(err)
				}
				saved[i] = append(saved[i], f)
			}
		}
		w.open()
		w.put("key", newest)
		w.close()
		for i, p := range w.paths { // as if the old had not been unlinked yet, and the new come so far
			for _, f := range shards(t, p) {
				if !slices.Contains(saved[i], f) && i >= holders {
					if err := os.Remove(filepath.Join(p, f)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, f := range saved[i] {
				if err := os.Link(filepath.Join(w.paths[i]+".saved", f), filepath.Join(p, f)); err != nil && !errors.Is(err, os.ErrExist) {
					t.Fatal(err)
				}
			}
			stray := filepath.Join(p, croftDir, storeDir, tmpDir, "0123")
			if err := os.WriteFile(stray, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if holders < 2 {
			w.want["key"] = old
		}
		for range 2 {
			w.open()
			w.check(fmt.Sprintf("new version on %d drives", holders))
			w.close()
		}
		for _, p := range w.paths {
			extra := 0
			for _, f := range shards(t, p) {
				if !before[f] {
					extra++
				}
			}
			if extra > 1 {
				t.Fatalf("new version on %d drives: %d files for one key on %s", holders, extra, p)
			}
		}
	}
}
