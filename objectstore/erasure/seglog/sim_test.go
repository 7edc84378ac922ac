package seglog

import (
	"fmt"
	"testing"

	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// simDrive is the drive of a simulated machine that was given as number i.
func simDrive(m *simdisk.Machine, i int) *simdisk.Drive { return m.Drive(fmt.Sprintf("d%02d", i)) }

// openSim opens the set of a machine's drives, without those that are missing.
func openSim(m *simdisk.Machine, g driveset.Geometry, missing driveset.Places) (*driveset.Set, error) {
	var found []*driveset.Candidate
	for i := range g.Drives() {
		d := simDrive(m, i)
		look := func() *driveset.Candidate { return &driveset.Candidate{Path: d.Name(), Disk: d} }
		c := look()
		if missing.Has(i) {
			c = &driveset.Candidate{Path: d.Name(), Missing: true}
		}
		c.Again = look
		found = append(found, c)
	}
	return driveset.Open(driveset.Config{Parity: g.Parity}, found)
}

// newSim is a machine with a formatted set of drives.
func newSim(t testing.TB, seed uint64, g driveset.Geometry) *simdisk.Machine {
	t.Helper()
	m := simdisk.NewMachine(seed)
	set, err := openSim(m, g, 0)
	if err != nil {
		t.Fatal(err)
	}
	set.Close()
	return m
}
