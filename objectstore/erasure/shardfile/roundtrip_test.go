package shardfile

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"io"
	"testing"

	"croft/objectstore/erasure/driveset"
)

func put(t testing.TB, s *Store, body []byte) (Body, driveset.Places) {
	t.Helper()
	b, where, err := s.Write(t.Context(), bytes.NewReader(body), int64(len(body)), s.set.Geometry, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b, where
}

func get(t testing.TB, s *Store, b Body, offset, length int64) ([]byte, error) {
	t.Helper()
	r, err := s.Open(t.Context(), b, offset, length)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(onlyReader{r})
}

// onlyReader hides WriteTo.
type onlyReader struct{ io.Reader }

func check(t testing.TB, s *Store, b Body, want []byte) {
	t.Helper()
	got, err := get(t, s, b, 0, b.Size)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read %d bytes of %d: %v", len(got), len(want), err)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 6, 8, 16} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			set := folderSet(t, n, -1)
			s, damage := newStore(t, set)
			lay := layoutOf(Body{Data: uint8(set.Geometry.Data), Parity: uint8(set.Geometry.Parity)})
			var sizes []int64
			for _, base := range []int64{0, BlockBytes, lay.chunk, lay.stripe, 2*lay.stripe + lay.chunk, 5 * lay.stripe} {
				sizes = append(sizes, base-1, base, base+1)
			}
			for _, size := range sizes[1:] {
				body := content(int(size), uint64(size))
				for _, want := range []int64{size, -1} {
					h := md5.New()
					b, where, err := s.Write(t.Context(), bytes.NewReader(body), want, set.Geometry, h)
					if err != nil || where != driveset.AllPlaces(n) || b.Size != size {
						t.Fatalf("write %d: %v on %b, %d bytes", size, err, where, b.Size)
					}
					if sum := md5.Sum(body); !bytes.Equal(h.Sum(nil), sum[:]) {
						t.Fatalf("hash of %d bytes", size)
					}
					check(t, s, b, body)
					var to bytes.Buffer
					r, err := s.Open(t.Context(), b, 0, size)
					if err != nil {
						t.Fatal(err)
					}
					if n, err := r.WriteTo(&to); n != size || err != nil || !bytes.Equal(to.Bytes(), body) {
						t.Fatalf("WriteTo: %d, %v", n, err)
					}
					_ = r.Close()
					if damage.of(b.ID) != 0 {
						t.Fatalf("%d bytes are damaged on %b", size, damage.of(b.ID))
					}
				}
			}
		})
	}
}
