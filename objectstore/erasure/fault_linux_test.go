package erasure

import (
	"bytes"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"croft/objectstore"
)

// breakDrives makes an operation fail on some drives.
func (w *world) breakDrives(op string, err error, places ...int) {
	for _, i := range places {
		w.store.drives[i].fault = func(o string) error {
			if o == op {
				return err
			}
			return nil
		}
	}
}

var writeOps = []string{"create", "write", "sync", "rename", "syncdir"}

// TestWriteFaultsUpToQuorum lets one drive of four fail at each step: the write
// is acknowledged, the drive fenced, and nothing is lost.
func TestWriteFaultsUpToQuorum(t *testing.T) {
	for _, op := range writeOps {
		w := newWorld(t, 4)
		w.breakDrives(op, syscall.EIO, 2)
		w.put("new", randomBytes(2<<20, 1))
		w.put("size 100", []byte("overwritten"))
		w.breakDrives("", nil, 2)
		var touched atomic.Int32
		w.store.drives[2].fault = func(op string) error {
			if op != "read" && op != "open" {
				touched.Add(1)
			}
			return nil
		}
		w.put("newer", []byte("x"))
		w.delete("size 1")
		if touched.Load() != 0 {
			t.Fatalf("%s: a fenced drive was written to", op)
		}
		h, err := w.store.Health(t.Context())
		if err != nil || h.Drives[2].State != objectstore.DriveFailing || h.Drives[2].Message == "" || !h.Writable {
			t.Fatalf("%s: health %+v, %v", op, h, err)
		}
		w.check(op)
		w.close()
		w.open()
		w.check(op + ", reopened")
	}
}

// TestWriteFaultsBeyondQuorum lets two of four fail at each step: the write is
// refused and leaves nothing, now and after a restart.
func TestWriteFaultsBeyondQuorum(t *testing.T) {
	for _, op := range writeOps {
		w := newWorld(t, 4)
		w.breakDrives(op, syscall.EIO, 1, 2)
		if err := w.tryPut("new", randomBytes(2<<20, 1)); !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Fatalf("%s: got %v, want write_quorum", op, err)
		}
		if err := w.tryPut("size 100", []byte("x")); !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Fatalf("%s: got %v, want write_quorum", op, err)
		}
		w.check(op)
		w.close()
		w.open()
		w.check(op + ", reopened")
		if n := leftInTmp(t, w.paths); n != 0 {
			t.Fatalf("%s: %d staging files left", op, n)
		}
	}
}

// TestFullDrives refuses writes with storage_full, undoes them at once, fences
// nothing, and goes on when there is space again.
func TestFullDrives(t *testing.T) {
	for _, op := range []string{"create", "write", "sync", "rename"} {
		w := newWorld(t, 4)
		files := 0
		for _, p := range w.paths {
			files += len(shards(t, p))
		}
		w.breakDrives(op, syscall.ENOSPC, 1, 2)
		if err := w.tryPut("new", []byte("x")); !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("%s on half of the drives: got %v, want storage_full", op, err)
		}
		w.breakDrives(op, syscall.ENOSPC, 0, 1, 2, 3)
		err := w.tryPut("new", randomBytes(3<<20, 1))
		if !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("%s: got %v, want storage_full", op, err)
		}
		if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "another"}); !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatalf("%s: got %v, want storage_full", op, err)
		}
		w.check(op)
		after := 0
		for _, p := range w.paths {
			after += len(shards(t, p))
		}
		if after != files {
			t.Fatalf("%s: %d files became %d", op, files, after)
		}
		w.delete("size 4096") // deleting needs no space
		w.breakDrives("", nil, 0, 1, 2, 3)
		w.put("new", []byte("x"))
		w.check(op + ", with space again")
	}
}

