package webdav

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"croft/internal/forwarded"
	"croft/objectstore"
)

// TestFiles goes through what file managers do, and looks at what the bucket holds.
func TestFiles(t *testing.T) {
	p := start(t)
	base := Prefix + "/files"
	p.is(201, p.do("PUT", base+"/a.txt", "hello", "Content-Type", "text/x-mine"))
	p.is(201, p.do("MKCOL", base+"/dir", ""))
	p.is(409, p.do("PUT", base+"/none/b", "x"))
	p.is(409, p.do("MKCOL", base+"/none/b", ""))
	p.is(405, p.do("MKCOL", base+"/dir", ""))
	p.is(405, p.do("PUT", base+"/dir", "x"))
	// Windows: an empty file, a lock, the content, times, the end of the lock.
	p.is(201, p.do("PUT", base+"/dir/w%20%C3%BC%2B%25.txt", ""))
	lock := p.is(200, p.do("LOCK", base+"/dir/w%20%C3%BC%2B%25.txt",
		`<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockinfo>`, "Timeout", "Infinite, Second-4100000000"))
	token := lock.Header.Get("Lock-Token")
	if !strings.Contains(lock.body, "Second-3600<") {
		t.Errorf("the lock is %s", lock.body)
	}
	p.is(423, p.do("PUT", base+"/dir/w%20%C3%BC%2B%25.txt", "another's"))
	p.is(423, p.do("DELETE", base+"/dir/w%20%C3%BC%2B%25.txt", ""))
	p.is(201, p.do("PUT", base+"/dir/w%20%C3%BC%2B%25.txt", "content", "If", "("+token+")"))
	patch := p.is(207, p.do("PROPPATCH", base+"/dir/w%20%C3%BC%2B%25.txt", `<D:propertyupdate xmlns:D="DAV:" xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop><Z:Win32FileAttributes>20</Z:Win32FileAttributes><x:y xmlns:x="urn:x">1</x:y></D:prop></D:set></D:propertyupdate>`, "If", "("+token+")"))
	if !strings.Contains(patch.body, "200 OK") || !strings.Contains(patch.body, "403 Forbidden") {
		t.Errorf("PROPPATCH: %s", patch.body)
	}
	p.is(412, p.do("PUT", base+"/dir/w%20%C3%BC%2B%25.txt", "x", "If", "("+token+` ["another"])`))
	p.is(204, p.do("UNLOCK", base+"/dir/w%20%C3%BC%2B%25.txt", "", "Lock-Token", token))
	// macOS: its own files beside, and a length that is said otherwise.
	p.is(201, p.do("PUT", base+"/dir/._w", "resources"))

	got := p.is(200, p.do("GET", base+"/a.txt", ""))
	if got.body != "hello" || got.Header.Get("Content-Type") != "text/x-mine" || got.Header.Get("ETag") != `"5d41402abc4b2a76b9719d911017c592"` {
		t.Errorf("GET: %q, %v", got.body, got.Header)
	}
	for name, want := range map[string]string{
		"Content-Disposition": "attachment", "Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q", name, got.Header.Get(name))
		}
	}
	if a := p.is(206, p.do("GET", base+"/a.txt", "", "Range", "bytes=1-2")); a.body != "el" {
		t.Errorf("a range: %q", a.body)
	}
	p.is(304, p.do("GET", base+"/a.txt", "", "If-None-Match", `"5d41402abc4b2a76b9719d911017c592"`))
	p.is(412, p.do("PUT", base+"/a.txt", "x", "If-None-Match", "*"))
	p.is(405, p.do("GET", base+"/dir", ""))
	p.is(404, p.do("GET", base+"/none", ""))
	p.is(405, p.do("POST", base+"/a.txt", ""))

	p.is(201, p.do("MOVE", base+"/dir", "", "Destination", p.url+base+"/moved"))
	p.is(204, p.do("COPY", base+"/moved/._w", "", "Destination", p.url+base+"/a.txt"))
	p.is(201, p.do("COPY", base+"/moved", "", "Destination", p.url+base+"/copied/"))
	p.is(412, p.do("MOVE", base+"/moved/._w", "", "Destination", p.url+base+"/a.txt", "Overwrite", "F"))
	p.is(404, p.do("MOVE", base+"/none", "", "Destination", p.url+base+"/x"))
	p.is(403, p.do("MOVE", base+"/moved", "", "Destination", p.url+base+"/moved/in/it"))
	p.is(403, p.do("COPY", base+"/moved", "", "Destination", p.url+base+"/moved/in"))
	p.is(502, p.do("COPY", base+"/a.txt", "", "Destination", p.url+Prefix+"/others/a.txt"))
	p.is(502, p.do("COPY", base+"/a.txt", "", "Destination", "http://elsewhere.test"+base+"/b"))
	p.is(403, p.do("DELETE", base+"/", ""))
	p.is(204, p.do("DELETE", base+"/moved", ""))
	p.is(404, p.do("DELETE", base+"/moved", ""))
	want := map[string]string{"a.txt": "resources", "copied/": "", "copied/w ü+%.txt": "content", "copied/._w": "resources"}
	if got := p.holds(); !maps.Equal(got, want) {
		t.Errorf("the bucket holds %q, want %q", got, want)
	}
	for _, r := range p.requests() {
		if strings.HasPrefix(r, "GET /files/moved/") || strings.HasPrefix(r, "GET /files/dir/") {
			t.Errorf("%s: a copy or move went through here", r)
		}
	}
}

