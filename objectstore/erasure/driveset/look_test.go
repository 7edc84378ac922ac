package driveset

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"croft/internal/errs"
	"croft/objectstore/erasure/disk/simdisk"
)

// changes counts what was done to all drives of a machine that changes them.
func (b *bay) changes() int { return b.machine.Ops() }

// quiet demands that looking changes nothing: neither the drives nor their states.
func (b *bay) quiet(s *Set) {
	b.t.Helper()
	before, was := b.changes(), states(s)
	for range 3 {
		if back := s.Look(b.t.Context()); back != 0 {
			b.t.Fatalf("%b came back", back)
		}
	}
	if n := b.changes() - before; n != 0 || states(s) != was {
		b.t.Fatalf("looking did %d operations, %s became %s", n, was, states(s))
	}
}

func TestMissingDriveComesBack(t *testing.T) {
	b := newBay(t, 1, 4)
	b.open().Close()
	away := b.insert(2, nil)
	s := b.open()
	defer s.Close()
	wantStates(t, s, "oo-o")
	wantReason(t, s.Given[2], "missing", "by itself")
	b.quiet(s)
	if _, err := s.Drives[2].Open("x"); !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
	b.insert(2, away)
	if back := s.Look(t.Context()); back != Places(0).With(2) {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "ooho")
	if _, reason := s.Given[2].Status(); reason != "It was away and is catching up." {
		t.Fatal(reason)
	}
	if s.Replaced() != 0 {
		t.Fatal("taken for a new one")
	}
	b.quiet(s)
	if err := s.Healed(2); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "oooo")
}

// TestPulledDrive takes a drive out while it is used, and puts the same one, a
// blank one or another one in.
func TestPulledDrive(t *testing.T) {
	pull := func(t *testing.T) (*bay, *Set, *simdisk.Drive, *File) {
		b := newBay(t, 1, 4)
		s := b.open()
		t.Cleanup(s.Close)
		f, err := s.Drives[1].Create("f")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		was := b.insert(1, nil)
		was.SetGone(true)
		if err := f.WriteAt([]byte("x"), 0); err == nil || errors.Is(err, ErrAway) {
			t.Fatal(err)
		}
		wantStates(t, s, "ofoo")
		if _, reason := s.Drives[1].Status(); !strings.Contains(reason, "write failed") {
			t.Fatal(reason)
		}
		s.Look(t.Context())
		wantStates(t, s, "o-oo")
		wantReason(t, s.Drives[1], "missing")
		if err := f.WriteAt([]byte("x"), 0); !errors.Is(err, ErrAway) || !f.Stale() {
			t.Fatal(err)
		}
		b.quiet(s)
		return b, s, was, f
	}
	t.Run("the same", func(t *testing.T) {
		b, s, was, f := pull(t)
		was.SetGone(false)
		b.insert(1, was)
		b.set(1, func(s *slot) { s.fileSystem = "mounted anew" })
		if back := s.Look(t.Context()); back != 2 {
			t.Fatalf("%b came back", back)
		}
		wantStates(t, s, "ohoo")
		_, writes := s.Drives[1].Errors()
		// What was open before neither works nor does harm.
		was.Fail(simdisk.Any, syscall.EIO)
		if err := f.Sync(); !errors.Is(err, ErrAway) {
			t.Fatal(err)
		}
		was.Mend()
		wantStates(t, s, "ohoo")
		if _, now := s.Drives[1].Errors(); now != writes {
			t.Fatal("an old file's error was counted")
		}
	})
	t.Run("a blank one", func(t *testing.T) {
		b, s, was, _ := pull(t)
		id := s.Drives[1].ID()
		b.insert(1, b.blank())
		if back := s.Look(t.Context()); back != 2 {
			t.Fatalf("%b came back", back)
		}
		wantStates(t, s, "ohoo")
		if s.Replaced() != 2 || s.Drives[1].ID() == id {
			t.Fatalf("replaced %b", s.Replaced())
		}
		b.quiet(s)
		// It is remembered that it is not filled.
		s.Close()
		s = b.open()
		wantStates(t, s, "ohoo")
		if s.Replaced() != 2 {
			t.Fatalf("replaced %b after a restart", s.Replaced())
		}
		if err := s.Healed(1); err != nil {
			t.Fatal(err)
		}
		wantStates(t, s, "oooo")
		s.Close()
		s = b.open()
		wantStates(t, s, "oooo")
		if s.Replaced() != 0 {
			t.Fatalf("replaced %b after it was filled", s.Replaced())
		}
		s.Close()
		// The one that was pulled comes back in its stead, and is refused.
		was.SetGone(false)
		fresh := b.insert(1, was)
		s = b.open()
		defer s.Close()
		wantStates(t, s, "o-oo")
		wantReason(t, s.Given[1], "was replaced by another", "delete bodies, epoch, log and format.json")
		b.quiet(s)
		b.insert(1, fresh)
		s.Look(t.Context())
		wantStates(t, s, "ohoo")
	})
	t.Run("an empty mount point", func(t *testing.T) {
		b, s, _, _ := pull(t)
		b.insert(1, b.blank())
		b.set(1, func(s *slot) { s.mounted = false })
		b.quiet(s)
		wantReason(t, s.Drives[1], "empty folder", "used to be mounted")
	})
	t.Run("one of another deployment", func(t *testing.T) {
		b, s, _, _ := pull(t)
		other := newBay(t, 2, 1)
		other.machine = b.machine
		other.insert(0, b.blank())
		other.open().Close()
		b.insert(1, other.slots[0].drive)
		b.quiet(s)
		wantReason(t, s.Drives[1], "different Croft deployment")
	})
	t.Run("one that cannot be read", func(t *testing.T) {
		b, s, was, _ := pull(t)
		was.SetGone(false)
		if err := was.FlipBit(formatFile, 10); err != nil {
			t.Fatal(err)
		}
		b.insert(1, was)
		b.quiet(s)
		wantReason(t, s.Drives[1], "format file", "damaged")
		b.set(1, func(s *slot) { s.problem = errs.New(errs.Invalid, "drive_unreadable", s.path+" cannot be read.") })
		b.quiet(s)
		wantReason(t, s.Drives[1], "cannot be read")
	})
	t.Run("one in use by another process", func(t *testing.T) {
		b, s, was, _ := pull(t)
		was.SetGone(false)
		b.insert(1, was)
		lock, err := was.Lock(lockFile)
		if err != nil {
			t.Fatal(err)
		}
		b.quiet(s)
		wantReason(t, s.Drives[1], "in use by another Croft process")
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		s.Look(t.Context())
		wantStates(t, s, "ohoo")
	})
	t.Run("another one of the set", func(t *testing.T) {
		b, s, _, _ := pull(t)
		b.insert(1, b.slots[0].drive)
		b.quiet(s)
		wantReason(t, s.Drives[1], "the same drive", b.slots[0].path)
	})
}

