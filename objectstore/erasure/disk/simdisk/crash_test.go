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

// TestSettle makes durable what nobody synced, in folders too.
func TestSettle(t *testing.T) {
	m := NewMachine(1)
	d := m.Drive("d")
	try(t, d.Mkdir("a"))
	f, err := d.Create("a/f")
	try(t, err)
	_, err = f.WriteAt([]byte("words"), 3)
	try(t, err)
	try(t, d.Settle())
	_, err = f.WriteAt([]byte("W"), 3)
	try(t, err)
	f, err = m.CrashTo(LoseAll).Drive("d").Open("a/f")
	try(t, err)
	b := make([]byte, 8)
	if _, err := f.ReadAt(b, 0); err != nil || string(b) != "\x00\x00\x00words" {
		t.Errorf("%q, %v", b, err)
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
