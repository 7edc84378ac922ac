package simdisk

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"croft/objectstore/erasure/disk"
)

// outcomesTried is how many crashes of one moment a test looks at; enough that one
// that can happen does.
const outcomesTried = 300

func try(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, d *Drive, name string) disk.File {
	t.Helper()
	f, err := d.Create(name)
	try(t, err)
	return f
}

func write(t *testing.T, f disk.File, b []byte, offset int64) {
	t.Helper()
	_, err := f.WriteAt(b, offset)
	try(t, err)
}

// names returns the paths of a drive's files in one line.
func names(d *Drive) string {
	var all []string
	for _, e := range d.Files() {
		all = append(all, e.Name)
	}
	return strings.Join(all, " ")
}

func fill(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }

// seen crashes one moment again and again and returns what look made of the outcomes.
func seen(m *Machine, look func(d *Drive) string) map[string]int {
	outcomes := make(map[string]int)
	for range outcomesTried {
		outcomes[look(m.Crash().Drive("d"))]++
	}
	return outcomes
}

func expect(t *testing.T, what string, outcomes map[string]int, want ...string) {
	t.Helper()
	var got []string
	for o := range outcomes {
		got = append(got, o)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: crashes left %q, want each of %q", what, got, want)
	}
}

// synced returns a machine with a drive that holds a durable file f of two pages of 'a'.
func synced(t *testing.T) (*Machine, *Drive, disk.File) {
	m := NewMachine(1)
	d := m.Drive("d")
	f := create(t, d, "f")
	write(t, f, fill('a', 2*pageSize), 0)
	try(t, f.Sync())
	try(t, d.SyncDir("."))
	return m, d, f
}

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

func TestUnsyncedNamesMayBeLost(t *testing.T) {
	f := func(what string, do func(t *testing.T, d *Drive), want ...string) {
		t.Helper()
		m, d, _ := synced(t)
		do(t, d)
		expect(t, what, seen(m, names), want...)
		m, d, _ = synced(t)
		do(t, d)
		after := names(d)
		for _, name := range []string{".", "a", "b"} {
			if _, err := d.List(name); err == nil {
				try(t, d.SyncDir(name))
			}
		}
		expect(t, what+", synced", seen(m, names), after)
	}
	f("created", func(t *testing.T, d *Drive) { create(t, d, "g") }, "f", "f g")
	f("removed", func(t *testing.T, d *Drive) { try(t, d.Remove("f")) }, "f", "")
	f("renamed", func(t *testing.T, d *Drive) { try(t, d.Rename("f", "g")) }, "f", "g")
	f("replaced", func(t *testing.T, d *Drive) {
		create(t, d, "g")
		try(t, d.Rename("g", "f"))
	}, "f", "f g")
	f("in order", func(t *testing.T, d *Drive) {
		create(t, d, "g")
		create(t, d, "h")
		try(t, d.Remove("g"))
	}, "f", "f g", "f g h", "f h")
	f("folders for themselves", func(t *testing.T, d *Drive) {
		for _, name := range []string{"a", "b"} {
			try(t, d.Mkdir(name))
			try(t, d.SyncDir("."))
			create(t, d, name+"/x")
		}
	}, "f", "a/x f", "b/x f", "a/x b/x f")
	f("folder not synced", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
	}, "f", "a/x f")
	f("moved", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("f", "a/f"))
	}, "f", "a/f")
	f("moved out of a folder that goes", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("a/x", "x"))
		try(t, d.Remove("a"))
	}, "a/x f", "f x")
	f("moved between folders of which one goes", func(t *testing.T, d *Drive) {
		try(t, d.Mkdir("a"))
		try(t, d.Mkdir("b"))
		create(t, d, "a/x")
		try(t, d.SyncDir("a"))
		try(t, d.SyncDir("."))
		try(t, d.Rename("a/x", "b/x"))
		try(t, d.Remove("a"))
	}, "a/x f", "b/x f")
}

