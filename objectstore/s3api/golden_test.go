package s3api

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scrub replaces what differs from run to run.
var scrub = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`), "TIME"},
	{regexp.MustCompile(`<(RequestId|HostId)>[^<]*<`), "<$1>ID<"},
	{regexp.MustCompile(`<(UploadId|NextUploadIdMarker)>[^<]+<`), "<$1>ID<"},
	{regexp.MustCompile(`<(VersionId|DeleteMarkerVersionId|NextVersionIdMarker)>[0-9a-f]{32}<`), "<$1>VERSION<"},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+`), "http://HOST"},
}

// TestGolden holds every kind of document to its file; -update rewrites them.
func TestGolden(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "a & b", "hello")
	f.put("bucket", "dir/1", "one")
	f.put("bucket", "dir/2", "two")
	f.call("PUT", "/bucket/dir/2?tagging", "<Tagging><TagSet><Tag><Key>b</Key><Value>two @ more</Value></Tag><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>")
	f.bucket("versioned").versioning("versioned", "Enabled")
	for _, key := range []string{"a & b", "a & b", "c d/1", "c d/2", "e f/1"} {
		f.put("versioned", key, "hello")
	}
	f.call("PUT", "/locked", "", bucketLockHeader, "true")
	f.call("PUT", "/locked?object-lock", defaultRetention("<Mode>GOVERNANCE</Mode><Days>3</Days>"))
	f.call("PUT", "/locked?encryption", "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>")
	f.call("PUT", "/locked/key", "x", legalHoldHeader, "ON")
	upload := f.begin("/bucket/upload", "X-Amz-Checksum-Algorithm", "CRC32")
	etag := f.part(upload, 1, "part")
	for _, c := range []struct{ name, method, target, body, source string }{
		{"list_buckets", "GET", "/", "", ""},
		{"list_v1", "GET", "/bucket", "", ""},
		{"list_v1_delimiter", "GET", "/bucket?delimiter=%2F&max-keys=1", "", ""},
		{"list_v2", "GET", "/bucket?list-type=2&encoding-type=url&fetch-owner=true", "", ""},
		{"list_v2_delimiter", "GET", "/bucket?list-type=2&delimiter=%2F&max-keys=1&start-after=a", "", ""},
		{"location", "GET", "/bucket?location", "", ""},
		{"versioning", "GET", "/bucket?versioning", "", ""},
		{"logging", "GET", "/bucket?logging", "", ""},
		{"request_payment", "GET", "/bucket?requestPayment", "", ""},
		{"acl", "GET", "/bucket?acl", "", ""},
		{"object_tagging", "GET", "/bucket/dir/1?tagging", "", ""},
		{"object_tagging_two", "GET", "/bucket/dir/2?tagging", "", ""},
		{"uploads", "GET", "/bucket?uploads", "", ""},
		{"parts", "GET", upload, "", ""},
		{"create_upload", "POST", "/bucket/other?uploads", "", ""},
		{"complete", "POST", upload, completeBody(etag), ""},
		{"copy", "PUT", "/bucket/copy", "", "/bucket/dir/1"},
		{"delete", "POST", "/bucket?delete", "<Delete><Object><Key>copy</Key></Object><Object><Key>dir/1</Key><VersionId>1</VersionId></Object></Delete>", ""},
		{"error_no_such_key", "GET", "/bucket/none%20%26", "", ""},
		{"error_not_implemented", "PUT", "/bucket?analytics", "", ""},
		{"versioning_enabled", "GET", "/versioned?versioning", "", ""},
		{"delete_with_marker", "POST", "/versioned?delete", "<Delete><Object><Key>b</Key></Object><Object><Key>b</Key><VersionId>null</VersionId></Object></Delete>", ""},
		{"object_lock", "GET", "/locked?object-lock", "", ""},
		{"retention", "GET", "/locked/key?retention", "", ""},
		{"legal_hold", "GET", "/locked/key?legal-hold", "", ""},
		{"attributes", "GET", "/bucket/upload?attributes", "", ""},
		{"encryption", "GET", "/locked?encryption", "", ""},
		{"list_versions", "GET", "/versioned?versions", "", ""},
		{"list_versions_page", "GET", "/versioned?versions&max-keys=1&prefix=a+%26", "", ""},
		{"list_versions_folders", "GET", "/versioned?versions&max-keys=1&key-marker=b&delimiter=%2F&encoding-type=url", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := f.of(t)
			var header []string
			if c.name == "attributes" {
				header = []string{"X-Amz-Object-Attributes", "ETag,Checksum,ObjectParts,StorageClass,ObjectSize"}
			}
			if c.source != "" {
				header = []string{copySource, c.source}
			}
			a := f.call(c.method, c.target, c.body, header...)
			if got := a.header.Get("Content-Type"); got != "application/xml" && a.body != "" {
				t.Errorf("Content-Type %q", got)
			}
			got := a.body
			for _, s := range scrub {
				got = s.pattern.ReplaceAllString(got, s.with)
			}
			path := filepath.Join("testdata", "golden", c.name+".xml")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
