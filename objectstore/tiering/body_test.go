package tiering

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
)

// part is as small as S3's parts may be.
const part = objectstore.MinPartSize

// bodyOf returns n bytes, no two stretches of which are the same.
func bodyOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>16) ^ byte(i>>8)*31 ^ byte(i)
	}
	return b
}

// withTier is a Croft with a tier in a bucket of another.
func withTier(t *testing.T) (*side, *cluster, objectstore.Tier) {
	t.Helper()
	s, there := newSide(t, "deployment"), newCluster(t, "archive")
	s.add(at(there, "COLD", "archive"))
	return s, there, s.tier("COLD")
}

func put(tb testing.TB, tier objectstore.Tier, name string, body []byte) {
	tb.Helper()
	if err := tier.Put(tb.Context(), name, bytes.NewReader(body), int64(len(body))); err != nil {
		tb.Fatal(err)
	}
}

func get(tb testing.TB, tier objectstore.Tier, name string, offset, length int64) ([]byte, error) {
	tb.Helper()
	body, err := tier.Get(tb.Context(), name, offset, length)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

func has(tb testing.TB, tier objectstore.Tier, name string, body []byte, offset, length int64) {
	tb.Helper()
	if got, err := get(tb, tier, name, offset, length); err != nil || !bytes.Equal(got, body[offset:offset+length]) {
		tb.Errorf("%s: %d bytes from %d are %d other ones, %v", name, length, offset, len(got), err)
	}
}

// TestTier is what objectstore.Tier promises, in all ways that a body is sent.
func TestTier(t *testing.T) {
	_, there, tier := withTier(t)
	for name, size := range map[string]int{"none": 0, "one": 1, "small": 1000, "part": part, "parts": 2 * part, "more": part + 1, "many": 5*part + 77} {
		body := bodyOf(size)
		put(t, tier, name, body)
		n := int64(size)
		has(t, tier, name, body, 0, n)
		has(t, tier, name, body, 0, 0)
		if n > 0 {
			has(t, tier, name, body, n-1, 1)
			has(t, tier, name, body, n/3, n/2)
		}
		if keys := there.keys("archive"); !slices.Equal(keys, []string{"cold/croft-tier.json", "cold/deployment/" + name}) {
			t.Errorf("%s: the bucket has %q", name, keys)
		}
		for range 2 {
			if err := tier.Delete(t.Context(), name); err != nil {
				t.Error(err)
			}
		}
		_, err := get(t, tier, name, 0, 1)
		wants(t, name, err, objectstore.ErrTierBodyMissing, "does not have this object's body any more")
	}
	if keys := there.keys("archive"); !slices.Equal(keys, []string{"cold/croft-tier.json"}) {
		t.Errorf("the bucket has %q", keys)
	}
}

// TestVeryLargeBodies has parts that do not fit into memory, were they that large.
func TestVeryLargeBodies(t *testing.T) {
	_, there, tier := withTier(t)
	tier.(*place).parts = 2
	body := bodyOf(2*part + part/2 + 1)
	put(t, tier, "large", body)
	if o, err := there.store.Head(t.Context(), "archive", "cold/deployment/large"); err != nil || !strings.HasSuffix(o.ETag, "-2") {
		t.Errorf("%s is not of two parts (%v)", o.ETag, err)
	}
	has(t, tier, "large", body, 0, int64(len(body)))
	err := tier.Put(t.Context(), "short", bytes.NewReader(body[1:]), int64(len(body)))
	wants(t, "short", err, objectstore.ErrBodyIncomplete, "")
}

// TestBodyIsNotWhatWasSaid fails where the body does, and keeps nothing of it.
func TestBodyIsNotWhatWasSaid(t *testing.T) {
	_, there, tier := withTier(t)
	broken := errors.New("the drive broke")
	for _, size := range []int{10, 3 * part} {
		body := bodyOf(size)
		for name, given := range map[string][]byte{"short": body[1:], "long": append(bytes.Clone(body), 'x')} {
			err := tier.Put(t.Context(), name, bytes.NewReader(given), int64(size))
			wants(t, name, err, objectstore.ErrBodyIncomplete, "")
		}
		err := tier.Put(t.Context(), "broken", io.MultiReader(bytes.NewReader(body[:size/2]), failing{broken}), int64(size))
		if !errors.Is(err, broken) || errs.KindOf(err) == errs.Unavailable {
			t.Errorf("the body's own failure became %v", err)
		}
	}
	if keys := there.keys("archive"); len(keys) != 1 {
		t.Errorf("the bucket has %q", keys)
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

func TestTargetCannotBeUsed(t *testing.T) {
	_, there, tier := withTier(t)
	put(t, tier, "body", []byte("body"))
	all := func(says string) {
		t.Helper()
		wants(t, "put", tier.Put(t.Context(), "another", strings.NewReader("x"), 1), objectstore.ErrTierUnavailable, says)
		wants(t, "put parts", tier.Put(t.Context(), "another", bytes.NewReader(bodyOf(part+1)), part+1), objectstore.ErrTierUnavailable, says)
		_, err := get(t, tier, "body", 0, 4)
		wants(t, "get", err, objectstore.ErrTierUnavailable, says)
		wants(t, "delete", tier.Delete(t.Context(), "body"), objectstore.ErrTierUnavailable, says)
	}
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), accessKey, "another", 1))
		s3.ServeHTTP(w, r)
	})
	all("The tier COLD cannot be used now. " + there.server.URL + " does not know the access key.")
	there.intercept(func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) })
	all("cannot be reached")
	there.intercept(nil)
	has(t, tier, "body", []byte("body"), 0, 4)
	for _, key := range there.keys("archive") {
		if _, err := there.store.Delete(t.Context(), "archive", key); err != nil {
			t.Fatal(err)
		}
	}
	if err := there.store.DeleteBucket(t.Context(), "archive"); err != nil {
		t.Fatal(err)
	}
	all("There is no bucket archive")
}

