package s3api

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/lifecycle"
)

// withLifecycle has buckets of the fixture take rules; nothing does what they say.
func withLifecycle(c *Config) {
	c.Lifecycle = lifecycle.New(lifecycle.Deps{Store: c.Store, Log: slog.New(slog.DiscardHandler)}, lifecycle.Config{})
}

const logsRule = `<Rule><ID>logs &amp; more</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>30</Days></Expiration>` +
	`<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>`

func rulesOf(rules ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
		strings.Join(rules, "") + `</LifecycleConfiguration>`
}

func (f *fixture) wants(a answer, status int, code string) {
	f.t.Helper()
	if a.status != status || a.code() != code {
		f.t.Fatalf("%d %s, want %d %s", a.status, a.body, status, code)
	}
}

func TestLifecycleConfiguration(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	f.wants(f.call("GET", "/bucket?lifecycle", ""), 404, "NoSuchLifecycleConfiguration")
	f.wants(f.call("DELETE", "/bucket?lifecycle", ""), 204, "")
	f.wants(f.call("PUT", "/bucket?lifecycle", rulesOf(logsRule)), 200, "")
	got := f.call("GET", "/bucket?lifecycle", "")
	f.wants(got, 200, "")
	if got.body != rulesOf(logsRule) || got.header.Get("Content-Type") != "application/xml" {
		t.Fatalf("%s\nwant\n%s", got.body, rulesOf(logsRule))
	}
	for text, code := range map[string]string{
		"":                         "MalformedXML",
		"<LifecycleConfiguration/": "MalformedXML",
		rulesOf():                  "MalformedXML",
		strings.Replace(rulesOf(logsRule), "30", "0", 1):          "InvalidArgument",
		rulesOf(logsRule, logsRule):                               "InvalidArgument",
		rulesOf("<Rule><Status>Enabled</Status><Filter/></Rule>"): "InvalidRequest",
		strings.Replace(rulesOf(logsRule), "<Expiration>", "<Transition><Days>1</Days><StorageClass>WARM</StorageClass></Transition><Expiration>", 1): "InvalidArgument",
	} {
		f.wants(f.call("PUT", "/bucket?lifecycle", text), 400, code)
	}
	if again := f.call("GET", "/bucket?lifecycle", ""); again.body != got.body {
		t.Fatalf("what was refused changed the rules: %s", again.body)
	}
	f.wants(f.call("PUT", "/none?lifecycle", rulesOf(logsRule)), 404, "NoSuchBucket")
	f.wants(f.call("GET", "/none?lifecycle", ""), 404, "NoSuchBucket")
	f.wants(f.call("DELETE", "/bucket?lifecycle", ""), 204, "")
	f.wants(f.call("GET", "/bucket?lifecycle", ""), 404, "NoSuchLifecycleConfiguration")
}

func TestLifecycleIsASetting(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	var asked []string
	f.guard.refuse = func(_ Credential, ask Ask) error {
		asked = append(asked, string(ask.Action)+" "+ask.S3)
		return errs.New(errs.Forbidden, "forbidden", "No.")
	}
	for _, method := range []string{"PUT", "GET", "DELETE"} {
		f.wants(f.call(method, "/bucket?lifecycle", rulesOf(logsRule)), 403, "AccessDenied")
	}
	if got := strings.Join(asked, ", "); got != "bucket.write s3:PutLifecycleConfiguration, bucket.read s3:GetLifecycleConfiguration, bucket.write s3:PutLifecycleConfiguration" {
		t.Fatal(got)
	}
	f.guard.refuse = nil
	f.wants(f.call("GET", "/bucket?lifecycle", ""), 404, "NoSuchLifecycleConfiguration")
}

// TestLifecycleElsewhere refuses rules where nobody would do what they say.
func TestLifecycleElsewhere(t *testing.T) {
	plain := func(c *Config) { c.Store = struct{ objectstore.Store }{c.Store} }
	for name, configure := range map[string][]func(*Config){"no worker": nil, "no versions": {plain, withLifecycle}} {
		t.Run(name, func(t *testing.T) {
			f := start(t, configure...).bucket("bucket")
			f.wants(f.call("PUT", "/bucket?lifecycle", rulesOf(logsRule)), 501, "NotImplemented")
			f.wants(f.call("DELETE", "/bucket?lifecycle", ""), 501, "NotImplemented")
			f.wants(f.call("GET", "/bucket?lifecycle", ""), 404, "NoSuchLifecycleConfiguration")
			if a := f.call("PUT", "/bucket/k", "x"); a.status != 200 || a.header.Get("X-Amz-Expiration") != "" {
				t.Fatal(a)
			}
		})
	}
}

