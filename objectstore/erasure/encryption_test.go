package erasure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"croft/internal/errs"
	"croft/internal/seal"
	"croft/objectstore"
	"croft/objectstore/storetest"
)

// testKeys are master keys in memory; the last is the newest.
type testKeys []byte

var errNoSuchKey = errs.New(errs.Unavailable, "master_key_missing", "no such key")

func (k testKeys) Seal(_ context.Context, name string, plain []byte) (string, []byte, error) {
	id := k[len(k)-1]
	sealed, err := seal.New([32]byte{id}).Seal("test"+name, plain)
	return fmt.Sprint(id), sealed, err
}

func (k testKeys) Open(_ context.Context, keyID, name string, sealed []byte) ([]byte, error) {
	for _, id := range k {
		if fmt.Sprint(id) == keyID {
			return seal.New([32]byte{id}).Open("test"+name, sealed)
		}
	}
	return nil, errNoSuchKey
}

// openWithKeys opens a store that is closed with the test, if not before.
func openWithKeys(tb testing.TB, paths []string, keys Keys, reindex bool) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), Config{Drives: paths, Parity: -1, Keys: keys, Reindex: reindex})
	if err != nil {
		tb.Fatalf("open: %v", err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func TestCoats(t *testing.T) {
	for _, drives := range []int{1, 4} {
		t.Run(fmt.Sprintf("%d drives", drives), func(t *testing.T) {
			if testing.Short() && drives == 1 {
				t.Skip("one drive is for the long run")
			}
			storetest.RunCoats(t, func(t *testing.T) objectstore.Store {
				return openWithKeys(t, newPaths(t, drives), testKeys{1}, false)
			})
		})
	}
}

// safe is a store with objects of all kinds in two buckets, one of which keeps
// versions, and what they hold.
type safe struct {
	*testing.T
	store    *Store
	paths    []string
	customer *objectstore.CustomerKey
	upload   objectstore.Upload
	holds    map[objectstore.VersionRef][]byte
}

// secret returns n bytes that say marker over and over.
func secret(marker string, n int) []byte {
	return bytes.Repeat([]byte(marker), n/len(marker)+1)[:n]
}

func newSafe(t *testing.T, keys Keys, marker string) *safe {
	customer := objectstore.CustomerKey([]byte("the customer's own key, 32 bytes"))
	s := &safe{T: t, paths: newPaths(t, 4), customer: &customer, holds: make(map[objectstore.VersionRef][]byte)}
	s.store = openWithKeys(t, s.paths, keys, false)
	for _, b := range []objectstore.Bucket{
		{Name: "bucket", Encryption: objectstore.EncryptionStore},
		{Name: "versions", Encryption: objectstore.EncryptionStore, Versioning: objectstore.VersioningEnabled, Compression: objectstore.Compression{On: true}},
	} {
		if _, err := s.store.CreateBucket(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		for i, n := range []int{40, 100_000, 1 << 20, 3 << 20} {
			for v := range 2 {
				s.put(objectstore.PutRequest{Bucket: b.Name, Key: fmt.Sprint("store", n)}, secret(fmt.Sprint(marker, i, v), n))
			}
			s.put(objectstore.PutRequest{Bucket: b.Name, Key: fmt.Sprint("customer", n), CustomerKey: s.customer}, secret(marker, n))
		}
		s.put(objectstore.PutRequest{Bucket: b.Name, Key: "named", Encrypt: boundKey}, secret(marker, 100_000))
		if _, err := s.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: b.Name, Key: "named", Encrypt: teamKey}); err != nil {
			t.Fatal(err)
		}
		u, err := s.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: b.Name, Key: "upload"})
		if err == nil {
			s.upload = u
			_, err = s.store.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader(secret(marker, 70_000)), Size: 70_000})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *safe) put(r objectstore.PutRequest, body []byte) {
	s.Helper()
	r.Body, r.Size = bytes.NewReader(body), int64(len(body))
	o, err := s.store.Put(s.Context(), r)
	if err != nil {
		s.Fatal(err)
	}
	s.holds[objectstore.VersionRef{Bucket: r.Bucket, Key: r.Key, ID: o.VersionID, CustomerKey: r.CustomerKey}] = body
}

// reopen opens the drives again with other keys.
func (s *safe) reopen(keys Keys, reindex bool) {
	s.Helper()
	if err := s.store.Close(); err != nil {
		s.Fatal(err)
	}
	s.store = openWithKeys(s.T, s.paths, keys, reindex)
}

