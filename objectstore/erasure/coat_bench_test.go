package erasure

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"croft/objectstore"
)

// BenchmarkCoats is what encryption and compression cost, small and large.
func BenchmarkCoats(b *testing.B) {
	line := []byte("2026-11-22T10:00:00Z level=info msg=\"request served\" path=/b/k status=200 bytes=4096\n")
	s := openWithKeys(b, pathsIn(b.TempDir(), 4), testKeys{1}, false)
	for _, bucket := range []objectstore.Bucket{
		{Name: "plain"}, {Name: "encrypted", Encryption: objectstore.EncryptionStore},
		{Name: "compressed", Compression: objectstore.Compression{On: true}},
		{Name: "both", Encryption: objectstore.EncryptionStore, Compression: objectstore.Compression{On: true}},
	} {
		if _, err := s.CreateBucket(b.Context(), bucket); err != nil {
			b.Fatal(err)
		}
		for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
			body := bytes.Repeat(line, size/len(line)+1)[:size]
			b.Run(fmt.Sprintf("%s/put/%d", bucket.Name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					o, err := s.Put(b.Context(), objectstore.PutRequest{Bucket: bucket.Name, Key: "key", Body: bytes.NewReader(body), Size: int64(size)})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(float64(o.StoredSize)/float64(size), "stored/plain")
				}
			})
			b.Run(fmt.Sprintf("%s/get/%d", bucket.Name, size), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					_, r, err := s.Get(b.Context(), bucket.Name, "key", nil)
					if err != nil {
						b.Fatal(err)
					}
					if n, err := io.Copy(io.Discard, r); err != nil || n != int64(size) {
						b.Fatal(n, err)
					}
					_ = r.Close()
				}
			})
		}
	}
}
