package driveset

import (
	"fmt"
	"slices"
	"testing"

	"croft/objectstore/erasure/disk/simdisk"
)

// outcomes are how many different losses are tried for each crash.
const outcomes = 3

// sweep lets the power go after every operation of what do does on a copy of the
// bay, and hands what is left, several times differently, to check. acked says
// that do had come to its end.
func (b *bay) sweep(do func(b *bay) error, check func(b *bay, acked bool)) {
	b.t.Helper()
	for n := 0; ; n++ {
		m := b.machine.Clone()
		m.CrashAfter(n)
		err := do(b.on(m))
		crashed := m.Crashed()
		if !crashed && err != nil {
			b.t.Fatal(err)
		}
		for i := range outcomes {
			how := simdisk.Random
			if i < 2 {
				how = simdisk.Outcome(i + 1) // LoseAll, KeepAll
			}
			after := b.on(m.CrashTo(how))
			b.t.Run(fmt.Sprintf("after %d operations, %d", n, i), func(t *testing.T) {
				after.t = t
				check(after, err == nil)
			})
		}
		if !crashed {
			return
		}
	}
}

// TestCrashOfFirstStart: whatever a first start left behind, the next one opens a
// whole set, and the set of a start that had succeeded is the same one.
func TestCrashOfFirstStart(t *testing.T) {
	for _, drives := range []int{1, 2, 4} {
		t.Run(fmt.Sprint(drives), func(t *testing.T) {
			b := newBay(t, uint64(drives), drives)
			deployment := ""
			b.sweep(func(b *bay) error {
				s, err := b.tryOpen()
				if err == nil {
					deployment = s.Deployment
				}
				return err
			}, func(b *bay, acked bool) {
				s := b.open()
				if acked && s.Deployment != deployment {
					b.t.Fatal("formatted anew")
				}
				if want := "oooo"[:drives]; states(s) != want || s.Replaced() != 0 {
					b.t.Fatalf("drives are %s", states(s))
				}
				first := idsOf(s)
				s.Close()
				again := b.open()
				defer again.Close()
				if again.Deployment != s.Deployment || !slices.Equal(idsOf(again), first) {
					b.t.Fatal("another set on the next start")
				}
				for _, slot := range b.slots {
					if f := formatOf(b.t, slot.drive); !f.Ready {
						b.t.Fatalf("%s is not ready", slot.path)
					}
				}
			})
		})
	}
}

// TestCrashOfReplacement: a start that gives blank drives the places of lost ones
// can be cut off anywhere. The next start has all drives, and no drive that was in
// use is passed over for the one it replaced, even when that one is back.
func TestCrashOfReplacement(t *testing.T) {
	for _, c := range []struct{ drives, lost int }{{2, 1}, {3, 1}, {4, 1}, {6, 1}, {6, 2}, {8, 3}} {
		t.Run(fmt.Sprintf("%d of %d", c.lost, c.drives), func(t *testing.T) {
			b := newBay(t, uint64(c.drives), c.drives)
			s := b.open()
			before := idsOf(s)
			s.Close()
			var old []*simdisk.Drive
			for i := range c.lost {
				old = append(old, b.insert(i, b.blank()))
			}
			b.sweep(func(b *bay) error {
				_, err := b.tryOpen()
				return err
			}, func(b *bay, _ bool) {
				again := b.on(b.machine.Clone())
				s := b.open()
				for i, id := range idsOf(s) {
					if id == "" || (i < c.lost) == (id == before[i]) {
						b.t.Fatalf("place %d has %q", i, id)
					}
				}
				replaced := AllPlaces(c.lost)
				if s.Replaced() != replaced || s.Writable() != AllPlaces(c.drives) {
					b.t.Fatalf("replaced %b, %s", s.Replaced(), states(s))
				}
				s.Close()
				// With the lost drive back instead of the one that took its place.
				b = again
				var formatted bool
				for i := range c.lost {
					formatted = formatted || formatOf(b.t, b.slots[i].drive) != nil
				}
				b.insert(0, b.machine.Drive(old[0].Name()))
				s = b.open()
				defer s.Close()
				if d := s.Given[0]; formatted && d.Readable() {
					b.t.Fatal("a drive that was replaced is in use again")
				} else if !d.Readable() {
					wantReason(b.t, d, "was replaced by another", "delete")
				}
			})
		})
	}
}