// TestWhoAskedIsGone is not the tier's fault.
func TestWhoAskedIsGone(t *testing.T) {
	_, _, tier := withTier(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tier.Get(ctx, "body", 0, 1)
	for _, err := range []error{err, tier.Put(ctx, "body", strings.NewReader("x"), 1), tier.Delete(ctx, "body")} {
		if !errors.Is(err, context.Canceled) || errs.KindOf(err) != errs.Canceled {
			t.Errorf("%v", err)
		}
	}
}

// cutWriter ends the connection after some bytes of the body.
type cutWriter struct {
	http.ResponseWriter
	left int
}

func (c *cutWriter) Write(b []byte) (int, error) {
	n, _ := c.ResponseWriter.Write(b[:min(len(b), c.left)])
	if c.left -= n; c.left == 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

// TestReadsGoOnWhereTheyBroke cuts connections in the middle of answers.
func TestReadsGoOnWhereTheyBroke(t *testing.T) {
	_, there, tier := withTier(t)
	body := bodyOf(1 << 20)
	put(t, tier, "body", body)
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		s3.ServeHTTP(&cutWriter{w, 300_000}, r)
	})
	has(t, tier, "body", body, 5, 1_000_000)
	want := []string{"bytes=5-1000004", "bytes=300005-1000004", "bytes=600005-1000004", "bytes=900005-1000004"}
	var ranges []string
	for _, r := range there.requests("GET /archive/cold/deployment/body") {
		ranges = append(ranges, r[strings.Index(r, "bytes="):])
	}
	if !slices.Equal(ranges, want) {
		t.Errorf("asked for %q", ranges)
	}
	// Without ever a byte it ends.
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		s3.ServeHTTP(&cutWriter{w, 0}, r)
	})
	_, err := get(t, tier, "body", 0, 10)
	wants(t, "cut", err, objectstore.ErrTierUnavailable, "cannot be reached")
	if n := len(there.requests("GET")); n != 1+resumes {
		t.Errorf("%d requests", n)
	}
}

// TestNobodyWaitsForLong has the target take requests and answer none.
func TestNobodyWaitsForLong(t *testing.T) {
	_, there, tier := withTier(t)
	put(t, tier, "body", []byte("body"))
	p := tier.(*place)
	p.openTime = 20 * time.Millisecond
	there.intercept(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
	for range 5 {
		_, err := get(t, tier, "body", 0, 4)
		wants(t, "get", err, objectstore.ErrTierUnavailable, "does not answer in time")
	}
	if n := there.requests("GET"); len(n) > 1 {
		t.Errorf("each waits anew: %q", n)
	}
	there.intercept(nil)
	p.openTime = openTime
	p.reach.setAway(0)
	has(t, tier, "body", []byte("body"), 0, 4)
	// Who leaves earlier says nothing of the tier.
	there.intercept(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if _, err := tier.Get(ctx, "body", 0, 4); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	there.intercept(nil)
	has(t, tier, "body", []byte("body"), 0, 4)
}

// TestReadBreaksAndTheBodyIsGone does not end as if the body were short.
func TestReadBreaksAndTheBodyIsGone(t *testing.T) {
	_, there, tier := withTier(t)
	put(t, tier, "body", bodyOf(1000))
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		defer func() {
			_, _ = there.store.Delete(context.WithoutCancel(r.Context()), "archive", "cold/deployment/body")
			panic(http.ErrAbortHandler)
		}()
		s3.ServeHTTP(&cutWriter{w, 300}, r)
	})
	first := there.hook
	var tries atomic.Int64
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		if tries.Add(1) == 1 {
			first(w, r, s3)
		}
		s3.ServeHTTP(w, r)
	})
	got, err := get(t, tier, "body", 0, 1000)
	wants(t, "gone", err, objectstore.ErrTierBodyMissing, "")
	if len(got) > 300 {
		t.Errorf("%d bytes", len(got))
	}
}

