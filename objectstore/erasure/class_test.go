package erasure

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/erasure/driveset"
	"croft/objectstore/storetest"
)

func (w *world) putAs(key string, body []byte, class objectstore.StorageClass) {
	w.Helper()
	o, err := w.store.Put(w.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(body), Size: int64(len(body)), Class: class})
	if err != nil {
		w.Fatalf("put %q: %v", key, err)
	}
	if want, _ := class.Kept(); o.Class != want {
		w.Fatalf("put %q as %q: it is %q", key, class, o.Class)
	}
	w.want[key] = body
}

// cut is how the bodies of an object are cut.
func (w *world) cut(key string) (all []driveset.Geometry) {
	w.Helper()
	b, err := w.store.buckets.find("bucket")
	if err != nil {
		w.Fatal(err)
	}
	h, err := w.store.held(w.Context(), b, key)
	if err != nil {
		w.Fatal(err)
	}
	for _, body := range h.Bodies {
		all = append(all, bodyOf(body).Geometry())
	}
	return all
}

func (w *world) wantCut(key string, want ...driveset.Geometry) {
	w.Helper()
	if got := w.cut(key); !slices.Equal(got, want) {
		w.Fatalf("%q is cut into %+v, want %+v", key, got, want)
	}
}

func (w *world) setParity(parity int) {
	w.Helper()
	if _, err := w.store.UpdateBucket(w.Context(), "bucket", func(b *objectstore.Bucket) error { b.Parity = &parity; return nil }); err != nil {
		w.Fatal(err)
	}
}

const largeBytes = 2<<20 + 12345

// TestClassesAreCutOtherwise looks at how bodies of each kind are cut.
func TestClassesAreCutOtherwise(t *testing.T) {
	w := &world{TB: t, paths: newPaths(t, 8), want: map[string][]byte{}}
	w.begin()
	usual, reduced := driveset.Geometry{Data: 4, Parity: 4}, driveset.Geometry{Data: 7, Parity: 1}
	large := randomBytes(largeBytes, 1)
	w.putAs("standard", large, objectstore.ClassStandard)
	w.wantCut("standard", usual)
	w.putAs("reduced", large, objectstore.ClassReduced)
	w.wantCut("reduced", reduced)
	w.putAs("small", large[:100], objectstore.ClassReduced)
	w.wantCut("small")
	for _, c := range []struct {
		from, to string
		class    objectstore.StorageClass
		want     objectstore.StorageClass
		cut      driveset.Geometry
	}{
		{"reduced", "copy", objectstore.ClassUnset, objectstore.ClassReduced, reduced},
		{"reduced", "made safe", objectstore.ClassStandard, objectstore.ClassUnset, usual},
		{"standard", "made cheap", objectstore.ClassReduced, objectstore.ClassReduced, reduced},
		{"copy", "copy", objectstore.ClassStandard, objectstore.ClassUnset, usual},
	} {
		o, err := w.store.Copy(t.Context(), objectstore.CopyRequest{FromBucket: "bucket", FromKey: c.from, Bucket: "bucket", Key: c.to, Class: c.class})
		if err != nil || o.Class != c.want {
			t.Fatalf("copy %s to %s: %q, %v", c.from, c.to, o.Class, err)
		}
		w.wantCut(c.to, c.cut)
		w.want[c.to] = large
	}
	u, err := w.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "parts", Class: objectstore.ClassReduced})
	if err != nil || u.Class != objectstore.ClassReduced {
		t.Fatalf("%+v, %v", u, err)
	}
	w.close()
	w.open() // the upload's class comes from the drives
	if u, err := w.store.Upload(t.Context(), u.UploadRef); err != nil || u.Class != objectstore.ClassReduced {
		t.Fatalf("%+v, %v", u, err)
	}
	if _, err := w.store.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 2, Body: bytes.NewReader(large[:70]), Size: 70}); err != nil {
		t.Fatal(err)
	}
	done := objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 2}}}
	if o, err := w.store.CompleteUpload(t.Context(), done); err != nil || o.Class != objectstore.ClassReduced {
		t.Fatalf("%+v, %v", o, err)
	}
	w.wantCut("parts", reduced)
	w.want["parts"] = large[:70]
	w.setParity(2)
	w.putAs("bucket's", large, objectstore.ClassUnset)
	w.wantCut("bucket's", driveset.Geometry{Data: 6, Parity: 2})
	w.putAs("bucket's reduced", large, objectstore.ClassReduced)
	w.wantCut("bucket's reduced", reduced)
	w.setParity(0)
	w.putAs("none", large, objectstore.ClassReduced)
	w.wantCut("none", driveset.Geometry{Data: 8})
	for _, bad := range []int{-1, 5} {
		_, err := w.store.UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error { b.Parity = &bad; return nil })
		wantCode(t, err, "parity_invalid", "up to 4")
		_, err = w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "another", Parity: &bad})
		wantCode(t, err, "parity_invalid", "up to 4")
	}
	w.close()
	w.open()
	if b, err := w.store.Bucket(t.Context(), "bucket"); err != nil || b.Parity == nil || *b.Parity != 0 {
		t.Fatalf("%+v, %v", b, err)
	}
	w.check("all")
}

