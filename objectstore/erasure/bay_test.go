package erasure

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// bay is where simulated drives are put in and taken out while a store runs, and
// what must be on them.
type bay struct {
	*world
	machine   *simdisk.Machine
	catalogue string
	segment   int64

	mu    sync.Mutex       // guards the following field
	slots []*simdisk.Drive // nil is none
}

func newBay(t *testing.T, drives int) *bay { return newBayOf(t, drives, 1<<20) }

// newBayOf is a bay in which the log has segments of a size.
func newBayOf(t *testing.T, drives int, segment int64) *bay {
	b := &bay{
		world:   &world{TB: t, want: make(map[string][]byte)},
		machine: simdisk.NewMachine(1), catalogue: filepath.Join(quickDir(t), "catalogue.db"), segment: segment,
	}
	for i := range drives {
		b.slots = append(b.slots, b.machine.Drive(fmt.Sprint("drive ", i)))
	}
	b.open()
	t.Cleanup(func() { _ = b.store.Close() })
	if _, err := b.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	return b
}

// look is what driveset sees in a slot.
func (b *bay) look(i int) *driveset.Candidate {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &driveset.Candidate{Path: fmt.Sprint("slot ", i), Again: func() *driveset.Candidate { return b.look(i) }}
	if d := b.slots[i]; d == nil {
		c.Missing = true
	} else {
		c.Disk, c.FileSystem, c.Mounted = d, d.Name(), true
		c.Make = func() (disk.Disk, error) { return d, nil }
	}
	return c
}

// insert puts a drive in a slot, nil takes out what is there, and returns that.
func (b *bay) insert(i int, d *simdisk.Drive) (was *simdisk.Drive) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was, b.slots[i] = b.slots[i], d
	return was
}

// pull takes a drive out while it is in use, for long enough to be missed.
func (b *bay) pull(i int) *simdisk.Drive {
	d := b.insert(i, nil)
	d.SetGone(true)
	b.store.set.Drives[i].Fence("It was pulled.")
	b.store.lookAround(b.Context())
	return d
}

// putBack puts a drive in again.
func (b *bay) putBack(i int, d *simdisk.Drive) {
	d.SetGone(false)
	b.insert(i, d)
}

func (b *bay) open() {
	b.Helper()
	var found []*driveset.Candidate
	for i := range b.slots {
		found = append(found, b.look(i))
	}
	set, err := driveset.Open(driveset.Config{Parity: -1}, found)
	if err != nil {
		b.Fatal(err)
	}
	b.store, err = openSet(b.Context(), Config{Catalogue: b.catalogue, SegmentBytes: b.segment, Logger: slog.New(slog.NewTextHandler(b.Output(), nil))}, set)
	if err != nil {
		set.Close()
		b.Fatal(err)
	}
}

// fill writes objects of all kinds under names that begin with a prefix.
func (b *bay) fill(prefix string) {
	b.Helper()
	for i, n := range []int{0, 1, 3000, 70_000, 200_000, 900_000, 2<<20 + 5} {
		b.put(fmt.Sprint(prefix, n), randomBytes(n, uint64(i)+uint64(len(prefix))))
	}
}

// heal looks for drives and heals until nothing more can be done.
func (b *bay) heal() {
	b.Helper()
	for range 3 {
		b.store.lookAround(b.Context())
		if err := b.store.heal.heal(b.Context()); err != nil {
			b.Fatalf("heal: %v", err)
		}
	}
}

// without demands that everything can be read without these drives, all of which
// are there again afterwards.
func (b *bay) without(when string, places ...int) {
	b.Helper()
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	was := map[int]*simdisk.Drive{}
	for _, i := range places {
		was[i] = b.insert(i, nil)
	}
	b.open()
	b.check(when)
	if err := b.store.Close(); err != nil {
		b.Fatal(err)
	}
	for i, d := range was {
		b.insert(i, d)
	}
	b.open()
}

// state is how the store says that a drive is.
func (b *bay) state(place int) objectstore.Drive {
	b.Helper()
	h, err := b.store.Health(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return h.Drives[place]
}

func (b *bay) wantOK() {
	b.Helper()
	for i := range b.slots {
		if d := b.state(i); d.State != objectstore.DriveOK || d.Healing != nil {
			b.Fatalf("drive %d is %s: %s (%+v)", i, d.State, d.Message, d.Healing)
		}
	}
}
