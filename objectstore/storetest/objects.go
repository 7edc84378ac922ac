package storetest

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

var objectTests = []test{
	{"PutHeadGetDelete", func(f *fixture) {
		body := []byte("hello")
		before := time.Now().Add(-time.Second)
		made := f.put("key", body)
		if made.Bucket != "bucket" || made.Key != "key" || made.Size != 5 || made.ETag != md5Hex(body) || len(made.Parts) != 0 {
			f.Fatalf("put returned %+v", made)
		}
		if made.ModifiedAt.Before(before) || made.ModifiedAt.Location() != time.UTC || made.ModifiedAt.Nanosecond()%1e6 != 0 {
			f.Fatalf("modified at %v", made.ModifiedAt)
		}
		head, err := f.Head(f.ctx, "bucket", "key")
		f.ok("head", err)
		got, bytes := f.get("key", nil)
		f.same("put and head", made, head)
		if !reflect.DeepEqual(head, got) || string(bytes) != "hello" {
			f.Fatalf("head %+v, get %+v %q", head, got, bytes)
		}
		existed, err := f.Delete(f.ctx, "bucket", "key")
		if err != nil || !existed {
			f.Fatalf("delete: %v, %v", existed, err)
		}
		f.absent("key")
		existed, err = f.Delete(f.ctx, "bucket", "key")
		if err != nil || existed {
			f.Fatalf("delete again: %v, %v", existed, err)
		}
	}},
	{"AttributesComeBack", func(f *fixture) {
		want := objectstore.Attributes{
			ContentType: "text/plain; charset=utf-8", ContentEncoding: "gzip", ContentDisposition: `attachment; filename="ä"`,
			ContentLanguage: "de", CacheControl: "max-age=1", Expires: "Thu, 01 Jan 1970 00:00:00 GMT",
			User:      map[string]string{"a": "1", "empty": "", "latin": "\xe4\xff", "日本": "語"},
			Checksums: map[string]string{"crc32c": "AAAAAA=="},
		}
		given := want.Clone()
		_, err := f.Put(f.ctx, objectstore.PutRequest{
			Bucket: "bucket", Key: "key", Body: strings.NewReader("x"), Size: 1, Attributes: given,
			Finish: func(a *objectstore.Attributes) error { a.Checksums["sha256"] = "late"; return nil },
		})
		f.ok("put", err)
		given.User["a"] = "changed by the caller"
		want.Checksums["sha256"] = "late"
		for range 2 {
			o, err := f.Head(f.ctx, "bucket", "key")
			f.ok("head", err)
			if !reflect.DeepEqual(o.Attributes, want) {
				f.Fatalf("got %+v, want %+v", o.Attributes, want)
			}
			o.Attributes.User["a"] = "changed by a reader"
		}
	}},
	{"OddKeys", func(f *fixture) {
		keys := []string{
			"..", ".", "/", "//", "a/../b", "../../../etc/passwd", "a//b", "a/", "a", "a/b/", "CON", "aux.txt", `C:\x`, "a\tb\n", " ", "%2F",
			"\x01", "\u007f", "\uffff", "日本語/キー", strings.Repeat("k", 1024), strings.Repeat("d/", 512), "A", ".croft/format.json", "a?b*c|d<e>\"",
		}
		if f.limits.NoBlankKeys {
			_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: " ", Body: strings.NewReader("x"), Size: 1})
			f.wants("put under a blank", err, objectstore.ErrKeyInvalid)
			keys = slices.DeleteFunc(keys, func(key string) bool { return key == " " })
		}
		for i, key := range keys {
			f.put(key, []byte{byte(i)})
		}
		for i, key := range keys {
			f.holds(key, []byte{byte(i)})
		}
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		f.ok("list", err)
		if len(page.Objects) != len(keys) {
			f.Fatalf("%d keys listed, want %d", len(page.Objects), len(keys))
		}
		for _, key := range keys {
			existed, err := f.Delete(f.ctx, "bucket", key)
			if err != nil || !existed {
				f.Fatalf("delete %q: %v, %v", key, existed, err)
			}
			f.absent(key)
		}
	}},
	{"BadKeysAreRefused", func(f *fixture) {
		for _, key := range []string{"", "a\x00b", strings.Repeat("k", 1025), "\xff"} {
			_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: key, Body: strings.NewReader("x"), Size: 1})
			f.wants("put", err, objectstore.ErrKeyInvalid)
			_, err = f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
			f.wants("create upload", err, objectstore.ErrKeyInvalid)
		}
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		f.ok("list", err)
		if len(page.Objects) != 0 {
			f.Fatalf("listed %+v", page.Objects)
		}
	}},
	{"OverwriteReplacesAll", func(f *fixture) {
		_, err := f.Put(f.ctx, objectstore.PutRequest{
			Bucket: "bucket", Key: "key", Body: strings.NewReader("old and long"), Size: -1,
			Attributes: objectstore.Attributes{ContentType: "old", User: map[string]string{"old": "1"}},
		})
		f.ok("put", err)
		f.put("key", []byte("new"))
		f.holds("key", []byte("new"))
		o, _ := f.get("key", nil)
		if o.Attributes.ContentType != "" || len(o.Attributes.User) != 0 {
			f.Fatalf("attributes stayed: %+v", o.Attributes)
		}
	}},
	{"Conditions", func(f *fixture) {
		put := func(body string, c objectstore.Condition) error {
			_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "key", Body: strings.NewReader(body), Size: -1, Condition: c})
			return err
		}
		f.wants("match nothing", put("x", objectstore.Condition{ETag: "*"}), objectstore.ErrObjectNotFound)
		f.absent("key")
		f.ok("absent", put("one", objectstore.Condition{Absent: true}))
		f.wants("absent again", put("two", objectstore.Condition{Absent: true}), objectstore.ErrPreconditionFailed)
		f.wants("other etag", put("two", objectstore.Condition{ETag: md5Hex([]byte("two"))}), objectstore.ErrPreconditionFailed)
		f.holds("key", []byte("one"))
		f.ok("right etag", put("two", objectstore.Condition{ETag: md5Hex([]byte("one"))}))
		f.ok("any etag", put("three", objectstore.Condition{ETag: "*"}))
		f.holds("key", []byte("three"))
	}},
	{"Copy", func(f *fixture) {
		attrs := objectstore.Attributes{ContentType: "a/b", User: map[string]string{"k": "v"}, Checksums: map[string]string{"crc32": "x"}}
		body := random(3<<20+7, 1)
		source, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "from", Body: bytes.NewReader(body), Size: -1, Attributes: attrs})
		f.ok("put", err)
		_, err = f.CreateBucket(f.ctx, objectstore.Bucket{Name: "other"})
		f.ok("create bucket", err)
		made, err := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "to"})
		f.ok("copy", err)
		if made.ETag != source.ETag || made.Size != source.Size || !reflect.DeepEqual(made.Attributes, attrs) {
			f.Fatalf("copied %+v", made)
		}
		f.holds("to", body)
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "from", Bucket: "other", Key: "to"})
		f.ok("copy to another bucket", err)

		made, err = f.Copy(f.ctx, objectstore.CopyRequest{
			FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "from",
			Replace: &objectstore.Attributes{ContentType: "new"},
		})
		f.ok("copy onto itself", err)
		want := objectstore.Attributes{ContentType: "new", Checksums: attrs.Checksums}
		if !reflect.DeepEqual(made.Attributes, want) {
			f.Fatalf("replaced attributes %+v, want %+v", made.Attributes, want)
		}
		f.holds("from", body)

		refusal := errors.New("not this one")
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{
			FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "refused",
			Check: func(o objectstore.Object) error {
				if o.ETag != source.ETag {
					f.Errorf("check saw %+v", o)
				}
				return refusal
			},
		})
		f.wants("check", err, refusal)
		f.absent("refused")
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{
			FromBucket: "bucket", FromKey: "from", Bucket: "bucket", Key: "to", Condition: objectstore.Condition{Absent: true},
		})
		f.wants("condition", err, objectstore.ErrPreconditionFailed)
		_, err = f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "none", Bucket: "bucket", Key: "to"})
		f.wants("copy of nothing", err, objectstore.ErrObjectNotFound)
		f.holds("to", body)
	}},
}
