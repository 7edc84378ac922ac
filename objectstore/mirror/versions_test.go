package mirror

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"croft/objectstore"
)

// versioned makes a bucket keep versions and, if asked, locks.
func (c *cluster) versioned(bucket string, locks bool) {
	c.Helper()
	if _, err := c.store.UpdateBucket(c.Context(), bucket, func(b *objectstore.Bucket) error {
		b.Versioning, b.ObjectLock = objectstore.VersioningEnabled, locks
		return nil
	}); err != nil {
		c.Fatal(err)
	}
}

func (c *cluster) remove(bucket, key, version string) {
	c.Helper()
	if _, err := c.store.DeleteVersion(c.Context(), objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: bucket, Key: key, ID: version}}); err != nil {
		c.Fatal(err)
	}
}

// histories is what each key of a bucket held, the newest first.
func (c *cluster) histories(bucket string) map[string][]string {
	c.Helper()
	all := make(map[string][]string)
	for ask := (objectstore.ListVersionsRequest{Bucket: bucket}); ; {
		page, err := c.store.ListVersions(c.Context(), ask)
		if err != nil {
			c.Fatal(err)
		}
		for _, v := range page.Versions {
			what := "deleted"
			if !v.Marker {
				o, r, err := c.store.GetVersion(c.Context(), objectstore.VersionRef{Bucket: bucket, Key: v.Key, ID: v.VersionID}, nil)
				if err != nil {
					c.Fatal(err)
				}
				body, err := io.ReadAll(r)
				_ = r.Close()
				if err != nil {
					c.Fatal(err)
				}
				a := o.Attributes
				a.Checksums = nil
				what = fmt.Sprintf("%q %s %+v", body[:min(len(body), 20)], o.ETag, a)
			}
			all[v.Key] = append(all[v.Key], what)
		}
		if !page.Truncated {
			return all
		}
		ask.AfterKey, ask.AfterID = page.NextKey, page.NextID
	}
}

// past fills a bucket with keys that held several things.
func past(c *cluster) (versions int64) {
	c.versioned("photos", true)
	for i := range 3 {
		c.put("photos", "k", fmt.Appendf(nil, "content %d", i), func(r *objectstore.PutRequest) {
			r.Attributes.User = map[string]string{"n": fmt.Sprint(i)}
			r.Attributes.Tags = map[string]string{"n": fmt.Sprint(i)}
		})
	}
	c.put("photos", "twice", []byte("same"))
	c.put("photos", "twice", []byte("same"))
	c.put("photos", "gone", []byte("there"))
	c.remove("photos", "gone", "")
	c.put("photos", "back", []byte("there"))
	c.remove("photos", "back", "")
	c.put("photos", "back", []byte("again"))
	c.upload("photos", "parts", bodyOf(objectstore.MinPartSize, 3), bodyOf(7, 4))
	c.upload("photos", "parts", bodyOf(objectstore.MinPartSize, 5), bodyOf(9, 6))
	c.put("photos", "kept", []byte("kept"), func(r *objectstore.PutRequest) {
		r.Attributes.Lock = objectstore.Lock{Mode: objectstore.LockGovernance, Until: time.Now().UTC().Add(time.Hour).Truncate(time.Second)}
	})
	c.put("photos", "kept", []byte("held"), func(r *objectstore.PutRequest) { r.Attributes.Lock = objectstore.Lock{Hold: true} })
	return 14
}

// TestLists: there are clusters that list all delete markers of a page first, and tell locks
// with HEAD only; and lists have pages.
func TestLists(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t)
	past(from)
	inner := from.handler
	page := regexp.MustCompile(`(?s)<DeleteMarker>.*?</DeleteMarker>`)
	var pages atomic.Int32
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if query := r.URL.Query(); query.Has("versions") && query.Get("max-keys") != "3" {
			answer := httptest.NewRecorder()
			inner.ServeHTTP(answer, from.resigned(r, "max-keys", "3"))
			markers := strings.Join(page.FindAllString(answer.Body.String(), -1), "")
			text := strings.Replace(page.ReplaceAllString(answer.Body.String(), ""), "<Version>", markers+"<Version>", 1)
			_, _ = io.WriteString(w, text)
			pages.Add(1)
			return true
		}
		if r.Method == http.MethodGet {
			inner.ServeHTTP(withoutLocks{w}, r)
			return true
		}
		return false
	})
	if p, failed, err := bring(t, from, to); err != nil || p.Copied != 14 || pages.Load() < 2 {
		t.Fatalf("%+v, %v, %v, %d pages", p, failed, err, pages.Load())
	}
	if got, want := to.histories("photos"), from.histories("photos"); !reflect.DeepEqual(got, want) {
		t.Errorf("there is\n%v, want\n%v", got, want)
	}
}

