package erasure

import (
	"sync"
	"testing"
	"time"

	"croft/objectstore"
)

// TestRenameBesideADelete: a rename from one set to another holds the bucket in neither
// while it waits for the other, because who deletes the bucket holds both as well.
func TestRenameBesideADelete(t *testing.T) {
	union := new(Union)
	open := func() *Store {
		s, err := Open(t.Context(), Config{Drives: newPaths(t, 2), Parity: -1, Union: union})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	from, to := open(), open()
	if _, err := from.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket"}); err != nil {
		t.Fatal(err)
	}
	c, _ := from.BucketCopy("bucket")
	if err := to.PutBucketCopy(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if _, err := from.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "old", Body: readerOf([]byte("hello")), Size: 5}); err != nil {
		t.Fatal(err)
	}
	hold, err := to.HoldBucket(t.Context(), "bucket")
	if err != nil {
		t.Fatal(err)
	}
	asked, renamed := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := from.RenameTo(t.Context(), to, objectstore.RenameRequest{
			Bucket: "bucket", From: "old", Key: "new",
			Check: func(_, _ *objectstore.Object, _ *objectstore.Attributes) error {
				once.Do(func() { close(asked) })
				return nil
			},
		})
		renamed <- err
	}()
	<-asked // soon it waits for the set that is held
	held := make(chan error, 1)
	for range 50 {
		go func() {
			other, err := from.HoldBucket(t.Context(), "bucket")
			if err == nil {
				other.Release()
			}
			held <- err
		}()
		select {
		case err := <-held:
			if err != nil {
				t.Fatal(err)
			}
		case <-time.After(20 * time.Second):
			hold.Release() // or nothing can be closed
			t.Fatal("the delete waits for the rename, and that for the delete")
		}
		time.Sleep(time.Millisecond)
	}
	hold.Release()
	if err := <-renamed; err != nil {
		t.Fatal(err)
	}
	if _, err := to.Head(t.Context(), "bucket", "new"); err != nil {
		t.Error(err)
	}
}