// TestDrivesLostInMidBody stops reading a body that too few drives take, and blames
// the drives: neither is the body's digest wrong nor was all of it there.
func TestDrivesLostInMidBody(t *testing.T) {
	for fault, want := range map[error]error{syscall.ENOSPC: objectstore.ErrStorageFull, syscall.EIO: objectstore.ErrWriteQuorum} {
		w := newWorld(t, 4)
		whole := randomBytes(8<<20, 1)
		body := bytes.NewReader(whole)
		w.breakDrives("write", fault, 1, 2)
		_, err := w.store.Put(t.Context(), objectstore.PutRequest{
			Bucket: "bucket", Key: "new", Body: body, Size: int64(len(whole)), MD5: fmt.Sprintf("%x", md5.Sum(whole)),
			Finish: func(*objectstore.Attributes) error { t.Error("asked to finish half a body"); return nil },
		})
		if !errors.Is(err, want) || !strings.Contains(fmt.Sprint(err), "2 of 4") && errors.Is(want, objectstore.ErrWriteQuorum) {
			t.Errorf("%v: got %v, want %v", fault, err, want)
		}
		if body.Len() == 0 {
			t.Errorf("%v: all of the body was read for nothing", fault)
		}
		w.check(fault.Error())
	}
}

// TestReallyFullDrive fills a small file system.
func TestReallyFullDrive(t *testing.T) {
	root := t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=4m"); err != nil {
		skipOutsideCI(t, "no file system can be mounted here", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root, unix.MNT_DETACH) })
	w := &world{TB: t, paths: []string{filepath.Join(root, "disk")}, want: map[string][]byte{}}
	w.open()
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	w.put("small", randomBytes(1<<20, 1))
	if err := w.tryPut("big", randomBytes(8<<20, 2)); !errors.Is(err, objectstore.ErrStorageFull) {
		t.Fatalf("got %v, want storage_full", err)
	}
	w.check("full")
	w.put("fits", randomBytes(1<<20, 3))
	if err := os.WriteFile(filepath.Join(root, "filler"), make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("the file system is not full")
	}
	w.close()
	w.open() // a full drive opens, reads and deletes
	w.check("opened full")
	w.delete("small")
	w.check("deleted while full")
	w.close()
	if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		skipOutsideCI(t, "no read-only mount here", err)
	}
	_, err := Open(t.Context(), Config{Drives: w.paths, Parity: -1})
	wantCode(t, err, "read_quorum", "cannot be written to")
	_, err = Open(t.Context(), Config{Drives: []string{filepath.Join(root, "fresh")}, Parity: -1})
	wantCode(t, err, "drive_not_writable", "fresh")
}

// TestReadFaults lets reads fail: up to parity the bytes are right, beyond it the
// read is refused, and the drives that failed are fenced.
func TestReadFaults(t *testing.T) {
	w := newWorld(t, 4)
	w.breakDrives("read", syscall.EIO, 0)
	w.check("one failing drive")
	w.breakDrives("read", syscall.EIO, 0, 1)
	w.check("two failing drives")
	h, err := w.store.Health(t.Context())
	if err != nil || h.Writable || h.Drives[0].State != objectstore.DriveFailing || h.Drives[2].State != objectstore.DriveOK {
		t.Fatalf("health %+v, %v", h, err)
	}
	w.breakDrives("read", syscall.EIO, 0, 1, 3)
	for key := range w.want {
		if b, err := w.read(key); err == nil && len(b) > 0 {
			t.Fatalf("%q was read off one drive", key)
		}
	}
}