// withoutLocks leaves out what says that an object is locked.
type withoutLocks struct{ http.ResponseWriter }

func (w withoutLocks) WriteHeader(status int) {
	for name := range w.Header() {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-object-lock") {
			delete(w.Header(), name)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w withoutLocks) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(p)
}

// TestLocked: a retention that has ended is none.
func TestLocked(t *testing.T) {
	for until, want := range map[string]string{
		time.Now().Add(time.Hour).Format(time.RFC3339): "GOVERNANCE", time.Now().Add(-time.Hour).Format(time.RFC3339): "", "tomorrow": "", "": "",
	} {
		mode, _, hold := locked(http.Header{"X-Amz-Object-Lock-Mode": {"GOVERNANCE"}, "X-Amz-Object-Lock-Retain-Until-Date": {until}, "X-Amz-Object-Lock-Legal-Hold": {"OFF"}})
		if mode != want || hold != "" {
			t.Errorf("until %s: %q, %q", until, mode, hold)
		}
	}
}

// TestVersions brings over what keys held, in order, with delete markers and locks, and
// what comes later behind it.
func TestVersions(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t)
	n := past(from)
	if dry, _, err := bring(t, from, to, func(c *Config) { c.DryRun = true }); err != nil || dry.Copied != n || to.requests("PUT") != 0 {
		t.Fatalf("dry run: %+v, %v", dry, err)
	}
	p, failed, err := bring(t, from, to)
	if err != nil || p.Copied != n {
		t.Fatalf("%+v, %v, %v", p, err, failed)
	}
	same := func(when string) {
		t.Helper()
		if got, want := to.histories("photos"), from.histories("photos"); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: there is\n%v, want\n%v", when, got, want)
		}
	}
	same("at first")
	if b, err := to.store.Bucket(t.Context(), "photos"); err != nil || b.Versioning != objectstore.VersioningEnabled || !b.ObjectLock {
		t.Errorf("the bucket is %+v, %v", b, err)
	}
	to.requests("")
	if p, _, err := bring(t, from, to); err != nil || p.Present != n || p.Copied != 0 || to.requests("PUT /photos/") != 0 {
		t.Errorf("again: %+v, %v", p, err)
	}
	from.put("photos", "k", []byte("later"))
	from.remove("photos", "twice", "")
	from.put("photos", "new", []byte("new"))
	if p, _, err := bring(t, from, to); err != nil || p.Present != n || p.Copied != 3 {
		t.Errorf("later: %+v, %v", p, err)
	}
	same("later")
	// Somebody else wrote over it, and the source has dropped what is old: it holds what
	// the source holds, over what is there.
	to.put("photos", "k", []byte("somebody else's"))
	page, err := from.store.ListVersions(t.Context(), objectstore.ListVersionsRequest{Bucket: "photos", Prefix: "k", Limit: 4})
	if err != nil || page.Versions[3].Key != "k" {
		t.Fatal(page, err)
	}
	from.remove("photos", "k", page.Versions[3].VersionID)
	if p, _, err := bring(t, from, to); err != nil || p.Copied != 1 {
		t.Errorf("written over: %+v, %v", p, err)
	}
	if got := to.histories("photos")["k"]; len(got) != 6 || got[0] != from.histories("photos")["k"][0] {
		t.Errorf("written over: %q", got)
	}
}

