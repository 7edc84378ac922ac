package seglog

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/zeebo/xxh3"

	"croft/objectstore/erasure/driveset"
)

const testSeed = 42

// someEntries makes entries of all kinds.
func someEntries(rng *rand.Rand, n int) (entries []Entry) {
	for range n {
		e := Entry{Meta: make([]byte, rng.IntN(300))}
		size := []int{0, 1, 4095, BlockBytes, BlockBytes + 1, stripeFrom - 1, stripeFrom, stripeFrom + 5, 400_000}[rng.IntN(9)]
		e.Payload = payload(size, rng.Uint64N(1000))
		entries = append(entries, e)
	}
	return entries
}

// TestEncodeLoseDecode codes batches, loses as many shards as parity allows, and
// computes them again, for every geometry.
func TestEncodeLoseDecode(t *testing.T) {
	for data := 1; data <= driveset.MaxDrives; data++ {
		for parity := 0; parity <= data && data+parity <= driveset.MaxDrives; parity++ {
			g := driveset.Geometry{Data: data, Parity: parity}
			rng := rand.New(rand.NewPCG(uint64(data), uint64(parity)))
			l := &Log{set: &driveset.Set{Geometry: g, Drives: make([]*driveset.Drive, g.Drives())}, seed: testSeed}
			entries := someEntries(rng, rng.IntN(12))
			at := Position{Segment: 7<<32 | 1, Offset: 3 * unit, Seq: rng.Uint64N(100), Chain: 5}
			e, err := l.encode(at, entries, []uint64{3, 4}, g)
			if err != nil {
				t.Fatal(err)
			}
			copies := make([]*buffer, g.Drives())
			for i, b := range e.buffers {
				if !l.intact(b.b, i, &e.head) {
					t.Fatalf("%+v: copy %d is not intact", g, i)
				}
				copies[i] = &buffer{b: slices.Clone(b.b), class: -1}
			}
			var lost driveset.Places
			for _, i := range rng.Perm(g.Drives())[:parity] {
				lost, copies[i] = lost.With(i), nil
			}
			if err := l.rebuild(&e.head, e.buffers[0].b[:e.head.before()], copies, lost); err != nil {
				t.Fatal(err)
			}
			for i, b := range e.buffers {
				if !bytes.Equal(copies[i].b, b.b) {
					t.Fatalf("%+v: copy %d was computed wrong", g, i)
				}
			}
			placed, freed, err := decodeMeta(&e.head, e.head.meta(e.buffers[0].b))
			if err != nil || len(placed) != len(entries) || !slices.Equal(freed, []uint64{3, 4}) {
				t.Fatalf("%+v: %d entries, freed %v, %v", g, len(placed), freed, err)
			}
			for i, p := range placed {
				if !bytes.Equal(p.Meta, entries[i].Meta) || !bytes.Equal(payloadIn(e, &p.Location), entries[i].Payload) {
					t.Fatalf("%+v: entry %d of %d bytes is wrong", g, i, len(entries[i].Payload))
				}
				back, rest, err := DecodeLocation(append(p.Location.Append(nil), 1, 2))
				if err != nil || !bytes.Equal(rest, []byte{1, 2}) || fmt.Sprint(back) != fmt.Sprint(p.Location) || fmt.Sprint(back) != fmt.Sprint(e.placed[i].Location) {
					t.Fatalf("%+v: location %v came back as %v, %v", g, p.Location, back, err)
				}
			}
		}
	}
}

// payloadIn takes a payload from where its location says it is.
func payloadIn(e *encoded, l *Location) (b []byte) {
	l.parts(func(shard int, _, n int64) {
		from := int64(l.head) + int64(l.offset)
		b = append(b, e.buffers[l.place(shard)].b[from:from+n]...)
	})
	return b
}

