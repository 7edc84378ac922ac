package s3api

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// call is one row of the tables: a signed request and what must come back.
type call struct {
	name, method, target, body string
	header                     []string
	status                     int
	code                       string
	want                       map[string]string // response headers; "-" is absent
	wantBody                   string            // exact, when not empty
}

func (f *fixture) run(t *testing.T, calls []call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.name, func(t *testing.T) {
			f := f.of(t)
			a := f.call(c.method, c.target, c.body, c.header...)
			if a.status != c.status || a.code() != c.code {
				t.Fatalf("%d %q, want %d %q: %s", a.status, a.code(), c.status, c.code, a.body)
			}
			for name, want := range c.want {
				if got := a.header.Get(name); got != want && (want != "-" || got != "") {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if c.wantBody != "" && a.body != c.wantBody {
				t.Errorf("body %q, want %q", a.body, c.wantBody)
			}
			if a.header.Get("x-amz-request-id") == "" {
				t.Error("no x-amz-request-id")
			}
		})
	}
}

func TestBuckets(t *testing.T) {
	f := start(t)
	f.run(t, []call{
		{name: "create", method: "PUT", target: "/first", status: 200, want: map[string]string{"Location": "/first"}},
		{name: "create again", method: "PUT", target: "/first", status: 409, code: "BucketAlreadyOwnedByYou"},
		{name: "create with slash", method: "PUT", target: "/second/", status: 200},
		{name: "create with location", method: "PUT", target: "/third", status: 200, body: `<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>`},
		{name: "bad xml", method: "PUT", target: "/fourth", body: "<Create", status: 400, code: "MalformedXML"},
		{name: "upper case", method: "PUT", target: "/First", status: 400, code: "InvalidBucketName"},
		{name: "too short", method: "PUT", target: "/ab", status: 400, code: "InvalidBucketName"},
		{name: "address", method: "PUT", target: "/127.0.0.1", status: 400, code: "InvalidBucketName"},
		{name: "object lock", method: "PUT", target: "/locked", header: []string{"X-Amz-Bucket-Object-Lock-Enabled", "yes"}, status: 400, code: "InvalidArgument"},
		{name: "public", method: "PUT", target: "/public", header: []string{"X-Amz-Acl", "public-read", "X-Amz-Object-Ownership", "BucketOwnerEnforced"}, status: 400, code: "InvalidBucketAclWithObjectOwnership"},
		{name: "head", method: "HEAD", target: "/first", status: 200, want: map[string]string{"x-amz-bucket-region": "us-east-1"}},
		{name: "head missing", method: "HEAD", target: "/missing", status: 404},
		{name: "delete missing", method: "DELETE", target: "/missing", status: 404, code: "NoSuchBucket"},
		{name: "delete", method: "DELETE", target: "/second", status: 204},
		{name: "list missing", method: "GET", target: "/missing", status: 404, code: "NoSuchBucket"},
		{name: "list none of missing", method: "GET", target: "/missing?max-keys=0", status: 404, code: "NoSuchBucket"},
		{name: "policy", method: "GET", target: "/first?policy", status: 404, code: "NoSuchBucketPolicy"},
		{name: "policy of missing", method: "GET", target: "/missing?policy", status: 404, code: "NoSuchBucket"},
		{name: "cors", method: "GET", target: "/first?cors", status: 404, code: "NoSuchCORSConfiguration"},
		{name: "lifecycle", method: "GET", target: "/first?lifecycle", status: 404, code: "NoSuchLifecycleConfiguration"},
		{name: "tagging", method: "GET", target: "/first?tagging", status: 404, code: "NoSuchTagSet"},
		{name: "put policy", method: "PUT", target: "/first?policy", body: "{}", status: 400, code: "MalformedPolicy"},
		{name: "analytics", method: "PUT", target: "/first?analytics&id=x", status: 501, code: "NotImplemented"},
		{name: "two subresources", method: "GET", target: "/first?policy&acl", status: 400, code: "InvalidArgument"},
		{name: "unknown method", method: "PATCH", target: "/first", status: 405, code: "MethodNotAllowed"},
		{name: "post what is no form", method: "POST", target: "/first", body: "x", status: 501, code: "NotImplemented"},
		{name: "post to an object", method: "POST", target: "/first/key", body: "x", status: 405, code: "MethodNotAllowed"},
		{name: "put on the service", method: "PUT", target: "/", status: 405, code: "MethodNotAllowed"},
		{name: "bad query", method: "GET", target: "/first?a=%zz", status: 400, code: "InvalidURI"},
		{name: "bad max-keys", method: "GET", target: "/first?max-keys=-1", status: 400, code: "InvalidArgument"},
		{name: "bad encoding", method: "GET", target: "/first?encoding-type=x", status: 400, code: "InvalidArgument"},
		{name: "bad token", method: "GET", target: "/first?list-type=2&continuation-token=*", status: 400, code: "InvalidArgument"},
		{name: "empty token", method: "GET", target: "/first?list-type=2&continuation-token=", status: 400, code: "InvalidArgument"},
		{name: "list type 3", method: "GET", target: "/first?list-type=3", status: 400, code: "InvalidArgument"},
	})
	f.put("first", "k", "x")
	f.run(t, []call{{name: "delete not empty", method: "DELETE", target: "/first", status: 409, code: "BucketNotEmpty"}})
	b, err := f.store.Bucket(t.Context(), "first")
	if err != nil || b.Owner != "project-1" {
		t.Errorf("owner %q, %v", b.Owner, err)
	}
}

