package erasure

import (
	"bytes"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"croft/objectstore"
)

// BenchmarkSmall is the engine alone with 16 callers on drives of the disk that
// holds the temporary folder.
func BenchmarkSmall(b *testing.B) {
	for _, n := range []int{4, 16} {
		s := mustOpen(b, pathsIn(b.TempDir(), n))
		if _, err := s.CreateBucket(b.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
			b.Fatal(err)
		}
		body := randomBytes(4096, 1)
		var made, asked atomic.Int64
		b.Run(fmt.Sprintf("put/%d drives", n), func(b *testing.B) {
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := s.Put(b.Context(), objectstore.PutRequest{
						Bucket: "bucket", Key: fmt.Sprintf("%d/k", made.Add(1)), Body: bytes.NewReader(body), Size: 4096,
					})
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
		b.Run(fmt.Sprintf("get/%d drives", n), func(b *testing.B) {
			top := made.Load()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, r, err := s.Get(b.Context(), "bucket", fmt.Sprintf("%d/k", (asked.Add(1)*7919)%top+1), nil)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, r)
					_ = r.Close()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{1 << 20, 64 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := &world{TB: b, paths: pathsIn(b.TempDir(), 4), want: make(map[string][]byte)}
			w.begin()
			body := randomBytes(size, 1)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				w.put("key", body)
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	for _, size := range []int{1 << 20, 64 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := &world{TB: b, paths: pathsIn(b.TempDir(), 4), want: make(map[string][]byte)}
			w.begin()
			w.put("key", randomBytes(size, 1))
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_, body, err := w.store.Get(b.Context(), "bucket", "key", nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, body); err != nil {
					b.Fatal(err)
				}
				_ = body.Close()
			}
		})
	}
}

func BenchmarkList(b *testing.B) {
	w := newWorld(b, 1)
	for i := range 5000 {
		w.put(fmt.Sprintf("%02d/%d", i%50, i), nil)
	}
	for name, r := range map[string]objectstore.ListRequest{
		"page":    {Bucket: "bucket"},
		"folders": {Bucket: "bucket", Delimiter: "/"},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := w.store.List(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
