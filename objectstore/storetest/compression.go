package storetest

import (
	"bytes"

	"croft/objectstore"
)

// text returns n bytes that shrink to less than half.
func text(n int) []byte {
	const line = "2026-11-22T10:00:00Z level=info msg=served path=/bucket/key status=200\n"
	b := bytes.Repeat([]byte(line), n/len(line)+1)[:n]
	for i := 0; i < n; i += 97 {
		b[i] = byte('a' + i%26)
	}
	return b
}

var compressionTests = []test{
	{"ShrinksAndReadsBack", func(f *fixture) {
		if o := f.put("key", text(1<<20)); o.Compressed || o.StoredSize != 1<<20 {
			f.Fatalf("compressed without being asked: %+v", o)
		}
		f.settings(func(b *objectstore.Bucket) { b.Compression.On = true })
		f.holds("key", text(1<<20))
		for _, encrypt := range []objectstore.Encryption{objectstore.EncryptionNone, objectstore.EncryptionStore} {
			for _, n := range coatSizes {
				body := text(n)
				o := f.putAs(objectstore.PutRequest{Encrypt: encrypt}, body)
				shrinks := n >= objectstore.DefaultCompressionSize
				if o.Size != int64(n) || o.ETag != md5Hex(body) || o.Compressed != shrinks || shrinks && o.StoredSize > o.Size/2 {
					f.Fatalf("%d bytes: %+v", n, o)
				}
				f.holds("key", body)
				f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, body)
			}
		}
	}},
	{"NoiseStaysAsItIs", func(f *fixture) {
		f.settings(func(b *objectstore.Bucket) { b.Compression.On = true })
		for _, n := range coatSizes {
			body := random(n, 1)
			if o := f.put("key", body); o.StoredSize > o.Size+o.Size/1000+16 || n <= 1<<20 && o.Compressed {
				f.Fatalf("%d bytes: %+v", n, o)
			}
			f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, body)
			if o := f.putAs(objectstore.PutRequest{Encrypt: objectstore.EncryptionStore}, body); o.StoredSize > o.Size+o.Size/1000+16 {
				f.Fatalf("%d bytes encrypted: %+v", n, o)
			}
			f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, body)
		}
	}},
	{"OnlyWhatWasChosen", func(f *fixture) {
		rules := objectstore.Compression{On: true, Types: []string{"text/*"}, Suffixes: []string{".log"}, MinSize: 1000}
		f.settings(func(b *objectstore.Bucket) { b.Compression = rules })
		b, err := f.Bucket(f.ctx, "bucket")
		f.ok("bucket", err)
		if b.Compression.Types[0] != "text/*" || b.Compression.Suffixes[0] != ".log" || b.Compression.MinSize != 1000 {
			f.Fatalf("bucket %+v", b)
		}
		b.Compression.Types[0] = "changed by the caller"
		for _, c := range []struct {
			key, contentType string
			size             int
			want             bool
		}{{"a", "text/plain", 1000, true}, {"a.log", "", 1000, true}, {"a", "", 1000, false}, {"a.log", "", 999, false}} {
			o, err := f.Put(f.ctx, objectstore.PutRequest{
				Bucket: "bucket", Key: c.key, Body: bytes.NewReader(text(c.size)), Size: int64(c.size),
				Attributes: objectstore.Attributes{ContentType: c.contentType},
			})
			f.ok("put", err)
			if o.Compressed != c.want {
				f.Fatalf("%+v: %+v", c, o)
			}
		}
		_, err = f.api().UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
			b.Compression.MinSize = -1
			return nil
		})
		if err == nil {
			f.Fatal("a negative size")
		}
	}},
	{"Uploads", func(f *fixture) {
		f.settings(func(b *objectstore.Bucket) { b.Compression.On = true })
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Encrypt: objectstore.EncryptionStore})
		f.ok("create", err)
		f.settings(func(b *objectstore.Bucket) { b.Compression.On = false }) // what was begun goes on
		bodies := [][]byte{text(minPart + 3), random(minPart, 2), text(5)}
		var choices []objectstore.PartChoice
		for i, body := range bodies {
			_, err := f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: i + 1, Body: bytes.NewReader(body), Size: int64(len(body))})
			f.ok("part", err)
			choices = append(choices, objectstore.PartChoice{Number: i + 1})
		}
		o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: choices})
		f.ok("complete", err)
		if !o.Compressed || o.StoredSize > o.Size*2/3 || o.Size != 2*minPart+8 {
			f.Fatalf("object %+v", o)
		}
		f.ranges(objectstore.VersionRef{Bucket: "bucket", Key: "key"}, bytes.Join(bodies, nil))
	}},
}
