package driveset

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// grownFormat is that of a set of 3 that grew to 4.
func grownFormat() format {
	f := format{Version: grownVersion, Deployment: "deployment", Drive: "a", Parity: 1, Generation: 2, Claimed: 2, Ready: true}
	for _, id := range []string{"a", "b", "c", "d"} {
		f.Members = append(f.Members, member{ID: id, Since: 1})
	}
	f.Members[3].Since = 2
	f.Grown = []size{{Drives: 3, Parity: 1, Until: 2}}
	return f
}

func TestGrownFormatIsRead(t *testing.T) {
	content, err := grownFormat().encode()
	if err != nil {
		t.Fatal(err)
	}
	f, err := decodeFormat(content)
	if err != nil || len(f.Grown) != 1 || f.Grown[0] != (size{3, 1, 2}) {
		t.Fatalf("%+v, %v", f, err)
	}
}

// add puts blank drives beside those of a bay.
func (b *bay) add(n int) {
	for range n {
		b.slots = append(b.slots, &slot{path: fmt.Sprintf("/bay/%d", len(b.slots))})
		b.insert(len(b.slots)-1, b.blank())
	}
}

func TestGrow(t *testing.T) {
	for _, c := range []struct{ from, added, parity, want int }{
		{1, 1, -1, 0}, {1, 3, 2, 2}, {2, 1, -1, 1}, {4, 1, -1, 2}, {4, 4, -1, 2}, {4, 4, 4, 4}, {5, 1, 3, 3}, {8, 7, 5, 5}, {4, 1, 1, 1},
	} {
		t.Run(fmt.Sprintf("%d and %d, parity %d", c.from, c.added, c.parity), func(t *testing.T) {
			b := newBay(t, 1, c.from)
			s := b.open()
			before, was := idsOf(s), s.Geometry
			s.Close()
			b.add(c.added)
			slices.Reverse(b.slots)
			b.parity = c.parity
			for range 2 {
				s = b.open()
				if got := idsOf(s); !slices.Equal(got[:c.from], before) || slices.Contains(got, "") || len(got) != c.from+c.added {
					t.Fatalf("%q became %q", before, got)
				}
				if s.Geometry.Drives() != c.from+c.added || s.Geometry.Parity != c.want || len(s.Earlier) != 1 || s.Earlier[0] != was {
					t.Fatalf("%+v, before %+v", s.Geometry, s.Earlier)
				}
				if s.Replaced() != 0 || s.Writable() != AllPlaces(c.from+c.added) {
					t.Fatalf("replaced %b, %s", s.Replaced(), states(s))
				}
				for i, d := range s.Given {
					if state, _ := d.Status(); d.Path != b.slots[i].path || state != objectstore.DriveOK {
						t.Fatalf("%s is %s and was given as %s", d.Path, state, b.slots[i].path)
					}
				}
				for _, slot := range b.slots {
					if f := formatOf(t, slot.drive); !f.Ready || f.Version != grownVersion {
						t.Fatalf("%s: %+v", slot.path, f)
					}
				}
				s.Close()
			}
			b.add(1)
			b.parity = -1
			s = b.open()
			defer s.Close()
			if len(s.Earlier) != 2 || s.GeometryOf(0) != was || s.GeometryOf(c.from+c.added).Parity != c.want || s.GeometryOf(len(s.Drives)) != s.Geometry {
				t.Fatalf("grown twice: %+v", s.Earlier)
			}
		})
	}
}

