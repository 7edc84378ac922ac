package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"croft/internal/errs"
	"croft/objectstore"
)

const folder = "inv/photos/daily/2031-03-04T05-06Z/"

var daily = Configuration{ID: "daily", Enabled: true, Bucket: "reports", Prefix: "inv/", Format: CSV, Fields: []string{"Size", "ETag"}}

// TestReport lists a bucket in several files, and again the next day, not before.
func TestReport(t *testing.T) {
	r := newRoom(t)
	for i := range 9 {
		r.put("photos", fmt.Sprintf("a/%d", i), strings.Repeat("x", i), objectstore.Attributes{})
	}
	r.put("photos", `b/ü "&,`, "q", objectstore.Attributes{})
	r.set(daily)
	next := r.step()
	if want := time.Date(2031, 3, 5, 0, 0, 0, 0, time.UTC); !next.Equal(want) {
		t.Errorf("next is due at %v", next)
	}
	m := r.manifest(folder)
	if m.FileSchema != "Bucket, Key, Size, ETag" || len(m.Files) != 3 || m.SourceBucket != "photos" || m.DestinationBucket != "arn:aws:s3:::reports" || m.FileFormat != "CSV" {
		t.Errorf("%+v", m)
	}
	rows := r.rows(m)
	if len(rows) != 10 || rows[3][1] != "a/3" || rows[3][2] != "3" {
		t.Errorf("%d rows, %v", len(rows), rows)
	}
	if last := rows[9]; last[1] != "b/%C3%BC%20%22%26%2C" || last[2] != "1" {
		t.Errorf("%v", last)
	}
	if links := strings.Split(r.read("inv/photos/daily/hive/dt=2031-03-04-05-06/symlink.txt"), "\n"); len(links) != 3 || links[0] != "s3://reports/"+m.Files[0].Key {
		t.Errorf("%v", links)
	}
	st, err := r.svc.Status(t.Context(), "photos", "daily")
	if err != nil || st.Manifest != folder+manifestName || st.Files != 3 || st.Listed != 10 || !st.Last.Equal(r.now) || !st.Next.Equal(next) || st.Running {
		t.Errorf("%+v, %v", st, err)
	}
	before := r.keys("")
	r.now = r.now.Add(3 * time.Hour)
	r.restart() // who forgot everything looks at the reports
	if r.step(); !slices.Equal(r.keys(""), before) {
		t.Error("another report on the same day")
	}
	r.now = next
	if r.step(); len(r.manifest("inv/photos/daily/2031-03-05T00-00Z/").Files) != 3 {
		t.Error("no report the next day")
	}
	if len(r.manifest(folder).Files) != 3 {
		t.Error("the first report is no more")
	}
}

