package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"
)

// at opens a folder of the test's own.
func at(t *testing.T) *OS {
	t.Helper()
	d, err := At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestLockIsExclusive(t *testing.T) {
	d := at(t)
	held, err := d.Lock("lock")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Lock("lock"); !errors.Is(err, ErrLocked) {
		t.Fatalf("locked twice: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := d.Lock("lock")
	if err != nil {
		t.Fatalf("after it was let go: %v", err)
	}
	_ = again.Close()
}

func TestAllocateKeepsWhatIsThere(t *testing.T) {
	d := at(t)
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("head"), 0); err != nil {
		t.Fatal(err)
	}
	const size = 3<<20 + 5
	for _, n := range []int64{size, 1, 0} { // never makes it shorter
		if err := f.Allocate(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size+1)
	n, err := f.ReadAt(b, 0)
	if n != size || err != io.EOF || !bytes.Equal(b[:n], append([]byte("head"), make([]byte, size-4)...)) {
		t.Fatalf("read %d bytes, %v", n, err)
	}
}

func TestNamesStayInside(t *testing.T) {
	d := at(t)
	for _, name := range []string{"../x", "a/../../x", "/etc/passwd", "", "a//b", "a/", "./a", "x\x00"} {
		if _, err := d.Open(name); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
