package erasure

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/objectstore"
)

// newSmallWorld fills fresh drives with an object of each kind: inline, striped,
// in files, in parts.
func newSmallWorld(tb testing.TB, drives int) *world {
	w := &world{TB: tb, paths: newPaths(tb, drives), want: make(map[string][]byte)}
	w.fillSmall()
	return w
}

func (w *world) fillSmall() {
	w.Helper()
	w.begin()
	for i, n := range []int{0, 100, 70_000, 400_000, 2<<20 + 1} {
		w.put(fmt.Sprintf("size %d", n), randomBytes(n, uint64(i)))
	}
	w.upload("in parts", randomBytes(30_000, 51))
}

// dataFiles are the log's segments and the bodies' files on a drive, which may have
// fallen behind the others and get them late.
func dataFiles(tb testing.TB, drive string) []string {
	tb.Helper()
	for range 200 {
		if files := dataFilesNow(tb, drive); len(files) >= 3 {
			return files
		}
		time.Sleep(50 * time.Millisecond)
	}
	tb.Fatalf("only %q on %s", dataFilesNow(tb, drive), drive)
	return nil
}

func dataFilesNow(tb testing.TB, drive string) (files []string) {
	tb.Helper()
	for _, pattern := range []string{"log/*.seg", "bodies/*/*"} {
		found, err := filepath.Glob(filepath.Join(drive, ".croft", pattern))
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

// damages are ways in which a drive's files go wrong.
var damages = map[string]func(w *world, rng *rand.Rand, drive, other string){
	"flipped bits": func(w *world, rng *rand.Rand, drive, _ string) {
		for _, f := range dataFiles(w, drive) {
			alter(w, f, func(b []byte) []byte {
				for range 50 {
					b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
				}
				return b
			})
		}
	},
	"truncated": func(w *world, rng *rand.Rand, drive, _ string) {
		for _, f := range dataFiles(w, drive) {
			alter(w, f, func(b []byte) []byte { return b[:rng.IntN(len(b)/20)] })
		}
	},
	"empty": func(w *world, _ *rand.Rand, drive, _ string) {
		for _, f := range dataFiles(w, drive) {
			alter(w, f, func([]byte) []byte { return nil })
		}
	},
	"zeros": func(w *world, _ *rand.Rand, drive, _ string) {
		for _, f := range dataFiles(w, drive) {
			alter(w, f, func(b []byte) []byte { clear(b); return b })
		}
	},
	"removed": func(w *world, _ *rand.Rand, drive, _ string) {
		for _, f := range dataFiles(w, drive) {
			if err := os.Remove(f); err != nil {
				w.Fatal(err)
			}
		}
	},
	"another drive's": func(w *world, _ *rand.Rand, drive, other string) {
		for _, f := range dataFiles(w, drive) {
			b, err := os.ReadFile(strings.Replace(f, drive, other, 1))
			if errors.Is(err, fs.ErrNotExist) {
				continue // the other one has fallen behind
			}
			if err != nil {
				w.Fatal(err)
			}
			alter(w, f, func([]byte) []byte { return b })
		}
	},
	"swapped among each other": func(w *world, _ *rand.Rand, drive, _ string) {
		files := dataFiles(w, drive)
		first, err := os.ReadFile(files[0])
		if err != nil {
			w.Fatal(err)
		}
		for i, f := range files {
			b := first
			if i+1 < len(files) {
				if b, err = os.ReadFile(files[i+1]); err != nil {
					w.Fatal(err)
				}
			}
			alter(w, f, func([]byte) []byte { return b })
		}
	},
}

// TestDamageNeverGivesWrongBytes damages one drive after the other, while the store
// is open, while it is closed, and while its catalogue goes too: up to parity all
// reads are right, beyond it they are right or refused.
func TestDamageNeverGivesWrongBytes(t *testing.T) {
	for name, damage := range damages {
		for _, when := range []string{"open", "closed", "rebuilt"} {
			t.Run(name+"/"+when, func(t *testing.T) {
				if testing.Short() && when == "closed" {
					t.Skip("the long run looks at this; the others open, too")
				}
				rng := rand.New(rand.NewPCG(7, 7))
				w := newSmallWorld(t, 4)
				// What was written last could be taken for something that was cut off,
				// were it damaged on all drives.
				if err := w.tryPut("size 0", nil); err != nil {
					t.Fatal(err)
				}
				for hit := range 3 {
					if when != "open" {
						w.close()
					}
					damage(w, rng, w.paths[hit], w.paths[3])
					if when != "open" {
						s, err := Open(t.Context(), Config{Drives: w.paths, Parity: -1, Reindex: when == "rebuilt"})
						if hit == 2 && errors.Is(err, objectstore.ErrReadQuorum) {
							return
						}
						if err != nil {
							t.Fatalf("%d drives damaged: open: %v", hit+1, err)
						}
						w.store = s
						t.Cleanup(func() { _ = s.Close() })
					}
					text := fmt.Sprintf("%d drives damaged", hit+1)
					if hit < 2 {
						w.check(text)
					} else if refused := w.checkHonest(text); refused == 0 && when != "open" {
						t.Fatalf("%s: nothing was refused", text)
					}
				}
			})
		}
	}
}

// TestOldCopiesDoNotPass puts a drive back to what it was some time ago, one after
// the other up to parity, and goes on writing in between.
func TestOldCopiesDoNotPass(t *testing.T) {
	for _, reindex := range []bool{false, true} {
		w := newSmallWorld(t, 4)
		w.close()
		old := t.TempDir()
		for _, hit := range []int{0, 2} {
			if err := os.CopyFS(filepath.Join(old, fmt.Sprint(hit)), os.DirFS(w.paths[hit])); err != nil {
				t.Fatal(err)
			}
		}
		w.open()
		w.put("size 100", randomBytes(5000, 60))
		w.put("size 2097153", randomBytes(2<<20+2, 61))
		w.put("new", randomBytes(50_000, 62))
		w.delete("size 70000")
		w.close()
		for i, hit := range []int{0, 2} {
			if err := os.RemoveAll(w.paths[hit]); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(w.paths[hit], os.DirFS(filepath.Join(old, fmt.Sprint(hit)))); err != nil {
				t.Fatal(err)
			}
			s, err := Open(t.Context(), Config{Drives: w.paths, Parity: -1, Reindex: reindex})
			if err != nil {
				t.Fatal(err)
			}
			w.store = s
			w.check(fmt.Sprintf("drive %d as it was, reindex %v", hit, reindex))
			if i == 1 {
				w.put("after", randomBytes(3000, 63))
			}
			w.close()
		}
		w.open()
		w.check("reopened")
	}
}
