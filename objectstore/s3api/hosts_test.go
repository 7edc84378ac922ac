package s3api

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
)

func TestHostNames(t *testing.T) {
	d := newDomains([]string{"S3.example.com.", "example.com", ""})
	for host, want := range map[string]string{
		"photos.s3.example.com": "photos", "photos.s3.example.com:9000": "photos", "PHOTOS.S3.Example.com.:9000": "photos", "a.b.s3.example.com": "a.b",
		"s3.example.com": "", "s3.example.com:9000": "", "photos.example.com": "photos", "example.com": "",
		"photos.s3.example.org": "none", "xs3.example.org": "none", "127.0.0.1:9000": "none", "[::1]:9000": "none", "[::1]": "none", "": "none",
		"notexample.com": "none",
	} {
		bucket, _, ok := d.bucket(host)
		if !ok {
			bucket = "none"
		}
		if bucket != want {
			t.Errorf("%q: %q, want %q", host, bucket, want)
		}
	}
	if _, _, ok := newDomains(nil).bucket("a.b"); ok {
		t.Error("a bucket of no domain")
	}
}

// everyHost is a client that finds every host name at the fixture.
func (f *fixture) everyHost() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy, transport.DisableCompression = nil, true
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, f.server.Listener.Addr().String())
	}
	f.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// at makes the fixture's requests to a host name.
func (f *fixture) at(host string) *fixture {
	g := *f
	g.client, g.server = f.everyHost(), &httptest.Server{URL: "http://" + host, Listener: f.server.Listener}
	return &g
}

const testDomain = "s3.example.com"

func onDomain(c *Config) { c.Domains = []string{testDomain} }

func TestVirtualHosts(t *testing.T) {
	f := start(t, onDomain).bucket("bucket").bucket("dotted.name")
	f.put("bucket", "bucket/key", "hello")
	f.put("dotted.name", "a", "dots")
	host := f.at("bucket." + testDomain + ":9000")
	if a := host.call("GET", "/bucket/key", ""); a.body != "hello" {
		t.Errorf("get: %d %s", a.status, a.body)
	}
	if a := host.call("GET", "/", ""); !strings.Contains(a.body, "<Name>bucket</Name>") || !strings.Contains(a.body, "<Key>bucket/key</Key>") {
		t.Errorf("list: %d %s", a.status, a.body)
	}
	if a := f.at("dotted.name."+testDomain).call("GET", "/a", ""); a.body != "dots" {
		t.Errorf("dots: %d %s", a.status, a.body)
	}
	for _, key := range []string{"a b", "//a", "../up", "100%", "中文/文件", "q?x=1"} {
		target := "/" + uriEncode(key, false)
		if a := host.call("PUT", target, key); a.status != 200 {
			t.Errorf("put %q: %d %s", key, a.status, a.body)
		}
		if a := host.call("GET", target, ""); a.body != key || !slices.Contains(f.keys("bucket"), key) {
			t.Errorf("get %q: %d %s", key, a.status, a.body)
		}
	}
	// The domain itself and every other name are path style.
	for _, name := range []string{testDomain, "other.example.com", "127.0.0.1:9000"} {
		if a := f.at(name).call("GET", "/bucket/bucket/key", ""); a.body != "hello" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := f.at(testDomain).call("GET", "/", ""); !strings.Contains(a.body, "ListAllMyBucketsResult") {
		t.Errorf("the domain: %d %s", a.status, a.body)
	}
	// What is signed for one host is not good for another.
	r := host.sign(host.request("GET", "/bucket/key", ""), "")
	r.Host = "other." + testDomain
	if a := host.do(r); a.code() != "SignatureDoesNotMatch" {
		t.Errorf("another host: %d %s", a.status, a.body)
	}
	f.guard.refuse = func(Credential, Ask) error { return nil }
	if a := host.do(host.request("GET", "/bucket/key", "")); a.status != 200 {
		t.Errorf("anonymous, and allowed: %d %s", a.status, a.body)
	}
	if a := f.at("None_."+testDomain).call("GET", "/key", ""); a.code() != "InvalidBucketName" {
		t.Errorf("no name of a bucket: %d %s", a.status, a.body)
	}
	if a := f.at("new."+testDomain).call("PUT", "/", ""); a.status != 200 {
		t.Errorf("create: %d %s", a.status, a.body)
	}
	if a := f.at("new."+testDomain).call("DELETE", "/", ""); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.body)
	}
}

