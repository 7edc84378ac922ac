package erasure

import (
	"fmt"
	"io"
	"testing"

	"croft/objectstore"
)

func BenchmarkPut(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := newWorld(b, 4)
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
	for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			w := newWorld(b, 4)
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
