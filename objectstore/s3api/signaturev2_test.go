package s3api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
)

func withV2(c *Config) { c.SignatureV2, c.Domains = true, []string{testDomain} }

func signTextV2(secret, text string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signV2 signs a request for testKey.
func (f *fixture) signV2(r *http.Request) *http.Request {
	if r.Header.Get("Date") == "" && r.Header.Get("X-Amz-Date") == "" {
		r.Header.Set("Date", f.now().UTC().Format(http.TimeFormat))
	}
	r.Header.Set("Authorization", "AWS "+testKey+":"+signTextV2(testSecret, f.textV2(r, "")))
	return r
}

func (f *fixture) textV2(r *http.Request, date string) string {
	h := New(Config{Domains: []string{testDomain}})
	seen := r.Clone(r.Context())
	if seen.Host == "" {
		seen.Host = r.URL.Host
	}
	q := &request{r: seen, query: r.URL.Query()}
	if date == "" {
		date = q.dateV2()
	}
	return h.canonicalV2(q, date, r.URL.EscapedPath())
}

func (f *fixture) linkV2(method, target string, expires time.Time) *http.Request {
	r := f.request(method, target, "")
	seconds := fmt.Sprint(expires.Unix())
	value := signTextV2(testSecret, f.textV2(r, seconds))
	query := r.URL.Query()
	query.Set("AWSAccessKeyId", testKey)
	query.Set("Expires", seconds)
	query.Set("Signature", value)
	r.URL.RawQuery = query.Encode()
	return r
}

// TestSignatureV2Vectors are the examples that AWS gives.
func TestSignatureV2Vectors(t *testing.T) {
	const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	h := New(Config{Domains: []string{"s3.amazonaws.com"}})
	for _, c := range []struct {
		method, host, target string
		header               []string
		date, want           string
	}{
		{"GET", "johnsmith.s3.amazonaws.com", "/photos/puppy.jpg", []string{"Date", "Tue, 27 Mar 2007 19:36:42 +0000"}, "", "bWq2s1WEIj+Ydj0vQ697zp+IXMU="},
		{"PUT", "johnsmith.s3.amazonaws.com", "/photos/puppy.jpg", []string{"Content-Type", "image/jpeg", "Date", "Tue, 27 Mar 2007 21:15:45 +0000"}, "", "MyyxeRY7whkBe+bq8fHCL/2kKUg="},
		{"GET", "johnsmith.s3.amazonaws.com", "/?prefix=photos&max-keys=50&marker=puppy", []string{"Date", "Tue, 27 Mar 2007 19:42:41 +0000"}, "", "htDYFYduRNen8P9ZfE/s9SuKy0U="},
		{"GET", "johnsmith.s3.amazonaws.com", "/?acl", []string{"Date", "Tue, 27 Mar 2007 19:44:46 +0000"}, "", "c2WLPFtWHVgbEmeEG93a4cG37dM="},
		{"GET", "johnsmith.s3.amazonaws.com", "/photos/puppy.jpg", nil, "1175139620", "NpgCjnDzrM+WFzoENXmpNDUsSn8="},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		r.Host = c.host
		for i := 0; i < len(c.header); i += 2 {
			r.Header.Set(c.header[i], c.header[i+1])
		}
		q := &request{r: r, query: r.URL.Query()}
		date := c.date
		if date == "" {
			date = q.dateV2()
		}
		text := h.canonicalV2(q, date, r.URL.EscapedPath())
		if !signedV2(secret, text, c.want) {
			t.Errorf("%s %s: %q gives %s, want %s", c.method, c.target, text, signTextV2(secret, text), c.want)
		}
	}
}

func TestSignatureV2(t *testing.T) {
	f := start(t, withV2).bucket("bucket")
	f.put("bucket", "a b", "hello")
	if a := f.do(f.signV2(f.request("GET", "/bucket/a%20b?response-content-type=text%2Fx", ""))); a.body != "hello" || a.header.Get("Content-Type") != "text/x" {
		t.Errorf("get: %d %s", a.status, a.body)
	}
	if a := f.do(f.signV2(f.request("PUT", "/bucket/new", "x", "X-Amz-Meta-B", "  two   words ", "X-Amz-Date", f.now().UTC().Format(http.TimeFormat)))); a.status != 200 {
		t.Errorf("put: %d %s", a.status, a.body)
	}
	if a := f.do(f.signV2(f.request("PUT", "/bucket/bad", "x", "X-Amz-Content-Sha256", sha256hex("y")))); a.code() != "XAmzContentSHA256Mismatch" {
		t.Errorf("wrong digest: %d %s", a.status, a.body)
	}
	host := f.at("bucket." + testDomain)
	if a := host.do(host.signV2(host.request("GET", "/a%20b", ""))); a.body != "hello" {
		t.Errorf("virtual host: %d %s", a.status, a.body)
	}
	link := f.linkV2("GET", "/bucket/a%20b", f.now().Add(time.Minute))
	if a := f.do(link); a.body != "hello" {
		t.Errorf("link: %d %s", a.status, a.body)
	}
	slash := f.signV2(f.request("GET", "/bucket/", ""))
	slash.URL.Path = "/bucket"
	if a := f.do(slash); a.status != 200 {
		t.Errorf("a bucket that is signed with a slash: %d %s", a.status, a.body)
	}
	// A signature of Version 4 works beside it.
	if a := f.call("GET", "/bucket/a%20b", ""); a.body != "hello" {
		t.Errorf("version 4: %d %s", a.status, a.body)
	}
	f.call("DELETE", "/bucket/new", "")
	f.call("DELETE", "/bucket/a%20b", "")

	put := func(header ...string) *http.Request { return f.request("PUT", "/bucket/key", "x", header...) }
	change := func(r *http.Request, do func(r *http.Request)) *http.Request {
		do(r)
		return r
	}
	authorization := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", value) }
	}
	later := f.now().Add(time.Minute)
	for name, c := range map[string]struct {
		r    *http.Request
		code string
	}{
		"another method":       {change(f.signV2(f.request("POST", "/bucket/key", "x")), func(r *http.Request) { r.Method = "PUT" }), "SignatureDoesNotMatch"},
		"another key":          {change(f.signV2(put()), func(r *http.Request) { r.URL.Path = "/bucket/other" }), "SignatureDoesNotMatch"},
		"another bucket":       {change(f.signV2(f.request("PUT", "/other/key", "x")), func(r *http.Request) { r.URL.Path = "/bucket/key" }), "SignatureDoesNotMatch"},
		"another type":         {change(f.signV2(put("Content-Type", "a/b")), func(r *http.Request) { r.Header.Set("Content-Type", "c/d") }), "SignatureDoesNotMatch"},
		"another MD5":          {change(f.signV2(put()), func(r *http.Request) { r.Header.Set("Content-Md5", "nUKTvL/pNBIKdOFGXnIKHg==") }), "SignatureDoesNotMatch"},
		"another date":         {change(f.signV2(put()), func(r *http.Request) { r.Header.Set("Date", f.now().UTC().Add(time.Second).Format(http.TimeFormat)) }), "SignatureDoesNotMatch"},
		"another amz date":     {change(f.signV2(put()), func(r *http.Request) { r.Header.Set("X-Amz-Date", f.now().UTC().Format(http.TimeFormat)) }), "SignatureDoesNotMatch"},
		"more metadata":        {change(f.signV2(put()), func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "b") }), "SignatureDoesNotMatch"},
		"a copy":               {change(f.signV2(put()), func(r *http.Request) { r.Header.Set(copySource, "/bucket/x") }), "SignatureDoesNotMatch"},
		"a sub-resource":       {change(f.signV2(put()), func(r *http.Request) { r.URL.RawQuery = "tagging" }), "SignatureDoesNotMatch"},
		"a part":               {change(f.signV2(put()), func(r *http.Request) { r.URL.RawQuery = "uploadId=x&partNumber=1" }), "SignatureDoesNotMatch"},
		"another signature":    {change(f.signV2(put()), authorization("AWS "+testKey+":AAAAAAAAAAAAAAAAAAAAAAAAAAA=")), "SignatureDoesNotMatch"},
		"empty signature":      {change(f.signV2(put()), authorization("AWS "+testKey+":")), "SignatureDoesNotMatch"},
		"no base64":            {change(f.signV2(put()), authorization("AWS "+testKey+":***")), "SignatureDoesNotMatch"},
		"no colon":             {change(f.signV2(put()), authorization("AWS "+testKey)), "InvalidArgument"},
		"no key":               {change(f.signV2(put()), authorization("AWS :x")), "InvalidArgument"},
		"unknown key":          {change(f.signV2(put()), authorization("AWS nobody:x")), "InvalidAccessKeyId"},
		"key without a secret": {change(put("Date", f.now().UTC().Format(http.TimeFormat)), func(r *http.Request) { r.Header.Set("Authorization", "AWS hollow:"+signTextV2("", f.textV2(r, ""))) }), "InvalidAccessKeyId"},
		"no date":              {change(put(), authorization("AWS "+testKey+":x")), "AccessDenied"},
		"old":                  {f.signV2(put("Date", f.now().UTC().Add(-16*time.Minute).Format(http.TimeFormat))), "RequestTimeTooSkewed"},
		"early":                {f.signV2(put("X-Amz-Date", f.now().UTC().Add(16*time.Minute).Format(http.TimeFormat))), "RequestTimeTooSkewed"},
		"no amz date":          {f.signV2(put("Date", f.now().UTC().Format(http.TimeFormat), "X-Amz-Date", "")), "AccessDenied"},
		"session token":        {f.signV2(put("X-Amz-Security-Token", "x")), "InvalidToken"},
		"signed chunks":        {f.signV2(put("X-Amz-Content-Sha256", streamingSigned, "X-Amz-Decoded-Content-Length", "1")), "InvalidRequest"},
		"two mechanisms":       {change(f.linkV2("PUT", "/bucket/key", later), authorization("AWS "+testKey+":x")), "InvalidArgument"},
		"two versions":         {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.URL.RawQuery += "&X-Amz-Algorithm=" + algorithmV4 }), "InvalidArgument"},
		"expired link":         {f.linkV2("PUT", "/bucket/key", f.now().Add(-time.Second)), "AccessDenied"},
		"prolonged link":       {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=", "Expires=1", 1) }), "SignatureDoesNotMatch"},
		"link of no time":      {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=", "Expires=x", 1) }), "AccessDenied"},
		"link without a time":  {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=", "E=", 1) }), "AccessDenied"},
		"link with metadata":   {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.Header.Set("X-Amz-Meta-A", "b") }), "SignatureDoesNotMatch"},
		"link with a copy":     {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.Header.Set(copySource, "/bucket/x") }), "SignatureDoesNotMatch"},
		"link of another type": {change(f.linkV2("PUT", "/bucket/key", later), func(r *http.Request) { r.Header.Set("Content-Type", "a/b") }), "SignatureDoesNotMatch"},
	} {
		if a := f.do(c.r); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
		f.empty("bucket", name)
	}
	// What the signature does not cover changes nothing about the object.
	link = f.linkV2("PUT", "/bucket/key", later)
	link.URL.RawQuery += "&x-amz-meta-a=b&X-Amz-Copy-Source=%2Fbucket%2Fx"
	if a := f.do(link); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("HEAD", "/bucket/key", ""); a.header.Get("x-amz-meta-a") != "" {
		t.Errorf("%v", a.header)
	}
}

