package seglog

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// onSegments matches what is done to segments.
func onSegments(o simdisk.Op) bool {
	return strings.HasSuffix(o.Name, segmentSuffix) || strings.HasSuffix(o.To, segmentSuffix)
}

// refuse has drives refuse, without being fenced for it, what is done to segments.
func (s *sim) refuse(kind simdisk.Kind, places ...int) {
	for _, i := range places {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: kind, Match: onSegments, Err: syscall.ENOSPC})
	}
}

func (s *sim) mend() {
	for i := range s.g.Drives() {
		simDrive(s.m, i).Mend()
	}
}

// unacknowledged appends an entry that is refused by some drives, too many of them.
func (s *sim) unacknowledged(name string, refusing ...int) {
	s.t.Helper()
	s.refuse(simdisk.Write, refusing...)
	_, err := s.log.Append(s.t.Context(), Options{}, Entry{Meta: []byte(name), Payload: payload(5000, 9)})
	if !errors.Is(err, objectstore.ErrWriteQuorum) {
		s.t.Fatalf("%s: %v", name, err)
	}
	for s.log.writes() {
		time.Sleep(time.Millisecond)
	}
	s.mend()
}

// writes reports whether a record is on its way to a drive.
func (l *Log) writes() bool {
	l.segMu.Lock()
	defer l.segMu.Unlock()
	return len(l.flying) > 0
}

// power takes the power away and opens the log again, from the drives alone.
func (s *sim) power(missing driveset.Places) {
	s.t.Helper()
	m := s.m.CrashTo(simdisk.LoseAll)
	s.close()
	s.m, s.state = m, &state{entries: make(map[string]Location)}
	s.open(missing)
}

func (s *sim) has(name string, want bool, when string) {
	s.t.Helper()
	if _, ok := s.state.entries[name]; ok != want {
		s.t.Errorf("%s: %q is there: %v", when, name, ok)
	}
}

// TestHeadThatIsAway has a record that was not acknowledged come back, while a drive
// that is away holds a head of a log without it.
func TestHeadThatIsAway(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 3, Parity: 3})
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 3, 4, 5)
	m := s.m.CrashTo(simdisk.LoseAll)
	s.close()
	s.m, s.state = m, &state{entries: make(map[string]Location)}
	s.refuse(simdisk.Rename, 2, 3, 4) // the head that drops it comes to one drive
	s.open(0b000011)
	s.has("late", false, "one copy and two drives away")
	s.mend()
	s.power(0b100000)
	s.has("late", true, "three copies")
	s.power(0)
	s.has("late", true, "and all drives")
	s.check("all")
}

// TestRecordThatCannotBeCompleted has a record come back for a drive that cannot
// take it, because it was away when the segment was begun.
func TestRecordThatCannotBeCompleted(t *testing.T) {
	s := startSim(t, fourDrives)
	s.close()
	s.open(0b1000)
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 2)
	s.power(0b0100)
	s.has("late", true, "two copies of two")
	s.power(0b0010)
	s.has("late", true, "one copy, and a head that says so")
	s.power(0)
	s.has("late", true, "all drives")
}

// TestPinWaits finds that an opening does not serve what it has decided before a
// write quorum holds that.
func TestPinWaits(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 1, 2, 3)
	m := s.m.CrashTo(simdisk.LoseAll)
	s.close()
	s.m = m
	hold := make(chan struct{})
	for i := range 2 {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: simdisk.SyncDir, Match: func(o simdisk.Op) bool { return o.Name == logDir }, Hold: hold})
	}
	opened := make(chan struct{})
	go func() {
		s.open(0)
		close(opened)
	}()
	select {
	case <-opened:
		t.Error("open before it was decided")
	case <-time.After(100 * time.Millisecond):
	}
	close(hold)
	<-opened
	s.has("late", false, "dropped")
}

// TestDroppedForGood drops a record, and starts where it could be one that was
// acknowledged.
func TestDroppedForGood(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 3, Parity: 3})
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 0, 1, 2, 3)
	s.power(0)
	s.has("late", false, "two copies of six")
	s.power(0b000011)
	s.has("late", false, "and two drives away")
}

// TestUnsure keeps a record that may have been acknowledged, and takes it back.
func TestUnsure(t *testing.T) {
	for _, back := range []bool{false, true} {
		s := startSim(t, driveset.Geometry{Data: 3, Parity: 3})
		s.append("a", 24)
		s.settle()
		refusing := []int{2, 3, 4, 5}
		if back {
			refusing = []int{2, 3, 5}
		}
		s.unacknowledged("late", refusing...)
		s.power(0b110000)
		s.has("late", true, "it may have been acknowledged")
		if !s.log.isUnsure() {
			t.Fatal("sure of a record that cannot be read")
		}
		loc := s.state.entries["late"]
		if err := s.log.ReadAt(t.Context(), &loc, make([]byte, loc.Length), 0); loc.shard != 0 && err == nil {
			t.Error("read")
		}
		if err := s.log.Free(t.Context(), s.log.Segments()[0].ID); err == nil {
			t.Error("freed what may be needed again")
		}
		s.append("b", 3)
		before := s.state.start
		s.settle()
		if !back {
			s.close()
			set, err := openSim(s.m, s.g, 0)
			must(t, err)
			_, err = Open(t.Context(), Config{Set: set, Apply: s.state.apply}, before)
			set.Close()
			if !errors.Is(err, ErrStale) {
				t.Errorf("opened from a state with what is taken back: %v", err)
			}
		}
		s.power(0)
		s.has("late", back, "all drives")
		s.check("all drives")
		if s.log.isUnsure() {
			t.Error("still unsure")
		}
		s.heal()
		s.power(0b111)
		s.has("late", back, "others missing")
		s.check("others missing")
	}
}

