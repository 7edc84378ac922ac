package index_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"

	"croft/objectstore/erasure/index"
)

// The benchmarks share one catalogue: a bucket of a million objects in folders of
// some 250, and one of a hundred thousand folders with two objects each.
const (
	million     = 1
	pairs       = 2
	manyObjects = 1_000_000
	manyPairs   = 100_000
)

var large struct {
	once   sync.Once
	folder string
	db     *index.DB
}

func largeCatalogue(b *testing.B) *index.DB {
	large.once.Do(func() {
		var err error
		if large.folder, err = os.MkdirTemp("", "catalogue"); err != nil {
			b.Fatal(err)
		}
		if large.db, err = index.Open(b.Context(), large.folder+"/catalogue.db", "bench"); err != nil {
			b.Fatal(err)
		}
		keys := make([]string, 0, manyObjects)
		for i := range manyObjects {
			keys = append(keys, benchKey(i))
		}
		slices.Sort(keys)
		fill(b, large.db, million, keys)
		keys = keys[:0]
		for i := range manyPairs {
			keys = append(keys, fmt.Sprintf("%08x/1", i), fmt.Sprintf("%08x/2", i))
		}
		fill(b, large.db, pairs, keys)
	})
	return large.db
}

func fill(b *testing.B, db *index.DB, bucket uint64, keys []string) {
	for part := range slices.Chunk(keys, 10_000) {
		apply(b, db, func(tx *index.Tx) error {
			for _, key := range part {
				if _, err := tx.PutVersion(object(bucket, key)); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func closeLarge() {
	if large.db != nil {
		_ = large.db.Close()
	}
	if large.folder != "" {
		_ = os.RemoveAll(large.folder)
	}
}

// benchKey scatters numbers over folders.
func benchKey(i int) string {
	h := uint64(i+1) * 0x9e3779b97f4a7c15
	return fmt.Sprintf("%03x/%010x", h>>52, h>>12&0xffffffffff)
}

func object(bucket uint64, key string) index.Version {
	return index.Version{Bucket: bucket, Key: key, Ord: 1, Null: true, Size: 4096, Value: make([]byte, 100)}
}

// BenchmarkApply16 puts new keys in batches of 16, as 16 clients do.
func BenchmarkApply16(b *testing.B) { benchmarkApply(b, false) }

// BenchmarkReplace16 puts keys that are there.
func BenchmarkReplace16(b *testing.B) { benchmarkApply(b, true) }

func benchmarkApply(b *testing.B, replace bool) {
	db := largeCatalogue(b)
	next := manyObjects + int(nextBucket.Add(1)+1)<<32
	b.ReportAllocs()
	for b.Loop() {
		apply(b, db, func(tx *index.Tx) error {
			for range 16 {
				next++
				v := object(million, benchKey(next))
				if replace {
					v.Key, v.Ord = benchKey(rand.IntN(manyObjects)), uint64(next)
				}
				if _, err := tx.PutVersion(v); err != nil {
					return err
				}
				tx.AddLive(7, 4096, 1)
			}
			return tx.Set("position", make([]byte, 16))
		})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/16, "ns/row")
}

// BenchmarkDelete100 deletes objects in batches of 100.
func BenchmarkDelete100(b *testing.B) {
	db := largeCatalogue(b)
	order := rand.Perm(manyObjects)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		keys := make([]string, 0, 100)
		for i := range 100 {
			keys = append(keys, benchKey(order[(n*100+i)%manyObjects]))
		}
		apply(b, db, func(tx *index.Tx) error {
			for _, key := range keys {
				if _, _, err := tx.DeleteVersion(million, key, 1); err != nil {
					return err
				}
				tx.AddLive(7, -4096, -1)
			}
			return nil
		})
		b.StopTimer()
		fill(b, db, million, keys)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/row")
}

// BenchmarkGet looks up random keys.
func BenchmarkGet(b *testing.B) {
	db := largeCatalogue(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, found, err := db.Latest(b.Context(), million, benchKey(rand.IntN(manyObjects))); err != nil || !found {
			b.Fatal(found, err)
		}
	}
}

// BenchmarkGetAbsent looks up keys that are not there.
func BenchmarkGetAbsent(b *testing.B) {
	db := largeCatalogue(b)
	for b.Loop() {
		if _, found, err := db.Latest(b.Context(), million, benchKey(rand.IntN(manyObjects))+"x"); err != nil || found {
			b.Fatal(found, err)
		}
	}
}

// BenchmarkGetWhileWriting looks up random keys while batches are applied, which
// empties the readers' caches.
func BenchmarkGetWhileWriting(b *testing.B) {
	db := largeCatalogue(b)
	stop := make(chan struct{})
	var done sync.WaitGroup
	next := manyObjects + int(nextBucket.Add(1)+1)<<32
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = db.Apply(b.Context(), func(tx *index.Tx) error {
				for range 16 {
					next++
					if _, err := tx.PutVersion(object(million, benchKey(next))); err != nil {
						return err
					}
				}
				return nil
			})
		}
	})
	for b.Loop() {
		if _, found, err := db.Latest(b.Context(), million, benchKey(rand.IntN(manyObjects))); err != nil || !found {
			b.Fatal(found, err)
		}
	}
	close(stop)
	done.Wait()
}

// BenchmarkListPage asks for a thousand keys from a random one on.
func BenchmarkListPage(b *testing.B) {
	benchmarkList(b, func() index.ListRequest {
		return index.ListRequest{Bucket: million, After: benchKey(rand.IntN(manyObjects))}
	})
}

// BenchmarkListFolders asks for a thousand folders with some 250 objects each.
func BenchmarkListFolders(b *testing.B) {
	benchmarkList(b, func() index.ListRequest {
		return index.ListRequest{Bucket: million, Delimiter: "/", After: fmt.Sprintf("%03x/", rand.IntN(3000))}
	})
}

// BenchmarkListPairs asks for a thousand folders with two objects each.
func BenchmarkListPairs(b *testing.B) {
	benchmarkList(b, func() index.ListRequest {
		return index.ListRequest{Bucket: pairs, Delimiter: "/", After: fmt.Sprintf("%08x/", rand.IntN(manyPairs-2000))}
	})
}

// BenchmarkListFolder asks for the content of one folder.
func BenchmarkListFolder(b *testing.B) {
	benchmarkList(b, func() index.ListRequest {
		return index.ListRequest{Bucket: million, Delimiter: "/", Prefix: fmt.Sprintf("%03x/", rand.IntN(4096))}
	})
}

func benchmarkList(b *testing.B, next func() index.ListRequest) {
	db := largeCatalogue(b)
	b.ReportAllocs()
	entries := 0
	for b.Loop() {
		if _, err := db.List(b.Context(), next(), func(index.Entry) error { entries++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}
