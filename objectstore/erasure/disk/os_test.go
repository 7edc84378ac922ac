package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// childFolder names the folder in which this test program, started by a test, takes
// a lock and waits.
const childFolder = "CROFT_TEST_DISK_LOCK"

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		lockAndWait(folder)
	}
	os.Exit(m.Run())
}

func lockAndWait(folder string) {
	d, err := At(folder)
	if err == nil {
		_, err = d.Lock("lock")
	}
	fmt.Println("locked:", err)
	select {}
}

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// at opens a folder that is closed when the test ends.
func at(t *testing.T, path string) *OS {
	t.Helper()
	d, err := At(path)
	try(t, err)
	t.Cleanup(func() { try(t, d.Close()) })
	return d
}

func put(t *testing.T, d *OS, name, b string) {
	t.Helper()
	f, err := d.Create(name)
	try(t, err)
	_, err = f.WriteAt([]byte(b), 0)
	try(t, errors.Join(err, f.Close()))
}

func TestAtWantsAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if _, err := At(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	try(t, os.WriteFile(path, nil, 0o600))
	if _, err := At(path); err == nil {
		t.Error("a file was taken for a folder")
	}
}

// TestHoldsTheFolder moves the folder away and puts another in its place.
func TestHoldsTheFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows moves no folder that is held")
	}
	path := filepath.Join(t.TempDir(), "drive")
	try(t, os.Mkdir(path, 0o700))
	d := at(t, path)
	try(t, os.Rename(path, path+".away"))
	try(t, os.Mkdir(path, 0o700))
	put(t, d, "f", "mine")
	try(t, d.SyncDir("."))
	if _, err := os.Stat(filepath.Join(path, "f")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was written to what took the folder's place: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(path+".away", "f")); string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestLinksLeadNowhereElse(t *testing.T) {
	root := t.TempDir()
	outside := filepath.Join(root, "outside")
	try(t, os.WriteFile(outside, []byte("secret"), 0o600))
	try(t, os.Mkdir(filepath.Join(root, "drive"), 0o700))
	d := at(t, filepath.Join(root, "drive"))
	if err := os.Symlink(outside, filepath.Join(root, "drive", "link")); err != nil {
		t.Skip("no links can be made here:", err)
	}
	if f, err := d.Open("link"); err == nil {
		_ = f.Close()
		t.Error("a link led out of the folder")
	}
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	path := t.TempDir()
	d := at(t, path)
	put(t, d, "f", "")
	try(t, d.Mkdir("folder"))
	held, err := d.Lock("lock")
	try(t, err)
	defer held.Close()
	for _, name := range []string{"f", "folder", "lock"} {
		st, err := os.Stat(filepath.Join(path, name))
		try(t, err)
		if st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", name, st.Mode())
		}
	}
}

// TestLockEndsWithItsProcess kills one that holds it.
func TestLockEndsWithItsProcess(t *testing.T) {
	path := t.TempDir()
	d := at(t, path)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childFolder+"="+path)
	out, err := child.StdoutPipe()
	try(t, err)
	try(t, child.Start())
	ended := false
	defer func() {
		if !ended {
			_ = child.Process.Kill()
			_ = child.Wait()
		}
	}()
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "locked: <nil>\n" {
		t.Fatalf("the other process said %q, %v", said, err)
	}
	if _, err := d.Lock("lock"); !errors.Is(err, ErrLocked) {
		t.Fatalf("while another process holds it: %v", err)
	}
	try(t, child.Process.Kill())
	_ = child.Wait()
	ended = true
	held, err := d.Lock("lock")
	try(t, err)
	try(t, held.Close())
}

func TestErrorClasses(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("x: %w", &fs.PathError{Op: "x", Path: "x", Err: err}) }
	for _, c := range []struct {
		err                       error
		full, exhausted, readOnly bool
	}{
		{syscall.ENOSPC, true, false, false},
		{syscall.EDQUOT, true, false, false},
		{syscall.EMFILE, false, true, false},
		{syscall.ENFILE, false, true, false},
		{syscall.ENOMEM, false, true, false},
		{syscall.EROFS, false, false, true},
		{syscall.EACCES, false, false, true},
		{syscall.EPERM, false, false, true},
		{fs.ErrPermission, false, false, true},
		{syscall.EIO, false, false, false},
		{fs.ErrNotExist, false, false, false},
		{ErrLocked, false, false, false},
	} {
		err := wrap(c.err)
		if IsFull(err) != c.full || IsExhausted(err) != c.exhausted || IsReadOnly(err) != c.readOnly {
			t.Errorf("%v: full %v, exhausted %v, read-only %v", c.err, IsFull(err), IsExhausted(err), IsReadOnly(err))
		}
	}
	if IsFull(nil) || IsExhausted(nil) || IsReadOnly(nil) {
		t.Error("no error is one")
	}
}