// TestVersionsFail: what came behind a version that fails is not brought without it, and is
// the next time.
func TestVersionsFail(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t, "photos")
	past(from)
	to.versioned("photos", true)
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		refuses := r.Method == http.MethodPut && r.URL.Path == "/photos/k" && r.Header.Get("X-Amz-Meta-N") == "1"
		if refuses {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
		}
		return refuses
	})
	p, failed, err := bring(t, from, to)
	if codeOf(err) != "mirror_incomplete" || p.Failed != 1 || len(failed) != 1 {
		t.Errorf("%+v, %v, %v", p, failed, err)
	}
	if got := to.histories("photos")["k"]; len(got) != 1 || !strings.Contains(got[0], "content 0") {
		t.Errorf("there is %q", got)
	}
	to.intercept(nil)
	if p, _, err := bring(t, from, to); err != nil || p.Copied != 2 || !reflect.DeepEqual(to.histories("photos"), from.histories("photos")) {
		t.Errorf("again: %+v, %v", p, err)
	}
}

// TestVersionsChosen: a bucket that is there and keeps no versions gets what is current,
// and says so, unless the others are asked for.
func TestVersionsChosen(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t, "photos")
	past(from)
	var notes []string
	noted := func(c *Config) { c.Noted = func(_, sentence string) { notes = append(notes, sentence) } }
	if p, _, err := bring(t, from, to, noted); err != nil || p.Copied != 5 {
		t.Errorf("by itself: %+v, %v", p, err)
	}
	if !slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, "--versions") }) ||
		!slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, "1 objects are locked") }) {
		t.Errorf("noted %q", notes)
	}
	if got := to.histories("photos"); len(got["k"]) != 1 || got["gone"] != nil {
		t.Errorf("there is %q", got)
	}
	if p, _, err := bring(t, from, to, func(c *Config) { c.Versions = Yes }); err != nil || p.Failed > 0 {
		t.Errorf("asked for: %+v, %v", p, err)
	}
	for key, want := range from.histories("photos") {
		if got := to.histories("photos")[key]; key != "kept" && (len(got) < len(want) || !slices.Equal(got[:len(want)], want)) {
			t.Errorf("%s is %q, want %q on top", key, got, want)
		}
	}
	none := newCluster(t)
	if p, _, err := bring(t, from, none, func(c *Config) { c.Versions = No }); err != nil || p.Copied != 5 || len(none.histories("photos")["k"]) != 1 {
		t.Errorf("not wanted: %+v, %v", p, err)
	}
}

// TestSuspended: versioning that was suspended is so again behind the mirror.
func TestSuspended(t *testing.T) {
	from, to := newCluster(t, "photos"), newCluster(t)
	from.put("photos", "k", []byte("null"))
	from.versioned("photos", false)
	from.put("photos", "k", []byte("one"))
	if _, err := from.store.UpdateBucket(t.Context(), "photos", func(b *objectstore.Bucket) error {
		b.Versioning = objectstore.VersioningSuspended
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	from.put("photos", "k", []byte("null again"))
	for range 2 {
		if p, _, err := bring(t, from, to); err != nil || p.Copied+p.Present != 2 {
			t.Errorf("%+v, %v", p, err)
		}
		if b, err := to.store.Bucket(t.Context(), "photos"); err != nil || b.Versioning != objectstore.VersioningSuspended {
			t.Errorf("the bucket is %+v, %v", b, err)
		}
		if got, want := to.histories("photos"), from.histories("photos"); !reflect.DeepEqual(got, want) {
			t.Errorf("there is %q, want %q", got, want)
		}
	}
}

// TestDelete removes only what the source really does not have, of the keys and the
// bucket that are mirrored.
func TestDelete(t *testing.T) {
	from, to := newCluster(t, "photos", "videos"), newCluster(t, "photos", "videos", "others")
	from.put("photos", "a", []byte("a"))
	for _, key := range []string{"a", "b", "c.tmp", "z"} {
		to.put("photos", key, []byte(key))
	}
	to.put("others", "k", nil)
	// A key that a listing leaves out is not taken for deleted.
	from.put("photos", "z", []byte("z"))
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		lists := r.URL.Path == "/photos/" && r.URL.Query().Has("list-type")
		if lists {
			_, _ = io.WriteString(w, `<ListBucketResult><Name>photos</Name><Contents><Key>a</Key><ETag>0cc175b9c0f1b6a831c399e269772661</ETag><Size>1</Size></Contents></ListBucketResult>`)
		}
		return lists
	})
	change := func(c *Config) { c.Delete, c.Exclude = true, []string{"*.tmp"} }
	if p, _, err := bring(t, from, to, change, func(c *Config) { c.DryRun = true }); err != nil || p.Removed != 1 || len(to.holds()) != 5 {
		t.Errorf("dry run: %+v, %v", p, err)
	}
	p, failed, err := bring(t, from, to, change)
	if err != nil || p.Removed != 1 || p.Copied != 0 {
		t.Errorf("%+v, %v, %v", p, failed, err)
	}
	for key, want := range map[string]bool{"photos/a": true, "photos/b": false, "photos/c.tmp": true, "photos/z": true, "others/k": true} {
		if _, is := to.holds()[key]; is != want {
			t.Errorf("%s is there: %v", key, is)
		}
	}
	to.put("photos", "b", nil)
	if p, _, err := bring(t, from, to); err != nil || p.Removed != 0 {
		t.Errorf("not asked for: %+v, %v", p, err)
	}
}

