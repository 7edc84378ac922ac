package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"croft/internal/errs"
	"croft/objectstore"
)

var quotaTests = []test{
	{"RefusedBeforeTheBodyIsRead", func(f *fixture) {
		f.quota(1000)
		f.put("a", random(600, 1))
		body := &watched{Reader: *bytes.NewReader(random(401, 2))}
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "b", Body: body, Size: 401})
		f.wants("one byte too much", err, objectstore.ErrQuotaExceeded)
		if body.reads > 0 || errs.KindOf(err) != errs.StorageFull {
			f.Fatalf("read %d times, %v", body.reads, err)
		}
		body = &watched{Reader: *bytes.NewReader(random(401, 2))}
		_, err = f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "b", Body: body, Size: -1})
		f.wants("one byte too much, not announced", err, objectstore.ErrQuotaExceeded)
		f.absent("b")
		f.put("b", random(400, 2))
		f.put("empty", nil)
		f.uses(objectstore.Usage{Objects: 3, Bytes: 1000})
		f.quota(1001)
		f.put("c", random(1, 2))
	}},
	{"OverwritingCountsTheDifference", func(f *fixture) {
		f.quota(1000)
		f.put("key", random(600, 1))
		f.put("key", random(1000, 2))
		f.refusedPut("key", 1001)
		f.holds("key", random(1000, 2))
		f.refusedPut("other", 1)
		f.quota(500) // less than there is: what does not grow works
		f.holds("key", random(1000, 2))
		f.put("key", random(1000, 3))
		f.put("key", random(999, 3))
		f.refusedPut("key", 1000)
		f.uses(objectstore.Usage{Objects: 1, Bytes: 999})
		_, err := f.Delete(f.ctx, "bucket", "key")
		f.ok("delete", err)
		f.put("key", random(500, 4))
		f.quota(0)
		f.put("key", random(5000, 4))
	}},
	{"VersionsCount", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		f.quota(1000)
		first := f.put("key", random(600, 1))
		f.refusedPut("key", 401)
		f.put("key", random(400, 2))
		_, err := f.Delete(f.ctx, "bucket", "key") // a marker over it
		f.ok("delete", err)
		f.refusedPut("key", 1)
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "key", ID: first.VersionID}})
		f.ok("delete version", err)
		f.uses(objectstore.Usage{Versions: 2, Bytes: 400})
		f.put("key", random(600, 3))
		f.versioned(objectstore.VersioningSuspended)
		f.refusedPut("key", 1)
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: "bucket", Key: "key"}, Bypass: true})
		f.ok("delete", err)
		f.quota(1100)
		f.put("key", random(50, 3))
		f.put("key", random(100, 3)) // in place of the null version
		f.refusedPut("key", 101)
	}},
	{"UploadsAndCopies", func(f *fixture) {
		f.quota(minPart + 100)
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		f.ok("create", err)
		body := &watched{Reader: *bytes.NewReader(random(minPart+101, 2))}
		r := objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: body, Size: minPart + 101}
		_, err = f.PutPart(f.ctx, r)
		f.wants("a part too much", err, objectstore.ErrQuotaExceeded)
		if body.reads > 0 {
			f.Fatalf("it was read %d times", body.reads)
		}
		f.part(u, 1, random(minPart, 1))
		f.uses(objectstore.Usage{Unfinished: minPart})
		f.refusedPart(u, 2, 101)
		f.part(u, 3, random(100, 3))
		f.refusedPut("other", 1)
		f.refusedPart(u, 3, 101)
		f.part(u, 3, random(99, 4)) // in place of the other
		f.part(u, 3, random(100, 3))
		f.uses(objectstore.Usage{Unfinished: minPart + 100})
		f.quota(1) // less than there is: what does not grow works
		done := objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}, {Number: 3}}}
		_, err = f.CompleteUpload(f.ctx, done)
		f.ok("complete", err)
		f.quota(minPart + 100)
		c := objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy"}
		_, err = f.Copy(f.ctx, c)
		f.wants("copy", err, objectstore.ErrQuotaExceeded)
		c.Key = "key"
		_, err = f.Copy(f.ctx, c)
		f.ok("copy onto itself", err)
		f.uses(objectstore.Usage{Objects: 1, Bytes: minPart + 100})
	}},
	{"UnfinishedUploadsCount", func(f *fixture) {
		f.quota(1000)
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		f.ok("create", err)
		f.part(u, 1, random(600, 1))
		f.part(u, 2, random(300, 2))
		f.refusedPut("other", 101)
		f.put("key", random(100, 3))
		f.uses(objectstore.Usage{Objects: 1, Bytes: 100, Unfinished: 900})
		_, err = f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 2}}})
		f.ok("complete with one of the parts", err)
		f.uses(objectstore.Usage{Objects: 1, Bytes: 300})
		f.put("other", random(700, 4))
		u, err = f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		f.ok("create", err)
		f.refusedPart(u, 1, 1) // although the object would give way to it
		_, err = f.Delete(f.ctx, "bucket", "other")
		f.ok("delete", err)
		f.part(u, 1, random(700, 1))
		f.refusedPut("other", 1)
		f.ok("abort", f.AbortUpload(f.ctx, u.UploadRef))
		f.uses(objectstore.Usage{Objects: 1, Bytes: 300})
		f.put("other", random(700, 4))
	}},
	{"ExactWhenManyParts", func(f *fixture) {
		f.quota(1000)
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		f.ok("create", err)
		other, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "other"})
		f.ok("create", err)
		var fit, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				to := []objectstore.Upload{u, other}[i%2]
				r := objectstore.PutPartRequest{Upload: to.UploadRef, Number: 1 + i, Body: bytes.NewReader(random(100, 1)), Size: -1}
				switch _, err := f.PutPart(f.ctx, r); {
				case err == nil:
					fit.Add(1)
				case errors.Is(err, objectstore.ErrQuotaExceeded):
					refused.Add(1)
				default:
					f.Errorf("part: %v", err)
				}
			})
		}
		wg.Wait()
		if fit.Load() != 10 || refused.Load() != 20 {
			f.Fatalf("%d fit and %d were refused", fit.Load(), refused.Load())
		}
		f.uses(objectstore.Usage{Unfinished: 1000})
	}},
	{"ExactWhenManyWrite", func(f *fixture) {
		for round := range 5 {
			f.quota(int64(round+1) * 1000)
			var fit, refused atomic.Int64
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() {
					_, err := f.Put(f.ctx, objectstore.PutRequest{
						Bucket: "bucket", Key: fmt.Sprintf("%d/%d", round, i), Body: bytes.NewReader(random(100, 1)), Size: -1,
					})
					switch {
					case err == nil:
						fit.Add(1)
					case errors.Is(err, objectstore.ErrQuotaExceeded):
						refused.Add(1)
					default:
						f.Errorf("put: %v", err)
					}
				})
			}
			wg.Wait()
			if fit.Load() != 10 || refused.Load() != 30 {
				f.Fatalf("round %d: %d fit and %d were refused", round, fit.Load(), refused.Load())
			}
			f.uses(objectstore.Usage{Objects: int64(round+1) * 10, Bytes: int64(round+1) * 1000})
		}
	}},
	{"Refusals", func(f *fixture) {
		_, err := f.api().UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
			b.Quota = -1
			return nil
		})
		if errs.KindOf(err) != errs.Invalid {
			f.Fatalf("a negative quota: %v", err)
		}
		made, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "another", Quota: 7})
		if err != nil || made.Quota != 7 {
			f.Fatalf("made %+v, %v", made, err)
		}
		_, err = f.usage().Usage(f.ctx, "missing")
		f.wants("usage of what is not there", err, objectstore.ErrBucketNotFound)
	}},
}