// TestUnpluggedAndPluggedInAgain has one look find a drive fenced whose file
// system is another one now.
func TestUnpluggedAndPluggedInAgain(t *testing.T) {
	b := newBay(t, 1, 4)
	s := b.open()
	defer s.Close()
	s.Drives[3].Fence("It was unplugged.")
	b.quiet(s)
	wantStates(t, s, "ooof")
	b.set(3, func(s *slot) { s.fileSystem = "plugged in again" })
	if back := s.Look(t.Context()); back != 8 {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "oooh")
	if got := s.Drives[3].FileSystem(); got != "plugged in again" {
		t.Fatal(got)
	}
}

func TestReset(t *testing.T) {
	b := newBay(t, 1, 4)
	s := b.open()
	defer s.Close()
	d, sim := s.Drives[2], b.slots[2].drive
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	sim.Fail(simdisk.Sync, syscall.EIO)
	if err := f.Sync(); err == nil {
		t.Fatal("no error")
	}
	wantStates(t, s, "oofo")
	b.quiet(s)
	if err := s.Reset(t.Context(), 2); codeOf(err) != "drive_unreadable" {
		t.Fatal(err)
	}
	wantStates(t, s, "oofo")
	sim.Mend()
	sim.SetReadOnly(true)
	if err := s.Reset(t.Context(), 2); codeOf(err) != "drive_not_writable" {
		t.Fatal(err)
	}
	sim.Mend()
	if err := s.Reset(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "ooho")
	if err := f.Sync(); err != nil || f.Stale() {
		t.Fatalf("the disk is the same, but %v", err)
	}
	if err := s.Reset(t.Context(), 0); err != nil { // is well
		t.Fatal(err)
	}
	b.insert(2, nil)
	d.Fence("It was pulled.")
	if err := s.Reset(t.Context(), 2); codeOf(err) != "drive_offline" || !strings.Contains(err.Error(), "missing") {
		t.Fatal(err)
	}
	wantStates(t, s, "oo-o")
}