func TestSignatureV2IsOffUnlessAskedFor(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "hello")
	for name, r := range map[string]*http.Request{
		"header": f.signV2(f.request("GET", "/bucket/key", "")), "link": f.linkV2("GET", "/bucket/key", f.now().Add(time.Minute)),
	} {
		if a := f.do(r); a.code() != "InvalidRequest" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := f.post("/bucket", f.formV2(`["starts-with","$key",""]`, field{"key", "k"}), "x"); a.code() != "InvalidRequest" {
		t.Errorf("form: %d %s", a.status, a.body)
	}
}

func (f *fixture) formV2(conditions string, fields ...field) []field {
	policy := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"expiration":%q,"conditions":[{"bucket":"bucket"},%s]}`,
		f.now().UTC().Add(time.Hour).Format("2006-01-02T15:04:05Z"), conditions)))
	return append(fields, field{"AWSAccessKeyId", testKey}, field{"policy", policy}, field{"signature", signTextV2(testSecret, policy)})
}

func TestSignatureV2OfForms(t *testing.T) {
	f := start(t, withV2).bucket("bucket")
	good := f.formV2(`["starts-with","$key",""]`, field{"key", "k"})
	if a := f.post("/bucket", good, "hello"); a.status != 204 {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.call("DELETE", "/bucket/k", "")
	for i, code := range map[int]string{1: "InvalidAccessKeyId", 2: "SignatureDoesNotMatch", 3: "SignatureDoesNotMatch"} {
		bad := append([]field{}, good...)
		bad[i].value = "e30=" + bad[i].value
		if a := f.post("/bucket", bad, "hello"); a.code() != code {
			t.Errorf("%s: %d %s", bad[i].name, a.status, a.body)
		}
		bad[i].value = ""
		if a := f.post("/bucket", bad, "hello"); a.code() != "InvalidArgument" {
			t.Errorf("no %s: %d %s", bad[i].name, a.status, a.body)
		}
	}
	f.empty("bucket", "wrong forms")
}

func TestSignatureV2OfMinioGo(t *testing.T) {
	f := start(t, withV2)
	ctx := t.Context()
	client, err := minio.New(strings.TrimPrefix(f.server.URL, "http://"), &minio.Options{Creds: miniocredentials.NewStaticV2(testKey, testSecret, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(ctx, "bucket", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	data := random(11 << 20)
	for key, size := range map[string]int{"small +%": 1000, "odd/中文": len(data)} {
		if _, err := client.PutObject(ctx, "bucket", key, bytes.NewReader(data[:size]), int64(size), minio.PutObjectOptions{PartSize: 5 << 20, UserMetadata: map[string]string{"Colour": "blue"}}); err != nil {
			t.Fatal(err)
		}
		o, err := client.GetObject(ctx, "bucket", key, minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, data[:size]) {
			t.Errorf("%s: %d bytes, %v", key, len(got), err)
		}
		o.Close()
		u, err := client.PresignedGetObject(ctx, "bucket", key, time.Hour, url.Values{"response-content-type": {"text/y"}})
		if err != nil || u.Query().Get("AWSAccessKeyId") == "" {
			t.Fatalf("%v, %v", u, err)
		}
		if a := f.do(f.request("GET", strings.TrimPrefix(u.String(), f.server.URL), "")); a.body != string(data[:size]) || a.header.Get("Content-Type") != "text/y" {
			t.Errorf("%s: %d, %d bytes", key, a.status, len(a.body))
		}
	}
	n := 0
	for o := range client.ListObjects(ctx, "bucket", minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		n++
	}
	if n != 2 {
		t.Errorf("%d objects", n)
	}
}
