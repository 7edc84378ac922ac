package server_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// TestPagingUnderChange reads a folder page by page while somebody writes and deletes in
// it: what was there all the time is seen, each once and in order.
func TestPagingUnderChange(t *testing.T) {
	c, _, _, viewer, _, _ := files(t)
	const stays = 600
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := w; i < stays; i += 8 {
				c.put("web-files", fmt.Sprintf("f/%04d-stays", i), "", "x")
			}
		})
	}
	writers.Wait()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i = (i + 37) % stays {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Sprintf("f/%04d-goes", i)
			if _, err := c.store.Put(t.Context(), objectstore.PutRequest{Bucket: "web-files", Key: key, Body: strings.NewReader("x"), Size: 1}); err != nil {
				return
			}
			if _, err := c.store.Delete(t.Context(), "web-files", key); err != nil {
				return
			}
		}
	}()
	list := "/api/v1/buckets/web-files/objects?delimiter=/&prefix=f/&limit=50"
	seen, cursors, cursor, last := 0, []string{""}, "", ""
	for {
		page := objectList(t, viewer.do("GET", list+"&cursor="+cursor, ""))
		for _, o := range page.Items {
			if o.Key <= last {
				t.Fatalf("%q came behind %q", o.Key, last)
			}
			if last = o.Key; strings.HasSuffix(o.Key, "-stays") {
				seen++
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
		cursors = append(cursors, cursor)
	}
	close(stop)
	<-stopped
	if seen != stays {
		t.Errorf("the pages held %d of %d objects", seen, stays)
	}
	// Any stretch can be read again, whatever changed in it, and ends where it ended.
	c.put("web-files", "f/0100-new", "", "x")
	again := 0
	for i, from := range cursors[:len(cursors)-1] {
		for at := from; ; {
			page := objectList(t, viewer.do("GET", list+"&cursor="+at+"&until="+cursors[i+1], ""))
			for _, o := range page.Items {
				if !strings.HasSuffix(o.Key, "-goes") {
					again++
				}
			}
			if at = page.Next; at == "" {
				break
			}
		}
	}
	end := objectList(t, viewer.do("GET", list+"&cursor="+cursors[len(cursors)-1], ""))
	if again+len(end.Items) != stays+1 {
		t.Errorf("read again in stretches there are %d and %d of %d", again, len(end.Items), stays+1)
	}
	c.run(t, []scenario{
		{name: "bad until", as: viewer, method: "GET", path: list + "&until=%21", status: 400, want: []string{`"cursor_invalid"`}},
	})
}

func objectList(t *testing.T, a answer) (l server.ObjectList) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &l); err != nil || a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return l
}