// TestReplacedFileIsOneOrTheOther writes a file anew beside itself, synced, and
// renames: the bytes are those before or after.
func TestReplacedFileIsOneOrTheOther(t *testing.T) {
	m, d, _ := synced(t)
	g := create(t, d, "g")
	write(t, g, []byte("new"), 0)
	try(t, g.Sync())
	try(t, d.Rename("g", "f"))
	expect(t, "replaced", seen(m, func(d *Drive) string {
		b, _ := d.ReadFile("f")
		return string(b[:min(3, len(b))])
	}), "aaa", "new")
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

func TestLyingDriveLosesWhatItSynced(t *testing.T) {
	m, d, f := synced(t)
	d.SetLying(true)
	write(t, f, []byte("x"), 0)
	try(t, f.Sync())
	create(t, d, "g")
	try(t, d.SyncDir("."))
	after := m.CrashTo(LoseAll).Drive("d")
	if b, _ := after.ReadFile("f"); b[0] != 'a' || names(after) != "f" {
		t.Error("it told the truth")
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

// TestLifeAfterACrash goes on with what it left, and crashes again.
func TestLifeAfterACrash(t *testing.T) {
	m, d, _ := synced(t)
	after := m.Crash()
	if _, err := d.List("."); !errors.Is(err, ErrCrashed) || !m.Crashed() {
		t.Errorf("the old machine goes on: %v", err)
	}
	d = after.Drive("d")
	f, err := d.Open("f")
	try(t, err)
	write(t, f, []byte("x"), 0)
	create(t, d, "g")
	again := after.CrashTo(LoseAll).Drive("d")
	if b, _ := again.ReadFile("f"); b[0] != 'a' || names(again) != "f" {
		t.Errorf("kept what was not synced: %s, %q", names(again), b[0])
	}
}

// TestSeedsDiffer asks machines that differ in nothing else for their first outcome.
func TestSeedsDiffer(t *testing.T) {
	left := make(map[string]bool)
	for seed := range uint64(50) {
		m := NewMachine(seed)
		create(t, m.Drive("d"), "f")
		left[names(m.Crash().Drive("d"))] = true
	}
	if len(left) != 2 {
		t.Errorf("only %v", left)
	}
}

// TestWriteIsCutOffByCrash has the power go in the middle of one.
func TestWriteIsCutOffByCrash(t *testing.T) {
	none, some, all := 0, 0, 0
	for seed := range uint64(100) {
		m := NewMachine(seed)
		f := create(t, m.Drive("d"), "f")
		m.CrashAfter(0)
		if _, err := f.WriteAt(fill('x', 3*pageSize), 0); !errors.Is(err, ErrCrashed) {
			t.Fatal(err)
		}
		switch m.Kill().Drive("d").Files()[0].Size {
		case 0:
			none++
		case 3 * pageSize:
			all++
		default:
			some++
		}
	}
	if some == 0 || all == 0 {
		t.Errorf("nothing %d times, some %d times, all %d times", none, some, all)
	}
}

// TestCrashAfterEveryOperation stops a program at each of its operations: those
// before are done, those after are not, and that one may be.
func TestCrashAfterEveryOperation(t *testing.T) {
	program := func(d *Drive) error {
		for _, name := range []string{"a", "b", "c"} {
			f, err := d.Create(name)
			if err != nil {
				return err
			}
			if _, err := f.WriteAt([]byte(name), 0); err != nil {
				return err
			}
			if err := errors.Join(f.Sync(), f.Close()); err != nil {
				return err
			}
			if err := d.SyncDir("."); err != nil {
				return err
			}
		}
		return nil
	}
	whole := NewMachine(1)
	try(t, program(whole.Drive("d")))
	if whole.Ops() != 12 || len(whole.Trace()) != 12 {
		t.Fatalf("%d operations", whole.Ops())
	}
	for n := range whole.Ops() {
		done := 0 // how often the operation of the crash turned out to be done, in a killed machine
		for seed := range uint64(40) {
			m := NewMachine(seed)
			d := m.Drive("d")
			m.CrashAfter(n)
			if err := program(d); !errors.Is(err, ErrCrashed) || !m.Crashed() || m.Ops() != n+1 {
				t.Fatalf("after %d: %v, %d operations", n, err, m.Ops())
			}
			if _, err := d.List("."); !errors.Is(err, ErrCrashed) {
				t.Fatalf("reading goes on: %v", err)
			}
			durable := "abc"[:n/4]
			got := m.Crash().Drive("d")
			for _, c := range durable {
				if b, err := got.ReadFile(string(c)); err != nil || string(b) != string(c) {
					t.Fatalf("after %d: %c was lost: %q, %v", n, c, b, err)
				}
			}
			if files := len(got.Files()); files > len(durable)+1 {
				t.Fatalf("after %d: %d files", n, files)
			}
			killed := m.Kill().Drive("d").Files()
			switch last := len(killed) - 1; n % 4 {
			case 0:
				done += len(killed) - len(durable)
			case 1:
				done += int(killed[last].Size)
			}
		}
		if n%4 < 2 && (done == 0 || done == 40) {
			t.Errorf("operation %d was done %d times of 40", n+1, done)
		}
	}
}

func TestKillKeepsWhatWasWritten(t *testing.T) {
	m, d, f := synced(t)
	write(t, f, []byte("x"), 0)
	create(t, d, "g")
	held, err := d.Lock("lock")
	try(t, err)
	defer held.Close()
	try(t, d.Remove("lock"))
	after := m.Kill()
	if _, err := f.Size(); !errors.Is(err, ErrCrashed) {
		t.Errorf("the old machine goes on: %v", err)
	}
	if b, _ := after.Drive("d").ReadFile("f"); b[0] != 'x' || names(after.Drive("d")) != "f g" {
		t.Error("something was lost")
	}
	if got := after.CrashTo(LoseAll).Drive("d"); names(got) != "f" {
		t.Errorf("killing made things durable: %s", names(got))
	}
}

func TestClonesAreApart(t *testing.T) {
	m, d, f := synced(t)
	write(t, f, []byte("x"), 0)
	c := m.Clone()
	write(t, f, []byte("y"), 0)
	try(t, f.Sync())
	try(t, d.Remove("f"))
	g, err := c.Drive("d").Open("f")
	try(t, err)
	write(t, g, []byte("z"), 1)
	if b, _ := c.Drive("d").ReadFile("f"); string(b[:3]) != "xza" {
		t.Errorf("the clone holds %q", b[:3])
	}
	if b, _ := c.CrashTo(LoseAll).Drive("d").ReadFile("f"); string(b[:3]) != "aaa" {
		t.Errorf("the clone's drive holds %q", b[:3])
	}
	if m.Crashed() || names(d) != "" {
		t.Error("the clone's end was the machine's")
	}
}

// TestSameSeedSameOutcome does the same twice.
func TestSameSeedSameOutcome(t *testing.T) {
	run := func(seed uint64) string {
		m := NewMachine(seed)
		rng := rand.New(rand.NewPCG(3, 3))
		var all strings.Builder
		for i := range 100 {
			d := m.Drive([]string{"d", "e"}[i%2])
			name := string(rune('a' + rng.IntN(5)))
			f, err := d.Open(name)
			if errors.Is(err, fs.ErrNotExist) {
				f, err = d.Create(name)
			}
			try(t, err)
			write(t, f, fill(byte(i), rng.IntN(5000)), int64(rng.IntN(5000)))
			if i%7 == 0 {
				try(t, f.Sync())
			}
		}
		for range 5 {
			after := m.Crash().Crash()
			for _, d := range after.Drives() {
				for _, e := range d.Files() {
					b, err := d.ReadFile(e.Name)
					try(t, err)
					all.WriteString(d.Name() + e.Name)
					all.Write(b)
				}
			}
		}
		return all.String()
	}
	first, again := run(1), run(1)
	if first != again {
		t.Error("two runs of one seed differ")
	}
	if first == run(2) {
		t.Error("two seeds are one")
	}
}