// TestGrowIsRefused where it cannot be told what is meant, or a drive is not well.
// Nothing is changed.
func TestGrowIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, code string
		mentions   []string
		change     func(b *bay)
	}{
		{"one is missing", "drive_count", []string{"set of 4, and 5 were given, of which 3", "/bay/1 is missing", "/bay/4 is empty", "Give 4 paths first"},
			func(b *bay) { b.insert(1, nil) }},
		{"one is blank", "drive_count", []string{"/bay/1 is empty", "/bay/4 is empty"}, func(b *bay) { b.insert(1, b.blank()) }},
		{"the new one is missing", "drive_offline", []string{"/bay/4 is missing"}, func(b *bay) { b.insert(4, nil) }},
		{"the new one is not mounted", "drive_offline", []string{"/bay/4 is an empty folder"}, func(b *bay) { b.set(4, func(s *slot) { s.mounted = false }) }},
		{"the new one has a problem", "drive_unreadable", []string{"/bay/4"}, func(b *bay) {
			b.set(4, func(s *slot) { s.problem = unusable(s.path, errors.New("bad")) })
		}},
		{"the new one was replaced", "drive_replaced", []string{"/bay/4"}, func(b *bay) {
			old := b.insert(0, b.blank())
			extra := b.slots[4]
			b.slots = b.slots[:4]
			s := b.open()
			_ = s.Healed(0)
			s.Close()
			b.slots = append(b.slots, extra)
			b.insert(4, old)
		}},
		{"one is being filled", "drive_not_whole", []string{"/bay/0 is still being filled", "Give the 4 drives"}, func(b *bay) {
			b.insert(0, b.blank())
			extra := b.slots[4]
			b.slots = b.slots[:4]
			b.open().Close()
			b.slots = append(b.slots, extra)
		}},
		{"one cannot be written to", "drive_not_whole", []string{"/bay/2 cannot be written to"}, func(b *bay) { b.slots[2].drive.SetReadOnly(true) }},
		{"too much parity", "parity_invalid", []string{"at most half"}, func(b *bay) { b.parity = 3 }},
		{"the new one cannot be written to", "drive_not_writable", []string{"/bay/4"}, func(b *bay) { b.slots[4].drive.SetReadOnly(true) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBay(t, 1, 4)
			b.open().Close()
			b.add(1)
			c.change(b)
			var before []format
			for _, s := range b.slots {
				before = append(before, *orNone(s))
			}
			_, err := b.tryOpen()
			wantCode(t, err, c.code, c.mentions...)
			for i, s := range b.slots {
				if after := orNone(s); !slices.Equal(after.Members, before[i].Members) || after.Generation != before[i].Generation {
					t.Fatalf("%s was %+v and is %+v", s.path, before[i], after)
				}
			}
		})
	}
	b := newBay(t, 1, 5)
	b.parity = 1
	b.open().Close()
	b.add(1)
	b.parity = 3
	_, err := b.tryOpen()
	wantCode(t, err, "parity_invalid", "grows from 5 drives with parity 1 to 6; it can be up to 2")
}

func orNone(s *slot) *format {
	if s.drive != nil {
		if f, err := readFormat(s.drive); err == nil {
			return f
		}
	}
	return &format{}
}