// TestVerify finds every difference that there can be.
func TestVerify(t *testing.T) {
	from, to := newCluster(t, "photos", "videos", "nothing"), newCluster(t)
	furnish(from)
	past(from)
	from.put("photos", "theirs", []byte("spoilt"))
	if p, failed, err := bring(t, from, to); err != nil {
		t.Fatal(p, failed, err)
	}
	verify := func(bodies bool) (Report, map[string]string, error) {
		failed := make(map[string]string)
		r, err := Verify(t.Context(), Config{Source: from.place, Target: to.place, Jobs: 1, Failed: func(bucket, key string, err error) {
			key, _, _ = strings.Cut(key, " (version")
			failed[bucket+"/"+key] = codeOf(err) + " " + err.Error()
		}}, bodies)
		return r, failed, err
	}
	to.requests("")
	all, failed, err := verify(true)
	if err != nil || len(failed) != 0 || all.Alike < 28 || all.Different+all.Missing+all.OnlyThere != 0 || all.Read < 2*6<<20 {
		t.Fatalf("%+v, %v, %v", all, failed, err)
	}
	if n := to.requests("PUT") + to.requests("POST") + to.requests("DELETE"); n > 0 {
		t.Errorf("%d requests that write", n)
	}
	update := func(key string, change func(*objectstore.Attributes)) {
		t.Helper()
		if _, err := to.store.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: "photos", Key: key}, true, func(a *objectstore.Attributes) error {
			change(a)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	update("k", func(a *objectstore.Attributes) { a.Tags = map[string]string{"n": "other"} })
	update("kept", func(a *objectstore.Attributes) { a.Lock = objectstore.Lock{} })
	to.put("photos", "back", []byte("over it"))
	from.put("photos", "missing", nil)
	from.put("photos", "large", []byte("another"))
	to.put("photos", "stray", nil)
	from.put("photos", "meta", nil, func(r *objectstore.PutRequest) { r.Attributes.User = map[string]string{"a": "b"} })
	to.put("photos", "meta", nil)
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		other := r.Method == http.MethodGet && r.URL.Path == "/photos/theirs"
		if other { // the ETag is right, the bytes are not
			http.ServeContent(w, r, "", time.Now(), bytes.NewReader([]byte("spoilT")))
		}
		return other
	})
	want := map[string]string{
		"photos/k": "tags", "photos/kept": "lock", "photos/back": "verify_latest", "photos/missing": "verify_missing", "photos/large": "verify_missing", "photos/meta": "metadata",
	}
	for _, bodies := range []bool{false, true} {
		if bodies {
			want["photos/theirs"] = "verify_bodies"
		}
		r, failed, err := verify(bodies)
		if codeOf(err) != "verify_differs" || r.Missing != 2 || int(r.Different) != len(want)-2 || r.OnlyThere != 1 {
			t.Errorf("%+v, %v, %v", r, failed, err)
		}
		for key, what := range want {
			if !strings.Contains(failed[key], what) {
				t.Errorf("%s: %q, want %s", key, failed[key], what)
			}
		}
	}
}
