package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"croft/internal/errs"
	"croft/objectstore"
)

// withBucket opens a store with one bucket, "bucket".
func (c *cluster) withBucket(t *testing.T) *Store {
	t.Helper()
	s := c.open(t)
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func large(n int) []byte { return bytes.Repeat([]byte("croft-"), n/6+1)[:n] }

func holds(t *testing.T, s *Store, key string, want []byte) {
	t.Helper()
	o, body, err := s.Get(t.Context(), "bucket", key, nil)
	if err != nil {
		t.Fatalf("get %s: %v", key, err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(got, want) || o.Size != int64(len(want)) {
		t.Fatalf("%s: %d bytes of %d differ from the %d that were put (%v)", key, len(got), o.Size, len(want), err)
	}
}

// A body that is sent while it is read is refused as one that is gathered before.
func TestRefusedStreamsLeaveNothing(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	broken := errors.New("refused")
	big := large(bufferSize + 100)
	size := int64(len(big))
	for _, c := range []struct {
		name string
		req  objectstore.PutRequest
		want error
	}{
		{"error late", objectstore.PutRequest{Body: io.MultiReader(bytes.NewReader(big[:size-1]), iotest.ErrReader(broken)), Size: size}, broken},
		{"error behind the end", objectstore.PutRequest{Body: io.MultiReader(bytes.NewReader(big), iotest.ErrReader(broken)), Size: size}, broken},
		{"cut off", objectstore.PutRequest{Body: io.MultiReader(bytes.NewReader(big), iotest.ErrReader(io.ErrUnexpectedEOF)), Size: size + 1}, objectstore.ErrBodyIncomplete},
		{"short by one", objectstore.PutRequest{Body: bytes.NewReader(big), Size: size + 1}, objectstore.ErrBodyIncomplete},
		{"short by two", objectstore.PutRequest{Body: bytes.NewReader(big), Size: size + 2}, objectstore.ErrBodyIncomplete},
		{"long", objectstore.PutRequest{Body: bytes.NewReader(big), Size: size - 1}, objectstore.ErrBodyIncomplete},
		{"digest", objectstore.PutRequest{Body: bytes.NewReader(big), Size: size, MD5: strings.Repeat("0", 32)}, objectstore.ErrDigestMismatch},
		{"finish", objectstore.PutRequest{Body: bytes.NewReader(big), Size: size, Finish: func(*objectstore.Attributes) error { return broken }}, broken},
	} {
		c.req.Bucket, c.req.Key = "bucket", "key"
		if _, err := s.Put(t.Context(), c.req); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := s.Head(t.Context(), "bucket", "key"); !errors.Is(err, objectstore.ErrObjectNotFound) {
			t.Errorf("%s: left something: %v", c.name, err)
		}
	}
	u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.PutPart(t.Context(), objectstore.PutPartRequest{
		Upload: u.UploadRef, Number: 1, Body: bytes.NewReader(big), Size: size, Finish: func(map[string]string) error { return broken },
	})
	if page, listErr := s.ListParts(t.Context(), objectstore.ListPartsRequest{Upload: u.UploadRef}); !errors.Is(err, broken) || len(page.Parts) != 0 {
		t.Errorf("part: %v; listed %+v, %v", err, page, listErr)
	}
}

func TestStreamsComeBack(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	s.temp = t.TempDir()
	for name, r := range map[string]objectstore.PutRequest{
		"known":          {Size: bufferSize + 100},
		"one above":      {Size: bufferSize + 1},
		"just in memory": {Size: bufferSize},
		"unknown":        {Size: -1},
	} {
		n := bufferSize + 100
		if r.Size > 0 {
			n = int(r.Size)
		}
		want := large(n)
		r.Bucket, r.Key, r.Body = "bucket", name, iotest.DataErrReader(bytes.NewReader(want))
		r.MD5 = fmt.Sprintf("%x", md5Of(want))
		o, err := s.Put(t.Context(), r)
		if err != nil || o.ETag != r.MD5 || o.Size != int64(n) {
			t.Fatalf("%s: %+v, %v", name, o, err)
		}
		holds(t, s, name, want)
	}
	if left, err := os.ReadDir(s.temp); err != nil || len(left) != 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}

// Attributes that come late or do not fit into headers come back all the same, and
// go along with a copy.
func TestAttributesWithoutRoomComeBack(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	user := map[string]string{"croft": "mine", "croft-late": "mine, too", "=?": "x"}
	for i := range 100 {
		user[fmt.Sprintf("name-%d", i)] = strings.Repeat("v", 60)
	}
	for name, size := range map[string]int{"small": 10, "large": bufferSize + 10} {
		o, err := s.Put(t.Context(), objectstore.PutRequest{
			Bucket: "bucket", Key: name, Body: bytes.NewReader(large(size)), Size: int64(size),
			Attributes: objectstore.Attributes{ContentType: "a/b", User: user, Tags: map[string]string{"t": "g"}},
			Finish:     func(a *objectstore.Attributes) error { a.Checksums["sum"] = "late"; return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: name, Bucket: "bucket", Key: name + " copy"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Delete(t.Context(), "bucket", name+" copy's source"); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{name, name + " copy"} {
			got, err := s.Head(t.Context(), "bucket", key)
			if err != nil || !maps.Equal(got.Attributes.User, user) || got.Attributes.ContentType != "a/b" ||
				got.Attributes.Checksums["sum"] != "late" || got.Attributes.Tags["t"] != "g" || got.ETag != o.ETag {
				t.Errorf("%s: %+v, %v", key, got, err)
			}
			holds(t, s, key, large(size))
		}
	}
}

// What others wrote into a bucket can be read, and what Croft wrote is theirs to read.
func TestOthersCanShareABucket(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	_, err := c.objects.Put(t.Context(), objectstore.PutRequest{
		Bucket: "team-bucket", Key: "theirs", Body: strings.NewReader("text"), Size: 4,
		Attributes: objectstore.Attributes{ContentType: "text/plain", ContentEncoding: "aws-chunked,gzip", User: map[string]string{"a": "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := s.Head(t.Context(), "bucket", "theirs")
	if err != nil || o.Attributes.ContentType != "text/plain" || o.Attributes.User["a"] != "b" || o.Attributes.ContentEncoding != "gzip" {
		t.Errorf("%+v, %v", o, err)
	}
	_, err = s.Put(t.Context(), objectstore.PutRequest{
		Bucket: "bucket", Key: "ours", Body: strings.NewReader("text"), Size: 4,
		Attributes: objectstore.Attributes{ContentType: "text/html", CacheControl: "no-cache", User: map[string]string{"a": "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err = c.objects.Head(t.Context(), "team-bucket", "ours")
	if err != nil || o.Attributes.ContentType != "text/html" || o.Attributes.CacheControl != "no-cache" || o.Attributes.User["a"] != "b" {
		t.Errorf("%+v, %v", o, err)
	}
}

func TestObjectOutlivesItsLateRecord(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	size := int64(bufferSize + 1)
	_, err := s.Put(t.Context(), objectstore.PutRequest{
		Bucket: "bucket", Key: "key", Body: bytes.NewReader(large(int(size))), Size: size, Attributes: objectstore.Attributes{ContentType: "a/b"},
		Finish: func(a *objectstore.Attributes) error { a.Checksums["sum"] = "x"; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range c.keys(t, "team", latePrefix) {
		if _, err := c.objects.Delete(t.Context(), "team", key); err != nil {
			t.Fatal(err)
		}
	}
	holds(t, s, "key", large(int(size)))
	if o, err := s.Head(t.Context(), "bucket", "key"); err != nil || o.Attributes.ContentType != "a/b" {
		t.Errorf("%+v, %v", o, err)
	}
}

// alter answers requests as the cluster does, with one byte of the body changed.
func alter(c *cluster) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		answer := httptest.NewRecorder()
		c.api.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if len(body) > 0 {
			body[len(body)/2] ^= 1
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
		return true
	}
}

func TestAlteredBytesAreNotRead(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	whole := large(100_000)
	if _, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "whole", Body: bytes.NewReader(whole), Size: -1}); err != nil {
		t.Fatal(err)
	}
	u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "parts"})
	if err != nil {
		t.Fatal(err)
	}
	var choices []objectstore.PartChoice
	for n, body := range [][]byte{large(objectstore.MinPartSize), large(1000)} {
		if _, err := s.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: n + 1, Body: bytes.NewReader(body), Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		choices = append(choices, objectstore.PartChoice{Number: n + 1})
	}
	if _, err := s.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: choices}); err != nil {
		t.Fatal(err)
	}
	altered := alter(c)
	c.set(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/team-bucket/") && altered(w, r)
	})
	for _, key := range []string{"whole", "parts"} {
		o, body, err := s.Get(t.Context(), "bucket", key, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		body.Close()
		// Who counts bytes and does not wait for the end must not have them all.
		if !errors.Is(err, objectstore.ErrBodyAltered) || int64(len(got)) >= o.Size {
			t.Errorf("%s: read %d bytes of %d, %v", key, len(got), o.Size, err)
		}
	}
}

func TestBodyThatIsCutOffEndsInAnError(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	if _, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(large(100_000)), Size: -1}); err != nil {
		t.Fatal(err)
	}
	c.set(func(w http.ResponseWriter, r *http.Request) bool {
		answer := httptest.NewRecorder()
		c.api.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()[:50_000])
		panic(http.ErrAbortHandler)
	})
	_, body, err := s.Get(t.Context(), "bucket", "key", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadAll(body); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("read: %v", err)
	}
}

// losing answers the first request that matches by doing it and then cutting the
// connection, as a network does in the wrong moment.
func losing(c *cluster, matches func(*http.Request) bool) (lost *atomic.Int32, before func(http.ResponseWriter, *http.Request) bool) {
	lost = new(atomic.Int32)
	return lost, func(w http.ResponseWriter, r *http.Request) bool {
		if !matches(r) || !lost.CompareAndSwap(0, 1) {
			return false
		}
		answer := httptest.NewRecorder()
		c.api.ServeHTTP(answer, r)
		if answer.Code != http.StatusOK {
			lost.Store(int32(answer.Code))
		}
		panic(http.ErrAbortHandler)
	}
}

// A write whose answer got lost is sent again. Under a condition it finds what it
// wrote itself, and must not be told to have failed.
func TestWritesMeetThemselves(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	object := func(r *http.Request) bool { return r.Method == http.MethodPut && r.URL.Path == "/team-bucket/key" }
	absent := objectstore.Condition{Absent: true}
	for _, step := range []struct {
		name    string
		matches func(*http.Request) bool
		do      func() error
	}{
		{"put", object, func() error {
			_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader("one"), Size: 3, Condition: absent})
			return err
		}},
		{"put over it", object, func() error {
			_, err := s.Put(t.Context(), objectstore.PutRequest{
				Bucket: "bucket", Key: "key", Body: strings.NewReader("two"), Size: 3, Condition: objectstore.Condition{ETag: fmt.Sprintf("%x", md5Of([]byte("one")))},
			})
			return err
		}},
		{"copy", func(r *http.Request) bool { return r.URL.Path == "/team-bucket/copy" && r.Method == http.MethodPut }, func() error {
			_, err := s.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy", Condition: absent})
			return err
		}},
		{"complete", func(r *http.Request) bool {
			return r.URL.Path == "/team-bucket/upload" && r.URL.Query().Has("uploadId") && r.Method == http.MethodPost
		}, func() error {
			u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "upload"})
			if err != nil {
				return err
			}
			if _, err = s.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: strings.NewReader("part"), Size: 4}); err != nil {
				return err
			}
			_, err = s.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}, Condition: absent})
			return err
		}},
		{"create bucket", func(r *http.Request) bool { return r.URL.Path == "/team/"+recordsKey && r.Method == http.MethodPut }, func() error {
			_, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "other"})
			return err
		}},
	} {
		lost, before := losing(c, step.matches)
		c.set(before)
		if err := step.do(); err != nil || lost.Load() != 1 {
			t.Errorf("%s: %v (lost %d)", step.name, err, lost.Load())
		}
	}
	c.set(nil)
	holds(t, s, "key", []byte("two"))
	_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1, Condition: absent})
	if !errors.Is(err, objectstore.ErrPreconditionFailed) {
		t.Errorf("absent: %v", err)
	}
}

