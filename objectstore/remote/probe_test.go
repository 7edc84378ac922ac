package remote

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"croft/objectstore"
)

// careless is a store that does not look at conditions.
type careless struct {
	objectstore.Store
	puts, matches, copies, completes bool
}

func (c careless) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	if c.puts {
		r.Condition.Absent = false
	}
	if c.matches {
		r.Condition.ETag = ""
	}
	return c.Store.Put(ctx, r)
}

func (c careless) Copy(ctx context.Context, r objectstore.CopyRequest) (objectstore.Object, error) {
	if c.copies {
		r.Condition = objectstore.Condition{}
	}
	return c.Store.Copy(ctx, r)
}

func (c careless) CompleteUpload(ctx context.Context, r objectstore.CompleteUploadRequest) (objectstore.Object, error) {
	if c.completes {
		r.Condition = objectstore.Condition{}
	}
	return c.Store.CompleteUpload(ctx, r)
}

// keyed is a store whose ETags are no MD5, as with encryption by a key service.
type keyed struct{ objectstore.Store }

func (k keyed) Put(ctx context.Context, r objectstore.PutRequest) (objectstore.Object, error) {
	o, err := k.Store.Put(ctx, r)
	o.ETag = strings.Repeat("0", 32)
	return o, err
}

func TestProbeRefusesWhatIsLacking(t *testing.T) {
	for name, wrap := range map[string]func(objectstore.Store) objectstore.Store{
		"no If-None-Match": func(s objectstore.Store) objectstore.Store { return careless{Store: s, puts: true} },
		"no If-Match":      func(s objectstore.Store) objectstore.Store { return careless{Store: s, matches: true} },
		"other ETags":      func(s objectstore.Store) objectstore.Store { return keyed{s} },
	} {
		c := newClusterOver(t, wrap)
		_, err := Open(t.Context(), c.config())
		wants(t, name, err, "target_lacks", "cannot keep Croft's objects")
		if left := c.keys(t, "team", ""); len(left) != 0 {
			t.Errorf("%s: left %q", name, left)
		}
	}
}

// What a cluster cannot do under a condition is refused then, and done without one.
func TestConditionsThatTheClusterIgnores(t *testing.T) {
	c := newClusterOver(t, func(s objectstore.Store) objectstore.Store { return careless{Store: s, copies: true, completes: true} })
	s := c.withBucket(t)
	if s.ableTo != (abilities{}) {
		t.Fatalf("able to %+v", s.ableTo)
	}
	if _, err := s.Put(t.Context(), objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1}); err != nil {
		t.Fatal(err)
	}
	r := objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy", Condition: objectstore.Condition{Absent: true}}
	_, err := s.Copy(t.Context(), r)
	wants(t, "copy", err, ErrUnsupported.Code, "condition")
	r.Condition = objectstore.Condition{}
	if _, err := s.Copy(t.Context(), r); err != nil {
		t.Errorf("copy: %v", err)
	}
	u, err := s.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "bucket", Key: "upload"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutPart(t.Context(), objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader([]byte("x")), Size: 1}); err != nil {
		t.Fatal(err)
	}
	complete := objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}, Condition: objectstore.Condition{Absent: true}}
	_, err = s.CompleteUpload(t.Context(), complete)
	wants(t, "complete", err, ErrUnsupported.Code, "condition")
	complete.Condition = objectstore.Condition{}
	if _, err := s.CompleteUpload(t.Context(), complete); err != nil {
		t.Errorf("complete: %v", err)
	}
}
