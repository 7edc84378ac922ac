package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"croft/objectstore"
)

// versionTests hold for engines that are objectstore.Versions.
var versionTests = []test{
	{"KeepsWhatIsOverwritten", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		first := f.put("k", []byte("one"))
		second := f.put("k", []byte("two"))
		if first.VersionID == "" || first.VersionID == second.VersionID {
			f.Fatalf("versions %q and %q", first.VersionID, second.VersionID)
		}
		f.holds("k", []byte("two"))
		f.versionHolds(s, "k", first.VersionID, "one")
		f.versionHolds(s, "k", second.VersionID, "two")
		page := f.versions(s, objectstore.ListVersionsRequest{})
		if got := ids(page.Versions); !slices.Equal(got, []string{second.VersionID, first.VersionID}) ||
			!page.Versions[0].Latest || page.Versions[1].Latest {
			f.Fatalf("listed %+v", page.Versions)
		}
	}},
	{"MarkersHide", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		one := f.put("k", []byte("one"))
		d, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", "")})
		f.ok("delete", err)
		if !d.Existed || !d.Marker || d.VersionID == "" || d.VersionID == one.VersionID {
			f.Fatalf("deleted %+v", d)
		}
		f.absent("k")
		o, err := s.HeadVersion(f.ctx, ref("k", ""))
		f.wants("head", err, objectstore.ErrObjectNotFound)
		if !o.Marker || o.VersionID != d.VersionID {
			f.Fatalf("head of a marked key: %+v", o)
		}
		_, err = s.HeadVersion(f.ctx, ref("k", d.VersionID))
		f.wants("head of the marker", err, objectstore.ErrVersionIsMarker)
		f.versionHolds(s, "k", one.VersionID, "one")
		f.wants("delete the bucket", f.DeleteBucket(f.ctx, "bucket"), objectstore.ErrBucketNotEmpty)
		// Without the marker the object is back.
		again, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", d.VersionID)})
		f.ok("delete the marker", err)
		if !again.Marker || again.VersionID != d.VersionID {
			f.Fatalf("deleted %+v", again)
		}
		f.holds("k", []byte("one"))
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", one.VersionID)})
		f.ok("delete the version", err)
		f.absent("k")
		if page := f.versions(s, objectstore.ListVersionsRequest{}); len(page.Versions) != 0 {
			f.Fatalf("left: %+v", page.Versions)
		}
		gone, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", one.VersionID)})
		f.ok("delete what is gone", err)
		if gone.Existed {
			f.Fatal("what is gone existed")
		}
		// Over nothing too a marker is put.
		d, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("never", "")})
		f.ok("delete what never was", err)
		if d.Existed || !d.Marker {
			f.Fatalf("deleted %+v", d)
		}
	}},
	{"ChecksBeforeDeleting", func(f *fixture) {
		plain := f.versioned(objectstore.VersioningOff)
		same := f.put("plain", []byte("same"))
		var saw []objectstore.Object
		refusal := errors.New("not this one")
		check := func(is objectstore.Object) error {
			saw = append(saw, is)
			return refusal
		}
		_, err := plain.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("plain", ""), Check: check})
		f.wants("delete what is refused", err, refusal)
		f.holds("plain", []byte("same"))
		if len(saw) != 1 || saw[0].ETag != same.ETag || !saw[0].ModifiedAt.Equal(same.ModifiedAt) || !saw[0].Latest {
			f.Fatalf("was asked about %+v", saw)
		}

		s := f.versioned(objectstore.VersioningEnabled)
		first := f.put("k", []byte("one"))
		second := f.put("k", []byte("two"))
		saw = nil
		for _, id := range []string{"", first.VersionID, second.VersionID} {
			_, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", id), Check: check})
			f.wants("delete a version that is refused", err, refusal)
		}
		if len(saw) != 3 || saw[0].VersionID != second.VersionID || !saw[0].Latest ||
			saw[1].VersionID != first.VersionID || saw[1].Latest || saw[2].VersionID != second.VersionID || !saw[2].Latest {
			f.Fatalf("was asked about %+v", saw)
		}
		if page := f.versions(s, objectstore.ListVersionsRequest{Prefix: "k"}); len(page.Versions) != 2 {
			f.Fatalf("left: %+v", page.Versions)
		}
		agree := func(is objectstore.Object) error {
			saw = append(saw, is)
			return nil
		}
		d, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", ""), Check: agree})
		f.ok("delete what is agreed to", err)
		f.absent("k")
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", d.VersionID), Check: check})
		f.wants("delete a marker that is refused", err, refusal)
		if last := saw[len(saw)-1]; !last.Marker || !last.Latest || last.VersionID != d.VersionID {
			f.Fatalf("was asked about %+v", last)
		}
		saw = nil
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("never", ""), Check: check})
		f.ok("delete what never was", err)
		if len(saw) != 0 {
			f.Fatalf("was asked about nothing: %+v", saw)
		}
	}},
	{"NullVersion", func(f *fixture) {
		old := f.put("k", []byte("before"))
		if old.VersionID != "" {
			f.Fatalf("version %q in a bucket without versions", old.VersionID)
		}
		s := f.versioned(objectstore.VersioningEnabled)
		kept := f.put("k", []byte("kept"))
		f.versionHolds(s, "k", objectstore.NullVersion, "before")
		f.versioned(objectstore.VersioningSuspended)
		null := f.put("k", []byte("after"))
		if null.VersionID != objectstore.NullVersion {
			f.Fatalf("version %q while suspended", null.VersionID)
		}
		f.holds("k", []byte("after"))
		f.versionHolds(s, "k", objectstore.NullVersion, "after")
		f.versionHolds(s, "k", kept.VersionID, "kept")
		if got := ids(f.versions(s, objectstore.ListVersionsRequest{}).Versions); !slices.Equal(got, []string{"null", kept.VersionID}) {
			f.Fatalf("listed %q", got)
		}
		_, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", "")})
		f.ok("delete while suspended", err)
		f.absent("k")
		_, err = s.HeadVersion(f.ctx, ref("k", objectstore.NullVersion))
		f.wants("head of the null marker", err, objectstore.ErrVersionIsMarker)
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", objectstore.NullVersion)})
		f.ok("delete the null marker", err)
		f.holds("k", []byte("kept"))
	}},
	{"BucketSettings", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		b, err := f.Bucket(f.ctx, "bucket")
		f.ok("bucket", err)
		if b.Versioning != objectstore.VersioningEnabled {
			f.Fatalf("bucket %+v", b)
		}
		_, err = s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error { b.Versioning = objectstore.VersioningOff; return nil })
		f.wants("switch off", err, objectstore.ErrVersioningState)
		refusal := errors.New("no")
		_, err = s.UpdateBucket(f.ctx, "bucket", func(*objectstore.Bucket) error { return refusal })
		f.wants("a change that refuses", err, refusal)
		_, err = s.UpdateBucket(f.ctx, "missing", func(*objectstore.Bucket) error { return nil })
		f.wants("no bucket", err, objectstore.ErrBucketNotFound)
		_, err = s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error { b.ObjectLock = true; return nil })
		f.ok("give it object lock", err)
		_, err = s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error { b.Versioning = objectstore.VersioningSuspended; return nil })
		f.wants("suspend beside object lock", err, objectstore.ErrVersioningState)
		_, err = s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error { b.ObjectLock = false; return nil })
		f.wants("take object lock away", err, objectstore.ErrVersioningState)
	}},
	{"Documents", func(f *fixture) {
		s := f.api()
		set := func(name, text string) error {
			_, err := s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
				b.Documents = b.WithDocument(name, text)
				return nil
			})
			return err
		}
		has := func(what string, want map[string]string) {
			f.Helper()
			b, err := f.Bucket(f.ctx, "bucket")
			f.ok(what, err)
			if !maps.Equal(b.Documents, want) {
				f.Fatalf("%s: %q", what, b.Documents)
			}
		}
		long := strings.Repeat("ü", 100_000)
		f.ok("set one", set("policy", "{}"))
		f.ok("set another", set("cors", long))
		has("both", map[string]string{"policy": "{}", "cors": long})
		f.wants("too much", set("policy", strings.Repeat("x", objectstore.MaxDocumentBytes)), objectstore.ErrDocumentsTooLarge)
		f.ok("change one", set("policy", "[]"))
		f.ok("remove another", set("cors", ""))
		has("one", map[string]string{"policy": "[]"})
		f.ok("remove what is not there", set("website", ""))
		f.ok("remove the last", set("policy", ""))
		has("none", nil)
	}},
	{"Locks", func(f *fixture) {
		_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "k", Attributes: objectstore.Attributes{Lock: objectstore.Lock{Hold: true}}})
		f.wants("a lock without object lock", err, objectstore.ErrObjectLockMissing)
		s := f.versioned(objectstore.VersioningEnabled)
		_, err = s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
			b.ObjectLock, b.DefaultLock = true, objectstore.DefaultLock{Mode: objectstore.LockGovernance, Days: 1}
			return nil
		})
		f.ok("object lock", err)
		o := f.put("k", []byte("governed"))
		if o.Attributes.Lock.Mode != objectstore.LockGovernance || time.Until(o.Attributes.Lock.Until) < 23*time.Hour {
			f.Fatalf("default lock %+v", o.Attributes.Lock)
		}
		named := objectstore.DeleteRequest{VersionRef: ref("k", o.VersionID)}
		_, err = s.DeleteVersion(f.ctx, named)
		f.wants("delete what is governed", err, objectstore.ErrVersionLocked)
		// A marker over it is no deletion.
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("k", "")})
		f.ok("mark it deleted", err)
		until := time.Now().UTC().Add(time.Hour).Truncate(time.Millisecond)
		set := func(l objectstore.Lock, bypass bool) error {
			_, err := s.UpdateVersion(f.ctx, named.VersionRef, bypass, func(a *objectstore.Attributes) error { a.Lock = l; return nil })
			return err
		}
		f.wants("shorten", set(objectstore.Lock{Mode: objectstore.LockGovernance, Until: until}, false), objectstore.ErrVersionLocked)
		f.ok("shorten with bypass", set(objectstore.Lock{Mode: objectstore.LockGovernance, Until: until}, true))
		f.ok("make it compliance", set(objectstore.Lock{Mode: objectstore.LockCompliance, Until: until.Add(time.Hour)}, false))
		for what, l := range map[string]objectstore.Lock{
			"shorten": {Mode: objectstore.LockCompliance, Until: until}, "loosen": {Mode: objectstore.LockGovernance, Until: until.Add(2 * time.Hour)}, "remove": {},
		} {
			f.wants(what+" compliance", set(l, true), objectstore.ErrVersionLocked)
		}
		f.ok("lengthen compliance", set(objectstore.Lock{Mode: objectstore.LockCompliance, Until: until.Add(2 * time.Hour)}, false))
		named.Bypass = true
		_, err = s.DeleteVersion(f.ctx, named)
		f.wants("delete under compliance", err, objectstore.ErrVersionLocked)
		held := f.put("held", nil)
		_, err = s.UpdateVersion(f.ctx, ref("held", ""), true, func(a *objectstore.Attributes) error {
			a.Lock = objectstore.Lock{Hold: true}
			return nil
		})
		f.ok("hold", err)
		_, err = s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref("held", held.VersionID), Bypass: true})
		f.wants("delete what is held", err, objectstore.ErrVersionLocked)
	}},
	{"TagsKeepTheBody", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		for i, size := range []int{0, 100, 300_000, 3 << 20} {
			key := fmt.Sprint(size)
			body := random(size, uint64(i))
			before := f.put(key, body)
			o, err := s.UpdateVersion(f.ctx, ref(key, before.VersionID), false, func(a *objectstore.Attributes) error {
				a.Tags = map[string]string{"team": "müller"}
				a.System = map[string]string{"acl": "public-read"}
				a.ContentType = "ignored"
				return nil
			})
			f.ok("tag", err)
			if o.Attributes.Tags["team"] != "müller" || o.Attributes.ContentType != before.Attributes.ContentType || o.VersionID != before.VersionID {
				f.Fatalf("tagged %+v", o)
			}
			got, err := f.Head(f.ctx, "bucket", key)
			f.ok("head", err)
			if got.Attributes.Tags["team"] != "müller" || got.Attributes.System["acl"] != "public-read" || !got.ModifiedAt.Equal(before.ModifiedAt) || got.ETag != before.ETag {
				f.Fatalf("after tagging %+v", got)
			}
			f.holds(key, body)
			if n := len(f.versions(s, objectstore.ListVersionsRequest{Prefix: key}).Versions); n != 1 {
				f.Fatalf("%d versions after tagging", n)
			}
		}
	}},
	{"ListVersionsPages", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		random := rand.New(rand.NewPCG(1, 2))
		want := make(map[string][]string) // by key, newest first
		for range 60 {
			key := fmt.Sprintf("%c/%d", 'a'+rune(random.IntN(3)), random.IntN(4))
			if random.IntN(4) == 0 {
				d, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref(key, "")})
				f.ok("delete", err)
				want[key] = append([]string{d.VersionID}, want[key]...)
			} else {
				want[key] = append([]string{f.put(key, []byte(key)).VersionID}, want[key]...)
			}
		}
		var all []string
		for _, a := range "abc" {
			for i := range 4 {
				all = append(all, want[fmt.Sprintf("%c/%d", a, i)]...)
			}
		}
		for _, limit := range []int{1, 2, 7, 1000} {
			var got []string
			r := objectstore.ListVersionsRequest{Limit: limit}
			for {
				page := f.versions(s, r)
				got = append(got, ids(page.Versions)...)
				if !page.Truncated {
					break
				}
				r.AfterKey, r.AfterID = page.NextKey, page.NextID
			}
			if !slices.Equal(got, all) {
				f.Fatalf("pages of %d: %d versions, want %d", limit, len(got), len(all))
			}
		}
		if page := f.versions(s, objectstore.ListVersionsRequest{Delimiter: "/"}); !slices.Equal(page.Prefixes, []string{"a/", "b/", "c/"}) || len(page.Versions) != 0 {
			f.Fatalf("folders %+v", page)
		}
	}},
	{"ListWhileDeleting", func(f *fixture) {
		// As who empties a bucket does: each page is deleted before the next is asked for.
		s := f.versioned(objectstore.VersioningEnabled)
		f.put("k", []byte("old"))
		f.put("k", []byte("older than null"))
		f.versioned(objectstore.VersioningSuspended)
		f.put("k", []byte("null"))
		f.put("l", []byte("next"))
		r := objectstore.ListVersionsRequest{Limit: 1}
		for deleted := 0; ; deleted++ {
			page := f.versions(s, r)
			for i := range page.Versions {
				o := &page.Versions[i]
				_, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref(o.Key, o.VersionID)})
				f.ok("delete", err)
			}
			if r.AfterKey, r.AfterID = page.NextKey, page.NextID; !page.Truncated {
				if deleted != 3 {
					f.Fatalf("%d pages, want 4", deleted+1)
				}
				break
			}
		}
		if left := f.versions(s, objectstore.ListVersionsRequest{}); len(left.Versions) > 0 {
			f.Fatalf("left: %v", ids(left.Versions))
		}
	}},
	{"CopyAVersion", func(f *fixture) {
		f.versioned(objectstore.VersioningEnabled)
		old := f.put("k", []byte("old"))
		f.put("k", []byte("new"))
		_, err := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "k", FromVersion: old.VersionID, Bucket: "bucket", Key: "k"})
		f.ok("copy", err)
		f.holds("k", []byte("old"))
	}},
	{"BadVersionIDs", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		f.put("k", []byte("x"))
		for _, id := range []string{"x", "null ", "0123456789abcdef0123456789abcdeg", "ffffffffffffffffffffffffffffffff", "00"} {
			_, err := s.HeadVersion(f.ctx, ref("k", id))
			f.wants(id, err, objectstore.ErrVersionInvalid)
		}
		_, err := s.HeadVersion(f.ctx, ref("k", "00000000000000010000000000000001"))
		f.wants("unknown", err, objectstore.ErrVersionNotFound)
	}},
}

