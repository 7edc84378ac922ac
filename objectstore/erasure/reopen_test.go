package erasure

import (
	"errors"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// TestWritingBeginsAgain takes so many drives away that nothing can be written,
// puts them back, and writes again without a restart.
func TestWritingBeginsAgain(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	for round := range 3 {
		var out [4]*simdisk.Drive
		for i := range 2 {
			place := (round + i) % 4
			out[place] = b.insert(place, nil)
			out[place].SetGone(true)
		}
		if err := b.tryPut("lost", []byte("x")); !errors.Is(err, objectstore.ErrWriteQuorum) {
			t.Fatalf("round %d: %v, want write_quorum", round, err)
		}
		b.store.lookAround(t.Context())
		if b.store.seglog.Load().Broken() == nil {
			t.Fatal("the log is not broken; the test shows nothing")
		}
		b.check("while too few drives are there")
		for place, d := range out {
			if d != nil {
				b.putBack(place, d)
			}
		}
		b.store.lookAround(t.Context())
		// What nobody could say of: it is there or not, but then for good.
		if got, err := b.read("lost"); err == nil {
			b.want["lost"] = got
		}
		b.put("afterwards", randomBytes(1000, uint64(round)))
		b.fill("again ")
		b.heal()
		b.wantOK()
		b.check("after the drives are back")
	}
	if _, err := b.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "another"}); err != nil {
		t.Fatal(err)
	}
	b.without("without 0 and 1", 0, 1)
	b.without("without 2 and 3", 2, 3)
}

// TestDriveFencedByOneWrite has a drive fail one write: the record is on the
// others, and after a restart the catalogue still knows that the drive lacks it.
func TestDriveFencedByOneWrite(t *testing.T) {
	b := newBay(t, 4)
	b.fill("before ")
	b.slots[1].Inject(simdisk.Fault{Kind: simdisk.Write, Times: 1, Err: errors.New("a bad sector")})
	b.fill("while failing ")
	if s := b.state(1).State; s != objectstore.DriveFailing {
		t.Fatalf("a drive that fails is %s", s)
	}
	b.slots[1].Mend()
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	b.open()
	if b.toDo() == 0 {
		t.Fatal("nobody knows that the drive lacks something")
	}
	b.heal()
	b.wantOK()
	if n := b.toDo(); n != 0 {
		t.Fatalf("%d things are still to be healed", n)
	}
	b.without("without 0 and 2", 0, 2)
}

// TestDamageFoundByReaders flips a bit in everything one drive holds: reading
// finds it, healing mends it.
func TestDamageFoundByReaders(t *testing.T) {
	b := newBay(t, 4)
	b.fill("some ")
	for _, e := range b.slots[2].Files() {
		if e.Size > 300_000 {
			for at := int64(8192); at < e.Size; at += 16 << 10 {
				b.slots[2].FlipBit(e.Name, at)
			}
		}
	}
	b.check("with damage")
	if err := b.store.noteDamage(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b.toDo() == 0 {
		t.Fatal("nothing was found")
	}
	b.heal()
	b.wantOK()
	b.check("after healing")
	if err := b.store.noteDamage(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := b.toDo(); n != 0 {
		t.Fatalf("readers found %d things again", n)
	}
}
