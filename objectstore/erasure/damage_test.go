package erasure

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// damages are ways in which a drive's shard files go wrong.
var damages = map[string]func(w *world, rng *rand.Rand, drive, other string){
	"bit flip": func(w *world, rng *rand.Rand, drive, _ string) {
		for _, f := range shards(w, drive) {
			alter(w, filepath.Join(drive, f), func(b []byte) []byte {
				b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
				return b
			})
		}
	},
	"truncate": func(w *world, rng *rand.Rand, drive, _ string) {
		for _, f := range shards(w, drive) {
			alter(w, filepath.Join(drive, f), func(b []byte) []byte { return b[:rng.IntN(len(b))] })
		}
	},
	"empty": func(w *world, _ *rand.Rand, drive, _ string) {
		for _, f := range shards(w, drive) {
			alter(w, filepath.Join(drive, f), func([]byte) []byte { return nil })
		}
	},
	"append": func(w *world, _ *rand.Rand, drive, _ string) {
		for _, f := range shards(w, drive) {
			alter(w, filepath.Join(drive, f), func(b []byte) []byte { return append(b, b...) })
		}
	},
	"zero a block": func(w *world, rng *rand.Rand, drive, _ string) {
		for _, f := range shards(w, drive) {
			alter(w, filepath.Join(drive, f), func(b []byte) []byte {
				at := rng.IntN(len(b))
				clear(b[at:min(at+512, len(b))])
				return b
			})
		}
	},
	"copy of another drive's shards": func(w *world, _ *rand.Rand, drive, other string) {
		for _, f := range shards(w, drive) {
			b, err := os.ReadFile(filepath.Join(other, f))
			if err != nil {
				w.Fatal(err)
			}
			alter(w, filepath.Join(drive, f), func([]byte) []byte { return b })
		}
	},
	"shards swapped among each other": func(w *world, _ *rand.Rand, drive, _ string) {
		files := shards(w, drive)
		for i := range files[1:] {
			a, b := filepath.Join(drive, files[i]), filepath.Join(drive, files[i+1])
			var held []byte
			alter(w, a, func(x []byte) []byte { held = x; return x })
			alter(w, b, func(x []byte) []byte { held, x = x, held; return x })
			alter(w, a, func([]byte) []byte { return held })
		}
	},
}

// TestDamageNeverGivesWrongBytes damages one drive after the other, before the
// store opens and while it is open: up to parity all reads are right, beyond it
// they are right or refused.
func TestDamageNeverGivesWrongBytes(t *testing.T) {
	for name, damage := range damages {
		for _, live := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/live=%v", name, live), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(7, 7))
				w := newWorld(t, 4)
				for hit := range 3 {
					if !live {
						w.close()
					}
					damage(w, rng, w.paths[hit], w.paths[3])
					if !live {
						w.open()
					}
					when := fmt.Sprintf("%d drives damaged", hit+1)
					if hit < 2 {
						w.check(when)
					} else if refused := w.checkHonest(when); refused == 0 && !(live && name == "append") {
						t.Fatalf("%s: nothing was refused", when)
					}
				}
			})
		}
	}
}

// TestOldCopiesDoNotPass puts an earlier version's shards under the newer one's name.
func TestOldCopiesDoNotPass(t *testing.T) {
	for _, live := range []bool{false, true} {
		w := newWorld(t, 4)
		clear(w.want)
		w.put("key", randomBytes(100_000, 1))
		old := make([][]byte, 4)
		name := func() string {
			v, _, err := w.store.held("bucket", "key")
			if err != nil {
				t.Fatal(err)
			}
			return filepath.Join(croftDir, storeDir, versionsDir, v.file.folder, v.file.base())
		}
		for i, p := range w.paths {
			alter(t, filepath.Join(p, name()), func(b []byte) []byte { old[i] = append([]byte(nil), b...); return b })
		}
		w.put("key", randomBytes(100_000, 2))
		newest := name()
		for hit := range 3 {
			if !live {
				w.close()
			}
			alter(t, filepath.Join(w.paths[hit], newest), func([]byte) []byte { return old[hit] })
			if !live {
				w.open()
			}
			refused := w.checkHonest(fmt.Sprintf("%d old copies", hit+1))
			if want := hit / 2; refused != want {
				t.Fatalf("live=%v, %d old copies: %d refused, want %d", live, hit+1, refused, want)
			}
		}
	}
}

// TestDamagedRecordsAreNotForgotten makes sure that an object of which too few
// records are intact is refused and not taken for one that never was.
func TestDamagedRecordsAreNotForgotten(t *testing.T) {
	w := newWorld(t, 4)
	w.close()
	for _, p := range w.paths[:3] {
		for _, f := range shards(t, p) {
			alter(t, filepath.Join(p, f), func(b []byte) []byte { b[len(b)-30] ^= 1; return b })
		}
	}
	before := len(shards(t, w.paths[3]))
	for range 2 {
		w.open()
		if n := w.checkHonest("damaged records"); n != len(w.want) {
			t.Fatalf("%d refused, want %d", n, len(w.want))
		}
		w.close()
	}
	if after := len(shards(t, w.paths[3])); after != before {
		t.Fatalf("%d shards left of %d", after, before)
	}
}

// TestRunHeals repairs what was damaged, so that as much may be lost again.
func TestRunHeals(t *testing.T) {
	w := newWorld(t, 4)
	w.close()
	rng := rand.New(rand.NewPCG(3, 3))
	for range 2 {
		damages["bit flip"](w, rng, w.paths[0], "")
		damages["truncate"](w, rng, w.paths[1], "")
		w.open()
		for _, v := range w.store.index.all() { // what Run does, without waiting for it
			if _, err := w.store.healVersion(t.Context(), v, true); err != nil {
				t.Fatal(err)
			}
		}
		w.check("healed")
		w.close()
		w.away(2, 3)
		w.open()
		w.check("on healed drives alone")
		w.close()
		w.back(2, 3)
	}
}