// A cluster that is away is an error of its own kind; what failed with it can be
// tried again once it is back.
func TestClusterThatIsAway(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	away := true
	c.set(func(w http.ResponseWriter, r *http.Request) bool {
		if away && strings.HasPrefix(r.URL.Path, "/team-bucket/") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	})
	put := func() error {
		_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1})
		return err
	}
	if err := put(); !errors.Is(err, ErrTargetUnavailable) {
		t.Errorf("put: %v", err)
	}
	away = false
	if err := put(); err != nil {
		t.Errorf("put again: %v", err)
	}
}

// Clusters that do not remember what they put together say that there is no upload.
func TestCompletionMeetsItself(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: strings.NewReader("part"), Size: 4}); err != nil {
		t.Fatal(err)
	}
	completes := func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }
	_, lose := losing(c, completes)
	c.set(func(w http.ResponseWriter, r *http.Request) bool {
		if lose(w, r) || !completes(r) {
			return false
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchUpload</Code></Error>")
		return true
	})
	complete := objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}}
	if _, err := s.CompleteUpload(t.Context(), complete); err != nil {
		t.Fatal(err)
	}
	holds(t, s, "key", []byte("part"))
	if _, err := s.CompleteUpload(t.Context(), complete); !errors.Is(err, objectstore.ErrUploadNotFound) {
		t.Errorf("again: %v", err)
	}
}

// A copy is of one version of its source, whatever happens to that meanwhile.
func TestCopyOfWhatChanges(t *testing.T) {
	c := newCluster(t)
	s := c.withBucket(t)
	put := func(text string) {
		_, err := s.Put(t.Context(), objectstore.PutRequest{
			Bucket: "bucket", Key: "from", Body: strings.NewReader(text), Size: int64(len(text)), Attributes: objectstore.Attributes{ContentType: text},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	put("old")
	var changed atomic.Bool
	c.set(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("X-Amz-Copy-Source") != "" && changed.CompareAndSwap(false, true) {
			put("new")
		}
		return false
	})
	o, err := s.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "to"})
	if err != nil || o.Attributes.ContentType != "new" || !changed.Load() {
		t.Errorf("%+v, %v", o, err)
	}
	holds(t, s, "to", []byte("new"))
}
