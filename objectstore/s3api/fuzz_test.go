package s3api

import (
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"croft/objectstore"
)

// takesDocument reports whether an operation reads its body as a document, by sending
// one that none takes.
func takesDocument(o *operation) bool {
	switch o.name {
	case "PutObject", "UploadPart", "CopyObject", "UploadPartCopy", "CreateMultipartUpload":
		return false
	}
	return o.method == http.MethodPut || o.method == http.MethodPost
}

// documentsOf are the operations that take a document, those of AWS's names first.
func documentsOf() (list []operation) {
	for _, o := range operations() {
		if takesDocument(&o) {
			list = append(list, o)
		}
	}
	return list
}

// TestEveryDocumentIsReadWithCare sends every call that takes a document what takes readers of
// XML and JSON apart: entities that grow, files of the machine as entities, endless depth
// and breadth, attributes without end, bytes that are no text. Each is refused as
// the client's fault, and takes little more memory than it is long.
func TestEveryDocumentIsReadWithCare(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	f.put("bucket", "key", "old")
	f.call("PUT", "/bucket?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>")
	before := f.everything()
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	bodies := map[string]string{
		"entities that grow":       bomb + `]><x>&k;</x>`,
		"a file of the machine":    `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>`,
		"endless depth":            strings.Repeat("<x>", 20_000) + strings.Repeat("</x>", 20_000),
		"endless depth of JSON":    strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
		"endless breadth":          "<x>" + strings.Repeat("<y/>", 15_000) + "</x>",
		"attributes without end":   "<x" + strings.Repeat(` a="b"`, 8_000) + "/>",
		"bytes that are no text":   "<x>\xff\xfe</x>",
		"another encoding":         `<?xml version="1.0" encoding="UTF-16"?><x/>`,
		"an open tag":              "<x",
		"an open comment":          "<x><!--",
		"nothing but blanks":       strings.Repeat(" ", 1000),
		"more than any call takes": "<x>" + strings.Repeat(" ", maxXML) + "</x>",
	}
	if len(documentsOf()) < 20 {
		t.Fatalf("only %d calls", len(documentsOf()))
	}
	for _, op := range documentsOf() {
		target, _, header := op.request()
		if op.name == "CreateBucket" {
			target = "/other"
		}
		for name, body := range bodies {
			if op.name == "CreateBucket" && name == "attributes without end" {
				continue // which are not looked at
			}
			// In every document's own root, too, so that readers do not stop there.
			rooted := strings.NewReplacer("<x", "<"+rootOf(op.name), "</x>", "</"+rootOf(op.name)+">").Replace(body)
			texts := []string{rooted, body}
			if testing.Short() || len(body) > maxXML {
				texts = texts[:1]
			}
			for _, text := range texts {
				measured := strings.HasPrefix(name, "en") // what may grow
				var m0, m1 runtime.MemStats
				if measured {
					runtime.ReadMemStats(&m0)
				}
				a := f.call(op.method, target, text, header...)
				if measured {
					runtime.ReadMemStats(&m1)
				}
				// Attributes that nobody asks for are not looked at.
				if (a.status < 400 && name != "attributes without end") || a.status > 499 {
					t.Errorf("%s, %s: %d %s", op.name, name, a.status, a.body)
				}
				if took := m1.TotalAlloc - m0.TotalAlloc; took > 64<<20 {
					t.Errorf("%s, %s: took %d bytes of memory", op.name, name, took)
				}
			}
		}
	}
	if after := f.everything(); after != before {
		t.Errorf("the store was\n%s\nand is\n%s", before, after)
	}
}

// rootOf is the root element of an operation's document.
func rootOf(operation string) string {
	roots := map[string]string{
		"CreateBucket": "CreateBucketConfiguration", "DeleteObjects": "Delete", completeMultipartUpload: "CompleteMultipartUpload",
		"PutBucketCors": "CORSConfiguration", "PutBucketWebsite": "WebsiteConfiguration", "PutBucketLogging": "BucketLoggingStatus",
		"PutBucketTagging": "Tagging", "PutObjectTagging": "Tagging", "PutPublicAccessBlock": "PublicAccessBlockConfiguration",
		"PutBucketOwnershipControls": "OwnershipControls", "PutBucketAcl": "AccessControlPolicy", "PutObjectAcl": "AccessControlPolicy",
		"PutBucketVersioning": "VersioningConfiguration", "PutObjectRetention": "Retention", "PutObjectLegalHold": "LegalHold",
		"PutObjectLockConfiguration": "ObjectLockConfiguration", "PutBucketEncryption": "ServerSideEncryptionConfiguration",
		"PutBucketLifecycleConfiguration": "LifecycleConfiguration",
	}
	if root := roots[operation]; root != "" {
		return root
	}
	// PutBucketInventoryConfiguration sets an InventoryConfiguration.
	return strings.TrimPrefix(strings.TrimPrefix(operation, "Put"), "Bucket")
}

