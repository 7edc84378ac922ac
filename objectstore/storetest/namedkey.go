package storetest

import (
	"bytes"
	"encoding/base64"

	"croft/internal/errs"
	"croft/objectstore"
)

// namedKeyTests are of engines that encrypt.
var namedKeyTests = []test{
	{"Bodies", func(f *fixture) {
		for i, n := range []int{0, 1, 64<<10 + 1, 3 << 20} {
			body, by := random(n, uint64(n)), named(i)
			o := f.putAs(objectstore.PutRequest{Encrypt: by}, body)
			if o.Encryption != by || o.ETag != md5Hex(body) || o.Size != int64(n) || n > 0 && o.StoredSize <= o.Size {
				f.Fatalf("%d bytes: %+v", n, o)
			}
			f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, body)
			page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
			if err != nil || page.Objects[0].Encryption != by {
				f.Fatalf("listed %+v, %v", page, err)
			}
			f.refused("a customer's key", objectstore.VersionRef{Bucket: "bucket", Key: "key", CustomerKey: &objectstore.CustomerKey{1}}, objectstore.ErrCustomerKeyUnexpected)
		}
	}},
	{"BucketDefault", func(f *fixture) {
		by := objectstore.NamedKey{ID: "alias/team"}.Encryption()
		f.settings(func(b *objectstore.Bucket) { b.Encryption = by })
		if b, err := f.Bucket(f.ctx, "bucket"); err != nil || b.Encryption != by {
			f.Fatalf("bucket %+v, %v", b, err)
		}
		f.settings(func(b *objectstore.Bucket) { b.Quota = 1 << 30 }) // which leaves the default as it is
		for _, wish := range []objectstore.Encryption{objectstore.EncryptionNone, objectstore.EncryptionStore, named(0), named(3)} {
			want := wish
			if wish == objectstore.EncryptionNone {
				want = by
			}
			if o := f.putAs(objectstore.PutRequest{Encrypt: wish}, random(100, 1)); o.Encryption != want {
				f.Fatalf("asked for %q: %+v", wish, o)
			}
			f.holds("key", random(100, 1))
		}
		for _, bad := range []objectstore.Encryption{named(3), "kms:two words", "kms:schlüssel", "kmsx", objectstore.EncryptionCustomer} {
			_, err := f.api().UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
				b.Encryption = bad
				return nil
			})
			if errs.KindOf(err) != errs.Invalid {
				f.Errorf("default %q: %v", bad, err)
			}
		}
		if o := f.putAs(objectstore.PutRequest{}, nil); o.Encryption != by {
			f.Fatalf("after refusals: %+v", o)
		}
	}},
	{"Copies", func(f *fixture) {
		body := random(3<<20, 1)
		f.putAs(objectstore.PutRequest{Encrypt: named(2)}, body)
		c := objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy"}
		for _, wish := range []objectstore.Encryption{objectstore.EncryptionNone, objectstore.EncryptionStore, named(3), named(1)} {
			c.Encrypt = wish
			o, err := f.Copy(f.ctx, c)
			f.ok("copy", err)
			if o.Encryption != wish {
				f.Fatalf("asked for %q: %+v", wish, o)
			}
			f.holds("copy", body)
		}
	}},
	{"Uploads", func(f *fixture) {
		up, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Encrypt: named(3)})
		f.ok("create", err)
		if up.Encryption != named(3) {
			f.Fatalf("upload %+v", up)
		}
		bodies := [][]byte{random(minPart, 1), random(7, 2)}
		for i, body := range bodies {
			_, err := f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: up.UploadRef, Number: i + 1, Body: bytes.NewReader(body), Size: int64(len(body))})
			f.ok("part", err)
		}
		o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: up.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}, {Number: 2}}})
		f.ok("complete", err)
		if o.Encryption != named(3) {
			f.Fatalf("object %+v", o)
		}
		f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, bytes.Join(bodies, nil))
	}},
	{"Renames", func(f *fixture) {
		for _, n := range []int{10, 3 << 20} {
			body := random(n, uint64(n))
			f.putAs(objectstore.PutRequest{Encrypt: named(3)}, body)
			if o := f.rename("key", "new"); o.Encryption != named(3) {
				f.Fatalf("%+v", o)
			}
			f.absent("key")
			f.holds("new", body)
		}
	}},
	{"WishesThatCannotBe", func(f *fixture) {
		f.put("from", []byte("x"))
		for _, bad := range []objectstore.Encryption{"kms:two words", "kms:k not-base64", "other", objectstore.EncryptionCustomer} {
			_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(nil), Encrypt: bad})
			_, copied := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "key", Encrypt: bad})
			_, begun := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Encrypt: bad})
			for what, err := range map[string]error{"put": err, "copy": copied, "upload": begun} {
				if errs.KindOf(err) != errs.Invalid {
					f.Errorf("%s under %q: %v", what, bad, err)
				}
			}
		}
		f.absent("key")
	}},
}

// named are ways of encryption under names: the default one, a plain one, an ARN, and one
// that is bound to a context.
func named(i int) objectstore.Encryption {
	return []objectstore.NamedKey{
		{}, {ID: "testkey-1"}, {ID: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"},
		{ID: "alias/team", Context: base64.StdEncoding.EncodeToString([]byte(`{"tenant":"a"}`))},
	}[i].Encryption()
}