func TestUploadInParts(t *testing.T) {
	c, _, developer, viewer, outsider, _ := files(t)
	const base = "/api/v1/buckets/web-files/uploads"
	key := "?key=" + url.QueryEscape("big file.bin")
	id := developer.do("POST", base+key, `{"contentType":"video/mp4"}`).json()["id"].(string)
	up := base + "/" + id
	first := strings.Repeat("a", objectstore.MinPartSize)
	c.run(t, []scenario{
		{name: "viewers do not begin", as: viewer, method: "POST", path: base + key, body: `{}`, status: 403},
		{name: "nor look", as: viewer, method: "GET", path: up + key, status: 403},
		{name: "outsiders see no bucket", as: outsider, method: "PUT", path: up + "/parts/1" + key, body: "x", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "part", as: developer, method: "PUT", path: up + "/parts/1" + key, body: first, status: 200, want: []string{`"number":1`}, audit: "-"},
		{name: "no number", as: developer, method: "PUT", path: up + "/parts/x" + key, body: "x", status: 400, want: []string{`"part_invalid"`}},
		{name: "of another key", as: developer, method: "PUT", path: up + "/parts/2?key=other", body: "x", status: 404, want: []string{`"upload_not_found"`}},
		{name: "what is there", as: developer, method: "GET", path: up + key, status: 200, want: []string{`"number":1`, `"size":5242880`}},
		{name: "not all there", as: developer, method: "POST", path: up + "/complete" + key, body: `{"size":5242883,"parts":2}`, status: 409, want: []string{`"parts_missing"`}},
		{name: "last part", as: developer, method: "PUT", path: up + "/parts/2" + key, body: "end", status: 200},
		{name: "another size", as: developer, method: "POST", path: up + "/complete" + key, body: `{"size":5242884,"parts":2}`, status: 409, want: []string{`"parts_missing"`}},
	})
	c.put("web-files", "big file.bin", "", "taken")
	c.run(t, []scenario{
		{name: "never over another", as: developer, method: "POST", path: up + "/complete" + key, body: `{"size":5242883,"parts":2}`, status: 409, want: []string{`"precondition_failed"`}},
		{name: "unless it is meant", as: developer, method: "POST", path: up + "/complete" + key, body: `{"size":5242883,"parts":2,"replace":true}`, status: 200,
			want: []string{`"size":5242883`, `"contentType":"video/mp4"`}, audit: "dev complete-upload web-files/big file.bin ok"},
		{name: "it is over", as: developer, method: "GET", path: up + key, status: 404, want: []string{`"upload_not_found"`}},
		{name: "only in the place of what was seen", as: developer, method: "PUT", path: "/api/v1/buckets/web-files/object?key=big+file.bin", body: "x", header: []string{`If-Match: "0cc175b9c0f1b6a831c399e269772661"`}, status: 409, want: []string{`"precondition_failed"`}},
		{name: "a whole file neither", as: developer, method: "PUT", path: "/api/v1/buckets/web-files/object?key=big+file.bin", body: "x", header: []string{"If-None-Match: *"}, status: 409, want: []string{`"precondition_failed"`}},
		{name: "which are there", as: viewer, method: "POST", path: "/api/v1/buckets/web-files/existing", body: `{"keys":["none","big file.bin"]}`, status: 200,
			want: []string{`"key":"big file.bin"`}, never: []string{"none"}, audit: "-"},
	})
	c.summed("web-files", "big file.bin")
	developer.do("PUT", "/api/v1/buckets/web-files/object?key=whole", "hello")
	c.summed("web-files", "whole")
	other := developer.do("POST", base+"?key=gone", `{}`).json()["id"].(string)
	c.run(t, []scenario{
		{name: "give up", as: developer, method: "DELETE", path: base + "/" + other + "?key=gone", status: 204, audit: "dev abort-upload web-files/gone ok"},
		{name: "is gone", as: developer, method: "GET", path: base + "/" + other + "?key=gone", status: 404},
	})
}

