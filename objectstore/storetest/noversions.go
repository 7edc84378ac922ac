package storetest

import (
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

// noVersionTests hold for engines that keep no versions: what they do not keep they
// refuse, for whoever asked would rely on it.
var noVersionTests = []test{
	{"SettingsAreRefused", func(f *fixture) {
		for _, b := range []objectstore.Bucket{
			{Versioning: objectstore.VersioningEnabled},
			{ObjectLock: true},
			{DefaultLock: objectstore.DefaultLock{Mode: objectstore.LockGovernance, Days: 1}},
			{Encryption: objectstore.EncryptionStore},
			{Encryption: objectstore.NamedKey{ID: "k"}.Encryption()},
			{Compression: objectstore.Compression{On: true}},
			{Quota: 1},
			{Parity: new(int)},
			{Documents: map[string]string{"policy": "{}"}},
		} {
			b.Name = "other"
			if _, err := f.CreateBucket(f.ctx, b); errs.KindOf(err) != errs.Invalid {
				f.Errorf("%+v: %v", b, err)
			}
			_, err := f.Bucket(f.ctx, "other")
			f.wants("find", err, objectstore.ErrBucketNotFound)
		}
	}},
	{"LocksAreRefused", func(f *fixture) {
		locked := objectstore.Attributes{Lock: objectstore.Lock{Hold: true}}
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Attributes: locked})
		f.wants("put", err, objectstore.ErrObjectLockMissing)
		_, err = f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Attributes: locked})
		f.wants("create upload", err, objectstore.ErrObjectLockMissing)
		f.absent("key")
		f.put("from", []byte("x"))
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "key", Replace: &locked})
		f.wants("copy", err, objectstore.ErrObjectLockMissing)
		f.absent("key")
	}},
	{"KeysOfCallersAreRefused", func(f *fixture) {
		var key objectstore.CustomerKey
		for _, r := range []objectstore.PutRequest{{Encrypt: objectstore.EncryptionStore}, {Encrypt: objectstore.NamedKey{}.Encryption()}, {CustomerKey: &key}} {
			r.Bucket, r.Key, r.Body, r.Size = "bucket", "key", strings.NewReader("x"), 1
			if _, err := f.Put(f.ctx, r); errs.KindOf(err) != errs.Invalid {
				f.Errorf("put %+v: %v", r, err)
			}
			_, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Encrypt: r.Encrypt, CustomerKey: r.CustomerKey})
			if errs.KindOf(err) != errs.Invalid {
				f.Errorf("create upload %+v: %v", r, err)
			}
		}
		f.absent("key")
	}},
}
