package pools

import (
	"os"
	"testing"

	"croft/objectstore"
)

// TestPoolGetsADrive adds a blank drive to the one set of a pool.
func TestPoolGetsADrive(t *testing.T) {
	root := quickDir(t)
	a, b := drives(root, "a", 3), drives(root, "b", 2)
	s := mustOpen(t, a[:2], b)
	makeBucket(t, s)
	keys := manyKeys("before", 30)
	put(t, s, keys...)
	closeStore(t, s)
	if err := os.Mkdir(a[2], 0o700); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, a, b)
	holds(t, s, keys...)
	more := manyKeys("after", 30)
	put(t, s, more...)
	keys = append(keys, more...)
	h, err := s.Health(t.Context())
	if err != nil || len(h.Drives) != 5 {
		t.Fatalf("%d drives, %v", len(h.Drives), err)
	}
	for _, d := range h.Drives {
		if d.State != objectstore.DriveOK {
			t.Errorf("%s is %s: %s", d.Path, d.State, d.Message)
		}
	}
	closeStore(t, s)
	for _, lost := range []string{a[2], a[0]} {
		if err := os.Rename(lost, lost+".away"); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, a, b)
		holds(t, s, keys...)
		closeStore(t, s)
		if err := os.Rename(lost+".away", lost); err != nil {
			t.Fatal(err)
		}
	}
}
