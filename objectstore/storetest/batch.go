package storetest

import (
	"errors"
	"fmt"
	"strings"

	"croft/objectstore"
)

// batchTests hold for engines that are an objectstore.BatchDeleter.
var batchTests = []test{
	{"DeleteAll", func(f *fixture) {
		store := f.batchDeleter()
		var keys []string
		for i := range 100 {
			key := fmt.Sprintf("dir/%03d", i)
			f.put(key, random(i*100, uint64(i)))
			keys = append(keys, key)
		}
		for i, err := range store.DeleteAll(f.ctx, "bucket", keys[10:90]) {
			f.ok("delete "+keys[10+i], err)
		}
		page, err := f.List(f.ctx, objectstore.ListRequest{Bucket: "bucket"})
		f.ok("list", err)
		if len(page.Objects) != 20 || page.Objects[9].Key != "dir/009" || page.Objects[10].Key != "dir/090" {
			f.Fatalf("%d keys are left", len(page.Objects))
		}
		f.absent("dir/010")
		if _, body := f.get("dir/099", nil); md5Hex(body) != md5Hex(random(9900, 99)) {
			f.Fatal("an object that was not named is another now")
		}
	}},
	{"DeleteAllSaysHowEachEnded", func(f *fixture) {
		store := f.batchDeleter()
		f.put("here", []byte("x"))
		f.put("there", []byte("y"))
		keys := []string{"here", "nothing", "", "here", strings.Repeat("k", objectstore.MaxKeyBytes+1), "there"}
		failures := store.DeleteAll(f.ctx, "bucket", keys)
		if len(failures) != len(keys) {
			f.Fatalf("%d answers for %d keys", len(failures), len(keys))
		}
		for i, err := range failures {
			if wrong := i == 2 || i == 4; wrong != errors.Is(err, objectstore.ErrKeyInvalid) || !wrong && err != nil {
				f.Errorf("%.10q: %v", keys[i], err)
			}
		}
		f.absent("here")
		f.absent("there")
		if failures := store.DeleteAll(f.ctx, "bucket", nil); len(failures) != 0 {
			f.Errorf("of no keys: %v", failures)
		}
		for _, err := range store.DeleteAll(f.ctx, "other-bucket", []string{"a", "b"}) {
			if !errors.Is(err, objectstore.ErrBucketNotFound) {
				f.Errorf("in a bucket that is not there: %v", err)
			}
		}
	}},
}

func (f *fixture) batchDeleter() objectstore.BatchDeleter {
	f.Helper()
	store, ok := f.Store.(objectstore.BatchDeleter)
	if !ok {
		f.Skip("this engine deletes key by key")
	}
	return store
}
