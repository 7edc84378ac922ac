package driveset

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// bay is where simulated drives are put in: one path each.
type bay struct {
	t       *testing.T
	machine *simdisk.Machine
	parity  int
	state   string // deployment that a state folder knows
	made    int    // drives
	slots   []*slot
}

// slot is one path and what is there.
type slot struct {
	path string

	mu         sync.Mutex // guards the following 4 fields
	drive      *simdisk.Drive
	mounted    bool
	fileSystem string
	problem    error
}

func newBay(t *testing.T, seed uint64, drives int) *bay {
	b := &bay{t: t, machine: simdisk.NewMachine(seed), parity: -1}
	for i := range drives {
		b.slots = append(b.slots, &slot{path: fmt.Sprintf("/bay/%d", i)})
		b.insert(i, b.blank())
	}
	return b
}

// blank is a drive that nobody has ever seen.
func (b *bay) blank() *simdisk.Drive {
	b.made++
	return b.machine.Drive(fmt.Sprintf("d%02d", b.made))
}

// insert puts a drive in a slot, nil takes the one there out, and returns that. It
// is a file system of its own.
func (b *bay) insert(i int, d *simdisk.Drive) (was *simdisk.Drive) {
	s := b.slots[i]
	s.mu.Lock()
	defer s.mu.Unlock()
	was, s.drive = s.drive, d
	s.mounted, s.fileSystem = true, ""
	if d != nil {
		s.fileSystem = d.Name()
	}
	return was
}

// set changes a slot.
func (b *bay) set(i int, change func(*slot)) {
	b.slots[i].mu.Lock()
	defer b.slots[i].mu.Unlock()
	change(b.slots[i])
}

// move puts the drives of the same names of another machine in the slots.
func (b *bay) move(m *simdisk.Machine) {
	b.machine = m
	for _, s := range b.slots {
		if s.drive != nil {
			s.drive = m.Drive(s.drive.Name())
		}
	}
}

// on is a bay in which another machine's drives are the same way.
func (b *bay) on(m *simdisk.Machine) *bay {
	n := &bay{t: b.t, machine: m, parity: b.parity, state: b.state, made: b.made}
	for _, s := range b.slots {
		n.slots = append(n.slots, &slot{path: s.path, drive: s.drive, mounted: s.mounted, fileSystem: s.fileSystem, problem: s.problem})
	}
	n.move(m)
	return n
}

func (s *slot) look() *Candidate {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Candidate{Path: s.path, Again: s.look, Problem: s.problem, Mounted: s.mounted, FileSystem: s.fileSystem}
	if s.drive == nil {
		c.Missing = true
		return c
	}
	c.Disk = s.drive
	return c
}

func (b *bay) found() (all []*Candidate) {
	for _, s := range b.slots {
		all = append(all, s.look())
	}
	return all
}

func (b *bay) tryOpen() (*Set, error) {
	return Open(Config{Parity: b.parity, Deployment: b.state}, b.found())
}

func (b *bay) open() *Set {
	b.t.Helper()
	s, err := b.tryOpen()
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// idsOf are the drives of a set by place, empty for those that are offline.
func idsOf(s *Set) (all []string) {
	for _, d := range s.Drives {
		id := ""
		if d.Readable() {
			id = d.ID()
		}
		all = append(all, id)
	}
	return all
}

// states are those of the drives as given, for comparing.
func states(s *Set) (all string) {
	letter := map[objectstore.DriveState]string{
		objectstore.DriveOK: "o", objectstore.DriveHealing: "h", objectstore.DriveFailing: "f", objectstore.DriveOffline: "-",
	}
	for _, d := range s.Given {
		state, _ := d.Status()
		all += letter[state]
	}
	return all
}

func wantStates(t *testing.T, s *Set, want string) {
	t.Helper()
	if got := states(s); got != want {
		for _, d := range s.Given {
			state, reason := d.Status()
			t.Logf("%s at %d: %s %s", d.Path, d.Place, state, reason)
		}
		t.Fatalf("drives are %s, want %s", got, want)
	}
}

func wantReason(t *testing.T, d *Drive, want ...string) {
	t.Helper()
	state, reason := d.Status()
	for _, w := range append(want, d.Path) {
		if !strings.Contains(reason, w) {
			t.Fatalf("%s is %s: %q, want %q", d.Path, state, reason, w)
		}
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	code, _ := errs.Public(err)
	return code
}

// formatOf is what a drive says of itself.
func formatOf(t *testing.T, d *simdisk.Drive) *format {
	t.Helper()
	f, err := readFormat(d)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return f
}
