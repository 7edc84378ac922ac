package shardfile

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

func put(t testing.TB, s *Store, body []byte) (Body, driveset.Places) {
	t.Helper()
	b, where, err := s.Write(t.Context(), bytes.NewReader(body), int64(len(body)), s.set.Geometry, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b, where
}

func get(t testing.TB, s *Store, b Body, offset, length int64) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), b, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	got := make([]byte, length)
	n, err := io.ReadFull(onlyReader{r}, got)
	if err == nil {
		if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("%d bytes behind the end, %v", n, err)
		}
	}
	return got[:n], err
}

// onlyReader hides WriteTo.
type onlyReader struct{ io.Reader }

func check(t testing.TB, s *Store, b Body, want []byte) {
	t.Helper()
	got, err := get(t, s, b, 0, b.Size)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read %d bytes of %d: %v", len(got), len(want), err)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 7, 16} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			if testing.Short() && n != 1 && n != 4 {
				t.Skip("other numbers of drives are for the long run")
			}
			s := newSim(t, simdisk.NewMachine(1), n, -1)
			lay := layoutOf(Body{Data: uint8(s.set.Geometry.Data), Parity: uint8(s.set.Geometry.Parity)})
			for _, base := range []int64{0, BlockBytes, lay.chunk, lay.stripe, 2*lay.stripe + lay.chunk} {
				for _, size := range []int64{base - 1, base, base + 1} {
					if size >= 0 {
						roundTrip(t, s.Store, s.damage, int(size))
					}
				}
			}
		})
	}
}

// A body with more checksums than are kept at once.
func TestRoundTripLong(t *testing.T) {
	if testing.Short() {
		t.Skip("long bodies are for the long run")
	}
	s := newSim(t, simdisk.NewMachine(1), 1, 0)
	size := (2*tableWindow+10)*BlockBytes + 100
	body := bytes.Repeat(content(1<<20+7, 1), size>>20+1)[:size]
	b, _ := put(t, s.Store, body)
	check(t, s.Store, b, body)
	for _, from := range []int64{tableWindow*BlockBytes - 1, tableWindow * BlockBytes, 2*tableWindow*BlockBytes + 5} {
		if got, err := get(t, s.Store, b, from, b.Size-from); err != nil || !bytes.Equal(got, body[from:]) {
			t.Errorf("from %d to the end: %v", from, err)
		}
	}
}

func TestRoundTripOnFolders(t *testing.T) {
	for _, n := range []int{1, 4, 16} {
		s, damage := newStore(t, folderSet(t, n, -1))
		roundTrip(t, s, damage, 1)
		roundTrip(t, s, damage, 5<<20+1)
	}
}

func roundTrip(t *testing.T, s *Store, damage *damage, size int) {
	t.Helper()
	body := content(size, uint64(size))
	for _, want := range []int64{int64(size), -1} {
		h := md5.New()
		b, where, err := s.Write(t.Context(), bytes.NewReader(body), want, s.set.Geometry, h)
		if err != nil || where != driveset.AllPlaces(len(s.set.Drives)) || b.Size != int64(size) {
			t.Fatalf("write %d: %v on %b, %d bytes", size, err, where, b.Size)
		}
		if sum := md5.Sum(body); !bytes.Equal(h.Sum(nil), sum[:]) {
			t.Fatalf("hash of %d bytes", size)
		}
		check(t, s, b, body)
		var to bytes.Buffer
		r, err := s.Open(t.Context(), b, 0, b.Size)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := r.WriteTo(&to); n != b.Size || err != nil || !bytes.Equal(to.Bytes(), body) {
			t.Fatalf("WriteTo: %d, %v", n, err)
		}
		_ = r.Close()
		if damage.of(b.ID) != 0 {
			t.Fatalf("%d bytes are damaged on %b", size, damage.of(b.ID))
		}
	}
}

