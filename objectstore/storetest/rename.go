package storetest

import (
	"bytes"
	"errors"
	"reflect"
	"sync"

	"croft/objectstore"
)

var renameTests = []test{
	{"Renames", func(f *fixture) {
		for i, n := range []int{0, 1, 5000, 3 << 20} {
			body := random(n, uint64(i))
			was, err := f.Put(f.ctx, objectstore.PutRequest{
				Bucket: "bucket", Key: "old", Body: bytes.NewReader(body), Size: int64(n), Class: objectstore.ClassReduced,
				Attributes: objectstore.Attributes{
					ContentType: "text/plain", User: map[string]string{"a": "b"}, Tags: map[string]string{"c": "d"},
					Checksums: map[string]string{"crc32": "x"}, System: map[string]string{"e": "f"},
				},
			})
			f.ok("put", err)
			f.rename("old", "new")
			f.absent("old")
			f.holds("new", body)
			is, err := f.Head(f.ctx, "bucket", "new")
			f.ok("head", err)
			was.Key = "new"
			f.same("rename", was, is)
		}
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		if err != nil || len(page.Objects) != 1 {
			f.Fatalf("%+v, %v", page, err)
		}
	}},
	{"RenamesOfParts", func(f *fixture) {
		u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "old"})
		f.ok("create", err)
		r := objectstore.CompleteUploadRequest{Upload: u.UploadRef}
		var body []byte
		for i, n := range []int{minPart, 10} {
			part := random(n, uint64(i))
			body = append(body, part...)
			p, err := f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: i + 1, Body: bytes.NewReader(part), Size: int64(n)})
			f.ok("part", err)
			r.Parts = append(r.Parts, objectstore.PartChoice{Number: i + 1, ETag: p.ETag})
		}
		was, err := f.CompleteUpload(f.ctx, r)
		f.ok("complete", err)
		f.put("new", random(3<<20, 9))
		f.rename("old", "new")
		f.holds("new", body)
		is, err := f.Head(f.ctx, "bucket", "new")
		f.ok("head", err)
		was.Key = "new"
		f.same("rename", was, is)
	}},
	{"RenameGivesBackTheOldName", func(f *fixture) {
		first, second := random(3<<20, 1), random(3<<20, 2)
		f.put("a", first)
		f.rename("a", "b")
		f.put("a", second)
		f.rename("b", "c")
		f.rename("a", "b")
		f.holds("b", second)
		f.holds("c", first)
		if _, err := f.Delete(f.ctx, "bucket", "b"); err != nil {
			f.Fatal(err)
		}
		f.holds("c", first)
		_, body, err := f.Get(f.ctx, "bucket", "c", nil)
		f.ok("get", err)
		f.rename("c", "d")
		var all bytes.Buffer
		_, err = all.ReadFrom(body)
		if err = errors.Join(err, body.Close()); err != nil || !bytes.Equal(all.Bytes(), first) {
			f.Fatalf("what was read while it was renamed: %d bytes, %v", all.Len(), err)
		}
	}},
	{"RenameRefused", func(f *fixture) {
		body := random(100, 1)
		f.put("here", body)
		for _, c := range []struct {
			from, to string
			want     error
		}{
			{"none", "new", objectstore.ErrObjectNotFound},
			{"", "new", objectstore.ErrKeyInvalid},
			{"here", "\xff", objectstore.ErrKeyInvalid},
		} {
			_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: c.from, Key: c.to})
			f.wants(c.from+" to "+c.to, err, c.want)
		}
		if _, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "here", Key: "here"}); err == nil {
			f.Fatal("renamed to its own name")
		}
		_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "none-such", From: "here", Key: "there"})
		f.wants("no bucket", err, objectstore.ErrBucketNotFound)
		for _, state := range []objectstore.Versioning{objectstore.VersioningEnabled, objectstore.VersioningSuspended} {
			f.settings(func(b *objectstore.Bucket) { b.Versioning = state })
			_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "here", Key: "there"})
			f.wants(string(state), err, objectstore.ErrRenameVersioned)
		}
		f.holds("here", body)
		f.absent("there")
	}},
	{"RenameChecks", func(f *fixture) {
		body, other := random(3<<20, 1), random(10, 2)
		was, over := f.put("old", body), f.put("new", other)
		no := errors.New("no")
		var saw [2]*objectstore.Object
		check := func(refuse error) func(source, held *objectstore.Object, a *objectstore.Attributes) error {
			return func(source, held *objectstore.Object, a *objectstore.Attributes) error {
				saw = [2]*objectstore.Object{source, held}
				a.System = map[string]string{"mark": "1"}
				return refuse
			}
		}
		_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "old", Key: "new", Check: check(no)})
		f.wants("refused", err, no)
		if !reflect.DeepEqual(saw, [2]*objectstore.Object{&was, &over}) {
			f.Fatalf("saw %+v, %+v", saw[0], saw[1])
		}
		f.holds("old", body)
		f.holds("new", other)
		_, err = f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "none", Key: "nothing", Check: check(no)})
		if f.wants("refused without a source", err, no); saw != [2]*objectstore.Object{} {
			f.Fatalf("saw %+v", saw)
		}
		o, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "old", Key: "third", Check: check(nil)})
		if err != nil || saw[1] != nil || o.Attributes.System["mark"] != "1" || o.ETag != was.ETag {
			f.Fatalf("%+v, %v, saw %+v", o, err, saw[1])
		}
		f.holds("third", body)
		if is, err := f.Head(f.ctx, "bucket", "third"); err != nil || is.Attributes.System["mark"] != "1" {
			f.Fatalf("%+v, %v", is, err)
		}
	}},
	{"RenamesAtOnce", func(f *fixture) {
		// Of many who rename one object, one does; what is renamed to and fro is never lost.
		body := random(5000, 1)
		f.put("one", body)
		var all sync.WaitGroup
		won := make([]bool, 8)
		for i := range won {
			all.Go(func() {
				_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "one", Key: string(rune('a' + i))})
				if won[i] = err == nil; err != nil && !errors.Is(err, objectstore.ErrObjectNotFound) {
					f.Errorf("%d: %v", i, err)
				}
			})
		}
		all.Wait()
		winners := 0
		for i := range won {
			if key := string(rune('a' + i)); won[i] {
				f.holds(key, body)
				winners++
			} else {
				f.absent(key)
			}
		}
		if winners != 1 {
			f.Fatalf("%d renamed the one object", winners)
		}
		f.put("to", body)
		for i := range 4 {
			all.Go(func() {
				for range 10 {
					from, key := "to", "fro"
					if i%2 == 0 {
						from, key = key, from
					}
					if _, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: from, Key: key}); err != nil && !errors.Is(err, objectstore.ErrObjectNotFound) {
						f.Error(err)
					}
				}
			})
		}
		all.Wait()
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		if err != nil || len(page.Objects) != 2 {
			f.Fatalf("%+v, %v", page.Objects, err)
		}
	}},
}

