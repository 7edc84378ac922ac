package simdisk

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore/erasure/disk"
)

// everyOperation does one operation of each kind and returns how each ended.
func everyOperation(d *Drive, f disk.File) map[Kind]error {
	b := make([]byte, 1)
	errs := make(map[Kind]error)
	_, errs[Open] = d.Open("f")
	_, errs[Read] = f.ReadAt(b, 0)
	_, errs[Size] = f.Size()
	_, errs[List] = d.List(".")
	_, _, errs[Space] = d.Space()
	_, errs[Create] = d.Create("new")
	_, errs[Write] = f.WriteAt(b, 0)
	errs[Sync] = f.Sync()
	errs[SyncDir] = d.SyncDir(".")
	errs[Settle] = d.Settle()
	errs[Rename] = d.Rename("new", "newer")
	errs[Remove] = d.Remove("newer")
	errs[Mkdir] = d.Mkdir("folder")
	errs[Allocate] = f.Allocate(10)
	errs[Truncate] = f.Truncate(10)
	_ = d.Remove("folder")
	_ = d.Remove("new")
	return errs
}

func TestFailEachKind(t *testing.T) {
	bad := errors.New("bad")
	for kind := Open; kind < kinds; kind++ {
		_, d, f := synced(t)
		for k, err := range everyOperation(d, f) {
			if err != nil {
				t.Fatalf("%v: %v", k, err)
			}
		}
		before := d.Count(kind)
		d.Fail(kind, bad)
		errs := everyOperation(d, f)
		for k, err := range errs {
			if k == kind && !errors.Is(err, bad) || k != kind && errors.Is(err, bad) {
				t.Errorf("%v is to fail: %v ended with %v", kind, k, err)
			}
		}
		if got := d.Count(kind) - before; got < 1 {
			t.Errorf("%v was counted %d times", kind, got)
		}
		d.Mend()
		for k, err := range everyOperation(d, f) {
			if err != nil {
				t.Errorf("mended of %v: %v: %v", kind, k, err)
			}
		}
	}
}

func TestGoneAndReadOnly(t *testing.T) {
	_, d, f := synced(t)
	d.SetGone(true)
	for k, err := range everyOperation(d, f) {
		if !errors.Is(err, syscall.ENODEV) {
			t.Errorf("gone: %v: %v", k, err)
		}
	}
	d.SetGone(false)
	if _, err := f.Size(); !errors.Is(err, syscall.ENODEV) {
		t.Errorf("a file is open on: %v", err)
	}
	try(t, f.Close())
	f, err := d.Open("f")
	try(t, err)
	d.SetReadOnly(true)
	for k, err := range everyOperation(d, f) {
		if k.changes() && !disk.IsReadOnly(err) || !k.changes() && err != nil {
			t.Errorf("read-only: %v: %v", k, err)
		}
	}
}

func TestFaultCountsAndMatches(t *testing.T) {
	_, d, f := synced(t)
	bad := errors.New("bad")
	d.Inject(Fault{Kind: Read, Match: func(op Op) bool { return op.Offset >= 100 }, After: 1, Times: 2, Err: bad})
	b := make([]byte, 1)
	for i, want := range []struct {
		offset int64
		err    error
	}{{100, nil}, {0, nil}, {100, bad}, {0, nil}, {200, bad}, {100, nil}} {
		if _, err := f.ReadAt(b, want.offset); !errors.Is(err, want.err) {
			t.Errorf("read %d: %v", i, err)
		}
	}
}

// TestUnpluggedDriveLosesWhatACrashDoes leaves the other drives alone.
func TestUnpluggedDriveLosesWhatACrashDoes(t *testing.T) {
	left := make(map[string]int)
	for seed := range uint64(100) {
		m := NewMachine(seed)
		d, e := m.Drive("d"), m.Drive("e")
		f := create(t, d, "f")
		write(t, f, fill('a', pageSize), 0)
		try(t, f.Sync())
		try(t, d.SyncDir("."))
		create(t, d, "g")
		create(t, e, "g")
		_, err := d.Lock("f")
		try(t, err)
		d.SetGone(true)
		d.SetGone(true)
		d.SetGone(false)
		if b, err := d.ReadFile("f"); err != nil || len(b) != pageSize {
			t.Fatalf("lost what was synced: %v", err)
		}
		if names(e) != "g" || m.Crashed() {
			t.Fatal("another drive suffered")
		}
		left[names(d)]++
		held, err := d.Lock("f")
		try(t, err)
		try(t, errors.Join(held.Close(), f.Close()))
		if _, free, _ := d.Space(); free != defaultSize-pageSize {
			t.Fatalf("%d bytes are used", defaultSize-free)
		}
	}
	if left["f"] == 0 || left["f g"] == 0 {
		t.Error(left)
	}
}

// TestSlowDrive has one drive wait while another goes on.
func TestSlowDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, d, f := synced(t)
		d.Delay(Read, time.Minute)
		hold := make(chan struct{})
		d.Inject(Fault{Kind: Sync, Hold: hold})
		start := time.Now()
		done := make(chan error, 2)
		go func() {
			_, err := f.ReadAt(make([]byte, 1), 0)
			done <- err
		}()
		synctest.Wait()
		create(t, m.Drive("e"), "x")
		create(t, d, "x")
		if took := time.Since(start); took != 0 {
			t.Errorf("others waited %v", took)
		}
		try(t, <-done)
		if took := time.Since(start); took != time.Minute {
			t.Errorf("took %v", took)
		}
		go func() { done <- f.Sync() }()
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("did not hold: %v", err)
		default:
		}
		close(hold)
		try(t, <-done)
	})
}