func TestPutAndGet(t *testing.T) {
	f := start(t).bucket("bucket")
	md5hello := "XUFAKrxLKna5cZ2REBfFkg==" // of "hello"
	f.run(t, []call{
		{name: "put", method: "PUT", target: "/bucket/dir/key", body: "hello", header: []string{
			"Content-Type", "text/x-test", "Content-Encoding", "aws-chunked,gzip", "Cache-Control", "max-age=1",
			"Content-Disposition", "inline", "Content-Language", "de", "Expires", "Thu, 01 Jan 2030 00:00:00 GMT",
			"X-Amz-Meta-Name", "Grüße", "Content-MD5", md5hello,
		}, status: 200, want: map[string]string{"ETag": `"5d41402abc4b2a76b9719d911017c592"`}},
		{name: "get", method: "GET", target: "/bucket/dir/key", header: []string{"Accept-Encoding", "identity"}, status: 200, wantBody: "hello", want: map[string]string{
			"Content-Type": "text/x-test", "Content-Encoding": "gzip", "Cache-Control": "max-age=1", "Content-Disposition": "inline",
			"Content-Language": "de", "Expires": "Thu, 01 Jan 2030 00:00:00 GMT", "X-Amz-Meta-Name": "Grüße",
			"ETag": `"5d41402abc4b2a76b9719d911017c592"`, "Content-Length": "5", "Accept-Ranges": "bytes",
			"X-Content-Type-Options": "nosniff", "Content-Range": "-", "Content-Security-Policy": "-",
		}},
		{name: "head", method: "HEAD", target: "/bucket/dir/key", status: 200, want: map[string]string{"Content-Length": "5", "X-Amz-Meta-Name": "Grüße"}},
		{name: "overrides", method: "GET", target: "/bucket/dir/key?response-content-type=text%2Fhtml&response-content-disposition=attachment&response-cache-control=no-store", status: 200,
			want: map[string]string{"Content-Type": "text/html", "Content-Disposition": "attachment", "Cache-Control": "no-store", "Content-Security-Policy": "sandbox allow-scripts allow-forms allow-popups allow-downloads allow-modals"}},
		{name: "missing", method: "GET", target: "/bucket/other", status: 404, code: "NoSuchKey"},
		{name: "head missing", method: "HEAD", target: "/bucket/other", status: 404},
		{name: "missing bucket", method: "GET", target: "/other-bucket/key", status: 404, code: "NoSuchBucket"},
		{name: "bucket that cannot be", method: "GET", target: "/Other/key", status: 400, code: "InvalidBucketName"},
		{name: "put to missing bucket", method: "PUT", target: "/other-bucket/key", body: "x", status: 404, code: "NoSuchBucket"},
		{name: "wrong md5", method: "PUT", target: "/bucket/bad", body: "hello!", header: []string{"Content-MD5", md5hello}, status: 400, code: "BadDigest"},
		{name: "malformed md5", method: "PUT", target: "/bucket/bad", body: "hello", header: []string{"Content-MD5", "abc"}, status: 400, code: "InvalidDigest"},
		{name: "wrong md5 of nothing", method: "PUT", target: "/bucket/bad", header: []string{"Content-MD5", md5hello}, status: 400, code: "BadDigest"},
		{name: "wrong sha256", method: "PUT", target: "/bucket/bad", body: "hello", header: []string{"X-Amz-Content-Sha256", sha256hex("other")}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "wrong sha256 of nothing", method: "PUT", target: "/bucket/bad", header: []string{"X-Amz-Content-Sha256", sha256hex("other")}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "payload hash not a hash", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Content-Sha256", "zzz"}, status: 400, code: "InvalidArgument"},
		{name: "unknown streaming", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Content-Sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}, status: 501, code: "NotImplemented"},
		{name: "metadata too large", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Meta-A", strings.Repeat("a", 2048)}, status: 400, code: "MetadataTooLarge"},
		{name: "tagging", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Tagging", "a=b&a=c"}, status: 400, code: "InvalidTag"},
		{name: "encryption", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Server-Side-Encryption", "aws:kms:dsse"}, status: 501, code: "NotImplemented"},
		{name: "storage class", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Storage-Class", "GLACIER"}, status: 400, code: "InvalidStorageClass"},
		{name: "token", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Security-Token", "t"}, status: 400, code: "InvalidToken"},
		{name: "version", method: "GET", target: "/bucket/dir/key?versionId=x", status: 400, code: "InvalidArgument"},
		{name: "null version", method: "GET", target: "/bucket/dir/key?versionId=null", status: 200},
		{name: "only if absent", method: "PUT", target: "/bucket/dir/key", body: "x", header: []string{"If-None-Match", "*"}, status: 412, code: "PreconditionFailed"},
		{name: "only if other", method: "PUT", target: "/bucket/dir/key", body: "x", header: []string{"If-Match", `"00"`}, status: 412, code: "PreconditionFailed"},
		{name: "only if same", method: "PUT", target: "/bucket/dir/key", body: "hello", header: []string{"If-Match", `"5d41402abc4b2a76b9719d911017c592"`}, status: 200},
		{name: "not that etag", method: "PUT", target: "/bucket/dir/key", body: "x", header: []string{"If-None-Match", `"00"`}, status: 501, code: "NotImplemented"},
		{name: "conditional delete", method: "DELETE", target: "/bucket/dir/key", header: []string{"If-Match", `"00"`}, status: 412, code: "PreconditionFailed"},
		{name: "conditional delete of nothing", method: "DELETE", target: "/bucket/none", header: []string{"If-Match", "*"}, status: 404, code: "NoSuchKey"},
		{name: "not that size", method: "DELETE", target: "/bucket/dir/key", header: []string{"X-Amz-If-Match-Size", "6"}, status: 412, code: "PreconditionFailed"},
		{name: "not that time", method: "DELETE", target: "/bucket/dir/key", header: []string{"X-Amz-If-Match-Last-Modified-Time", "Thu, 01 Jan 2015 00:00:00 GMT"}, status: 412, code: "PreconditionFailed"},
		{name: "no time", method: "DELETE", target: "/bucket/dir/key", header: []string{"X-Amz-If-Match-Last-Modified-Time", "5"}, status: 400, code: "InvalidArgument"},
		{name: "of nothing", method: "DELETE", target: "/bucket/none", header: []string{"X-Amz-If-Match-Size", "5"}, status: 204},
		{name: "acl", method: "GET", target: "/bucket/dir/key?acl", status: 200},
		{name: "tags", method: "GET", target: "/bucket/dir/key?tagging", status: 200},
		{name: "retention", method: "GET", target: "/bucket/dir/key?retention", status: 400, code: "InvalidRequest"},
		{name: "delete", method: "DELETE", target: "/bucket/dir/key", status: 204},
		{name: "delete again", method: "DELETE", target: "/bucket/dir/key", status: 204},
	})
	r := f.request("PUT", "/bucket/bad", "", "X-Amz-Content-Sha256", unsignedPayload)
	r = f.sign(r, "")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("of unknown length")), -1
	if a := f.do(r); a.code() != "MissingContentLength" {
		t.Errorf("no length: %d %s", a.status, a.body)
	}
	f.empty("bucket", "all refusals")
}

func TestKeys(t *testing.T) {
	f := start(t).bucket("bucket")
	for _, key := range []string{
		"..", "../x", "a/../b", ".", "a/./b", "a//b", "/", "//", "/a", "a/", "a b", "a+b", "a%b", "a%2Fb", "~a", "中文/键", "a?b", "a#b",
		"a&b=c", "a;b", "a\\b", "a\nb", "a\tb", `"<>&'`, "ünï", strings.Repeat("k", 1024), "(x)*!'$,@:=", "emoji 🦆", "a\x01b",
	} {
		target := "/bucket/" + uriEncode(key, false)
		if a := f.call("PUT", target, key); a.status != 200 {
			t.Errorf("put %q: %d %s", key, a.status, a.body)
			continue
		}
		if keys := f.keys("bucket"); len(keys) != 1 || keys[0] != key {
			t.Errorf("put %q stored %q", key, keys)
		}
		if a := f.call("GET", target, ""); a.body != key {
			t.Errorf("get %q: %d %q", key, a.status, a.body)
		}
		if a := f.call("GET", "/bucket?list-type=2&encoding-type=url", ""); !strings.Contains(a.body, "<Key>"+uriEncode(key, false)+"</Key>") {
			t.Errorf("list %q: %s", key, a.body)
		}
		if a := f.call("DELETE", target, ""); a.status != 204 {
			t.Errorf("delete %q: %d", key, a.status)
		}
	}
	f.run(t, []call{
		{name: "nul", method: "PUT", target: "/bucket/a%00b", body: "x", status: 400, code: "InvalidArgument"},
		{name: "not utf-8", method: "PUT", target: "/bucket/a%ff", body: "x", status: 400, code: "InvalidURI"},
		{name: "1025 bytes", method: "PUT", target: "/bucket/" + strings.Repeat("k", 1025), body: "x", status: 400, code: "KeyTooLongError"},
		{name: "1025 bytes read", method: "GET", target: "/bucket/" + strings.Repeat("k", 1025), status: 400, code: "KeyTooLongError"},
	})
	f.empty("bucket", "bad keys")
}

func TestRanges(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "ten", "0123456789")
	f.put("bucket", "none", "")
	partial := func(name, rng, body, contentRange string) call {
		return call{name: name, method: "GET", target: "/bucket/ten", header: []string{"Range", rng}, status: 206, wantBody: body,
			want: map[string]string{"Content-Range": contentRange}}
	}
	whole := func(name, rng string) call {
		return call{name: name, method: "GET", target: "/bucket/ten", header: []string{"Range", rng}, status: 200, wantBody: "0123456789",
			want: map[string]string{"Content-Range": "-"}}
	}
	f.run(t, []call{
		partial("middle", "bytes=2-4", "234", "bytes 2-4/10"),
		partial("one", "bytes=0-0", "0", "bytes 0-0/10"),
		partial("to the end", "bytes=7-", "789", "bytes 7-9/10"),
		partial("over the end", "bytes=7-100", "789", "bytes 7-9/10"),
		partial("to the largest", "bytes=0-9223372036854775807", "0123456789", "bytes 0-9/10"),
		partial("beyond the largest", "bytes=0-99999999999999999999", "0123456789", "bytes 0-9/10"),
		partial("last three", "bytes=-3", "789", "bytes 7-9/10"),
		partial("last hundred", "bytes=-100", "0123456789", "bytes 0-9/10"),
		whole("backwards", "bytes=4-2"), whole("several", "bytes=0-1,3-4"), whole("other unit", "lines=0-1"),
		whole("signs", "bytes=+1-2"), whole("nothing", "bytes=-"), whole("words", "bytes=a-b"),
		{name: "behind the end", method: "GET", target: "/bucket/ten", header: []string{"Range", "bytes=10-"}, status: 416, code: "InvalidRange"},
		{name: "last none", method: "GET", target: "/bucket/ten", header: []string{"Range", "bytes=-0"}, status: 416, code: "InvalidRange"},
		{name: "of nothing", method: "GET", target: "/bucket/none", header: []string{"Range", "bytes=0-"}, status: 416, code: "InvalidRange"},
		{name: "head", method: "HEAD", target: "/bucket/ten", header: []string{"Range", "bytes=2-4"}, status: 206, want: map[string]string{"Content-Range": "bytes 2-4/10", "Content-Length": "3"}},
		{name: "if-range same", method: "GET", target: "/bucket/ten", header: []string{"Range", "bytes=2-4", "If-Range", `"781e5e245d69b566979b86e28d23f2c7"`}, status: 206, wantBody: "234"},
		{name: "if-range other", method: "GET", target: "/bucket/ten", header: []string{"Range", "bytes=2-4", "If-Range", `"0"`}, status: 200, wantBody: "0123456789"},
	})
}

func TestConditions(t *testing.T) {
	f := start(t).bucket("bucket")
	o := f.put("bucket", "k", "hello")
	at := o.ModifiedAt.UTC().Format(http.TimeFormat)
	before := o.ModifiedAt.AddDate(0, 0, -1).UTC().Format(http.TimeFormat)
	etag := `"` + o.ETag + `"`
	var calls []call
	for _, method := range []string{"GET", "HEAD"} {
		add := func(name string, status int, code string, header ...string) {
			if method == "HEAD" {
				code = ""
			}
			calls = append(calls, call{name: method + " " + name, method: method, target: "/bucket/k", header: header, status: status, code: code})
		}
		add("match", 200, "", "If-Match", etag)
		add("match any", 200, "", "If-Match", "*")
		add("match in a list", 200, "", "If-Match", `"x", `+etag)
		add("match other", 412, "PreconditionFailed", "If-Match", `"x"`)
		add("none match", 304, "", "If-None-Match", etag)
		add("none match unquoted", 304, "", "If-None-Match", o.ETag)
		add("none match other", 200, "", "If-None-Match", `"x"`)
		add("modified since", 200, "", "If-Modified-Since", before)
		add("not modified since", 304, "", "If-Modified-Since", at)
		add("unmodified since", 200, "", "If-Unmodified-Since", at)
		add("modified after all", 412, "PreconditionFailed", "If-Unmodified-Since", before)
		add("match outweighs the date", 200, "", "If-Match", etag, "If-Unmodified-Since", before)
		add("none match outweighs the date", 304, "", "If-None-Match", etag, "If-Modified-Since", before)
		add("no date", 200, "", "If-Modified-Since", "yesterday")
	}
	calls = append(calls, call{name: "304 before 416", method: "GET", target: "/bucket/k", header: []string{"Range", "bytes=9-", "If-None-Match", etag}, status: 304})
	f.run(t, calls)
}

func TestChecksums(t *testing.T) {
	f := start(t).bucket("bucket")
	for i := range algorithms {
		a := &algorithms[i]
		h := a.make()
		h.Write([]byte("hello"))
		sum := encodeSum(h)
		target := "/bucket/" + a.kept
		f.run(t, []call{
			{name: a.name, method: "PUT", target: target, body: "hello", header: []string{a.header, sum, "X-Amz-Sdk-Checksum-Algorithm", a.name}, status: 200,
				want: map[string]string{a.header: sum, "x-amz-checksum-type": "FULL_OBJECT"}},
			{name: a.name + " on head", method: "HEAD", target: target, header: []string{"X-Amz-Checksum-Mode", "ENABLED"}, status: 200,
				want: map[string]string{a.header: sum, "x-amz-checksum-type": "FULL_OBJECT"}},
			{name: a.name + " on get", method: "GET", target: target, header: []string{"X-Amz-Checksum-Mode", "ENABLED"}, status: 200, want: map[string]string{a.header: sum}},
			{name: a.name + " not asked", method: "GET", target: target, status: 200, want: map[string]string{a.header: "-"}},
			{name: a.name + " not of a range", method: "GET", target: target, header: []string{"X-Amz-Checksum-Mode", "ENABLED", "Range", "bytes=1-2"}, status: 206, want: map[string]string{a.header: "-"}},
			{name: a.name + " wrong", method: "PUT", target: "/bucket/bad", body: "hellp", header: []string{a.header, sum}, status: 400, code: "BadDigest"},
			{name: a.name + " malformed", method: "PUT", target: "/bucket/bad", body: "hello", header: []string{a.header, "AA=="}, status: 400, code: "InvalidRequest"},
		})
	}
	f.run(t, []call{
		{name: "two", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"x-amz-checksum-crc32", "AAAAAA==", "x-amz-checksum-crc32c", "AAAAAA=="}, status: 400, code: "InvalidRequest"},
		{name: "named but not sent", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Sdk-Checksum-Algorithm", "CRC32"}, status: 400, code: "InvalidRequest"},
		{name: "unknown", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Sdk-Checksum-Algorithm", "CRC99"}, status: 400, code: "InvalidRequest"},
		{name: "unknown trailer", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Trailer", "x-amz-evil"}, status: 400, code: "InvalidRequest"},
		{name: "trailer without chunks", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Trailer", "x-amz-checksum-crc32"}, status: 400, code: "InvalidRequest"},
		{name: "chunks without length", method: "PUT", target: "/bucket/bad", body: "0\r\n\r\n", header: []string{"X-Amz-Content-Sha256", streamingUnsignedTrail}, status: 411, code: "MissingContentLength"},
	})
	if keys := f.keys("bucket"); len(keys) != len(algorithms) {
		t.Errorf("stored %q", keys)
	}
}

func TestCopy(t *testing.T) {
	f := start(t).bucket("from").bucket("target")
	f.call("PUT", "/from/a%20%2B%25", "hello", "X-Amz-Meta-Colour", "blue", "Content-Type", "text/x-a")
	o, err := f.store.Head(t.Context(), "from", "a +%")
	if err != nil {
		t.Fatal(err)
	}
	const source = "/from/a%20%2B%25"
	f.run(t, []call{
		{name: "copy", method: "PUT", target: "/target/copy", header: []string{copySource, source}, status: 200},
		{name: "keeps metadata", method: "GET", target: "/target/copy", status: 200, wantBody: "hello", want: map[string]string{"X-Amz-Meta-Colour": "blue", "Content-Type": "text/x-a"}},
		{name: "without slash", method: "PUT", target: "/target/copy", header: []string{copySource, source[1:]}, status: 200},
		{name: "null version", method: "PUT", target: "/target/copy", header: []string{copySource, source + "?versionId=null"}, status: 200},
		{name: "other version", method: "PUT", target: "/target/bad", header: []string{copySource, source + "?versionId=1"}, status: 400, code: "InvalidArgument"},
		{name: "replace", method: "PUT", target: "/target/copy", header: []string{copySource, source, "X-Amz-Metadata-Directive", "REPLACE", "X-Amz-Meta-Shape", "round"}, status: 200},
		{name: "has replaced", method: "GET", target: "/target/copy", status: 200, wantBody: "hello", want: map[string]string{"X-Amz-Meta-Colour": "-", "X-Amz-Meta-Shape": "round"}},
		{name: "directive", method: "PUT", target: "/target/bad", header: []string{copySource, source, "X-Amz-Metadata-Directive", "MOVE"}, status: 400, code: "InvalidArgument"},
		{name: "missing", method: "PUT", target: "/target/bad", header: []string{copySource, "/from/none"}, status: 404, code: "NoSuchKey"},
		{name: "missing bucket", method: "PUT", target: "/target/bad", header: []string{copySource, "/none/none"}, status: 404, code: "NoSuchBucket"},
		{name: "no key", method: "PUT", target: "/target/bad", header: []string{copySource, "/from"}, status: 400, code: "InvalidArgument"},
		{name: "bad escape", method: "PUT", target: "/target/bad", header: []string{copySource, "/from/%zz"}, status: 400, code: "InvalidArgument"},
		{name: "to itself", method: "PUT", target: source, header: []string{copySource, source}, status: 400, code: "InvalidRequest"},
		{name: "to itself replacing", method: "PUT", target: source, header: []string{copySource, source, "X-Amz-Metadata-Directive", "REPLACE", "X-Amz-Meta-Colour", "red"}, status: 200},
		{name: "if match", method: "PUT", target: "/target/copy", header: []string{copySource, source, "X-Amz-Copy-Source-If-Match", o.ETag}, status: 200},
		{name: "if match other", method: "PUT", target: "/target/bad", header: []string{copySource, source, "X-Amz-Copy-Source-If-Match", `"x"`}, status: 412, code: "PreconditionFailed"},
		{name: "if none match", method: "PUT", target: "/target/bad", header: []string{copySource, source, "X-Amz-Copy-Source-If-None-Match", o.ETag}, status: 412, code: "PreconditionFailed"},
		{name: "unmodified since", method: "PUT", target: "/target/bad", header: []string{copySource, source, "X-Amz-Copy-Source-If-Unmodified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"}, status: 412, code: "PreconditionFailed"},
		{name: "if absent", method: "PUT", target: "/target/copy", header: []string{copySource, source, "If-None-Match", "*"}, status: 412, code: "PreconditionFailed"},
		{name: "with a checksum", method: "PUT", target: "/target/summed", header: []string{copySource, source, "X-Amz-Checksum-Algorithm", "CRC32"}, status: 200},
		{name: "has the checksum", method: "HEAD", target: "/target/summed", header: []string{"X-Amz-Checksum-Mode", "ENABLED"}, status: 200, want: map[string]string{"x-amz-checksum-crc32": "NhCmhg==", "X-Amz-Meta-Colour": "red"}},
		{name: "with a checksum, failing", method: "PUT", target: "/target/bad", header: []string{copySource, source, "X-Amz-Checksum-Algorithm", "CRC32", "X-Amz-Copy-Source-If-Match", `"x"`}, status: 412, code: "PreconditionFailed"},
	})
	if keys := f.keys("target"); len(keys) != 2 {
		t.Errorf("stored %q", keys)
	}
}

func TestDeleteObjects(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "a", "1")
	f.put("bucket", "b", "2")
	f.put("bucket", "kept", "3")
	md5of := func(s string) string {
		raw, _ := hex.DecodeString(f.put("bucket", "scratch", s).ETag)
		if _, err := f.store.Delete(t.Context(), "bucket", "scratch"); err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	body := `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object><Object><Key>none</Key></Object><Object><Key>kept</Key><VersionId>7</VersionId></Object></Delete>`
	a := f.call("POST", "/bucket?delete", body, "Content-MD5", md5of(body))
	if a.status != 200 || !strings.Contains(a.body, "<Deleted><Key>a</Key></Deleted><Deleted><Key>none</Key></Deleted><Error><Key>kept</Key><VersionId>7</VersionId><Code>NoSuchVersion</Code>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = f.call("POST", "/bucket?delete", `<Delete><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>`)
	if a.status != 200 || strings.Contains(a.body, "Deleted>") {
		t.Errorf("quiet: %d %s", a.status, a.body)
	}
	bomb := `<!DOCTYPE d [<!ENTITY a "kept">]><Delete><Object><Key>&a;</Key></Object></Delete>`
	f.run(t, []call{
		{name: "none", method: "POST", target: "/bucket?delete", body: "<Delete></Delete>", status: 400, code: "MalformedXML"},
		{name: "1001", method: "POST", target: "/bucket?delete", body: "<Delete>" + strings.Repeat("<Object><Key>kept</Key></Object>", 1001) + "</Delete>", status: 400, code: "MalformedXML"},
		{name: "not xml", method: "POST", target: "/bucket?delete", body: "kept", status: 400, code: "MalformedXML"},
		{name: "entities", method: "POST", target: "/bucket?delete", body: bomb, status: 400, code: "MalformedXML"},
		{name: "too big", method: "POST", target: "/bucket?delete", body: "<Delete>" + strings.Repeat(" ", maxXML), status: 400, code: "MaxMessageLengthExceeded"},
		{name: "wrong md5", method: "POST", target: "/bucket?delete", body: "<Delete><Object><Key>kept</Key></Object></Delete>", header: []string{"Content-MD5", md5of("other")}, status: 400, code: "BadDigest"},
		{name: "wrong sha256", method: "POST", target: "/bucket?delete", body: "<Delete><Object><Key>kept</Key></Object></Delete>", header: []string{"X-Amz-Content-Sha256", sha256hex("other")}, status: 400, code: "XAmzContentSHA256Mismatch"},
		{name: "wrong checksum", method: "POST", target: "/bucket?delete", body: "<Delete><Object><Key>kept</Key></Object></Delete>", header: []string{"x-amz-checksum-crc32", "AAAAAA=="}, status: 400, code: "BadDigest"},
		{name: "missing bucket", method: "POST", target: "/missing?delete", body: "<Delete><Object><Key>kept</Key></Object></Delete>", status: 404, code: "NoSuchBucket"},
	})
	r := f.sign(f.request("POST", "/bucket?delete", "", "X-Amz-Content-Sha256", unsignedPayload), "")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader("<Delete>"+strings.Repeat(" ", maxXML)+"</Delete>")), -1
	if a := f.do(r); a.code() != "MaxMessageLengthExceeded" {
		t.Errorf("too big, of unknown length: %d %s", a.status, a.body)
	}
	for name, c := range map[string]struct{ length, trailer, code string }{
		"good":            {"0", "", ""},
		"longer":          {"-1", "", "IncompleteBody"},
		"shorter":         {"1", "", "IncompleteBody"},
		"trailer invalid": {"0", "x-amz-checksum-crc32:AA==\r\n", "InvalidRequest"},
		"trailer wrong":   {"0", "x-amz-checksum-crc32:AAAAAA==\r\n", "BadDigest"},
		"trailer missing": {"0", "none", "MalformedTrailerError"},
	} {
		body := "<Delete><Object><Key>gone</Key></Object></Delete>"
		off, _ := strconv.Atoi(c.length)
		header := []string{"X-Amz-Content-Sha256", streamingUnsignedTrail, "X-Amz-Decoded-Content-Length", strconv.Itoa(len(body) + off)}
		if c.trailer != "" {
			header = append(header, "X-Amz-Trailer", "x-amz-checksum-crc32")
		}
		wire := fmt.Sprintf("%x\r\n%s\r\n0\r\n%s\r\n", len(body), body, strings.TrimPrefix(c.trailer, "none"))
		if a := f.call("POST", "/bucket?delete", wire, header...); a.code() != c.code {
			t.Errorf("chunked, %s: %d %s", name, a.status, a.body)
		}
	}
	if keys := f.keys("bucket"); len(keys) != 1 || keys[0] != "kept" {
		t.Errorf("left %q", keys)
	}
}

func TestPresignedURL(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "dir/a +%中", "hello")
	u := f.presign("GET", "bucket", "dir/a +%中", maxExpires, url.Values{"response-content-disposition": {`attachment; filename="x y.txt"`}})
	a := f.do(f.request("GET", strings.TrimPrefix(u, f.server.URL), ""))
	if a.status != 200 || a.body != "hello" || a.header.Get("Content-Disposition") != `attachment; filename="x y.txt"` {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	// A browser that follows the link gets the object, not the console.
	r := f.request("GET", strings.TrimPrefix(u, f.server.URL), "", "Accept", "text/html")
	if a := f.do(r); a.body != "hello" {
		t.Errorf("browser: %d", a.status)
	}
	r = f.sign(f.request("GET", strings.TrimPrefix(u, f.server.URL), ""), "")
	if a := f.do(r); a.code() != "InvalidArgument" {
		t.Errorf("signed twice over: %d %s", a.status, a.body)
	}
	put := f.presign("PUT", "bucket", "put", maxExpires, url.Values{"x-amz-meta-colour": {"blue"}, "x-amz-checksum-crc32": {"NhCmhg=="}, "x-amz-sdk-checksum-algorithm": {"CRC32"}})
	if a := f.do(f.request("PUT", strings.TrimPrefix(put, f.server.URL), "hellp")); a.code() != "BadDigest" {
		t.Errorf("wrong body: %d %s", a.status, a.body)
	}
	if a := f.do(f.request("PUT", strings.TrimPrefix(put, f.server.URL), "hello")); a.status != 200 {
		t.Errorf("put: %d %s", a.status, a.body)
	}
	o, err := f.store.Head(t.Context(), "bucket", "put")
	if err != nil || o.Attributes.User["colour"] != "blue" || o.Attributes.Checksums["crc32"] == "" {
		t.Errorf("%+v, %v", o, err)
	}
	// The checksum of nothing is what SDKs put into links that they make without a body.
	nothing := f.presign("PUT", "bucket", "put", maxExpires, url.Values{"x-amz-checksum-crc32": {"AAAAAA=="}, "x-amz-sdk-checksum-algorithm": {"CRC32"}})
	for _, body := range []string{"hello", ""} {
		if a := f.do(f.request("PUT", strings.TrimPrefix(nothing, f.server.URL), body)); a.status != 200 {
			t.Errorf("put %q: %d %s", body, a.status, a.body)
		}
	}
}

func TestRegion(t *testing.T) {
	f := start(t, func(c *Config) { c.Region = "eu-here-1" }).bucket("bucket")
	a := f.call("GET", "/bucket", "")
	if a.code() != "AuthorizationHeaderMalformed" || !strings.Contains(a.body, "<Region>eu-here-1</Region>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	u, err := Presign("GET", f.server.URL, "bucket", "", testKey, testSecret, "eu-here-1", maxExpires, url.Values{"location": {""}}, f.now())
	if err != nil {
		t.Fatal(err)
	}
	if a := f.do(f.request("GET", strings.TrimPrefix(u, f.server.URL), "")); !strings.Contains(a.body, ">eu-here-1</LocationConstraint>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.do(f.request("GET", strings.TrimPrefix(f.presign("GET", "bucket", "", maxExpires, nil), f.server.URL), "")); a.code() != "AuthorizationQueryParametersError" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestConsoleRedirect(t *testing.T) {
	f := start(t, func(c *Config) { c.Console = func(*http.Request) string { return "http://console.example/" } })
	for _, target := range []string{"/", "/bucket/key"} {
		a := f.do(f.request("GET", target, "", "Accept", "text/html,*/*"))
		if a.status != http.StatusTemporaryRedirect || a.header.Get("Location") != "http://console.example/" {
			t.Errorf("%s: %d", target, a.status)
		}
	}
	for name, r := range map[string]*http.Request{
		"not a browser": f.request("GET", "/", ""),
		"not a get":     f.request("PUT", "/bucket", "", "Accept", "text/html"),
	} {
		if a := f.do(r); a.code() != "AccessDenied" {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	if a := f.call("GET", "/", "", "Accept", "text/html"); a.status != 200 {
		t.Errorf("signed: %d", a.status)
	}
}

func TestListing(t *testing.T) {
	f := start(t).bucket("bucket")
	for _, key := range []string{"a", "dir/1", "dir/2", "dir2/x", "z"} {
		f.put("bucket", key, key)
	}
	walk := func(first string, next func(answer) string) (seen []string) {
		for target := first; target != ""; {
			a := f.call("GET", target, "")
			if a.status != 200 {
				t.Fatalf("%s: %d %s", target, a.status, a.body)
			}
			seen = append(seen, between(a.body, "<Key>", "</Key>")...)
			for _, p := range between(a.body, "<CommonPrefixes>", "</CommonPrefixes>") {
				seen = append(seen, between(p, "<Prefix>", "</Prefix>")...)
			}
			target = next(a)
		}
		return seen
	}
	one := func(s []string) string {
		if len(s) == 0 {
			return ""
		}
		return s[0]
	}
	v2 := walk("/bucket?list-type=2&delimiter=%2F&max-keys=1", func(a answer) string {
		if token := one(between(a.body, "<NextContinuationToken>", "</NextContinuationToken>")); token != "" {
			return "/bucket?list-type=2&delimiter=%2F&max-keys=1&continuation-token=" + url.QueryEscape(token)
		}
		return ""
	})
	v1 := walk("/bucket?delimiter=%2F&max-keys=1", func(a answer) string {
		if marker := one(between(a.body, "<NextMarker>", "</NextMarker>")); marker != "" {
			return "/bucket?delimiter=%2F&max-keys=1&marker=" + url.QueryEscape(marker)
		}
		return ""
	})
	for name, got := range map[string][]string{"v2": v2, "v1": v1} {
		if want := "a dir/ dir2/ z"; strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if got := walk("/bucket?list-type=2&start-after=dir%2F1", func(answer) string { return "" }); strings.Join(got, " ") != "dir/2 dir2/x z" {
		t.Errorf("start-after: %q", got)
	}
	if got := walk("/bucket?list-type=2&prefix=dir%2F", func(answer) string { return "" }); strings.Join(got, " ") != "dir/1 dir/2" {
		t.Errorf("prefix: %q", got)
	}
	if a := f.call("GET", "/bucket?list-type=2&max-keys=0", ""); !strings.Contains(a.body, "<IsTruncated>false</IsTruncated>") || strings.Contains(a.body, "<Key>") {
		t.Errorf("max-keys=0: %s", a.body)
	}
}

func between(s, from, to string) (out []string) {
	for {
		_, rest, ok := strings.Cut(s, from)
		if !ok {
			return out
		}
		value, rest, ok := strings.Cut(rest, to)
		if !ok {
			return out
		}
		out, s = append(out, value), rest
	}
}
