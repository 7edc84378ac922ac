package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// small mounts a file system of 4 MiB, which may be made read-only.
func small(t *testing.T) (d *OS, readOnly func()) {
	t.Helper()
	root := t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=4m"); err != nil {
		cannot(t, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root, unix.MNT_DETACH) })
	return at(t, root), func() {
		if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			cannot(t, err)
		}
	}
}

func cannot(t *testing.T, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal("no file system can be mounted here:", err)
	}
	t.Skip("no file system can be mounted here:", err)
}

func TestReallyFull(t *testing.T) {
	d, _ := small(t)
	total, free, err := d.Space()
	if err != nil || total != 4<<20 || free > total || free < 3<<20 {
		t.Fatalf("%d of %d free, %v", free, total, err)
	}
	put(t, d, "f", "kept")
	f, err := d.Open("f")
	try(t, err)
	defer f.Close()
	if err := f.Allocate(8 << 20); !IsFull(err) {
		t.Fatalf("allocated too much: %v", err)
	}
	if size, err := f.Size(); size != 4 || err != nil {
		t.Fatalf("the file has %d bytes then, %v", size, err)
	}
	if _, after, _ := d.Space(); after < free-8192 {
		t.Fatalf("%d bytes of %d are gone", free-after, free)
	}
	if _, err := f.WriteAt(make([]byte, 8<<20), 4); !IsFull(err) {
		t.Fatalf("wrote too much: %v", err)
	}
	try(t, f.Truncate(4))
	try(t, f.Allocate(2<<20))
	b := make([]byte, 4)
	if _, err := f.ReadAt(b, 0); string(b) != "kept" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
}

// TestAllocateAllOrNothing wants more than there is of an ext4, which leaves as much
// of a reservation as it could make.
func TestAllocateAllOrNothing(t *testing.T) {
	image, root := filepath.Join(t.TempDir(), "image"), t.TempDir()
	try(t, os.WriteFile(image, nil, 0o600))
	try(t, os.Truncate(image, 8<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, root}} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			cannot(t, fmt.Errorf("%s: %w: %s", command[0], err, out))
		}
	}
	t.Cleanup(func() { _ = unix.Unmount(root, unix.MNT_DETACH) })
	d := at(t, root)
	put(t, d, "f", "kept")
	_, free, err := d.Space()
	try(t, err)
	f, err := d.Open("f")
	try(t, err)
	defer f.Close()
	if err := f.Allocate(64 << 20); !IsFull(err) {
		t.Fatalf("allocated too much: %v", err)
	}
	if size, err := f.Size(); size != 4 || err != nil {
		t.Errorf("the file has %d bytes then, %v", size, err)
	}
	if _, after, _ := d.Space(); after < free-64<<10 {
		t.Errorf("%d bytes of %d are gone", free-after, free)
	}
}

