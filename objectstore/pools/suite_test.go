package pools

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/storetest"
)

// testKeys seals under one master key.
type testKeys struct{}

func (testKeys) sealer() *seal.Sealer { return seal.New([32]byte{1}) }

func (k testKeys) Seal(_ context.Context, name string, plain []byte) (string, []byte, error) {
	sealed, err := k.sealer().Seal("test"+name, plain)
	return "key", sealed, err
}

func (k testKeys) Open(_ context.Context, _, name string, sealed []byte) ([]byte, error) {
	return k.sealer().Open("test"+name, sealed)
}

// quickDir returns a folder in memory where there is enough of it: syncing costs
// nothing there. Elsewhere it is TempDir.
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

// drives are the paths of n drives in a folder, with a letter for their pool.
func drives(root, letter string, n int) (paths []string) {
	for i := range n {
		paths = append(paths, filepath.Join(root, fmt.Sprintf("%s%02d", letter, i+1)))
	}
	return paths
}

func config(tb testing.TB, pools ...[]string) Config {
	return Config{sizeOf: inPairs, Pools: pools, Set: erasure.Config{
		Parity: -1, Keys: testKeys{}, SegmentBytes: 1 << 20, Tiers: folderTier(filepath.Join(filepath.Dir(pools[0][0]), "tier")), Logger: slog.New(slog.NewTextHandler(tb.Output(), nil)),
	}}
}

// inPairs makes sets of two drives where there are more than three.
func inPairs(drives int) (int, error) {
	if drives > 3 && drives%2 == 0 {
		return 2, nil
	}
	return SetSize(drives)
}

// mustOpen opens a store that is closed with the test, if not before.
func mustOpen(tb testing.TB, pools ...[]string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), config(tb, pools...))
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSuite(t *testing.T) {
	for _, x := range []struct {
		name  string
		pools []int
		all   bool // the rest are no different in what an engine may do besides
		short bool
	}{
		{"one pool of two sets", []int{4}, false, false},
		{"two pools", []int{2, 3}, false, false},
		{"three pools of several sets", []int{4, 1, 6}, true, false},
		{"two pools, one of two sets", []int{4, 1}, true, true}, // the least that has all of it
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.short != testing.Short() {
				t.Skip("for the run of the other length")
			}
			open := func(t *testing.T) objectstore.Store {
				root := quickDir(t)
				var pools [][]string
				for i, n := range x.pools {
					pools = append(pools, drives(root, string(rune('a'+i)), n))
				}
				return mustOpen(t, pools...)
			}
			storetest.Run(t, open)
			if x.all {
				storetest.RunCoats(t, open)
				storetest.RunQuotas(t, open)
				storetest.RunChanges(t, open)
				storetest.RunNotices(t, func(t *testing.T, a objectstore.Announcer) objectstore.Store {
					c := config(t, drives(quickDir(t), "a", 6))
					c.Set.Announcer = a
					s, err := Open(t.Context(), c)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = s.Close() })
					return s
				})
			}
		})
	}
}
