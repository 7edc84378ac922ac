package erasure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/erasure/index"
)

// add puts blank drives in new slots.
func (b *bay) add(n int) {
	for range n {
		i := len(b.slots)
		b.slots = append(b.slots, nil)
		b.insert(i, b.machine.Drive(fmt.Sprint("drive ", i)))
	}
}

// grow opens the store again with more drives, all of which are well at once.
func (b *bay) grow(n int) {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	b.add(n)
	b.open()
	b.wantOK()
}

// damaged reads everything and returns how much of it is wrong.
func (b *bay) damaged() int64 {
	b.Helper()
	if err := b.store.Scrub(b.Context()); err != nil {
		b.Fatal(err)
	}
	h, err := b.store.Health(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return h.Scrub.Last.Damaged
}

// TestGrow adds drives to a store that has things in it: all of it stays as it is,
// what is new is on all drives, and as many may be lost as before.
func TestGrow(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	b.upload("in parts", randomBytes(objectstore.MinPartSize, 50), randomBytes(70_000, 51))
	bodies := b.bodyFiles(0)
	b.grow(1)
	if n := b.bodyFiles(4); n != 0 {
		t.Fatalf("%d of the old bodies are on the new drive", n)
	}
	b.check("after growing")
	b.fill("after ")
	if n := b.bodyFiles(4); n != 1 || b.bodyFiles(0) != bodies+1 {
		t.Fatalf("a new body has %d files on the new drive, and others have %d of %d", n, b.bodyFiles(0), bodies+1)
	}
	b.heal()
	if n, todo := b.damaged(), b.toDo(); n != 0 || todo != 0 {
		t.Fatalf("%d things are damaged and %d are to be healed", n, todo)
	}
	for _, lost := range combinations(5, 2) {
		b.without(fmt.Sprintf("without %v", lost), lost...)
	}
	b.rebuild()
	b.check("with a new catalogue")
	b.grow(3)
	b.fill("later ")
	for range 6 {
		for i := range 8 {
			b.put(fmt.Sprint("again ", i), randomBytes(200_000, uint64(i)))
		}
	}
	if err := b.store.compactAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.heal()
	b.check("compacted")
	for _, lost := range combinations(8, 2) {
		if lost[0]%3 == 0 {
			b.without(fmt.Sprintf("without %v", lost), lost...)
		}
	}
	if n, todo := b.damaged(), b.toDo(); n != 0 || todo != 0 {
		t.Fatalf("%d things are damaged and %d are to be healed", n, todo)
	}
	if err := audit(t.Context(), b.store); err != nil {
		t.Fatal(err)
	}
}

// TestGrownSetIsHealed replaces drives of a set that has grown: an old one gets what
// was there before and after, an added one what came after.
func TestGrownSetIsHealed(t *testing.T) {
	for _, place := range []int{1, 4} {
		b := newBay(t, 4)
		b.fill("before ")
		old := b.bodyFiles(0)
		b.grow(1)
		b.fill("after ")
		b.pull(place)
		b.fill("while away ")
		b.insert(place, b.machine.Drive("blank"))
		want := b.bodyFiles(0)
		if place == 4 {
			want -= old
		}
		b.store.lookAround(t.Context())
		if err := b.store.heal.claim(t.Context()); err != nil {
			t.Fatal(err)
		}
		n := 0
		if err := b.store.heal.eachMissing(t.Context(), place, func(index.File) error { n++; return nil }); err != nil || n != want {
			t.Fatalf("the new drive %d lacks %d bodies, want %d: %v", place, n, want, err)
		}
		b.heal()
		b.wantOK()
		if n := b.bodyFiles(place); n != want {
			t.Fatalf("%d files of bodies on the new drive %d, want %d", n, place, want)
		}
		if n, todo := b.damaged(), b.toDo(); n != 0 || todo != 0 {
			t.Fatalf("%d things are damaged and %d are to be healed", n, todo)
		}
		b.without("without two others", 0, 3)
		b.without("without 2 and another", 2, 5-place)
	}
}

// TestNewCatalogueOfAGrownSet does not know what drives lack that are away. One that
// was added can lack nothing of what was there before.
func TestNewCatalogueOfAGrownSet(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	b.grow(1)
	b.fill("after ")
	b.pull(4)
	b.rebuild()
	b.damaged()
	if err := b.store.noteDamage(t.Context()); err != nil {
		t.Fatal(err)
	}
	drives := map[uint64]int{}
	for _, x := range b.store.seglog.Segments() {
		drives[x.ID] = x.Drives
	}
	n := 0
	err := b.store.heal.eachRepair(t.Context(), func(r index.Repair) error {
		if driveset.Places(r.Places).Has(4) {
			if n++; drives[r.Segment] != 5 {
				t.Errorf("segment %016x of %d drives is lacking", r.Segment, drives[r.Segment])
			}
		}
		return nil
	})
	err = errors.Join(err, b.store.heal.eachMissing(t.Context(), 4, func(f index.File) error {
		if n++; !placesOfFile(f).Has(4) {
			t.Errorf("a body of %d drives is lacking", placesOfFile(f).Count())
		}
		return nil
	}))
	if err != nil || n < 2 {
		t.Fatalf("%d things are to be healed, %v", n, err)
	}
}

// openWith opens the store with a parity and a catalogue that is on none of the drives.
func (w *world) openWith(parity int) {
	w.Helper()
	var err error
	catalogue := filepath.Join(filepath.Dir(w.paths[0]), catalogueName)
	if w.store, err = Open(w.Context(), Config{Drives: w.paths, Parity: parity, Catalogue: catalogue}); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = w.store.Close() })
}

