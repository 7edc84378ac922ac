package s3api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/internal/errs"
)

const siteDomain = "web.example.com"

func onSites(c *Config) { c.Domains, c.SiteDomains = []string{"example.com"}, []string{siteDomain} }

// website starts a handler with a bucket that everybody may read, but for what is
// under "private/", and list.
func website(t *testing.T, config string) (*fixture, *fixture) {
	t.Helper()
	f := start(t, onSites).bucket("shop")
	f.everybody("s3:ListBucket")
	if a := f.call("PUT", "/shop?website", config); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	return f, f.at("shop." + siteDomain + ":9000")
}

// everybody may read what is not private, and do this besides.
func (f *fixture) everybody(besides string) {
	f.guard.mu.Lock()
	defer f.guard.mu.Unlock()
	f.guard.refuse = func(c Credential, ask Ask) error {
		if c == (Credential{}) && ask.Facts.Value("s3:authtype") != nil {
			return errs.New(errs.Internal, "internal", "Nobody signed, and yet it is said how.")
		}
		if c == (Credential{}) && (ask.S3 != "s3:GetObject" || strings.HasPrefix(ask.Key, "private/")) && ask.S3 != besides {
			return errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")
		}
		return nil
	}
}

func (f *fixture) page(key, kind, body string, header ...string) {
	f.t.Helper()
	if a := f.call("PUT", "/shop/"+uriEncode(key, false), body, append(header, "Content-Type", kind)...); a.status != http.StatusOK {
		f.t.Fatalf("%d %s", a.status, a.body)
	}
}

func (f *fixture) visit(path string, header ...string) answer {
	f.t.Helper()
	return f.do(f.request("GET", path, "", header...))
}

const siteConfig = `<WebsiteConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IndexDocument><Suffix>index.html</Suffix></IndexDocument>
<ErrorDocument><Key>errors/all.html</Key></ErrorDocument><RoutingRules>
<RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition><Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>
<RoutingRule><Condition><KeyPrefixEquals>gone/</KeyPrefixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition>
<Redirect><Protocol>https</Protocol><HostName>archive.example.org</HostName><ReplaceKeyWith>search page</ReplaceKeyWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>
</RoutingRules></WebsiteConfiguration>`

func TestSite(t *testing.T) {
	f, site := website(t, siteConfig)
	f.page("index.html", "text/html", "home")
	f.page("photos/index.html", "text/html", "photos")
	f.page("photos/a b.txt", "text/plain", "picture")
	f.page("photos", "text/plain", "a file beside the folder")
	f.page("folder/index.html", "text/html", "folder")
	f.page("文/index.html", "text/html", "text")
	f.page("errors/all.html", "text/html", "so sorry")
	f.page("private/x", "text/plain", "secret")
	f.page("private/index.html", "text/html", "secret")
	f.page("moved", "text/plain", "x", redirectHeader, "/photos/")
	f.page("away", "text/plain", "x", redirectHeader, "https://example.org/x?y=z")
	f.page("gone/here", "text/plain", "still here")
	for path, want := range map[string]string{
		"/": "200 home", "/index.html": "200 home", "/photos/": "200 photos", "/photos": "200 a file beside the folder", "/photos/a%20b.txt": "200 picture",
		"/folder": "302 /folder/", "/folder/": "200 folder", "/%E6%96%87": "302 /%E6%96%87/", "/?prefix=a&versionId=x&response-content-type=b": "200 home",
		"/none": "404 so sorry", "/none/": "404 so sorry", "/private/x": "403 so sorry", "/private": "404 so sorry", "/private/": "403 so sorry", "/%00": "400 so sorry",
		"/moved": "301 /photos/", "/away": "301 https://example.org/x?y=z",
		"/old/page": "301 http://shop.web.example.com:9000/new/page", "/gone/there": "302 https://archive.example.org/search%20page", "/gone/here": "200 still here",
	} {
		a := site.visit(path)
		got := fmt.Sprint(a.status, " ", a.body)
		if to := a.header.Get("Location"); to != "" {
			got = fmt.Sprint(a.status, " ", to)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		if a.header.Get("Content-Security-Policy") != "" {
			t.Errorf("%s is held down: %v", path, a.header)
		}
		head := site.do(site.request("HEAD", path, ""))
		if head.status != a.status || head.body != "" || head.header.Get("Location") != a.header.Get("Location") || head.header.Get("Content-Length") != a.header.Get("Content-Length") {
			t.Errorf("HEAD %s: %d %v, GET %d %v", path, head.status, head.header, a.status, a.header)
		}
	}
	if a := site.visit("/photos/a%20b.txt", "Range", "bytes=0-2"); a.status != 206 || a.body != "pic" {
		t.Errorf("a range: %d %s", a.status, a.body)
	}
	etag := site.visit("/").header.Get("ETag")
	if a := site.visit("/", "If-None-Match", etag); a.status != 304 {
		t.Errorf("unchanged: %d", a.status)
	}
	// A signature makes nobody more than a visitor.
	if a := site.call("GET", "/private/x", ""); a.status != 403 {
		t.Errorf("signed: %d %s", a.status, a.body)
	}
	if a := site.call("GET", "/", ""); a.body != "home" {
		t.Errorf("signed: %d %s", a.status, a.body)
	}
	for _, method := range []string{"PUT", "POST", "DELETE", "PATCH"} {
		if a := site.call(method, "/new", "x"); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %s", method, a.status, a.body)
		}
	}
	// Who may not list does not learn what is missing.
	f.everybody("")
	if a := site.visit("/none"); a.status != 403 {
		t.Errorf("without listing: %d %s", a.status, a.body)
	}
	if a := site.visit("/folder"); a.header.Get("Location") != "/folder/" {
		t.Errorf("a folder without listing: %d %s", a.status, a.body)
	}
}

