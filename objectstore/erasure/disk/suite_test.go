package disk_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"croft/objectstore/erasure/disk"
	"croft/objectstore/erasure/disk/simdisk"
)

// open returns an empty disk of each kind.
var open = map[string]func(t *testing.T) disk.Disk{
	"os": func(t *testing.T) disk.Disk {
		d, err := disk.At(t.TempDir())
		try(t, err)
		t.Cleanup(func() { try(t, d.Close()) })
		return d
	},
	"simdisk": func(*testing.T) disk.Disk { return simdisk.NewMachine(1).Drive("d") },
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestSuite is what every disk promises apart from durability.
func TestSuite(t *testing.T) {
	for kind, open := range open {
		t.Run(kind, func(t *testing.T) {
			for name, test := range map[string]func(t *testing.T, d disk.Disk){
				"Files": testFiles, "Growing": testGrowing, "Truncate": testTruncate, "Allocate": testAllocate,
				"Unlinked": testUnlinked, "Rename": testRename, "Remove": testRemove, "Folders": testFolders,
				"Names": testNames, "Lock": testLock, "Closed": testClosed, "Space": testSpace, "Concurrent": testConcurrent,
			} {
				t.Run(name, func(t *testing.T) { test(t, open(t)) })
			}
		})
	}
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func fails(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", what)
	}
}

// put makes a file, closed, that holds some bytes.
func put(t *testing.T, d disk.Disk, name, b string) {
	t.Helper()
	f, err := d.Create(name)
	try(t, err)
	_, err = f.WriteAt([]byte(b), 0)
	try(t, errors.Join(err, f.Sync(), f.Close()))
}

func content(f disk.File) (string, error) {
	size, err := f.Size()
	if err != nil {
		return "", err
	}
	b := make([]byte, size)
	_, err = io.ReadFull(io.NewSectionReader(f, 0, size), b)
	return string(b), err
}

// get returns what a file holds, or the error in words.
func get(d disk.Disk, name string) string {
	f, err := d.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "<none>"
	}
	if err != nil {
		return "<" + err.Error() + ">"
	}
	defer f.Close()
	b, err := content(f)
	if err != nil {
		return "<" + err.Error() + ">"
	}
	return b
}

func holds(t *testing.T, d disk.Disk, name, want string) {
	t.Helper()
	if got := get(d, name); got != want {
		t.Errorf("%s holds %.100q, want %.100q", name, got, want)
	}
}

func testFiles(t *testing.T, d disk.Disk) {
	f, err := d.Open("f")
	is(t, "open what is not there", err, fs.ErrNotExist)
	if f != nil {
		t.Error("it was opened all the same")
	}
	f, err = d.Create("f")
	try(t, err)
	defer f.Close()
	holds(t, d, "f", "")
	_, err = d.Create("f")
	is(t, "create again", err, fs.ErrExist)
	_, err = d.Create("folder/f")
	is(t, "create in no folder", err, fs.ErrNotExist)
	_, err = d.Create("f/f")
	fails(t, "create in a file", err)
	_, err = d.Open("f/f")
	fails(t, "open in a file", err)
	try(t, d.Mkdir("folder"))
	_, err = d.Create("folder")
	is(t, "create where a folder is", err, fs.ErrExist)
	_, err = d.Open("folder")
	fails(t, "open a folder", err)
	put(t, d, "folder/f", "inside")
	holds(t, d, "folder/f", "inside")

	n, err := f.WriteAt([]byte("hello"), 0)
	if n != 5 || err != nil {
		t.Errorf("wrote %d, %v", n, err)
	}
	other, err := d.Open("f")
	try(t, err)
	defer other.Close()
	_, err = other.WriteAt([]byte("J"), 0)
	try(t, err)
	holds(t, d, "f", "Jello")
	b := make([]byte, 3)
	if n, err := f.ReadAt(b, 2); n != 3 || err != nil || string(b) != "llo" {
		t.Errorf("read %d, %q, %v at the end", n, b, err)
	}
	if n, err := f.ReadAt(b, 3); n != 2 || err != io.EOF || string(b[:2]) != "lo" {
		t.Errorf("read %d, %q, %v over the end", n, b, err)
	}
	if n, err := f.ReadAt(b, 100); n != 0 || err != io.EOF {
		t.Errorf("read %d, %v behind the end", n, err)
	}
	_, err = f.ReadAt(b, -1)
	fails(t, "read before the beginning", err)
	_, err = f.WriteAt(b, -1)
	fails(t, "write before the beginning", err)
	if n, err := f.WriteAt(nil, 100); n != 0 || err != nil {
		t.Errorf("wrote %d, %v of nothing", n, err)
	}
	holds(t, d, "f", "Jello")
}

func testGrowing(t *testing.T, d disk.Disk) {
	f, err := d.Create("f")
	try(t, err)
	defer f.Close()
	want := make([]byte, 3<<20)
	for _, at := range []int{1 << 20, 4095, 2<<20 - 1, 3<<20 - 1} {
		_, err := f.WriteAt([]byte{byte(at>>10) | 1}, int64(at))
		try(t, err)
		want[at] = byte(at>>10) | 1
	}
	holds(t, d, "f", string(want))
	try(t, f.Sync())
	holds(t, d, "f", string(want))
}

