package erasure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"croft/objectstore"
)

// TestEightOfSixteen loses 8 of 16 drives in 500 of the 12,870 ways: all reads are
// right and writes are refused. With 7 lost writes work, with 9 nothing opens.
func TestEightOfSixteen(t *testing.T) {
	ways := 500
	if testing.Short() {
		ways = 50
	}
	w := &world{TB: t, paths: newPaths(t, 16), want: make(map[string][]byte)}
	catalogue := filepath.Join(t.TempDir(), "catalogue.db")
	open := func() *Store {
		s, err := Open(t.Context(), Config{Drives: w.paths, Parity: 8, Catalogue: catalogue})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if err := open().Close(); err != nil { // with that parity
		t.Fatal(err)
	}
	w.fillSmall()
	w.close()
	rng := rand.New(rand.NewPCG(rand.Uint64(), 16))
	for i := range ways {
		lost := rng.Perm(16)[:8]
		w.away(lost...)
		w.store = open()
		w.check(fmt.Sprintf("without %v", lost))
		if i%10 == 0 {
			if err := w.tryPut("new", []byte("x")); !errors.Is(err, objectstore.ErrWriteQuorum) {
				t.Fatalf("write without %v: %v", lost, err)
			}
		}
		w.close()
		if i%50 == 0 {
			w.back(lost[7])
			w.store = open()
			w.put("seven", fmt.Append(nil, i))
			w.delete("seven")
			w.check(fmt.Sprintf("written without %v", lost[:7]))
			w.close()
			w.away(lost[7])
		}
		if i%100 == 0 {
			left := slices.IndexFunc(w.paths, func(p string) bool { return !slices.ContainsFunc(lost, func(n int) bool { return w.paths[n] == p }) })
			w.away(left)
			_, err := Open(t.Context(), Config{Drives: w.paths, Parity: 8, Catalogue: catalogue})
			if !errors.Is(err, objectstore.ErrReadQuorum) {
				t.Fatalf("opened without %v and %d: %v", lost, left, err)
			}
			w.back(left)
		}
		w.back(lost...)
	}
}