// TestClassLosses loses as many drives as a body's class allows, and one more.
func TestClassLosses(t *testing.T) {
	w := &world{TB: t, paths: newPaths(t, 6), want: map[string][]byte{}} // parity 3
	w.begin()
	for parity := range 4 {
		w.setParity(parity)
		w.putAs(fmt.Sprint(parity), randomBytes(largeBytes, uint64(parity)), objectstore.ClassUnset)
	}
	w.putAs("reduced", randomBytes(largeBytes, 9), objectstore.ClassReduced)
	survives := map[string]int{"0": 0, "1": 1, "2": 2, "3": 3, "reduced": 1}
	w.check("with all")
	for lost := range 4 {
		w.close()
		var places []int
		for i := range lost {
			places = append(places, 2*i)
		}
		w.away(places...)
		w.open()
		for key, n := range survives {
			got, err := w.read(key)
			switch {
			case lost <= n && (err != nil || !bytes.Equal(got, w.want[key])):
				t.Fatalf("%s without %d drives: %v", key, lost, err)
			case lost > n && !errors.Is(err, objectstore.ErrReadQuorum):
				t.Fatalf("%s without %d drives: %d bytes, %v", key, lost, len(got), err)
			}
		}
		w.back(places...)
	}
	w.close()
	w.open()
	w.check("with all again")
}

// TestClassesWhileDrivesAreAway: what asks for less redundancy is not refused where
// what asks for more is not.
func TestClassesWhileDrivesAreAway(t *testing.T) {
	w := &world{TB: t, paths: newPaths(t, 6), want: map[string][]byte{}}
	w.begin()
	w.putAs("before", randomBytes(largeBytes, 1), objectstore.ClassReduced)
	w.close()
	w.away(1)
	w.open()
	w.putAs("without one", randomBytes(largeBytes, 2), objectstore.ClassReduced)
	w.wantCut("without one", driveset.Geometry{Data: 5, Parity: 1})
	w.close()
	w.away(4)
	w.open()
	w.putAs("without two", randomBytes(largeBytes, 3), objectstore.ClassReduced)
	w.wantCut("without two", driveset.Geometry{Data: 3, Parity: 3})
	w.close()
	w.back(1, 4)
	w.open()
	w.check("with all")
}

// TestClassesHeal fills a blank drive with bodies that are cut otherwise, those that
// can bear least before the others, and mends damage in them.
func TestClassesHeal(t *testing.T) {
	b := newBay(t, 4)
	b.put("usual", randomBytes(largeBytes, 1))
	b.putAs("reduced", randomBytes(largeBytes, 2), objectstore.ClassReduced)
	w, err := b.store.heal.survey(t.Context())
	if err != nil || slices.Contains(w.levels[:], true) {
		t.Fatalf("something to heal: %+v, %v", w, err)
	}
	b.pull(2)
	b.insert(2, b.machine.Drive("blank"))
	b.store.lookAround(t.Context())
	if err := b.store.heal.claim(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err = b.store.heal.survey(t.Context())
	if err != nil || !w.levels[1] || !w.levels[2] || w.levels[3] {
		t.Fatalf("to heal: %+v, %v", w, err)
	}
	b.heal()
	b.wantOK()
	if n, all := b.bodyFiles(2), b.bodyFiles(0); n != all || n != 2 {
		t.Fatalf("%d files of bodies on the new drive and %d on another", n, all)
	}
	b.without("without 0", 0)
	b.delete("reduced")
	b.delete("usual")
	if n := b.bodyFiles(2); n != 0 {
		t.Fatalf("%d files are left", n)
	}
}

func TestReducedParity(t *testing.T) {
	paths := newPaths(t, 4)
	open := func(reduced int) (*world, error) {
		s, err := Open(t.Context(), Config{Drives: paths, Parity: -1, Reduced: &reduced})
		return &world{TB: t, store: s, want: map[string][]byte{}}, err
	}
	for _, bad := range []int{-1, 3} {
		_, err := open(bad)
		wantCode(t, err, "reduced_parity_invalid", "0 to 2")
	}
	for _, parity := range []int{0, 2} {
		w, err := open(parity)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil && errs.KindOf(err) != errs.Conflict {
			t.Fatal(err)
		}
		w.putAs("key", randomBytes(largeBytes, 1), objectstore.ClassReduced)
		w.wantCut("key", driveset.Geometry{Data: 4 - parity, Parity: parity})
		w.close()
	}
	one := &world{TB: t, paths: newPaths(t, 1), want: map[string][]byte{}}
	one.begin()
	one.putAs("key", randomBytes(largeBytes, 1), objectstore.ClassReduced)
	one.wantCut("key", driveset.Geometry{Data: 1})
}

func TestSuiteOfClasses(t *testing.T) {
	storetest.RunClasses(t, func(t *testing.T) objectstore.Store { return mustOpen(t, newPaths(t, 4)) })
}