// TestFolders lists folders that nobody made, once each, with few requests.
func TestFolders(t *testing.T) {
	p := start(t)
	for _, key := range []string{"f/a", "f/b", "f/sub/c", "f/sub/d", "f/both", "f/both/x", "f//odd", "f/../up", "top"} {
		p.put(key, key)
	}
	p.requests()
	a := p.is(207, p.do("PROPFIND", Prefix+"/files/f/", "", "Depth", "1"))
	var told struct {
		Responses []struct {
			Href string `xml:"href"`
			Size string `xml:"propstat>prop>getcontentlength"`
			ETag string `xml:"propstat>prop>getetag"`
		} `xml:"response"`
	}
	if err := xml.Unmarshal([]byte(a.body), &told); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range told.Responses {
		names = append(names, strings.TrimPrefix(r.Href, Prefix+"/files"))
	}
	slices.Sort(names)
	if want := []string{"/f/", "/f/a", "/f/b", "/f/both", "/f/sub/"}; !slices.Equal(names, want) {
		t.Errorf("listed %q, want %q\n%s", names, want, a.body)
	}
	if n := len(p.requests()); n > 3 {
		t.Errorf("%d requests for a folder", n)
	}
	for _, depth := range []string{"infinity", ""} {
		if a := p.is(403, p.do("PROPFIND", Prefix+"/files/", "", "Depth", depth)); !strings.Contains(a.body, "propfind-finite-depth") {
			t.Errorf("depth %q: %s", depth, a.body)
		}
	}
	p.is(404, p.do("PROPFIND", Prefix+"/files/none", "", "Depth", "0"))
}

// TestListingFails: a folder that cannot be read, or not to its end, is not shown as if it were empty.
func TestListingFails(t *testing.T) {
	answer := 0
	p := start(t, func(c *Config) {
		s3 := c.S3
		c.S3 = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if answer != 0 && r.URL.Query().Get("delimiter") != "" {
				w.WriteHeader(answer)
				return
			}
			s3.ServeHTTP(w, r)
		})
	})
	p.put("f/a", "a")
	for _, status := range []int{403, 500, 503} {
		answer = status
		p.is(status, p.do("PROPFIND", Prefix+"/files/f", "", "Depth", "1"))
		p.is(207, p.do("PROPFIND", Prefix+"/files/f", "", "Depth", "0"))
	}
}

// TestOnlyBelow: who may list nothing but what is below a folder sees that, and nothing else.
func TestOnlyBelow(t *testing.T) {
	p := start(t, func(c *Config) {
		s3 := c.S3
		c.S3 = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := strings.TrimPrefix(r.URL.Path, "/files")
			if prefix := r.URL.Query().Get("prefix"); r.URL.Query().Has("list-type") && !strings.HasPrefix(prefix, "home/ada/") || r.Method == "HEAD" && !strings.HasPrefix(key, "/home/ada/") {
				w.WriteHeader(403)
				return
			}
			s3.ServeHTTP(w, r)
		})
	})
	p.put("home/ada/k", "k")
	p.put("home/bob/k", "k")
	base := Prefix + "/files"
	if a := p.is(207, p.do("PROPFIND", base+"/home/ada/", "", "Depth", "1")); !strings.Contains(a.body, "/home/ada/k<") {
		t.Errorf("%s", a.body)
	}
	for _, other := range []string{"/", "/home", "/home/bob", "/home/none"} {
		p.is(403, p.do("PROPFIND", base+other, "", "Depth", "1"))
	}
	p.is(201, p.do("PUT", base+"/home/ada/new", "x"))
}

