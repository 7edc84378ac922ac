package driveset

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// oneDrive is a set of one drive and a file on it.
func oneDrive(t *testing.T) (*Drive, *simdisk.Drive, *File) {
	t.Helper()
	b := newBay(t, 1, 1)
	s := b.open()
	t.Cleanup(s.Close)
	d := s.Drives[0]
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if err := f.WriteAt([]byte("hello"), 0); err != nil {
		t.Fatal(err)
	}
	return d, b.slots[0].drive, f
}

// writes are all operations that change a drive.
func writes(d *Drive, f *File) map[simdisk.Kind]func() error {
	return map[simdisk.Kind]func() error{
		simdisk.Create: func() error {
			g, err := d.Create("g")
			if err == nil {
				_ = g.Close()
			}
			return err
		},
		simdisk.Write:    func() error { return f.WriteAt([]byte("x"), 0) },
		simdisk.Sync:     f.Sync,
		simdisk.SyncDir:  func() error { return d.SyncDir(".") },
		simdisk.Rename:   func() error { return d.Rename("f", "f2") },
		simdisk.Remove:   func() error { return d.Remove("f") },
		simdisk.Mkdir:    func() error { return d.Mkdir("folder") },
		simdisk.Allocate: func() error { return f.Allocate(100) },
		simdisk.Truncate: func() error { return f.Truncate(1) },
	}
}

func TestWriteErrorsFence(t *testing.T) {
	for kind := range writes(nil, nil) {
		d, sim, f := oneDrive(t)
		sim.Fail(kind, syscall.EIO)
		if err := writes(d, f)[kind](); !errors.Is(err, syscall.EIO) {
			t.Errorf("%v: %v", kind, err)
		}
		state, reason := d.Status()
		if state != objectstore.DriveFailing || d.Writable() || !d.Readable() || !strings.Contains(reason, "input/output error") {
			t.Errorf("%v: %s, %q", kind, state, reason)
		}
		if reads, writes := d.Errors(); reads != 0 || writes != 1 {
			t.Errorf("%v: %d read and %d write errors", kind, reads, writes)
		}
		sim.Mend()
		if err := f.ReadFull(make([]byte, 5), 0); err != nil {
			t.Errorf("%v: not read from: %v", kind, err)
		}
		d.SetHealing(true, "it lacks something")
		d.SetHealing(false, "")
		if d.Writable() {
			t.Errorf("%v: healing let it be written to", kind)
		}
	}
}

// TestNotTheDrivesFault: what fails for want of space or of open files, or since a
// file is there or not, is no reason to fence a drive.
func TestNotTheDrivesFault(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, fs.ErrExist, fs.ErrClosed} {
		for kind := range writes(nil, nil) {
			d, sim, f := oneDrive(t)
			sim.Fail(kind, cause)
			err := writes(d, f)[kind]()
			if full := errors.Is(cause, syscall.ENOSPC) || errors.Is(cause, syscall.EDQUOT); !errors.Is(err, cause) || errors.Is(err, ErrFull) != full {
				t.Errorf("%v: %v", kind, err)
			}
			if _, n := d.Errors(); !d.Writable() || n != 0 {
				t.Errorf("%v: %v fenced the drive", kind, cause)
			}
		}
	}
	d, _, f := oneDrive(t)
	if _, err := d.Open("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := d.ReadSmall("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := d.Remove("nowhere"); err != nil {
		t.Error(err)
	}
	if err := f.ReadFull(make([]byte, 6), 0); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if _, err := d.List("nowhere"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if state, _ := d.Status(); state != objectstore.DriveOK {
		t.Error(state)
	}
}

// TestReadErrors: a bad sector is no reason to fence a drive, one that cannot be
// read at all is.
func TestReadErrors(t *testing.T) {
	d, sim, f := oneDrive(t)
	sim.Inject(simdisk.Fault{Kind: simdisk.Read, Match: func(o simdisk.Op) bool { return o.Offset == 0 }, Err: syscall.EIO})
	b := make([]byte, 1)
	const times = 10 * manyMisreads
	for range times {
		if err := f.ReadFull(b, 0); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
	}
	if reads, _ := d.Errors(); reads != times || !d.Writable() {
		t.Fatalf("%d errors, writable %v", reads, d.Writable())
	}
	sim.Mend()
	if err := f.WriteAt(make([]byte, times), 0); err != nil {
		t.Fatal(err)
	}
	sim.Inject(simdisk.Fault{Kind: simdisk.Read, Match: func(o simdisk.Op) bool { return o.Offset > 0 }, Err: syscall.EIO})
	for i := range int64(times - 1) {
		if i%(manyMisreads-1) == 0 {
			if err := f.ReadFull(b, 0); err != nil {
				t.Fatal(err)
			}
		}
		_ = f.ReadFull(b, 1+i)
	}
	if !d.Writable() {
		t.Fatal("fenced while it can be read elsewhere")
	}
	sim.Fail(simdisk.Any, syscall.EIO)
	_ = f.ReadFull(b, 0)
	_, _ = d.List(".")
	_, _ = d.Open("f")
	_, _ = f.Size()
	if _, reason := d.Status(); d.Writable() || !strings.Contains(reason, "reads failed in 4 places in a row") {
		t.Fatal(reason)
	}
}

// TestSmallFiles are found old or new, whole.
func TestSmallFiles(t *testing.T) {
	b := newBay(t, 1, 1)
	s := b.open()
	defer s.Close()
	if err := s.Drives[0].WriteSmall("small", []byte("old")); err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		m := b.machine.Clone()
		m.CrashAfter(n)
		on := m.Drive(b.slots[0].drive.Name())
		err := writeSmall(on, "small", []byte("newer"))
		for range outcomes {
			got, readErr := readSmall(m.Crash().Drive(on.Name()), "small")
			if readErr != nil || string(got) != "newer" && (err == nil || string(got) != "old") {
				t.Fatalf("after %d operations: %q, %v", n, got, readErr)
			}
		}
		if err == nil {
			break
		}
	}
	if err := b.slots[0].drive.WriteFile("large", make([]byte, maxSmallFile+1)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Drives[0].ReadSmall("large"); err == nil {
		t.Error("a file of any size was read")
	}
}
