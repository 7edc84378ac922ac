package driveset

import (
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// use reads and syncs on every drive, each by itself.
func use(s *Set, times int) {
	_, _ = s.Each(s.Readable(), func(d *Drive) error {
		f, err := d.Create("used")
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		defer func() { _ = d.Remove("used") }()
		if err := f.WriteAt([]byte("x"), 0); err != nil {
			return err
		}
		for range times {
			if err := f.Sync(); err != nil {
				return err
			}
			if err := f.ReadFull(make([]byte, 1), 0); err != nil {
				return err
			}
		}
		return nil
	})
}

func delayAll(b *bay, kind simdisk.Kind, t time.Duration) {
	for _, s := range b.slots {
		s.drive.Delay(kind, t)
	}
}

func TestSlowDrive(t *testing.T) {
	for kind, mention := range map[simdisk.Kind]string{simdisk.Sync: "durable", simdisk.Read: "Reading"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBay(t, 1, 4)
			s := b.open()
			defer s.Close()
			delayAll(b, kind, 4*time.Millisecond)
			use(s, 20)
			if p := s.Slow(); p != 0 {
				t.Fatalf("%b are slow", p)
			}
			b.slots[2].drive.Delay(kind, 36*time.Millisecond) // ten times as much
			use(s, 40)
			if p := s.Slow(); p != 4 {
				t.Fatalf("%b are slow", p)
			}
			h := s.Health(t.Context())
			if h[2].State != objectstore.DriveSlow || !strings.Contains(h[2].Message, mention) || !strings.Contains(h[2].Message, "4ms") ||
				h[1].State != objectstore.DriveOK || h[1].Message != "" {
				t.Fatalf("%+v", h)
			}
			if !s.Writable().Has(2) {
				t.Fatal("not written to")
			}
			time.Sleep(2 * meterMemory) // nobody knows how it is by now
			if p := s.Slow(); p != 0 {
				t.Fatalf("%b are slow while nothing is asked of them", p)
			}
			b.slots[2].drive.Mend()
			b.slots[2].drive.Delay(kind, 4*time.Millisecond)
			use(s, 40)
			if p := s.Slow(); p != 0 {
				t.Fatalf("%b are slow", p)
			}
		})
	}
}

// TestQuickDrivesAreNotSlow: much slower than the others may still be quick.
func TestQuickDrivesAreNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 1, 2)
		s := b.open()
		defer s.Close()
		delayAll(b, simdisk.Sync, time.Millisecond)
		b.slots[0].drive.Delay(simdisk.Sync, 18*time.Millisecond)
		use(s, 40)
		if p := s.Slow(); p != 0 {
			t.Fatalf("%b are slow", p)
		}
		b.slots[0].drive.Delay(simdisk.Sync, 10*time.Millisecond)
		use(s, 40)
		if p := s.Slow(); p != 1 {
			t.Fatalf("%b are slow", p)
		}
	})
}

// TestHangingDrive is slow before its operation has come to an end, and holds up
// nobody who asks how the drives are.
func TestHangingDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 1, 4)
		s := b.open()
		defer s.Close()
		delayAll(b, simdisk.Sync, time.Millisecond)
		use(s, 20)
		hold := make(chan struct{})
		b.slots[1].drive.Inject(simdisk.Fault{Kind: simdisk.Sync, Hold: hold})
		b.slots[1].drive.Inject(simdisk.Fault{Kind: simdisk.Space, Hold: hold})
		go use(s, 1)
		time.Sleep(time.Second)
		if p := s.Slow(); p != 2 {
			t.Fatalf("%b are slow", p)
		}
		for range 3 {
			start := time.Now()
			h := s.Health(t.Context())
			if took := time.Since(start); took > patience || h[1].State != objectstore.DriveSlow || h[1].TotalBytes != 0 || h[0].TotalBytes == 0 {
				t.Fatalf("%v: %+v", took, h)
			}
		}
		if n := b.slots[1].drive.Count(simdisk.Space); n != 1 {
			t.Fatalf("it was asked %d times at once", n)
		}
		close(hold)
		synctest.Wait()
		if h := s.Health(t.Context()); h[1].TotalBytes == 0 {
			t.Fatalf("%+v", h[1])
		}
	})
}

// TestHangingPathHoldsUpNobody lets the look at one path hang while another drive
// is back, and uses what it answers in the end.
func TestHangingPathHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 1, 4)
		b.open().Close()
		first, second := b.insert(0, nil), b.insert(1, nil)
		s := b.open()
		defer s.Close()
		b.insert(0, first)
		b.insert(1, second)
		hold := make(chan struct{})
		first.Inject(simdisk.Fault{Kind: simdisk.Open, Times: 1, Hold: hold})
		start := time.Now()
		if back := s.Look(t.Context()); back != 2 || time.Since(start) > patience {
			t.Fatalf("%b came back after %v", back, time.Since(start))
		}
		s.Look(t.Context())
		close(hold)
		if back := s.Look(t.Context()); back != 1 {
			t.Fatalf("%b came back", back)
		}
		wantStates(t, s, "hhoo")
	})
}

func TestHealth(t *testing.T) {
	b := newBay(t, 1, 4)
	s := b.open()
	ids := idsOf(s)
	s.Close()
	// Given in another order, one of them missing.
	b.slots[0], b.slots[3] = b.slots[3], b.slots[0]
	b.insert(1, nil)
	s = b.open()
	defer s.Close()
	b.slots[2].drive.Fail(simdisk.Mkdir, syscall.EIO)
	_ = s.Drives[2].Mkdir("folder")
	h := s.Health(t.Context())
	for i, want := range []objectstore.Drive{
		{ID: ids[3], Place: 3, State: objectstore.DriveOK},
		{Place: 1, State: objectstore.DriveOffline},
		{ID: ids[2], Place: 2, State: objectstore.DriveFailing, WriteErrors: 1},
		{ID: ids[0], Place: 0, State: objectstore.DriveOK},
	} {
		got := h[i]
		want.Path = b.slots[i].path
		if d := b.slots[i].drive; d != nil {
			want.FileSystem = d.Name()
			want.TotalBytes, want.FreeBytes, _ = d.Space()
		}
		want.Message = got.Message
		if got != want || (got.Message == "") != (got.State == objectstore.DriveOK) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

// TestSpaceCountsFileSystemsOnce has two drives share one, and one be unknown.
func TestSpaceCountsFileSystemsOnce(t *testing.T) {
	b := newBay(t, 1, 4)
	b.set(0, func(s *slot) { s.fileSystem = "shared" })
	b.set(1, func(s *slot) { s.fileSystem = "shared" })
	b.set(2, func(s *slot) { s.fileSystem = "" })
	b.set(3, func(s *slot) { s.fileSystem = "" })
	s := b.open()
	defer s.Close()
	var total int64
	for i, free := range []int64{100, 100, 70, 300} {
		d := b.slots[i].drive
		d.SetFree(free << 20)
		n, _, _ := d.Space()
		if i != 1 {
			total += n
		}
	}
	want := Space{Total: total, Free: 470 << 20, Least: 50 << 20}
	if got := s.Space(t.Context()); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	// One that is not written to does not share.
	s.Drives[1].Fence("Once.")
	want.Least = 70 << 20
	if got := s.Space(t.Context()); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	s.Drives[2].Fence("Once.")
	want.Least = 100 << 20
	if got := s.Space(t.Context()); got != want {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}
