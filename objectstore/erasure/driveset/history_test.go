package driveset

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

var histories = flag.Int("histories", 250, "how many random histories of a set are gone through")

// TestHistories goes through random histories: drives are taken out, put back,
// fail, are replaced by blank ones, are filled or not, and the power goes in the
// middle. What holds whenever the set can write:
//
//   - no drive is in a place that another one came to later, so that what was
//     written to that one is not passed over;
//   - a number that was written to a write quorum is found again, by whoever asks a
//     read quorum of drives that ever had one.
func TestHistories(t *testing.T) {
	for seed := range uint64(*histories) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			drives := []int{3, 3, 4, 4, 5, 6, 8}[rng.IntN(7)]
			c := &chronicle{bay: newBay(t, seed, drives), rng: rng, born: make(map[string]int), last: make([]int, drives)}
			c.parity = rng.IntN(drives/2) + 1
			s := c.bay.open()
			c.note(s)
			for _, d := range s.Drives {
				c.writeNumber(d, 0)
			}
			s.Close()
			c.state = s.Deployment
			for range 30 {
				c.shuffle()
				c.live()
			}
		})
	}
}

// chronicle is the history of a bay.
type chronicle struct {
	*bay
	rng   *rand.Rand
	shelf []string       // drives that are out
	born  map[string]int // by ID of a drive: when it was first used
	last  []int          // by place: the youngest drive that was in use there
	acked int            // the highest number on a write quorum
	seen  int            // by the set that is open
}

// live opens the set, uses it, and closes it or lets the power go.
func (c *chronicle) live() {
	if c.rng.IntN(4) == 0 {
		d := c.slots[c.rng.IntN(len(c.slots))].drive
		if d != nil {
			d.Inject(simdisk.Fault{Kind: simdisk.Create, After: c.rng.IntN(5), Err: syscall.EIO})
			defer func(name string) { c.machine.Drive(name).Mend() }(d.Name())
		}
	}
	crash := c.rng.IntN(2) == 0
	if crash {
		c.machine.CrashAfter(c.rng.IntN(15 * len(c.slots)))
		defer func() { c.move(c.machine.Crash()) }()
	}
	s, err := c.tryOpen()
	if code := codeOf(err); err != nil {
		if !c.machine.Crashed() && code != objectstore.ErrReadQuorum.Code && code != "drives_away" {
			c.t.Fatal(err)
		}
		return
	}
	defer s.Close()
	c.note(s)
	var witnesses int
	if c.seen, witnesses = c.number(s); witnesses < s.Geometry.ReadQuorum() {
		return
	}
	for range c.rng.IntN(4) {
		c.count(s)
		c.disturb(s)
		s.Look(c.t.Context())
		c.note(s)
	}
}

func (c *chronicle) note(s *Set) {
	if c.machine.Crashed() || s.Writable().Count() < s.Geometry.WriteQuorum() {
		return
	}
	for place, id := range idsOf(s) {
		if id == "" {
			continue
		}
		if _, known := c.born[id]; !known {
			c.born[id] = len(c.born) + 1
		}
		if c.born[id] < c.last[place] {
			c.t.Fatalf("place %d has drive %d and had %d", place, c.born[id], c.last[place])
		}
		c.last[place] = c.born[id]
	}
}

// number is the highest one that a drive in use has, and how many have any.
func (c *chronicle) number(s *Set) (highest, witnesses int) {
	for _, d := range s.Drives {
		if b, err := d.ReadSmall("epoch"); err == nil {
			n, _ := strconv.Atoi(string(b))
			highest = max(highest, n)
			witnesses++
		}
	}
	return highest, witnesses
}

func (c *chronicle) writeNumber(d *Drive, n int) bool {
	return d.WriteSmall("epoch", []byte(strconv.Itoa(n))) == nil
}

// count writes the next number to a write quorum.
func (c *chronicle) count(s *Set) {
	writable := s.Writable()
	if c.machine.Crashed() || writable.Count() < s.Geometry.WriteQuorum() {
		return
	}
	if c.seen < c.acked {
		c.t.Fatalf("%d was written and %d is the highest one that is found on %s", c.acked, c.seen, states(s))
	}
	c.seen++
	told := 0
	for _, place := range c.rng.Perm(len(s.Drives)) {
		if told < s.Geometry.WriteQuorum() && writable.Has(place) && c.writeNumber(s.Drives[place], c.seen) {
			told++
		}
	}
	if told == s.Geometry.WriteQuorum() {
		c.acked = c.seen
	}
}

// disturb is what happens to drives while the set is open.
func (c *chronicle) disturb(s *Set) {
	for i, d := range s.Given {
		switch c.rng.IntN(6) {
		case 0:
			d.Fence("It was pulled.")
		case 1:
			_ = s.Reset(c.t.Context(), d.Place) // may be away
		case 2:
			if c.writeNumber(d, c.seen) { // which is all that it lacks
				_ = s.Healed(d.Place) // may fail for want of others
			}
		case 3:
			if !d.Writable() {
				c.swap(i, c.blank())
			}
		}
	}
}

// swap puts a drive in a slot and the one that was there on the shelf.
func (c *chronicle) swap(i int, d *simdisk.Drive) {
	if was := c.insert(i, d); was != nil {
		c.shelf = append(c.shelf, was.Name())
	}
}

// shuffle takes one or two drives out, puts others in, now and then blank ones.
func (c *chronicle) shuffle() {
	for range 1 + c.rng.IntN(2) {
		switch i := c.rng.IntN(len(c.slots)); c.rng.IntN(4) {
		case 0:
			c.swap(i, nil)
		case 1, 2:
			if len(c.shelf) > 0 {
				j := c.rng.IntN(len(c.shelf))
				d := c.machine.Drive(c.shelf[j])
				c.shelf = slices.Delete(c.shelf, j, j+1)
				c.swap(i, d)
			}
		case 3:
			c.swap(i, c.blank())
		}
	}
}
