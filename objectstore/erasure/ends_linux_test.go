package erasure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// tmpfs mounts a file system of a size, in bytes, that ends with the test.
func tmpfs(t *testing.T, size int64) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("croft-test", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		skipOutsideCI(t, "a mount (as root)", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// ballast fills a file system up to so many bytes and returns how to empty it again.
func ballast(t *testing.T, dir string, leave int64) (remove func()) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "ballast")
	if n := int64(st.Bavail)*st.Bsize - leave; n > 0 {
		if err := os.WriteFile(name, make([]byte, n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// TestFullStateDrive fills the disk that the catalogue is on: changes end with a
// clear error instead of hanging, those that come later at once, reading goes on,
// and so does writing when there is space again.
func TestFullStateDrive(t *testing.T) {
	dir := tmpfs(t, 4<<20)
	b := newBay(t, 3)
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	b.catalogue = filepath.Join(dir, "catalogue.db")
	b.open()
	b.fill("before ")
	remove := ballast(t, dir, 0)
	refused := func(err error) bool { return errs.KindOf(err) == errs.StorageFull }
	var err error
	last, body := "", []byte(nil)
	began := time.Now()
	for i := 0; err == nil; i++ {
		if i == 100_000 {
			t.Fatal("the catalogue never fills")
		}
		last, body = fmt.Sprint("during ", i), randomBytes(10, uint64(i))
		began = time.Now()
		if err = b.tryPut(last, body); err == nil {
			b.want[last] = body
		}
	}
	if took := time.Since(began); !refused(err) || took > 20*time.Second {
		t.Fatalf("%v after %v", err, took)
	}
	began = time.Now()
	_, deleteErr := b.store.Delete(t.Context(), "bucket", "before 1")
	_, bucketErr := b.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "another"})
	for what, err := range map[string]error{
		"small": b.tryPut("other", []byte("x")), "same key": b.tryPut(last, []byte("x")),
		"large": b.tryPut("other", randomBytes(3<<20, 1)), "delete": deleteErr, "bucket": bucketErr,
	} {
		if !refused(err) {
			t.Errorf("%s: %v, want storage_full", what, err)
		}
	}
	if took := time.Since(began); took > 20*time.Second { // one that waits takes 10
		t.Fatalf("refusals took %v", took)
	}
	b.check("while the catalogue's disk is full")
	remove()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err = b.tryPut("afterwards", []byte("again")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %v", err)
		}
	}
	b.want["afterwards"] = []byte("again")
	b.want[last] = body // it was written, and only the catalogue was behind
	b.check("with space again")
	b.rebuild()
	b.check("after a new catalogue")
}

// TestFullDrives fills the drives: large objects are refused while there is room
// for what is needed to make some again, and deleting works to the end.
func TestFullDrives(t *testing.T) {
	if testing.Short() {
		t.Skip("what fills drives is coding and writing, for the long run")
	}
	var paths []string
	for range 3 {
		paths = append(paths, filepath.Join(tmpfs(t, 48<<20), "drive"))
	}
	w := &world{TB: t, paths: paths, want: make(map[string][]byte)}
	w.begin()
	var full []string
	for i := 0; ; i++ {
		key := fmt.Sprint("large ", i)
		body := randomBytes(4<<20, uint64(i))
		err := w.tryPut(key, body)
		if err == nil {
			w.want[key] = body
			full = append(full, key)
			continue
		}
		if !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("large object %d: %v", i, err)
		}
		break
	}
	for i := 0; ; i++ {
		key := fmt.Sprint("small ", i)
		body := randomBytes(100_000, uint64(i))
		err := w.tryPut(key, body)
		if err == nil {
			w.want[key] = body
			continue
		}
		if !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("small object %d: %v", i, err)
		}
		break
	}
	w.check("when full")
	for _, key := range full[2:] {
		w.delete(key)
	}
	for key := range w.want {
		if len(w.want[key]) == 100_000 {
			w.delete(key)
		}
	}
	w.check("after deleting")
	if err := w.store.compactAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.put("large again", randomBytes(4<<20, 99))
	w.check("with space again")
	w.close()
	w.open()
	w.check("after a restart")
}
