package index_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"croft/objectstore/erasure/index"
)

func TestBuckets(t *testing.T) {
	db := open(t)
	apply(t, db, func(tx *index.Tx) error {
		for i, name := range []string{"zebra", "ant", "bee"} {
			if err := tx.PutBucket(index.Bucket{ID: uint64(i + 1), Name: name, Value: []byte(name)}); err != nil {
				return err
			}
		}
		return tx.PutBucket(index.Bucket{ID: 2, Name: "ant", Value: []byte("changed")})
	})
	all, err := db.Buckets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "buckets", all, []index.Bucket{
		{ID: 2, Name: "ant", Value: []byte("changed")}, {ID: 3, Name: "bee", Value: []byte("bee")}, {ID: 1, Name: "zebra", Value: []byte("zebra")},
	})
	b, found, err := db.BucketByName(t.Context(), "bee")
	if err != nil || !found {
		t.Fatal(found, err)
	}
	same(t, "by name", b, all[1])
	if _, found, err := db.BucketByName(t.Context(), "cow"); found || err != nil {
		t.Error(found, err)
	}
}

// TestDeleteBucket fills three buckets and deletes the one in the middle.
func TestDeleteBucket(t *testing.T) {
	db := open(t)
	content := func(id uint64) (what string) {
		v := func(what *string, name string, n int, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			*what += fmt.Sprintf("%s %d, ", name, n)
		}
		_, found, err := db.BucketByName(t.Context(), fmt.Sprint(id))
		v(&what, "bucket", map[bool]int{true: 1}[found], err)
		n := 0
		_, err = db.ListVersions(t.Context(), index.ListVersionsRequest{Bucket: id}, func(index.VersionEntry) error { n++; return nil })
		v(&what, "versions", n, err)
		n = 0
		_, err = db.ListUploads(t.Context(), index.ListUploadsRequest{Bucket: id}, func(index.UploadEntry) error { n++; return nil })
		v(&what, "uploads", n, err)
		parts, err := db.Parts(t.Context(), fmt.Sprint("upload ", id), 0, -1)
		v(&what, "parts", len(parts), err)
		u, err := db.BucketUsage(t.Context(), id)
		v(&what, "counted", int(u.Objects+u.Versions+u.Parts), err)
		empty, err := db.BucketEmpty(t.Context(), id)
		v(&what, "empty", map[bool]int{true: 1}[empty], err)
		return what
	}
	apply(t, db, func(tx *index.Tx) error {
		for id := uint64(1); id <= 3; id++ {
			if err := tx.PutBucket(index.Bucket{ID: id, Name: fmt.Sprint(id)}); err != nil {
				return err
			}
			for ord := uint64(1); ord < 5; ord++ {
				if _, err := tx.PutVersion(index.Version{Bucket: id, Key: "key", Ord: ord, Marker: ord == 2}); err != nil {
					return err
				}
			}
			upload := index.Upload{Bucket: id, Key: "key", ID: fmt.Sprint("upload ", id)}
			if err := tx.PutUpload(upload); err != nil {
				return err
			}
			if err := tx.PutPart(upload.ID, index.Part{Bucket: id, Number: 1, Size: 7}); err != nil {
				return err
			}
		}
		return nil
	})
	apply(t, db, func(tx *index.Tx) error {
		if err := tx.DeleteBucket(2); err != nil {
			return err
		}
		empty, err := tx.BucketEmpty(2)
		if !empty {
			t.Error("not empty inside")
		}
		return err
	})
	for id := uint64(1); id <= 3; id++ {
		want := "bucket 1, versions 4, uploads 1, parts 1, counted 11, empty 0, "
		if id == 2 {
			want = "bucket 0, versions 0, uploads 0, parts 0, counted 0, empty 1, "
		}
		same(t, fmt.Sprint("bucket ", id), content(id), want)
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestUploads puts and deletes uploads and parts at random and pages through them.
func TestUploads(t *testing.T) {
	db := open(t)
	random := rand.New(rand.NewPCG(7, 8))
	uploads := map[string]index.Upload{} // by ID
	parts := map[string]map[int]index.Part{}
	byKey := func(a, b index.Upload) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.ID, b.ID)) }
	for round := range 300 {
		apply(t, db, func(tx *index.Tx) error {
			id := fmt.Sprintf("%02x", random.IntN(40))
			u, there := uploads[id]
			if there && random.IntN(3) == 0 {
				delete(uploads, id)
				delete(parts, id)
				return tx.DeleteUpload(u.Bucket, u.Key, u.ID)
			}
			if !there {
				u = index.Upload{Bucket: 1, Key: names[random.IntN(len(names))], ID: id}
				parts[id] = map[int]index.Part{}
			}
			u.Value = fmt.Append(nil, round)
			uploads[id] = u
			number := random.IntN(20) + 1
			if random.IntN(3) == 0 {
				delete(parts[id], number)
				if err := tx.DeletePart(id, number); err != nil {
					return err
				}
			} else {
				parts[id][number] = index.Part{Bucket: 1, Number: number, Size: int64(round), Value: u.Value}
				if err := tx.PutPart(id, parts[id][number]); err != nil {
					return err
				}
			}
			return tx.PutUpload(u)
		})
		r := index.ListUploadsRequest{
			Bucket: 1, Limit: random.IntN(6) + 1, Prefix: []string{"", "", "a", "z/"}[random.IntN(4)], Delimiter: []string{"", "/"}[random.IntN(2)],
		}
		var want, got []string
		for _, u := range slices.SortedFunc(maps.Values(uploads), byKey) {
			switch g := group(u.Key, r.Prefix, r.Delimiter); {
			case !strings.HasPrefix(u.Key, r.Prefix):
			case g == "":
				want = append(want, fmt.Sprintf("%q %s %s", u.Key, u.ID, u.Value))
			case len(want) == 0 || want[len(want)-1] != fmt.Sprintf("%q", g):
				want = append(want, fmt.Sprintf("%q", g))
			}
		}
		for {
			n := 0
			page, err := db.ListUploads(t.Context(), r, func(e index.UploadEntry) error {
				n++
				if e.Prefix != "" {
					got = append(got, fmt.Sprintf("%q", e.Prefix))
				} else {
					got = append(got, fmt.Sprintf("%q %s %s", e.Upload.Key, e.Upload.ID, e.Upload.Value))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if page.Truncated != (n == r.Limit && len(got) < len(want)) {
				t.Fatalf("a page of %d of %d entries, %d so far, %+v", n, len(want), len(got), page)
			}
			if r.AfterKey, r.AfterID = page.NextKey, page.NextID; !page.Truncated {
				break
			}
		}
		same(t, "uploads", got, want)
		if round%25 == 0 {
			checkParts(t, db, uploads, parts)
		}
	}
	// Behind all uploads of a key, when no ID is given.
	apply(t, db, func(tx *index.Tx) error {
		for _, u := range []index.Upload{{Bucket: 2, Key: "a", ID: "1"}, {Bucket: 2, Key: "a", ID: "2"}, {Bucket: 2, Key: "b", ID: "3"}} {
			if err := tx.PutUpload(u); err != nil {
				return err
			}
		}
		return nil
	})
	var ids []string
	if _, err := db.ListUploads(t.Context(), index.ListUploadsRequest{Bucket: 2, AfterKey: "a"}, func(e index.UploadEntry) error {
		ids = append(ids, e.Upload.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	same(t, "behind a", ids, []string{"3"})
}

func checkParts(t *testing.T, db *index.DB, uploads map[string]index.Upload, parts map[string]map[int]index.Part) {
	t.Helper()
	var size int64
	for i := range 40 {
		id := fmt.Sprintf("%02x", i)
		var want, got []index.Part
		for _, number := range slices.Sorted(maps.Keys(parts[id])) {
			want = append(want, parts[id][number])
			size += parts[id][number].Size
		}
		for after := 0; ; {
			page, err := db.Parts(t.Context(), id, after, 3)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if len(page) < 3 {
				break
			}
			after = page[2].Number
		}
		same(t, "parts", got, want)
		u, there := uploads[id]
		got1, found, err := db.Upload(t.Context(), u.Bucket, u.Key, id)
		if err != nil || found != there {
			t.Fatalf("upload %s: %v, %v", id, found, err)
		}
		if there {
			same(t, "upload", got1, u)
		}
		p, found, err := db.Part(t.Context(), id, 7)
		want7, there := parts[id][7]
		if err != nil || found != there {
			t.Fatalf("part 7 of %s: %v, %v", id, found, err)
		}
		same(t, "part 7", p, want7)
	}
	usage, err := db.BucketUsage(t.Context(), 1)
	if err != nil || usage.Parts != size {
		t.Fatalf("usage %+v, parts have %d bytes, %v", usage, size, err)
	}
	if err := db.Verify(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestFiles puts, changes and deletes files at random.
func TestFiles(t *testing.T) {
	db := open(t)
	random := rand.New(rand.NewPCG(9, 10))
	files := map[index.FileID]index.File{}
	for round := range 300 {
		id := index.FileID{byte(random.IntN(30) + 1), 15: 1}
		_, there := files[id]
		apply(t, db, func(tx *index.Tx) error {
			switch random.IntN(4) {
			case 0:
				delete(files, id)
				found, err := tx.DeleteFile(id)
				same(t, "deleted", found, there)
				return err
			case 1:
				missing := uint16(random.Uint32())
				if f, ok := files[id]; ok {
					f.Missing = missing
					files[id] = f
				}
				found, err := tx.SetMissing(id, missing)
				same(t, "set", found, there)
				return err
			default:
				f := index.File{ID: id, Size: random.Int64(), Ord: random.Uint64N(12), Missing: uint16(random.Uint32() & random.Uint32()), Value: fmt.Append(nil, round)}
				files[id] = f
				return tx.PutFile(f)
			}
		})
		byID := func(a, b index.File) int { return slices.Compare(a.ID[:], b.ID[:]) }
		all := slices.SortedFunc(maps.Values(files), byID)
		var got []index.File
		for after := (index.FileID{}); ; {
			page, err := db.ScanFiles(t.Context(), after, 7)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if len(page) < 7 {
				break
			}
			after = page[6].ID
		}
		same(t, "files", got, all)
		place := random.IntN(16)
		var want []index.File
		for _, f := range slices.SortedFunc(slices.Values(all), func(a, b index.File) int { return cmp.Or(cmp.Compare(b.Ord, a.Ord), byID(a, b)) }) {
			if f.Missing&(1<<place) != 0 {
				want = append(want, f)
			}
		}
		got = nil
		for after := (index.File{}); ; {
			page, err := db.FilesMissing(t.Context(), place, after, 4)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page...)
			if len(page) < 4 {
				break
			}
			after = page[3]
		}
		same(t, "missing", got, want)
		f, found, err := db.File(t.Context(), id)
		if want, there := files[id]; err != nil || found != there {
			t.Fatal(found, err)
		} else if found {
			same(t, "file", f, want)
		}
	}
}

func TestSegmentsAndRepairs(t *testing.T) {
	db := open(t)
	apply(t, db, func(tx *index.Tx) error {
		tx.AddLive(7, 100, 1) // before anything is known of it
		tx.AddLive(7, -30, 0)
		tx.AddLive(8, 5, 1)
		if err := tx.SetSegment(index.Segment{ID: 8, Live: 50, Total: 60, Items: 2}); err != nil {
			return err
		}
		tx.AddLive(8, -10, -1)
		g, found, err := tx.Segment(8)
		same(t, "inside", g, index.Segment{ID: 8, Live: 40, Total: 60, Items: 1})
		same(t, "found", found, true)
		for _, r := range []index.Repair{{7, 1, 1}, {8, 1, 2}, {8, 9, 4}, {8, 1, 8}, {9, 0, 1}, {8, 5, 1}} {
			if err := tx.AddRepair(r); err != nil {
				return err
			}
		}
		return err
	})
	segments := func(want ...index.Segment) {
		t.Helper()
		all, err := db.Segments(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "segments", all, want)
	}
	repairs := func(after index.Repair, limit int, want ...index.Repair) {
		t.Helper()
		list, err := db.Repairs(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "repairs", list, want)
	}
	segments(index.Segment{ID: 7, Live: 70, Total: 100, Items: 1}, index.Segment{ID: 8, Live: 40, Total: 60, Items: 1})
	repairs(index.Repair{}, 2, index.Repair{9, 0, 1}, index.Repair{8, 9, 4})
	repairs(index.Repair{8, 9, 4}, 9, index.Repair{8, 5, 1}, index.Repair{8, 1, 10}, index.Repair{7, 1, 1})
	apply(t, db, func(tx *index.Tx) error {
		tx.AddLive(7, -70, -1)
		tx.AddLive(8, 1, 1)
		if err := tx.DeleteRepair(9, 0); err != nil {
			return err
		}
		return tx.DeleteSegment(8)
	})
	segments(index.Segment{ID: 7, Total: 100})
	repairs(index.Repair{}, 9, index.Repair{7, 1, 1})
	if _, found, err := db.Segment(t.Context(), 8); found || err != nil {
		t.Error(found, err)
	}
}

// TestTiered keeps tiered bodies apart from those that are to be removed.
func TestTiered(t *testing.T) {
	db := open(t)
	of := func(n byte, tier string, doomed bool) index.Tiered {
		return index.Tiered{ID: index.FileID{n}, Tier: tier, Size: int64(n) * 100, Doomed: doomed}
	}
	one, two, three, four := of(1, "COLD", false), of(2, "COLD", true), of(3, "COLD", false), of(4, "ARCHIVE", true)
	apply(t, db, func(tx *index.Tx) error {
		for _, b := range []index.Tiered{four, of(3, "COLD", true), two, one, three} {
			if err := tx.PutTiered(b); err != nil {
				return err
			}
		}
		return nil
	})
	scan := func(doomed bool, after index.FileID, limit int, want ...index.Tiered) {
		t.Helper()
		got, err := db.ScanTiered(t.Context(), doomed, after, limit)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("scanned %+v, %v; want %+v", got, err, want)
		}
	}
	scan(false, index.FileID{}, 10, one, three)
	scan(true, index.FileID{}, 10, two, four)
	scan(true, index.FileID{}, 1, two)
	scan(true, two.ID, 10, four)
	if got, found, err := db.Tiered(t.Context(), three.ID); !found || err != nil || got != three {
		t.Errorf("found %+v, %v, %v", got, found, err)
	}
	usage, err := db.TierUsage(t.Context())
	want := []index.TierUsage{{"COLD", false, 2, 400}, {"ARCHIVE", true, 1, 400}, {"COLD", true, 1, 200}}
	if err != nil || !slices.Equal(usage, want) {
		t.Errorf("usage %+v, %v", usage, err)
	}
	apply(t, db, func(tx *index.Tx) error { return tx.DeleteTiered(two.ID) })
	if _, found, err := db.Tiered(t.Context(), two.ID); found || err != nil {
		t.Errorf("deleted: %v, %v", found, err)
	}
	scan(true, index.FileID{}, 10, four)
}
