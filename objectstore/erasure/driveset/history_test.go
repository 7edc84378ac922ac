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
// fail, are replaced by blank ones, are filled or not, blank ones are added, and the
// power goes in the middle. What holds whenever the set can write:
//
//   - no drive is in a place that another one came to later, so that what was
//     written to that one is not passed over;
//   - a number that was written to a write quorum is found again, by whoever asks a
//     read quorum of drives that ever had one, and of those that the set had before
//     it grew as many as that took then. Drives that were added count without one.
func TestHistories(t *testing.T) {
	grown := 0
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
				c.widen()
				c.live()
			}
			grown += c.grown
		})
	}
	if grown < *histories/3 {
		t.Errorf("only %d openings of a set that has grown", grown)
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
	grown int            // openings of a set that has grown
	added int            // slots of drives that may not have come to be the set's
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
	if codeOf(err) != "" && c.added > 0 && !c.machine.Crashed() {
		s, err = c.without()
	}
	if code := codeOf(err); err != nil {
		// Drives that were replaced before the set grew, alone, say that it is smaller; and
		// it does not grow while one fails.
		if !c.machine.Crashed() && code != objectstore.ErrReadQuorum.Code && code != "drives_away" && code != "drive_count" && code != "drive_not_whole" {
			c.t.Fatal(err)
		}
		return
	}
	defer s.Close()
	if len(s.Drives) == len(c.slots) {
		c.added = 0
	}
	c.note(s)
	if len(s.Earlier) > 0 && !c.machine.Crashed() {
		c.grown++
	}
	var enough bool
	if c.seen, enough = c.number(s); !enough {
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

// widen now and then makes the set whole, if that is possible, and puts blank
// drives beside the others.
func (c *chronicle) widen() {
	if n := c.rng.IntN(3) + 1; c.added == 0 && c.rng.IntN(6) == 0 && len(c.slots)+n <= 12 && c.whole() {
		for range n {
			c.slots = append(c.slots, &slot{path: fmt.Sprintf("/bay/%d", len(c.slots))})
			c.insert(len(c.slots)-1, c.blank())
			c.last = append(c.last, 0)
		}
		c.added = n
	}
}

// whole reports whether all drives are here and hold what they should.
func (c *chronicle) whole() bool {
	for i, s := range c.slots {
		if s.drive == nil {
			c.insert(i, c.blank())
		}
	}
	s, err := c.tryOpen()
	if err != nil {
		return false
	}
	defer s.Close()
	c.note(s)
	var enough bool
	if c.seen, enough = c.number(s); !enough || s.Writable() != AllPlaces(len(s.Drives)) {
		return false
	}
	for i, d := range s.Drives {
		if !c.writeNumber(d, c.seen) || s.Healed(i) != nil {
			c.t.Fatalf("%s is not whole", d.Path)
		}
	}
	return true
}

// without opens the set without the drives that may have been added, and with them
// if that is what it says it has.
func (c *chronicle) without() (*Set, error) {
	all, last := c.slots, c.last
	c.slots = all[:len(all)-c.added]
	s, err := c.tryOpen()
	if codeOf(err) == "drive_count" { // they were
		c.slots = all
		return c.tryOpen()
	}
	if err != nil {
		c.slots = all
		return nil, err
	}
	c.last, c.added = last[:len(c.slots)], 0
	return s, nil
}

// number is the highest one that a drive in use has, and whether enough have any.
func (c *chronicle) number(s *Set) (highest int, enough bool) {
	var witnesses, fresh Places
	for i, d := range s.Drives {
		if b, err := d.ReadSmall("epoch"); err == nil {
			n, _ := strconv.Atoi(string(b))
			highest = max(highest, n)
			witnesses = witnesses.With(i)
		} else if d.Readable() && !s.Replaced().Has(i) && i >= s.GeometryOf(0).Drives() {
			fresh = fresh.With(i)
		}
	}
	for _, g := range append(slices.Clone(s.Earlier), s.Geometry) {
		if ((witnesses | fresh) & AllPlaces(g.Drives())).Count() < g.ReadQuorum() {
			return highest, false
		}
	}
	return highest, true
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
