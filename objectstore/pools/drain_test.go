package pools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"croft/objectstore"
)

// everything is all that a store shows: what it says of versions and uploads, and
// their bodies.
type everything struct {
	versions map[string]objectstore.Object
	bodies   map[string][]byte
	uploads  map[string][]objectstore.Part
	buckets  []objectstore.Bucket
	usage    map[string]objectstore.Usage
}

var customer = &objectstore.CustomerKey{7}

// see reads all.
func see(t *testing.T, s *Store) (e everything) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	e = everything{map[string]objectstore.Object{}, map[string][]byte{}, map[string][]objectstore.Part{}, nil, map[string]objectstore.Usage{}}
	var err error
	e.buckets, err = s.ListBuckets(t.Context())
	ok(err)
	for _, b := range e.buckets {
		e.usage[b.Name], err = s.Usage(t.Context(), b.Name)
		ok(err)
		r := objectstore.ListVersionsRequest{Bucket: b.Name, Limit: 5}
		for more := true; more; {
			page, err := s.ListVersions(t.Context(), r)
			ok(err)
			more, r.AfterKey, r.AfterID = page.Truncated, page.NextKey, page.NextID
			for _, v := range page.Versions {
				id := fmt.Sprint(b.Name, "/", v.Key, "/", v.VersionID)
				if _, twice := e.versions[id]; twice {
					t.Fatalf("%s is listed twice", id)
				}
				is := v
				if is.Restore != (objectstore.RestoreState{}) {
					is.Restore = objectstore.RestoreState{Ongoing: true} // or done: that is as the sets see fit
				}
				e.versions[id] = is
				if v.Marker {
					continue
				}
				ref := objectstore.VersionRef{Bucket: b.Name, Key: v.Key, ID: v.VersionID}
				if v.Encryption == objectstore.EncryptionCustomer {
					ref.CustomerKey = customer
				}
				o, body, err := s.GetVersion(t.Context(), ref, nil)
				ok(err)
				e.bodies[id], err = io.ReadAll(body)
				ok(err)
				_ = body.Close()
				o.VersionID, o.Latest = v.VersionID, v.Latest
				if !reflect.DeepEqual(o, v) {
					t.Fatalf("%s is listed as %+v and read as %+v", id, v, o)
				}
			}
		}
		uploads, err := s.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: b.Name})
		ok(err)
		for _, u := range uploads.Uploads {
			parts, err := s.ListParts(t.Context(), objectstore.ListPartsRequest{Upload: u.UploadRef})
			ok(err)
			e.uploads[fmt.Sprintf("%+v", u)] = parts.Parts
		}
	}
	return e
}

// sameAs demands that all is as it was.
func (e everything) sameAs(t *testing.T, was everything, when string) {
	t.Helper()
	if got, want := slices.Sorted(maps.Keys(e.versions)), slices.Sorted(maps.Keys(was.versions)); !slices.Equal(got, want) {
		t.Fatalf("%s: there are %d versions, want %d:\n%q\n%q", when, len(got), len(want), got, want)
	}
	for id, v := range was.versions {
		if !reflect.DeepEqual(e.versions[id], v) {
			t.Fatalf("%s: %s is\n%+v, was\n%+v", when, id, e.versions[id], v)
		}
		if !bytes.Equal(e.bodies[id], was.bodies[id]) {
			t.Fatalf("%s: %s has another body", when, id)
		}
	}
	if !reflect.DeepEqual(e.uploads, was.uploads) {
		t.Fatalf("%s: uploads %+v, were %+v", when, e.uploads, was.uploads)
	}
	if !reflect.DeepEqual(e.usage, was.usage) || !reflect.DeepEqual(e.buckets, was.buckets) {
		t.Fatalf("%s: %+v %+v, were %+v %+v", when, e.buckets, e.usage, was.buckets, was.usage)
	}
}

// counted is the usage that all that is there makes.
func (e everything) counted() map[string]objectstore.Usage {
	sum := map[string]objectstore.Usage{}
	for _, b := range e.buckets {
		u := objectstore.Usage{}
		for _, v := range e.versions {
			switch {
			case v.Bucket != b.Name:
				continue
			case v.Latest && !v.Marker:
				u.Objects++
			default:
				u.Versions++
			}
			u.Bytes += v.Size
		}
		for upload, parts := range e.uploads {
			for _, p := range parts {
				if strings.Contains(upload, "Bucket:"+b.Name+" ") {
					u.Unfinished += p.Size
				}
			}
		}
		sum[b.Name] = u
	}
	return sum
}