// TestReadOnly makes a file system read-only, as Linux does one with errors, while a
// file is open on it: what it holds can still be read, and locked.
func TestReadOnly(t *testing.T) {
	d, readOnly := small(t)
	put(t, d, "f", "kept")
	held, err := d.Lock("lock")
	try(t, err)
	try(t, held.Close())
	readOnly()
	f, err := d.Open("f")
	try(t, err)
	defer f.Close()
	b := make([]byte, 4)
	if _, err := f.ReadAt(b, 0); string(b) != "kept" || err != nil {
		t.Errorf("%q, %v", b, err)
	}
	if size, err := f.Size(); size != 4 || err != nil {
		t.Errorf("%d bytes, %v", size, err)
	}
	_, write := f.WriteAt([]byte("x"), 0)
	_, create := d.Create("g")
	for what, err := range map[string]error{
		"write": write, "create": create, "sync": f.Sync(), "truncate": f.Truncate(0), "allocate": f.Allocate(10),
		"remove": d.Remove("f"), "rename": d.Rename("f", "g"), "mkdir": d.Mkdir("folder"),
	} {
		if !IsReadOnly(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	held, err = d.Lock("lock")
	try(t, err)
	try(t, held.Close())
	if _, err := d.Lock("another"); !IsReadOnly(err) {
		t.Errorf("a lock's file was made: %v", err)
	}
}

// TestAllocateReserves looks at what the file takes up, and at how many bytes this
// process has the system write: where space can be reserved, none.
func TestAllocateReserves(t *testing.T) {
	path := t.TempDir()
	d := at(t, path)
	f, err := d.Create("f")
	try(t, err)
	defer f.Close()
	const size = 5<<20 + 100
	before := written(t)
	try(t, f.Allocate(size))
	if got := written(t) - before; got > 1<<20 && got < size {
		t.Errorf("%d bytes were written", got)
	}
	try(t, f.Sync())
	var st unix.Stat_t
	try(t, unix.Stat(path+"/f", &st))
	if st.Blocks*512 < size {
		t.Errorf("%d bytes are allocated", st.Blocks*512)
	}
	before = written(t)
	try(t, f.Allocate(size))
	if got := written(t) - before; got > 1<<20 {
		t.Errorf("%d bytes were written again", got)
	}
}

// written returns what this process had written so far, in bytes.
func written(t *testing.T) (n int64) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("the system does not say:", err)
	}
	_, rest, _ := strings.Cut(string(b), "wchar: ")
	_, err = fmt.Sscan(rest, &n)
	try(t, err)
	return n
}

// TestSyncLeavesNothingToWrite asks the system which of a file's pages are not on
// the drive.
func TestSyncLeavesNothingToWrite(t *testing.T) {
	path := t.TempDir()
	d := at(t, path)
	f, err := d.Create("f")
	try(t, err)
	defer f.Close()
	look, err := os.Open(path + "/f")
	try(t, err)
	defer look.Close()
	unwritten := func() uint64 {
		var pages unix.Cachestat_t
		if err := unix.Cachestat(uint(look.Fd()), &unix.CachestatRange{}, &pages, 0); err != nil {
			t.Skip("the system does not say:", err)
		}
		return pages.Dirty + pages.Writeback
	}
	for range 3 {
		_, err := f.WriteAt(make([]byte, 1<<20), 0)
		try(t, err)
		if unwritten() == 0 {
			t.Skip("this file system keeps no count, or writes at once")
		}
		try(t, f.Sync())
		if n := unwritten(); n != 0 {
			t.Fatalf("%d pages are left", n)
		}
	}
}

// TestWritePast mixes writes past the page cache with others, aligned and not, and
// reads all of it back.
func TestWritePast(t *testing.T) {
	f, err := at(t, t.TempDir()).Create("f")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	buf := make([]byte, 1<<20)
	buf = buf[BypassAlign-uintptr(unsafe.Pointer(&buf[0]))%BypassAlign:]
	want := make([]byte, 1<<20)
	end := 0
	for i := range 300 {
		from, to, n := rng.IntN(3)*BypassAlign, rng.IntN(8)*BypassAlign, rng.IntN(8)*BypassAlign
		if i%3 == 0 {
			from, to, n = from+rng.IntN(9), to+rng.IntN(9), n+rng.IntN(9)
		}
		p := buf[from : from+n]
		for i := range p {
			p[i] = byte(rng.Uint32())
		}
		write := f.(Bypasser).WritePast
		if i%2 == 0 {
			write = f.WriteAt
		}
		if got, err := write(p, int64(to)); got != n || err != nil {
			t.Fatalf("%d of %d bytes at %d: %v", got, n, to, err)
		}
		copy(want[to:], p)
		end = max(end, to+n)
		got := make([]byte, end)
		if _, err := f.ReadAt(got, 0); err != nil && err != io.EOF || !bytes.Equal(got, want[:end]) {
			t.Fatalf("after %d writes something else is there: %v", i+1, err)
		}
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.(Bypasser).WritePast(buf[:BypassAlign], 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("written to a closed file: %v", err)
	}
}
