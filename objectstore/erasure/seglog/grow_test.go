package seglog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// widen adds drives to the set of a log that is closed. The log is not opened.
func (s *sim) widen(to driveset.Geometry) {
	s.t.Helper()
	s.close()
	s.g = to
	set, err := openSim(s.m, s.g, 0)
	must(s.t, err)
	set.Close()
}

// anew has the next opening follow the log from its beginning.
func (s *sim) anew() { s.state = &state{entries: make(map[string]Location)} }

// refusesToOpen demands that the log cannot be opened without some drives.
func (s *sim) refusesToOpen(missing driveset.Places) {
	s.t.Helper()
	s.close()
	set, err := openSim(s.m, s.g, missing)
	must(s.t, err)
	defer set.Close()
	l, err := Open(s.t.Context(), Config{Set: set, SegmentBytes: 256 << 10, Apply: (&state{entries: make(map[string]Location)}).apply}, Start{})
	if err == nil {
		l.Close()
	}
	if !errors.Is(err, objectstore.ErrReadQuorum) {
		s.t.Errorf("opened without %b: %v", missing, err)
	}
}

// refuseOps has drives refuse, without being fenced for it, what is done to some files.
func (s *sim) refuseOps(kind simdisk.Kind, name string, places ...int) {
	for _, i := range places {
		simDrive(s.m, i).Inject(simdisk.Fault{Kind: kind, Err: syscall.ENOSPC, Match: func(o simdisk.Op) bool {
			return strings.HasSuffix(o.Name, name) || strings.HasSuffix(o.To, name)
		}})
	}
}

// TestGrownLog is one in which the drives that are added have what is written from
// then on, and lack nothing.
func TestGrownLog(t *testing.T) {
	for _, c := range []struct{ from, to driveset.Geometry }{
		{driveset.Geometry{Data: 1}, driveset.Geometry{Data: 1, Parity: 1}},
		{driveset.Geometry{Data: 2, Parity: 2}, driveset.Geometry{Data: 3, Parity: 2}},
		{driveset.Geometry{Data: 2, Parity: 1}, driveset.Geometry{Data: 7, Parity: 1}},
	} {
		t.Run(fmt.Sprintf("%v to %v", c.from, c.to), func(t *testing.T) {
			s := startSim(t, c.from)
			s.append("a", 24)
			s.settle()
			before := s.log.Segments()
			s.widen(c.to)
			s.open(0)
			if end := s.log.position(); slices.ContainsFunc(before, func(x Segment) bool { return x.ID == end.Segment }) {
				t.Error("no segment was begun")
			}
			s.append("b", 24)
			s.verify("grown")
			s.check("grown")
			for _, x := range s.log.Segments() {
				old := slices.ContainsFunc(before, func(o Segment) bool { return o.ID == x.ID })
				want := c.to.Drives()
				if old {
					want = c.from.Drives()
				}
				if x.Drives != want {
					t.Errorf("segment %016x is on %d drives, want %d", x.ID, x.Drives, want)
				}
				last := c.to.Drives() - 1
				if old {
					must(t, s.log.HealSegment(t.Context(), x.ID, last, nil))
				}
				if _, err := simDrive(s.m, last).ReadFile(segmentName(x.ID)); (err == nil) == old {
					t.Errorf("segment %016x of %d drives on the last drive: %v", x.ID, x.Drives, err)
				}
			}
			for i := range c.to.Drives() {
				if ids := s.lacking(i); len(ids) > 0 {
					t.Errorf("drive %d lacks %x", i, ids)
				}
			}
			loc := s.state.entries["a/4"]
			must(t, s.log.HealRecord(t.Context(), loc.Segment, loc.Record(), s.set.Writable()))
			if s.state.damaged != 0 {
				t.Errorf("damage on %b", s.state.damaged)
			}
			s.anew()
			s.reopen(0)
			s.check("replayed")
			if c.from.Parity == c.to.Parity {
				s.anew()
				s.reopen(1 << (c.to.Drives() - 1))
				s.check("without an added drive")
				s.anew()
				s.reopen(1)
				s.check("without an old drive")
			}
		})
	}
}

// TestAddedDrivesAreNoWitnesses of what was written before they came, also where a
// set reads from fewer of its drives than it did.
func TestAddedDrivesAreNoWitnesses(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 1})
	s.append("a", 1)
	s.settle()
	s.refuse(simdisk.Write, 2)
	s.append("b", 1) // not on the third
	s.widen(driveset.Geometry{Data: 2, Parity: 2})
	// The new one gets its mark and no segment.
	s.refuse(simdisk.Rename, 0, 1, 2, 3)
	s.open(0)
	s.settle() // a write quorum has its mark; the last drive gets it behind
	s.mend()
	if _, err := simDrive(s.m, 3).ReadFile(epochFile); err != nil {
		t.Fatal(err)
	}
	s.refusesToOpen(0b0011)
	s.anew()
	s.open(0)
	s.check("all are back")
}

// TestAddedDrivesKnowThatTheyHaveNothing opens a log without as many drives as may be
// lost, before anything was written to the set as it is now.
func TestAddedDrivesKnowThatTheyHaveNothing(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 12)
	s.settle()
	s.widen(driveset.Geometry{Data: 6, Parity: 2})
	for _, missing := range []driveset.Places{0b0011, 0b10000010, 0b11000000} {
		s.anew()
		s.open(missing)
		s.check("grown")
		s.close()
	}
}

