package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing/iotest"

	"croft/objectstore"
)

// coatSizes are below, at and above the limits that engines may have.
var coatSizes = []int{0, 1, 4095, 64 << 10, 64<<10 + 1, 256<<10 - 1, 1 << 20, 2<<20 + 1, 5<<20 + 77}

var encryptionTests = []test{
	{"StoreKey", func(f *fixture) {
		for _, n := range coatSizes {
			body := random(n, uint64(n))
			o := f.putAs(objectstore.PutRequest{Encrypt: objectstore.EncryptionStore}, body)
			if o.Encryption != objectstore.EncryptionStore || o.ETag != md5Hex(body) || o.Size != int64(n) || n > 0 && o.StoredSize <= o.Size {
				f.Fatalf("%d bytes: %+v", n, o)
			}
			f.holds("key", body)
			f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, body)
		}
		if o := f.put("plain", random(100, 1)); o.Encryption != objectstore.EncryptionNone || o.StoredSize != 100 {
			f.Fatalf("not asked for: %+v", o)
		}
	}},
	{"CustomerKey", func(f *fixture) {
		key, wrong := &objectstore.CustomerKey{1, 2, 3}, &objectstore.CustomerKey{1, 2, 4}
		ref := objectstore.VersionRef{Bucket: "bucket", Key: "key"}
		for _, n := range coatSizes {
			body := random(n, uint64(n))
			if o := f.putAs(objectstore.PutRequest{CustomerKey: key}, body); o.Encryption != objectstore.EncryptionCustomer || o.ETag != md5Hex(body) {
				f.Fatalf("%d bytes: %+v", n, o)
			}
			ref.CustomerKey = key
			f.ranges(ref, body)
			_, err := f.api().HeadVersion(f.ctx, ref)
			f.ok("head with the key", err)
			ref.CustomerKey = wrong
			f.refused("wrong key", ref, objectstore.ErrCustomerKeyWrong)
			_, err = f.api().HeadVersion(f.ctx, ref)
			f.wants("head with a wrong key", err, objectstore.ErrCustomerKeyWrong)
			ref.CustomerKey = nil
			f.refused("no key", ref, objectstore.ErrCustomerKeyMissing)
			o, err := f.Head(f.ctx, "bucket", "key")
			if err != nil || o.Encryption != objectstore.EncryptionCustomer {
				f.Fatalf("head without a key: %+v, %v", o, err)
			}
		}
		f.put("key", random(10, 1))
		ref.CustomerKey = key
		f.refused("a key for what has none", ref, objectstore.ErrCustomerKeyUnexpected)
		f.putAs(objectstore.PutRequest{Encrypt: objectstore.EncryptionStore}, random(10, 1))
		f.refused("a key for what has the store's", ref, objectstore.ErrCustomerKeyUnexpected)
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		if err != nil || page.Objects[0].Encryption != objectstore.EncryptionStore {
			f.Fatalf("listed %+v, %v", page, err)
		}
	}},
	{"BucketDefault", func(f *fixture) {
		was := f.put("before", random(100, 1))
		f.settings(func(b *objectstore.Bucket) { b.Encryption = objectstore.EncryptionStore })
		b, err := f.Bucket(f.ctx, "bucket")
		if err != nil || b.Encryption != objectstore.EncryptionStore {
			f.Fatalf("bucket %+v, %v", b, err)
		}
		if o := f.put("after", random(100, 1)); o.Encryption != objectstore.EncryptionStore || o.ETag != was.ETag {
			f.Fatalf("put %+v", o)
		}
		f.holds("before", random(100, 1))
		f.holds("after", random(100, 1))
		if o := f.putAs(objectstore.PutRequest{CustomerKey: &objectstore.CustomerKey{9}}, nil); o.Encryption != objectstore.EncryptionCustomer {
			f.Fatalf("a customer's key counts more: %+v", o)
		}
		f.settings(func(b *objectstore.Bucket) { b.Encryption = objectstore.EncryptionNone })
		if o := f.put("again", nil); o.Encryption != objectstore.EncryptionNone {
			f.Fatalf("put %+v", o)
		}
		_, err = f.api().UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
			b.Encryption = objectstore.EncryptionCustomer
			return nil
		})
		if err == nil {
			f.Fatal("a customer's key as the default")
		}
	}},
	{"Copies", func(f *fixture) {
		key, other := &objectstore.CustomerKey{1}, &objectstore.CustomerKey{2}
		body := random(3<<20, 1)
		was := f.putAs(objectstore.PutRequest{CustomerKey: key}, body)
		c := objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy"}
		_, err := f.Copy(f.ctx, c)
		f.wants("copy without the key", err, objectstore.ErrCustomerKeyMissing)
		c.FromCustomerKey = key
		o, err := f.Copy(f.ctx, c)
		f.ok("copy", err)
		if o.Encryption != objectstore.EncryptionNone || o.ETag != was.ETag {
			f.Fatalf("copy %+v", o)
		}
		f.holds("copy", body)
		c.CustomerKey = other
		_, err = f.Copy(f.ctx, c)
		f.ok("copy to another key", err)
		f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "copy", CustomerKey: other}, body)
		c = objectstore.CopyRequest{FromBucket: "bucket", FromKey: "copy", FromCustomerKey: other, Bucket: "bucket", Key: "copy", Encrypt: objectstore.EncryptionStore}
		if o, err = f.Copy(f.ctx, c); err != nil || o.Encryption != objectstore.EncryptionStore {
			f.Fatalf("copy onto itself: %+v, %v", o, err)
		}
		f.holds("copy", body)
	}},
	{"Uploads", func(f *fixture) {
		key := &objectstore.CustomerKey{1}
		for _, u := range []objectstore.CreateUploadRequest{{Encrypt: objectstore.EncryptionStore}, {CustomerKey: key}} {
			u.Bucket, u.Key = "bucket", "key"
			up, err := f.CreateUpload(f.ctx, u)
			f.ok("create", err)
			if up.Encryption == objectstore.EncryptionNone {
				f.Fatalf("upload %+v", up)
			}
			if u.CustomerKey != nil {
				_, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{
					Upload: up.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}, CustomerKey: &objectstore.CustomerKey{2},
				})
				f.wants("complete with another key", err, objectstore.ErrCustomerKeyWrong)
			}
			bodies := [][]byte{random(minPart+3, 1), random(minPart, 2), random(1, 3)}
			var choices []objectstore.PartChoice
			for i, body := range bodies {
				r := objectstore.PutPartRequest{Upload: up.UploadRef, Number: i + 1, Size: int64(len(body)), CustomerKey: u.CustomerKey}
				if u.CustomerKey != nil {
					r.CustomerKey, r.Body = nil, bytes.NewReader(body)
					_, err := f.PutPart(f.ctx, r)
					f.wants("part without the key", err, objectstore.ErrCustomerKeyMissing)
					r.CustomerKey, r.Body = &objectstore.CustomerKey{2}, bytes.NewReader(body)
					_, err = f.PutPart(f.ctx, r)
					f.wants("part with another key", err, objectstore.ErrCustomerKeyWrong)
					r.CustomerKey = key
				}
				for range 2 { // the second replaces the first
					r.Body = bytes.NewReader(body)
					p, err := f.PutPart(f.ctx, r)
					f.ok("part", err)
					if p.Size != int64(len(body)) || p.ETag != md5Hex(body) {
						f.Fatalf("part %+v", p)
					}
				}
				choices = append(choices, objectstore.PartChoice{Number: i + 1})
			}
			o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: up.UploadRef, Parts: choices})
			f.ok("complete", err)
			whole := bytes.Join(bodies, nil)
			if o.Encryption != up.Encryption || o.Size != int64(len(whole)) || o.StoredSize <= o.Size {
				f.Fatalf("object %+v", o)
			}
			f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key", CustomerKey: u.CustomerKey}, whole)
		}
	}},
	{"BodiesMustHaveTheirSize", func(f *fixture) {
		f.settings(func(b *objectstore.Bucket) { b.Compression.On = true })
		for _, n := range []int{100, 5000, 3 << 20} {
			for _, encrypt := range []objectstore.Encryption{objectstore.EncryptionNone, objectstore.EncryptionStore} {
				for _, told := range []int{n - 1, n + 1, n + 300000} {
					r := objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(random(n, 1)), Size: int64(told), Encrypt: encrypt}
					_, err := f.Put(f.ctx, r)
					f.wants("wrong size", err, objectstore.ErrBodyIncomplete)
				}
				long := &watched{Reader: *bytes.NewReader(make([]byte, n+64<<20))}
				_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: long, Size: int64(n), Encrypt: encrypt})
				f.wants("a much longer body", err, objectstore.ErrBodyIncomplete)
				if left := long.Len(); left < 62<<20 {
					f.Fatalf("%d bytes were announced and %d read", n, n+64<<20-left)
				}
				broken := errors.New("broken")
				r := objectstore.PutRequest{
					Bucket: "bucket", Key: "key", Body: io.MultiReader(bytes.NewReader(random(n, 1)), iotest.ErrReader(broken)), Size: -1, Encrypt: encrypt,
				}
				_, err = f.Put(f.ctx, r)
				f.wants("broken body", err, broken)
				r.Body, r.MD5 = bytes.NewReader(random(n, 1)), md5Hex(nil)
				_, err = f.Put(f.ctx, r)
				f.wants("another digest", err, objectstore.ErrDigestMismatch)
				f.absent("key")
				r.Body, r.MD5 = bytes.NewReader(random(n, 1)), md5Hex(random(n, 1))
				_, err = f.Put(f.ctx, r)
				f.ok("unknown size", err)
				f.holds("key", random(n, 1))
				_, err = f.Delete(f.ctx, "bucket", "key")
				f.ok("delete", err)
			}
		}
	}},
}