// TestUnsureIsHealed finds a record again while the log is open.
func TestUnsureIsHealed(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 3, Parity: 3})
	s.append("a", 24)
	s.settle()
	s.unacknowledged("late", 2, 3, 5)
	s.power(0b110000)
	loc := s.state.entries["late"]
	if back := s.set.Look(t.Context()); back != 0b110000 {
		t.Fatalf("back are %b", back)
	}
	must(t, s.log.HealRecord(t.Context(), loc.Segment, loc.Record(), 0b111111))
	if s.log.isUnsure() {
		t.Error("still unsure")
	}
	must(t, s.log.Free(t.Context(), s.log.Segments()[0].ID))
}

// TestCompletes finds that an opening writes the last records to the drives that
// lack them.
func TestCompletes(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	start := s.state.start
	s.refuse(simdisk.Write, 1)
	s.append("b", 8)
	for s.log.writes() {
		time.Sleep(time.Millisecond)
	}
	s.mend()
	s.close()
	s.state.start = start
	s.open(0)
	s.verify("completed")
}

// TestSealed begins a segment in vain, so that its head is on some drives, and goes
// on: not where that head ends the one before.
func TestSealed(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	s.refuse(simdisk.Rename, 0, 1)
	big := Entry{Meta: []byte("big"), Payload: payload(700_000, 1)}
	if _, err := s.log.Append(t.Context(), Options{}, big); !errors.Is(err, objectstore.ErrStorageFull) {
		t.Fatal(err)
	}
	s.mend()
	s.append("b", 2)
	want := maps.Clone(s.want)
	s.power(0)
	s.want = want
	s.check("after a segment that was begun in vain")
}

// TestBroken goes on after a record came to too few drives.
func TestBroken(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 0, 1)
	if _, err := s.log.Append(t.Context(), Options{}, Entry{}); !errors.Is(err, objectstore.ErrWriteQuorum) || s.log.Broken() == nil {
		t.Errorf("appended behind what is not known to be there: %v", err)
	}
	s.check("broken")
	s.power(0)
	s.append("b", 2)
	s.check("opened again")
}

// TestUsedSegmentIsMissing opens with drives that know of the last records and do
// not have them.
func TestUsedSegmentIsMissing(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 30)
	s.reopen(0)
	s.append("b", 1)
	s.settle()
	newest := s.log.position().Segment
	s.close()
	for i := range 2 {
		d := simDrive(s.m, i)
		for _, f := range d.Files() {
			if f.Name == segmentName(newest) || slices.Contains([]string{segmentName(newest - 1)}, f.Name) {
				must(t, d.RemoveFile(f.Name))
			}
		}
		must(t, d.WriteFile(epochFile, []byte(mark{epoch: 9, used: newest}.String())))
	}
	set, err := openSim(s.m, s.g, 0b1100)
	must(t, err)
	defer set.Close()
	if _, err := Open(t.Context(), Config{Set: set, Apply: s.state.apply}, Start{}); !errors.Is(err, objectstore.ErrReadQuorum) {
		t.Errorf("opened without the last records: %v", err)
	}
}

// TestMarkedInPart opens a log whose first opening ended while it took its epoch,
// before all drives were marked.
func TestMarkedInPart(t *testing.T) {
	g := driveset.Geometry{Data: 2, Parity: 1}
	for _, marks := range [][]mark{{{epoch: 1}, {}}, {{epoch: 1}}} {
		m := newSim(t, 1, g)
		for i, mark := range marks {
			must(t, simDrive(m, i).WriteFile(epochFile, []byte(mark.String())))
		}
		for _, missing := range []driveset.Places{0, 0b010, 0b001} {
			set, err := openSim(m, g, missing)
			must(t, err)
			l, err := Open(t.Context(), Config{Set: set, Apply: (&state{}).apply}, Start{})
			if err != nil {
				t.Fatalf("%v, without the drives %b: %v", marks, missing, err)
			}
			l.Close()
			set.Close()
		}
	}
}

// TestNamedAndKilled kills a process that has given a segment its name on a drive,
// and not made that durable, and has the log completed there.
func TestNamedAndKilled(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 1})
	hold := make(chan struct{})
	d := simDrive(s.m, 2)
	d.Inject(simdisk.Fault{Kind: simdisk.SyncDir, Match: func(o simdisk.Op) bool { return o.Name == logDir }, Hold: hold})
	s.append("a", 1)
	s.refuse(simdisk.Write, 1)
	appended := make(chan struct{})
	go func() {
		_, _ = s.log.Append(t.Context(), Options{}, Entry{Meta: []byte("late")})
		close(appended)
	}()
	at := s.log.position()
	for rec := (*found)(nil); rec == nil; {
		time.Sleep(time.Millisecond)
		rec, _ = s.log.readFound(0, at.Segment, at.Offset)
	}
	time.Sleep(10 * time.Millisecond)
	m := s.m.Kill()
	close(hold)
	<-appended
	s.close()
	s.m, s.state = m, &state{entries: make(map[string]Location)}
	s.mend()
	s.open(0b010)
	s.has("late", true, "completed")
	s.power(0b001)
	s.has("late", true, "after a loss of power")
}