// TestGrowIsCutOff: whatever a start leaves that adds drives, the next one has the
// old set or the new one, with any drives missing that it can lose, and it grows
// at the latest when all are here.
func TestGrowIsCutOff(t *testing.T) {
	cases := []struct{ from, added, parity int }{{2, 1, -1}, {3, 1, 2}, {3, 3, -1}, {1, 1, 1}, {4, 1, -1}}
	if testing.Short() {
		cases = cases[:2]
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d and %d", c.from, c.added), func(t *testing.T) {
			b := newBay(t, 7, c.from)
			s := b.open()
			before, was := idsOf(s), s.Geometry
			b.state = s.Deployment
			s.Close()
			b.add(c.added)
			b.parity = c.parity
			rng := rand.New(rand.NewPCG(uint64(c.from), 1))
			b.sweep(func(b *bay) error {
				s, err := b.tryOpen()
				if err == nil {
					s.Close()
				}
				return err
			}, func(b *bay, acked bool) {
				n := c.from + c.added
				// Any opening in between, with drives missing, is of one of the two.
				for range 3 {
					missing := Places(rng.IntN(1<<n - 1))
					for _, given := range []int{c.from, n} {
						again := b.on(b.machine.Clone())
						again.slots, again.parity = again.slots[:given], -1
						for i := range given {
							if missing.Has(i) {
								again.insert(i, nil)
							}
						}
						s, err := again.tryOpen()
						if err != nil {
							continue
						}
						if len(s.Drives) != given || acked && given == c.from {
							b.t.Fatalf("without %b, %d of %d given: a set of %d", missing, given, n, len(s.Drives))
						}
						if s.Replaced() != 0 {
							b.t.Fatalf("without %b, %d given: replaced %b", missing, given, s.Replaced())
						}
						s.Close()
						if s.Writable().Count() >= s.Geometry.WriteQuorum() && missing&AllPlaces(given) != 0 {
							// With those that were missing then, it is the same set.
							back := b.on(again.machine)
							back.slots = back.slots[:given]
							for i := range given {
								back.slots[i].drive = again.machine.Drive(b.slots[i].drive.Name())
								back.slots[i].mounted = true
							}
							back.parity = -1
							s, err := back.tryOpen()
							if err != nil || len(s.Drives) != given {
								b.t.Fatalf("written without %b as a set of %d, and then: %v", missing, given, err)
							}
							s.Close()
						}
					}
				}
				s := b.open()
				defer s.Close()
				if got := idsOf(s); !slices.Equal(got[:c.from], before) || len(got) != n || slices.Contains(got, "") {
					b.t.Fatalf("%q became %q", before, got)
				}
				if s.Replaced() != 0 || s.Writable() != AllPlaces(n) || s.Earlier[0] != was {
					b.t.Fatalf("replaced %b, %s, %v", s.Replaced(), states(s), s.Earlier)
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

// TestGrowthThatFewKnow is none, with whomever is away.
func TestGrowthThatFewKnow(t *testing.T) {
	b := newBay(t, 1, 4)
	b.open().Close()
	b.add(1)
	// Two of four are told.
	b.slots[2].drive.Inject(simdisk.Fault{Kind: simdisk.Rename, After: 1, Err: errors.New("bad")})
	b.slots[3].drive.Inject(simdisk.Fault{Kind: simdisk.Rename, After: 1, Err: errors.New("bad")})
	if _, err := b.tryOpen(); codeOf(err) != "drive_not_whole" {
		t.Fatal(err)
	}
	for _, s := range b.slots {
		s.drive.Mend()
	}
	b.slots = b.slots[:4]
	two, three := b.insert(2, nil), b.insert(3, nil)
	s := b.open()
	wantStates(t, s, "oo--")
	s.Close()
	b.insert(2, two)
	s = b.open()
	wantStates(t, s, "ooo-")
	b.insert(3, three)
	if back := s.Look(t.Context()); back != 8 {
		t.Fatalf("%b came back", back)
	}
	s.Close()
	for _, slot := range b.slots {
		if f := formatOf(t, slot.drive); len(f.Members) != 4 || f.Version != formatVersion {
			t.Fatalf("%s: %+v", slot.path, f)
		}
	}
}

// TestGrowthThatCannotBeFinished, because the new drives are gone again, is none
// either. They can be added later.
func TestGrowthThatCannotBeFinished(t *testing.T) {
	b := newBay(t, 1, 2)
	b.open().Close()
	b.add(2)
	b.parity = 2
	for i := range 2 { // are told of the new members, and then of nothing
		b.slots[i].drive.Inject(simdisk.Fault{Kind: simdisk.Rename, After: 2, Err: errors.New("bad")})
	}
	if _, err := b.tryOpen(); codeOf(err) != "drive_not_whole" {
		t.Fatal(err)
	}
	for i := range 2 {
		b.slots[i].drive.Mend()
	}
	all := b.slots
	b.slots, b.parity = all[:2], -1
	s := b.open()
	wantStates(t, s, "oo")
	s.Close()
	b.slots, b.parity = all, 2
	s = b.open()
	defer s.Close()
	wantStates(t, s, "oooo")
}

// TestGrowthThatFewKnowIsNoneOfBefore: who was replaced before the set was about to
// grow is not one of its drives.
func TestGrowthThatFewKnowIsNoneOfBefore(t *testing.T) {
	b := newBay(t, 1, 3)
	b.open().Close()
	old := b.insert(0, b.blank())
	s := b.open()
	if err := s.Healed(0); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b.add(1)
	for _, i := range []int{0, 2} {
		b.slots[i].drive.Inject(simdisk.Fault{Kind: simdisk.Rename, After: 1, Err: errors.New("bad")})
	}
	if _, err := b.tryOpen(); codeOf(err) != "drive_not_whole" {
		t.Fatal(err)
	}
	b.slots = b.slots[:3]
	b.insert(0, old)
	b.insert(2, nil)
	_, err := b.tryOpen()
	wantCode(t, err, objectstore.ErrReadQuorum.Code, "/bay/0 was replaced")
}

// TestFoldersGrow are added as they were given, and left alone by themselves.
func TestFoldersGrow(t *testing.T) {
	p := formatted(t, 2)
	p = append(p, filepath.Join(filepath.Dir(p[0]), "new"))
	if err := os.Mkdir(p[2], 0o700); err != nil {
		t.Fatal(err)
	}
	wantStates(t, mustOpen(t, p), "ooo")
}
