package s3api

import (
	"bufio"
	"strings"
	"testing"
	"time"
)

// TestHeadersAreSpelledAsS3Does looks at the bytes of an answer: every client of Go's
// would spell the names anew.
func TestHeadersAreSpelledAsS3Does(t *testing.T) {
	f := start(t).bucket("bucket")
	f.versioning("bucket", "Enabled")
	f.call("PUT", "/bucket/key", "hello", "X-Amz-Meta-Colour", "blue")
	conn := f.dialRaw(f.sign(f.request("GET", "/bucket/key", ""), ""))
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	lines := bufio.NewScanner(conn)
	var names []string
	for lines.Scan() && lines.Text() != "" {
		name, _, _ := strings.Cut(lines.Text(), ": ")
		names = append(names, name)
	}
	head := "\n" + strings.Join(names, "\n") + "\n"
	for _, want := range []string{"ETag", "x-amz-version-id", "x-amz-request-id", "x-amz-id-2", "x-amz-meta-colour", "Last-Modified"} {
		if !strings.Contains(head, "\n"+want+"\n") {
			t.Errorf("no %s in %s", want, head)
		}
	}
}
