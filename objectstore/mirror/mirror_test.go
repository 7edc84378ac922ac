package mirror

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"croft/objectstore"
)

// furnish fills a cluster with objects of every kind and returns how many.
func furnish(c *cluster) int64 {
	c.put("photos", "empty", nil)
	c.put("photos", "plain", []byte("hello"), func(r *objectstore.PutRequest) {
		r.Attributes = objectstore.Attributes{
			ContentType: "text/plain; charset=utf-8", ContentEncoding: "gzip", ContentDisposition: `attachment; filename="a b.txt"`, ContentLanguage: "de",
			CacheControl: "max-age=60", Expires: "Thu, 01 Dec 2033 16:00:00 GMT", User: map[string]string{"mtime": "1.5", "who": "ein"},
			Tags: map[string]string{"team": "web", "müll": "ja"},
		}
	})
	c.put("photos", "large", bodyOf(6<<20, 1))
	c.put("photos", "reduced", bodyOf(3<<20, 2), func(r *objectstore.PutRequest) { r.Class = objectstore.ClassReduced })
	for _, key := range []string{"a//b", "../up", "with space+plus%41", "日本語/ü", "\x01control", "a/b/", "\U0001F600", "\uFFFD"} {
		c.put("photos", key, []byte(key))
	}
	c.upload("videos", "in parts", bodyOf(objectstore.MinPartSize, 3), bodyOf(objectstore.MinPartSize+7, 4), bodyOf(100, 5))
	c.upload("videos", "one part", bodyOf(500, 6))
	return 14
}

// TestMirror brings everything over as it is, and finds it there the next time.
func TestMirror(t *testing.T) {
	from, to := newCluster(t, "photos", "videos", "nothing"), newCluster(t, "photos")
	n := furnish(from)
	to.put("photos", "plain", []byte("older"))
	to.put("photos", "only here", []byte("stays"))
	dry, _, err := bring(t, from, to, func(c *Config) { c.DryRun = true })
	if err != nil || dry.Copied != n || len(to.holds()) != 2 {
		t.Fatalf("dry run: %+v, %v, there are %d", dry, err, len(to.holds()))
	}
	var last Progress
	p, failed, err := bring(t, from, to, func(c *Config) { c.Told = func(p Progress) { last = p } })
	if err != nil || p.Copied != n || p.Present != 0 || p.Failed != 0 || len(failed) > 0 {
		t.Fatalf("%+v, %v, %v", p, err, failed)
	}
	if last != p || p.Objects != 0 && p.Objects != n {
		t.Errorf("told %+v at the end, returned %+v", last, p)
	}
	want := from.holds()
	want["photos/only here"] = to.holds()["photos/only here"]
	if got := to.holds(); !reflect.DeepEqual(got, want) {
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if got[key] != want[key] {
				t.Errorf("%q is\n%s, want\n%s", key, got[key], want[key])
			}
		}
		t.Fatalf("there are %d, want %d", len(got), len(want))
	}
	if _, err := to.store.Bucket(t.Context(), "nothing"); err != nil {
		t.Errorf("the empty bucket: %v", err)
	}
	to.requests("")
	if p, _, err := bring(t, from, to); err != nil || p.Present != n || p.Copied != 0 {
		t.Fatalf("again: %+v, %v", p, err)
	}
	if n := to.requests("PUT"); n > 0 {
		t.Errorf("%d requests that write", n)
	}
}