func TestSiteErrors(t *testing.T) {
	f, site := website(t, `<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><ErrorDocument><Key>private/e</Key></ErrorDocument></WebsiteConfiguration>`)
	f.page("private/e", "text/html", "secret")
	f.bucket("plain")
	f.put("plain", "index.html", "x")
	a := site.visit("/none<b>")
	if a.status != 404 || !strings.Contains(a.body, "<li>Code: NoSuchKey</li>") || a.header.Get("Content-Type") != "text/html; charset=utf-8" ||
		a.header.Get("x-amz-error-code") != "NoSuchKey" || a.header.Get("Content-Security-Policy") != "default-src 'none'" || strings.Contains(a.body, "secret") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	for host, code := range map[string]string{
		"plain." + siteDomain: "NoSuchWebsiteConfiguration", "nothing." + siteDomain: "NoSuchBucket", siteDomain: "NoSuchBucket", "A_B." + siteDomain: "NoSuchBucket",
	} {
		if a := f.at(host).visit("/index.html"); a.status != 404 || a.header.Get("x-amz-error-code") != code {
			t.Errorf("%s: %d %s, want %s", host, a.status, a.body, code)
		}
	}
	// Elsewhere the bucket is what it always was.
	if a := f.at("shop.example.com").visit("/none"); a.code() != "NoSuchKey" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := f.call("GET", "/shop/private/e", ""); a.body != "secret" || !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	f.call("DELETE", "/shop?website", "")
	if a := site.visit("/"); a.header.Get("x-amz-error-code") != "NoSuchWebsiteConfiguration" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestSiteIsElsewhere(t *testing.T) {
	_, site := website(t, `<WebsiteConfiguration><RedirectAllRequestsTo><HostName>www.example.org:8080</HostName><Protocol>https</Protocol></RedirectAllRequestsTo></WebsiteConfiguration>`)
	for path, want := range map[string]string{"/": "https://www.example.org:8080/", "/a%20b/c?d": "https://www.example.org:8080/a%20b/c"} {
		if a := site.visit(path); a.status != 301 || a.header.Get("Location") != want {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}

func TestSiteOfPages(t *testing.T) {
	f, site := website(t, siteConfig)
	f.page("index.html", "text/html", "home")
	f.call("PUT", "/shop?cors", corsRules)
	if a := site.visit("/", "Origin", "https://app.example.com"); a.header.Get("Access-Control-Allow-Origin") != "https://app.example.com" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if a := site.do(site.request("OPTIONS", "/", "", "Origin", "https://app.example.com", requestedMethod, "GET")); a.status != 200 {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestIsSite(t *testing.T) {
	h := New(Config{Domains: []string{"example.com", "s3.web.example.com"}, SiteDomains: []string{siteDomain}})
	for host, want := range map[string]bool{
		"a.web.example.com": true, "A.WEB.example.com:9001": true, "web.example.com": true, "a.example.com": false, "example.com": false,
		"a.s3.web.example.com": false, "localhost": false, "10.0.0.1:9000": false,
	} {
		if h.IsSite(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
}

// TestRedirectLocation: it is kept with the object, given back, and not copied along.
func TestRedirectLocation(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	location := func(key string) string {
		t.Helper()
		head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		get, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, get.Body)
		get.Body.Close()
		if aws.ToString(head.WebsiteRedirectLocation) != aws.ToString(get.WebsiteRedirectLocation) {
			t.Errorf("%s: %v, %v", key, head.WebsiteRedirectLocation, get.WebsiteRedirectLocation)
		}
		return aws.ToString(head.WebsiteRedirectLocation)
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("put"), Body: strings.NewReader("x"), WebsiteRedirectLocation: aws.String("/here")}); err != nil {
		t.Fatal(err)
	}
	for key, in := range map[string]*s3.CopyObjectInput{
		"":         {},
		"/there":   {WebsiteRedirectLocation: aws.String("/there")},
		"/replace": {WebsiteRedirectLocation: aws.String("/replace"), MetadataDirective: types.MetadataDirectiveReplace},
		"/sum":     {WebsiteRedirectLocation: aws.String("/sum"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256},
	} {
		in.Bucket, in.Key, in.CopySource = bucket, aws.String("copy"+key), aws.String("bucket/put")
		if _, err := client.CopyObject(ctx, in); err != nil {
			t.Fatal(err)
		}
		if got := location("copy" + key); got != key {
			t.Errorf("copy: %q, want %q", got, key)
		}
	}
	self := &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("put"), CopySource: aws.String("bucket/put"), WebsiteRedirectLocation: aws.String("/self")}
	if _, err := client.CopyObject(ctx, self); err != nil || location("put") != "/self" {
		t.Errorf("onto itself: %v", err)
	}
	upload, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), WebsiteRedirectLocation: aws.String("/parts")})
	if err != nil {
		t.Fatal(err)
	}
	part, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: upload.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("x")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: aws.String("parts"), UploadId: upload.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1), ChecksumCRC32: part.ChecksumCRC32}}},
	})
	if err != nil || location("parts") != "/parts" {
		t.Errorf("parts: %v", err)
	}
	f.post("/bucket", f.signedForm(`["starts-with","$key",""],["starts-with","$x-amz-website-redirect-location","/"]`, field{"key", "form"}, field{"x-amz-website-redirect-location", "/form"}), "x")
	if location("form") != "/form" {
		t.Error("form")
	}
	for _, bad := range []string{"here", "ftp://x", "javascript:x", "/" + strings.Repeat("x", 2048)} {
		if a := f.call("PUT", "/bucket/bad", "x", redirectHeader, bad); a.code() != "InvalidRedirectLocation" {
			t.Errorf("%.20s: %d %s", bad, a.status, a.body)
		}
	}
}

func TestWebsiteThroughTheSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	_, err := client.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: bucket, WebsiteConfiguration: &types.WebsiteConfiguration{
		IndexDocument: &types.IndexDocument{Suffix: aws.String("index.html")}, ErrorDocument: &types.ErrorDocument{Key: aws.String("e")},
		RoutingRules: []types.RoutingRule{{
			Condition: &types.Condition{KeyPrefixEquals: aws.String("a/"), HttpErrorCodeReturnedEquals: aws.String("404")},
			Redirect:  &types.Redirect{ReplaceKeyPrefixWith: aws.String(""), HttpRedirectCode: aws.String("307")},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: bucket})
	if err != nil || *got.IndexDocument.Suffix != "index.html" || *got.ErrorDocument.Key != "e" || got.RedirectAllRequestsTo != nil || len(got.RoutingRules) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	rule := got.RoutingRules[0]
	if *rule.Condition.KeyPrefixEquals != "a/" || *rule.Condition.HttpErrorCodeReturnedEquals != "404" || rule.Redirect.ReplaceKeyPrefixWith == nil ||
		*rule.Redirect.HttpRedirectCode != "307" || rule.Redirect.ReplaceKeyWith != nil {
		t.Errorf("%+v %+v", rule.Condition, rule.Redirect)
	}
	if _, err := client.DeleteBucketWebsite(ctx, &s3.DeleteBucketWebsiteInput{Bucket: bucket}); err != nil {
		t.Error(err)
	}
	if _, err := client.GetBucketWebsite(context.WithoutCancel(ctx), &s3.GetBucketWebsiteInput{Bucket: bucket}); err == nil || !strings.Contains(err.Error(), "NoSuchWebsiteConfiguration") {
		t.Error(err)
	}
}

