package erasure

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/storetest"
)

func TestNotices(t *testing.T) {
	storetest.RunNotices(t, func(t *testing.T, a objectstore.Announcer) objectstore.Store {
		s := mustOpen(t, newPaths(t, 2))
		s.announcer = a
		return s
	})
}

// announcing makes a bay whose bucket's changes are noticed.
func announcing(t *testing.T, drives int, segment int64) *bay {
	b := newBayOf(t, drives, segment)
	b.store.announcer = new(storetest.Notes)
	_, err := b.store.CreateBucket(t.Context(), objectstore.Bucket{Name: objectstore.NoticeBucket})
	_, wrong := b.store.UpdateBucket(t.Context(), "bucket", func(is *objectstore.Bucket) error {
		is.Documents = is.WithDocument(storetest.NotesDocument, "q")
		return nil
	})
	if err := errors.Join(err, wrong); err != nil {
		t.Fatal(err)
	}
	return b
}

// notices returns the texts that wait, and their keys.
func (b *bay) notices() (texts, keys []string) {
	b.Helper()
	page, err := b.store.List(b.Context(), objectstore.ListRequest{Bucket: objectstore.NoticeBucket, Prefix: "q/"})
	if err != nil {
		b.Fatal(err)
	}
	for _, o := range page.Objects {
		texts, keys = append(texts, o.Attributes.System[objectstore.NoticeText]), append(keys, o.Key)
	}
	return texts, keys
}

// TestNoticesAfterACrash cuts the power after each operation of the drives, and looks
// with whatever catalogue may be left, or none: of what was acknowledged the notices are
// all there, and none is there of what did not happen.
func TestNoticesAfterACrash(t *testing.T) {
	for at := 1; ; at++ {
		b := announcing(t, 2, 1<<20)
		b.machine.CrashAfter(at)
		var acknowledged, keys []string
		var doubt string // may have happened
		do := func(text string, err error) bool {
			if doubt = ""; err != nil {
				doubt = text
				return false
			}
			acknowledged = append(acknowledged, text)
			return true
		}
		over := func() bool {
			for i := range 3 {
				key := fmt.Sprint("object ", i%2)
				if !do(fmt.Sprint("put ", key, " ", 1000+i), b.tryPut(key, randomBytes(1000+i, uint64(i)))) {
					return false
				}
			}
			_, keys = b.notices()
			if err := b.store.SettleNotices(t.Context(), keys[:1]); err != nil {
				return false
			}
			acknowledged = acknowledged[1:]
			_, err := b.store.Delete(t.Context(), "bucket", "object 0")
			return do("delete object 0 0", err)
		}()
		for _, thousandths := range []int{0, 500, 1000, -1} {
			folder := newFolder(t, quickDir(t))
			if thousandths >= 0 {
				folder = copyCatalogue(t, filepath.Dir(b.catalogue), thousandths)
			}
			crashed := &bay{world: &world{TB: t, want: b.want}, machine: b.machine.Crash(), catalogue: filepath.Join(folder, catalogueName), segment: b.segment}
			for slot := range b.slots {
				crashed.slots = append(crashed.slots, crashed.machine.Drive(fmt.Sprint("drive ", slot)))
			}
			crashed.open()
			got, _ := crashed.notices()
			want := acknowledged
			if !over && doubt != "" { // nobody was told how it ended: it did with its notice, or neither
				var key string
				var size int64
				_, _ = fmt.Sscanf(strings.Replace(doubt, " object ", " object_", 1), "%s %s %d", new(string), &key, &size)
				is, err := crashed.store.Head(t.Context(), "bucket", strings.Replace(key, "_", " ", 1))
				if happened := size == 0 && err != nil || size > 0 && err == nil && is.Size == size; happened {
					want = append(want[:len(want):len(want)], doubt)
				}
			}
			if !slices.Equal(got, want) && !(!over && len(keys) > 0 && slices.Equal(got, want[min(1, len(want)):])) {
				t.Fatalf("crash at %d, catalogue at %d: %q waits, want %q", at, thousandths, got, want)
			}
			if err := crashed.store.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.store.Close(); err != nil && over {
			t.Fatal(err)
		}
		if over {
			t.Logf("%d crashes", at-1)
			return
		}
	}
}

// TestNoticesAreMoved compacts and builds the catalogue anew: what waits goes on
// waiting, and what was settled does not come back.
func TestNoticesAreMoved(t *testing.T) {
	b := announcing(t, 2, 256<<10)
	for i := range 40 {
		b.put(fmt.Sprint("object ", i), randomBytes(20_000, uint64(i)))
	}
	_, keys := b.notices()
	if err := b.store.SettleNotices(t.Context(), keys[10:]); err != nil {
		t.Fatal(err)
	}
	want, _ := b.notices()
	b.store.announcer = nil
	for i := range 40 {
		b.delete(fmt.Sprint("object ", i))
	}
	before := b.store.seglog.Segments()
	for i := range 30 {
		b.put("last", randomBytes(20_000, uint64(i)))
	}
	if err := b.store.compactAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := b.store.seglog.Segments(); after[0].ID == before[0].ID {
		t.Fatal("nothing was compacted")
	}
	for range 2 {
		if got, _ := b.notices(); !slices.Equal(got, want) || len(got) != 10 {
			t.Fatalf("%q waits, want %q", got, want)
		}
		if err := b.store.Close(); err != nil {
			t.Fatal(err)
		}
		b.catalogue = filepath.Join(newFolder(t, quickDir(t)), catalogueName)
		b.open()
	}
}