// TestPlaces tries what part of a cluster goes where.
func TestPlaces(t *testing.T) {
	from, to := newCluster(t, "photos", "videos"), newCluster(t)
	furnish(from)
	p, _, err := bring(t, from, to, func(c *Config) { c.Source.Bucket, c.Source.Prefix, c.Target.Bucket = "photos", "a/", "some" })
	if got := slices.Sorted(maps.Keys(to.holds())); err != nil || p.Copied != 2 || !slices.Equal(got, []string{"some/a//b", "some/a/b/"}) {
		t.Errorf("%+v, %v, there are %q", p, err, got)
	}
	other := newCluster(t)
	p, _, err = bring(t, from, other, func(c *Config) {
		c.Include, c.Exclude, c.ExcludeBuckets = []string{"*p*"}, []string{"*one*", "../*"}, []string{"videos"}
	})
	if got := slices.Sorted(maps.Keys(other.holds())); err != nil || p.Copied != 3 || !slices.Equal(got, []string{"photos/empty", "photos/plain", "photos/with space+plus%41"}) {
		t.Errorf("%+v, %v, there are %q", p, err, got)
	}
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		lists := r.URL.Path == "/photos/" && r.URL.Query().Has("list-type")
		if lists {
			_, _ = io.WriteString(w, `<ListBucketResult><Contents><Key>b</Key></Contents><Contents><Key>a</Key></Contents></ListBucketResult>`)
		}
		return lists
	})
	if _, _, err := bring(t, from, other, func(c *Config) { c.Source.Bucket, c.DryRun = "photos", true }); codeOf(err) != "mirror_order" {
		t.Errorf("a list without order: %v", err)
	}
	from.intercept(nil)
	for what, change := range map[string]func(*Config){
		"mirror_target_bucket":  func(c *Config) { c.Target.Bucket = "some" },
		"mirror_target_prefix":  func(c *Config) { c.Source.Bucket, c.Target.Bucket, c.Target.Prefix = "photos", "some", "x/" },
		"mirror_itself":         func(c *Config) { c.Target = c.Source },
		"target_bucket_missing": func(c *Config) { c.Source.Bucket = "missing" },
		"target_refused":        func(c *Config) { c.Target.Target.SecretKey = "wrong" },
	} {
		if _, _, err := bring(t, from, to, change); codeOf(err) != what {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestResume: an object of several parts that was cut off goes on with the part that is
// missing; what was taken over wrongly is noticed and sent anew.
func TestResume(t *testing.T) {
	for _, spoilt := range []bool{false, true} {
		from, to := newCluster(t, "videos"), newCluster(t, "videos")
		from.upload("videos", "k", bodyOf(objectstore.MinPartSize, 3), bodyOf(objectstore.MinPartSize, 4), bodyOf(100, 5))
		ctx, cancel := context.WithCancel(t.Context())
		cutOff(to, cancel)
		if _, err := Run(ctx, Config{Source: from.place, Target: to.place}); err == nil {
			t.Fatal("it went through")
		}
		to.intercept(nil)
		if spoilt {
			page, err := to.store.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "videos"})
			if err != nil || len(page.Uploads) != 1 {
				t.Fatal(page, err)
			}
			body := bodyOf(objectstore.MinPartSize, 9)
			if _, err := to.store.PutPart(t.Context(), objectstore.PutPartRequest{Upload: page.Uploads[0].UploadRef, Number: 2, Body: bytes.NewReader(body), Size: int64(len(body))}); err != nil {
				t.Fatal(err)
			}
		}
		to.requests("")
		p, failed, err := bring(t, from, to)
		if err != nil || p.Copied != 1 {
			t.Fatalf("spoilt %v: %+v, %v, %v", spoilt, p, err, failed)
		}
		if n := to.requests("PUT /videos/k?partNumber"); !spoilt && n != 1 || spoilt && n != 5 { // the missing one; and then the mark and all
			t.Errorf("spoilt %v: %d parts were sent", spoilt, n)
		}
		if !reflect.DeepEqual(to.holds(), from.holds()) {
			t.Errorf("spoilt %v: it is another object", spoilt)
		}
	}
}

// cutOff interrupts a mirror, as Ctrl-C does, when it sends the third part of an object of
// three.
func cutOff(to *cluster, interrupt func()) {
	to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.URL.Query().Get("partNumber") == "3" {
			interrupt()
			panic(http.ErrAbortHandler)
		}
		return false
	})
}

// TestUploadsOfOthers: an unfinished upload that another program has begun at the target
// under the key, before or after the mirror did, is neither taken up nor ended; nor is
// one with other attributes taken up.
func TestUploadsOfOthers(t *testing.T) {
	from, to := newCluster(t, "videos"), newCluster(t, "videos")
	parts := [][]byte{bodyOf(objectstore.MinPartSize, 3), bodyOf(objectstore.MinPartSize, 4), bodyOf(100, 5)}
	from.upload("videos", "k", parts...)
	uploads := map[string][]byte{}
	begin := func(part []byte) { // another program
		u, err := to.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "videos", Key: "k"})
		if err == nil {
			_, err = to.store.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader(part), Size: int64(len(part))})
		}
		if err != nil {
			t.Fatal(err)
		}
		uploads[u.ID] = part
	}
	begin(bodyOf(objectstore.MinPartSize, 9))
	begin(parts[0]) // fits as far as it goes, and is nobody's but its own
	ctx, cancel := context.WithCancel(t.Context())
	cutOff(to, cancel)
	if _, err := Run(ctx, Config{Source: from.place, Target: to.place}); err == nil {
		t.Fatal("it went through")
	}
	to.intercept(nil)
	begin(bodyOf(objectstore.MinPartSize, 8))
	to.requests("")
	if p, failed, err := bring(t, from, to); err != nil || p.Copied != 1 {
		t.Fatalf("%+v, %v, %v", p, err, failed)
	}
	if n := to.requests("PUT /videos/k?partNumber"); n != 1 {
		t.Errorf("%d parts were sent, want the one that was missing", n)
	}
	if !reflect.DeepEqual(to.holds(), from.holds()) {
		t.Error("it is another object")
	}
	page, err := to.store.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "videos"})
	if err != nil || len(page.Uploads) != len(uploads) {
		t.Fatalf("%d uploads are left, want the %d of others; %v", len(page.Uploads), len(uploads), err)
	}
	for _, u := range page.Uploads {
		info, err := to.store.ListParts(t.Context(), objectstore.ListPartsRequest{Upload: u.UploadRef})
		if want := fmt.Sprintf("%x", md5.Sum(uploads[u.ID])); err != nil || len(info.Parts) != 1 || info.Parts[0].ETag != want {
			t.Errorf("an upload of another program has %+v, %v", info.Parts, err)
		}
	}

	// An object may become another with the same parts.
	begun := &upload{run: &run{Config: Config{Source: from.place}}, copying: copying{key: "l", version: version{etag: "x-3"}}}
	mark := begun.mark()
	begun.options.ContentType = "video/mp4"
	if begun.mark() == mark {
		t.Error("the mark is the same with other attributes")
	}
}

