package pools

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure"
)

func TestSetSize(t *testing.T) {
	f := func(drives, want int) {
		t.Helper()
		if got, err := SetSize(drives); err != nil || got != want {
			t.Errorf("%d drives: %d, %v, want %d", drives, got, err, want)
		}
	}
	f(1, 1)
	f(2, 2)
	f(7, 7)
	f(16, 16)
	f(18, 9)
	f(20, 10)
	f(24, 12)
	f(32, 16)
	f(34, 2)
	f(48, 16)
	_, err := SetSize(17)
	wantCode(t, err, "drive_count", "Give 16 or 18")
}

func wantCode(tb testing.TB, err error, code, mention string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error, want %s", code)
	}
	if got, message := errs.Public(err); got != code || !strings.Contains(message, mention) {
		tb.Fatalf("got %s %q, want %s with %q", got, message, code, mention)
	}
}

func wantRefused(tb testing.TB, code, mention string, pools ...[]string) {
	tb.Helper()
	s, err := Open(tb.Context(), config(tb, pools...))
	if err == nil {
		_ = s.Close()
	}
	wantCode(tb, err, code, mention)
}

// body is a body that says whose it is.
func body(key string) []byte { return []byte("body of " + key) }

func put(tb testing.TB, s objectstore.Store, keys ...string) {
	tb.Helper()
	for _, key := range keys {
		b := body(key)
		if _, err := s.Put(tb.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(b), Size: int64(len(b))}); err != nil {
			tb.Fatalf("put %s: %v", key, err)
		}
	}
}

func makeBucket(tb testing.TB, s objectstore.Store) {
	tb.Helper()
	if _, err := s.CreateBucket(tb.Context(), objectstore.Bucket{Name: "bucket", Owner: "team"}); err != nil {
		tb.Fatal(err)
	}
}

func manyKeys(prefix string, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("%s%04d", prefix, i))
	}
	return keys
}

// holds demands that the bucket has exactly these keys, with their bodies.
func holds(tb testing.TB, s objectstore.Store, keys ...string) {
	tb.Helper()
	slices.Sort(keys)
	var listed []string
	for after := ""; ; {
		page, err := s.List(tb.Context(), objectstore.ListRequest{Bucket: "bucket", After: after, Limit: 7})
		if err != nil {
			tb.Fatal(err)
		}
		for _, o := range page.Objects {
			listed = append(listed, o.Key)
		}
		if after = page.Next; !page.Truncated {
			break
		}
	}
	if !slices.Equal(listed, keys) {
		tb.Fatalf("listed %q, want %q", listed, keys)
	}
	for _, key := range keys {
		_, r, err := s.Get(tb.Context(), "bucket", key, nil)
		if err != nil {
			tb.Fatalf("get %s: %v", key, err)
		}
		got, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || !bytes.Equal(got, body(key)) {
			tb.Fatalf("%s holds %q, %v", key, got, err)
		}
	}
}