// putAs stores a body under "key" as the request says.
func (f *fixture) putAs(r objectstore.PutRequest, body []byte) objectstore.Object {
	f.Helper()
	r.Bucket, r.Key, r.Body, r.Size = "bucket", "key", bytes.NewReader(body), int64(len(body))
	o, err := f.Put(f.ctx, r)
	f.ok("put", err)
	return o
}

// settings changes the bucket.
func (f *fixture) settings(change func(b *objectstore.Bucket)) {
	f.Helper()
	_, err := f.api().UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
		change(b)
		return nil
	})
	f.ok("update bucket", err)
}

// refused checks that a version is not read.
func (f *fixture) refused(what string, ref objectstore.VersionRef, want error) {
	f.Helper()
	_, body, err := f.api().GetVersion(f.ctx, ref, nil)
	f.wants(what, err, want)
	if body != nil {
		f.Fatalf("%s: a body all the same", what)
	}
}

// ranges compares ranges of a body at all places where something may end.
func (f *fixture) ranges(ref objectstore.VersionRef, want []byte) {
	f.Helper()
	n := int64(len(want))
	all := [][2]int64{{0, n}}
	for _, edge := range []int64{0, 1, 64 << 10, 128 << 10, 256 << 10, 512 << 10, 1 << 20, minPart, minPart + 3, 2*minPart + 3, n} {
		for _, length := range []int64{1, 5, 64 << 10, 300 << 10} {
			for _, from := range []int64{edge - length, edge - 1, edge} {
				if from >= 0 && from < n {
					all = append(all, [2]int64{from, min(length, n-from)})
				}
			}
		}
	}
	for _, r := range all {
		rng := &objectstore.Range{Offset: r[0], Length: r[1]}
		if n == 0 {
			rng = nil
		}
		got := f.read(f.ctx, ref, rng)
		if !bytes.Equal(got, want[r[0]:r[0]+r[1]]) {
			f.Fatalf("%d bytes at %d of %d: %d others", r[1], r[0], n, len(got))
		}
	}
}

func (f *fixture) read(ctx context.Context, ref objectstore.VersionRef, rng *objectstore.Range) []byte {
	f.Helper()
	_, body, err := f.api().GetVersion(ctx, ref, rng)
	if err != nil {
		f.Fatalf("get %+v: %v", rng, err)
	}
	defer func() { f.ok("close", body.Close()) }()
	if to, ok := body.(io.WriterTo); ok && (rng == nil || rng.Length%2 == 0) {
		var b bytes.Buffer
		_, err := to.WriteTo(&b)
		f.ok("copy", err)
		return b.Bytes()
	}
	b, err := io.ReadAll(body)
	f.ok("read", err)
	return b
}

// api is the store as one that keeps versions, which those that encrypt are too.
func (f *fixture) api() objectstore.Versions {
	f.Helper()
	s, ok := f.Store.(objectstore.Versions)
	if !ok {
		f.Fatal("the engine keeps no versions")
	}
	return s
}
