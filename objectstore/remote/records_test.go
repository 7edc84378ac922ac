package remote

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// write stores an object in the cluster behind the store's back.
func (c *cluster) write(t *testing.T, bucket, key, text string) {
	t.Helper()
	_, err := c.objects.Put(t.Context(), objectstore.PutRequest{Bucket: bucket, Key: key, Body: strings.NewReader(text), Size: int64(len(text))})
	if err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) bucket(t *testing.T, name string) {
	t.Helper()
	if _, err := c.objects.CreateBucket(t.Context(), objectstore.Bucket{Name: name}); err != nil {
		t.Fatal(err)
	}
}

// keys lists a bucket of the cluster itself.
func (c *cluster) keys(t *testing.T, bucket, prefix string) []string {
	t.Helper()
	page, err := c.objects.List(t.Context(), objectstore.ListRequest{Bucket: bucket, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

func wants(t *testing.T, what string, err error, code, says string) {
	t.Helper()
	if got, message := errs.Public(err); err == nil || got != code || !strings.Contains(message, says) {
		t.Errorf("%s: %s, %s (%v)", what, got, message, err)
	}
}

func TestBucketsOutliveTheStore(t *testing.T) {
	c := newCluster(t)
	first := c.open(t)
	made, err := first.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs", Owner: "project"})
	if err != nil {
		t.Fatal(err)
	}
	second := c.open(t)
	if second.Deployment() != first.Deployment() || first.Deployment() == "" {
		t.Errorf("deployments %q and %q", first.Deployment(), second.Deployment())
	}
	found, err := second.Bucket(t.Context(), "docs")
	if err != nil || !reflect.DeepEqual(found, made) {
		t.Errorf("found %+v, made %+v (%v)", found, made, err)
	}
	if _, err := c.objects.Bucket(t.Context(), "team-docs"); err != nil {
		t.Errorf("in the cluster: %v", err)
	}
	if left := c.keys(t, "team", probePrefix); len(left) != 0 {
		t.Errorf("probes are left: %q", left)
	}
}

// What another Croft on the same prefix changes shows after freshTime, and changes
// by both at once are all kept.
func TestTwoStoresChangeBuckets(t *testing.T) {
	c := newCluster(t)
	now := time.Now()
	config := c.config()
	config.Now = func() time.Time { return now }
	var stores []*Store
	for range 2 {
		s, err := Open(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores = append(stores, s)
	}
	here, there := stores[0], stores[1]
	var all sync.WaitGroup
	for i, s := range []*Store{here, there, here, there} {
		all.Go(func() {
			if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket-" + string(rune('a'+i))}); err != nil {
				t.Errorf("create: %v", err)
			}
		})
	}
	all.Wait()
	now = now.Add(freshTime)
	for _, s := range []*Store{here, there} {
		if list, err := s.ListBuckets(t.Context()); err != nil || len(list) != 4 {
			t.Errorf("listed %+v, %v", list, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	c := newCluster(t)
	c.bucket(t, "team")
	c.write(t, "team", "holiday.jpg", "x")
	_, err := Open(t.Context(), c.config())
	wants(t, "a bucket in use", err, "prefix_in_use", "Name another prefix")
	if keys := c.keys(t, "team", ""); len(keys) != 1 {
		t.Errorf("left there: %q", keys)
	}

	newer := c.config()
	newer.Prefix = "newer"
	c.bucket(t, "newer")
	c.write(t, "newer", recordsKey, `{"version": 2}`)
	_, err = Open(t.Context(), newer)
	wants(t, "records of tomorrow", err, "records_newer", "newer Croft")

	for _, prefix := range []string{"", "UP", "ab", strings.Repeat("p", maxPrefix+1), "a/b"} {
		bad := c.config()
		bad.Prefix = prefix
		_, err = Open(t.Context(), bad)
		wants(t, "prefix "+prefix, err, "target_invalid", "prefix")
	}
	stranger := c.config()
	stranger.Target.SecretKey = "wrong"
	stranger.Prefix = "other"
	_, err = Open(t.Context(), stranger)
	wants(t, "a wrong secret", err, "target_refused", "")
}

func TestRecordsThatVanishAreMissed(t *testing.T) {
	c := newCluster(t)
	s := c.open(t)
	if _, err := c.objects.Delete(t.Context(), "team", recordsKey); err != nil {
		t.Fatal(err)
	}
	_, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs"})
	wants(t, "create", err, "records_lost", recordsKey)
	if _, err := c.objects.Bucket(t.Context(), "team-docs"); !errors.Is(err, objectstore.ErrBucketNotFound) {
		t.Errorf("made all the same: %v", err)
	}
}

func TestOthersBucketIsNotTaken(t *testing.T) {
	c := newCluster(t)
	s := c.open(t)
	c.bucket(t, "team-docs")
	_, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs"})
	wants(t, "create", err, "bucket_exists", "not of this Croft")
	_, err = s.Bucket(t.Context(), "docs")
	wants(t, "find", err, "bucket_not_found", "")
	_, err = s.CreateBucket(t.Context(), objectstore.Bucket{Name: strings.Repeat("n", 60)})
	wants(t, "a long name", err, "bucket_name_invalid", "63")
}

// A bucket whose making was cut off can be made, and nobody saw it meanwhile.
func TestCutOffCreationIsFinished(t *testing.T) {
	for name, made := range map[string]bool{"before the cluster's bucket": false, "behind it": true} {
		c := newCluster(t)
		s := c.open(t)
		err := s.buckets.change(t.Context(), func(r *records) error {
			r.Buckets["docs"] = bucketRecord{ID: "dead", Making: true}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if made {
			c.bucket(t, "team-docs")
		}
		if list, err := s.ListBuckets(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("%s: listed %+v, %v", name, list, err)
		}
		if err := s.DeleteBucket(t.Context(), "docs"); !errors.Is(err, objectstore.ErrBucketNotFound) {
			t.Errorf("%s: delete: %v", name, err)
		}
		if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A deletion that was cut off between cluster and records can be repeated, and the
// name can be used again.
func TestCutOffDeletionIsFinished(t *testing.T) {
	c := newCluster(t)
	s := c.open(t)
	for range 2 {
		if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs"}); err != nil {
			t.Fatal(err)
		}
		if err := c.objects.DeleteBucket(t.Context(), "team-docs"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DeleteBucket(t.Context(), "docs"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bucket(t.Context(), "docs"); !errors.Is(err, objectstore.ErrBucketNotFound) {
		t.Errorf("found: %v", err)
	}
}

func TestOldRecordsAreSwept(t *testing.T) {
	c := newCluster(t)
	s := c.open(t)
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", bufferSize+1)
	put := func(key string) objectstore.Object {
		o, err := s.Put(t.Context(), objectstore.PutRequest{
			Bucket: "bucket", Key: key, Body: strings.NewReader(big), Size: int64(len(big)),
			Finish: func(a *objectstore.Attributes) error { a.Checksums["sum"] = key; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	put("stays")
	put("goes")
	put("replaced")
	if _, err := s.Delete(t.Context(), "bucket", "goes"); err != nil {
		t.Fatal(err)
	}
	put("replaced")
	upload := func() objectstore.Upload {
		u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "upload"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.PutPart(t.Context(), objectstore.PutPartRequest{
			Upload: u.UploadRef, Number: 1, Body: strings.NewReader("x"), Size: 1,
			Finish: func(sums map[string]string) error { sums["sum"] = "x"; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	living, dead := upload(), upload()
	if err := c.objects.AbortUpload(t.Context(), objectstore.UploadRef{Bucket: "team-bucket", Key: "upload", ID: dead.ID}); err != nil {
		t.Fatal(err)
	}
	if err := s.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if late, uploads := c.keys(t, "team", latePrefix), c.keys(t, "team", uploadPrefix); len(late) != 4 || len(uploads) != 2 {
		t.Errorf("young records went: %q %q", late, uploads)
	}
	s.now = func() time.Time { return time.Now().Add(sweepAge + time.Hour) }
	for range 2 { // checksums go once their upload's record is gone
		if err := s.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if late, uploads, parts := c.keys(t, "team", latePrefix), c.keys(t, "team", uploadPrefix), c.keys(t, "team", partPrefix); len(late) != 2 || len(uploads) != 1 || len(parts) != 1 {
		t.Errorf("left: %q %q %q", late, uploads, parts)
	}
	for _, key := range []string{"stays", "replaced"} {
		if o, err := s.Head(t.Context(), "bucket", key); err != nil || o.Attributes.Checksums["sum"] != key {
			t.Errorf("%s: %+v, %v", key, o, err)
		}
	}
	if page, err := s.ListParts(t.Context(), objectstore.ListPartsRequest{Upload: living.UploadRef}); err != nil || page.Parts[0].Checksums["sum"] != "x" {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestHealth(t *testing.T) {
	c := newCluster(t)
	s := c.open(t)
	if h, err := s.TargetHealth(t.Context()); err != nil || !h.Reachable || h.Latency <= 0 || h.Endpoint != c.server.URL || h.Prefix != "team" {
		t.Errorf("%+v, %v", h, err)
	}
	c.set(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	if h, err := s.TargetHealth(t.Context()); err != nil || h.Reachable || !strings.Contains(h.Message, "does not allow") {
		t.Errorf("%+v, %v", h, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := s.TargetHealth(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestBeginningMeetsItself(t *testing.T) {
	c := newCluster(t)
	lost, before := losing(c, func(r *http.Request) bool { return r.URL.Path == "/team/"+recordsKey && r.Method == http.MethodPut })
	c.set(before)
	c.open(t)
	if lost.Load() != 1 {
		t.Error("nothing was lost")
	}
}

// Of two who make a bucket at once one is told that it exists, wherever they meet.
func TestTwoMakeOneBucket(t *testing.T) {
	for name, meets := range map[string]func(*http.Request) bool{
		"while it is made": func(r *http.Request) bool { return r.Method == http.MethodPut && r.URL.Path == "/team-docs/" },
		"before":           func(r *http.Request) bool { return r.Method == http.MethodHead && r.URL.Path == "/team-docs/" },
	} {
		c := newCluster(t)
		first, second := c.open(t), c.open(t)
		if name == "before" { // and somebody was cut off
			err := first.buckets.change(t.Context(), func(r *records) error {
				r.Buckets["docs"] = bucketRecord{ID: "dead", Making: true}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var met atomic.Bool
		c.set(func(_ http.ResponseWriter, r *http.Request) bool {
			if meets(r) && met.CompareAndSwap(false, true) {
				if _, err := second.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs", Owner: "second"}); err != nil {
					t.Errorf("%s: second: %v", name, err)
				}
			}
			return false
		})
		_, err := first.CreateBucket(t.Context(), objectstore.Bucket{Name: "docs", Owner: "first"})
		if !errors.Is(err, objectstore.ErrBucketExists) || !met.Load() {
			t.Errorf("%s: first: %v (met %v)", name, err, met.Load())
		}
		if b, err := c.open(t).Bucket(t.Context(), "docs"); err != nil || b.Owner != "second" {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}