// TestFailureInMidBody ends a body that started well in an error, never in io.EOF.
func TestFailureInMidBody(t *testing.T) {
	w := newWorld(t, 4)
	key := "size " + fmt.Sprint(3<<20+12345)
	_, body, err := w.store.Get(t.Context(), "bucket", key, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = body.Close() }()
	if _, err := io.ReadFull(body, make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	w.breakDrives("read", syscall.EIO, 0, 1, 2)
	for range 2 {
		if _, err = io.Copy(io.Discard, body); !errors.Is(err, objectstore.ErrReadQuorum) {
			t.Fatalf("got %v, want read_quorum", err)
		}
	}
}

// TestHealingLetsGoFirst heals a damaged shard and looks, when the new one is about
// to take its place, whether the old one is out of the way and closed: Windows would
// refuse the move otherwise, and the drive would be fenced for it.
func TestHealingLetsGoFirst(t *testing.T) {
	w := newWorld(t, 4)
	v, _, err := w.store.held("bucket", "size 100000")
	if err != nil || v == nil {
		t.Fatal(v, err)
	}
	d := w.store.drives[1]
	alter(t, d.versionPath(v.file), func(b []byte) []byte { b[20] ^= 1; return b })
	moved := false
	d.fault = func(op string) error {
		if op != "rename" {
			return nil
		}
		moved = true
		if _, err := os.Stat(d.versionPath(v.file)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the damaged shard is in the way: %v", err)
		}
		open, err := filepath.Glob("/proc/self/fd/*")
		if err != nil {
			t.Error(err)
		}
		for _, fd := range open {
			if target, _ := os.Readlink(fd); strings.HasPrefix(target, d.versionPath(v.file)) {
				t.Errorf("%s is still open", target)
			}
		}
		return nil
	}
	if n, err := w.store.healVersion(t.Context(), v, true); n != 1 || err != nil || !moved {
		t.Fatalf("healed %d, %v; moved %v", n, err, moved)
	}
	w.away(2, 3)
	w.check("on the healed shard")
}

// TestHealingDoesNotBringUploadsBack deletes a bucket while healing is about to move
// a rebuilt shard of one of its uploads into place.
func TestHealingDoesNotBringUploadsBack(t *testing.T) {
	w := newWorld(t, 4)
	d := w.store.drives[1]
	before := len(shards(t, d.path))
	if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	u, err := w.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "other", Key: "key"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: strings.NewReader("part"), Size: 4}); err != nil {
		t.Fatal(err)
	}
	_, open, err := w.store.index.upload(u.UploadRef)
	if err != nil {
		t.Fatal(err)
	}
	part, _ := open.parts.Get(1)
	alter(t, d.versionPath(part.file), func(b []byte) []byte { b[17] ^= 1; return b })

	deleted := make(chan error, 1)
	waits := func() bool {
		w.store.keys.mu.Lock()
		defer w.store.keys.mu.Unlock()
		l := w.store.keys.locks[part.owner()]
		return l != nil && l.waiters > 1
	}
	var once sync.Once
	d.fault = func(op string) error {
		if op == "rename" {
			once.Do(func() {
				go func() { deleted <- w.store.DeleteBucket(t.Context(), "other") }()
				for len(deleted) == 0 && !waits() {
					runtime.Gosched()
				}
			})
		}
		return nil
	}
	if n, err := w.store.healVersion(t.Context(), part, true); n != 1 || err != nil {
		t.Fatalf("healed %d, %v", n, err)
	}
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if after := len(shards(t, d.path)); after != before {
		t.Errorf("%d shards on the healed drive, want %d", after, before)
	}
}

// TestDeleteFaults lets unlinking fail. With a quorum the object is gone for
// good; without it the delete is refused and the key does not lie.
func TestDeleteFaults(t *testing.T) {
	for _, op := range []string{"remove", "syncdir"} {
		w := newWorld(t, 4)
		w.breakDrives(op, syscall.EIO, 1)
		w.delete("size 4096")
		w.check(op)
		w.close()
		w.open()
		w.check(op + ", reopened")

		w.breakDrives(op, syscall.EIO, 1, 2)
		if _, err := w.store.Delete(t.Context(), "bucket", "size 100"); !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Fatalf("%s: got %v, want write_quorum", op, err)
		}
		if w.checkHonest(op) > 1 {
			t.Fatalf("%s: more than the deleted object suffered", op)
		}
	}
}

// TestTooManyOpenFilesIsNoDriveFault fences nothing.
func TestTooManyOpenFilesIsNoDriveFault(t *testing.T) {
	w := newWorld(t, 4)
	w.breakDrives("create", syscall.EMFILE, 0, 1, 2, 3)
	if err := w.tryPut("new", []byte("x")); !errors.Is(err, objectstore.ErrWriteQuorum) {
		t.Fatalf("got %v, want write_quorum", err)
	}
	w.breakDrives("", nil, 0, 1, 2, 3)
	w.put("new", []byte("x"))
	w.check("afterwards")
}