// TestReadOnlyDrive is read from and not written to, at a start and when it is
// back, until it is reset.
func TestReadOnlyDrive(t *testing.T) {
	b := newBay(t, 1, 4)
	b.open().Close()
	b.slots[0].drive.SetReadOnly(true)
	s := b.open()
	defer s.Close()
	wantStates(t, s, "fooo")
	wantReason(t, s.Given[0], "cannot be written to")
	if !s.Readable().Has(0) || s.Writable().Has(0) {
		t.Fatalf("readable %b, writable %b", s.Readable(), s.Writable())
	}
	b.quiet(s)
	was := b.insert(0, nil)
	s.Look(t.Context())
	b.insert(0, was)
	if back := s.Look(t.Context()); back != 0 {
		t.Fatalf("%b came back", back)
	}
	wantStates(t, s, "fooo")
	was.Mend()
	if err := s.Reset(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	wantStates(t, s, "hooo")
}

// TestUnfilledDrivesDoNotVote: a drive that is not filled yet does not help another
// one in, neither while the set is open nor at a start.
func TestUnfilledDrivesDoNotVote(t *testing.T) {
	b := newBay(t, 1, 3) // two of three suffice
	b.open().Close()
	b.insert(2, b.blank())
	s := b.open()
	wantStates(t, s, "ooh")
	b.insert(0, b.blank())
	s.Drives[0].Fence("It was pulled.")
	s.Look(t.Context())
	wantStates(t, s, "-oh")
	wantReason(t, s.Drives[0], "too few other drives")
	b.quiet(s)
	s.Close()
	s = b.open()
	wantStates(t, s, "-oh")
	wantReason(t, s.Drives[0], "too few other drives")
	s.Close()
	// Once it is filled there are enough.
	away := b.insert(0, nil)
	b.insert(0, b.machine.Drive("d01"))
	s = b.open()
	defer s.Close()
	wantStates(t, s, "ooh")
	if err := s.Healed(2); err != nil {
		t.Fatal(err)
	}
	b.insert(0, away)
	s.Drives[0].Fence("It was pulled.")
	s.Look(t.Context())
	wantStates(t, s, "hoo")
}

// TestOutvoted: a change that too few drives got to know of counts neither at the
// next start nor when that drive comes back, and never again.
func TestOutvoted(t *testing.T) {
	// among leaves a bay in which so many drives believe that drive 3 was replaced.
	among := func(t *testing.T, believers int) (*bay, *simdisk.Drive) {
		b := newBay(t, 1, 4)
		b.open().Close()
		lost := b.insert(3, b.blank())
		for i := believers; i < 3; i++ { // tell of the claim, not of the change
			b.slots[i].drive.Inject(simdisk.Fault{Kind: simdisk.Create, Match: func(o simdisk.Op) bool {
				return strings.HasPrefix(o.Name, formatFile)
			}, After: 1, Err: syscall.EIO})
		}
		s := b.open()
		s.Close()
		wantReason(t, s.Given[3], "is empty", "could be written")
		for i := range 4 {
			b.slots[i].drive.Mend()
		}
		if g := formatOf(t, b.slots[0].drive).Generation; g != 2 {
			t.Fatalf("generation %d", g)
		}
		return b, lost
	}
	half := func(t *testing.T) (*bay, *simdisk.Drive) { return among(t, 1) }
	final := func(t *testing.T, b *bay, deployment string) {
		t.Helper()
		// Whoever is away then: the one who was wrong knows better.
		for one := range 4 {
			for other := range one {
				first, second := b.insert(one, nil), b.insert(other, nil)
				s := b.open()
				if s.Readable() != AllPlaces(4).Without(one).Without(other) || s.Deployment != deployment {
					t.Fatalf("without %d and %d: %s", one, other, states(s))
				}
				s.Close()
				b.insert(one, first)
				b.insert(other, second)
			}
		}
	}
	t.Run("at the start", func(t *testing.T) {
		b, lost := half(t)
		b.insert(3, lost)
		s := b.open()
		wantStates(t, s, "oooo")
		s.Close()
		final(t, b, s.Deployment)
	})
	t.Run("by one that stays", func(t *testing.T) {
		b, lost := among(t, 2) // three of the three that stay would have to know
		b.insert(3, lost)
		s := b.open()
		wantStates(t, s, "oooo")
		s.Close()
		final(t, b, s.Deployment)
	})
	t.Run("when it comes back", func(t *testing.T) {
		b, lost := half(t)
		b.insert(3, lost)
		wrong := b.insert(0, nil)
		s := b.open()
		wantStates(t, s, "-ooo")
		b.insert(0, wrong)
		if back := s.Look(t.Context()); back != 1 {
			t.Fatalf("%b came back", back)
		}
		wantStates(t, s, "hooo")
		s.Close()
		final(t, b, s.Deployment)
	})
	t.Run("in the same run", func(t *testing.T) {
		b := newBay(t, 1, 4)
		s := b.open()
		s.Drives[3].Fence("It was pulled.")
		lost := b.insert(3, b.blank())
		fail := func(i int) {
			b.slots[i].drive.Inject(simdisk.Fault{Kind: simdisk.Create, Match: func(o simdisk.Op) bool {
				return strings.HasPrefix(o.Name, formatFile)
			}, After: 1, Times: 1, Err: syscall.EIO})
		}
		fail(1)
		fail(2)
		s.Look(t.Context())
		wantStates(t, s, "off-")
		b.insert(3, lost)
		s.Look(t.Context())
		wantStates(t, s, "off-")
		wantReason(t, s.Drives[3], "is back", "could be told of it")
		for i := 1; i < 3; i++ {
			if err := s.Reset(t.Context(), i); err != nil {
				t.Fatal(err)
			}
		}
		s.Look(t.Context())
		wantStates(t, s, "ohhh")
		s.Close()
		final(t, b, s.Deployment)
	})
	t.Run("while another change is made", func(t *testing.T) {
		b, lost := half(t)
		b.insert(3, lost)
		wrong := b.insert(0, b.blank())
		s := b.open()
		wantStates(t, s, "hooo")
		s.Close()
		if his, ours := formatOf(t, wrong).Generation, formatOf(t, b.slots[1].drive).Generation; ours <= his {
			t.Fatalf("two changes have the number %d", ours)
		}
		final(t, b, s.Deployment)
	})
	t.Run("when too few are here to know", func(t *testing.T) {
		b, lost := half(t)
		b.insert(3, lost)
		wrong, other := b.insert(0, nil), b.insert(1, nil)
		s := b.open()
		b.insert(0, wrong)
		b.quiet(s)
		wantReason(t, s.Drives[0], "was replaced", "Start Croft again")
		b.insert(1, other)
		s.Look(t.Context())
		wantStates(t, s, "-hoo")
		wrong = b.insert(0, nil)
		s.Close()
		for i := 1; i < 4; i++ { // so that nobody believes the one that is away
			if f := formatOf(t, b.slots[i].drive); f.Generation <= 2 {
				t.Fatalf("drive %d has generation %d", i, f.Generation)
			}
		}
		b.insert(0, wrong)
		s = b.open()
		defer s.Close()
		wantStates(t, s, "oooo")
	})
}

// TestStaleDriveIsTold: a drive that was away while another was replaced learns of
// it when it is back, and so does one that was fenced.
func TestStaleDriveIsTold(t *testing.T) {
	b := newBay(t, 1, 6)
	s := b.open()
	defer s.Close()
	s.Drives[0].Fence("It was pulled.")
	away := b.insert(0, nil)
	s.Drives[1].Fence("It was pulled, too.")
	b.insert(1, b.blank())
	s.Drives[2].Fence("Once.")
	s.Look(t.Context())
	wantStates(t, s, "--fooo") // 3 of 6 are too few to agree
	if err := s.Reset(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	s.Look(t.Context())
	wantStates(t, s, "-hhooo")
	b.insert(0, away)
	s.Look(t.Context())
	wantStates(t, s, "hhhooo")
	for i, slot := range b.slots {
		if f := formatOf(t, slot.drive); f.Generation != 2 || f.placeOf(f.Drive) != i {
			t.Errorf("drive %d has generation %d", i, f.Generation)
		}
	}
}

// TestNobodyComesBetween has another process format a drive after it was looked at
// and before it is locked.
func TestNobodyComesBetween(t *testing.T) {
	b := newBay(t, 1, 2)
	hold := make(chan struct{})
	b.slots[0].drive.Inject(simdisk.Fault{
		Kind: simdisk.Open, Match: func(o simdisk.Op) bool { return o.Name == lockFile }, Times: 1, Hold: hold,
	})
	done := make(chan error)
	go func() {
		s, err := b.tryOpen()
		if err == nil {
			s.Close()
		}
		done <- err
	}()
	for b.slots[0].drive.Count(simdisk.Open) < 2 { // the format, then the lock
		runtime.Gosched()
	}
	s := b.open()
	s.Close()
	close(hold)
	wantCode(t, <-done, "drive_locked", "Another Croft process", "Start again")
	again := b.open()
	defer again.Close()
	if again.Deployment != s.Deployment {
		t.Fatal("formatted anew")
	}
}

// TestSwappedInMidOperation has an operation fail after its disk was exchanged: the
// one that is there now is not blamed.
func TestSwappedInMidOperation(t *testing.T) {
	b := newBay(t, 1, 4)
	s := b.open()
	defer s.Close()
	d := s.Drives[0]
	f, err := d.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	hold, before := make(chan struct{}), b.slots[0].drive.Count(simdisk.Sync)
	b.slots[0].drive.Inject(simdisk.Fault{Kind: simdisk.Sync, Hold: hold, Err: syscall.EIO})
	done := make(chan error)
	go func() { done <- f.Sync() }()
	for b.slots[0].drive.Count(simdisk.Sync) == before {
		runtime.Gosched()
	}
	d.Fence("It was pulled.")
	old := d.at
	b.insert(0, b.blank())
	s.Look(t.Context())
	wantStates(t, s, "hooo")
	close(hold)
	if err := <-done; !errors.Is(err, ErrAway) {
		t.Fatal(err)
	}
	d.fault(old, "late")
	wantStates(t, s, "hooo")
	if _, n := d.Errors(); n != 0 {
		t.Fatalf("%d errors", n)
	}
}

// TestDrivesFindTheirPlaces that were missing at the start and were not given in
// order of place: where they were given if that can be, and never in a wrong one.
func TestDrivesFindTheirPlaces(t *testing.T) {
	for order, want := range map[[4]int]string{{2, 1, 0, 3}: "hhoo", {1, 2, 0, 3}: "--oo"} {
		b := newBay(t, 1, 4)
		b.open().Close()
		slots := b.slots
		b.slots = nil
		for _, i := range order {
			b.slots = append(b.slots, slots[i])
		}
		first, second := b.insert(0, nil), b.insert(1, nil)
		s := b.open()
		b.insert(0, first)
		b.insert(1, second)
		s.Look(t.Context())
		wantStates(t, s, want)
		if want != "hhoo" {
			wantReason(t, s.Given[0], "has another drive", "Start Croft again")
		}
		s.Close()
		s = b.open()
		wantStates(t, s, "oooo")
		s.Close()
	}
}

// TestClosedSetLooksForNothing leaves the drives to whoever opens them next.
func TestClosedSetLooksForNothing(t *testing.T) {
	b := newBay(t, 1, 4)
	b.open().Close()
	was := b.insert(0, nil)
	s := b.open()
	s.Close()
	b.insert(0, was)
	if back := s.Look(t.Context()); back != 0 {
		t.Fatalf("%b came back", back)
	}
	again := b.open()
	defer again.Close()
	wantStates(t, again, "oooo")
}

// TestSplitPair is what no vote can decide: two drives that went on without each
// other, each with a new partner.
func TestSplitPair(t *testing.T) {
	b := newBay(t, 1, 2)
	b.open().Close()
	second := b.insert(1, b.blank())
	s := b.open()
	wantStates(t, s, "oh")
	s.Close()
	first := b.insert(0, b.blank())
	b.insert(1, second)
	s = b.open()
	wantStates(t, s, "ho")
	s.Close()
	b.insert(0, first)
	_, err := b.tryOpen()
	wantCode(t, err, "drive_split", b.slots[0].path, b.slots[1].path)
}

// TestLookIsSafe swaps disks while everything is used.
func TestLookIsSafe(t *testing.T) {
	b := newBay(t, 1, 4)
	s := b.open()
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for i, d := range s.Drives {
		wg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				name := fmt.Sprint(i, ".", n)
				if f, err := d.Create(name); err == nil {
					_ = f.WriteAt([]byte("x"), 0)
					_ = f.Sync()
					_ = f.ReadFull(make([]byte, 1), 0)
					_, _ = f.Size()
					_ = f.Close()
				}
				_, _ = d.List(".")
				_ = d.Remove(name)
				_, _, _, _, _ = d.ID(), d.Writable(), d.FileSystem(), s.Slow(), s.Health(t.Context())
			}
		})
	}
	for range 30 {
		was := b.insert(1, b.blank())
		s.Drives[1].Fence("It was pulled.")
		if s.Look(t.Context()) != 2 {
			t.Error("the blank drive is not used")
		}
		s.Drives[2].Fence("Once.")
		_ = s.Reset(t.Context(), 2)
		_ = s.Healed(1)
		was.Wipe()
	}
	close(stop)
	wg.Wait()
	s.Close()
	if back := s.Look(t.Context()); back != 0 {
		t.Fatal("found something after it was closed")
	}
}
