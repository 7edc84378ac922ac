package driveset

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"croft/objectstore"
)

// mounts makes folders that are file systems of their own, as far as that is
// possible here.
func mounts(t *testing.T, n int) []string {
	t.Helper()
	p := folders(t, n)
	for _, p := range p {
		if err := os.Mkdir(p, 0o700); err != nil {
			t.Fatal(err)
		}
		mount(t, p, "size=4m")
		t.Cleanup(func() { _ = unix.Unmount(p, unix.MNT_DETACH) })
	}
	return p
}

func mount(t *testing.T, path, options string) {
	t.Helper()
	if err := unix.Mount("tmpfs", path, "tmpfs", 0, options); err != nil {
		skipOutsideCI(t, "no file system can be mounted here", err)
	}
}

func unmount(t *testing.T, path string) {
	t.Helper()
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
}

// TestEmptyMountPointIsNotTaken for a drive that was replaced, neither at a start
// nor later; a blank file system there is.
func TestEmptyMountPointIsNotTaken(t *testing.T) {
	p := mounts(t, 4)
	if err := tryFolders(-1, p...); err != nil {
		t.Fatal(err)
	}
	unmount(t, p[2])
	s := mustOpen(t, p)
	for range 2 {
		wantStates(t, s, "oo-o")
		wantReason(t, s.Given[2], "empty folder where a drive used to be mounted")
		s.Look(t.Context())
	}
	if entries, err := os.ReadDir(p[2]); err != nil || len(entries) != 0 {
		t.Fatalf("the mount point was written to: %v, %v", entries, err)
	}
	mount(t, p[2], "size=4m")
	if back := s.Look(t.Context()); back != 4 {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "ooho")
	h := s.Health(t.Context())
	if h[2].FileSystem == h[1].FileSystem || h[2].FileSystem == "" {
		t.Fatalf("%+v", h)
	}
	if sum := s.Space(t.Context()); sum.Total != 4*h[0].TotalBytes {
		t.Fatalf("%+v", sum)
	}
}

// TestPlainFolderAmongMounts may be emptied: only what was mounted has to be.
func TestPlainFolderAmongMounts(t *testing.T) {
	p := append(mounts(t, 3), filepath.Join(t.TempDir(), "folder"))
	if err := tryFolders(-1, p...); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(p[3]), os.Mkdir(p[3], 0o700)); err != nil {
		t.Fatal(err)
	}
	wantStates(t, mustOpen(t, p), "oooh")
}

// TestUnmountedWhileInUse loses a file system, and gets it back where it was.
func TestUnmountedWhileInUse(t *testing.T) {
	p := mounts(t, 4)
	s := mustOpen(t, p)
	kept := p[1] + ".kept"
	if err := os.Mkdir(kept, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(p[1], kept, "", unix.MS_BIND, ""); err != nil {
		skipOutsideCI(t, "no second mount of a file system here", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(kept, unix.MNT_DETACH) })
	unmount(t, p[1])
	s.Drives[1].Fence("It was pulled.")
	s.Look(t.Context())
	wantStates(t, s, "o-oo")
	wantReason(t, s.Drives[1], "empty folder where a drive used to be mounted")
	if err := unix.Mount(kept, p[1], "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(p[1], unix.MNT_DETACH) })
	if back := s.Look(t.Context()); back != 2 {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "ohoo")
	if s.Replaced() != 0 {
		t.Fatal("taken for a new one")
	}
}

// TestReallyFullAndReadOnly opens drives that are full, which goes on, and that are
// mounted for reading only, which are read from as long as enough others are there.
func TestReallyFullAndReadOnly(t *testing.T) {
	p := mounts(t, 4)
	if err := tryFolders(-1, p...); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p[0], "filler"), make([]byte, 5<<20), 0o600); err == nil {
		t.Fatal("the file system is not full")
	}
	if err := unix.Mount("", p[1], "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		skipOutsideCI(t, "no read-only mount here", err)
	}
	s := mustOpen(t, p)
	wantStates(t, s, "ofoo")
	wantReason(t, s.Given[1], "cannot be written to")
	if err := s.Drives[0].WriteSmall("x", make([]byte, 1<<19)); !errors.Is(err, ErrFull) {
		t.Fatal(err)
	}
	wantStates(t, s, "ofoo")
	if err := unix.Mount("", p[1], "", unix.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.Reset(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "ohoo")
	s.Close()

	fresh := mounts(t, 1)
	if err := unix.Mount("", fresh[0], "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	wantCode(t, tryFolders(-1, fresh...), "drive_not_writable", fresh[0])
	full := mounts(t, 1)
	_ = os.WriteFile(filepath.Join(full[0], "filler"), make([]byte, 5<<20), 0o600) // fills it
	wantCode(t, tryFolders(-1, full...), objectstore.ErrStorageFull.Code, full[0])
}
