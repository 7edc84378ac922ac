package erasure

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/index"
	"croft/objectstore/erasure/seglog"
)

func TestPulledDriveCatchesUp(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	b.wantOK()
	b.reopen()
	d := b.pull(1)
	b.fill("while away ")
	b.delete("before 3000")
	b.delete(fmt.Sprint("before ", 2<<20+5))
	if s := b.state(1).State; s == objectstore.DriveOK {
		t.Fatal("a drive that is gone is ok")
	}
	b.putBack(1, d)
	b.store.lookAround(t.Context())
	if s := b.state(1).State; s != objectstore.DriveHealing {
		t.Fatalf("a drive that is back is %s", s)
	}
	b.fill("while healing ")
	b.heal()
	b.wantOK()
	if n, all := b.bodyFiles(1), b.bodyFiles(0); n != all {
		t.Fatalf("%d files of bodies on the drive that was away and %d on another", n, all)
	}
	b.check("after healing")
	for _, other := range []int{0, 2, 3} {
		b.without(fmt.Sprintf("without %d and one", other), other, (other+2)%4)
	}
	b.without("without 0 and 2", 0, 2)
	b.without("without 2 and 3", 2, 3)
}

// TestNotWellTooSoon has too few drives to heal one: it must not be called well.
func TestNotWellTooSoon(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	d := b.pull(1)
	b.fill("while away ")
	out := map[int]*simdisk.Drive{0: b.pull(0), 2: b.pull(2)}
	b.putBack(1, d)
	b.store.lookAround(t.Context())
	if err := b.store.heal.heal(t.Context()); err == nil {
		t.Fatal("healing from one drive succeeds")
	}
	if s := b.state(1).State; s != objectstore.DriveHealing {
		t.Fatalf("the drive is %s", s)
	}
	for i, d := range out {
		b.putBack(i, d)
	}
	b.heal()
	b.wantOK()
	b.without("without 0 and 2", 0, 2)
}

func TestBlankDriveIsFilled(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	b.upload("in parts", randomBytes(objectstore.MinPartSize, 50), randomBytes(70_000, 51))
	old := b.pull(2)
	b.fill("while away ")
	blank := b.machine.Drive("blank")
	b.insert(2, blank)
	b.heal()
	b.wantOK()
	b.fill("afterwards ")
	b.check("with the new drive")
	b.without("without 0 and 1", 0, 1)
	b.without("without 1 and 3", 1, 3)
	b.without("without 0 and 3", 0, 3)
	// The old one is refused by name.
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	old.SetGone(false)
	b.insert(2, old)
	b.open()
	if s := b.state(2); s.State != objectstore.DriveOffline || !strings.Contains(s.Message, "replaced") {
		t.Fatalf("the replaced drive is %s: %s", s.State, s.Message)
	}
}

// TestHealingGoesOn cuts healing off again and again: what was done is not done
// again, and in the end everything is there.
func TestHealingGoesOn(t *testing.T) {
	b := newBay(t, 4)
	for i := range 6 {
		b.put(fmt.Sprint("large ", i), randomBytes(2<<20+i, uint64(i)))
		b.put(fmt.Sprint("small ", i), randomBytes(600_000, uint64(i)))
	}
	b.pull(3)
	b.put("while away", randomBytes(3<<20, 77))
	b.insert(3, b.machine.Drive("blank"))
	left := -1
	for round := 0; ; round++ {
		if round > 100 {
			t.Fatal("healing does not end")
		}
		b.store.lookAround(t.Context())
		b.machine.CrashAfter(15 + round)
		err := b.store.heal.heal(t.Context())
		crashed := b.machine.Crashed()
		_ = b.store.Close()
		m := b.machine.Kill()
		b.machine = m
		for i, d := range b.slots {
			b.slots[i] = m.Drive(d.Name())
		}
		b.open()
		n := b.toDo(3) // reads that the crash cut off are looked at again, on any drive
		if left >= 0 && n > left {
			t.Fatalf("%d things to heal after %d before", n, left)
		}
		left = n
		if !crashed {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	b.wantOK()
	b.check("after healing")
	b.without("without 0 and 1", 0, 1)
}

// toDo counts what the catalogue says is to be healed in the log and of bodies, of
// those only on some drives where they are named.
func (b *bay) toDo(only ...int) (n int) {
	b.Helper()
	h := &b.store.heal
	err := h.eachRepair(b.Context(), func(index.Repair) error { n++; return nil })
	for place := range b.slots {
		if err == nil && (len(only) == 0 || slices.Contains(only, place)) {
			err = h.eachMissing(b.Context(), place, func(index.File) error { n++; return nil })
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// TestRecordOfSegmentThatIsLacking has a record noted of a drive that has no file of
// its segment, as when the drive failed in that moment.
func TestRecordOfSegmentThatIsLacking(t *testing.T) {
	b := newBay(t, 4)
	b.fill("some ")
	all := b.store.seglog.Segments()
	id := all[len(all)-1].ID
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.slots[1].Files() {
		if strings.Contains(e.Name, fmt.Sprintf("%016x", id)) {
			if err := b.slots[1].RemoveFile(e.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.open()
	var first int64
	if _, err := b.store.seglog.Scan(t.Context(), id, func(at seglog.Position, _ []seglog.Placed) error {
		first = at.Offset
		return io.EOF
	}); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	b.store.recordDamaged(id, first, 0b10)
	b.heal()
	if n := b.toDo(); n != 0 {
		t.Errorf("%d things are still to be healed", n)
	}
	b.without("without 0 and 2", 0, 2)
}
