package shardfile

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// witness is what somebody who keeps a log of bodies would know: what was
// acknowledged before the power went.
type witness struct {
	bodies map[ID]*known
}

type known struct {
	body    Body
	content []byte
	where   driveset.Places // that were said to hold it durably
	removed bool            // or it was asked for
}

// workload does all that there is to do until the power goes.
func (w *witness) workload(t *testing.T, s *sim, rng *rand.Rand) {
	put := func(size int) *known {
		body := content(size, rng.Uint64())
		b, where, err := s.write(t.Context(), body)
		if err != nil {
			return nil
		}
		k := &known{body: b, content: body, where: where}
		w.bodies[b.ID] = k
		return k
	}
	heal := func(k *known, verify bool) {
		if healed, _, err := s.Heal(t.Context(), k.body, verify); err == nil {
			k.where |= healed
		}
	}
	a, b := put(1), put(300_000)
	if a == nil || b == nil {
		return
	}
	// One drive loses a file, another one has it wrong.
	lost, wrong := rng.IntN(4), 0
	for wrong = rng.IntN(4); wrong == lost; wrong = rng.IntN(4) {
	}
	if !s.machine.Crashed() {
		_ = s.drive(lost).RemoveFile(b.body.ID.file())
		b.where = b.where.Without(lost)
	}
	heal(b, false)
	if !s.machine.Crashed() {
		_ = s.drive(wrong).FlipBit(b.body.ID.file(), 1000)
		b.where = b.where.Without(wrong)
	}
	heal(b, true)
	a.removed = true
	s.Remove(a.body)
	if c := put(1_200_000); c != nil {
		put(70_000)
		c.removed = true
		s.Remove(c.body)
	}
}

// check looks at what a crash left.
func (w *witness) check(t *testing.T, s *sim) {
	t.Helper()
	for id, k := range w.bodies {
		got, err := get(t, s.Store, k.body, 0, k.body.Size)
		switch {
		case err == nil && !bytes.Equal(got, k.content):
			t.Fatalf("wrong bytes of %s", id)
		case err != nil && (!k.removed || !errors.Is(err, objectstore.ErrReadQuorum)):
			t.Fatalf("%s of %d bytes: %v", id, k.body.Size, err)
		}
		if k.removed {
			continue
		}
		bad, _, err := s.Verify(t.Context(), k.body, nil)
		if err != nil || bad&k.where != 0 {
			t.Fatalf("%s is lost on %b, was written to %b, %v", id, bad, k.where, err)
		}
		if _, lacking, err := s.Heal(t.Context(), k.body, true); err != nil || lacking != 0 {
			t.Fatalf("%s cannot be healed: %b, %v", id, lacking, err)
		}
	}
	for place := range s.set.Drives {
		err := s.Orphans(t.Context(), place, func(id ID) bool { return w.bodies[id] != nil && !w.bodies[id].removed }, func(id ID) error {
			s.Remove(Body{ID: id})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for place := range s.set.Drives {
		for _, name := range s.files(place) {
			if id, ok := ParseID(name[len(topFolder+"/00/"):]); !ok || w.bodies[id] == nil || w.bodies[id].removed {
				t.Errorf("left on drive %d: %s", place, name)
			}
		}
	}
}

// TestCrash lets the power go at every operation of a workload. CRASH_N is how
// many workloads, usually one.
func TestCrash(t *testing.T) {
	workloads := 1
	if n, err := strconv.Atoi(os.Getenv("CRASH_N")); err == nil {
		workloads = n
	}
	for seed := range uint64(workloads) {
		for n, done := 0, false; !done; n++ {
			m := simdisk.NewMachine(seed<<16 + uint64(n))
			s := newSim(t, m, 4, 2)
			m.CrashAfter(n)
			w := &witness{bodies: make(map[ID]*known)}
			w.workload(t, s, rand.New(rand.NewPCG(seed, 1)))
			s.Close()
			s.set.Close()
			done = !m.Crashed()
			for outcome := range 4 {
				var after *simdisk.Machine
				switch outcome {
				case 0:
					after = m.CrashTo(simdisk.LoseAll)
				case 1:
					after = m.CrashTo(simdisk.KeepAll)
				default:
					after = m.Crash()
				}
				s := newSim(t, after, 4, -1)
				w.check(t, s)
				s.Close()
				s.set.Close()
				if t.Failed() {
					t.Fatalf("seed %d, crash after %d operations, outcome %d", seed, n, outcome)
				}
			}
		}
	}
}
