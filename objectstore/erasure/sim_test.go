package erasure

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"croft/objectstore/erasure/disk"
	"croft/objectstore/erasure/disk/simdisk"
	"croft/objectstore/erasure/driveset"
)

// simSegment is the size of the log's segments on simulated drives: small, so that
// there are many.
const simSegment = 64 << 10

// openSim opens a store on so many drives of a simulated machine, which are
// formatted if they are new, and some of which are missing. The catalogue is a real
// file.
func openSim(ctx context.Context, m *simdisk.Machine, drives int, catalogue string, missing ...int) (*Store, error) {
	var found []*driveset.Candidate
	for i := range drives {
		d := m.Drive(fmt.Sprintf("d%02d", i))
		c := &driveset.Candidate{Path: d.Name(), Disk: d, Make: func() (disk.Disk, error) { return d, nil }}
		if slices.Contains(missing, i) {
			c = &driveset.Candidate{Path: d.Name(), Missing: true}
		}
		found = append(found, c)
	}
	set, err := driveset.Open(driveset.Config{Parity: -1}, found)
	if err != nil {
		return nil, err
	}
	s, err := openSet(ctx, Config{Catalogue: catalogue, SegmentBytes: simSegment, Tiers: simTier{m}}, set)
	if err != nil {
		set.Close()
		return nil, err
	}
	return s, nil
}

// catalogueName is the catalogue's file in a folder that keeps one.
const catalogueName = "catalogue.db"

// copyCatalogue copies the catalogue that one folder keeps to a new folder, as
// another process would find it: with SQLite's log and without its memory. Of the
// log only so many thousandths are copied: the rest had not reached the disk.
func copyCatalogue(tb testing.TB, from string, thousandths int) (to string) {
	tb.Helper()
	to, err := os.MkdirTemp(filepath.Dir(from), "copy")
	if err != nil {
		tb.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(filepath.Join(from, catalogueName+suffix))
		if os.IsNotExist(err) {
			continue
		}
		if suffix != "" {
			b = b[:len(b)*thousandths/1000]
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, catalogueName+suffix), b, 0o600)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return to
}

// newFolder makes an empty folder in another.
func newFolder(tb testing.TB, in string) string {
	tb.Helper()
	dir, err := os.MkdirTemp(in, "new")
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}
