package erasure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/disk/simdisk"
)

// FuzzDamage writes a body, damages up to parity drives in some way and reads it
// back: right, or, when one drive more is damaged, right or refused.
func FuzzDamage(f *testing.F) {
	for i, size := range []uint32{0, 1, 4096, 131_071, 131_072, 2 << 20, 2<<20 + 1} {
		f.Add(size, uint8(4), uint64(i), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, size uint32, drives uint8, seed uint64, hits uint8, live bool) {
		n := 2 + int(drives)%6
		body := randomBytes(int(size%(3<<20)), seed)
		m := simdisk.NewMachine(seed)
		catalogue := filepath.Join(quickDir(t), catalogueName)
		open := func() *Store {
			s, err := openSim(t.Context(), m, n, catalogue)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		s := open()
		if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"key", "last"} {
			if err := putBytes(t.Context(), s, key, body); err != nil {
				t.Fatal(err)
			}
		}
		parity := s.set.Geometry.Parity
		if err := s.Close(); err != nil { // when all drives have it
			t.Fatal(err)
		}
		if live {
			s = open()
		}
		rng := rand.New(rand.NewPCG(seed, uint64(hits)))
		hit := int(hits) % (parity + 2)
		for _, i := range rng.Perm(n)[:hit] {
			if err := harm(m.Drive(fmt.Sprintf("d%02d", i)), rng); err != nil {
				t.Fatal(err)
			}
		}
		if !live {
			m = m.Kill()
			var err error
			if s, err = openSim(t.Context(), m, n, catalogue); err != nil {
				if hit > parity && errors.Is(err, objectstore.ErrReadQuorum) {
					return
				}
				t.Fatal(err)
			}
		}
		defer func() { _ = s.Close() }()
		o, err := s.Head(t.Context(), "bucket", "key")
		if hit > parity && err != nil {
			return // what is damaged on too many drives may not be known any more
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := readVersion(t.Context(), s, o)
		switch {
		case err == nil && text != tellBody(body, ""):
			t.Fatalf("%d bytes on %d drives, %d damaged: wrong bytes", len(body), n, hit)
		case err != nil && (hit <= parity || !errors.Is(err, objectstore.ErrReadQuorum)):
			t.Fatalf("%d bytes on %d drives, %d damaged: %v", len(body), n, hit, err)
		}
	})
}

// harm damages the files of a drive that hold data.
func harm(d *simdisk.Drive, rng *rand.Rand) error {
	for _, file := range d.Files() {
		if !strings.HasSuffix(file.Name, ".seg") && !strings.HasPrefix(file.Name, "bodies/") || file.Size == 0 {
			continue
		}
		var err error
		switch rng.IntN(4) {
		case 0:
			err = d.RemoveFile(file.Name)
		case 1:
			err = d.TruncateFile(file.Name, rng.Int64N(file.Size))
		default:
			for range 1 + rng.IntN(30) {
				err = errors.Join(err, d.FlipBit(file.Name, rng.Int64N(file.Size)))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
