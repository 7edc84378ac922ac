package objectstore_test

import (
	"testing"

	"croft/objectstore"
)

func TestCompressionWants(t *testing.T) {
	all := objectstore.Compression{On: true}
	some := objectstore.Compression{On: true, Types: []string{"text/*", "Application/JSON"}, Suffixes: []string{".LOG", ".csv"}, MinSize: 100}
	f := func(c objectstore.Compression, key, contentType, encoding string, size int64, want bool) {
		t.Helper()
		if got := c.Wants(key, objectstore.Attributes{ContentType: contentType, ContentEncoding: encoding}, size); got != want {
			t.Errorf("%+v: %s %s %s %d: %v", c, key, contentType, encoding, size, got)
		}
	}
	f(objectstore.Compression{}, "a.txt", "text/plain", "", 1<<20, false)
	f(all, "a", "", "", -1, true)
	f(all, "a", "", "", 4096, true)
	f(all, "a", "", "", 4095, false)
	f(all, "a.ZIP", "application/octet-stream", "", 1<<20, false)
	f(all, "a", "Image/JPEG; x=y", "", 1<<20, false)
	f(all, "a", "video/mp4", "", 1<<20, false)
	f(all, "a", "text/plain", "gzip", 1<<20, false)
	f(all, "a", "text/plain", "aws-chunked", 1<<20, true)
	f(all, "a.zip/readme", "", "", 1<<20, true)
	f(some, "a", "text/plain; charset=utf-8", "", 100, true)
	f(some, "a", "text/plain", "", 99, false)
	f(some, "a", "application/json", "", 100, true)
	f(some, "a", "application/jsonx", "", 100, false)
	f(some, "a.Log", "", "", 100, true)
	f(some, "a.log.bin", "", "", 100, false)
}
