package shardfile

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"

	"croft/objectstore/erasure/disk/simdisk"
)

func (s *sim) orphans(t testing.TB, place int, known ...Body) (found []ID) {
	t.Helper()
	err := s.Orphans(t.Context(), place, func(id ID) bool {
		return slices.ContainsFunc(known, func(b Body) bool { return b.ID == id })
	}, func(id ID) error {
		found = append(found, id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOrphans(t *testing.T) {
	m := simdisk.NewMachine(1)
	s := newSim(t, m, 4, 2)
	if found := s.orphans(t, 0); found != nil {
		t.Fatal(found)
	}
	kept, _ := put(t, s.Store, content(100, 1))
	lost, _ := put(t, s.Store, content(100, 2))
	if found := s.orphans(t, 0); found != nil {
		t.Errorf("bodies of this store are orphans: %v", found)
	}
	half := kept.ID.file() + healSuffix
	strange := kept.ID.folder() + "/notes.txt"
	astray := topFolder + "/zz/" + lost.ID.String()
	for _, name := range []string{half, strange, astray} {
		if err := s.drive(1).WriteFile(name, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}

	s = newSim(t, m.Kill(), 4, 2)
	for place := range s.set.Drives {
		if found := s.orphans(t, place, kept); len(found) != 1 || found[0] != lost.ID {
			t.Errorf("place %d: %v", place, found)
		}
	}
	r, err := s.Open(t.Context(), lost, 0, 1) // somebody knows it after all
	if err != nil {
		t.Fatal(err)
	}
	if found := s.orphans(t, 0, kept); found != nil {
		t.Errorf("a body in use is an orphan: %v", found)
	}
	_ = r.Close()
	for _, name := range []string{strange, astray} {
		if _, err := s.drive(1).ReadFile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.drive(1).ReadFile(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a healing is left: %v", err)
	}
}

// A drive that was away when a body was removed has an orphan when it is back.
func TestOrphansOfDriveThatWasAway(t *testing.T) {
	s := newSim(t, simdisk.NewMachine(1), 4, 2)
	b, _ := put(t, s.Store, content(100, 1))
	s.drive(1).Inject(simdisk.Fault{Kind: simdisk.Remove, Times: 1, Err: fs.ErrExist})
	s.Remove(b)
	if found := s.orphans(t, 1); len(found) != 1 || found[0] != b.ID {
		t.Errorf("found %v", found)
	}
}

func TestOrphansAreRemoved(t *testing.T) {
	m := simdisk.NewMachine(1)
	s := newSim(t, m, 4, 2)
	kept, _ := put(t, s.Store, content(100, 1))
	for range 10 {
		put(t, s.Store, content(100, 2))
	}
	if err := s.drive(1).WriteFile(kept.ID.file()+healSuffix, []byte("x")); err != nil {
		t.Fatal(err)
	}
	s = newSim(t, m.Kill(), 4, 2)
	stop := errors.New("stop")
	if err := s.Orphans(t.Context(), 0, func(ID) bool { return false }, func(ID) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Orphans(ctx, 0, func(ID) bool { return false }, func(ID) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for place := range s.set.Drives {
		err := s.Orphans(t.Context(), place, func(id ID) bool { return id == kept.ID }, func(id ID) error {
			s.Remove(Body{ID: id})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for place := range s.set.Drives {
		if files := s.files(place); !slices.Equal(files, []string{kept.ID.file()}) {
			t.Errorf("place %d: %v", place, files)
		}
	}
}