// TestBlankDriveInAnAddedPlace does not know that the one before it had nothing.
func TestBlankDriveInAnAddedPlace(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 2)
	s.settle()
	s.widen(driveset.Geometry{Data: 3, Parity: 2})
	// An epoch that two old drives never hear of, and no segment.
	s.refuseOps(simdisk.Rename, epochFile, 2, 3)
	s.refuse(simdisk.Rename, 0, 1, 2, 3, 4)
	s.open(0)
	s.close()
	s.mend()
	simDrive(s.m, 4).Wipe()
	set, err := openSim(s.m, s.g, 0)
	must(t, err)
	set.Close()
	s.refusesToOpen(0b00011)
}

// TestAcknowledgedBeforeGrowth finds a record that was on a write quorum of the set
// as it was, and that drives which are away have: it may not be dropped.
func TestAcknowledgedBeforeGrowth(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 1)
	s.settle()
	s.refuse(simdisk.Write, 3)
	_, err := s.log.Append(t.Context(), Options{}, Entry{Meta: []byte("late"), Payload: payload(200_000, 1)})
	must(t, err)
	for s.log.writes() {
		s.settle()
	}
	s.mend()
	s.widen(driveset.Geometry{Data: 6, Parity: 2})
	s.power(0b0011)
	s.has("late", true, "one copy of two, and the others away")
	if !s.log.isUnsure() {
		t.Error("sure of a record that cannot be read")
	}
	s.power(0)
	s.has("late", true, "all are back")
	if s.log.isUnsure() {
		t.Error("unsure of a record that is on three drives of four")
	}
}

// TestDroppedAfterGrowth: added drives that are away cannot have what was not
// acknowledged before they came.
func TestDroppedAfterGrowth(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 3, Parity: 3})
	s.append("a", 2)
	s.settle()
	s.unacknowledged("late", 2, 3, 4, 5)
	s.widen(driveset.Geometry{Data: 5, Parity: 3})
	s.power(0b11000000)
	s.has("late", false, "two copies of six")
	if s.log.isUnsure() {
		t.Error("unsure of a record that can never be read")
	}
}

// TestHeadlessBeforeGrowth damages all copies of the newest head that a write quorum
// of the set had before it grew, fewer than it takes now.
func TestHeadlessBeforeGrowth(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 1})
	s.append("a", 12)
	s.refuse(simdisk.Rename, 2)
	s.reopen(0)
	s.append("b", 1)
	s.settle()
	newest := segmentName(s.log.position().Segment)
	s.widen(driveset.Geometry{Data: 3, Parity: 2})
	for i := range 2 {
		for _, at := range []int64{20, 20 + unit} {
			must(t, simDrive(s.m, i).FlipBit(newest, at))
		}
	}
	s.mend()
	s.refusesToOpen(0)
}

// TestGrownFullLog cannot begin a segment while the drives are full, and can be read.
func TestGrownFullLog(t *testing.T) {
	s := startSim(t, fourDrives)
	s.append("a", 12)
	s.settle()
	s.widen(driveset.Geometry{Data: 3, Parity: 2})
	s.refuse(simdisk.Rename, 0, 1, 2, 3, 4)
	s.anew()
	s.open(0)
	s.check("full")
	for i := range 5 {
		if ids := s.lacking(i); len(ids) > 0 {
			t.Errorf("drive %d lacks %x", i, ids)
		}
	}
	s.mend()
	s.anew()
	s.reopen(0b00011)
	s.check("and later")
	s.append("b", 6)
	s.check("written to")
}

// TestLostBeforeGrowth loses a record on all drives that it was on: those that were
// added, and are away, cannot have it.
func TestLostBeforeGrowth(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 2, Parity: 1})
	s.append("a", 24)
	s.settle()
	loc := s.state.entries["a/1"]
	s.widen(driveset.Geometry{Data: 3, Parity: 1})
	for i := range 3 {
		must(t, simDrive(s.m, i).FlipBit(segmentName(loc.Segment), loc.Record()+9))
	}
	s.open(0b1000)
	lost, err := s.log.Scan(t.Context(), loc.Segment, func(Position, []Placed) error { return nil })
	if lost != 1 || err != nil {
		t.Errorf("%d records are lost, %v", lost, err)
	}
	damaged, _, err := s.log.Verify(t.Context(), loc.Segment, nil)
	if err != nil || len(damaged) != 1 || damaged[0].Places != 0b0111 {
		t.Errorf("%v, %v", damaged, err)
	}
}

// TestLargeRecordBeforeGrowth finds the record behind one that is damaged and that is
// larger than any is now.
func TestLargeRecordBeforeGrowth(t *testing.T) {
	s := startSim(t, driveset.Geometry{Data: 1})
	s.close()
	set, err := openSim(s.m, s.g, 0)
	must(t, err)
	l, err := Open(t.Context(), Config{Set: set, SegmentBytes: 32 << 20, Apply: s.state.apply}, Start{})
	must(t, err)
	for _, n := range []int{MaxPayload, 1} {
		_, err := l.Append(t.Context(), Options{}, Entry{Meta: fmt.Append(nil, n), Payload: payload(n, 1)})
		must(t, err)
	}
	l.Close()
	set.Close()
	large := s.state.entries[fmt.Sprint(MaxPayload)]
	must(t, simDrive(s.m, 0).FlipBit(segmentName(large.Segment), large.Record()+9))
	s.widen(driveset.Geometry{Data: 8})
	s.power(0)
	s.has("1", true, "behind a record that is lost")
}
