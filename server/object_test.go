package server_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"croft/account"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// files is a console with a project, its bucket, and one person in each role.
func files(t *testing.T, parts ...func(*console, *store.DB, *server.Deps)) (c *console, owner, developer, viewer, outsider, admin *browser) {
	t.Helper()
	c = newConsole(t, parts...)
	c.user("boss", true)
	for _, name := range []string{"ada", "dev", "vic", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"dev": account.Developer, "vic": account.Viewer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	c.bucket("lonely", "")
	return c, c.as("ada"), c.as("dev"), c.as("vic"), c.as("eve"), c.as("boss")
}

func TestBucketsOverTheAPI(t *testing.T) {
	c, owner, developer, viewer, outsider, admin := files(t)
	c.run(t, []scenario{
		{name: "mine", as: viewer, method: "GET", path: "/api/v1/buckets", status: 200, want: []string{`"name":"web-files"`, `"projectSlug":"web"`}, never: []string{"croft-runs", "lonely"}},
		{name: "all", as: admin, method: "GET", path: "/api/v1/buckets", status: 200, want: []string{"web-files", "lonely", `"name":"croft-runs"`, `"system":true`}},
		{name: "of a project", as: admin, method: "GET", path: "/api/v1/buckets?project=web", status: 200, want: []string{"web-files"}, never: []string{"lonely"}},
		{name: "none", as: outsider, method: "GET", path: "/api/v1/buckets", status: 200, want: []string{`"items":[]`}},
		{name: "make", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-media","project":"web"}`, status: 201,
			want: []string{`"projectSlug":"web"`, `"createdAt":"20`}, audit: "ada create-bucket web-media ok"},
		{name: "developers do not", as: developer, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-dev","project":"web"}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "nor outsiders", as: outsider, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-eve","project":"web"}`, status: 404, want: []string{`"project_not_found"`}},
		{name: "without a project", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"free"}`, status: 403, want: []string{`"admin_required"`}},
		{name: "taken", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-files","project":"web"}`, status: 409, want: []string{`"bucket_exists"`}},
		{name: "bad name", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"Web_Files","project":"web"}`, status: 400, want: []string{`"bucket_name_invalid"`}},
		{name: "Croft's own", as: admin, method: "POST", path: "/api/v1/buckets", body: `{"name":"croft-mine"}`, status: 400, want: []string{`"bucket_name_reserved"`}},
		{name: "another's artifacts", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"shop-artifacts","project":"web"}`, status: 400, want: []string{`"bucket_name_reserved"`}},
		{name: "hidden like none", as: outsider, method: "DELETE", path: "/api/v1/buckets/web-files", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "none", as: outsider, method: "DELETE", path: "/api/v1/buckets/none", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "Croft's stays", as: admin, method: "DELETE", path: "/api/v1/buckets/croft-runs", status: 403, want: []string{`"system_bucket"`}},
		{name: "delete", as: owner, method: "DELETE", path: "/api/v1/buckets/web-media", status: 204, audit: "ada delete-bucket web-media ok"},
	})
	c.put("web-files", "a", "", "x")
	c.run(t, []scenario{
		{name: "not empty", as: owner, method: "DELETE", path: "/api/v1/buckets/web-files", status: 409, want: []string{`"bucket_not_empty"`}},
	})
}