// TestVirtualHostsAndTheConsole: the console is not to be under the name of a bucket.
func TestVirtualHostsAndTheConsole(t *testing.T) {
	f := start(t, onDomain, func(c *Config) { c.Console = func(r *http.Request) string { return "http://" + r.Host + "/console" } }).bucket("bucket")
	host := f.at("bucket." + testDomain + ":9000")
	if a := host.do(host.request("GET", "/key", "", "Accept", "text/html")); a.header.Get("Location") != "http://"+testDomain+":9000/console" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestVirtualHostsOfForms(t *testing.T) {
	f := start(t, onDomain).bucket("bucket")
	host := f.at("bucket." + testDomain)
	if a := host.call("PUT", "/?cors", corsRules); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := host.do(host.request("OPTIONS", "/key", "", "Origin", "https://app.example.com", requestedMethod, "PUT")); a.status != 200 {
		t.Errorf("preflight: %d %s", a.status, a.body)
	}
	a := host.post("/", host.signedForm(`["starts-with","$key",""]`, field{"key", "a b"}), "hello")
	if a.status != 204 || a.header.Get("Location") != "http://bucket."+testDomain+"/a%20b" {
		t.Errorf("form: %d %v %s", a.status, a.header, a.body)
	}
	if keys := f.keys("bucket"); !slices.Equal(keys, []string{"a b"}) {
		t.Errorf("%q", keys)
	}
}

func TestVirtualHostsOfTheSDKs(t *testing.T) {
	f := start(t, onDomain)
	ctx, hosts := t.Context(), f.everyHost()
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String("http://" + testDomain + ":9000"), Region: "us-east-1", HTTPClient: hosts,
		Credentials: credentials.NewStaticCredentialsProvider(testKey, testSecret, ""),
	})
	bucket, key := aws.String("bucket"), aws.String("dir/a b+%中~")
	data := random(6 << 20)
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(data)}); err != nil {
		t.Fatal(err)
	}
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})
	if err != nil || len(list.Contents) != 1 || *list.Contents[0].Key != *key {
		t.Errorf("%+v, %v", list, err)
	}
	link, err := s3.NewPresignClient(client).PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil || !strings.HasPrefix(link.URL, "http://bucket."+testDomain+":9000/dir/") {
		t.Fatalf("%+v, %v", link, err)
	}
	get := func(link string) []byte {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, link, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := hosts.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	if !bytes.Equal(get(link.URL), data) {
		t.Error("the presigned link gives something else")
	}

	for _, trailers := range []bool{false, true} {
		client, err := minio.New(testDomain+":9000", &minio.Options{
			Creds: miniocredentials.NewStaticV4(testKey, testSecret, ""), TrailingHeaders: trailers, BucketLookup: minio.BucketLookupDNS,
			Transport: hosts.Transport,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.PutObject(ctx, "bucket", "min io", bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{PartSize: 5 << 20}); err != nil {
			t.Fatal(err)
		}
		o, err := client.GetObject(ctx, "bucket", "min io", minio.GetObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(o); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		o.Close()
		u, err := client.PresignedGetObject(ctx, "bucket", "min io", time.Hour, url.Values{})
		if err != nil || !strings.HasPrefix(u.String(), "http://bucket."+testDomain) {
			t.Fatalf("%v, %v", u, err)
		}
		if !bytes.Equal(get(u.String()), data) {
			t.Error("the presigned link gives something else")
		}
	}
}
