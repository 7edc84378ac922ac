package erasure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"croft/objectstore"
	"croft/objectstore/storetest"
)

func TestSuite(t *testing.T) {
	for _, drives := range []int{1, 2, 3, 4, 16} {
		t.Run(fmt.Sprintf("%d drives", drives), func(t *testing.T) {
			if testing.Short() && drives != 1 && drives != 4 {
				t.Skip("other numbers of drives are for the long run")
			}
			storetest.Run(t, func(t *testing.T) objectstore.Store {
				return mustOpen(t, newPaths(t, drives))
			})
		})
	}
	t.Run("grown", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) objectstore.Store { return mustGrow(t, newPaths(t, 5), 3) })
	})
	t.Run("on a disk", func(t *testing.T) {
		if testing.Short() {
			t.Skip("what a disk adds is waiting, which is for the long run")
		}
		storetest.Run(t, func(t *testing.T) objectstore.Store {
			return mustOpen(t, pathsIn(t.TempDir(), 4))
		})
	})
}

// mustGrow opens a store on some of the drives, uses it, and opens it on all.
func mustGrow(t *testing.T, paths []string, from int) *Store {
	t.Helper()
	s := mustOpen(t, paths[:from])
	_, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "before"})
	err = errors.Join(err, s.DeleteBucket(t.Context(), "before"), s.Close())
	for _, p := range paths[from:] {
		err = errors.Join(err, os.MkdirAll(p, 0o700))
	}
	if err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, paths)
}

// newPaths returns paths of drives that do not exist yet.
func newPaths(tb testing.TB, n int) []string {
	tb.Helper()
	return pathsIn(quickDir(tb), n)
}

// quickDir returns a folder in memory where there is enough of it: syncing costs
// nothing there, and no test could see what a sync does. Elsewhere it is TempDir.
func quickDir(tb testing.TB) string {
	tb.Helper()
	const memory = "/dev/shm"
	if st, err := os.Stat(memory); err == nil && st.IsDir() {
		if dir, err := os.MkdirTemp(memory, "croft"); err == nil {
			tb.Cleanup(func() { _ = os.RemoveAll(dir) })
			return dir
		}
	}
	return tb.TempDir()
}

func pathsIn(root string, n int) []string {
	var paths []string
	for i := range n {
		paths = append(paths, filepath.Join(root, fmt.Sprintf("disk%d", i+1)))
	}
	return paths
}

// mustOpen opens a store that is closed with the test, if not before.
func mustOpen(tb testing.TB, paths []string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), Config{Drives: paths, Parity: -1})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}
