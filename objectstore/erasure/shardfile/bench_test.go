package shardfile

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"hash"
	"io"
	"testing"
)

const benchSize = 64 << 20

func benchmarkWrite64M(b *testing.B, newHash func() hash.Hash) {
	body := content(benchSize, 1)
	for _, n := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := newStore(b, folderSet(b, n, -1))
			b.SetBytes(benchSize)
			b.ReportAllocs()
			for b.Loop() {
				var h hash.Hash
				if newHash != nil {
					h = newHash()
				}
				w, _, err := s.Write(b.Context(), onlyReader{bytes.NewReader(body)}, benchSize, s.set.Geometry, h)
				if err != nil {
					b.Fatal(err)
				}
				s.Remove(w)
			}
		})
	}
}

func BenchmarkWrite64M(b *testing.B)    { benchmarkWrite64M(b, nil) }
func BenchmarkWrite64MMD5(b *testing.B) { benchmarkWrite64M(b, md5.New) }

func BenchmarkRead64M(b *testing.B) {
	for _, n := range []int{1, 4, 16} {
		for _, lost := range []int{0, 1} {
			b.Run(fmt.Sprintf("%d/lost%d", n, lost), func(b *testing.B) {
				s, _ := newStore(b, folderSet(b, n, -1))
				if lost > s.set.Geometry.Parity {
					b.Skip("no parity")
				}
				body, _ := put(b, s, content(benchSize, 1))
				lay := layoutOf(body)
				for shard := range lost {
					if err := s.set.Drives[lay.place(shard)].Remove(body.ID.file()); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(benchSize)
				b.ReportAllocs()
				for b.Loop() {
					r, err := s.Open(b.Context(), body, 0, benchSize)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := r.WriteTo(io.Discard); err != nil {
						b.Fatal(err)
					}
					_ = r.Close()
				}
			})
		}
	}
}

func BenchmarkReadRange(b *testing.B) {
	s, _ := newStore(b, folderSet(b, 4, -1))
	body, _ := put(b, s, content(benchSize, 1))
	b.SetBytes(BlockBytes)
	b.ReportAllocs()
	for b.Loop() {
		r, err := s.Open(b.Context(), body, 33<<20+5*BlockBytes, BlockBytes)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.WriteTo(io.Discard); err != nil {
			b.Fatal(err)
		}
		_ = r.Close()
	}
}

func BenchmarkHeal64M(b *testing.B) {
	s, _ := newStore(b, folderSet(b, 4, -1))
	body, _ := put(b, s, content(benchSize, 1))
	b.SetBytes(benchSize / int64(s.set.Geometry.Data))
	for b.Loop() {
		b.StopTimer()
		if err := s.set.Drives[2].Remove(body.ID.file()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if healed, _, err := s.Heal(b.Context(), body, false); err != nil || healed != 1<<2 {
			b.Fatal(healed, err)
		}
	}
}
