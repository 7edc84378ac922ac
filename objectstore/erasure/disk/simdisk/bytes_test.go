package simdisk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestWhatWasSyncedStays(t *testing.T) {
	m, _, _ := synced(t)
	expect(t, "synced", seen(m, func(d *Drive) string {
		b, err := d.ReadFile("f")
		if err != nil || !bytes.Equal(b, fill('a', 2*pageSize)) {
			return "damaged"
		}
		return "whole"
	}), "whole")
}

func TestUnsyncedBytesMayBeLost(t *testing.T) {
	m, d, f := synced(t)
	write(t, f, fill('b', sectorSize), sectorSize)
	if b, _ := d.ReadFile("f"); b[sectorSize] != 'b' {
		t.Fatal("a write is not seen before it is synced")
	}
	read := func(d *Drive) string {
		b, _ := d.ReadFile("f")
		return string(b[sectorSize-1 : sectorSize+1])
	}
	expect(t, "overwritten", seen(m, read), "aa", "ab")
	for how, want := range map[Outcome]string{LoseAll: "aa", KeepAll: "ab"} {
		if got := read(m.CrashTo(how).Drive("d")); got != want {
			t.Errorf("outcome %d: %q", how, got)
		}
	}
}

// TestWritesAreTornBetweenSectors writes two sectors at once, three times.
func TestWritesAreTornBetweenSectors(t *testing.T) {
	m, _, f := synced(t)
	write(t, f, fill('b', 2*sectorSize), 0)
	write(t, f, fill('c', 2*sectorSize), 0)
	if b, _ := m.Clone().CrashTo(KeepAll).Drive("d").ReadFile("f"); b[0] != 'c' || b[sectorSize] != 'c' {
		t.Error("what was between was kept for the newest")
	}
	expect(t, "overwritten twice", seen(m, func(d *Drive) string {
		b, _ := d.ReadFile("f")
		for s := range 2 {
			if part := b[s*sectorSize:][:sectorSize]; !bytes.Equal(part, fill(part[0], sectorSize)) {
				return "torn inside of a sector"
			}
		}
		return string([]byte{b[0], b[sectorSize], b[2*sectorSize]})
	}), "aaa", "aba", "aca", "baa", "bba", "bca", "caa", "cba", "cca")
}

func TestUnsyncedLengthMayBeLost(t *testing.T) {
	m, _, f := synced(t)
	write(t, f, []byte("x"), 2*pageSize)
	write(t, f, []byte("y"), 2*pageSize+1)
	for range 20 {
		for how, want := range map[Outcome]int{LoseAll: 0, KeepAll: 2} {
			if b, _ := m.CrashTo(how).Drive("d").ReadFile("f"); len(b) != 2*pageSize+want {
				t.Fatalf("outcome %d: %d bytes", how, len(b))
			}
		}
	}
	expect(t, "grown", seen(m, func(d *Drive) string {
		b, _ := d.ReadFile("f")
		return strings.ReplaceAll(string(b[2*pageSize:]), "\x00", "0")
	}), "", "0", "x", "00", "x0", "xy") // both bytes are of one sector; x0 is it in between
}

// TestTruncatedBytesStayAway cuts a file and lets it grow again: a crash finds the
// old end or zeros, in whole, and the latter wherever the new length was kept.
func TestTruncatedBytesStayAway(t *testing.T) {
	m, _, f := synced(t)
	try(t, f.Truncate(pageSize+100))
	try(t, f.Truncate(4*pageSize))
	for range outcomesTried {
		b, _ := m.Crash().Drive("d").ReadFile("f")
		old, cut := fill('a', 2*pageSize), append(fill('a', pageSize+100), make([]byte, 3*pageSize-100)...)
		if !bytes.Equal(b, old) && (len(b) < pageSize+100 || !bytes.Equal(b, cut[:len(b)])) {
			t.Fatalf("%d bytes, neither as before nor cut", len(b))
		}
	}
	m, _, f = synced(t)
	write(t, f, fill('b', 3*pageSize), 0)
	write(t, f, fill('c', 3*pageSize), 0)
	try(t, f.Truncate(pageSize+100))
	try(t, f.Truncate(4*pageSize))
	for range outcomesTried {
		b, _ := m.Crash().Drive("d").ReadFile("f")
		if len(b) > 3*pageSize && !bytes.Equal(b[pageSize+100:], make([]byte, len(b)-pageSize-100)) {
			t.Fatal("bytes came back that were cut off before the file grew")
		}
	}
}

