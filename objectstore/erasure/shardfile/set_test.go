package shardfile

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"croft/objectstore/erasure/disk"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// folderSet is a new set of so many folders.
func folderSet(t testing.TB, n, parity int) *driveset.Set {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i := range n {
		paths = append(paths, filepath.Join(dir, fmt.Sprint(i)))
	}
	found, err := driveset.Local(paths)
	if err != nil {
		t.Fatal(err)
	}
	return openSet(t, found, parity)
}

func openSet(t testing.TB, found []*driveset.Candidate, parity int) *driveset.Set {
	t.Helper()
	set, err := driveset.Open(driveset.Config{Parity: parity}, found)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(set.Close)
	return set
}

// damage collects what a store reports.
type damage struct {
	mu     sync.Mutex // guards the following field
	places map[ID]driveset.Places
}

func (d *damage) add(id ID, places driveset.Places) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.places == nil {
		d.places = make(map[ID]driveset.Places)
	}
	d.places[id] |= places
}

func (d *damage) of(id ID) driveset.Places {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.places[id]
}

// patient is for tests that are not about time, on machines that are busy.
var patient = timing{
	lag: time.Hour, grace: time.Hour, late: time.Hour, stuck: time.Hour, hedge: time.Hour, memory: time.Hour,
}

func newStore(t testing.TB, set *driveset.Set) (*Store, *damage) {
	t.Helper()
	d := new(damage)
	s := New(set, Config{Damaged: d.add})
	s.timing = patient
	t.Cleanup(s.Close)
	return s, d
}

// sim is a store on simulated drives.
type sim struct {
	*Store
	machine *simdisk.Machine
	damage  *damage
}

// newSim starts on a machine's drives, which are formatted if they are new.
func newSim(t testing.TB, m *simdisk.Machine, n, parity int) *sim {
	t.Helper()
	var found []*driveset.Candidate
	for i := range n {
		d := m.Drive(fmt.Sprint("d", i))
		found = append(found, &driveset.Candidate{
			Path: fmt.Sprint("d", i), Disk: d, Make: func() (disk.Disk, error) { return d, nil },
		})
	}
	s, damage := newStore(t, openSet(t, found, parity))
	return &sim{s, m, damage}
}

// hurried runs a test on four drives of which two may be lost, with a clock that
// goes on when everybody waits.
func hurried(t *testing.T, f func(t *testing.T, s *sim)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newSim(t, simdisk.NewMachine(1), 4, 2)
		s.timing = usualTiming
		f(t, s)
	})
}

// drive is the simulated drive in a place.
func (s *sim) drive(place int) *simdisk.Drive { return s.machine.Drive(s.set.Drives[place].Path) }

// files are the bodies' files on a drive.
func (s *sim) files(place int) (names []string) {
	for _, f := range s.drive(place).Files() {
		if strings.HasPrefix(f.Name, topFolder+"/") {
			names = append(names, f.Name)
		}
	}
	return names
}

// wantNoFiles fails the test when any drive of some places has a body's file.
func (s *sim) wantNoFiles(t testing.TB, where driveset.Places) {
	t.Helper()
	for place := range s.set.Drives {
		if where.Has(place) && len(s.files(place)) > 0 {
			t.Errorf("left on drive %d: %v", place, s.files(place))
		}
	}
}

// placesOf returns where the given shards of a body are.
func placesOf(b Body, shards ...int) (places driveset.Places) {
	lay := layoutOf(b)
	for _, s := range shards {
		places = places.With(lay.place(s))
	}
	return places
}

// content is n bytes that depend on the seed alone.
func content(n int, seed uint64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b)
	return b
}
