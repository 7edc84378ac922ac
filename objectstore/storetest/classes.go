package storetest

import (
	"bytes"

	"croft/objectstore"
)

var classTests = []test{
	{"KeptAndShown", func(f *fixture) {
		f.putClass("standard", objectstore.ClassStandard)
		f.putClass("reduced", objectstore.ClassReduced)
		f.putClass("unset", objectstore.ClassUnset)
		f.isOf("standard", objectstore.ClassUnset)
		f.isOf("reduced", objectstore.ClassReduced)
		f.isOf("unset", objectstore.ClassUnset)
		f.putClass("reduced", objectstore.ClassUnset)
		f.isOf("reduced", objectstore.ClassUnset)
	}},
	{"Copies", func(f *fixture) {
		f.putClass("reduced", objectstore.ClassReduced)
		f.putClass("standard", objectstore.ClassUnset)
		for _, c := range []struct {
			from        string
			class, want objectstore.StorageClass
		}{
			{"reduced", objectstore.ClassUnset, objectstore.ClassReduced},
			{"reduced", objectstore.ClassStandard, objectstore.ClassUnset},
			{"standard", objectstore.ClassUnset, objectstore.ClassUnset},
			{"standard", objectstore.ClassReduced, objectstore.ClassReduced},
		} {
			_, err := f.Copy(f.ctx, objectstore.CopyRequest{
				FromBucket: "bucket", FromKey: c.from, Bucket: "bucket", Key: "copy", Class: c.class, Replace: &objectstore.Attributes{},
			})
			f.ok("copy", err)
			f.isOf("copy", c.want)
		}
	}},
	{"Uploads", func(f *fixture) {
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Class: objectstore.ClassReduced})
		if err != nil || u.Class != objectstore.ClassReduced {
			f.Fatalf("created %+v, %v", u, err)
		}
		page, err := f.ListUploads(f.ctx, objectstore.ListUploadsRequest{Bucket: "bucket"})
		if err != nil || len(page.Uploads) != 1 || page.Uploads[0].Class != objectstore.ClassReduced {
			f.Fatalf("listed %+v, %v", page, err)
		}
		f.part(u, 1, random(100, 1))
		o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}})
		if err != nil || o.Class != objectstore.ClassReduced {
			f.Fatalf("completed %+v, %v", o, err)
		}
		f.isOf("key", objectstore.ClassReduced)
	}},
	{"Refusals", func(f *fixture) {
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: bytes.NewReader(nil), Class: "GLACIER"})
		f.wants("put", err, objectstore.ErrClassInvalid)
		_, err = f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Class: "GLACIER"})
		f.wants("upload", err, objectstore.ErrClassInvalid)
		f.putClass("from", objectstore.ClassReduced)
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "key", Class: "standard"})
		f.wants("copy", err, objectstore.ErrClassInvalid)
		f.absent("key")
	}},
}

func (f *fixture) putClass(key string, class objectstore.StorageClass) {
	f.Helper()
	_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: bytes.NewReader(random(3000, 1)), Size: 3000, Class: class})
	f.ok("put", err)
}

// isOf checks that everything shows the same class.
func (f *fixture) isOf(key string, want objectstore.StorageClass) {
	f.Helper()
	got, _ := f.get(key, nil)
	head, err := f.Head(f.ctx, "bucket", key)
	f.ok("head", err)
	page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket", Prefix: key})
	f.ok("list", err)
	if got.Class != want || head.Class != want || len(page.Objects) != 1 || page.Objects[0].Class != want {
		f.Fatalf("%q is got as %q, headed as %q, listed as %+v; want %q", key, got.Class, head.Class, page.Objects, want)
	}
}