func closeStore(tb testing.TB, s interface{ Close() error }) {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// TestReopen opens a store with all that may be forgotten between two starts.
func TestReopen(t *testing.T) {
	a := drives(quickDir(t), "a", 6)
	s := mustOpen(t, a)
	makeBucket(t, s)
	keys := manyKeys("key", 60)
	put(t, s, keys...)
	for i, set := range s.sets() {
		if page, err := set.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"}); err != nil || len(page.Objects) < 5 {
			t.Errorf("set %d has %d keys, %v", i, len(page.Objects), err)
		}
	}
	id := s.Deployment()
	closeStore(t, s)
	for _, path := range []string{a[0], a[2], a[5]} { // a drive of each set is lost
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	c := config(t, a)
	c.Set.Deployment, c.Set.Reindex = id, true
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	holds(t, s, keys...)
	h, err := s.Health(t.Context())
	if err != nil || s.Deployment() != id {
		t.Fatalf("deployment %s, %v", s.Deployment(), err)
	}
	for i, d := range h.Drives {
		if d.Path != a[i] || d.Pool != 1 || d.Set != i/2+1 {
			t.Errorf("drive %d is %+v", i, d)
		}
	}
}

// TestEighteenDrives divides as users have them divided.
func TestEighteenDrives(t *testing.T) {
	a := drives(quickDir(t), "a", 18)
	c := config(t, a)
	c.sizeOf = nil
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	h, err := s.Health(t.Context())
	if err != nil || len(s.sets()) != 2 || len(h.Drives) != 18 || h.WriteQuorum != 5 || !h.Writable {
		t.Fatalf("%d sets, %+v, %v", len(s.sets()), h, err)
	}
	if _, _, err := Sole([][]string{drives(t.TempDir(), "b", 17)}); err == nil {
		t.Error("17 drives were divided")
	}
}

func TestWrongDrives(t *testing.T) {
	root := quickDir(t)
	a, b := drives(root, "a", 4), drives(root, "b", 2)
	s := mustOpen(t, a, b)
	makeBucket(t, s)
	id := s.Deployment()
	closeStore(t, s)
	other := drives(root, "c", 4)
	o := mustOpen(t, other)
	makeBucket(t, o)
	closeStore(t, o)
	lone := drives(root, "d", 2)
	l := mustOpen(t, lone)
	makeBucket(t, l)
	closeStore(t, l)

	wantRefused(t, "drive_order", "in another order", []string{a[2], a[3], a[0], a[1]}, b)
	wantRefused(t, "drive_order", "one of another set", []string{a[0], a[2], a[1], a[3]}, b)
	wantRefused(t, "drive_order", "one of another set", []string{a[0], a[1], a[2], b[0]}, []string{a[3], b[1]})
	wantRefused(t, "drives_away", "2 pools of drives", a)
	wantRefused(t, "drives_away", "2 pools of drives", b)
	wantRefused(t, "drives_away", "missing or empty", a, drives(root, "x", 2))
	wantRefused(t, "drives_away", "missing or empty", []string{a[0], a[1], root + "/y1", root + "/y2"}, b)
	wantRefused(t, "drive_count", "Pool 1 has 2 sets", a[:2], b)
	wantRefused(t, "drive_foreign", "different Croft deployments", other, b)
	wantRefused(t, "drive_foreign", "different Croft deployments", a, b, other)
	wantRefused(t, "drive_foreign", "different Croft deployment", a, b, lone)
	if _, err := os.Stat(filepath.Join(root, "x01")); err == nil {
		t.Error("drives were formatted in the place of missing ones")
	}
	if _, sole, err := Sole([][]string{b}); sole || err != nil {
		t.Errorf("a set of a bigger store stands alone: %v", err)
	}
	c := config(t, drives(root, "z", 4))
	c.Set.Deployment = id
	_, err := Open(t.Context(), c)
	wantCode(t, err, "drives_away", "belongs to drives that are not here")
	c = config(t, other)
	c.Set.Deployment = id
	_, err = Open(t.Context(), c)
	wantCode(t, err, "state_of_another", "other drives")

	closeStore(t, mustOpen(t, b, a)) // pools have no order
}

// TestDamagedLayout opens a store of which one drive's file is damaged or gone.
func TestDamagedLayout(t *testing.T) {
	a := drives(quickDir(t), "a", 4)
	closeStore(t, mustOpen(t, a))
	file := func(i int) string { return filepath.Join(a[i], ".croft", layoutFile) }
	whole, err := os.ReadFile(file(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file(0), bytes.Replace(whole, []byte("pools"), []byte("spool"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file(3)); err != nil {
		t.Fatal(err)
	}
	closeStore(t, mustOpen(t, a))
	for _, i := range []int{0, 3} {
		if again, err := os.ReadFile(file(i)); err != nil || !bytes.Equal(again, whole) {
			t.Errorf("drive %d was not told again: %v", i, err)
		}
	}
	for i := range a {
		if err := os.WriteFile(file(i), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantRefused(t, "drive_layout", "damaged", a)
	if err := os.WriteFile(file(1), []byte(`{"version": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "drive_format", "newer Croft", a)
}

// TestGrow begins with one set alone and adds pools to it.
func TestGrow(t *testing.T) {
	root := quickDir(t)
	a, b, c := drives(root, "a", 3), drives(root, "b", 4), drives(root, "c", 1)
	one, err := erasure.Open(t.Context(), erasure.Config{Drives: a, Parity: -1})
	if err != nil {
		t.Fatal(err)
	}
	makeBucket(t, one)
	keys := manyKeys("old", 20)
	put(t, one, keys...)
	id := one.Deployment()
	made, err := one.Bucket(t.Context(), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, one)
	if drives, sole, err := Sole([][]string{a[:1], a[1:]}); !sole || !slices.Equal(drives, a) || err != nil {
		t.Errorf("several ranges that were one set: %q, %v", drives, err)
	}

	wantRefused(t, "drive_count", "pool of their own", []string{a[0], a[1], a[2], root + "/x1", root + "/x2", root + "/x3"})
	s := mustOpen(t, a, b)
	if got, err := s.Bucket(t.Context(), "bucket"); err != nil || s.Deployment() != id || got.Owner != "team" || !got.CreatedAt.Equal(made.CreatedAt) {
		t.Fatalf("bucket %+v of %s, %v", got, s.Deployment(), err)
	}
	holds(t, s, keys...)
	more := manyKeys("new", 40)
	put(t, s, more...)
	keys = append(keys, more...)
	closeStore(t, s)

	s = mustOpen(t, c, b, a)
	more = manyKeys("last", 60)
	put(t, s, more...)
	keys = append(keys, more...)
	put(t, s, keys...) // each stays where it is
	for _, p := range s.now.Load().pools {
		n := 0
		for _, set := range p.sets {
			page, err := set.List(t.Context(), objectstore.ListRequest{Bucket: "bucket"})
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Objects)
		}
		if n == 0 {
			t.Errorf("pool %d has nothing", p.number)
		}
	}
	holds(t, s, keys...)
	if u, err := s.Usage(t.Context(), "bucket"); err != nil || u.Objects != int64(len(keys)) {
		t.Errorf("usage %+v, want %d objects, %v", u, len(keys), err)
	}
	if err := s.DeleteBucket(t.Context(), "bucket"); err == nil {
		t.Error("a full bucket was deleted")
	}
	for _, err := range s.DeleteAll(t.Context(), "bucket", keys) {
		if err != nil {
			t.Fatal(err)
		}
	}
	holds(t, s)
	if err := s.DeleteBucket(t.Context(), "bucket"); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
}