// TestFailedSyncForgets has a sync fail: the next one succeeds and what the first
// was for may not be there.
func TestFailedSyncForgets(t *testing.T) {
	lost, kept := 0, 0
	for seed := range uint64(outcomesTried) {
		m := NewMachine(seed)
		d := m.Drive("d")
		f := create(t, d, "f")
		try(t, d.SyncDir("."))
		write(t, f, []byte("x"), 0)
		d.Inject(Fault{Kind: Sync, Times: 1, Err: errors.New("bad sector")})
		if err := f.Sync(); err == nil {
			t.Fatal("the sync succeeded")
		}
		write(t, f, []byte("y"), sectorSize)
		try(t, f.Sync())
		b, err := m.CrashTo(KeepAll).Drive("d").ReadFile("f")
		switch {
		case err != nil || len(b) != sectorSize+1 || b[sectorSize] != 'y':
			t.Fatalf("%v: what was written after it is not there", err)
		case b[0] == 'x':
			kept++
		default:
			lost++
		}
	}
	if lost == 0 || kept == 0 {
		t.Errorf("lost %d times, kept %d times", lost, kept)
	}
}

// TestSectorsAreOnesThatWere does random things to one file and crashes: every
// sector holds what it held at the last sync or was given since, the length is one
// that the file had or had on the way, and what was behind the end is zero.
func TestSectorsAreOnesThatWere(t *testing.T) {
	const most = 12
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 0))
		m := NewMachine(seed)
		d := m.Drive("d")
		f := create(t, d, "f")
		try(t, d.SyncDir("."))
		now, size := make([]byte, most), 0
		var may [most]string
		low, high := 0, 0
		settle := func() {
			for s := range may {
				may[s] = string(now[s])
			}
			low, high = size, size
		}
		settle()
		for step := range 1 + rng.IntN(20) {
			switch rng.IntN(5) {
			case 0:
				try(t, f.Sync())
				settle()
			case 1:
				size = rng.IntN(most + 1)
				try(t, f.Truncate(int64(size)*sectorSize))
				for s := size; s < most; s++ {
					now[s] = 0
					may[s] += "\x00"
				}
			default:
				from := rng.IntN(most)
				n := 1 + rng.IntN(most-from)
				write(t, f, fill(byte('a'+step), n*sectorSize), int64(from)*sectorSize)
				size = max(size, from+n)
				for s := from; s < from+n; s++ {
					now[s] = byte('a' + step)
					may[s] += string(now[s])
				}
			}
			low, high = min(low, size), max(high, size)
		}
		for range 20 {
			after := m.Crash().Drive("d")
			b, err := after.ReadFile("f")
			if err != nil || len(b)%sectorSize != 0 || len(b) < low*sectorSize || len(b) > high*sectorSize {
				t.Fatalf("seed %d: %d bytes, %v", seed, len(b), err)
			}
			if tail := make([]byte, most*sectorSize); len(b) < len(tail) {
				f, err := after.Open("f")
				try(t, err)
				try(t, f.Truncate(int64(len(tail))))
				n, _ := f.ReadAt(tail, int64(len(b)))
				if !bytes.Equal(tail[:n], make([]byte, most*sectorSize-len(b))) {
					t.Fatalf("seed %d: there was something behind the end", seed)
				}
			}
			for s := range len(b) / sectorSize {
				part := b[s*sectorSize:][:sectorSize]
				if !bytes.Equal(part, fill(part[0], sectorSize)) || !strings.Contains(may[s]+"\x00", string(part[:1])) {
					t.Fatalf("seed %d: sector %d is %q, may be one of %q", seed, s, part[:1], may[s])
				}
				if part[0] == 0 && !strings.Contains(may[s], "\x00") {
					t.Fatalf("seed %d: sector %d is zero, may be one of %q", seed, s, may[s])
				}
			}
		}
	}
}