func TestUnfinishedUploads(t *testing.T) {
	c, _, developer, viewer, outsider, _ := files(t)
	const base = "/api/v1/buckets/web-files"
	begin := func(key string) string {
		t.Helper()
		return developer.do("POST", base+"/uploads?key="+url.QueryEscape(key), `{}`).json()["id"].(string)
	}
	one, other, secret := begin("films/one"), begin("films/other"), begin("secret/film")
	for part, text := range []string{strings.Repeat("a", 7), "end"} {
		developer.do("PUT", fmt.Sprintf("%s/uploads/%s/parts/%d?key=films%%2Fone", base, one, part+1), text)
	}
	// That of another client, which signed nothing.
	begun, err := c.store.CreateUpload(t.Context(), objectstore.CreateUploadRequest{Bucket: "web-files", Key: "films/anon"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for cursor := ""; ; {
		var page server.List[server.UnfinishedUpload]
		a := viewer.do("GET", base+"/uploads?limit=1&prefix=films%2F&cursor="+cursor, "")
		if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != 200 || len(page.Items) != 1 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		ids = append(ids, page.Items[0].ID)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if !slices.Equal(ids, []string{begun.ID, one, other}) {
		t.Errorf("page by page there are %q", ids)
	}
	const old = `{"olderThan":3600}`
	c.run(t, []scenario{
		{name: "what there is", as: viewer, method: "GET", path: base + "/uploads", status: 200,
			want: []string{`"key":"films/one"`, `"startedBy":"dev"`, `"parts":2`, `"bytes":10`, `"parts":0`, `"next":""`}, audit: "-"},
		{name: "of nobody known", as: viewer, method: "GET", path: base + "/uploads?prefix=films/anon", status: 200, never: []string{"startedBy", "films/o"}},
		{name: "bad cursor", as: viewer, method: "GET", path: base + "/uploads?cursor=%21", status: 400, want: []string{`"cursor_invalid"`}},
		{name: "strangers see no bucket", as: outsider, method: "GET", path: base + "/uploads", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "viewers abort none", as: viewer, method: "POST", path: base + "/abort-uploads", body: old, status: 403},
		{name: "nor strangers", as: outsider, method: "POST", path: base + "/abort-uploads", body: old, status: 404},
		{name: "a bad cursor aborts none", as: developer, method: "POST", path: base + "/abort-uploads", body: `{"olderThan":0,"cursor":"!"}`, status: 400, want: []string{`"cursor_invalid"`}},
		{name: "none is so old", as: developer, method: "POST", path: base + "/abort-uploads", body: old, status: 200,
			want: []string{`"aborted":0`, `"failures":[]`, `"next":""`}, audit: "dev abort-uploads web-files/ ok"},
		{name: "all are as old as that", as: developer, method: "POST", path: base + "/abort-uploads", body: `{"olderThan":0,"prefix":"films/"}`, status: 200,
			want: []string{`"aborted":3`, `"bytes":10`}, audit: "dev abort-uploads web-files/films/ ok"},
		{name: "that one is not below it", as: viewer, method: "GET", path: base + "/uploads", status: 200, want: []string{secret}, never: []string{"films"}},
	})
}

// summed fails the test unless an object has the checksum that S3 makes of each.
func (c *console) summed(bucket, key string) {
	c.t.Helper()
	o, err := c.store.Head(c.t.Context(), bucket, key)
	if err != nil || o.Attributes.Checksums[objectstore.SumCRC64NVME] == "" {
		c.t.Errorf("%s/%s has %v, %v", bucket, key, o.Attributes.Checksums, err)
	}
}

func TestCopyMoveAndTally(t *testing.T) {
	c, _, developer, viewer, outsider, _ := files(t)
	for i := range 250 {
		c.put("web-files", fmt.Sprintf("from/%03d", i), "text/plain", "12345")
	}
	for _, key := range []string{"up/in/x", "a/b/x", "a/b/b/x"} {
		c.put("web-files", key, "text/plain", key)
	}
	c.bucket("theirs", c.project("shop", "eve", nil).ID)
	if _, err := c.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "web-kept", Owner: c.bucketOwner("web-files"), Versioning: objectstore.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	c.put("web-kept", "a", "text/plain", "kept")
	written, err := c.store.Head(t.Context(), "web-files", "from/000")
	if err != nil {
		t.Fatal(err)
	}
	const base = "/api/v1/buckets/web-files/"
	c.run(t, []scenario{
		{name: "tally", as: viewer, method: "GET", path: base + "tally?prefix=from/", status: 200, want: []string{`"objects":250`, `"bytes":1250`, `"next":""`}},
		{name: "tally is not for all", as: outsider, method: "GET", path: base + "tally?prefix=from/", status: 404},
		{name: "rename", as: developer, method: "POST", path: base + "copy", body: `{"items":[{"from":"from/000","to":"from/zero"}],"move":true}`, status: 200,
			want: []string{`"done":1`, `"failures":[]`}, audit: "dev copy-objects web-files/from/000 ok"},
		{name: "viewers do not copy", as: viewer, method: "POST", path: base + "copy", body: `{"items":[{"from":"from/zero","to":"x"}]}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "nor into what they may not write", as: developer, method: "POST", path: base + "copy", body: `{"toBucket":"theirs","items":[{"from":"from/zero","to":"x"}]}`, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "nor move out of what they only read", as: viewer, method: "POST", path: base + "copy", body: `{"move":true,"items":[{"from":"from/zero","to":"x"}]}`, status: 403},
		{name: "taken", as: developer, method: "POST", path: base + "copy", body: `{"items":[{"from":"from/001","to":"from/002"},{"from":"none","to":"y"},{"from":"from/003","to":"z"}]}`, status: 200,
			want: []string{`"done":1`, `"target_exists"`, `"object_not_found"`}},
		{name: "a name that is taken", as: developer, method: "POST", path: base + "copy", body: `{"items":[{"from":"from/001","to":"from/002"}],"move":true}`, status: 200,
			want: []string{`"done":0`, `"target_exists"`}},
		{name: "into itself", as: developer, method: "POST", path: base + "copy", body: `{"prefix":{"from":"from/","to":"from/sub/"}}`, status: 400, want: []string{`"copy_into_itself"`}},
		{name: "upwards", as: developer, method: "POST", path: base + "copy", body: `{"prefix":{"from":"up/in/","to":"up/"},"move":true,"replace":true}`, status: 200, want: []string{`"done":1`}},
		{name: "upwards among the sources", as: developer, method: "POST", path: base + "copy", body: `{"prefix":{"from":"a/b/","to":"a/"},"move":true,"replace":true}`, status: 409, want: []string{`"copy_meets_itself"`}},
		{name: "onto itself", as: developer, method: "POST", path: base + "copy", body: `{"replace":true,"move":true,"items":[{"from":"from/001","to":"from/001"}]}`, status: 200, want: []string{`"copy_into_itself"`}},
		{name: "where versions are kept", as: developer, method: "POST", path: "/api/v1/buckets/web-kept/copy", body: `{"items":[{"from":"a","to":"b"}],"move":true}`, status: 200, want: []string{`"done":1`}},
		{name: "nothing", as: developer, method: "POST", path: base + "copy", body: `{}`, status: 400, want: []string{`"nothing_named"`}},
		{name: "a folder", as: developer, method: "POST", path: base + "copy", body: `{"prefix":{"from":"from/","to":"to/deep/"},"move":true}`, status: 200, want: []string{`"done":250`, `"next":""`}},
		{name: "is moved", as: viewer, method: "GET", path: base + "tally?prefix=to/deep/", status: 200, want: []string{`"objects":250`}},
		{name: "away", as: viewer, method: "GET", path: base + "tally?prefix=from/", status: 200, want: []string{`"objects":0`}},
	})
	kept, err := c.store.Head(t.Context(), "web-files", "to/deep/zero")
	page, listing := c.store.(objectstore.Versions).ListVersions(t.Context(), objectstore.ListVersionsRequest{Bucket: "web-kept"})
	if listing != nil || len(page.Versions) != 3 { // the old one, the marker over it, and the copy
		t.Errorf("moved where versions are kept: %+v, %v", page.Versions, listing)
	}
	if !kept.ModifiedAt.Equal(written.ModifiedAt) {
		t.Errorf("renamed twice, and not written since %v: %v", written.ModifiedAt, kept.ModifiedAt)
	}
	if err != nil || kept.Attributes.ContentType != "text/plain" || kept.Size != 5 {
		t.Errorf("moved: %+v, %v", kept, err)
	}
}

func TestDeleteStepByStep(t *testing.T) {
	c, _, developer, _, _, _ := files(t)
	for i := range 2100 {
		c.put("web-files", fmt.Sprintf("d/%04d", i), "", "")
	}
	total, cursor, steps := 0, "", 0
	for {
		a := developer.do("POST", "/api/v1/buckets/web-files/delete", fmt.Sprintf(`{"prefix":"d/","limit":1000,"cursor":%q}`, cursor)).json()
		total, steps = total+int(a["deleted"].(float64)), steps+1
		if cursor = a["next"].(string); cursor == "" {
			break
		}
	}
	if total != 2100 || steps != 3 {
		t.Errorf("%d deleted in %d steps", total, steps)
	}
	c.put("web-files", "x", "", "")
	c.run(t, []scenario{
		{name: "nothing named", as: developer, method: "POST", path: "/api/v1/buckets/web-files/delete", body: `{"prefix":""}`, status: 400, want: []string{`"nothing_named"`}},
		{name: "all", as: developer, method: "POST", path: "/api/v1/buckets/web-files/delete", body: `{"all":true}`, status: 200, want: []string{`"deleted":1`}},
	})
}

func TestZip(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Policies = denyKey{"docs/secret.txt"} })
	c.user("ada", false)
	c.user("vic", false)
	c.user("eve", false)
	web := c.project("web", "ada", map[string]account.Role{"vic": account.Viewer})
	c.bucket("web-files", web.ID)
	for key, text := range map[string]string{
		"docs/报告.txt": "你好", "docs/a/b.txt": "b", "docs/a/": "", "docs/secret.txt": "secret", "docs/../../etc/passwd": "no", "docs//x": "x", `docs/win\..\y`: "y", "other": "o",
	} {
		c.put("web-files", key, "text/plain", text)
	}
	viewer, other, outsider := c.as("vic"), c.as("ada"), c.as("eve")
	a := viewer.do("POST", "/api/v1/buckets/web-files/zips", `{"base":"","keys":["other"],"prefixes":["docs/"],"name":"Fotos"}`)
	if a.status != 200 {
		t.Fatal(a.body)
	}
	address := a.json()["url"].(string)
	got := viewer.do("GET", address, "")
	if got.status != 200 || !strings.Contains(got.header.Get("Content-Disposition"), `attachment; filename="Fotos.zip"`) {
		t.Fatalf("%d %v", got.status, got.header)
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(got.body)), int64(len(got.body)))
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]string)
	var names []string
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name], names = string(b), append(names, f.Name)
		if strings.Contains(f.Name, "报") && f.NonUTF8 {
			t.Error("the name is not marked as UTF-8")
		}
	}
	slices.Sort(names)
	want := []string{"NOT INCLUDED.txt", "docs/_/_/etc/passwd", "docs/_/x", "docs/a/", "docs/a/b.txt", `docs/win_.._y`, "docs/报告.txt", "other"}
	if !slices.Equal(names, want) {
		t.Errorf("the archive has %q", names)
	}
	if texts["docs/报告.txt"] != "你好" || !strings.HasPrefix(texts["NOT INCLUDED.txt"], "docs/secret.txt\t") || strings.Contains(got.body, "secret\n") {
		t.Errorf("contents %q", texts)
	}
	c.run(t, []scenario{
		{name: "another person's", as: other, method: "GET", path: address, status: 404, want: []string{`"zip_gone"`}},
		{name: "outsiders", as: outsider, method: "GET", path: address, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "nothing", as: viewer, method: "POST", path: "/api/v1/buckets/web-files/zips", body: `{}`, status: 400, want: []string{`"nothing_named"`}},
	})
}

// TestZipStopsWithItsClient reads the beginning of an archive and goes: nothing more is read.
func TestZipStopsWithItsClient(t *testing.T) {
	var read openedStore
	// The listener closes before this, and waits for the handler to end.
	t.Cleanup(func() {
		if opened, open := read.opened.Load(), read.open.Load(); opened == 0 || opened > 20 || open != 0 {
			t.Errorf("%d of 40 objects were read, and %d are open", opened, open)
		}
	})
	c, _, _, viewer, _, _ := files(t, func(_ *console, _ *store.DB, deps *server.Deps) {
		read.Store = deps.Store
		deps.Store = &read
	})
	text := strings.Repeat("x", 1<<20)
	for i := range 40 {
		c.put("web-files", fmt.Sprintf("z/%02d", i), "", text)
	}
	address := viewer.do("POST", "/api/v1/buckets/web-files/zips", `{"prefixes":["z/"]}`).json()["url"].(string)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := viewer.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(response.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}

// openedStore counts the objects that are read.
type openedStore struct {
	objectstore.Store
	opened, open atomic.Int64
}

func (s *openedStore) Get(ctx context.Context, bucket, key string, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	o, content, err := s.Store.Get(ctx, bucket, key, rng)
	if err != nil {
		return o, content, err
	}
	s.opened.Add(1)
	s.open.Add(1)
	return o, &openedBody{content, s}, nil
}

type openedBody struct {
	io.ReadCloser
	of *openedStore
}

func (b *openedBody) Close() error {
	b.of.open.Add(-1)
	return b.ReadCloser.Close()
}

// denyKey denies reading one key, as a bucket's policy might.
type denyKey struct{ key string }

func (d denyKey) Denied(_ context.Context, _ account.Principal, r server.PolicyRequest) error {
	if r.Permission == "s3:GetObject" && r.Key == d.key {
		return errs.New(errs.Forbidden, "denied_by_policy", "The bucket's policy denies this.")
	}
	return nil
}