// TestFaults: what cannot be copied is named and keeps nothing else from being copied;
// nothing wrong is taken for copied.
func TestFaults(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t, "photos")
	for i := range 6 {
		from.put("photos", fmt.Sprint("k", i), bodyOf(70_000, byte(i)))
	}
	from.put("photos", "theirs", []byte("secret"), func(r *objectstore.PutRequest) { r.CustomerKey = &objectstore.CustomerKey{1} })
	cuts := 0
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		other := r.Method == http.MethodGet && r.URL.Path == "/photos/k2" // other bytes than its ETag says
		end := r.Method == http.MethodGet && r.URL.Path == "/photos/k1" && cuts == 0
		if !other && !end {
			return false
		}
		w.Header().Set("Content-Length", "70000")
		w.Header().Set("Last-Modified", "Thu, 01 Dec 2022 16:00:00 GMT")
		if other {
			_, _ = w.Write(make([]byte, 70000))
			return true
		}
		cuts++ // ends in the middle, once
		_, _ = w.Write(make([]byte, 1000))
		panic(http.ErrAbortHandler)
	})
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		refuses := r.Method == http.MethodPut && r.URL.Path == "/photos/k3"
		if refuses {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
		}
		return refuses
	})
	p, failed, err := bring(t, from, to)
	if codeOf(err) != "mirror_incomplete" || p.Copied != 4 || p.Failed != 3 {
		t.Errorf("%+v, %v", p, err)
	}
	cannot := []string{"photos/k2", "photos/k3", "photos/theirs"}
	if got := slices.Sorted(maps.Keys(failed)); !slices.Equal(got, cannot) {
		t.Errorf("failed: %q", failed)
	}
	if code := codeOf(failed["photos/k3"]); code != "target_refused" {
		t.Errorf("k3: %v", failed["photos/k3"])
	}
	if got, want := to.holds(), from.holds(cannot...); !reflect.DeepEqual(got, want) {
		t.Errorf("there are %d, want %d", len(got), len(want))
	}
	from.intercept(nil)
	to.intercept(nil)
	if p, _, _ := bring(t, from, to); p.Copied != 2 || p.Present != 4 || p.Failed != 1 {
		t.Errorf("again: %+v", p)
	}
}

// TestNoParts: a source that does not give parts is copied all the same, and known again.
func TestNoParts(t *testing.T) {
	from, to := newCluster(t, "videos"), newCluster(t, "videos")
	from.upload("videos", "k", bodyOf(objectstore.MinPartSize, 3), bodyOf(100, 5))
	from.intercept(from.withoutParts)
	if p, failed, err := bring(t, from, to); err != nil || p.Copied != 1 {
		t.Fatalf("%+v, %v, %v", p, err, failed)
	}
	bodyIn := func(c *cluster) []byte {
		_, r, err := c.store.Get(t.Context(), "videos", "k", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(bodyIn(from), bodyIn(to)) {
		t.Error("it has other bytes")
	}
	if p, _, err := bring(t, from, to); err != nil || p.Present != 1 || p.Copied != 0 {
		t.Errorf("again: %+v, %v", p, err)
	}
}

// withoutParts answers as servers do that know nothing of the parts of videos/k.
func (c *cluster) withoutParts(w http.ResponseWriter, r *http.Request) bool {
	if !r.URL.Query().Has("partNumber") {
		return false
	}
	o, body, err := c.store.Get(r.Context(), "videos", "k", nil)
	if err != nil {
		c.Error(err)
		return false
	}
	defer func() { _ = body.Close() }()
	w.Header().Set("ETag", `"`+o.ETag+`"`)
	w.Header().Set("Last-Modified", o.ModifiedAt.Format(http.TimeFormat))
	w.Header().Set("Content-Length", fmt.Sprint(o.Size))
	w.Header().Set("Content-Type", o.Attributes.ContentType)
	w.Header().Set("X-Amz-Tagging-Count", fmt.Sprint(len(o.Attributes.Tags)))
	_, _ = io.Copy(w, body)
	return true
}
