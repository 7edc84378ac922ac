package erasure

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/erasure/record"
)

var (
	teamKey  = objectstore.NamedKey{ID: "alias/team"}.Encryption()
	boundKey = objectstore.NamedKey{ID: "alias/team", Context: base64.StdEncoding.EncodeToString([]byte(`{"tenant":"a"}`))}.Encryption()
)

// TestNamesAreBound: whoever changes in an entry which key an object is said to be under, or
// in which context, has an object that does not open.
func TestNamesAreBound(t *testing.T) {
	ways := []objectstore.Encryption{
		objectstore.EncryptionStore, objectstore.NamedKey{}.Encryption(), teamKey, objectstore.NamedKey{ID: "alias/tean"}.Encryption(), boundKey,
		objectstore.NamedKey{ID: "alias/team", Context: base64.StdEncoding.EncodeToString([]byte(`{"tenant":"b"}`))}.Encryption(),
	}
	s := openWithKeys(t, newPaths(t, 2), testKeys{1}, false)
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	b, err := s.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	relabel := func(key string, as objectstore.Encryption) {
		t.Helper()
		h, err := s.held(t.Context(), b, key)
		if err != nil {
			t.Fatal(err)
		}
		v := *h.Version
		v.Sealed.By = as
		if err := s.rewrite(t.Context(), h, &v); err != nil {
			t.Fatal(err)
		}
	}
	for _, by := range ways {
		for _, n := range []int{100, 3 << 20} {
			_, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(make([]byte, n)), Size: int64(n), Encrypt: by})
			if err != nil {
				t.Fatal(err)
			}
			for _, as := range ways {
				relabel("key", as)
				_, body, err := s.Get(t.Context(), "bucket", "key", nil)
				if body != nil {
					_ = body.Close()
				}
				if (err == nil) != (as == by) {
					t.Errorf("%d bytes under %q that are said to be under %q: %v", n, by, as, err)
				}
			}
		}
	}
}

// TestNamedKeysSurvive: names, defaults and unfinished uploads are there after a restart, and
// in a catalogue that is built anew.
func TestNamedKeysSurvive(t *testing.T) {
	paths := newPaths(t, 4)
	s := openWithKeys(t, paths, testKeys{1}, false)
	if _, err := s.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket", Encryption: teamKey}); err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{"small": "hello", "large": strings.Repeat("0123456789abcdef", 200_000)}
	for key, body := range bodies {
		if _, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader(body), Size: int64(len(body)), Encrypt: boundKey}); err != nil {
			t.Fatal(err)
		}
	}
	up, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "upload", Encrypt: boundKey})
	if err != nil {
		t.Fatal(err)
	}
	for i, reindex := range []bool{false, true} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openWithKeys(t, paths, testKeys{1}, reindex)
		if b, err := s.Bucket(t.Context(), "bucket"); err != nil || b.Encryption != teamKey {
			t.Fatalf("bucket %+v, %v", b, err)
		}
		for key, body := range bodies {
			o, r, err := s.Get(t.Context(), "bucket", key, nil)
			if err != nil || o.Encryption != boundKey {
				t.Fatalf("%s: %+v, %v", key, o, err)
			}
			var got bytes.Buffer
			_, err = got.ReadFrom(r)
			_ = r.Close()
			if err != nil || got.String() != body {
				t.Fatalf("%s: %d bytes, %v", key, got.Len(), err)
			}
		}
		if o, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "by default"}); err != nil || o.Encryption != teamKey {
			t.Fatalf("%+v, %v", o, err)
		}
		if _, err := s.PutPart(t.Context(), objectstore.PutPartRequest{Upload: up.UploadRef, Number: i + 1, Body: strings.NewReader("x"), Size: 1}); err != nil {
			t.Fatal(err)
		}
	}
	o, err := s.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{Upload: up.UploadRef, Parts: []objectstore.PartChoice{{Number: 2}}})
	if err != nil || o.Encryption != boundKey {
		t.Fatalf("%+v, %v", o, err)
	}
}

// TestOlderCroftsBuckets: what a Croft that knows no names reads of a bucket with one is the
// store's key, so that it writes nothing that says a name and is not sealed to it.
func TestOlderCroftsBuckets(t *testing.T) {
	e := (&record.Bucket{Name: "bucket", Encryption: teamKey}).Encode()
	if bytes.Count(e, []byte("store")) != 1 || bytes.Count(e, []byte(teamKey)) != 1 || bytes.Index(e, []byte("store")) > bytes.Index(e, []byte(teamKey)) {
		t.Errorf("%q", e)
	}
}