func TestRanges(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	drives, reads := []int{1, 3, 4, 16}, 100
	if testing.Short() {
		drives, reads = []int{4}, 50
	}
	for _, n := range drives {
		s := newSim(t, simdisk.NewMachine(1), n, -1)
		lay := layoutOf(Body{Data: uint8(s.set.Geometry.Data), Parity: uint8(s.set.Geometry.Parity)})
		size := 3*lay.stripe + lay.stripe/2 + 12345
		body := content(int(size), 9)
		b, _ := put(t, s.Store, body)
		edges := []int64{0, 1, BlockBytes, lay.chunk, lay.stripe, 2 * lay.stripe, 3 * lay.stripe, size - 1, size}
		lost := 0
		for range reads {
			from, to := rng.Int64N(size+1), rng.Int64N(size+1)
			if rng.IntN(2) == 0 {
				from = edges[rng.IntN(len(edges))]
			}
			if rng.IntN(2) == 0 {
				to = edges[rng.IntN(len(edges))]
			}
			if from > to {
				from, to = to, from
			}
			if lost < s.set.Geometry.Parity && rng.IntN(4) == 0 {
				lost++
				if err := s.set.Drives[rng.IntN(n)].Remove(b.ID.file()); err != nil {
					t.Fatal(err)
				}
			}
			got, err := get(t, s.Store, b, from, to-from)
			if err != nil || !bytes.Equal(got, body[from:to]) {
				t.Fatalf("%d drives: [%d:%d] of %d: %v", n, from, to, size, err)
			}
			if rng.IntN(8) == 0 {
				if _, lacking, err := s.Heal(t.Context(), b, false); err != nil || lacking != 0 {
					t.Fatal(lacking, err)
				}
				lost = 0
			}
		}
		for _, bad := range [][2]int64{{-1, 1}, {0, size + 1}, {size, 1}, {1, -1}} {
			if r, err := s.Open(t.Context(), b, bad[0], bad[1]); err == nil {
				_ = r.Close()
				t.Errorf("%v was opened", bad)
			}
		}
	}
}

// A range read asks the drives for little more than the range.
func TestRangeReadsLittle(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	body := content(8<<20, 1)
	b, _ := put(t, s.Store, body)
	var read atomic.Int64
	for place := range s.set.Drives {
		s.drive(place).Inject(simdisk.Fault{Kind: simdisk.Read, Match: func(op simdisk.Op) bool {
			read.Add(op.Length)
			return false
		}})
	}
	got, err := get(t, s.Store, b, 5<<20+100, 100)
	if err != nil || !bytes.Equal(got, body[5<<20+100:5<<20+200]) {
		t.Fatal(err)
	}
	if n := read.Load(); n > BlockBytes+tableWindow*sumBytes {
		t.Errorf("%d bytes were read", n)
	}
}

func TestBodyEncoding(t *testing.T) {
	s, _ := newStore(t, folderSet(t, 4, -1))
	b := Body{ID: s.NewID(), Size: 5 << 30, Data: 12, Parity: 4}
	got, rest, err := DecodeBody(b.Append(nil))
	if err != nil || got != b || len(rest) != 0 {
		t.Fatal(got, rest, err)
	}
	if id, ok := ParseID(b.ID.String()); !ok || id != b.ID {
		t.Fatal(id, ok)
	}
	enc := b.Append(nil)
	for n := range enc {
		if _, _, err := DecodeBody(enc[:n]); err == nil {
			t.Errorf("%d bytes were decoded", n)
		}
	}
	enc[24] = 0
	if _, _, err := DecodeBody(enc); err == nil {
		t.Error("no data shards were accepted")
	}
	for _, bad := range []string{"", "zz", strings.Repeat("g", 32), strings.Repeat("A", 32), strings.Repeat("0", 31)} {
		if _, ok := ParseID(bad); ok {
			t.Errorf("%q is an ID", bad)
		}
	}
}

// All drives of a set serve reads: bodies begin on different ones.
func TestTurns(t *testing.T) {
	for n := 1; n <= 16; n++ {
		s := newSim(t, simdisk.NewMachine(1), n, -1)
		var seen [driveset.MaxDrives]int
		for range 100 * n {
			lay := layoutOf(Body{ID: s.NewID(), Data: uint8(s.set.Geometry.Data), Parity: uint8(s.set.Geometry.Parity)})
			for place := range n {
				if lay.place(lay.shard(place)) != place {
					t.Fatalf("shard %d is not in place %d", lay.shard(place), place)
				}
			}
			seen[lay.place(0)]++
		}
		for place := range n {
			if seen[place] < 50 || seen[place] > 200 {
				t.Errorf("%d drives: %d bodies begin in place %d", n, seen[place], place)
			}
		}
	}
}