// TestGrowParity asks for more parity while a single drive becomes two, and four.
func TestGrowParity(t *testing.T) {
	w := newWorld(t, 1)
	w.close()
	for _, c := range []struct{ drives, parity int }{{2, 1}, {4, 2}} {
		before := len(w.paths)
		w.paths = pathsIn(filepath.Dir(w.paths[0]), c.drives)
		for _, p := range w.paths[before:] {
			if err := os.Mkdir(p, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		w.openWith(c.parity)
		w.put(fmt.Sprint("on ", c.drives), randomBytes(3000, 1))
		w.put(fmt.Sprint("large on ", c.drives), randomBytes(2<<20+5, 2))
		w.check("grown")
		w.close()
	}
	// What was written since it has parity 2 stands the loss of two drives.
	w.away(0, 2)
	w.openWith(-1)
	for _, key := range []string{"on 4", "large on 4"} {
		if _, err := w.read(key); err != nil {
			t.Fatal(err)
		}
	}
	w.checkHonest("without 0 and 2")
	w.close()
	w.back(0, 2)
	w.openWith(2)
	w.check("with all again")
}

// TestCrashWhileGrowing takes the power away while a set grows and after that, and
// then, when what that left was taken up and healed, as many drives as may be lost.
func TestCrashWhileGrowing(t *testing.T) {
	n := 12
	if testing.Short() {
		n = 3
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 9))
	before, all := 0, 0
	{
		scratch := quickDir(t)
		m := simdisk.NewMachine(1)
		p := growing()
		p.waves = p.waves[:4]
		sail(t, p, m, 2, scratch).land()
		before = m.Ops()
		all = calm(t, growing(), 2)
	}
	for range n {
		at, seed := before+rng.IntN(all-before), rng.Uint64()
		scratch := quickDir(t)
		m := simdisk.NewMachine(seed)
		m.CrashAfter(at)
		v := sail(t, growing(), m, 2, scratch)
		v.land()
		when := fmt.Sprintf("crash after %d of %d, seed %d", at, all, seed)
		left := m.Crash()
		s, err := openSim(t.Context(), left, v.drives, filepath.Join(v.folder, catalogueName))
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if err := s.Scrub(t.Context()); err != nil {
			t.Fatalf("%s: scrub: %v", when, err)
		}
		for range 3 { // a record waits for its segment
			err = s.heal.heal(t.Context())
		}
		if err != nil {
			t.Fatalf("%s: heal: %v", when, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		left = left.Crash()
		folder := v.folder
		if rng.IntN(2) == 0 {
			folder = newFolder(t, scratch)
		}
		missing := rng.IntN(v.drives)
		s, err = openSim(t.Context(), left, v.drives, filepath.Join(folder, catalogueName), missing)
		if err != nil {
			t.Fatalf("%s: without %d: %v", when, missing, err)
		}
		got, err := observe(t.Context(), s)
		if err == nil {
			err = v.judge(got)
		}
		if err != nil {
			t.Fatalf("%s: without %d: %v", when, missing, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
