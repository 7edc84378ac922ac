package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// batchVersionTests hold for engines that are an objectstore.BatchVersionDeleter.
var batchVersionTests = []test{
	{"DeleteVersions", func(f *fixture) {
		s := f.versioned(objectstore.VersioningEnabled)
		one, two := f.put("k", []byte("one")), f.put("k", []byte("two"))
		other := f.put("other", []byte("x"))
		ends := f.batchVersionDeleter().DeleteVersions(f.ctx, "bucket", []objectstore.DeleteRequest{
			{VersionRef: ref("k", one.VersionID)},
			{VersionRef: ref("k", two.VersionID)},
			{VersionRef: ref("k", one.VersionID)},
			{VersionRef: ref("other", "")},
			{VersionRef: ref("", "")},
			{VersionRef: ref("k", "x")},
			{VersionRef: ref("other", other.VersionID), Condition: objectstore.Condition{ETag: "00"}},
			{VersionRef: ref("other", other.VersionID), Check: func(objectstore.Object) error { return objectstore.ErrPreconditionFailed }},
			{VersionRef: ref("other", "")},
		})
		for i, want := range []error{
			nil, nil, nil, nil, objectstore.ErrKeyInvalid, objectstore.ErrVersionInvalid, objectstore.ErrPreconditionFailed, objectstore.ErrPreconditionFailed,
			nil,
		} {
			if !errors.Is(ends[i].Err, want) {
				f.Errorf("request %d: %v, want %v", i, ends[i].Err, want)
			}
		}
		if !ends[0].Existed || ends[0].VersionID != one.VersionID || ends[2] != ends[0] || ends[8] != ends[3] || !ends[3].Marker || ends[3].VersionID == "" {
			f.Fatalf("ends %+v", ends)
		}
		if got := ids(f.versions(s, objectstore.ListVersionsRequest{}).Versions); !slices.Equal(got, []string{ends[3].VersionID, other.VersionID}) {
			f.Fatalf("left %q", got)
		}
		for _, end := range f.batchVersionDeleter().DeleteVersions(f.ctx, "other-bucket", []objectstore.DeleteRequest{{VersionRef: ref("k", "")}}) {
			f.wants("in no bucket", end.Err, objectstore.ErrBucketNotFound)
		}
	}},
	{"DeleteVersionsIsAsOneByOne", func(f *fixture) {
		s, many := f.versioned(objectstore.VersioningEnabled), f.batchVersionDeleter()
		random := rand.New(rand.NewPCG(3, 4))
		for round := range 12 {
			// The same history twice: of one half many go at once, of the other one by one.
			halves := [2]string{fmt.Sprintf("%02d/a/", round), fmt.Sprintf("%02d/b/", round)}
			var made [2]map[string][]string // the IDs, by key, in order
			var asked [2][]objectstore.DeleteRequest
			made[0], made[1] = map[string][]string{}, map[string][]string{}
			for range 12 {
				key, suspended, deleted := string('x'+rune(random.IntN(3))), random.IntN(3) == 0, random.IntN(4) == 0
				f.versioned(map[bool]objectstore.Versioning{false: objectstore.VersioningEnabled, true: objectstore.VersioningSuspended}[suspended])
				for h, half := range halves {
					if deleted {
						d, err := s.DeleteVersion(f.ctx, objectstore.DeleteRequest{VersionRef: ref(half+key, "")})
						f.ok("delete", err)
						made[h][key] = append(made[h][key], d.VersionID)
					} else {
						made[h][key] = append(made[h][key], f.put(half+key, []byte("x")).VersionID)
					}
				}
			}
			f.versioned(map[bool]objectstore.Versioning{true: objectstore.VersioningEnabled, false: objectstore.VersioningSuspended}[round%2 == 0])
			seen := map[string]bool{}
			for range 10 {
				key := string('x' + rune(random.IntN(3)))
				at := random.IntN(len(made[0][key])+2) - 2
				if name := fmt.Sprint(key, at); seen[name] || at >= 0 && made[0][key][at] == objectstore.NullVersion {
					continue
				} else {
					seen[name] = true
				}
				for h, half := range halves {
					id := ""
					if at == -1 {
						id = objectstore.NullVersion
					} else if at >= 0 {
						id = made[h][key][at]
					}
					asked[h] = append(asked[h], objectstore.DeleteRequest{VersionRef: ref(half+key, id)})
				}
			}
			ends := many.DeleteVersions(f.ctx, "bucket", asked[0])
			for i, r := range asked[1] {
				d, err := s.DeleteVersion(f.ctx, r)
				f.ok("delete one", err)
				if got := ends[i]; got.Err != nil || got.Existed != d.Existed || got.Marker != d.Marker || (got.VersionID == "") != (d.VersionID == "") {
					f.Fatalf("round %d, request %d of %d (%q): %+v, want %+v", round, i, len(asked[1]), r.ID, got, d)
				}
			}
			var left [2]string
			for h, half := range halves {
				for _, v := range f.versions(s, objectstore.ListVersionsRequest{Prefix: half}).Versions {
					key := strings.TrimPrefix(v.Key, half)
					left[h] += fmt.Sprint(key, slices.Index(made[h][key], v.VersionID), v.VersionID == objectstore.NullVersion, v.Marker, v.Latest, "; ")
				}
			}
			if left[0] != left[1] {
				f.Fatalf("round %d: left %s, want %s", round, left[0], left[1])
			}
		}
	}},
}

func (f *fixture) batchVersionDeleter() objectstore.BatchVersionDeleter {
	f.Helper()
	store, ok := f.Store.(objectstore.BatchVersionDeleter)
	if !ok {
		f.Fatal("this engine deletes versions one by one only")
	}
	return store
}
