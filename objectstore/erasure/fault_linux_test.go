package erasure

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"croft/objectstore"
)

// mountExt4 puts a file system of its own, in a file, under one of a world's drives.
func mountExt4(t *testing.T, at string) (image string) {
	t.Helper()
	image = filepath.Join(t.TempDir(), "image")
	if err := os.Mkdir(at, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(image)
	if err == nil {
		err = errors.Join(f.Truncate(96<<20), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, at}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			skipOutsideCI(t, "no file system can be mounted here: "+string(out), err)
		}
	}
	t.Cleanup(func() { _ = unix.Unmount(at, unix.MNT_DETACH) })
	return image
}

// forgetPages drops what the system has cached of a drive's files.
func forgetPages(t *testing.T, drive string) {
	t.Helper()
	for _, path := range dataFiles(t, drive) {
		f, err := os.Open(path)
		if err == nil {
			err = errors.Join(unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestDriveWithHoles takes away what is under a drive's file system, which answers
// with EIO or with nothing from then on: all reads are right, and writes go on.
func TestDriveWithHoles(t *testing.T) {
	w := &world{TB: t, paths: newPaths(t, 4), want: make(map[string][]byte)}
	image := mountExt4(t, w.paths[1])
	w.fillSmall()
	drive, err := os.Open(w.paths[1])
	if err == nil {
		err = errors.Join(unix.Syncfs(int(drive.Fd())), drive.Close())
	}
	if err == nil {
		err = os.Truncate(image, 1<<20)
	}
	if err != nil {
		t.Fatal(err)
	}
	forgetPages(t, w.paths[1])
	w.check("with holes")
	w.put("new", randomBytes(3<<20, 9))
	w.put("size 100", randomBytes(200_000, 10))
	w.check("written with holes")
	h, err := w.store.Health(t.Context())
	if err != nil || !h.Writable {
		t.Fatalf("health %+v, %v", h, err)
	}
	w.close()
	w.open()
	w.check("opened with holes")
}

// TestReadOnlyDrives lets file systems become read-only under one drive, then under
// one more: reads go on, writes as long as a quorum takes them.
func TestReadOnlyDrives(t *testing.T) {
	w := &world{TB: t, paths: newPaths(t, 4), want: make(map[string][]byte)}
	for _, i := range []int{1, 2} {
		mountExt4(t, w.paths[i])
	}
	w.fillSmall()
	readOnly := func(i int) {
		// What is open for writing would keep a mount from being made read-only.
		w.close()
		if err := unix.Mount("", w.paths[i], "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			skipOutsideCI(t, "no read-only mount here", err)
		}
		w.open()
	}
	readOnly(1)
	w.check("one read-only drive")
	w.put("new", randomBytes(3<<20, 9))
	w.delete("size 70000")
	w.check("written")
	readOnly(2)
	w.check("two read-only drives")
	if err := w.tryPut("newer", []byte("x")); !errors.Is(err, objectstore.ErrWriteQuorum) {
		t.Fatalf("got %v, want write_quorum", err)
	}
	w.check("after a refused write")
}