// furnish fills a store with all kinds of things.
func furnish(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	bucket := func(b objectstore.Bucket) {
		_, err := s.CreateBucket(ctx, b)
		ok(err)
	}
	bucket(objectstore.Bucket{Name: "bucket", Owner: "team"})
	bucket(objectstore.Bucket{Name: "kept", ObjectLock: true})
	bucket(objectstore.Bucket{Name: "safe", Encryption: objectstore.EncryptionStore, Compression: objectstore.Compression{On: true}})
	put := func(r objectstore.PutRequest, size int) objectstore.Object {
		t.Helper()
		r.Body, r.Size = bytes.NewReader(bytes.Repeat([]byte(r.Key), size/len(r.Key)+1)[:size]), int64(size)
		o, err := s.Put(ctx, r)
		ok(err)
		return o
	}
	for i, size := range []int{0, 1, 4000, 100_000, 2<<20 + 7, 3 << 20} {
		attrs := objectstore.Attributes{ContentType: "text/plain", User: map[string]string{"n": fmt.Sprint(i)}, Tags: map[string]string{"t": fmt.Sprint(i)}}
		for _, b := range []string{"bucket", "safe"} {
			put(objectstore.PutRequest{Bucket: b, Key: fmt.Sprint("size ", size), Attributes: attrs}, size)
		}
	}
	put(objectstore.PutRequest{Bucket: "safe", Key: "mine", CustomerKey: customer}, 5000)
	put(objectstore.PutRequest{Bucket: "safe", Key: "mine and large", CustomerKey: customer}, 3<<20)
	for i := range 8 {
		key := fmt.Sprint("many ", i%4)
		o := put(objectstore.PutRequest{Bucket: "kept", Key: key}, 10+i)
		_, err := s.UpdateVersion(ctx, objectstore.VersionRef{Bucket: "kept", Key: key, ID: o.VersionID}, false, func(a *objectstore.Attributes) error {
			a.Tags, a.Lock.Hold = map[string]string{"i": fmt.Sprint(i)}, i%2 == 0
			return nil
		})
		ok(err)
	}
	_, err := s.Delete(ctx, "kept", "many 1")
	ok(err)
	for _, key := range []string{"begun", "size 1", "begun too"} {
		u, err := s.CreateUpload(ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
		ok(err)
		for n := 1; n < 3; n++ {
			_, err := s.PutPart(ctx, objectstore.PutPartRequest{
				Upload: u.UploadRef, Number: n, Body: bytes.NewReader(bytes.Repeat([]byte{byte(n)}, objectstore.MinPartSize)), Size: objectstore.MinPartSize,
			})
			ok(err)
		}
	}
}

// drainTo drains a pool and returns when that is done. meanwhile runs beside it.
func drainTo(t *testing.T, s *Store, number int, meanwhile func(ctx context.Context)) {
	t.Helper()
	gone := make(chan struct{})
	s.step = func(step string) {
		if step == "gone" {
			close(gone)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if err := s.DrainPool(ctx, number); err != nil { // before it can be over
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() { s.drain(ctx) })
	if meanwhile != nil {
		all.Go(func() { meanwhile(ctx) })
	}
	<-gone
	cancel()
	all.Wait()
}

func TestDrain(t *testing.T) {
	root := quickDir(t)
	a, b, c := drives(root, "a", 4), drives(root, "b", 4), drives(root, "c", 1)
	s := mustOpen(t, a)
	furnish(t, s)
	moveSome(t, s)
	back := objectstore.RestoreRequest{VersionRef: objectstore.VersionRef{Bucket: "kept", Key: "many 2"}, Days: 1}
	if _, err := s.Restore(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	was := see(t, s)
	id := s.Deployment()
	closeStore(t, s)
	s = mustOpen(t, a, b, c)
	s.batch = 3
	see(t, s).sameAs(t, was, "pools were added")

	// What is there is found all the while, also page by page.
	drainTo(t, s, 1, func(ctx context.Context) {
		for ctx.Err() == nil {
			for _, bucket := range []string{"bucket", "kept"} {
				n, more := 0, true
				for r := (objectstore.ListVersionsRequest{Bucket: bucket, Limit: 4}); more; {
					page, err := s.ListVersions(ctx, r)
					if err != nil {
						if ctx.Err() == nil {
							t.Error(err)
						}
						return
					}
					n += len(page.Versions)
					more, r.AfterKey, r.AfterID = page.Truncated, page.NextKey, page.NextID
				}
				if want := was.usage[bucket].Objects + was.usage[bucket].Versions; int64(n) != want {
					t.Errorf("%d versions are listed in %s, want %d", n, bucket, want)
					return
				}
				if u, err := s.Usage(ctx, bucket); err == nil && u != was.usage[bucket] {
					t.Errorf("usage of %s is %+v, was %+v", bucket, u, was.usage[bucket])
					return
				}
			}
			if _, err := s.Head(ctx, "bucket", "size 4000"); err != nil && ctx.Err() == nil {
				t.Errorf("a reader missed a key: %v", err)
				return
			}
		}
	})
	if o, err := s.HeadVersion(t.Context(), back.VersionRef); err != nil || o.Restore == (objectstore.RestoreState{}) {
		t.Errorf("what was promised of a copy is %+v, %v", o.Restore, err)
	}
	wantTiered(t, s, filepath.Join(root, "tier"), 4) // what went with its key stays
	see(t, s).sameAs(t, was, "drained")
	h, err := s.Health(t.Context())
	if err != nil || h.Pools[0].State != objectstore.PoolDrained || h.Pools[1].State != objectstore.PoolInUse {
		t.Fatalf("%+v, %v", h.Pools, err)
	}
	if err := s.DrainPool(t.Context(), 1); !errors.Is(err, objectstore.ErrPoolNotFound) {
		t.Errorf("drained again: %v", err)
	}
	closeStore(t, s)

	s = mustOpen(t, a, b, c) // it says that a can go
	if len(s.now.Load().given) != 3 {
		t.Errorf("%d sets are open", len(s.now.Load().given))
	}
	see(t, s).sameAs(t, was, "opened with the drained pool")
	closeStore(t, s)
	wantRefused(t, "drives_away", "2 pools of drives", a)
	for _, path := range a {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	conf := config(t, b, c)
	conf.Set.Deployment, conf.Set.Reindex = id, true
	if s, err = Open(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	see(t, s).sameAs(t, was, "opened without the drained pool")

	for _, key := range []string{"begun", "size 1"} { // uploads go on
		page, err := s.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "bucket", Prefix: key, Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		r := objectstore.CompleteUploadRequest{Upload: page.Uploads[0].UploadRef, Parts: []objectstore.PartChoice{{Number: 1}, {Number: 2}}}
		if _, err := s.CompleteUpload(t.Context(), r); err != nil {
			t.Errorf("complete %s: %v", key, err)
		}
	}
	drainTo(t, s, 1, nil)
	wantCode(t, s.DrainPool(t.Context(), 2), "pool_last", "Add another one first")
}

// TestDrainWhileWriting writes to the keys that are being moved. Each key has at the
// end what was written last.
func TestDrainWhileWriting(t *testing.T) {
	root := quickDir(t)
	a, b, c := drives(root, "a", 1), drives(root, "b", 2), drives(root, "c", 1)
	s := mustOpen(t, a)
	makeBucket(t, s)
	keys := manyKeys("key", 300)
	put(t, s, keys...)
	closeStore(t, s)
	s = mustOpen(t, a, b, c)
	s.batch = 5
	last := map[string]string{}
	var mu sync.Mutex // guards last
	drainTo(t, s, 1, func(ctx context.Context) {
		var writers sync.WaitGroup
		for w := range 3 {
			writers.Go(func() {
				for n := 0; n < 400 && ctx.Err() == nil; n++ {
					key := keys[(n*7+w*100)%100+w*100]
					value := fmt.Sprint(w, " ", n)
					var err error
					if n%5 == 0 {
						value = ""
						_, err = s.Delete(context.WithoutCancel(ctx), "bucket", key)
					} else {
						_, err = s.Put(context.WithoutCancel(ctx), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader(value), Size: int64(len(value))})
					}
					if err != nil {
						t.Errorf("%s: %v", key, err)
						return
					}
					mu.Lock()
					last[key] = value
					mu.Unlock()
				}
			})
		}
		writers.Wait()
	})
	n := 0
	for _, key := range keys {
		want, written := last[key]
		if !written {
			want = string(body(key))
		}
		_, r, err := s.Get(t.Context(), "bucket", key, nil)
		if want == "" {
			if !errors.Is(err, objectstore.ErrObjectNotFound) {
				t.Fatalf("%s was deleted: %v", key, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		n++
		got, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || string(got) != want {
			t.Fatalf("%s holds %q, want %q, %v", key, got, want, err)
		}
	}
	if u, err := s.Usage(t.Context(), "bucket"); err != nil || u.Objects != int64(n) {
		t.Errorf("usage %+v, %v, want %d objects", u, err, n)
	}
}
