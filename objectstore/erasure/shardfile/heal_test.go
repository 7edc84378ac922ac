package shardfile

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// A blank drive gets the very files that it had. Heal has synced them then.
func TestHealBlankDrive(t *testing.T) {
	for _, size := range []int{0, 1, 1 << 20, 5<<20 + 1} {
		s := newSim(t, simdisk.NewMachine(1), 7, 3)
		body := content(size, 1)
		b, _ := put(t, s.Store, body)
		right := s.right(t, b)
		const blank = 0b101
		for place := range s.set.Drives {
			if driveset.Places(blank).Has(place) {
				s.drive(place).Wipe()
			}
		}
		healed, lacking, err := s.Heal(t.Context(), b, false)
		if err != nil || healed != blank || lacking != 0 {
			t.Fatalf("healed %b, lacking %b, %v", healed, lacking, err)
		}
		after := s.machine.CrashTo(simdisk.LoseAll)
		for place := range right {
			f, err := after.Drive(s.set.Drives[place].Path).ReadFile(b.ID.file())
			if err != nil || !bytes.Equal(f, right[place]) {
				t.Errorf("%d bytes, place %d: %v", size, place, err)
			}
		}
	}
}

// Nobody can read the parity of files that are never put in place.
func TestHealFaults(t *testing.T) {
	for _, kind := range []simdisk.Kind{simdisk.Create, simdisk.Write, simdisk.Sync, simdisk.Rename, simdisk.SyncDir} {
		s := newSim(t, simdisk.NewMachine(1), 4, 2)
		body := content(5<<20, 1)
		b, _ := put(t, s.Store, body)
		for _, place := range []int{0, 1} {
			if err := s.drive(place).RemoveFile(b.ID.file()); err != nil {
				t.Fatal(err)
			}
		}
		s.drive(0).Inject(simdisk.Fault{Kind: kind, Err: syscall.EIO})
		healed, lacking, err := s.Heal(t.Context(), b, false)
		if err != nil || healed != 0b10 || lacking != 0b01 {
			t.Fatalf("%v: healed %b, lacking %b, %v", kind, healed, lacking, err)
		}
		for _, name := range s.files(0) {
			if name != b.ID.file() {
				t.Errorf("%v: left: %s", kind, name)
			}
		}
	}
}

func TestHealWithoutDrives(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(3<<20, 1)
	b, _ := put(t, s.Store, body)
	if err := s.drive(0).RemoveFile(b.ID.file()); err != nil {
		t.Fatal(err)
	}
	s.set.Drives[0].Fence("test")
	healed, lacking, err := s.Heal(t.Context(), b, true)
	if healed != 0 || lacking != 0b0001 || err != nil {
		t.Fatalf("healed %b, lacking %b, %v", healed, lacking, err)
	}
}

// A source that turns out wrong is gone around, told of, and lacking.
func TestHealFromWrongSource(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(5<<20, 1)
	b, _ := put(t, s.Store, body)
	right := s.right(t, b)
	lay := layoutOf(b)
	if err := s.shard(b, 0).RemoveFile(b.ID.file()); err != nil {
		t.Fatal(err)
	}
	if err := s.shard(b, 1).FlipBit(b.ID.file(), lay.chunk+5); err != nil {
		t.Fatal(err)
	}
	healed, lacking, err := s.Heal(t.Context(), b, false)
	if err != nil || healed != placesOf(b, 0) || lacking != placesOf(b, 1) || s.damage.of(b.ID) != placesOf(b, 1) {
		t.Fatalf("healed %b, lacking %b, told of %b, %v", healed, lacking, s.damage.of(b.ID), err)
	}
	if got := s.right(t, b)[lay.place(0)]; !bytes.Equal(got, right[lay.place(0)]) {
		t.Error("healed with wrong bytes")
	}
}

// One body is healed by one caller at a time.
func TestHealAtTheSameTime(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(3<<20, 1)
	b, _ := put(t, s.Store, body)
	if err := s.drive(0).RemoveFile(b.ID.file()); err != nil {
		t.Fatal(err)
	}
	s.drive(0).Delay(simdisk.Write, 5*time.Millisecond)
	var wg sync.WaitGroup
	var mu sync.Mutex
	times := 0
	for range 5 {
		wg.Go(func() {
			healed, lacking, err := s.Heal(t.Context(), b, false)
			if err != nil || lacking != 0 {
				t.Errorf("lacking %b, %v", lacking, err)
			}
			mu.Lock()
			times += healed.Count()
			mu.Unlock()
		})
	}
	wg.Wait()
	if times != 1 {
		t.Errorf("healed %d times", times)
	}
	if s.uses.heal(b.ID) != nil {
		t.Fatal("somebody heals")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, _, err := s.Heal(ctx, b, false); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	s.uses.haveHealed(b.ID)
	if len(s.uses.byID) != 0 {
		t.Error("something is still counted")
	}
}

// A file that an earlier healing left is no obstacle.
func TestHealAfterHalfHealing(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	b, _ := put(t, s.Store, content(3<<20, 1))
	right := s.right(t, b)
	if err := s.drive(0).RemoveFile(b.ID.file()); err != nil {
		t.Fatal(err)
	}
	if err := s.drive(0).WriteFile(b.ID.file()+healSuffix, content(9<<20, 2)); err != nil {
		t.Fatal(err)
	}
	if lacking := s.wantHeal(t, b, false); lacking != 0 || !bytes.Equal(s.right(t, b)[0], right[0]) || len(s.files(0)) != 1 {
		t.Fatalf("lacking %b, files %v", lacking, s.files(0))
	}
}

// What is removed while it is healed is not there afterwards.
func TestRemoveWhileHealing(t *testing.T) {
	hurried(t, func(t *testing.T, s *sim) {
		b, _ := put(t, s.Store, content(3<<20, 1))
		if err := s.drive(0).RemoveFile(b.ID.file()); err != nil {
			t.Fatal(err)
		}
		hold := make(chan struct{})
		s.drive(0).Inject(simdisk.Fault{Kind: simdisk.Rename, Hold: hold})
		go func() { _, _, _ = s.Heal(t.Context(), b, false) }()
		synctest.Wait()
		s.Remove(b)
		close(hold)
		synctest.Wait()
		s.wantNoFiles(t, driveset.AllPlaces(4))
	})
}

type limiter struct {
	bytes int
	err   error
}

func (l *limiter) Wait(_ context.Context, bytes int) error {
	l.bytes += bytes
	return l.err
}

func TestVerifyAsksTheLimiter(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 1, 0) // one drive: the limiter above has no lock
	b, _ := put(t, s.Store, content(3<<20, 1))
	l := new(limiter)
	bad, read, err := s.Verify(t.Context(), b, l)
	if bad != 0 || err != nil || read != int64(l.bytes) || read < 3<<20 {
		t.Fatal(bad, read, l.bytes, err)
	}
	l.err = errors.New("enough")
	if bad, _, err := s.Verify(t.Context(), b, l); bad != 0 || !errors.Is(err, l.err) {
		t.Fatal(bad, err)
	}
}