func TestObjectsOverTheAPI(t *testing.T) {
	c, _, developer, viewer, outsider, admin := files(t)
	c.put("croft-runs", "logs/1", "text/plain", "log")
	object := "/api/v1/buckets/web-files/object?key="
	strange := url.QueryEscape("a/../b//ä 中\n?.txt")
	c.run(t, []scenario{
		{name: "upload", as: developer, method: "PUT", path: object + "docs/read+me.txt", body: "hello", header: []string{"Content-Type: text/plain"}, status: 200,
			want: []string{`"size":5`, `"contentType":"text/plain"`, `"etag":"5d41402abc4b2a76b9719d911017c592"`}, audit: "dev put-object web-files/docs/read me.txt ok"},
		{name: "strange key", as: developer, method: "PUT", path: object + strange, body: "odd", status: 200, want: []string{`"size":3`}},
		{name: "strange key back", as: viewer, method: "GET", path: object + strange, status: 200, want: []string{"odd"}},
		{name: "empty object", as: developer, method: "PUT", path: object + "empty", status: 200, want: []string{`"size":0`}},
		{name: "empty object back", as: viewer, method: "GET", path: object + "empty", status: 200},
		{name: "viewers do not write", as: viewer, method: "PUT", path: object + "x", body: "x", status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders do not read", as: outsider, method: "GET", path: object + "empty", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "not even HEAD", as: outsider, method: "HEAD", path: object + "empty", status: 404},
		{name: "none", as: viewer, method: "GET", path: object + "none", status: 404, want: []string{`"object_not_found"`}},
		{name: "no key", as: viewer, method: "GET", path: object, status: 404, want: []string{`"object_not_found"`}},
		{name: "store no key", as: developer, method: "PUT", path: object, body: "x", status: 400, want: []string{`"key_invalid"`}},
		{name: "NUL", as: developer, method: "PUT", path: object + "a%00b", body: "x", status: 400, want: []string{`"key_invalid"`}},
		{name: "1,025 bytes", as: developer, method: "PUT", path: object + strings.Repeat("k", 1025), body: "x", status: 400, want: []string{`"key_invalid"`}},
		{name: "1,024 bytes", as: developer, method: "PUT", path: object + strings.Repeat("k", 1024), body: "x", status: 200},
		{name: "administrators read logs", as: admin, method: "GET", path: "/api/v1/buckets/croft-runs/object?key=logs/1", status: 200, want: []string{"log"}},
		{name: "but change none", as: admin, method: "PUT", path: "/api/v1/buckets/croft-runs/object?key=logs/1", body: "forged", status: 403, want: []string{`"system_bucket"`}},
		{name: "delete", as: developer, method: "DELETE", path: object + "empty", status: 204, audit: "dev delete-object web-files/empty ok"},
		{name: "delete again", as: developer, method: "DELETE", path: object + "empty", status: 404, want: []string{`"object_not_found"`}},
	})
}

func TestListAndDeleteByPrefix(t *testing.T) {
	c, _, developer, viewer, _, _ := files(t)
	var writers sync.WaitGroup
	for start := range 24 {
		writers.Go(func() {
			for i := start; i < 1203; i += 24 {
				c.put("web-files", fmt.Sprintf("many/%04d", i), "", "")
			}
		})
	}
	writers.Wait()
	c.put("web-files", "a", "", "1")
	c.put("web-files", "b/c", "", "2")
	list := "/api/v1/buckets/web-files/objects?delimiter=/"
	c.run(t, []scenario{
		{name: "root", as: viewer, method: "GET", path: list, status: 200, want: []string{`"key":"a"`, `"prefixes":["b/","many/"]`, `"next":""`}, never: []string{"many/0"}},
		{name: "folder", as: viewer, method: "GET", path: list + "&prefix=b/", status: 200, want: []string{`"key":"b/c"`, `"prefixes":[]`}},
		{name: "bad cursor", as: viewer, method: "GET", path: list + "&cursor=%21", status: 400, want: []string{`"cursor_invalid"`}},
		{name: "limit", as: viewer, method: "GET", path: list + "&limit=1001", status: 422},
	})
	seen, cursor := 0, ""
	for {
		page := viewer.do("GET", list+"&prefix=many/&limit=500&cursor="+cursor, "").json()
		seen += len(page["items"].([]any))
		if cursor = page["next"].(string); cursor == "" {
			break
		}
	}
	if seen != 1203 {
		t.Errorf("pages held %d objects", seen)
	}
	remove := "/api/v1/buckets/web-files/delete"
	c.run(t, []scenario{
		{name: "viewers do not", as: viewer, method: "POST", path: remove, body: `{"prefix":"many/"}`, status: 403},
		{name: "nothing named", as: developer, method: "POST", path: remove, body: `{}`, status: 400, want: []string{`"nothing_named"`}},
		{name: "keys", as: developer, method: "POST", path: remove, body: `{"keys":["a","none"]}`, status: 200, want: []string{`"deleted":1`}},
		{name: "prefix", as: developer, method: "POST", path: remove, body: `{"prefix":"many/"}`, status: 200, want: []string{`"deleted":1203`}, audit: "dev delete-objects web-files/many/ ok"},
		{name: "the rest is there", as: viewer, method: "GET", path: list, status: 200, want: []string{`"prefixes":["b/"]`, `"items":[]`}},
	})
}

func TestShare(t *testing.T) {
	c, _, _, viewer, outsider, _ := files(t)
	c.put("web-files", "a.txt", "", "1")
	share := "/api/v1/buckets/web-files/share"
	c.run(t, []scenario{
		{name: "link", as: viewer, method: "POST", path: share, body: `{"key":"a.txt","expiresSeconds":60}`, status: 200,
			want: []string{"http://127.0.0.1:9000/web-files/a.txt", "signed=true", "for=1m0s", `"expiresAt"`}, audit: "vic share-object web-files/a.txt ok"},
		{name: "too long", as: viewer, method: "POST", path: share, body: `{"key":"a.txt","expiresSeconds":604801}`, status: 422},
		{name: "none", as: viewer, method: "POST", path: share, body: `{"key":"b.txt","expiresSeconds":60}`, status: 404, want: []string{`"object_not_found"`}},
		{name: "outsiders do not", as: outsider, method: "POST", path: share, body: `{"key":"a.txt","expiresSeconds":60}`, status: 404},
	})
}

func TestDownloadHeaders(t *testing.T) {
	c, _, _, viewer, _, _ := files(t)
	f := func(key, contentType, wantType, wantDisposition string, query string) {
		t.Helper()
		c.put("web-files", key, contentType, "0123456789")
		a := viewer.do("GET", "/api/v1/buckets/web-files/object?key="+url.QueryEscape(key)+query, "")
		if a.status != 200 || a.body != "0123456789" {
			t.Errorf("%s: %d %q", key, a.status, a.body)
		}
		if got := a.header.Get("Content-Type"); got != wantType {
			t.Errorf("%s: type %q, want %q", key, got, wantType)
		}
		if got := a.header.Get("Content-Disposition"); !strings.HasPrefix(got, wantDisposition) {
			t.Errorf("%s: disposition %q, want %q", key, got, wantDisposition)
		}
		if policy := a.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "sandbox; default-src 'none'") || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: policy %q", key, policy)
		}
	}
	f("a/photo.png", "image/png", "image/png", `inline; filename="photo.png"`, "")
	f("a/photo.png", "image/png", "image/png", `attachment; filename="photo.png"`, "&download=1")
	f("notes.txt", "text/plain", "text/plain; charset=utf-8", "inline", "")
	f("data.json", "application/json; charset=utf-8", "text/plain; charset=utf-8", "inline", "")
	f("book.pdf", "application/pdf", "application/pdf", "inline", "")
	f("evil.svg", "image/svg+xml", "image/svg+xml", "attachment", "")
	f("evil.png", "image/x+xml", "image/x+xml", "attachment", "")
	f("evil.js", "application/javascript", "application/octet-stream", "attachment", "")
	f("evil.mjs", "application/x-javascript; charset=utf-8", "application/octet-stream", "attachment", "")
	f("evil.html", "text/html", "text/html", "attachment", "")
	f("evil.xhtml", "application/xhtml+xml", "application/xhtml+xml", "attachment", "")
	f("unknown", "", "application/octet-stream", "attachment", "")
	f("broken", "text/html\r\nX: y", "application/octet-stream", "attachment", "")
	f(`q"uo\te中.bin`, "application/x-thing", "application/x-thing", `attachment; filename="q_uo_te_.bin"; filename*=UTF-8''q%22uo%5Cte%E4%B8%AD.bin`, "")
}

