// Package storetest is the one suite that every engine of objectstore passes. It
// says in tests what the interface says in comments and knows nothing of how an
// engine works.
package storetest

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"croft/objectstore"
)

// Limits are what an engine cannot promise because of what it keeps its objects in.
// The zero value is a whole engine. Where a limit holds the suite tests what is
// promised instead.
type Limits struct {
	// RoughTimes: the time that a write returns may be off by some seconds from the
	// one that every read tells.
	RoughTimes bool
	// NoBlankKeys: keys of nothing but blanks are refused.
	NoBlankKeys bool
	// NoVersions: the engine is no objectstore.Versions. It keeps no setting of
	// buckets either, nor anything that a version could be kept by.
	NoVersions bool
}

// Run tests an engine. open returns a fresh, empty store and closes it with t.
func Run(t *testing.T, open func(t *testing.T) objectstore.Store) {
	RunLimited(t, Limits{}, open)
}

// RunLimited is Run for an engine with limits.
func RunLimited(t *testing.T, limits Limits, open func(t *testing.T) objectstore.Store) {
	versions := group{"Versions", slices.Concat(versionTests, batchVersionTests, renameTests)}
	if limits.NoVersions {
		versions = group{"NoVersions", noVersionTests}
	}
	run(t, limits, open, []group{
		{"Buckets", bucketTests},
		{"Objects", objectTests},
		{"Bodies", bodyTests},
		{"Batch", batchTests},
		versions,
		{"List", listTests},
		{"Uploads", uploadTests},
		{"Concurrency", concurrencyTests},
	})
}

// RunCoats tests an engine that can encrypt, with a key of its own, and compress.
func RunCoats(t *testing.T, open func(t *testing.T) objectstore.Store) {
	run(t, Limits{}, open, []group{{"Encryption", slices.Concat(encryptionTests, sealedRenameTests)}, {"NamedKeys", namedKeyTests}, {"Compression", compressionTests}})
}

// RunQuotas tests an engine that holds buckets to quotas.
func RunQuotas(t *testing.T, open func(t *testing.T) objectstore.Store) {
	run(t, Limits{}, open, []group{{"Quotas", quotaTests}})
}

// RunClasses tests an engine that keeps storage classes.
func RunClasses(t *testing.T, open func(t *testing.T) objectstore.Store) {
	run(t, Limits{}, open, []group{{"Classes", classTests}})
}

// RunChanges tests an engine that is an objectstore.ChangeFeed.
func RunChanges(t *testing.T, open func(t *testing.T) objectstore.Store) {
	run(t, Limits{}, open, []group{{"Changes", changeTests}})
}

type group struct {
	name  string
	tests []test
}

func run(t *testing.T, limits Limits, open func(t *testing.T) objectstore.Store, groups []group) {
	for _, group := range groups {
		for _, test := range group.tests {
			t.Run(group.name+"/"+test.name, func(t *testing.T) {
				f := &fixture{T: t, Store: open(t), ctx: t.Context(), limits: limits}
				if _, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "bucket"}); err != nil {
					t.Fatalf("create bucket: %v", err)
				}
				test.run(f)
			})
		}
	}
}

type test struct {
	name string
	run  func(f *fixture)
}

// fixture is a store with one bucket, "bucket", and the verbs tests are written in.
type fixture struct {
	*testing.T
	objectstore.Store
	ctx    context.Context
	limits Limits
}

// random returns n reproducible bytes that no compression or swap leaves equal.
func random(n int, seed uint64) []byte {
	b := make([]byte, n)
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	_, _ = rand.NewChaCha8(key).Read(b) // never fails
	return b
}

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// put stores a body and fails the test when that fails.
func (f *fixture) put(key string, body []byte) objectstore.Object {
	f.Helper()
	o, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(body), Size: int64(len(body))})
	if err != nil {
		f.Fatalf("put %q: %v", key, err)
	}
	return o
}

// get returns an object and the bytes of a range.
func (f *fixture) get(key string, rng *objectstore.Range) (objectstore.Object, []byte) {
	f.Helper()
	o, body, err := f.Get(f.ctx, "bucket", key, rng)
	if err != nil {
		f.Fatalf("get %q: %v", key, err)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		f.Fatalf("read %q: %v", key, err)
	}
	if err := body.Close(); err != nil {
		f.Fatalf("close %q: %v", key, err)
	}
	return o, b
}

// holds checks that a key has exactly this body.
func (f *fixture) holds(key string, want []byte) {
	f.Helper()
	o, got := f.get(key, nil)
	if !bytes.Equal(got, want) {
		f.Fatalf("%q: %d bytes differ from the %d that were put", key, len(got), len(want))
	}
	if o.Size != int64(len(want)) {
		f.Fatalf("%q: size %d, want %d", key, o.Size, len(want))
	}
}

// absent checks that a key holds nothing and is not listed.
func (f *fixture) absent(key string) {
	f.Helper()
	if _, err := f.Head(f.ctx, "bucket", key); !errors.Is(err, objectstore.ErrObjectNotFound) {
		f.Fatalf("head %q: got %v, want object_not_found", key, err)
	}
	if _, body, err := f.Get(f.ctx, "bucket", key, nil); !errors.Is(err, objectstore.ErrObjectNotFound) {
		f.Fatalf("get %q: got %v (%v), want object_not_found", key, err, body)
	}
	page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket", Prefix: key})
	if err != nil {
		f.Fatalf("list: %v", err)
	}
	for _, o := range page.Objects {
		if o.Key == key {
			f.Fatalf("%q is listed", key)
		}
	}
}

// same checks that a write returned the object that a read tells, its time as
// exactly as the engine promises.
func (f *fixture) same(what string, written, read objectstore.Object) {
	f.Helper()
	const rough = 30 * time.Second
	if off := read.ModifiedAt.Sub(written.ModifiedAt).Abs(); f.limits.RoughTimes && off < rough {
		written.ModifiedAt = read.ModifiedAt
	}
	if !reflect.DeepEqual(written, read) {
		f.Fatalf("%s: written %+v, read %+v", what, written, read)
	}
}

// wants checks that an error is the one that is wanted.
func (f *fixture) wants(what string, err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

func (f *fixture) ok(what string, err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%s: %v", what, err)
	}
}
