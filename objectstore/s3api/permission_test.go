package s3api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
)

// asked notes every question in S3's words and allows it, unless one is refused.
func (f *fixture) asked(refused string) *[]string {
	list := new([]string)
	f.guard.refuse = func(_ Credential, ask Ask) error {
		*list = append(*list, fmt.Sprintf("%s %s/%s", ask.S3, ask.Bucket, ask.Key))
		if ask.S3 == refused {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	return list
}

func TestWhatIsAskedFor(t *testing.T) {
	f := start(t).bucket("bucket").bucket("from")
	f.put("from", "source", "x")
	f.put("bucket", "key", "x")
	for _, c := range []struct {
		method, target, body string
		header               []string
		want                 string
	}{
		{"GET", "/", "", nil, "s3:ListAllMyBuckets /;  bucket/;  from/"},
		{"GET", "/bucket", "", nil, "s3:ListBucket bucket/"},
		{"HEAD", "/bucket", "", nil, "s3:ListBucket bucket/"},
		{"GET", "/bucket?uploads", "", nil, "s3:ListBucketMultipartUploads bucket/"},
		{"GET", "/bucket/key", "", nil, "s3:GetObject bucket/key"},
		{"GET", "/bucket/key?versionId=null", "", nil, "s3:GetObjectVersion bucket/key"},
		{"GET", "/bucket/none", "", nil, "s3:GetObject bucket/none; s3:ListBucket bucket/"},
		{"GET", "/bucket/key?acl", "", nil, "s3:GetObjectAcl bucket/key"},
		{"PUT", "/bucket/new", "x", nil, "s3:PutObject bucket/new"},
		{"PUT", "/bucket/new", "x", []string{"X-Amz-Acl", "private"}, "s3:PutObject bucket/new; s3:PutObjectAcl bucket/new"},
		{"PUT", "/bucket/new", "", []string{copySource, "/from/source"}, "s3:PutObject bucket/new; s3:GetObject from/source"},
		{"PUT", "/bucket/new", "", []string{copySource, "/from/source?versionId=null"}, "s3:PutObject bucket/new; s3:GetObjectVersion from/source"},
		{"POST", "/bucket?delete", "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>", nil, "s3:DeleteObject bucket/; s3:DeleteObject bucket/a; s3:DeleteObject bucket/b"},
		{"GET", "/bucket?policyStatus", "", nil, "s3:GetBucketPolicyStatus bucket/"},
		{"GET", "/bucket?lifecycle", "", nil, "s3:GetLifecycleConfiguration bucket/"},
	} {
		list := f.asked("")
		f.call(c.method, c.target, c.body, c.header...)
		if got := strings.Join(*list, "; "); got != c.want {
			t.Errorf("%s %s %s: %s, want %s", c.method, c.target, c.header, got, c.want)
		}
	}
}

// TestWhatIsNotThereIsHidden: who may read but not list learns of no key whether it
// exists.
func TestWhatIsNotThereIsHidden(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	f.asked("s3:ListBucket")
	if a := f.call("GET", "/bucket/key", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("GET", "/bucket/none", ""); a.code() != "AccessDenied" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("HEAD", "/bucket/none", ""); a.status != 403 {
		t.Errorf("%d", a.status)
	}
	f.asked("")
	if a := f.call("GET", "/bucket/none", ""); a.code() != "NoSuchKey" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestDeletesAreAskedForKeyByKey: of many keys those are deleted that may be.
func TestDeletesAreAskedForKeyByKey(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "mine", "x")
	f.put("bucket", "theirs", "x")
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.Key == "theirs" || (ask.Key == "" && !ask.Each) {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	a := f.call("POST", "/bucket?delete", "<Delete><Object><Key>mine</Key></Object><Object><Key>theirs</Key></Object></Delete>")
	if a.status != 200 || !strings.Contains(a.body, "<Deleted><Key>mine</Key></Deleted><Error><Key>theirs</Key><Code>AccessDenied</Code>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := f.keys("bucket"); !slices.Equal(got, []string{"theirs"}) {
		t.Errorf("left are %q", got)
	}
}

func TestFacts(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	var got map[string][]string
	f.guard.refuse = func(_ Credential, ask Ask) error {
		got = map[string][]string{}
		for _, key := range []string{
			"aws:sourceip", "aws:securetransport", "aws:useragent", "aws:referer", "s3:prefix", "s3:delimiter", "s3:max-keys", "s3:authtype",
			"s3:signatureversion", "s3:signatureage", "s3:x-amz-acl", "s3:requestobjecttag/Team", "s3:requestobjecttagkeys", "s3:existingobjecttag/Team", "s3:versionid", "aws:nothing",
		} {
			if v := ask.Facts.Value(key); v != nil {
				got[key] = v
			}
		}
		if _, err := ask.Facts.Object(context.Background()); (err == nil) != (ask.Key == "key") {
			t.Errorf("the object of %q: %v", ask.Key, err)
		}
		return errs.New(errs.Forbidden, "forbidden", "No.")
	}
	check := func(name, want string) {
		t.Helper()
		var lines []string
		for key, v := range got {
			lines = append(lines, fmt.Sprintf("%s=%s", key, strings.Join(v, ",")))
		}
		slices.Sort(lines)
		if s := strings.Join(lines, " "); s != want {
			t.Errorf("%s: %s", name, s)
		}
	}
	f.call("GET", "/bucket?prefix=a%2F&delimiter=%2F&max-keys=7", "", "User-Agent", "tests/1", "Referer", "http://x/")
	check("a listing", "aws:referer=http://x/ aws:securetransport=false aws:sourceip=127.0.0.1 aws:useragent=tests/1 s3:authtype=REST-HEADER s3:delimiter=/ s3:max-keys=7 s3:prefix=a/ s3:signatureversion=AWS4-HMAC-SHA256")
	f.call("PUT", "/bucket/key", "x", "X-Amz-Acl", "private", "X-Amz-Tagging", "Team=a%20b", "User-Agent", "t")
	check("a write", "aws:securetransport=false aws:sourceip=127.0.0.1 aws:useragent=t s3:authtype=REST-HEADER s3:requestobjecttag/Team=a b s3:requestobjecttagkeys=Team s3:signatureversion=AWS4-HMAC-SHA256 s3:x-amz-acl=private")
	f.do(f.request("GET", "/bucket/key?versionId=null", "", "User-Agent", "t"))
	check("nobody", "aws:securetransport=false aws:sourceip=127.0.0.1 aws:useragent=t s3:versionid=null")
	f.call("GET", "/bucket/key", "", "User-Agent", "t", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https")
	check("through a proxy", "aws:securetransport=true aws:sourceip=203.0.113.9 aws:useragent=t s3:authtype=REST-HEADER s3:signatureversion=AWS4-HMAC-SHA256")
}

// TestAnonymous: without a signature a request is what Access makes of it, and the
// whole protocol is there.
func TestAnonymous(t *testing.T) {
	f := start(t, func(c *Config) { c.Console = func(*http.Request) string { return "http://console.example/" } }).bucket("public")
	f.call("PUT", "/public/page", "hello", "Content-Type", "text/html")
	f.guard.refuse = func(c Credential, ask Ask) error {
		if c == (Credential{}) && (ask.Key == "" || ask.Key == "secret") {
			return errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")
		}
		return nil
	}
	a := f.do(f.request("GET", "/public/page", "", "Range", "bytes=1-2", "Accept", "text/html"))
	if a.status != 206 || a.body != "el" || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
	if a := f.do(f.request("GET", "/public/page", "", "If-None-Match", a.header.Get("ETag"))); a.status != 304 {
		t.Errorf("conditional: %d", a.status)
	}
	if a := f.do(f.request("GET", "/public/page?response-content-type=text%2Fplain", "")); a.code() != "InvalidRequest" {
		t.Errorf("overrides: %d %s", a.status, a.body)
	}
	if a := f.do(f.request("PUT", "/public/new", "abc")); a.status != 200 {
		t.Errorf("put: %d %s", a.status, a.body)
	}
	if a := f.do(f.request("PUT", "/public/bad", "abc", "X-Amz-Content-Sha256", sha256hex("other"))); a.code() != "XAmzContentSHA256Mismatch" {
		t.Errorf("a wrong digest: %d %s", a.status, a.body)
	}
	for _, payload := range []string{streamingSigned, streamingSignedTrailer} {
		if a := f.do(f.request("PUT", "/public/bad", "0\r\n\r\n", "X-Amz-Content-Sha256", payload, "X-Amz-Decoded-Content-Length", "0")); a.code() != "AccessDenied" {
			t.Errorf("%s: %d %s", payload, a.status, a.body)
		}
	}
	if a := f.do(f.request("GET", "/public/secret", "")); a.code() != "AccessDenied" {
		t.Errorf("what is secret: %d %s", a.status, a.body)
	}
	if a := f.do(f.request("GET", "/public/none", "")); a.code() != "AccessDenied" {
		t.Errorf("what is not there: %d %s", a.status, a.body)
	}
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if a := f.do(f.request("GET", "/public/secret", "", "Accept", "text/html")); a.header.Get("Location") != "http://console.example/" {
		t.Errorf("a browser: %d %s", a.status, a.header)
	}
	if keys := f.keys("public"); !slices.Equal(keys, []string{"new", "page"}) {
		t.Errorf("%q", keys)
	}
	if len(f.guard.events) > 0 {
		t.Errorf("strangers fill the audit log: %+v", f.guard.events)
	}
}

// headless is a store that cannot say what an object is when it is on.
type headless struct {
	objectstore.Store
	on bool
}

func (h *headless) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	if h.on {
		return objectstore.Object{}, objectstore.ErrReadQuorum
	}
	return h.Store.Head(ctx, bucket, key)
}

// TestUnknownFactsRefuse: where a fact cannot be had that a condition asks for, nobody
// can say what would have been denied.
func TestUnknownFactsRefuse(t *testing.T) {
	store := &headless{}
	f := start(t, func(c *Config) { store.Store, c.Store = c.Store, store }).bucket("bucket")
	f.put("bucket", "key", "x")
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.Facts.Value("s3:existingobjecttag/secret") != nil {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	if a := f.call("GET", "/bucket/key", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	store.on = true
	if a := f.call("GET", "/bucket/key", ""); a.code() != "SlowDown" {
		t.Errorf("%d %s", a.status, a.body)
	}
}
