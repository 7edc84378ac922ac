package webdav

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// TestTransferKeeps: a COPY or MOVE that cannot be done leaves what is there, and one that takes
// something's place leaves nothing of that.
func TestTransferKeeps(t *testing.T) {
	base := Prefix + "/files"
	before := map[string]string{"d/": "", "d/a": "1", "d/s/b": "2", "d//odd": "3", "e/": "", "e/a": "old", "e/x": "x", "e/\x01": "y", "f": "file"}
	with := func(change map[string]string, without ...string) map[string]string {
		all := maps.Clone(before)
		for _, key := range without {
			delete(all, key)
		}
		maps.Copy(all, change)
		return all
	}
	copied := map[string]string{"e/a": "1", "e/s/b": "2", "e//odd": "3"}
	for _, c := range []struct {
		what, method, from, to string
		header                 []string
		status                 int
		after                  map[string]string
	}{
		{"nothing onto a folder", "MOVE", "/none", "/d", nil, 404, before},
		{"nothing onto a folder", "COPY", "/none", "/d", nil, 404, before},
		{"a folder onto itself", "COPY", "/d", "/d/", nil, 403, before},
		{"a folder onto itself", "MOVE", "/d/", "/d", nil, 403, before},
		{"a folder onto itself, otherwise spelt", "COPY", "/d", "/x/../d", nil, 502, before},
		{"what is in a folder in its place", "MOVE", "/d/s", "/d", nil, 403, before},
		{"what is in a folder in its place", "COPY", "/d/a", "/d/", nil, 403, before},
		{"to where there is no folder", "MOVE", "/d", "/none/d", nil, 409, before},
		{"over something, unasked", "MOVE", "/d", "/e", []string{"Overwrite", "F"}, 412, before},
		{"a folder over another", "COPY", "/d", "/e", nil, 204, with(copied, "e/x", "e/\x01")},
		{"a folder over another", "MOVE", "/d", "/e", nil, 204, with(copied, "e/x", "e/\x01", "d/", "d/a", "d/s/b", "d//odd")},
		{"a folder that is moved", "MOVE", "/e", "/g", nil, 201, with(map[string]string{"g/": "", "g/a": "old", "g/x": "x", "g/\x01": "y"}, "e/", "e/a", "e/x", "e/\x01")},
		{"a folder over a file", "MOVE", "/e", "/f", nil, 204, with(map[string]string{"f/": "", "f/a": "old", "f/x": "x", "f/\x01": "y"}, "e/", "e/a", "e/x", "e/\x01", "f")},
		{"a file over a folder", "COPY", "/f", "/e", nil, 204, with(map[string]string{"e": "file"}, "e/", "e/a", "e/x", "e/\x01")},
		{"a file over a folder", "MOVE", "/f", "/e", nil, 204, with(map[string]string{"e": "file"}, "e/", "e/a", "e/x", "e/\x01", "f")},
		{"a folder alone", "COPY", "/d", "/e", []string{"Depth", "0"}, 204, with(nil, "e/a", "e/x", "e/\x01")},
		{"a folder that nobody made, alone", "COPY", "/d/s", "/g", []string{"Depth", "0"}, 201, with(map[string]string{"g/": ""})},
	} {
		p := start(t)
		for key, body := range before {
			p.put(key, body)
		}
		a := p.do(c.method, base+c.from, "", append([]string{"Destination", p.url + base + c.to}, c.header...)...)
		if a.StatusCode != c.status {
			t.Errorf("%s (%s): %d, want %d: %s", c.what, c.method, a.StatusCode, c.status, a.body)
		}
		if got := p.holds(); !maps.Equal(got, c.after) {
			t.Errorf("%s (%s): the bucket holds %q, want %q", c.what, c.method, got, c.after)
		}
	}
}

// TestMoveMeanwhile: what is written into a folder, or over a file of it, while it is moved is not
// deleted: nothing of it was copied.
func TestMoveMeanwhile(t *testing.T) {
	var p *place
	var once sync.Once
	p = start(t, func(c *Config) {
		s3 := c.S3
		c.S3 = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.RawQuery == "delete=" {
				once.Do(func() {
					p.put("d/a", "another's")
					p.put("d/new", "new")
				})
			}
			s3.ServeHTTP(w, r)
		})
	})
	for _, key := range []string{"d/a", "d/b", "f"} {
		p.put(key, key)
	}
	base := Prefix + "/files"
	p.is(409, p.do("MOVE", base+"/d", "", "Destination", p.url+base+"/to"))
	want := map[string]string{"d/a": "another's", "d/new": "new", "f": "f", "to/a": "d/a", "to/b": "d/b"}
	if got := p.holds(); !maps.Equal(got, want) {
		t.Errorf("the bucket holds %q, want %q", got, want)
	}
}