func TestExpirationHeaders(t *testing.T) {
	f := start(t, withLifecycle).bucket("bucket")
	f.wants(f.call("PUT", "/bucket?lifecycle", rulesOf(logsRule)), 200, "")
	o := f.put("bucket", "logs/stored", "12345")
	midnight := func(days int) string {
		return o.ModifiedAt.UTC().Truncate(24*time.Hour).AddDate(0, 0, days+1).Format("Mon, 02 Jan 2006 15:04:05 GMT")
	}
	want := `expiry-date="` + midnight(30) + `", rule-id="logs%20%26%20more"`
	for _, one := range []struct{ method, target, body string }{
		{"PUT", "/bucket/logs/a", "x"}, {"GET", "/bucket/logs/a", ""}, {"HEAD", "/bucket/logs/a", ""},
		{"GET", "/bucket/logs/stored?partNumber=1", ""}, {"PUT", "/bucket/logs/copy", ""},
	} {
		var header []string
		if strings.HasSuffix(one.target, "copy") {
			header = []string{copySource, "/bucket/logs/a"}
		}
		if a := f.call(one.method, one.target, one.body, header...); a.status != 200 || a.header.Get("X-Amz-Expiration") != want {
			t.Errorf("%s %s: %d, %q, want %q", one.method, one.target, a.status, a.header.Get("X-Amz-Expiration"), want)
		}
	}
	if a := f.call("PUT", "/bucket/other", "x"); a.status != 200 || a.header.Get("X-Amz-Expiration") != "" {
		t.Errorf("another key: %v", a.header)
	}
	if a := f.call("GET", "/bucket/logs/a?versionId=null", ""); a.status != 200 || a.header.Get("X-Amz-Expiration") != "" {
		t.Errorf("a version by name: %v", a.header)
	}

	begun := f.call("POST", "/bucket/logs/up?uploads", "")
	_, id, _ := strings.Cut(begun.body, "<UploadId>")
	id, _, _ = strings.Cut(id, "<")
	parts := f.call("GET", "/bucket/logs/up?uploadId="+url.QueryEscape(id), "")
	for _, a := range []answer{begun, parts} {
		if a.status != 200 || a.header.Get("X-Amz-Abort-Date") != midnight(7) || a.header.Get("X-Amz-Abort-Rule-Id") != "logs%20%26%20more" {
			t.Errorf("%d %v", a.status, a.header)
		}
	}
	part := f.call("PUT", "/bucket/logs/up?partNumber=1&uploadId="+url.QueryEscape(id), "x")
	done := f.call("POST", "/bucket/logs/up?uploadId="+url.QueryEscape(id),
		"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"+part.header.Get("Etag")+"</ETag></Part></CompleteMultipartUpload>")
	if done.status != 200 || done.header.Get("X-Amz-Expiration") != want {
		t.Errorf("completed: %d, %v", done.status, done.header)
	}
}

// tiered shows objects as if a tier kept them.
type tiered struct {
	objectstore.Store
	objectstore.Versions
}

func (s tiered) HeadVersion(ctx context.Context, ref objectstore.VersionRef) (objectstore.Object, error) {
	o, err := s.Versions.HeadVersion(ctx, ref)
	o.Tier = "GLACIER"
	return o, err
}

func (s tiered) Head(ctx context.Context, bucket, key string) (objectstore.Object, error) {
	return s.HeadVersion(ctx, objectstore.VersionRef{Bucket: bucket, Key: key})
}

func (s tiered) List(ctx context.Context, r objectstore.ListRequest) (objectstore.ListPage, error) {
	page, err := s.Store.List(ctx, r)
	for i := range page.Objects {
		page.Objects[i].Tier = "GLACIER"
	}
	return page, err
}

func (s tiered) ListVersions(ctx context.Context, r objectstore.ListVersionsRequest) (objectstore.VersionPage, error) {
	page, err := s.Versions.ListVersions(ctx, r)
	for i := range page.Versions {
		page.Versions[i].Tier = "GLACIER"
	}
	return page, err
}

func TestTiersAreStorageClasses(t *testing.T) {
	f := start(t, func(c *Config) { c.Store = tiered{c.Store, c.Store.(objectstore.Versions)} }).bucket("bucket")
	f.put("bucket", "k", "x")
	if a := f.call("HEAD", "/bucket/k", ""); a.header.Get("X-Amz-Storage-Class") != "GLACIER" {
		t.Error(a.header)
	}
	if a := f.call("GET", "/bucket/k?attributes", "", "X-Amz-Object-Attributes", "StorageClass"); !strings.Contains(a.body, "<StorageClass>GLACIER</StorageClass>") {
		t.Error(a.body)
	}
	for _, target := range []string{"/bucket", "/bucket?list-type=2", "/bucket?versions"} {
		if a := f.call("GET", target, ""); !strings.Contains(a.body, "<StorageClass>GLACIER</StorageClass>") {
			t.Errorf("%s: %s", target, a.body)
		}
	}
}