// watched counts how often it is read.
type watched struct {
	bytes.Reader
	reads int
}

func (w *watched) Read(p []byte) (int, error) {
	w.reads++
	return w.Reader.Read(p)
}

// quota sets the bucket's.
func (f *fixture) quota(bytes int64) {
	f.Helper()
	f.settings(func(b *objectstore.Bucket) { b.Quota = bytes })
	if b, err := f.Bucket(f.ctx, "bucket"); err != nil || b.Quota != bytes {
		f.Fatalf("bucket %+v, %v", b, err)
	}
}

// refusedPut checks that a body of a size does not fit, announced or not.
func (f *fixture) refusedPut(key string, size int) {
	f.Helper()
	for _, told := range []int64{int64(size), -1} {
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(random(size, 9)), Size: told})
		f.wants("put", err, objectstore.ErrQuotaExceeded)
	}
}

// refusedPart checks that a part of a size does not fit, announced or not.
func (f *fixture) refusedPart(u objectstore.Upload, number, size int) {
	f.Helper()
	for _, told := range []int64{int64(size), -1} {
		r := objectstore.PutPartRequest{Upload: u.UploadRef, Number: number, Body: bytes.NewReader(random(size, 9)), Size: told}
		_, err := f.PutPart(f.ctx, r)
		f.wants("part", err, objectstore.ErrQuotaExceeded)
	}
}

func (f *fixture) usage() objectstore.UsageReporter {
	f.Helper()
	s, ok := f.Store.(objectstore.UsageReporter)
	if !ok {
		f.Fatal("the engine does not count")
	}
	return s
}

func (f *fixture) uses(want objectstore.Usage) {
	f.Helper()
	if got, err := f.usage().Usage(f.ctx, "bucket"); err != nil || got != want {
		f.Fatalf("uses %+v, want %+v, %v", got, want, err)
	}
}