// TestUnknownLength: what comes without a length is stored whole, or not at all.
func TestUnknownLength(t *testing.T) {
	p := start(t)
	body := make([]byte, partSize*2+77)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(body)
	send := func(key string, r io.Reader, length string) (result, error) {
		q, err := http.NewRequestWithContext(t.Context(), "PUT", p.url+Prefix+"/files/"+key, io.MultiReader(r))
		if err != nil {
			t.Fatal(err)
		}
		q.SetBasicAuth("AKIAWRITE", secretKey)
		if length != "" {
			q.Header.Set("X-Expected-Entity-Length", length)
		}
		a, err := p.client.Do(q)
		if err != nil {
			return result{}, err
		}
		_ = a.Body.Close()
		return result{Response: a}, nil
	}
	for _, n := range []int{0, 5, partSize, len(body)} {
		if a, err := send("k", strings.NewReader(string(body[:n])), ""); err != nil || a.StatusCode != 201 {
			t.Errorf("%d bytes: %v", n, err)
		}
		if got := p.holds()["k"]; got != string(body[:n]) {
			t.Errorf("%d bytes: %d are there", n, len(got))
		}
	}
	if a, err := send("said", strings.NewReader("12345"), "5"); err != nil || a.StatusCode != 201 || p.holds()["said"] != "12345" {
		t.Errorf("macOS: %v", err)
	}
	broken := io.MultiReader(strings.NewReader(string(body[:partSize+5])), failing{})
	if a, err := send("broken", broken, ""); err == nil {
		t.Errorf("a body that breaks off: %d", a.StatusCode)
	}
	server := p.client.Transport.(interface{ CloseIdleConnections() })
	server.CloseIdleConnections()
	for { // the server learns of it when it reads on
		page, err := p.store.ListUploads(t.Context(), objectstore.ListUploadsRequest{Bucket: "files"})
		if err != nil {
			t.Fatal(err)
		}
		if seen := p.requests(); slices.ContainsFunc(seen, func(r string) bool { return strings.HasPrefix(r, "DELETE /files/broken?uploadId") }) && len(page.Uploads) == 0 {
			break
		} else {
			p.mu.Lock()
			p.seen = append(seen, p.seen...)
			p.mu.Unlock()
		}
		time.Sleep(time.Millisecond)
	}
	if _, there := p.holds()["broken"]; there {
		t.Error("half of it is there")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("unplugged") }

// TestDoor: who comes in, and from where.
func TestDoor(t *testing.T) {
	p := start(t)
	p.put("k", "secret")
	h := http.Handler(New(*p.config))
	ask := func(method, path, from string, change func(*http.Request)) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://s3.test"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = from
		r.SetBasicAuth("AKIAWRITE", secretKey)
		if change != nil {
			change(r)
		}
		a := &answer{header: make(http.Header)}
		h.ServeHTTP(a, r)
		if a.status != 200 && strings.Contains(a.body.String(), "secret\n") {
			t.Errorf("%s %s says it", method, path)
		}
		return a.status
	}
	const file, here, there = Prefix + "/files/k", "127.0.0.1:1", "192.0.2.1:1"
	as := func(key, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(key, secret) }
	}
	proxied := func(r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "198.51.100.7")
	}
	for _, c := range []struct {
		what               string
		method, path, from string
		change             func(*http.Request)
		status             int
	}{
		{"from this machine", "GET", file, here, nil, 200},
		{"from elsewhere", "GET", file, there, nil, 403},
		{"a proxy that nobody trusts", "GET", file, there, proxied, 403},
		{"nobody", "GET", file, here, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"no secret", "GET", file, here, as("AKIAWRITE", ""), 401},
		{"another secret", "GET", file, here, as("AKIAWRITE", "x"), 401},
		{"another key", "GET", file, here, as("AKIANONE", secretKey), 401},
		{"a reader reads", "GET", file, here, as("AKIAREAD", secretKey), 200},
		{"a reader lists", "PROPFIND", Prefix + "/files/", here, func(r *http.Request) { as("AKIAREAD", secretKey)(r); r.Header.Set("Depth", "1") }, 207},
		{"a reader writes", "PUT", file, here, as("AKIAREAD", secretKey), 403},
		{"a reader deletes", "DELETE", file, here, as("AKIAREAD", secretKey), 403},
		{"a reader makes a folder", "MKCOL", Prefix + "/files/d", here, as("AKIAREAD", secretKey), 403},
		{"a reader sets times", "PROPPATCH", file, here, as("AKIAREAD", secretKey), 403},
		{"a reader locks", "LOCK", file, here, as("AKIAREAD", secretKey), 403},
		{"a reader copies", "COPY", file, here, func(r *http.Request) { as("AKIAREAD", secretKey)(r); r.Header.Set("Destination", Prefix+"/files/x") }, 403},
		{"a reader moves", "MOVE", file, here, func(r *http.Request) { as("AKIAREAD", secretKey)(r); r.Header.Set("Destination", Prefix+"/files/x") }, 403},
		{"a bucket that is not served", "PROPFIND", Prefix + "/others/", here, nil, 404},
		{"none", "PROPFIND", Prefix + "/none/", here, nil, 404},
		{"no bucket", "PROPFIND", Prefix, here, nil, 404},
		{"another site's page", "GET", file, here, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		{"a page of the same site", "GET", file, here, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		{"a page out of a bucket", "GET", file, here, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 403},
		{"a page out of a bucket, without encryption", "DELETE", file, here, func(r *http.Request) { r.Header.Set("Origin", "http://s3.test") }, 403},
		{"an address that was typed", "GET", file, here, func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, 200},
		{"S3 itself", "GET", "/files/k", here, nil, 403},
		{"a name like it", "GET", Prefix + "x/files/k", here, nil, 403},
	} {
		if got := ask(c.method, c.path, c.from, c.change); got != c.status && !(c.status == 403 && strings.HasPrefix(c.what, "S3") && got >= 400) && !(strings.HasPrefix(c.what, "a name") && got >= 400) {
			t.Errorf("%s: %d, want %d", c.what, got, c.status)
		}
	}
	if got := p.holds(); !maps.Equal(got, map[string]string{"k": "secret"}) {
		t.Errorf("the bucket holds %q", got)
	}
	h = forwarded.Handler(New(*p.config), []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")})
	if got := ask("GET", file, there, proxied); got != 200 {
		t.Errorf("a trusted proxy: %d", got)
	}
	if got := ask("GET", file, there, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "198.51.100.7") }); got != 403 {
		t.Errorf("a trusted proxy without https: %d", got)
	}
	// Whoever a proxy on this machine brings is not from this machine, in whatever words it says so.
	h = forwarded.Handler(New(*p.config), []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	for _, by := range []string{"198.51.100.7", "198.51.100.7:4711", "[2001:db8::1]", "198.51.100.7, ", "unknown", "198.51.100.7, garbage"} {
		if got := ask("GET", file, here, func(r *http.Request) { r.Header.Set("X-Forwarded-For", by) }); got != 403 {
			t.Errorf("%q through a proxy here: %d", by, got)
		}
	}
	if got := ask("GET", file, here, func(r *http.Request) { proxied(r); r.Header["X-Forwarded-Proto"] = []string{"https", "http"} }); got != 403 {
		t.Errorf("https by its own word: %d", got)
	}
	p.config.Plain = true
	p.config.Elsewhere = func(host string) bool { return host == "photos.s3.test" }
	h = New(*p.config)
	if got := ask("GET", file, "203.0.113.9:1", nil); got != 200 {
		t.Errorf("where that is wanted: %d", got)
	}
	if got := ask("GET", file, here, func(r *http.Request) { r.Host = "photos.s3.test" }); got == 200 {
		t.Errorf("a bucket's own host: %d", got)
	}
	// Who tries out secrets has to wait, and nobody else.
	for range tries {
		ask("GET", file, "203.0.113.9:2", as("AKIAWRITE", "x"))
	}
	if got := ask("GET", file, "203.0.113.9:3", nil); got != 429 {
		t.Errorf("after %d wrong keys: %d", tries, got)
	}
	if got := ask("GET", file, "203.0.113.10:3", nil); got != 200 {
		t.Errorf("somebody else: %d", got)
	}
}

// TestNoPrompt: clients are asked for a key, and browsers are not, which would remember it.
func TestNoPrompt(t *testing.T) {
	p := start(t)
	for accept, asked := range map[string]bool{"": true, "*/*": true, "text/html,application/xhtml+xml,*/*;q=0.8": false} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", p.url+Prefix+"/files/k", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		if a := p.is(401, p.send(r)); (a.Header.Get("WWW-Authenticate") != "") != asked {
			t.Errorf("who accepts %q: %q", accept, a.Header.Get("WWW-Authenticate"))
		}
	}
}

// TestBrake: a minute later keys are taken again; who is forgotten are those that wait no more.
func TestBrake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBrake()
		for range tries {
			b.failed("a", time.Now())
		}
		if b.wait("a", time.Now()) != pause || b.wait("b", time.Now()) != 0 {
			t.Error("the wrong one waits")
		}
		time.Sleep(pause)
		if w := b.wait("a", time.Now()); w != 0 {
			t.Errorf("still %v", w)
		}
		b.failed("a", time.Now())
		if w := b.wait("a", time.Now()); w != 0 {
			t.Errorf("after one more: %v", w)
		}
		for i := range maxAddresses + 5 {
			b.failed(string(rune(i+1000)), time.Now())
		}
		if len(b.known) > maxAddresses {
			t.Errorf("%d are remembered", len(b.known))
		}
	})
}
