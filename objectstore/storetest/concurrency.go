package storetest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"croft/objectstore"
)

var concurrencyTests = []test{
	{"NeverAMix", func(f *fixture) {
		// Every body is one byte repeated, and its length says which: any mix shows.
		body := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1<<20+i*70_001) }
		f.put("key", body(1))
		var writers, readers sync.WaitGroup
		stop := make(chan struct{})
		for w := range 2 {
			writers.Go(func() {
				for i := range 12 {
					n := 1 + (i*2+w)%20
					if _, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(body(n)), Size: -1}); err != nil {
						f.Errorf("put: %v", err)
					}
				}
			})
		}
		for range 4 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					o, r, err := f.Get(f.ctx, "bucket", "key", nil)
					if err != nil {
						f.Errorf("get: %v", err)
						return
					}
					got, err := io.ReadAll(r)
					_ = r.Close()
					if err != nil || int64(len(got)) != o.Size || !bytes.Equal(got, body(int(got[0]))) || md5Hex(got) != o.ETag {
						f.Errorf("a read of %d bytes is no body that was put (%v)", len(got), err)
						return
					}
				}
			})
		}
		writers.Wait()
		close(stop)
		readers.Wait()
	}},
	{"OneOfManyWinsAbsence", func(f *fixture) {
		var won atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := f.Put(f.ctx, objectstore.PutRequest{
					Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1, Condition: objectstore.Condition{Absent: true},
				})
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, objectstore.ErrPreconditionFailed):
					f.Errorf("put: %v", err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			f.Fatalf("%d writers found the key absent", won.Load())
		}
	}},
	{"IncrementsByCompareAndSwap", func(f *fixture) {
		const workers, rounds = 4, 8
		f.put("counter", nil)
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for done := 0; done < rounds; {
					o, r, err := f.Get(f.ctx, "bucket", "counter", nil)
					if err != nil {
						f.Errorf("get: %v", err)
						return
					}
					b, err := io.ReadAll(r)
					_ = r.Close()
					if err != nil {
						f.Errorf("read: %v", err)
						return
					}
					_, err = f.Put(f.ctx, objectstore.PutRequest{
						Bucket: "bucket", Key: "counter", Body: bytes.NewReader(append(b, 'x')), Size: int64(len(b)) + 1,
						Condition: objectstore.Condition{ETag: o.ETag},
					})
					if err == nil {
						done++
					} else if !errors.Is(err, objectstore.ErrPreconditionFailed) {
						f.Errorf("put: %v", err)
						return
					}
				}
			})
		}
		all.Wait()
		f.holds("counter", bytes.Repeat([]byte{'x'}, workers*rounds))
	}},
	{"BucketDeletionAgainstPuts", func(f *fixture) {
		for range 10 {
			if _, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "victim"}); err != nil && !errors.Is(err, objectstore.ErrBucketExists) {
				f.Fatalf("create: %v", err)
			}
			var put, gone error
			var both sync.WaitGroup
			both.Go(func() {
				_, put = f.Put(f.ctx, objectstore.PutRequest{Bucket: "victim", Key: "k", Body: strings.NewReader("x"), Size: 1})
			})
			both.Go(func() { gone = f.DeleteBucket(f.ctx, "victim") })
			both.Wait()
			if (put == nil) == (gone == nil) {
				f.Fatalf("put: %v, delete bucket: %v", put, gone)
			}
			if put == nil {
				_, err := f.Delete(f.ctx, "victim", "k")
				f.ok("delete", err)
			} else {
				f.wants("put", put, objectstore.ErrBucketNotFound)
			}
		}
	}},
}