func TestWebsiteIsReadStrictly(t *testing.T) {
	f := start(t).bucket("bucket")
	const index = "<IndexDocument><Suffix>i</Suffix></IndexDocument>"
	config := func(inside string) string { return "<WebsiteConfiguration>" + inside + "</WebsiteConfiguration>" }
	rule := func(inside string) string {
		return config(index + "<RoutingRules><RoutingRule>" + inside + "</RoutingRule></RoutingRules>")
	}
	const to = "<Redirect><HostName>h</HostName></Redirect>"
	for name, c := range map[string]struct{ body, code string }{
		"nothing":           {"", "MalformedXML"},
		"empty":             {config(""), "InvalidArgument"},
		"no index":          {config("<ErrorDocument><Key>e</Key></ErrorDocument>"), "InvalidArgument"},
		"two indexes":       {config(index + index), "MalformedXML"},
		"empty suffix":      {config("<IndexDocument><Suffix></Suffix></IndexDocument>"), "InvalidArgument"},
		"suffix of folders": {config("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"), "InvalidArgument"},
		"empty error":       {config(index + "<ErrorDocument><Key/></ErrorDocument>"), "InvalidArgument"},
		"both":              {config(index + "<RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo>"), "InvalidArgument"},
		"no host":           {config("<RedirectAllRequestsTo><Protocol>http</Protocol></RedirectAllRequestsTo>"), "InvalidRequest"},
		"host of a path":    {config("<RedirectAllRequestsTo><HostName>h/x</HostName></RedirectAllRequestsTo>"), "InvalidRequest"},
		"host of two lines": {config("<RedirectAllRequestsTo><HostName>h&#10;x</HostName></RedirectAllRequestsTo>"), "InvalidRequest"},
		"other protocol":    {config("<RedirectAllRequestsTo><HostName>h</HostName><Protocol>ftp</Protocol></RedirectAllRequestsTo>"), "InvalidRequest"},
		"no redirect":       {rule("<Condition><KeyPrefixEquals>a</KeyPrefixEquals></Condition>"), "MalformedXML"},
		"empty redirect":    {rule("<Redirect/>"), "MalformedXML"},
		"two redirects":     {rule(to + to), "MalformedXML"},
		"empty condition":   {rule("<Condition/>" + to), "InvalidRequest"},
		"condition on 200":  {rule("<Condition><HttpErrorCodeReturnedEquals>200</HttpErrorCodeReturnedEquals></Condition>" + to), "InvalidRequest"},
		"redirect with 200": {rule("<Redirect><HostName>h</HostName><HttpRedirectCode>200</HttpRedirectCode></Redirect>"), "InvalidRequest"},
		"redirect with 304": {rule("<Redirect><HttpRedirectCode>304</HttpRedirectCode></Redirect>"), "InvalidRequest"},
		"two keys":          {rule("<Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>"), "InvalidRequest"},
		"unknown element":   {config(index + "<Other/>"), "MalformedXML"},
		"entities":          {`<!DOCTYPE a [<!ENTITY b "c">]>` + config(index), "MalformedXML"},
		"too many rules":    {config(index + "<RoutingRules>" + strings.Repeat("<RoutingRule>"+to+"</RoutingRule>", 51) + "</RoutingRules>"), "InvalidRequest"},
	} {
		if a := f.call("PUT", "/bucket?website", c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func FuzzReadWebsite(f *testing.F) {
	f.Add([]byte(siteConfig))
	f.Add([]byte("<WebsiteConfiguration><RedirectAllRequestsTo><HostName>h</HostName></RedirectAllRequestsTo></WebsiteConfiguration>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := readWebsite(data)
		if err != nil {
			if translate(err).status() != http.StatusBadRequest {
				t.Fatal(err)
			}
			return
		}
		text, err := canonicalXML(config)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readWebsite([]byte(text))
		if err != nil || len(again.rules()) != len(config.rules()) || (again.Index == nil) != (config.Index == nil) {
			t.Fatalf("%s: %v", text, err)
		}
	})
}