// TestLayIsLevel finds that small payloads fill the shards evenly and none overlap.
func TestLayIsLevel(t *testing.T) {
	g := driveset.Geometry{Data: 4, Parity: 2}
	entries := slices.Repeat([]Entry{{Payload: make([]byte, 1000)}}, 400)
	locations, shardLen := lay(entries, g)
	if shardLen != 100_000 {
		t.Errorf("shards have %d bytes", shardLen)
	}
	taken := make(map[[2]int]bool)
	for _, l := range locations {
		at := [2]int{int(l.shard), int(l.offset)}
		if taken[at] || l.offset%1000 != 0 {
			t.Fatalf("%v is taken", at)
		}
		taken[at] = true
	}
}

func TestSegmentHead(t *testing.T) {
	for _, n := range []int{0, 1, 251, 252, 253, 5000} {
		h := &segmentHead{id: 9<<32 | 2, size: 1 << 20, prev: Position{1, 2 * unit, 3, 4}}
		for i := range n {
			h.live = append(h.live, extent{id: uint64(i), end: int64(i) * unit, unsure: i%3 == 0})
		}
		b := h.encode(testSeed)
		if int64(len(b)) != h.length() || h.begin() != (Position{h.id, h.length(), 3, 4}) {
			t.Fatalf("%d bytes of %d, begins at %v", len(b), h.length(), h.begin())
		}
		for _, b := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
			got, err := parseSegmentHead(b, h.id, testSeed)
			if err != nil || fmt.Sprint(got) != fmt.Sprint(h) {
				t.Fatalf("%v, %v", got, err)
			}
		}
	}
}

func FuzzRecord(f *testing.F) {
	g := driveset.Geometry{Data: 2, Parity: 1}
	l := &Log{set: &driveset.Set{Geometry: g, Drives: make([]*driveset.Drive, 3)}, seed: testSeed}
	var all []*encoded
	for i := range 6 {
		entries := someEntries(rand.New(rand.NewPCG(uint64(i), 0)), i)
		for j := range entries {
			entries[j].Payload = entries[j].Payload[:min(len(entries[j].Payload), 5000)]
		}
		e, err := l.encode(Position{Segment: 1<<32 | 1, Offset: unit * int64(i), Seq: uint64(i), Chain: 9}, entries, nil, g)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, e)
		for _, b := range e.buffers {
			f.Add(b.b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := parseHead(b)
		if err != nil || h.before() > len(b) || h.check(b[:h.before()], testSeed) != nil {
			return
		}
		_, _, _ = decodeMeta(&h, h.meta(b))
		// Nobody can find another head with the sum of one that was sealed.
		for _, e := range all {
			for i, c := range e.buffers {
				n := e.head.before()
				if len(b) >= n && bytes.Equal(b[:n], c.b[:n]) {
					if int(h.length)*unit <= len(b) && l.intact(b[:int(h.length)*unit], i, &e.head) &&
						!bytes.Equal(b[n:n+int(h.shardLen)], c.b[n:n+int(h.shardLen)]) {
						t.Fatal("an altered shard passes for intact")
					}
					return
				}
			}
		}
		t.Fatalf("an altered head passes: %+v", h)
	})
}

func FuzzSegmentHead(f *testing.F) {
	known := [][]byte{}
	for _, n := range []int{0, 1, 300} {
		h := &segmentHead{id: 5, size: 1 << 20, live: make([]extent, n)}
		b := h.encode(testSeed)
		known = append(known, b[:segmentFixed+16*n])
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parseSegmentHead(b, 5, testSeed); err != nil {
			return
		}
		for _, k := range known {
			if bytes.HasPrefix(b, k) {
				return
			}
		}
		t.Fatal("an altered head passes")
	})
}

