package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"croft/objectstore"
)

// Notes is an Announcer that keeps a notice of all that happens in buckets with a
// document of this name, in the queue that it says.
type Notes struct {
	mu       sync.Mutex // guards happened
	happened []string
}

// NotesDocument is the name of the document.
const NotesDocument = "notes"

var _ objectstore.Announcer = (*Notes)(nil)

// Wants implements objectstore.Announcer.
func (n *Notes) Wants(_ string, documents map[string]string) bool {
	return documents[NotesDocument] != ""
}

// Notices implements objectstore.Announcer.
func (n *Notes) Notices(_ context.Context, h *objectstore.Happening) []objectstore.Notice {
	return []objectstore.Notice{{Queue: h.Documents[NotesDocument], Text: note(h)}}
}

// Happened implements objectstore.Announcer.
func (n *Notes) Happened(_ context.Context, h *objectstore.Happening) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.happened = append(n.happened, note(h))
}

func note(h *objectstore.Happening) string {
	return fmt.Sprint(map[objectstore.What]string{
		objectstore.HappenedPut: "put", objectstore.HappenedCopy: "copy", objectstore.HappenedComplete: "complete",
		objectstore.HappenedDelete: "delete", objectstore.HappenedMarker: "marker", objectstore.HappenedTag: "tag",
		objectstore.HappenedUntag: "untag", objectstore.HappenedAttribute: "attribute",
		objectstore.HappenedRestore: "restore", objectstore.HappenedRestored: "restored", objectstore.HappenedRestoreEnd: "restore end",
	}[h.What], " ", h.Object.Key, " ", h.Object.Size)
}

// RunNotices tests an engine that keeps the notices of an Announcer.
func RunNotices(t *testing.T, open func(*testing.T, objectstore.Announcer) objectstore.Store) {
	for _, test := range []struct {
		name string
		run  func(*fixture, *Notes)
	}{
		{"OneOfEachChange", oneOfEachChange},
		{"OfEachDelete", noticesOfDeletes},
		{"NoneOfRefusals", noNoticesOfRefusals},
		{"NowhereToKeepThem", noPlaceForNotices},
	} {
		t.Run("Notices/"+test.name, func(t *testing.T) {
			notes := new(Notes)
			f := &fixture{T: t, Store: open(t, notes), ctx: t.Context()}
			for _, name := range []string{"bucket", "other", objectstore.NoticeBucket} {
				_, err := f.CreateBucket(f.ctx, objectstore.Bucket{Name: name})
				f.ok("create bucket", err)
			}
			f.announce("queue/of bucket")
			test.run(f, notes)
		})
	}
}

func oneOfEachChange(f *fixture, notes *Notes) {
	bell := f.keeper().Noticed()
	f.put("a", []byte("1"))
	<-bell
	f.put("a", []byte("22")) // what was overwritten has its own
	_, err := f.Copy(f.ctx, objectstore.CopyRequest{FromBucket: "bucket", FromKey: "a", Bucket: "bucket", Key: "b"})
	f.ok("copy", err)
	u, err := f.CreateUpload(f.ctx, objectstore.CreateUploadRequest{Bucket: "bucket", Key: "c"})
	f.ok("create upload", err)
	_, err = f.PutPart(f.ctx, objectstore.PutPartRequest{Upload: u.UploadRef, Number: 1, Body: bytes.NewReader([]byte("333")), Size: 3})
	f.ok("put part", err)
	_, err = f.CompleteUpload(f.ctx, objectstore.CompleteUploadRequest{Upload: u.UploadRef, Parts: []objectstore.PartChoice{{Number: 1}}})
	f.ok("complete", err)
	retag := func(change func(*objectstore.Attributes)) {
		_, err := f.Store.(objectstore.Versions).UpdateVersion(f.ctx, objectstore.VersionRef{Bucket: "bucket", Key: "a"}, false, func(a *objectstore.Attributes) error {
			change(a)
			return nil
		})
		f.ok("update", err)
	}
	retag(func(a *objectstore.Attributes) { a.Tags = map[string]string{"k": "v"} })
	retag(func(*objectstore.Attributes) {}) // which changes nothing
	retag(func(a *objectstore.Attributes) { a.Tags = nil })
	retag(func(a *objectstore.Attributes) { a.System = map[string]string{"acl": "x"} })
	_, err = f.Put(f.ctx, objectstore.PutRequest{Bucket: "other", Key: "unheard", Size: 0})
	f.ok("put elsewhere", err)
	want := []string{"put a 1", "put a 2", "copy b 2", "complete c 3", "tag a 2", "untag a 2", "attribute a 2"}
	keys := f.notices("queue/of bucket", slices.Clone(want)...)
	if !slices.Equal(notes.happened, want) {
		f.Fatalf("happened: %q", notes.happened)
	}
	f.ok("settle", f.keeper().SettleNotices(f.ctx, append(keys[:2:2], "queue/of bucket/none")))
	f.notices("queue/of bucket", want[2:]...)
	f.announce("another")
	f.put("a", []byte("4444"))
	f.notices("queue/of bucket", want[2:]...)
	f.notices("another", "put a 4")
	f.ok("settle", f.keeper().SettleNotices(f.ctx, keys))
	f.notices("queue/of bucket")
}

