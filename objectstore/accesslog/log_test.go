package accesslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"croft/objectstore/accesslog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 11, 22, 10, 0, 0, 5e6, time.UTC)

// open is a log in a folder of its own.
func open(t testing.TB, set ...func(*accesslog.Config)) (*accesslog.Log, string) {
	t.Helper()
	c := accesslog.Config{Folder: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return at }}
	for _, f := range set {
		f(&c)
	}
	return accesslog.New(c), c.Folder
}

func put(i int) accesslog.Entry {
	return accesslog.Entry{
		Time: at.Add(time.Duration(i) * time.Second), RequestID: fmt.Sprintf("REQUEST%04d", i), User: "ada", AccessKey: "CROFTKEY",
		Remote: "192.0.2.1", Operation: "PutObject", Bucket: "media", Key: fmt.Sprintf("photos/%04d.jpg", i), Status: 200,
		BytesIn: 4096, Duration: 1.25, UserAgent: "aws-cli/2.1",
	}
}

// lines reads the growing file, which may not exist yet.
func lines(t *testing.T, folder string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, accesslog.Current))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func newest(t *testing.T, l *accesslog.Log, q accesslog.Query) accesslog.Page {
	t.Helper()
	page, err := l.Newest(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// all pages through everything a query finds.
func all(t *testing.T, l *accesslog.Log, q accesslog.Query) (found []accesslog.Entry, pages int) {
	t.Helper()
	for {
		page := newest(t, l, q)
		found = append(found, page.Entries...)
		pages++
		if page.Next == "" {
			return found, pages
		}
		if q.Before = page.Next; pages > 10_000 {
			t.Fatal("the pages have no end")
		}
	}
}

func TestLine(t *testing.T) {
	l, folder := open(t)
	l.Record(put(1))
	l.Flush()
	want := `{"time":"2026-11-22T10:00:01.005Z","requestId":"REQUEST0001","user":"ada","accessKey":"CROFTKEY","remote":"192.0.2.1",` +
		`"operation":"PutObject","bucket":"media","key":"photos/0001.jpg","status":200,"bytesIn":4096,"durationMs":1.250,"userAgent":"aws-cli/2.1"}`
	if got := lines(t, folder); len(got) != 1 || got[0] != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	info, err := os.Stat(filepath.Join(folder, accesslog.Current))
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the log: %v, %v", info.Mode(), err)
	}
}

// Whatever a client sends comes back as it was, or cut.
func TestLinesSurviveAnyText(t *testing.T) {
	l, _ := open(t)
	e := put(1)
	e.Key, e.Source, e.Error = "a\"b\\c\n\t\x00\x7f/照片/\u2028", "from/<&>", "AccessDenied"
	e.UserAgent = strings.Repeat("é", 150) + "\xff"
	l.Record(e)
	broken := put(2)
	broken.Key, broken.Bucket = "\xff\xfe", strings.Repeat("b", 60_000)
	l.Record(broken)
	got := newest(t, l, accesslog.Query{}).Entries
	if len(got) != 2 || got[0].Key != "\ufffd\ufffd" || len(got[0].Bucket) != 64 || got[1].UserAgent != strings.Repeat("é", 100) {
		t.Fatalf("%+v", got)
	}
	got[1].UserAgent = e.UserAgent
	if !reflect.DeepEqual(got[1], e) {
		t.Errorf("got  %+v\nwant %+v", got[1], e)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("key", "agent")
	f.Add("\x00\"\\\xff", "照片")
	f.Fuzz(func(t *testing.T, key, agent string) {
		l, folder := open(t)
		l.Record(accesslog.Entry{Time: at, Key: key, UserAgent: agent, Keys: []string{key, agent}})
		l.Flush()
		for _, line := range lines(t, folder) {
			var e accesslog.Entry
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if want := strings.ToValidUTF8(key, "\ufffd"); len(key) < 1000 && strings.Count(key, "\ufffd") == 0 && !strings.Contains(want, "\ufffd") && e.Key != want {
				t.Fatalf("%q became %q", key, e.Key)
			}
		}
	})
}

// A multi-delete of many long keys becomes several lines, and none is lost.
func TestManyKeysAreSeveralLines(t *testing.T) {
	l, folder := open(t)
	e := put(1)
	e.Key, e.Operation = "", "DeleteObjects"
	for i := range 1000 {
		e.Keys = append(e.Keys, fmt.Sprintf("%0200d", i))
	}
	l.Record(e)
	l.Flush()
	var keys []string
	for _, line := range lines(t, folder) {
		var one accesslog.Entry
		if err := json.Unmarshal([]byte(line), &one); err != nil || len(line) > 20<<10 || one.RequestID != e.RequestID {
			t.Fatalf("%d bytes, %v: %.100s", len(line), err, line)
		}
		keys = append(keys, one.Keys...)
	}
	if !reflect.DeepEqual(keys, e.Keys) {
		t.Errorf("%d keys came back", len(keys))
	}
}

// Nothing reads the folder: Record returns all the same, and says what it dropped.
func TestRecordNeverWaits(t *testing.T) {
	l, folder := open(t)
	const n = 100_000
	for i := range n {
		l.Record(put(i))
	}
	l.Flush()
	written := lines(t, folder)
	var last accesslog.Entry
	if err := json.Unmarshal([]byte(written[len(written)-1]), &last); err != nil || last.Dropped == 0 || !last.Time.Equal(at) {
		t.Fatalf("the last line is %+v, %v", last, err)
	}
	if kept := int64(len(written) - 1); kept+last.Dropped != n {
		t.Errorf("%d lines and %d dropped of %d", kept, last.Dropped, n)
	}
	if size := len(strings.Join(written, "\n")); size > accesslog.MaxPending+1000 {
		t.Errorf("%d bytes waited in memory", size)
	}
	l.Record(put(1))
	l.Flush()
	if again := lines(t, folder); len(again) != len(written)+1 || strings.Contains(again[len(again)-1], "dropped") {
		t.Error("what was dropped is told again")
	}
}

func TestRunWritesSoonAndNothingWhenIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, folder := open(t)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := l.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Hour)
		if _, err := os.Stat(filepath.Join(folder, accesslog.Current)); !os.IsNotExist(err) {
			t.Errorf("an idle hour made a file: %v", err)
		}
		l.Record(put(1))
		time.Sleep(accesslog.Quiet + time.Millisecond)
		synctest.Wait()
		if got := lines(t, folder); len(got) != 1 || got[0] == "" {
			t.Errorf("after a second: %q", got)
		}
		l.Record(put(2))
		stop()
		running.Wait()
		if got := lines(t, folder); len(got) != 2 {
			t.Errorf("after the stop: %q", got)
		}
	})
}

func TestALotIsWrittenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, folder := open(t)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = l.Run(ctx) })
		for i := range 2000 {
			l.Record(put(i))
		}
		synctest.Wait() // no time passes
		if got := lines(t, folder); len(got) < 1000 {
			t.Errorf("%d lines are written", len(got))
		}
		stop()
		running.Wait()
	})
}

func TestRotation(t *testing.T) {
	l, folder := open(t, func(c *accesslog.Config) { c.MaxBytes, c.Keep = 1000, 3 })
	for i := range 40 { // three lines a file
		l.Record(put(i))
		l.Flush()
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Size() > 1000 {
			t.Errorf("%s has %d bytes, %v", e.Name(), info.Size(), err)
		}
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "s3-access-00000011.log s3-access-00000012.log s3-access-00000013.log s3-access.log" {
		t.Errorf("files %s", got)
	}
	found, _ := all(t, l, accesslog.Query{Limit: 2})
	if len(found) != 10 || found[0].RequestID != "REQUEST0039" || found[9].RequestID != "REQUEST0030" {
		t.Errorf("%d found: %+v", len(found), found)
	}
}

// Reading goes on where it was although files were renamed meanwhile.
func TestPagesHoldWhileTheLogRotates(t *testing.T) {
	l, _ := open(t, func(c *accesslog.Config) { c.MaxBytes = 3000 })
	recorded := 0
	record := func(n int) {
		for range n {
			l.Record(put(recorded))
			recorded++
			l.Flush()
		}
	}
	record(30)
	page := newest(t, l, accesslog.Query{Limit: 4})
	want := 29
	for {
		for _, e := range page.Entries {
			if e.RequestID != fmt.Sprintf("REQUEST%04d", want) {
				t.Fatalf("%s, want %d", e.RequestID, want)
			}
			want--
		}
		if page.Next == "" {
			break
		}
		record(3)
		page = newest(t, l, accesslog.Query{Limit: 4, Before: page.Next})
	}
	if want != -1 {
		t.Errorf("entries up to %d were never shown", want)
	}
}

func TestFilters(t *testing.T) {
	l, _ := open(t)
	for i := range 300 {
		e := put(i)
		if i%3 == 0 {
			e.Bucket = "media-2"
		}
		if i == 50 {
			e.User, e.Key, e.Status, e.Error = "Eve", `Träume "1"\2.txt`, 403, "AccessDenied"
		}
		if i == 60 {
			e.Operation, e.Key, e.Keys = "DeleteObjects", "", []string{"one", "needle/two"}
		}
		l.Record(e)
	}
	for _, c := range []struct {
		query accesslog.Query
		want  int
	}{
		{accesslog.Query{}, 300},
		{accesslog.Query{Bucket: "media"}, 200},
		{accesslog.Query{Bucket: "media-2"}, 100},
		{accesslog.Query{Bucket: "none"}, 0},
		{accesslog.Query{Bucket: `media","key":"photos/0001.jpg`}, 0},
		{accesslog.Query{Contains: "eve"}, 1},
		{accesslog.Query{Contains: "EVE", Bucket: "media"}, 1},
		{accesslog.Query{Contains: "eve", Bucket: "media-2"}, 0},
		{accesslog.Query{Contains: "accessdenied"}, 1},
		{accesslog.Query{Contains: "403"}, 1},
		{accesslog.Query{Contains: `träume "1"\`}, 1},
		{accesslog.Query{Contains: "NEEDLE"}, 1},
		{accesslog.Query{Contains: "photos/000"}, 10},
		{accesslog.Query{Contains: "requestId"}, 0}, // a name of a field, not what is in one
		{accesslog.Query{Contains: `","`}, 0},
	} {
		c.query.Limit = 7
		if found, _ := all(t, l, c.query); len(found) != c.want {
			t.Errorf("%+v found %d, want %d", c.query, len(found), c.want)
		}
	}
}

// One query reads a bounded part, and the next goes on from there.
func TestASearchIsBounded(t *testing.T) {
	l, _ := open(t)
	for i := range 10_000 {
		l.Record(put(i))
	}
	l.Flush()
	l.ReadAtMost(512 << 10)
	first := newest(t, l, accesslog.Query{Contains: "REQUEST0003"})
	if len(first.Entries) != 0 || first.Next == "" {
		t.Fatalf("the first page has %d entries and goes on at %q", len(first.Entries), first.Next)
	}
	if found, pages := all(t, l, accesslog.Query{Contains: "REQUEST0003"}); len(found) != 1 || pages < 3 {
		t.Errorf("%d found on %d pages", len(found), pages)
	}
}

func TestWhatOthersDoToTheFolder(t *testing.T) {
	l, folder := open(t)
	path := filepath.Join(folder, accesslog.Current)
	l.Record(put(1))
	l.Flush()
	if err := os.WriteFile(path, []byte(`{"time":"2026-11-22T10:00:01Z","key":"torn`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Record(put(2))
	if found, _ := all(t, l, accesslog.Query{}); len(found) != 1 || found[0].RequestID != "REQUEST0002" {
		t.Errorf("behind a torn line: %+v", found)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	l.Record(put(3))
	if found, _ := all(t, l, accesslog.Query{}); len(found) != 1 || found[0].RequestID != "REQUEST0003" {
		t.Errorf("after the file was removed: %+v", found)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, _ := all(t, l, accesslog.Query{}); len(found) != 0 {
		t.Errorf("in a file without lines: %+v", found)
	}
}

// A folder that cannot be written costs lines, which are counted, and one message.
func TestAFolderThatIsAway(t *testing.T) {
	var said bytes.Buffer
	l, folder := open(t, func(c *accesslog.Config) { c.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		l.Record(put(i))
		l.Flush()
	}
	if _, err := l.Newest(t.Context(), accesslog.Query{}); err != nil {
		t.Errorf("reading: %v", err)
	}
	if n := strings.Count(said.String(), "level=ERROR"); n != 1 {
		t.Errorf("said %d times: %s", n, said.String())
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	l.Record(put(3))
	found, _ := all(t, l, accesslog.Query{})
	if len(found) != 2 || found[0].Dropped != 3 || found[1].RequestID != "REQUEST0003" {
		t.Errorf("afterwards: %+v", found)
	}
	if !strings.Contains(said.String(), "written again") {
		t.Error("nothing says that it works again")
	}
}

func TestBadCursors(t *testing.T) {
	l, _ := open(t)
	l.Record(put(1))
	for _, cursor := range []string{"x", "1", "0-5", "1--5", "-1-5", "1-99999999999999999999"} {
		if _, err := l.Newest(t.Context(), accesslog.Query{Before: cursor}); err == nil || strings.Contains(err.Error(), "read") {
			t.Errorf("%q: %v", cursor, err)
		}
	}
	if page := newest(t, l, accesslog.Query{Before: "9-100"}); len(page.Entries) != 1 {
		t.Errorf("a cursor of a file that never was: %+v", page)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Newest(ctx, accesslog.Query{}); err == nil {
		t.Error("a cancelled query found something")
	}
}

func TestConcurrentUse(t *testing.T) {
	l, _ := open(t, func(c *accesslog.Config) { c.MaxBytes, c.Keep = 50_000, 100 })
	ctx, stop := context.WithCancel(t.Context())
	var running, writers sync.WaitGroup
	running.Go(func() { _ = l.Run(ctx) })
	for w := range 4 {
		writers.Go(func() {
			for i := range 500 {
				l.Record(put(w*500 + i))
				if i%50 == 0 {
					newest(t, l, accesslog.Query{Limit: 10})
				}
			}
		})
	}
	writers.Wait()
	stop()
	running.Wait()
	found, _ := all(t, l, accesslog.Query{Limit: 500})
	seen := map[string]bool{}
	for _, e := range found {
		seen[e.RequestID] = true
	}
	if len(found) != 2000 || len(seen) != 2000 {
		t.Errorf("%d entries, %d different", len(found), len(seen))
	}
}

func BenchmarkRecord(b *testing.B) {
	l, folder := open(b)
	e := put(1)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Record(e)
		if i%10_000 == 0 {
			l.Flush()
		}
	}
	if _, err := fs.Stat(os.DirFS(folder), accesslog.Current); err != nil {
		b.Fatal(err)
	}
}