// TestWritesThatBreak cuts connections in the middle of what is sent.
func TestWritesThatBreak(t *testing.T) {
	_, there, tier := withTier(t)
	for name, size := range map[string]int{"whole": part / 2, "parts": 3 * part} {
		var cuts atomic.Int64
		cut := func(most int64) {
			cuts.Store(0)
			there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
				if r.Method == http.MethodPut && r.ContentLength > 1000 && cuts.Add(1) <= most {
					_, _ = io.CopyN(io.Discard, r.Body, 1000)
					panic(http.ErrAbortHandler)
				}
				s3.ServeHTTP(w, r)
			})
		}
		body := bodyOf(size)
		cut(2)
		put(t, tier, name, body)
		has(t, tier, name, body, 0, int64(size))
		if cuts.Load() < 3 {
			t.Errorf("%s: nothing was cut; the test shows nothing", name)
		}
		cut(1000)
		err := tier.Put(t.Context(), name+"-never", bytes.NewReader(body), int64(size))
		wants(t, name, err, objectstore.ErrTierUnavailable, "cannot be reached")
	}
	if keys := there.keys("archive"); !slices.Equal(keys, []string{"cold/croft-tier.json", "cold/deployment/parts", "cold/deployment/whole"}) {
		t.Errorf("the bucket has %q", keys)
	}
}

// TestTargetHasSomethingElse is told from what it says of the object, and from what it
// is sent.
func TestTargetHasSomethingElse(t *testing.T) {
	_, there, tier := withTier(t)
	says := func(change func(h http.Header)) {
		there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
			if r.Method == http.MethodHead {
				w = &altered{ResponseWriter: w, change: change}
			}
			s3.ServeHTTP(w, r)
		})
	}
	for name, size := range map[string]int{"whole": 1000, "parts": part + 1} {
		f := func(change func(h http.Header)) error {
			says(change)
			return tier.Put(t.Context(), name, bytes.NewReader(bodyOf(size)), int64(size))
		}
		wants(t, "size", f(func(h http.Header) { h.Set("Content-Length", strconv.Itoa(size-1)) }), objectstore.ErrTierUnavailable, "is not what was sent")
		wants(t, "ETag", f(func(h http.Header) { h["ETag"] = []string{`"0123"`} }), objectstore.ErrTierUnavailable, "is not what was sent")
		if keys := there.keys("archive"); len(keys) != 1 {
			t.Errorf("%s: the bucket has %q", name, keys)
		}
		if err := f(func(h http.Header) {
			h["ETag"] = []string{`"0123"`}
			h.Set("X-Amz-Server-Side-Encryption", "aws:kms")
		}); err != nil {
			t.Errorf("a target that encrypts: %v", err)
		}
		there.intercept(nil)
		if err := tier.Delete(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	// The target is told the MD5 of what it gets.
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		if r.Method == http.MethodPut && r.Header.Get("Content-Md5") == "" {
			t.Errorf("%s comes without a digest", r.URL)
		}
		s3.ServeHTTP(w, r)
	})
	put(t, tier, "whole", bodyOf(1000))
	put(t, tier, "parts", bodyOf(part+1))
	// Other bytes come than were asked for.
	there.intercept(func(w http.ResponseWriter, r *http.Request, s3 http.Handler) {
		s3.ServeHTTP(&altered{ResponseWriter: w, change: func(h http.Header) { h.Set("Content-Range", "bytes 0-899/1000") }}, r)
	})
	_, err := get(t, tier, "whole", 100, 900)
	wants(t, "another stretch", err, objectstore.ErrBodyAltered, "is not what was written there")
	// What is there is replaced by something shorter.
	there.intercept(nil)
	if _, err := there.store.Put(t.Context(), objectstore.PutRequest{Bucket: "archive", Key: "cold/deployment/whole", Body: strings.NewReader("short"), Size: 5}); err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int64{0, 100} {
		_, err := get(t, tier, "whole", offset, 900)
		wants(t, "shorter", err, objectstore.ErrBodyAltered, "is not what was written there")
	}
}

// altered changes the header of an answer.
type altered struct {
	http.ResponseWriter
	change func(http.Header)
}

func (a *altered) WriteHeader(status int) {
	a.change(a.Header())
	a.ResponseWriter.WriteHeader(status)
}