func testTruncate(t *testing.T, d disk.Disk) {
	put(t, d, "f", strings.Repeat("x", 10_000))
	f, err := d.Open("f")
	try(t, err)
	defer f.Close()
	try(t, f.Truncate(5000))
	holds(t, d, "f", strings.Repeat("x", 5000))
	try(t, f.Truncate(9000))
	holds(t, d, "f", strings.Repeat("x", 5000)+strings.Repeat("\x00", 4000))
	try(t, f.Truncate(0))
	try(t, f.Truncate(1))
	holds(t, d, "f", "\x00")
	fails(t, "truncate to less than nothing", f.Truncate(-1))
}

func testAllocate(t *testing.T, d disk.Disk) {
	put(t, d, "f", "head")
	f, err := d.Open("f")
	try(t, err)
	defer f.Close()
	const size = 3<<20 + 5
	for _, n := range []int64{size, 1, 0, -1, size} { // never makes it shorter
		try(t, f.Allocate(n))
		holds(t, d, "f", "head"+strings.Repeat("\x00", size-4))
	}
	_, err = f.WriteAt([]byte("tail"), size-4)
	try(t, err)
	try(t, f.Sync())
	holds(t, d, "f", "head"+strings.Repeat("\x00", size-8)+"tail")
	try(t, f.Truncate(2))
	try(t, f.Allocate(4))
	holds(t, d, "f", "he\x00\x00")
}

// testUnlinked reads and writes files that lost their names.
func testUnlinked(t *testing.T, d disk.Disk) {
	for what, unlink := range map[string]func() error{
		"removed":  func() error { return d.Remove("f") },
		"replaced": func() error { put(t, d, "new", "new"); return d.Rename("new", "f") },
		"moved":    func() error { return d.Rename("f", "elsewhere") },
	} {
		put(t, d, "f", "old")
		f, err := d.Open("f")
		try(t, err)
		try(t, unlink())
		if what == "replaced" {
			holds(t, d, "f", "new")
			try(t, d.Remove("f"))
		}
		holds(t, d, "f", "<none>")
		put(t, d, "f", "another")
		if b, err := content(f); b != "old" || err != nil {
			t.Errorf("%s: %q, %v", what, b, err)
		}
		_, err = f.WriteAt([]byte("!"), 3)
		try(t, err)
		if b, err := content(f); b != "old!" || err != nil {
			t.Errorf("%s and written: %q, %v", what, b, err)
		}
		try(t, errors.Join(f.Sync(), f.Close()))
		holds(t, d, "f", "another")
		try(t, d.Remove("f"))
	}
	holds(t, d, "elsewhere", "old!")
}

func testRename(t *testing.T, d disk.Disk) {
	is(t, "rename nothing", d.Rename("a", "b"), fs.ErrNotExist)
	put(t, d, "a", "a")
	try(t, d.Rename("a", "a"))
	holds(t, d, "a", "a")
	try(t, d.Rename("a", "b"))
	holds(t, d, "a", "<none>")
	holds(t, d, "b", "a")
	is(t, "rename into no folder", d.Rename("b", "folder/b"), fs.ErrNotExist)
	try(t, d.Mkdir("folder"))
	put(t, d, "folder/b", "replaced")
	try(t, d.Rename("b", "folder/b"))
	holds(t, d, "b", "<none>")
	holds(t, d, "folder/b", "a")
	put(t, d, "c", "c")
	fails(t, "rename over a folder", d.Rename("c", "folder"))
	holds(t, d, "c", "c")
	holds(t, d, "folder/b", "a")
}

func testRemove(t *testing.T, d disk.Disk) {
	is(t, "remove nothing", d.Remove("f"), fs.ErrNotExist)
	is(t, "remove from nowhere", d.Remove("folder/f"), fs.ErrNotExist)
	put(t, d, "f", "")
	try(t, d.Remove("f"))
	is(t, "remove again", d.Remove("f"), fs.ErrNotExist)
	try(t, d.Mkdir("folder"))
	put(t, d, "folder/f", "kept")
	fails(t, "remove a folder with files", d.Remove("folder"))
	holds(t, d, "folder/f", "kept")
	try(t, d.Remove("folder/f"))
	try(t, d.Remove("folder"))
	_, err := d.List("folder")
	is(t, "list it then", err, fs.ErrNotExist)
}