// checks reads everything; what the store's key is needed for ends in an error that
// is want, nil for none.
func (s *safe) check(want error) {
	s.Helper()
	for ref, body := range s.holds {
		_, r, err := s.store.GetVersion(s.Context(), ref, nil)
		if want != nil && ref.CustomerKey == nil {
			if !errors.Is(err, want) {
				s.Fatalf("%+v: %v, want %v", ref, err, want)
			}
			continue
		}
		if err != nil {
			s.Fatalf("%+v: %v", ref, err)
		}
		got, err := io.ReadAll(r)
		_ = r.Close()
		if err != nil || !bytes.Equal(got, body) {
			s.Fatalf("%+v: %d bytes, %v", ref, len(got), err)
		}
	}
}

// onDrives reports whether any file of the drives holds some text.
func (s *safe) onDrives(text string) (found bool) {
	s.Helper()
	for _, root := range s.paths {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			found = found || bytes.Contains(b, []byte(text))
			return err
		})
		if err != nil {
			s.Fatal(err)
		}
	}
	return found
}

func TestNothingStandsInPlain(t *testing.T) {
	const marker = "Rumpelstiltskin"
	s := newSafe(t, testKeys{1}, marker)
	s.check(nil)
	for _, r := range []objectstore.CopyRequest{
		{FromKey: "store40", Key: "copy40"}, {FromKey: "store3145728", Key: "copy3145728"},
	} {
		r.FromBucket, r.Bucket = "bucket", "versions"
		if _, err := s.store.Copy(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if s.onDrives(marker) {
		t.Fatal("the drives hold what is to be encrypted")
	}
	if s.onDrives(string(s.customer[:])) {
		t.Fatal("the drives hold the customer's key")
	}
	// The look finds what is not encrypted, small and large.
	if _, err := s.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "plain"}); err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{40, 3 << 20} {
		text := fmt.Sprint("in plain ", i, " ")
		s.put(objectstore.PutRequest{Bucket: "plain", Key: text}, secret(text, n))
		if !s.onDrives(text) {
			t.Errorf("%d bytes in plain were not found", n)
		}
	}
}

func TestMasterKeys(t *testing.T) {
	s := newSafe(t, testKeys{1}, "secret")
	if _, err := s.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "plain"}); err != nil {
		t.Fatal(err)
	}
	plain := objectstore.PutRequest{Bucket: "plain", Key: "key", CustomerKey: s.customer}
	s.put(plain, secret("x", 100))
	s.reopen(testKeys{1}, true)
	s.check(nil)
	s.reopen(testKeys{2}, false)
	s.check(errNoSuchKey)
	s.put(plain, secret("written while the key was away", 1000))
	part := objectstore.PutPartRequest{Upload: s.upload.UploadRef, Number: 2, Body: strings.NewReader("x"), Size: 1}
	if _, err := s.store.PutPart(t.Context(), part); !errors.Is(err, errNoSuchKey) {
		t.Errorf("part: %v", err)
	}
	s.reopen(nil, true)
	s.check(objectstore.ErrEncryptionUnavailable)
	for _, r := range []objectstore.PutRequest{{Bucket: "bucket", Key: "k"}, {Bucket: "plain", Key: "k", Encrypt: objectstore.EncryptionStore}} {
		if _, err := s.store.Put(t.Context(), r); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
			t.Errorf("put %+v: %v", r, err)
		}
	}
	_, err := s.store.UpdateBucket(t.Context(), "plain", func(b *objectstore.Bucket) error {
		b.Encryption = objectstore.EncryptionStore
		return nil
	})
	if !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("a default that cannot be: %v", err)
	}
	if _, err := s.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "another", Encryption: objectstore.EncryptionStore}); !errors.Is(err, objectstore.ErrEncryptionUnavailable) {
		t.Errorf("a bucket that cannot be: %v", err)
	}
	s.reopen(testKeys{2, 1}, false)
	s.check(nil)
}

