package seglog

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

var fourDrives = driveset.Geometry{Data: 2, Parity: 2}

// TestReadBeforeAllWrote reads what was acknowledged while a drive has not written
// it: that is no damage.
func TestReadBeforeAllWrote(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	for i := range 4 {
		hold := make(chan struct{})
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Write, Hold: hold})
		s.append("b", 6)
		s.check("before all wrote")
		simDrive(s.m, i).Mend()
		close(hold)
	}
	s.close()
	if s.state.damaged != 0 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}

// TestHungDrive has one drive do nothing at all for a while.
func TestHungDrive(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	hold := make(chan struct{})
	hung := simDrive(s.m, 2)
	for _, kind := range []simdisk.Kind{simdisk.Write, simdisk.Create, simdisk.Sync, simdisk.SyncDir, simdisk.Rename, simdisk.Allocate} {
		hung.Inject(simdisk.Fault{Kind: kind, Hold: hold})
	}
	s.append("b", 60)
	oldest := s.log.Segments()[0].ID
	if err := s.log.Free(t.Context(), oldest); err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		if _, err := simDrive(s.m, 0).ReadFile(segmentName(oldest)); err != nil {
			break
		}
		if i > 1000 {
			t.Fatal("a segment that was freed keeps its file")
		}
		time.Sleep(time.Millisecond)
	}
	if s.state.damaged != 0 {
		t.Errorf("damage on %b before the drive was passed over", s.state.damaged)
	}
	close(hold)
	hung.Mend()
	for name, loc := range s.state.entries {
		if loc.Segment == oldest {
			delete(s.want, name)
		}
	}
	s.verify("the drive is back")
	s.check("the drive is back")
	if len(s.lacking(2)) > 0 || s.state.damaged != 0 {
		t.Errorf("lacking %x, damage on %b", s.lacking(2), s.state.damaged)
	}
}

// TestPassedOver lets a drive hang for so long that it misses records.
func TestPassedOver(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.settle()
	hold := make(chan struct{})
	simDrive(s.m, 1).Inject(simdisk.Fault{Kind: simdisk.Write, Hold: hold})
	for i := range maxLag + 50 {
		if _, err := s.log.Append(t.Context(), Options{}, Entry{Meta: fmt.Append(nil, i)}); err != nil {
			t.Fatal(err)
		}
	}
	close(hold)
	s.close()
	if s.state.damaged != 2 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}

func TestSyncErrorFences(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.settle()
	simDrive(s.m, 3).Inject(simdisk.Fault{Kind: simdisk.Sync, Err: syscall.EIO, Times: 1})
	s.append("b", 1)
	s.settle()
	if state, _ := s.set.Drives[3].Status(); state != objectstore.DriveFailing {
		t.Errorf("the drive is %s", state)
	}
	n := simDrive(s.m, 3).Count(simdisk.Any)
	s.append("c", 10)
	s.settle()
	if m := simDrive(s.m, 3).Count(simdisk.Any); m != n {
		t.Errorf("%d operations on a fenced drive", m-n)
	}
	if s.state.damaged != 8 {
		t.Errorf("damage on %b", s.state.damaged)
	}
	// A second one is one too many.
	simDrive(s.m, 0).Inject(simdisk.Fault{Kind: simdisk.Sync, Err: syscall.EIO, Times: 1})
	for range 2 {
		_, err := s.log.Append(t.Context(), Options{}, Entry{})
		if !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Fatal(err)
		}
	}
	s.check("two drives failed")
}

// fill leaves so much free space on drives.
func (s *sim) fill(places driveset.Places, free int64) {
	s.settle()
	for i := range s.g.Drives() {
		if places.Has(i) {
			simDrive(s.m, i).SetFree(free)
		}
	}
}

