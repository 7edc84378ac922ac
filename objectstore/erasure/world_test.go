package erasure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"croft/objectstore"
)

// world is a set of drives and what must be on it.
type world struct {
	testing.TB
	paths []string
	store *Store
	want  map[string][]byte
}

// newWorld fills fresh drives with objects of telling sizes, one in parts.
func newWorld(tb testing.TB, drives int) *world {
	w := &world{TB: tb, paths: newPaths(tb, drives), want: make(map[string][]byte)}
	w.begin()
	for i, n := range []int{0, 1, 100, 4096, 100_000, 1<<20 + 1, 3<<20 + 12345} {
		w.put(fmt.Sprintf("size %d", n), randomBytes(n, uint64(i)))
	}
	w.upload("in parts", randomBytes(objectstore.MinPartSize, 50), randomBytes(70_000, 51))
	return w
}

// begin opens fresh drives and makes the bucket.
func (w *world) begin() {
	w.Helper()
	w.open()
	if _, err := w.store.CreateBucket(w.Context(), objectstore.Bucket{Name: "bucket", Owner: "owner"}); err != nil {
		w.Fatal(err)
	}
}

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }

func randomBytes(n int, seed uint64) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)}).Read(b) // never fails
	return b
}

func (w *world) open() {
	w.Helper()
	w.store = mustOpen(w, w.paths)
}

func (w *world) close() {
	w.Helper()
	if err := w.store.Close(); err != nil {
		w.Fatal(err)
	}
}

func (w *world) tryPut(key string, body []byte) error {
	_, err := w.store.Put(w.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(body), Size: -1})
	return err
}

func (w *world) put(key string, body []byte) {
	w.Helper()
	if err := w.tryPut(key, body); err != nil {
		w.Fatalf("put %q: %v", key, err)
	}
	w.want[key] = body
}

func (w *world) delete(key string) {
	w.Helper()
	if _, err := w.store.Delete(w.Context(), "bucket", key); err != nil {
		w.Fatalf("delete %q: %v", key, err)
	}
	delete(w.want, key)
}

func (w *world) upload(key string, parts ...[]byte) {
	w.Helper()
	u, err := w.store.CreateUpload(w.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
	if err != nil {
		w.Fatal(err)
	}
	r := objectstore.CompleteUploadRequest{Upload: u.UploadRef}
	for i, p := range parts {
		part, err := w.store.PutPart(w.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: i + 1, Body: bytes.NewReader(p), Size: -1})
		if err != nil {
			w.Fatal(err)
		}
		r.Parts = append(r.Parts, objectstore.PartChoice{Number: part.Number, ETag: part.ETag})
	}
	if _, err := w.store.CompleteUpload(w.Context(), r); err != nil {
		w.Fatal(err)
	}
	w.want[key] = bytes.Join(parts, nil)
}

// read returns a body or the error that kept it from being read whole.
func (w *world) read(key string) ([]byte, error) {
	o, body, err := w.store.Get(w.Context(), "bucket", key, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	b, err := io.ReadAll(body)
	if err == nil && int64(len(b)) != o.Size {
		w.Errorf("%q: %d bytes without an error, size is %d", key, len(b), o.Size)
	}
	return b, err
}

func (w *world) keys() []string {
	w.Helper()
	page, err := w.store.List(w.Context(), objectstore.ListRequest{Bucket: "bucket", Limit: 1 << 20})
	if err != nil {
		w.Fatalf("list: %v", err)
	}
	var keys []string
	for _, o := range page.Objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// check demands that exactly what is wanted is there, byte for byte.
func (w *world) check(when string) {
	w.Helper()
	if got, want := w.keys(), slices.Sorted(maps.Keys(w.want)); !slices.Equal(got, want) {
		w.Fatalf("%s: listed %q, want %q", when, got, want)
	}
	for key, want := range w.want {
		got, err := w.read(key)
		if err != nil {
			w.Fatalf("%s: read %q: %v", when, key, err)
		}
		if !bytes.Equal(got, want) {
			w.Fatalf("%s: %q has wrong bytes", when, key)
		}
	}
}

// checkHonest demands right bytes or ErrReadQuorum, and nothing else.
func (w *world) checkHonest(when string) (refused int) {
	w.Helper()
	for key, want := range w.want {
		got, err := w.read(key)
		switch {
		case errors.Is(err, objectstore.ErrReadQuorum):
			if !bytes.HasPrefix(want, got) {
				w.Fatalf("%s: %q gave wrong bytes before its error", when, key)
			}
			refused++
		case err != nil:
			w.Fatalf("%s: read %q: %v", when, key, err)
		case !bytes.Equal(got, want):
			w.Fatalf("%s: %q has wrong bytes", when, key)
		}
	}
	return refused
}

// away moves drives out of reach until back.
func (w *world) away(places ...int) {
	w.Helper()
	for _, i := range places {
		if err := os.Rename(w.paths[i], w.paths[i]+".away"); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *world) back(places ...int) {
	w.Helper()
	for _, i := range places {
		if err := os.Rename(w.paths[i]+".away", w.paths[i]); err != nil {
			w.Fatal(err)
		}
	}
}

// alter rewrites a file.
func alter(tb testing.TB, path string, change func([]byte) []byte) {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, change(b), 0o600); err != nil {
		tb.Fatal(err)
	}
}

// combinations returns all ways to choose k of n.
func combinations(n, k int) [][]int {
	if k == 0 {
		return [][]int{nil}
	}
	var all [][]int
	for last := k - 1; last < n; last++ {
		for _, c := range combinations(last, k-1) {
			all = append(all, append(slices.Clone(c), last))
		}
	}
	return all
}

func wantCode(tb testing.TB, err error, code, mention string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, want %s", code)
	}
	got, message := public(err)
	if got != code || !strings.Contains(message, mention) {
		tb.Fatalf("got %s %q, want %s with %q", got, message, code, mention)
	}
}

// skipOutsideCI skips a test for want of something that CI has to have.
func skipOutsideCI(t *testing.T, lack string, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v", lack, err)
	}
	t.Skipf("SKIPPED for want of something: %s: %v", lack, err)
}