func TestReseal(t *testing.T) {
	s := newSafe(t, testKeys{1}, "secret")
	ref := objectstore.VersionRef{Bucket: "bucket", Key: "store100000"}
	before, err := s.store.HeadVersion(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.store.Reseal(t.Context()); n != 0 || err != nil {
		t.Fatalf("resealed %d under the same key, %v", n, err)
	}
	// Without the old key nothing can be resealed, and nothing is lost.
	s.reopen(testKeys{2}, false)
	if n, err := s.store.Reseal(t.Context()); n != 0 || !errors.Is(err, errNoSuchKey) {
		t.Fatalf("resealed %d without the key, %v", n, err)
	}
	s.reopen(testKeys{1, 2}, false)
	const keys = 4 + 2*4 + 2 + 4 // objects, versions, uploads, and both under names
	if n, err := s.store.Reseal(t.Context()); n != keys || err != nil {
		t.Fatalf("resealed %d of %d, %v", n, keys, err)
	}
	if n, err := s.store.Reseal(t.Context()); n != 0 || err != nil {
		t.Fatalf("resealed %d again, %v", n, err)
	}
	for _, reindex := range []bool{false, true} {
		s.reopen(testKeys{2}, reindex)
		s.check(nil)
	}
	after, err := s.store.HeadVersion(t.Context(), ref)
	if err != nil || after.ETag != before.ETag || !after.ModifiedAt.Equal(before.ModifiedAt) || after.StoredSize != before.StoredSize {
		t.Fatalf("resealing changed %+v to %+v, %v", before, after, err)
	}
	part := objectstore.PutPartRequest{Upload: s.upload.UploadRef, Number: 2, Body: strings.NewReader("end"), Size: 3}
	if _, err := s.store.PutPart(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	_, err = s.store.CompleteUpload(t.Context(), objectstore.CompleteUploadRequest{Upload: s.upload.UploadRef, Parts: []objectstore.PartChoice{{Number: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	s.holds[objectstore.VersionRef{Bucket: s.upload.Bucket, Key: "upload"}] = []byte("end")
	s.check(nil)
}

// interruptingKeys end what is going on when they are asked for the first time.
type interruptingKeys struct {
	testKeys
	interrupt func()
}

func (k interruptingKeys) Open(ctx context.Context, id, name string, sealed []byte) ([]byte, error) {
	k.interrupt()
	return k.testKeys.Open(ctx, id, name, sealed)
}

// TestResealInTheBackground asks for it, restarts before anything was done, and has it
// done then; what cannot be opened is told and left as it is.
func TestResealInTheBackground(t *testing.T) {
	s := newSafe(t, testKeys{1}, "secret")
	progress := func() objectstore.ResealProgress {
		t.Helper()
		p, err := s.store.ResealProgress(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := progress(); p != (objectstore.ResealProgress{}) {
		t.Fatalf("never asked for: %+v", p)
	}
	s.reopen(testKeys{1, 2}, false)
	if err := s.store.StartReseal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.store.StartReseal(t.Context()); !errors.Is(err, objectstore.ErrResealRunning) {
		t.Fatalf("asked for twice: %v", err)
	}
	s.reopen(testKeys{1, 2}, false)
	if p := progress(); !p.Running || p.StartedAt.IsZero() || !p.FinishedAt.IsZero() {
		t.Fatalf("after a restart: %+v", p)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.store.resealAsked(canceled); err == nil || !progress().Running {
		t.Fatalf("stopped before it began: %v, %+v", err, progress())
	}
	canceled, cancel = context.WithCancel(t.Context())
	s.store.master = interruptingKeys{testKeys{1, 2}, cancel}
	if err := s.store.resealAsked(canceled); !errors.Is(err, context.Canceled) || !progress().Running || progress().Problem != "" {
		t.Fatalf("interrupted: %v, %+v", err, progress())
	}
	s.reopen(testKeys{1, 2}, false)
	if err := s.store.resealAsked(t.Context()); err != nil {
		t.Fatal(err)
	}
	const keys = 4 + 2*4 + 2 + 4 // objects, versions, uploads, and both under names
	p := progress()
	if p.Running || p.Resealed != keys || p.Failed != 0 || p.Problem != "" || p.FinishedAt.IsZero() || p.Checked < keys-2 || p.Total != p.Checked {
		t.Fatalf("%+v", p)
	}
	s.reopen(testKeys{2}, false)
	s.check(nil)
	if err := s.store.resealAsked(t.Context()); err != nil || progress() != p {
		t.Fatalf("nobody asked: %v, %+v", err, progress())
	}
	s.reopen(testKeys{3}, false) // without the key that everything is sealed under
	if err := s.store.StartReseal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.store.resealAsked(t.Context()); !errors.Is(err, errNoSuchKey) {
		t.Fatal(err)
	}
	if p := progress(); p.Running || p.Failed != keys || p.Resealed != 0 || p.Problem == "" {
		t.Fatalf("%+v", p)
	}
	s.reopen(testKeys{2}, false)
	s.check(nil)
}

// TestResealRuns: what is asked for is done, without a restart.
func TestResealRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBay(t, 3)
		b.store.master = testKeys{1}
		_, err := b.store.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "k", Body: strings.NewReader("x"), Size: 1, Encrypt: objectstore.EncryptionStore})
		if err != nil {
			t.Fatal(err)
		}
		stop := b.run()
		synctest.Wait()
		b.store.master = testKeys{1, 2}
		b.try(b.store.StartReseal(t.Context()))
		synctest.Wait()
		if p, err := b.store.ResealProgress(t.Context()); err != nil || p.Running || p.Resealed != 1 {
			t.Errorf("%+v, %v", p, err)
		}
		stop()
		b.try(b.store.Close())
	})
}

// TestResealLooksAgain: what became another's meanwhile, or is gone, is left alone.
func TestResealLooksAgain(t *testing.T) {
	s := newSafe(t, testKeys{1}, "secret")
	b, err := s.store.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	h, err := s.store.held(t.Context(), b, "customer40")
	if err != nil {
		t.Fatal(err)
	}
	r := &resealer{store: s.store, newest: "1", tell: func(*resealer) {}}
	for _, ord := range []uint64{h.Ord, 1} {
		if did, err := r.version(t.Context(), b, "customer40", ord); did || err != nil {
			t.Errorf("resealed %v, %v", did, err)
		}
	}
	u := s.upload
	in, err := s.store.buckets.find(u.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{u.ID, "gone"} {
		if did, err := r.upload(t.Context(), in, u.Key, id); did || err != nil {
			t.Errorf("resealed %v, %v", did, err)
		}
	}
	r.newest = "2"
	in.dead = true
	if did, err := r.upload(t.Context(), in, u.Key, u.ID); did || err != nil {
		t.Errorf("resealed %v in a bucket that is gone, %v", did, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.note(ctx, true, nil); !errors.Is(err, context.Canceled) || r.done+r.failed > 0 {
		t.Errorf("canceled: %v, %+v", err, r)
	}
	s.check(nil)
}

// TestKeysOfOthers: an object's sealed key, or a part of what it is opened with, does
// not open another's body.
func TestKeysOfOthers(t *testing.T) {
	s := newSafe(t, testKeys{1}, "secret")
	b, err := s.store.buckets.find("bucket")
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []string{"100000", "3145728"} {
		one, err := s.store.held(t.Context(), b, "store"+size)
		if err != nil {
			t.Fatal(err)
		}
		key, err := s.store.openKey(t.Context(), one.Sealed, nil)
		if err != nil {
			t.Fatal(err)
		}
		open := func(h *held) error {
			s.store.inUse.Add(1)
			r, err := s.store.openBody(t.Context(), h, key, 0, h.Size)
			if err != nil {
				s.store.inUse.Done()
				return err
			}
			_, err = io.Copy(io.Discard, r)
			_ = r.Close()
			return err
		}
		if err := open(one); err != nil {
			t.Fatal(err)
		}
		moved, cut := *one, *one
		v := *one.Version
		v.Key = "another"
		moved.Version = &v
		other, err := s.store.held(t.Context(), b, "customer"+size)
		if err != nil {
			t.Fatal(err)
		}
		w := *one.Version
		w.Size--
		if len(w.Bodies) > 0 {
			w.Bodies = append(w.Bodies[:0:0], w.Bodies...)
			w.Bodies[0].Plain--
		}
		cut.Version = &w
		if !one.Inline { // what is not in the catalogue as it is told is not opened at all
			name := bodyName(one.Bucket, "another")
			_, err = s.store.openFile(t.Context(), one.Bodies[0], key, name, 0, 1)
			if !errors.Is(err, objectstore.ErrBodyAltered) {
				t.Errorf("another name: %v", err)
			}
		} else if err := open(&moved); !errors.Is(err, objectstore.ErrBodyAltered) {
			t.Errorf("another name: %v", err)
		}
		if err := open(other); !errors.Is(err, objectstore.ErrBodyAltered) {
			t.Errorf("another's body: %v", err)
		}
		if err := open(&cut); !errors.Is(err, objectstore.ErrBodyAltered) {
			t.Errorf("cut: %v", err)
		}
	}
}