// FuzzEveryDocument hands bytes to every call that takes a document: no body makes the
// server fail.
func FuzzEveryDocument(f *testing.F) {
	list := documentsOf()
	leaf := regexp.MustCompile(`>[^<>]+</`)
	add := func(i int, body string) {
		f.Add(uint8(i), []byte(body))
		for _, at := range leaf.FindAllStringIndex(body, -1) { // elements where a text is to be
			f.Add(uint8(i), []byte(body[:at[0]]+"><x/></"+body[at[1]:]))
		}
	}
	for i := range list {
		_, body, _ := list[i].request()
		add(i, body)
	}
	for _, chapter := range callTable() {
		for i := range chapter.rows {
			for _, s := range chapter.rows[i].samples {
				for j := range list {
					if s.body != "" && strings.Contains(chapter.rows[i].calls, list[j].name) {
						add(j, s.body)
					}
				}
			}
		}
	}
	store := openEngine(f)
	c := Config{Store: store, Access: &guard{}, Log: slog.New(slog.DiscardHandler)}
	withLifecycle(&c)
	h := New(c)
	if _, err := store.CreateBucket(f.Context(), objectstore.Bucket{Name: "bucket", Owner: "project-1"}); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		op := &list[int(which)%len(list)]
		if op.name == "CreateBucket" {
			return // would make them without end
		}
		target, _, header := op.request()
		r := httptest.NewRequestWithContext(t.Context(), op.method, target, strings.NewReader(string(body)))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		signAs(r, string(body), testKey, testSecret, h.now())
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented {
			t.Fatalf("%s: %d %s", op.name, w.Code, w.Body)
		}
		if w.Code == http.StatusForbidden && strings.Contains(w.Body.String(), "Signature") {
			t.Fatal("the request is not signed as it should be")
		}
	})
}

// slowEncode is RFC 3986's escaping as S3 has it, letter by letter.
func slowEncode(s string, slash bool) string {
	var out strings.Builder
	for _, c := range []byte(s) {
		plain := c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 || c == '/' && !slash
		if plain {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// FuzzKeyEscaping holds the escaping of keys to a slow and clear one, and takes a key
// through all that it passes: a path, the canonical path that is signed, the source of a copy,
// a listing.
func FuzzKeyEscaping(f *testing.F) {
	for _, key := range []string{"a", "a b+c%d", "..", "../x", "a//b", "/", "中文/键", "a%2Fb", "\x01\n\t", "<&>\"'", "a?b#c", "emoji 🦆", "\xff\xfe", "a;b,c=d@e:f$g!h*i'j(k)l~m", "%", "%zz", "+"} {
		f.Add(key)
	}
	h := New(Config{})
	f.Fuzz(func(t *testing.T, key string) {
		for _, slash := range []bool{false, true} {
			if got, want := uriEncode(key, slash), slowEncode(key, slash); got != want {
				t.Fatalf("%q became %q, want %q", key, got, want)
			}
		}
		if key == "" || objectstore.ValidateKey(key) != nil {
			return
		}
		escaped := "/bucket/" + uriEncode(key, false)
		u, err := url.ParseRequestURI(escaped)
		if err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		r := &http.Request{Method: http.MethodGet, URL: u, Host: "localhost", Header: http.Header{}}
		if bucket, got, _ := h.target(r); bucket != "bucket" || got != key {
			t.Fatalf("%q came out of its path as %q in %q", key, got, bucket)
		}
		if got := uriEncode(u.Path, false); got != escaped {
			t.Fatalf("the path %q is signed as %q", escaped, got)
		}
		if back, err := url.QueryUnescape(uriEncode(key, true)); err != nil || back != key {
			t.Fatalf("%q came out of a query as %q, %v", key, back, err)
		}
		var document struct{ Key string }
		text, err := xml.Marshal(struct {
			XMLName xml.Name `xml:"Contents"`
			Key     string
		}{Key: uriEncode(key, false)})
		if err != nil || xml.Unmarshal(text, &document) != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if back, err := url.PathUnescape(document.Key); err != nil || back != key {
			t.Fatalf("%q came out of a listing as %q, %v", key, back, err)
		}
	})
}