// sealedRenameTests are of engines that encrypt.
var sealedRenameTests = []test{
	{"Renames", func(f *fixture) {
		key := objectstore.CustomerKey{7}
		for _, n := range []int{0, 10, 3 << 20} {
			body := random(n, uint64(n))
			f.putAs(objectstore.PutRequest{Encrypt: objectstore.EncryptionStore}, body)
			if o := f.rename("key", "new"); o.Encryption != objectstore.EncryptionStore || o.ETag != md5Hex(body) {
				f.Fatalf("%+v", o)
			}
			f.absent("key")
			f.holds("new", body)

			f.putAs(objectstore.PutRequest{CustomerKey: &key}, body)
			for _, c := range []struct {
				key  *objectstore.CustomerKey
				want error
			}{{nil, objectstore.ErrCustomerKeyMissing}, {&objectstore.CustomerKey{8}, objectstore.ErrCustomerKeyWrong}} {
				_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "key", Key: "mine", CustomerKey: c.key})
				f.wants("rename", err, c.want)
			}
			_, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "key", Key: "mine", CustomerKey: &key})
			f.ok("rename", err)
			f.absent("key")
			if got := f.read(f.ctx, objectstore.VersionRef{Bucket: "bucket", Key: "mine", CustomerKey: &key}, nil); !bytes.Equal(got, body) {
				f.Fatalf("%d others of %d bytes", len(got), n)
			}
			f.put("plain", body)
			_, err = f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: "plain", Key: "other", CustomerKey: &key})
			f.wants("rename with a key for what has none", err, objectstore.ErrCustomerKeyUnexpected)
			f.refused("without the key", objectstore.VersionRef{Bucket: "bucket", Key: "mine"}, objectstore.ErrCustomerKeyMissing)
		}
	}},
}

func (f *fixture) rename(from, to string) objectstore.Object {
	f.Helper()
	o, err := f.renamer().Rename(f.ctx, objectstore.RenameRequest{Bucket: "bucket", From: from, Key: to})
	if err != nil {
		f.Fatalf("rename %q to %q: %v", from, to, err)
	}
	return o
}

// renamer is the store as one that renames, which those that keep versions do.
func (f *fixture) renamer() objectstore.Renamer {
	f.Helper()
	r, ok := f.Store.(objectstore.Renamer)
	if !ok {
		f.Fatal("the store keeps versions and renames nothing")
	}
	return r
}