// TestConditions: what HTTP lets a client say of what it means to change holds for every method.
func TestConditions(t *testing.T) {
	p := start(t)
	p.put("k", "hello")
	p.put("d/a", "a")
	base := Prefix + "/files"
	const etag, other = `"5d41402abc4b2a76b9719d911017c592"`, `"0123456789abcdef0123456789abcdef"`
	const past = "Mon, 02 Jan 2006 15:04:05 GMT"
	p.is(412, p.do("DELETE", base+"/k", "", "If-Match", other))
	p.is(412, p.do("DELETE", base+"/d", "", "If-Match", other))
	p.is(412, p.do("DELETE", base+"/k", "", "If-Unmodified-Since", past))
	p.is(412, p.do("PUT", base+"/k", "x", "If-Unmodified-Since", past))
	p.is(412, p.do("PUT", base+"/k", "x", "If-Match", other))
	p.is(412, p.do("MOVE", base+"/k", "", "Destination", p.url+base+"/to", "If-Match", other))
	p.is(412, p.do("COPY", base+"/k", "", "Destination", p.url+base+"/to", "If-None-Match", etag))
	p.is(412, p.do("MKCOL", base+"/none", "", "If-Match", "*"))
	if got, want := p.holds(), map[string]string{"k": "hello", "d/a": "a"}; !maps.Equal(got, want) {
		t.Errorf("the bucket holds %q, want %q", got, want)
	}
	p.is(204, p.do("DELETE", base+"/k", "", "If-Match", other+", "+etag))
	p.is(204, p.do("DELETE", base+"/d", "", "If-Match", "*"))
	if got := p.holds(); len(got) != 0 {
		t.Errorf("the bucket holds %q", got)
	}
	for _, name := range []string{"/a//b", "//a", "/a/../b", "/./a", "/a/..", "/a//"} {
		p.is(400, p.do("PUT", base+name, "x"))
		p.is(400, p.do("DELETE", base+name, ""))
	}
	p.is(400, p.do("DELETE", base+"/k", "", "If", strings.Repeat(`(["a"])`, 1000)))
}

// TestBetween: what another does between that something is looked at and that it is changed is not undone.
func TestBetween(t *testing.T) {
	base := Prefix + "/files"
	for _, c := range []struct {
		what, method, path string
		body               string
		header             []string
		when               func(*http.Request) bool // who sends this is overtaken
		key                string                   // that another writes
		status             int
	}{
		{"a lock for a new file", "LOCK", "/new", lockBody, nil, func(r *http.Request) bool { return r.Method == "PUT" && r.Header.Get("If-Match") == "" }, "new", 0},
		{"a copy over nothing", "COPY", "/k", "", []string{"Destination", base + "/new", "Overwrite", "F"}, isCopy, "new", 412},
		{"a copy of a folder", "COPY", "/d", "", []string{"Destination", base + "/new"}, isCopy, "d/a", 412},
		{"a move of a file", "MOVE", "/k", "", []string{"Destination", base + "/new"}, func(r *http.Request) bool { return r.URL.RawQuery == "delete=" }, "k", 409},
		{"a deletion of what is known", "DELETE", "/k", "", []string{"If-Match", "*"}, func(r *http.Request) bool { return r.Method == "DELETE" }, "k", 412},
	} {
		var p *place
		p = start(t, func(config *Config) {
			s3 := config.S3
			config.S3 = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.when(r) {
					p.put(c.key, "another's")
				}
				s3.ServeHTTP(w, r)
			})
		})
		p.put("k", "k")
		p.put("d/a", "a")
		if a := p.do(c.method, base+c.path, c.body, c.header...); c.status != 0 && a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d: %s", c.what, a.StatusCode, c.status, a.body)
		}
		if got := p.holds()[c.key]; got != "another's" {
			t.Errorf("%s: %q is there, and %q gone", c.what, got, "another's")
		}
		if got, there := p.holds()["new/a"]; there {
			t.Errorf("%s: there is a copy, %q", c.what, got)
		}
	}
}

func isCopy(r *http.Request) bool { return r.Header.Get("X-Amz-Copy-Source") != "" }

// TestTelling: an answer that has begun is not gone on with in other words.
func TestTelling(t *testing.T) {
	w := httptest.NewRecorder()
	told := &telling{ResponseWriter: w, session: &session{}}
	told.WriteHeader(207)
	_, _ = told.Write([]byte("<begun/>"))
	_ = told.session.fail(500, "broken")
	told.WriteHeader(500)
	_, _ = told.Write([]byte("Internal Server Error"))
	if got := w.Body.String(); w.Code != 207 || got != "<begun/>" {
		t.Errorf("%d, %q", w.Code, got)
	}
}
