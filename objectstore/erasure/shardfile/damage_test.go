package shardfile

import (
	"bytes"
	"errors"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// hurts are ways to have a wrong file of a body in a place. Each gets the right
// one and returns the wrong one, nil for none.
var hurts = []struct {
	name string
	hurt func(b Body, place int, right []byte, rng *rand.Rand) []byte
	// tail says that no data are hurt, so that reading does not notice.
	tail bool
}{
	{name: "missing", hurt: func(Body, int, []byte, *rand.Rand) []byte { return nil }},
	{name: "empty", hurt: func(Body, int, []byte, *rand.Rand) []byte { return []byte{} }},
	{name: "bit in the data", hurt: func(b Body, _ int, right []byte, rng *rand.Rand) []byte {
		lay := layoutOf(b)
		return flip(right, rng.Int64N(lay.shardBytes()))
	}},
	{name: "bit in the table", hurt: func(b Body, _ int, right []byte, rng *rand.Rand) []byte {
		lay := layoutOf(b)
		return flip(right, lay.shardBytes()+rng.Int64N(lay.tailOffset()-lay.shardBytes()))
	}},
	{name: "bit in the tail", tail: true, hurt: func(b Body, _ int, right []byte, rng *rand.Rand) []byte {
		lay := layoutOf(b)
		return flip(right, lay.tailOffset()+rng.Int64N(tailBytes))
	}},
	{name: "cut in the data", hurt: func(b Body, _ int, right []byte, rng *rand.Rand) []byte {
		lay := layoutOf(b)
		return right[:rng.Int64N(lay.shardBytes())]
	}},
	{name: "cut in the tail", tail: true, hurt: func(b Body, _ int, right []byte, rng *rand.Rand) []byte {
		return right[:len(right)-1-rng.IntN(tailBytes)]
	}},
	{name: "longer", tail: true, hurt: func(_ Body, _ int, right []byte, _ *rand.Rand) []byte {
		return append(bytes.Clone(right), 0)
	}},
	{name: "zeros", hurt: func(_ Body, _ int, right []byte, _ *rand.Rand) []byte { return make([]byte, len(right)) }},
	{name: "another drive's", hurt: func(b Body, place int, right []byte, _ *rand.Rand) []byte {
		// As a mirror would have it: all is right but where it is.
		lay := layoutOf(b)
		place = (place + 1) % lay.width()
		wrong := bytes.Clone(right)
		table := newSummer(b.ID, place).add(nil, wrong[:lay.shardBytes()], 0)
		copy(wrong[lay.shardBytes():], table)
		copy(wrong[lay.tailOffset():], lay.tail(place, table))
		return wrong
	}},
	{name: "two blocks swapped", hurt: func(_ Body, _ int, right []byte, _ *rand.Rand) []byte {
		wrong := bytes.Clone(right)
		copy(wrong, right[BlockBytes:2*BlockBytes])
		copy(wrong[BlockBytes:], right[:BlockBytes])
		return wrong
	}},
	{name: "two blocks and their sums swapped", hurt: func(b Body, _ int, right []byte, _ *rand.Rand) []byte {
		lay := layoutOf(b)
		wrong := bytes.Clone(right)
		copy(wrong, right[BlockBytes:2*BlockBytes])
		copy(wrong[BlockBytes:], right[:BlockBytes])
		table := lay.shardBytes()
		copy(wrong[table:], right[table+sumBytes:table+2*sumBytes])
		copy(wrong[table+sumBytes:], right[table:table+sumBytes])
		return wrong
	}},
	{name: "another body's", hurt: func(b Body, place int, right []byte, _ *rand.Rand) []byte {
		// Of the same size, whole, and from the same place.
		lay := layoutOf(b)
		other := lay
		other.ID[3] ^= 1
		wrong := bytes.Clone(right)
		copy(wrong, content(int(lay.shardBytes()), 77))
		table := newSummer(other.ID, place).add(nil, wrong[:lay.shardBytes()], 0)
		copy(wrong[lay.shardBytes():], table)
		copy(wrong[lay.tailOffset():], other.tail(place, table))
		return wrong
	}},
}

func flip(right []byte, at int64) []byte {
	wrong := bytes.Clone(right)
	wrong[at] ^= 1 << (at % 8)
	return wrong
}

// apply puts a wrong file in a place, past all checks.
func (s *sim) apply(t testing.TB, b Body, place int, wrong []byte) {
	t.Helper()
	var err error
	if wrong == nil {
		err = s.drive(place).RemoveFile(b.ID.file())
	} else {
		err = s.drive(place).WriteFile(b.ID.file(), wrong)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// right is every drive's file of a body.
func (s *sim) right(t testing.TB, b Body) (files [][]byte) {
	t.Helper()
	for place := range s.set.Drives {
		f, err := s.drive(place).ReadFile(b.ID.file())
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func TestDamage(t *testing.T) {
	for _, n := range []int{2, 4, 7} {
		for _, h := range hurts {
			t.Run(fmt.Sprintf("%d/%s", n, h.name), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(uint64(n), 7))
				s := newSim(t, simdisk.NewMachine(1), n, -1)
				g := s.set.Geometry
				lay := layoutOf(Body{Data: uint8(g.Data)})
				body := content(int(2*lay.stripe+lay.stripe/3), 5)
				b, _ := put(t, s.Store, body)
				right := s.right(t, b)
				for hurt := 1; hurt <= g.Parity+1; hurt++ {
					var where driveset.Places
					for _, place := range rng.Perm(n)[:hurt] {
						where = where.With(place)
						wrong := h.hurt(b, place, right[place], rng)
						if bytes.Equal(wrong, right[place]) && wrong != nil {
							t.Fatal("nothing is wrong")
						}
						s.apply(t, b, place, wrong)
					}
					s.wantDamage(t, b, body, right, where, h.tail)
					for place := range right { // for the next round
						s.apply(t, b, place, right[place])
					}
				}
			})
		}
	}
}

// wantDamage checks what becomes of a body with wrong files in some places, and
// that they are healed when they can be.
func (s *sim) wantDamage(t *testing.T, b Body, body []byte, right [][]byte, where driveset.Places, tail bool) {
	t.Helper()
	g := s.set.Geometry
	got, err := get(t, s.Store, b, 0, b.Size)
	switch {
	case err == nil && !bytes.Equal(got, body):
		t.Fatalf("wrong bytes with %b damaged", where)
	case err != nil && (!errors.Is(err, objectstore.ErrReadQuorum) || where.Count() <= g.Parity || tail):
		t.Fatalf("with %b damaged: %v", where, err)
	case err != nil && !bytes.Equal(got, body[:len(got)]):
		t.Fatal("wrong bytes before an error")
	}
	var data driveset.Places
	for shard := range g.Data {
		data |= placesOf(b, shard)
	}
	if told := s.damage.of(b.ID); err == nil && told != where&told || !tail && err == nil && told&data != where&data {
		t.Errorf("Damaged was told of %b, %b are", told, where)
	}
	s.damage.places = nil

	bad, read, err := s.Verify(t.Context(), b, nil)
	if err != nil || bad != where {
		t.Fatalf("Verify found %b, %v; %b are damaged", bad, err, where)
	}
	if where != driveset.AllPlaces(g.Drives()) && read == 0 {
		t.Error("Verify has read nothing")
	}
	healed, lacking, err := s.Heal(t.Context(), b, true)
	if where.Count() > g.Parity {
		if !errors.Is(err, objectstore.ErrReadQuorum) || healed != 0 || lacking&where != where {
			t.Fatalf("healed %b, lacking %b, %v with %b damaged", healed, lacking, err, where)
		}
		return
	}
	if err != nil || healed != where || lacking != 0 {
		t.Fatalf("healed %b, lacking %b, %v; %b were damaged", healed, lacking, err, where)
	}
	for place, f := range s.right(t, b) {
		if !bytes.Equal(f, right[place]) {
			t.Errorf("the file in place %d is another one after healing", place)
		}
	}
	if n := len(s.files(0)); n != 1 {
		t.Errorf("%d files", n)
	}
}

func TestLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	f := func(n, parity int, tries []driveset.Places) {
		t.Helper()
		s := newSim(t, simdisk.NewMachine(1), n, parity)
		body := content(3<<20+777, 1)
		b, _ := put(t, s.Store, body)
		for _, lost := range tries {
			s.set.Each(lost, func(d *driveset.Drive) error { return d.Remove(b.ID.file()) })
			got, err := get(t, s.Store, b, 0, b.Size)
			if lost.Count() > s.set.Geometry.Parity {
				if !errors.Is(err, objectstore.ErrReadQuorum) {
					t.Fatalf("%b of %d lost: %v", lost, n, err)
				}
				return
			}
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%b of %d lost: %v", lost, n, err)
			}
			if healed, lacking, err := s.Heal(t.Context(), b, false); err != nil || healed != lost || lacking != 0 {
				t.Fatalf("%b of %d lost, healed %b, lacking %b: %v", lost, n, healed, lacking, err)
			}
		}
	}
	var four, sixteen []driveset.Places
	for p := range driveset.Places(1 << 4) {
		if p.Count() == 1 || p.Count() == 2 {
			four = append(four, p)
		}
	}
	for range 100 {
		p := driveset.Places(rng.Uint32())
		for bits.OnesCount16(uint16(p)) > 8 {
			p = p.Without(rng.IntN(16))
		}
		sixteen = append(sixteen, p)
	}
	f(4, 2, append(four, 0b0111))
	f(16, 8, append(sixteen, 0b1_1111_1111))
}