func testFolders(t *testing.T, d disk.Disk) {
	list := func(name, want string) {
		t.Helper()
		entries, err := d.List(name)
		if got := fmt.Sprint(entries); err != nil || got != want {
			t.Errorf("%s has %s, %v, want %s", name, got, err, want)
		}
	}
	list(".", "[]")
	is(t, "make a folder in none", d.Mkdir("b/c"), fs.ErrNotExist)
	for range 2 {
		try(t, d.Mkdir("b"))
		try(t, d.Mkdir("b/c"))
	}
	put(t, d, "b.x", "123")
	put(t, d, "a", "")
	put(t, d, "B", "1")
	put(t, d, "b/c/d", "12")
	is(t, "make a folder where a file is", d.Mkdir("a"), fs.ErrExist)
	fails(t, "make a folder in a file", d.Mkdir("a/b"))
	list(".", "[{B 1 false} {a 0 false} {b 0 true} {b.x 3 false}]")
	list("b", "[{c 0 true}]")
	list("b/c", "[{d 2 false}]")
	_, err := d.List("nowhere")
	is(t, "list nothing", err, fs.ErrNotExist)
	_, err = d.List("a")
	fails(t, "list a file", err)
	for _, name := range []string{".", "b", "b/c"} {
		try(t, d.SyncDir(name))
	}
	is(t, "sync nothing", d.SyncDir("nowhere"), fs.ErrNotExist)
}

func testNames(t *testing.T, d disk.Disk) {
	put(t, d, "f", "")
	for _, name := range []string{"", "..", "../f", "folder/../f", "../../f", "/f", "f/", "./f", "a//f", "a/./f", "f\x00"} {
		_, err := d.Open(name)
		is(t, "open "+name, err, fs.ErrInvalid)
		_, err = d.Create(name)
		is(t, "create "+name, err, fs.ErrInvalid)
		_, err = d.List(name)
		is(t, "list "+name, err, fs.ErrInvalid)
		_, err = d.Lock(name)
		is(t, "lock "+name, err, fs.ErrInvalid)
		is(t, "remove "+name, d.Remove(name), fs.ErrInvalid)
		is(t, "mkdir "+name, d.Mkdir(name), fs.ErrInvalid)
		is(t, "syncdir "+name, d.SyncDir(name), fs.ErrInvalid)
		is(t, "rename from "+name, d.Rename(name, "g"), fs.ErrInvalid)
		is(t, "rename to "+name, d.Rename("f", name), fs.ErrInvalid)
	}
	_, err := d.Create(".")
	fails(t, "create the root", err)
	fails(t, "remove the root", d.Remove("."))
}

func testLock(t *testing.T, d disk.Disk) {
	_, err := d.Lock("folder/lock")
	is(t, "lock in no folder", err, fs.ErrNotExist)
	held, err := d.Lock("lock")
	try(t, err)
	_, err = d.Lock("lock")
	is(t, "lock again", err, disk.ErrLocked)
	other, err := d.Lock("other")
	try(t, err)
	try(t, errors.Join(held.Close(), other.Close()))
	put(t, d, "f", "kept")
	for _, name := range []string{"lock", "f"} {
		held, err := d.Lock(name)
		try(t, err)
		try(t, held.Close())
	}
	holds(t, d, "lock", "")
	holds(t, d, "f", "kept")
}

func testClosed(t *testing.T, d disk.Disk) {
	f, err := d.Create("f")
	try(t, err)
	try(t, f.Close())
	_, err = f.ReadAt(make([]byte, 1), 0)
	is(t, "read", err, fs.ErrClosed)
	_, err = f.WriteAt(make([]byte, 1), 0)
	is(t, "write", err, fs.ErrClosed)
	_, err = f.Size()
	is(t, "size", err, fs.ErrClosed)
	is(t, "sync", f.Sync(), fs.ErrClosed)
	is(t, "allocate", f.Allocate(10), fs.ErrClosed)
	is(t, "truncate", f.Truncate(0), fs.ErrClosed)
	is(t, "close", f.Close(), fs.ErrClosed)
	holds(t, d, "f", "")
}

func testSpace(t *testing.T, d disk.Disk) {
	total, free, err := d.Space()
	if err != nil || total <= 0 || free <= 0 || free > total {
		t.Errorf("%d of %d free, %v", free, total, err)
	}
}

// testConcurrent has many goroutines use one file and one folder.
func testConcurrent(t *testing.T, d disk.Disk) {
	f, err := d.Create("f")
	try(t, err)
	defer f.Close()
	const part, parts, rounds = 1000, 16, 20
	var wg sync.WaitGroup
	errs := make([]error, parts)
	for i := range parts {
		wg.Go(func() {
			b, back := bytes.Repeat([]byte{byte('a' + i)}, part), make([]byte, part)
			name := "g" + string(rune('a'+i))
			for range rounds {
				_, err1 := f.WriteAt(b, int64(i*part))
				_, err2 := f.ReadAt(back, int64(i*part))
				if !bytes.Equal(b, back) {
					errs[i] = errors.New("read what was not written")
				}
				g, err3 := d.Create(name)
				if err3 == nil {
					err3 = g.Close()
				}
				_, err4 := d.List(".")
				errs[i] = errors.Join(errs[i], err1, err2, err3, err4, f.Sync(), d.SyncDir("."), d.Rename(name, name+"x"), d.Remove(name+"x"))
			}
		})
	}
	wg.Wait()
	try(t, errors.Join(errs...))
	var want strings.Builder
	for i := range parts {
		want.WriteString(strings.Repeat(string(rune('a'+i)), part))
	}
	holds(t, d, "f", want.String())
}
