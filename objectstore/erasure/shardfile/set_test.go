package shardfile

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"

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

// simSet is the set of a simulated machine's drives; new ones are formatted.
func simSet(t testing.TB, m *simdisk.Machine, n, parity int) *driveset.Set {
	t.Helper()
	return openSet(t, candidates(m, n), parity)
}

func candidates(m *simdisk.Machine, n int) (found []*driveset.Candidate) {
	for i := range n {
		d := m.Drive(fmt.Sprint("d", i))
		found = append(found, &driveset.Candidate{
			Path: fmt.Sprint("d", i), Disk: d, Make: func() (disk.Disk, error) { return d, nil },
		})
	}
	return found
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

func newStore(t testing.TB, set *driveset.Set) (*Store, *damage) {
	t.Helper()
	d := new(damage)
	s := New(set, Config{Damaged: d.add})
	t.Cleanup(s.Close)
	return s, d
}

// content is n bytes that depend on the seed alone.
func content(n int, seed uint64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b)
	return b
}