func TestRangesAndConditions(t *testing.T) {
	c, _, _, viewer, _, _ := files(t)
	c.put("web-files", "ten", "text/plain", "0123456789")
	c.put("web-files", "none", "text/plain", "")
	f := func(key, header string, status int, body, contentRange string) {
		t.Helper()
		a := viewer.do("GET", "/api/v1/buckets/web-files/object?key="+key, "", header)
		if a.status != status || status < 300 && a.body != body || a.header.Get("Content-Range") != contentRange {
			t.Errorf("%s: %d %q %q", header, a.status, a.body, a.header.Get("Content-Range"))
		}
	}
	etag := viewer.do("HEAD", "/api/v1/buckets/web-files/object?key=ten", "").header.Get("ETag")
	f("ten", "Range: bytes=2-4", 206, "234", "bytes 2-4/10")
	f("ten", "Range: bytes=7-", 206, "789", "bytes 7-9/10")
	f("ten", "Range: bytes=-3", 206, "789", "bytes 7-9/10")
	f("ten", "Range: bytes=-30", 206, "0123456789", "bytes 0-9/10")
	f("ten", "Range: bytes=8-99", 206, "89", "bytes 8-9/10")
	f("ten", "Range: bytes=0-9", 206, "0123456789", "bytes 0-9/10")
	f("ten", "Range: bytes=10-", 416, "", "bytes */10")
	f("ten", "Range: bytes=-0", 416, "", "bytes */10")
	f("none", "Range: bytes=0-", 416, "", "bytes */0")
	f("ten", "Range: bytes=4-2", 200, "0123456789", "")
	f("ten", "Range: bytes=0-1,3-4", 200, "0123456789", "")
	f("ten", "Range: lines=1-2", 200, "0123456789", "")
	f("ten", "Range: bytes=99999999999999999999-", 200, "0123456789", "")
	f("ten", "If-None-Match: "+etag, 304, "", "")
	f("ten", `If-None-Match: "other", W/`+etag, 304, "", "")
	f("ten", `If-None-Match: "other"`, 200, "0123456789", "")
	f("ten", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 304, "", "")
	f("ten", "If-Modified-Since: Fri, 01 Jan 2010 00:00:00 GMT", 200, "0123456789", "")
	a := viewer.do("GET", "/api/v1/buckets/web-files/object?key=ten", "", "Range: bytes=2-4", `If-Range: "other"`)
	if a.status != 200 {
		t.Errorf("a range of another version: %d", a.status)
	}
	head := viewer.do("HEAD", "/api/v1/buckets/web-files/object?key=ten", "")
	if head.status != 200 || head.header.Get("Content-Length") != "10" || head.body != "" {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
}

func TestACutOffUploadStoresNothing(t *testing.T) {
	c, _, developer, _, _, _ := files(t)
	c.put("web-files", "kept", "", "old")
	for _, framing := range []string{"Content-Length: 1000\r\n\r\nonly this much", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		for _, key := range []string{"new", "kept"} {
			address, _ := url.Parse(c.url)
			conn, err := net.Dial("tcp", address.Host)
			if err != nil {
				t.Fatal(err)
			}
			cookie := developer.client.Jar.Cookies(address)[0]
			fmt.Fprintf(conn, "PUT /api/v1/buckets/web-files/object?key=%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nX-Croft-CSRF: %s\r\n%s",
				key, address.Host, cookie, developer.csrf, framing)
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			reply, err := io.ReadAll(conn)
			if err != nil || !strings.Contains(string(reply), "400 Bad Request") || !strings.Contains(string(reply), "body_incomplete") {
				t.Errorf("reply %q, %v", reply, err)
			}
			conn.Close()
		}
	}
	if _, err := c.store.Head(t.Context(), "web-files", "new"); !errors.Is(err, objectstore.ErrObjectNotFound) {
		t.Errorf("something was stored: %v", err)
	}
	if o, err := c.store.Head(t.Context(), "web-files", "kept"); err != nil || o.Size != 3 {
		t.Errorf("the old object: %+v %v", o, err)
	}
}

func TestUploadsAreNotRead(t *testing.T) {
	c, _, _, viewer, _, _ := files(t)
	// A refused upload must be answered without its body being asked for.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, c.url+"/api/v1/buckets/web-files/object?key=x", failingBody{t})
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 1 << 40
	r.Header.Set("Expect", "100-continue")
	r.Header.Set("X-Croft-CSRF", viewer.csrf)
	if a := viewer.send(r); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
}

type failingBody struct{ t *testing.T }

func (b failingBody) Read([]byte) (int, error) {
	b.t.Error("the body of a refused upload was read")
	return 0, io.ErrUnexpectedEOF
}
