package storetest

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing/iotest"

	"croft/objectstore"
)

const minPart = objectstore.MinPartSize

var uploadTests = []test{
	{"PartsBecomeTheObject", func(f *fixture) {
		attrs := objectstore.Attributes{ContentType: "x/y", User: map[string]string{"a": "b"}}
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "key", Attributes: attrs})
		f.ok("create", err)
		bodies := map[int][]byte{2: random(minPart, 2), 5: random(minPart+4321, 5), 10000: random(77, 9)}
		var whole []byte
		var choices []objectstore.PartChoice
		sums := md5.New()
		for _, n := range []int{10000, 2, 5} { // any order
			f.part(u, n, bodies[n])
		}
		for _, n := range []int{2, 5, 10000} {
			whole = append(whole, bodies[n]...)
			sum := md5.Sum(bodies[n])
			sums.Write(sum[:])
			choices = append(choices, objectstore.PartChoice{Number: n, ETag: hex.EncodeToString(sum[:])})
		}
		f.absent("key")
		o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{
			Upload: u.UploadRef, Parts: choices,
			Finish: func(a *objectstore.Attributes, parts []objectstore.Part) error {
				if len(parts) != 3 || parts[1].Checksums["sum"] != "of 5" {
					f.Errorf("finish saw %+v", parts)
				}
				a.Checksums = map[string]string{"composite": "c-3"}
				delete(parts[1].Checksums, "sum")
				return nil
			},
		})
		f.ok("complete", err)
		if want := fmt.Sprintf("%x-3", sums.Sum(nil)); o.ETag != want || o.Size != int64(len(whole)) {
			f.Fatalf("object %+v, want etag %s", o, want)
		}
		head, err := f.Head(f.ctx, "bucket", "key")
		f.ok("head", err)
		if head.Attributes.User["a"] != "b" || head.Attributes.Checksums["composite"] != "c-3" || len(head.Parts) != 3 ||
			head.Parts[1].Size != minPart+4321 || head.Parts[1].Number != 5 ||
			head.Parts[0].Checksums["sum"] != "of 2" || len(head.Parts[1].Checksums) != 0 {
			f.Fatalf("head %+v", head)
		}
		f.same("complete and head", o, head)
		f.holds("key", whole)
		for _, r := range []objectstore.Range{
			{Offset: 0, Length: 10},
			{Offset: minPart - 3, Length: 6},
			{Offset: minPart, Length: 1},
			{Offset: minPart - 1, Length: minPart + 4321 + 2},
			*objectstore.Suffix(78),
			*objectstore.Suffix(77),
		} {
			offset, length, _ := r.Resolve(o.Size)
			if _, got := f.get("key", &r); !bytes.Equal(got, whole[offset:offset+length]) {
				f.Fatalf("range %+v across parts: wrong bytes", r)
			}
		}
		_, err = f.Upload(f.ctx, u.UploadRef)
		f.wants("upload after completion", err, objectstore.ErrUploadNotFound)

		made, err := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "key", Bucket: "bucket", Key: "copy"})
		f.ok("copy", err)
		if made.ETag != o.ETag || len(made.Parts) != 3 {
			f.Fatalf("copy is %+v", made)
		}
		_, err = f.Delete(f.ctx, "bucket", "key")
		f.ok("delete", err)
		f.absent("key")
		f.holds("copy", whole)
	}},
	{"LaterPartReplacesEarlier", func(f *fixture) {
		u := f.upload("key")
		old := f.part(u, 1, []byte("old"))
		f.part(u, 1, []byte("new"))
		_, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1, ETag: old.ETag}}})
		f.wants("complete with the replaced", err, objectstore.ErrPartInvalid)
		f.complete(u, 1)
		f.holds("key", []byte("new"))
	}},
	{"UnchosenPartsAreDropped", func(f *fixture) {
		u := f.upload("key")
		f.part(u, 1, []byte("one"))
		f.part(u, 2, []byte("two"))
		f.complete(u, 2)
		f.holds("key", []byte("two"))
	}},
	{"Refusals", func(f *fixture) {
		u := f.upload("key")
		f.part(u, 1, []byte("small"))
		f.part(u, 2, []byte("last"))
		refusal := errors.New("no")
		for _, c := range []struct {
			name  string
			want  error
			parts []objectstore.PartChoice
		}{
			{"no parts", objectstore.ErrPartInvalid, nil},
			{"unknown part", objectstore.ErrPartInvalid, []objectstore.PartChoice{{Number: 3}}},
			{"other etag", objectstore.ErrPartInvalid, []objectstore.PartChoice{{Number: 2, ETag: md5Hex(nil)}}},
			{"order", objectstore.ErrPartOrder, []objectstore.PartChoice{{Number: 2}, {Number: 1}}},
			{"twice", objectstore.ErrPartOrder, []objectstore.PartChoice{{Number: 2}, {Number: 2}}},
			{"small", objectstore.ErrPartTooSmall, []objectstore.PartChoice{{Number: 1}, {Number: 2}}},
		} {
			_, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: c.parts})
			f.wants(c.name, err, c.want)
		}
		_, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{
			Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}},
			Finish: func(*objectstore.Attributes, []objectstore.Part) error { return refusal },
		})
		f.wants("finish", err, refusal)
		for _, n := range []int{0, -1, 10001} {
			_, err := f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: n, Body: strings.NewReader("x"), Size: 1})
			f.wants("part number", err, objectstore.ErrPartInvalid)
		}
		_, err = f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: strings.NewReader("x"), Size: 2})
		f.wants("short part", err, objectstore.ErrBodyIncomplete)
		_, err = f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: iotest.ErrReader(refusal), Size: -1})
		f.wants("broken part", err, refusal)
		_, err = f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: strings.NewReader("x"), Size: 1, MD5: md5Hex(nil)})
		f.wants("part digest", err, objectstore.ErrDigestMismatch)
		f.absent("key")
		f.complete(u, 1)
		f.holds("key", []byte("small"))
	}},
	{"Conditions", func(f *fixture) {
		u := f.upload("key")
		f.part(u, 1, []byte("x"))
		f.put("key", []byte("there"))
		r := objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}, Condition: objectstore.Condition{Absent: true}}
		_, err := f.CompleteUpload(f.ctx, r)
		f.wants("complete", err, objectstore.ErrPreconditionFailed)
		f.holds("key", []byte("there"))
		_, err = f.Delete(f.ctx, "bucket", "key")
		f.ok("delete", err)
		_, err = f.CompleteUpload(f.ctx, r)
		f.ok("complete when absent", err)
		f.holds("key", []byte("x"))
	}},
	{"OthersUploadsAreNotFound", func(f *fixture) {
		u := f.upload("key")
		f.part(u, 1, []byte("x"))
		for _, ref := range []objectstore.UploadRef{
			{Bucket: "bucket", Key: "other", ID: u.ID},
			{Bucket: "bucket", Key: "key", ID: "nonsense"},
			{Bucket: "bucket", Key: "key", ID: ""},
		} {
			_, err := f.Upload(f.ctx, ref)
			f.wants("upload", err, objectstore.ErrUploadNotFound)
			_, err = f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: ref, Number: 1, Body: strings.NewReader("x"), Size: 1})
			f.wants("put part", err, objectstore.ErrUploadNotFound)
			_, err = f.ListParts(f.ctx, objectstore.ListPartsRequest{Upload: ref})
			f.wants("list parts", err, objectstore.ErrUploadNotFound)
			_, err = f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: ref, Parts: []objectstore.PartChoice{{Number: 1}}})
			f.wants("complete", err, objectstore.ErrUploadNotFound)
			f.wants("abort", f.AbortUpload(f.ctx, ref), objectstore.ErrUploadNotFound)
		}
	}},
	{"Abort", func(f *fixture) {
		f.put("key", []byte("stays"))
		u := f.upload("key")
		f.part(u, 1, []byte("x"))
		f.ok("abort", f.AbortUpload(f.ctx, u.UploadRef))
		f.wants("abort again", f.AbortUpload(f.ctx, u.UploadRef), objectstore.ErrUploadNotFound)
		f.holds("key", []byte("stays"))
	}},
	{"Listings", func(f *fixture) {
		a1, a2, b := f.upload("a/x"), f.upload("a/x"), f.upload("b")
		f.upload("a/y")
		all, err := f.ListUploads(f.ctx, objectstore.ListUploadsRequest{Bucket: "bucket"})
		f.ok("list", err)
		var keys []string
		for _, u := range all.Uploads {
			keys = append(keys, u.Key)
		}
		if !slices.Equal(keys, []string{"a/x", "a/x", "a/y", "b"}) || all.Truncated || all.Uploads[0].ID != a1.ID || all.Uploads[1].ID != a2.ID {
			f.Fatalf("listed %+v", all)
		}
		rolled, err := f.ListUploads(f.ctx, objectstore.ListUploadsRequest{Bucket: "bucket", Delimiter: "/"})
		f.ok("list", err)
		if len(rolled.Uploads) != 1 || rolled.Uploads[0].ID != b.ID || !slices.Equal(rolled.Prefixes, []string{"a/"}) {
			f.Fatalf("listed %+v", rolled)
		}
		behind, err := f.ListUploads(f.ctx, objectstore.ListUploadsRequest{Bucket: "bucket", AfterKey: "a/x"})
		f.ok("list", err)
		if len(behind.Uploads) != 2 || behind.Uploads[0].Key != "a/y" {
			f.Fatalf("listed %+v", behind)
		}
		var ids []string
		for r := (objectstore.ListUploadsRequest{Bucket: "bucket", Limit: 1}); ; {
			page, err := f.ListUploads(f.ctx, r)
			f.ok("list page", err)
			for _, u := range page.Uploads {
				ids = append(ids, u.ID)
			}
			if !page.Truncated {
				break
			}
			r.AfterKey, r.AfterID = page.NextKey, page.NextID
		}
		if len(ids) != 4 || ids[1] != a2.ID {
			f.Fatalf("paged %v", ids)
		}
		for n := 1; n <= 5; n++ {
			f.part(b, n*3, []byte{byte(n)})
		}
		page, err := f.ListParts(f.ctx, objectstore.ListPartsRequest{Upload: b.UploadRef, Limit: 3})
		f.ok("list parts", err)
		if len(page.Parts) != 3 || !page.Truncated || page.Next != 9 || page.Parts[0].ETag != md5Hex([]byte{1}) || page.Parts[0].Size != 1 {
			f.Fatalf("parts %+v", page)
		}
		page, err = f.ListParts(f.ctx, objectstore.ListPartsRequest{Upload: b.UploadRef, After: page.Next})
		f.ok("list parts", err)
		if len(page.Parts) != 2 || page.Truncated || page.Parts[1].Number != 15 {
			f.Fatalf("parts %+v", page)
		}
	}},
	{"RunningReadsSurviveChange", func(f *fixture) {
		for name, change := range map[string]func(key string){
			"overwrite": func(key string) { f.put(key, []byte("new")) },
			"delete": func(key string) {
				_, err := f.Delete(f.ctx, "bucket", key)
				f.ok("delete", err)
			},
		} {
			one, two := random(minPart, 1), random(1234, 2)
			u := f.upload(name)
			f.part(u, 1, one)
			f.part(u, 2, two)
			f.complete(u, 1, 2)
			_, body, err := f.Get(f.ctx, "bucket", name, nil)
			f.ok("get", err)
			f.Cleanup(func() { _ = body.Close() })
			first := make([]byte, 100)
			_, err = io.ReadFull(body, first)
			f.ok("read", err)
			change(name)
			rest, err := io.ReadAll(body)
			f.ok("read on", err)
			f.ok("close", body.Close())
			if !bytes.Equal(append(first, rest...), append(one, two...)) {
				f.Fatalf("%s changed a running read", name)
			}
		}
	}},
}

func (f *fixture) upload(key string) objectstore.Upload {
	f.Helper()
	u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: key})
	f.ok("create upload", err)
	return u
}

// part stores a part with a checksum that says which it is.
func (f *fixture) part(u objectstore.Upload, number int, body []byte) objectstore.Part {
	f.Helper()
	p, err := f.PutPart(f.ctx, objectstore.PutPartRequest{
		Upload: u.UploadRef, Number: number, Body: bytes.NewReader(body), Size: int64(len(body)), MD5: md5Hex(body),
		Finish: func(sums map[string]string) error { sums["sum"] = fmt.Sprintf("of %d", number); return nil },
	})
	f.ok("put part", err)
	if p.Number != number || p.Size != int64(len(body)) || p.ETag != md5Hex(body) {
		f.Fatalf("part %+v", p)
	}
	return p
}

// complete completes an upload with parts as they are.
func (f *fixture) complete(u objectstore.Upload, numbers ...int) objectstore.Object {
	f.Helper()
	var choices []objectstore.PartChoice
	for _, n := range numbers {
		choices = append(choices, objectstore.PartChoice{Number: n})
	}
	o, err := f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: choices})
	f.ok("complete", err)
	return o
}