// FuzzMeta reads metadata whose checksum is right.
func FuzzMeta(f *testing.F) {
	g := driveset.Geometry{Data: 2, Parity: 1}
	for i := range 8 {
		entries := someEntries(rand.New(rand.NewPCG(uint64(i), 0)), i)
		locations, _ := lay(entries, g)
		for i := range locations {
			locations[i].sum(entries[i].Payload)
		}
		f.Add(encodeMeta(entries, locations, []uint64{uint64(i)}))
	}
	f.Add(binary.AppendUvarint(nil, 1<<60))
	f.Fuzz(func(t *testing.T, b []byte) {
		h := &recordHead{geometry: g, metaLen: uint32(len(b)), shardLen: 1 << 20}
		placed, _, err := decodeMeta(h, b)
		if err != nil {
			return
		}
		for _, p := range placed {
			if p.Location.end() > 1<<20 || len(p.Location.sums) != p.Location.countSums() {
				t.Fatalf("%+v", p.Location)
			}
		}
	})
}

func FuzzLocation(f *testing.F) {
	for i := range 8 {
		g := driveset.Geometry{Data: 1 + i, Parity: i / 2}
		entries := someEntries(rand.New(rand.NewPCG(uint64(i), 0)), 6)
		locations, _ := lay(entries, g)
		for i := range locations {
			locations[i].sum(entries[i].Payload)
			f.Add(locations[i].Append(nil))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, rest, err := DecodeLocation(b)
		if err != nil {
			return
		}
		if len(l.sums) != l.countSums() || l.Length > 0 && l.shard != striped && int(l.shard) >= l.geometry().Data {
			t.Fatalf("%+v", l)
		}
		again, _, err := DecodeLocation(l.Append(nil))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(l) || len(rest) > len(b) {
			t.Fatalf("%v became %v, %v", l, again, err)
		}
	})
}

// TestFormat pins the bytes that docs/storage-format.md describes. A change of them
// needs another version of the drives' format.
func TestFormat(t *testing.T) {
	g := driveset.Geometry{Data: 2, Parity: 1}
	l := &Log{set: &driveset.Set{Geometry: g, Drives: make([]*driveset.Drive, 3)}, seed: deploymentSeed("01JD0000000000000000000000")}
	entries := []Entry{
		{Meta: []byte("one"), Payload: payload(5000, 1)}, {Meta: []byte("two")},
		{Meta: []byte("three"), Payload: payload(200_000, 3)}, {Meta: []byte("four"), Payload: payload(70_000, 4)},
	}
	e, err := l.encode(Position{Segment: 3<<32 | 2, Offset: 5 * unit, Seq: 77, Chain: 0x1122334455667788}, entries, []uint64{9, 300}, g)
	if err != nil {
		t.Fatal(err)
	}
	h := &segmentHead{
		id: 3<<32 | 2, size: 4 << 20, prev: Position{3<<32 | 1, 7 * unit, 77, 5},
		live: []extent{{id: 2<<32 | 1, end: 9 * unit, unsure: true}, {id: 3<<32 | 1, end: 7 * unit}},
	}
	f := func(what string, b []byte, want uint64) {
		t.Helper()
		if got := xxh3.Hash(b); got != want {
			t.Errorf("%s: %d bytes with the checksum %#x, want %#x", what, len(b), got, want)
		}
	}
	f("record on drive 0", e.buffers[0].b, 0xc0117138ddf7e4c7)
	f("record on drive 1", e.buffers[1].b, 0xe2490bac0d337da5)
	f("record on drive 2", e.buffers[2].b, 0xeb6f6e02afec9d20)
	f("segment head", h.encode(l.seed), 0xe00ef7af73f8526b)
	h.drives, h.live[1].drives = 5, 4 // of a set that has grown
	f("segment head of a grown set", h.encode(l.seed), 0x1b6e4888a7608997)
	b := h.encode(l.seed)
	if got, err := parseSegmentHead(b[:len(b)/2], h.id, l.seed); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("%+v, %v", got, err)
	}
	f("location", e.placed[2].Location.Append(nil), 0xf5f09991d36b70ce)
	if e.head.next() != 0xc453b985db0f98b {
		t.Errorf("chain value %#x", e.head.next())
	}
	if got := (mark{epoch: 12, used: 3<<32 | 2}).String(); got != "12 0000000300000002\n" {
		t.Errorf("mark %q", got)
	}
}