func ref(key, id string) objectstore.VersionRef {
	return objectstore.VersionRef{Bucket: "bucket", Key: key, ID: id}
}

func ids(versions []objectstore.Object) (list []string) {
	for _, v := range versions {
		list = append(list, v.VersionID)
	}
	return list
}

// versioned sets how the bucket keeps versions.
func (f *fixture) versioned(v objectstore.Versioning) objectstore.Versions {
	f.Helper()
	s, ok := f.Store.(objectstore.Versions)
	if !ok {
		f.Fatal("this engine keeps no versions: say so in Limits")
	}
	_, err := s.UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error { b.Versioning = v; return nil })
	f.ok("set versioning", err)
	return s
}

func (f *fixture) versions(s objectstore.Versions, r objectstore.ListVersionsRequest) objectstore.VersionPage {
	f.Helper()
	r.Bucket = "bucket"
	page, err := s.ListVersions(f.ctx, r)
	f.ok("list versions", err)
	return page
}

func (f *fixture) versionHolds(s objectstore.Versions, key, id, want string) {
	f.Helper()
	o, body, err := s.GetVersion(f.ctx, ref(key, id), nil)
	f.ok("get version", err)
	defer func() { _ = body.Close() }()
	got, err := io.ReadAll(body)
	f.ok("read version", err)
	if !bytes.Equal(got, []byte(want)) || o.VersionID != id {
		f.Fatalf("version %s of %q is %q (%s), want %q", id, key, got, o.VersionID, want)
	}
}