// TestVersions lists every version with every field.
func TestVersions(t *testing.T) {
	r := newRoom(t)
	_, err := r.UpdateBucket(t.Context(), "photos", func(b *objectstore.Bucket) error {
		b.Versioning, b.ObjectLock = objectstore.VersioningEnabled, true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	until := time.Date(2032, 1, 2, 3, 4, 5, 0, time.UTC)
	first := r.put("photos", "sent/a", "one", objectstore.Attributes{})
	second := r.put("photos", "sent/a", "two", objectstore.Attributes{
		Checksums: map[string]string{"crc32": "AAAAAA==", "type": "FULL_OBJECT"}, Lock: objectstore.Lock{Mode: objectstore.LockGovernance, Until: until, Hold: true},
	})
	marker, err := r.DeleteVersion(t.Context(), objectstore.DeleteRequest{VersionRef: objectstore.VersionRef{Bucket: "photos", Key: "sent/a"}})
	if err != nil {
		t.Fatal(err)
	}
	r.put("photos", "other", "x", objectstore.Attributes{})
	all := Configuration{ID: "daily", Enabled: true, All: true, Bucket: "reports", Format: CSV, Filter: "sent/", Fields: Fields}
	r.set(all)
	r.step()
	m := r.manifest("photos/daily/2031-03-04T05-06Z/")
	rows, names := r.rows(m), strings.Split(m.FileSchema, ", ")
	if len(rows) != 3 || len(rows[0]) != len(names) {
		t.Fatalf("%v of %v", rows, names)
	}
	at := func(row int, name string) string { return rows[row][slices.Index(names, name)] }
	for i, id := range []string{marker.VersionID, second.VersionID, first.VersionID} {
		if at(i, "VersionId") != id || at(i, "IsLatest") != fmt.Sprint(i == 0) || at(i, "IsDeleteMarker") != fmt.Sprint(i == 0) {
			t.Errorf("row %d: %v", i, rows[i])
		}
	}
	for name, want := range map[string]string{
		"Size": "3", "StorageClass": "STANDARD", "IsMultipartUploaded": "false", "ReplicationStatus": "COMPLETED", "EncryptionStatus": "NOT-SSE",
		"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2032-01-02T03:04:05.000Z", "ObjectLockLegalHoldStatus": "ON",
		"ChecksumAlgorithm": "CRC32", "ObjectOwner": "croft", "BucketKeyStatus": "", "IntelligentTieringAccessTier": "", "ETag": second.ETag,
	} {
		if got := at(1, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if at(1, "ObjectAccessControlList") == "" || at(0, "Size") != "" || at(0, "ETag") != "" || at(0, "LastModifiedDate") == "" {
		t.Errorf("%v", rows)
	}
}

// TestParquet writes the same as columns.
func TestParquet(t *testing.T) {
	r := newRoom(t)
	r.put("photos", "ü", "hello", objectstore.Attributes{})
	c := daily
	c.Format, c.Fields = Parquet, []string{"Size", "LastModifiedDate", "IsMultipartUploaded", "ReplicationStatus"}
	r.set(c)
	r.step()
	m := r.manifest(folder)
	if len(m.Files) != 1 || !strings.HasSuffix(m.Files[0].Key, ".parquet") || !strings.Contains(m.FileSchema, "required binary key") || !strings.Contains(m.FileSchema, "message s3.inventory") {
		t.Fatalf("%+v", m)
	}
	type line struct {
		Bucket      string    `parquet:"bucket"`
		Key         string    `parquet:"key"`
		Size        *int64    `parquet:"size,optional"`
		Modified    time.Time `parquet:"last_modified_date,optional,timestamp(millisecond)"`
		Multipart   *bool     `parquet:"is_multipart_uploaded,optional"`
		Replication *string   `parquet:"replication_status,optional"`
	}
	text := r.read(m.Files[0].Key)
	lines, err := parquet.Read[line](strings.NewReader(text), int64(len(text)))
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	if l := lines[0]; l.Bucket != "photos" || l.Key != "ü" || *l.Size != 5 || *l.Multipart || l.Replication != nil || l.Modified.IsZero() {
		t.Errorf("%+v", l)
	}
}

// TestCutOff is cut off at each write in turn: there is never a manifest's checksum
// without all it names, and the next report leaves nothing of the one before.
func TestCutOff(t *testing.T) {
	for _, at := range []string{"data/", "symlink", manifestName, checksumName} {
		t.Run(at, func(t *testing.T) {
			r := newRoom(t)
			for i := range 9 {
				r.put("photos", fmt.Sprint(i), "x", objectstore.Attributes{})
			}
			r.set(daily)
			ctx, stop := context.WithCancel(t.Context())
			n := 0
			r.beforePut = func(key string) error {
				if n++; strings.Contains(key, at) && (at != "data/" || n == 2) {
					stop() // as a kill does: nobody tidies up
					return errDrive
				}
				return nil
			}
			if _, err := r.svc.step(ctx, r.now.Add(-time.Hour)); err == nil {
				t.Fatal("nothing happened")
			}
			left := r.keys("")
			if len(left) == 0 || slices.ContainsFunc(left, func(k string) bool { return strings.HasSuffix(k, checksumName) }) {
				t.Fatalf("left: %q", left)
			}
			r.beforePut = nil
			r.now = r.now.Add(time.Hour)
			r.restart()
			r.step()
			m := r.manifest("inv/photos/daily/2031-03-04T06-06Z/")
			want := []string{"inv/photos/daily/2031-03-04T06-06Z/" + manifestName, "inv/photos/daily/2031-03-04T06-06Z/" + checksumName, "inv/photos/daily/hive/dt=2031-03-04-06-06/symlink.txt"}
			for _, f := range m.Files {
				want = append(want, f.Key)
			}
			if got := r.keys(""); !slices.Equal(sorted(got), sorted(want)) {
				t.Errorf("there are %q, want %q", got, want)
			}
		})
	}
}

// TestFails says why, leaves nothing, and tries again.
func TestFails(t *testing.T) {
	r := newRoom(t)
	for i := range 9 {
		r.put("photos", fmt.Sprint(i), "x", objectstore.Attributes{})
	}
	r.set(daily)
	n := 0
	r.beforePut = func(string) error {
		if n++; n == 2 {
			return errs.New(errs.StorageFull, "full", "The drives are full.")
		}
		return nil
	}
	next := r.step()
	st, err := r.svc.Status(t.Context(), "photos", "daily")
	if err != nil || st.Problem.Message != "The drives are full." || !next.Equal(r.now.Add(15*time.Minute)) || len(r.keys("")) != 0 {
		t.Fatalf("%+v, %v, next %v, left %q", st, err, next, r.keys(""))
	}
	r.now = next
	r.step()
	if st, err = r.svc.Status(t.Context(), "photos", "daily"); err != nil || st.Problem.Message != "" || st.Last.IsZero() {
		t.Fatalf("%+v, %v", st, err)
	}
}

// TestOwner writes nothing into the bucket of somebody else, whoever it was of before.
func TestOwner(t *testing.T) {
	r := newRoom(t)
	c := daily
	c.Bucket = "foreign"
	r.set(c)
	r.step()
	page, err := r.Store.List(t.Context(), objectstore.ListRequest{Bucket: "foreign"})
	if err != nil || len(page.Objects) != 0 {
		t.Fatal(page, err)
	}
	if st, err := r.svc.Status(t.Context(), "photos", "daily"); err != nil || !strings.Contains(st.Problem.Message, "owner") {
		t.Fatalf("%+v, %v", st, err)
	}
}

// TestStale ends a report whose configuration changes under it, and makes the other.
func TestStale(t *testing.T) {
	r := newRoom(t)
	for i := range 9 {
		r.put("photos", fmt.Sprint(i), "x", objectstore.Attributes{})
	}
	all := daily
	all.All = true
	r.set(all)
	r.afterList = func() {
		if r.lists == 2 {
			other := all
			other.Prefix = "other/"
			r.set(other)
		}
	}
	r.step()
	if got := r.keys("inv/"); len(got) != 0 {
		t.Fatalf("the old report left %q", got)
	}
	r.step()
	if m := r.manifest("other/photos/daily/2031-03-04T05-06Z/"); len(r.rows(m)) != 9 {
		t.Fatalf("%+v", m)
	}
}

// TestNow makes a report on demand, also of a configuration that is not enabled, and two
// in one minute.
func TestNow(t *testing.T) {
	r := newRoom(t)
	off := daily
	off.Enabled = false
	r.set(off)
	if next := r.step(); !next.IsZero() || len(r.keys("")) != 0 {
		t.Fatalf("next %v, %q", next, r.keys(""))
	}
	for range 2 {
		if err := r.svc.Now(t.Context(), "photos", "daily"); err != nil {
			t.Fatal(err)
		}
		r.step()
	}
	r.manifest(folder)
	if m := r.manifest("inv/photos/daily/2031-03-04T05-07Z/"); m.Files == nil || len(m.Files) != 0 {
		t.Errorf("%+v", m)
	}
	if err := r.svc.Now(t.Context(), "photos", "none"); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
}

// TestConfigurations keeps them with the bucket, and refuses what cannot be.
func TestConfigurations(t *testing.T) {
	r := newRoom(t)
	r.set(daily)
	weekly := daily
	weekly.ID, weekly.Weekly = "a.weekly", true
	r.set(weekly)
	r.restart()
	all, err := r.svc.All(t.Context(), "photos")
	if err != nil || len(all) != 2 || all[0].ID != "a.weekly" || all[1].Prefix != "inv/" {
		t.Fatalf("%+v, %v", all, err)
	}
	if got := weekly.due(time.Date(2031, 3, 4, 5, 0, 0, 0, time.UTC)); got.Weekday() != time.Sunday || got.Day() != 9 {
		t.Errorf("weekly is due at %v", got)
	}
	if err := r.svc.Remove(t.Context(), "photos", "daily"); err != nil {
		t.Fatal(err)
	}
	if err := r.svc.Remove(t.Context(), "photos", "daily"); errs.KindOf(err) != errs.NotFound {
		t.Error(err)
	}
	for name, change := range map[string]func(*Configuration){
		"no ID": func(c *Configuration) { c.ID = "" }, "odd ID": func(c *Configuration) { c.ID = "a/b" }, "long ID": func(c *Configuration) { c.ID = strings.Repeat("x", 65) },
		"ORC": func(c *Configuration) { c.Format = "ORC" }, "no bucket": func(c *Configuration) { c.Bucket = "" }, "field": func(c *Configuration) { c.Fields = []string{"Color"} },
		"twice": func(c *Configuration) { c.Fields = []string{"Size", "Size"} }, "prefix": func(c *Configuration) { c.Prefix = strings.Repeat("x", 513) },
		"filter": func(c *Configuration) { c.Filter = "\x00" },
	} {
		c := daily
		change(&c)
		if err := r.svc.Set(t.Context(), "photos", c); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