func noticesOfDeletes(f *fixture, _ *Notes) {
	remove := func(r ...objectstore.DeleteRequest) {
		if len(r) == 1 {
			r[0].Bucket = "bucket"
			_, err := f.Store.(objectstore.Versions).DeleteVersion(f.ctx, r[0])
			f.ok("delete", err)
			return
		}
		for _, end := range f.Store.(objectstore.BatchVersionDeleter).DeleteVersions(f.ctx, "bucket", r) {
			f.ok("delete", end.Err)
		}
	}
	of := func(key, id string) objectstore.DeleteRequest {
		return objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Key: key, ID: id}}
	}
	f.announce("")
	f.put("a", []byte("1"))
	f.put("b", []byte("1"))
	f.put("c", []byte("1"))
	f.announce("q")
	remove(of("a", ""))
	remove(of("a", "")) // there was nothing
	remove(of("b", ""), of("c", ""), of("nothing", ""), of("b", ""))
	_, err := f.Store.(objectstore.Versions).UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
		b.Versioning = objectstore.VersioningEnabled
		return nil
	})
	f.ok("enable versioning", err)
	o := f.put("d", []byte("22"))
	remove(of("d", ""))
	remove(of("d", o.VersionID), of("e", ""))
	f.notices("q", "delete a 0", "delete b 0", "delete c 0", "put d 2", "marker d 0", "delete d 0", "marker e 0")
}

func noNoticesOfRefusals(f *fixture, notes *Notes) {
	f.put("a", []byte("1"))
	_, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "a", Size: 0, Condition: objectstore.Condition{Absent: true}})
	f.wants("put", err, objectstore.ErrPreconditionFailed)
	_, err = f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "b", Body: strings.NewReader("1"), Size: 2})
	f.wants("put", err, objectstore.ErrBodyIncomplete)
	f.notices("queue/of bucket", "put a 1")
	if len(notes.happened) != 1 {
		f.Fatalf("happened: %q", notes.happened)
	}
}

// noPlaceForNotices: what cannot be told is not done.
func noPlaceForNotices(f *fixture, _ *Notes) {
	f.announce("")
	f.put("a", []byte("1"))
	f.announce("q")
	f.ok("delete bucket", f.DeleteBucket(f.ctx, objectstore.NoticeBucket))
	if _, err := f.Put(f.ctx, objectstore.PutRequest{Bucket: "bucket", Key: "b", Size: 0}); err == nil {
		f.Fatal("a write without its notice was acknowledged")
	}
	if _, err := f.Delete(f.ctx, "bucket", "a"); err == nil {
		f.Fatal("a delete without its notice was acknowledged")
	}
	if objectstore.DeleteAll(f.ctx, f.Store, "bucket", []string{"a"})[0] == nil {
		f.Fatal("a delete without its notice was acknowledged")
	}
	f.holds("a", []byte("1"))
	f.absent("b")
}

func (f *fixture) keeper() objectstore.NoticeKeeper {
	f.Helper()
	s, ok := f.Store.(objectstore.NoticeKeeper)
	if !ok {
		f.Fatal("the engine is no NoticeKeeper")
	}
	return s
}

func (f *fixture) announce(queue string) {
	f.Helper()
	_, err := f.Store.(objectstore.Versions).UpdateBucket(f.ctx, "bucket", func(b *objectstore.Bucket) error {
		b.Documents = b.WithDocument(NotesDocument, queue)
		return nil
	})
	f.ok("set the document", err)
}

// notices checks what waits in a queue, and returns its keys.
func (f *fixture) notices(queue string, want ...string) (keys []string) {
	f.Helper()
	page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: queue + "/"})
	f.ok("list notices", err)
	var got []string
	for _, o := range page.Objects {
		got, keys = append(got, o.Attributes.System[objectstore.NoticeText]), append(keys, o.Key)
	}
	// The order of different keys is not promised.
	slices.SortStableFunc(got, byKey)
	slices.SortStableFunc(want, byKey)
	if !slices.Equal(got, want) {
		f.Fatalf("notices: %q, want %q", got, want)
	}
	return keys
}

// byKey orders notices by the second word, which is the key.
func byKey(a, b string) int { return strings.Compare(strings.Fields(a)[1], strings.Fields(b)[1]) }
