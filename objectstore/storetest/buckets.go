package storetest

import (
	"reflect"
	"time"

	"croft/objectstore"
)

var bucketTests = []test{
	{"CreateFindListDelete", func(f *fixture) {
		before := time.Now().Add(-time.Second)
		made, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "a-bucket", Owner: "project"})
		f.ok("create", err)
		if made.Name != "a-bucket" || made.Owner != "project" || made.CreatedAt.Before(before) || made.CreatedAt.Location() != time.UTC {
			f.Fatalf("created %+v", made)
		}
		found, err := f.Bucket(f.ctx, "a-bucket")
		f.ok("find", err)
		if !reflect.DeepEqual(found, made) {
			f.Fatalf("found %+v, created %+v", found, made)
		}
		list, err := f.ListBuckets(f.ctx)
		f.ok("list", err)
		if len(list) != 2 || !reflect.DeepEqual(list[0], made) || list[1].Name != "bucket" {
			f.Fatalf("listed %+v", list)
		}
		f.ok("delete", f.DeleteBucket(f.ctx, "a-bucket"))
		_, err = f.Bucket(f.ctx, "a-bucket")
		f.wants("find deleted", err, objectstore.ErrBucketNotFound)
		f.wants("delete again", f.DeleteBucket(f.ctx, "a-bucket"), objectstore.ErrBucketNotFound)
		_, err = f.CreateBucket(f.ctx, objectstore.Bucket{Name: "a-bucket"})
		f.ok("create again", err)
	}},
	{"Refusals", func(f *fixture) {
		_, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: "bucket"})
		f.wants("create twice", err, objectstore.ErrBucketExists)
		for _, name := range []string{"", "ab", "UPPER", "a/b", "../../etc", "a\x00b", "1.2.3.4"} {
			_, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: name})
			f.wants("create "+name, err, objectstore.ErrBucketNameInvalid)
		}
	}},
	{"DeleteWantsEmpty", func(f *fixture) {
		f.put("key", []byte("x"))
		f.wants("delete full", f.DeleteBucket(f.ctx, "bucket"), objectstore.ErrBucketNotEmpty)
		f.holds("key", []byte("x"))
		_, err := f.Delete(f.ctx, "bucket", "key")
		f.ok("delete object", err)
		f.ok("delete empty", f.DeleteBucket(f.ctx, "bucket"))
	}},
	{"DeleteTakesUploadsAlong", func(f *fixture) {
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key"})
		f.ok("create upload", err)
		f.part(u, 1, []byte("part"))
		f.ok("delete bucket", f.DeleteBucket(f.ctx, "bucket"))
		_, err = f.CreateBucket(f.ctx, objectstore.Bucket{Name: "bucket"})
		f.ok("create again", err)
		_, err = f.Upload(f.ctx, u.UploadRef)
		f.wants("find upload", err, objectstore.ErrUploadNotFound)
	}},
	{"NothingWithoutBucket", func(f *fixture) {
		want := objectstore.ErrBucketNotFound
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "missing", Key: "k", Size: -1})
		f.wants("put", err, want)
		_, err = f.Head(f.ctx, "missing", "k")
		f.wants("head", err, want)
		_, _, err = f.Get(f.ctx, "missing", "k", nil)
		f.wants("get", err, want)
		_, err = f.Delete(f.ctx, "missing", "k")
		f.wants("delete", err, want)
		_, err = f.List(f.ctx, objectstore.ListRequest{Bucket: "missing"})
		f.wants("list", err, want)
		_, err = f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "missing", Key: "k"})
		f.wants("create upload", err, want)
		_, err = f.ListUploads(f.ctx, objectstore.ListUploadsRequest{Bucket: "missing"})
		f.wants("list uploads", err, want)
		f.put("k", nil)
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "k", Bucket: "missing", Key: "k"})
		f.wants("copy to", err, want)
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "missing", FromKey: "k", Bucket: "bucket", Key: "k"})
		f.wants("copy from", err, want)
	}},
}