func TestFull(t *testing.T) {
	m, d, f := synced(t)
	d.SetFree(3 * pageSize)
	g := create(t, d, "g")
	try(t, g.Allocate(2*pageSize))
	if _, free, _ := d.Space(); free != pageSize {
		t.Fatalf("%d free", free)
	}
	write(t, f, fill('x', 2*pageSize), 0) // takes up nothing
	write(t, g, fill('x', 2*pageSize), 0)
	n, err := f.WriteAt(fill('y', 4*pageSize), pageSize+1)
	if n != 2*pageSize-1 || !disk.IsFull(err) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	if err := g.Allocate(3 * pageSize); !disk.IsFull(err) {
		t.Fatalf("allocated: %v", err)
	}
	if size, _ := g.Size(); size != 2*pageSize {
		t.Fatalf("%d bytes after it could not be had", size)
	}
	if _, err := d.Create("h"); !disk.IsFull(err) {
		t.Fatalf("created: %v", err)
	}
	after := m.Clone().Drive("d")
	if _, free, _ := after.Space(); free != 0 {
		t.Fatalf("the clone has %d free", free)
	}
	try(t, d.Remove("g"))
	if _, free, _ := d.Space(); free != 0 {
		t.Fatalf("%d free while the file is open", free)
	}
	try(t, g.Close())
	try(t, f.Truncate(1))
	if _, free, _ := d.Space(); free != 4*pageSize {
		t.Fatalf("%d free", free)
	}
}

func TestMovedOntoItself(t *testing.T) {
	_, d, f := synced(t)
	try(t, f.Close())
	try(t, d.Rename("f", "f"))
	if _, free, _ := d.Space(); free != defaultSize-2*pageSize || names(d) != "f" {
		t.Errorf("%d bytes are used by %q", defaultSize-free, names(d))
	}
}

func TestDamage(t *testing.T) {
	m, d, f := synced(t)
	old := m.Clone()
	read := func(d *Drive, name string) string {
		b, err := d.ReadFile(name)
		if err != nil {
			return err.Error()
		}
		return string(b[:min(len(b), 3)])
	}
	both := func(what, name, want string) {
		t.Helper()
		lost := m.Clone().CrashTo(LoseAll).Drive("d")
		if now, after := read(d, name), read(lost, name); !strings.HasSuffix(now, want) || !strings.HasSuffix(after, want) {
			t.Errorf("%s: %q now, %q after a crash", what, now, after)
		}
	}
	try(t, d.FlipBit("f", 1))
	both("flipped", "f", "a`a")
	if b := make([]byte, 2); f != nil {
		if _, err := f.ReadAt(b, 0); err != nil || string(b) != "a`" {
			t.Errorf("the open file sees %q, %v", b, err)
		}
	}
	if err := d.FlipBit("f", 1<<20); err == nil {
		t.Error("flipped what is not there")
	}
	try(t, d.TruncateFile("f", 2))
	both("cut", "f", "a`")
	try(t, d.WriteFile("x/y/z", []byte("new")))
	both("written", "x/y/z", "new")
	open := create(t, d, "open")
	write(t, open, []byte("x"), 0)
	try(t, d.Remove("open"))
	try(t, d.Remove("f"))
	try(t, d.WriteFile("f", []byte("back")))
	both("written after it was removed", "f", "bac")
	try(t, d.RemoveFile("f"))
	both("removed", "f", fs.ErrNotExist.Error())
	d.Replace(old.Drive("d"))
	both("replaced", "f", "aaa")
	try(t, d.Rename("f", "g")) // nothing is shared with what it was replaced by
	if read(old.Drive("d"), "f") != "aaa" {
		t.Error("the drive copied from has changed")
	}
	d.Wipe()
	both("wiped", "g", fs.ErrNotExist.Error())
	try(t, errors.Join(open.Close(), f.Close()))
	if _, free, _ := d.Space(); free != defaultSize {
		t.Errorf("%d bytes are used by nothing", defaultSize-free)
	}
}

func TestTraceTellsWhatWasDone(t *testing.T) {
	m, d, f := synced(t)
	try(t, d.Rename("f", "g"))
	d.Fail(Sync, errors.New("bad"))
	_ = f.Sync()
	var got strings.Builder
	for _, op := range m.Trace() {
		got.WriteString(op.String() + "\n")
	}
	want := "1 d create f\n2 d write f 0+8192\n3 d sync f\n4 d syncdir .\n5 d rename f g\n6 d sync f: bad\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

func TestTraceIsBounded(t *testing.T) {
	m, _, f := synced(t)
	for i := range 3 * traced {
		write(t, f, []byte{1}, int64(i%10))
	}
	trace := m.Trace()
	if len(m.trace) > 2*traced {
		t.Errorf("%d operations take up memory", len(m.trace))
	}
	if len(trace) != traced || trace[traced-1].Number != m.Ops() || trace[0].Number != m.Ops()-traced+1 {
		t.Errorf("%d operations remembered, to %d", len(trace), trace[len(trace)-1].Number)
	}
}
