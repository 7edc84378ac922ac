package erasure

import (
	"crypto/md5"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"testing"
)

// TestETags computes sums of bodies of all lengths at the same time, in pieces of
// all lengths.
func TestETags(t *testing.T) {
	var e etags
	defer e.close()
	var wg sync.WaitGroup
	for i := range 3 * maxLanes / 2 {
		rng := rand.New(rand.NewPCG(1, uint64(i)))
		wg.Go(func() {
			for range 20 {
				body := make([]byte, rng.IntN(8*laneBytes))
				answered := e.expect(int64(len(body)))
				for i := range body {
					body[i] = byte(rng.Uint32())
				}
				sum := md5.Sum(body)
				want := hex.EncodeToString(sum[:])
				if got := e.of(body); got != want {
					t.Errorf("%d bytes: %s, want %s", len(body), got, want)
				}
				h, end := e.begin()
				for rest := body; len(rest) > 0; {
					n := 1 + rng.IntN(len(rest))
					_, _ = h.Write(rest[:n])
					rest = rest[n:]
				}
				if got := hex.EncodeToString(h.Sum(nil)); got != want {
					t.Errorf("%d bytes in pieces: %s, want %s", len(body), got, want)
				}
				end()
				answered()
			}
		})
	}
	wg.Wait()
	if n := e.bodies.Load(); n != 0 || e.made == 0 || e.made > maxLanes || len(e.free) != e.made {
		t.Errorf("%d bodies are counted, %d hashes were made and %d given back", n, e.made, len(e.free))
	}
}