func TestFullDrives(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 12)
	s.settle()
	for _, d := range s.set.Drives {
		for s.log.spares.count(d) < keptSpares {
			time.Sleep(time.Millisecond)
		}
	}
	s.fill(15, 0)
	big := Entry{Meta: []byte("big"), Payload: payload(100_000, 1)}
	small := Entry{Meta: []byte("small")}
	full := func() error {
		t.Helper()
		for i := 0; ; i++ {
			if _, err := s.log.Append(t.Context(), Options{}, big); err != nil {
				return err
			}
			if i == 100 {
				t.Fatal("never full")
			}
		}
	}
	if err := full(); errs.KindOf(err) != errs.StorageFull || !errors.Is(err, objectstore.ErrStorageFull) {
		t.Fatal(err)
	}
	// What is left of the segment is for everybody, what is kept back is not.
	if _, err := s.log.Append(t.Context(), Options{}, small); err != nil {
		t.Fatal(err)
	}
	if _, err := s.log.Append(t.Context(), Options{Urgent: true}, big); err != nil {
		t.Fatal(err)
	}
	if _, err := s.log.Append(t.Context(), Options{}, small); !errors.Is(err, objectstore.ErrStorageFull) {
		t.Fatal(err)
	}
	if _, err := s.log.Append(t.Context(), Options{Urgent: true}, small); err != nil {
		t.Fatal(err)
	}
	oldest := s.log.Segments()[:2]
	for _, x := range oldest {
		if err := s.log.Free(t.Context(), x.ID); err != nil {
			t.Fatal(err)
		}
	}
	s.settle()
	if _, err := s.log.Append(t.Context(), Options{}, big); err != nil {
		t.Fatalf("space came back: %v", err)
	}
	if _, err := s.log.Append(t.Context(), Options{}, small); err != nil {
		t.Fatalf("space came back: %v", err)
	}
	if s.state.damaged != 0 {
		t.Errorf("damage on %b", s.state.damaged)
	}
}

// TestSomeDrivesFull finds that what is begun in vain takes no space on the others, but
// for the spares that they keep, some of which are made in the background.
func TestSomeDrivesFull(t *testing.T) {
	const spares = 2 * keptSpares * 256 << 10
	s := startSim(t, fourDrives)
	s.append("a", 12)
	s.fill(3, 0)
	big := Entry{Payload: payload(100_000, 1)}
	var first int64
	for i := range 60 {
		_, err := s.log.Append(t.Context(), Options{}, big)
		if i < 20 {
			continue
		}
		if !errors.Is(err, objectstore.ErrStorageFull) {
			t.Fatal(err)
		}
		s.settle()
		total, free, _ := s.set.Drives[3].Space()
		if i == 20 {
			first = total - free
		}
		if used := total - free; used > first+spares {
			t.Fatalf("the other drives take %d bytes and then %d", first, used)
		}
	}
}

// TestFullWhileWriting has drives run out of space where that was reserved.
func TestFullWhileWriting(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.settle()
	for i := range 2 {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.Write, Err: syscall.ENOSPC})
	}
	if _, err := s.log.Append(t.Context(), Options{}, Entry{}); !errors.Is(err, objectstore.ErrWriteQuorum) {
		t.Errorf("the record may be there, and the error is %v", err)
	}
}

// TestFreeBeforeNext begins a segment after another was freed and before Free knows:
// its head must not mention that one any more.
func TestFreeBeforeNext(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 12)
	s.append("a", 12)
	oldest := s.log.Segments()[0].ID
	s.state.Lock() // keeps what is freed from being applied
	freed := make(chan error)
	go func() { freed <- s.log.Free(context.Background(), oldest) }()
	before := s.log.position()
	for s.log.position() == before {
		time.Sleep(time.Millisecond)
	}
	active := s.log.position().Segment
	ended := make(chan error)
	go func() {
		_, err := s.log.Append(context.Background(), Options{}, Entry{Payload: payload(1<<20, 1)})
		ended <- err
	}()
	for s.log.position().Segment == active {
		time.Sleep(time.Millisecond)
	}
	s.state.Unlock()
	if err := errors.Join(<-freed, <-ended); err != nil {
		t.Fatal(err)
	}
	s.reopen(0)
	for _, x := range s.log.Segments() {
		if x.ID == oldest {
			t.Error("a segment that was freed is in use")
		}
	}
}

// TestIdle finds that nothing is done while nothing is asked for, and that a start
// after everything was written everywhere writes nothing.
func TestIdle(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 20)
	s.settle()
	for i := range 4 {
		for s.log.spares.count(s.set.Drives[i]) < keptSpares {
			time.Sleep(time.Millisecond)
		}
	}
	n, all := s.m.Ops(), simDrive(s.m, 0).Count(simdisk.Any)
	time.Sleep(300 * time.Millisecond)
	if s.m.Ops() != n || simDrive(s.m, 0).Count(simdisk.Any) != all {
		t.Error("an idle log does something")
	}
	for _, missing := range []driveset.Places{0, 0b10} {
		s.close()
		set, err := openSim(s.m, s.g, missing)
		must(t, err)
		n = s.m.Ops()
		l, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, s.state.start)
		must(t, err)
		l.Close()
		set.Close()
		for _, op := range s.m.Trace() {
			if op.Number > n && op.Kind != simdisk.Sync && op.Kind != simdisk.SyncDir { // of what is synced already
				t.Errorf("a start without %b does %v", missing, op)
			}
		}
	}
	s.open(0)
}
