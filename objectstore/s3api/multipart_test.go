package s3api

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"croft/objectstore"
)

// begin starts an upload and returns the target of its requests.
func (f *fixture) begin(target string, header ...string) string {
	f.t.Helper()
	a := f.call("POST", target+"?uploads", "", header...)
	id := between(a.body, "<UploadId>", "</UploadId>")
	if a.status != 200 || len(id) != 1 {
		f.t.Fatalf("%d %s", a.status, a.body)
	}
	return target + "?uploadId=" + url.QueryEscape(id[0])
}

// part uploads one and returns its ETag, quoted.
func (f *fixture) part(upload string, number int, body string, header ...string) string {
	f.t.Helper()
	a := f.call("PUT", fmt.Sprintf("%s&partNumber=%d", upload, number), body, header...)
	if a.status != 200 {
		f.t.Fatalf("part %d: %d %s", number, a.status, a.body)
	}
	return a.header.Get("ETag")
}

func completeBody(etags ...string) string {
	var b strings.Builder
	b.WriteString("<CompleteMultipartUpload>")
	for i, etag := range etags {
		fmt.Fprintf(&b, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag)
	}
	b.WriteString("</CompleteMultipartUpload>")
	return b.String()
}

var fiveMiB = strings.Repeat("0123456789abcdef", objectstore.MinPartSize/16)

func TestMultipart(t *testing.T) {
	f := start(t).bucket("bucket")
	upload := f.begin("/bucket/big", "Content-Type", "text/x-big", "X-Amz-Meta-Colour", "blue")
	first, second := f.part(upload, 1, fiveMiB), f.part(upload, 2, "the end")
	f.empty("bucket", "parts only")

	a := f.call("GET", upload, "")
	if got := strings.Join(between(a.body, "<PartNumber>", "</PartNumber>"), " "); got != "1 2" {
		t.Errorf("parts %q: %s", got, a.body)
	}
	a = f.call("GET", upload+"&max-parts=1", "")
	if !strings.Contains(a.body, "<IsTruncated>true</IsTruncated>") || !strings.Contains(a.body, "<NextPartNumberMarker>1</NextPartNumberMarker>") {
		t.Errorf("first page: %s", a.body)
	}
	a = f.call("GET", upload+"&part-number-marker=1", "")
	if got := strings.Join(between(a.body, "<PartNumber>", "</PartNumber>"), " "); got != "2" {
		t.Errorf("second page %q", got)
	}
	a = f.call("GET", "/bucket?uploads", "")
	if got := between(a.body, "<Key>", "</Key>"); len(got) != 1 || got[0] != "big" {
		t.Errorf("uploads: %s", a.body)
	}
	for _, c := range []struct{ name, body, code string }{
		{"no part", completeBody(), "MalformedXML"},
		{"wrong etag", completeBody(first, first), "InvalidPart"},
		{"missing part", strings.Replace(completeBody(first, second), "<PartNumber>2", "<PartNumber>3", 1), "InvalidPart"},
		{"no etag", "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>", "MalformedXML"},
		{"order", "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>" + second + "</ETag></Part><Part><PartNumber>1</PartNumber><ETag>" + first + "</ETag></Part></CompleteMultipartUpload>", "InvalidPartOrder"},
		{"not xml", "x", "MalformedXML"},
	} {
		if a := f.call("POST", upload, c.body); a.code() != c.code {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
		f.empty("bucket", c.name)
	}
	if a := f.call("POST", upload, completeBody(first, second), "X-Amz-Mp-Object-Size", "1"); a.code() != "InvalidRequest" {
		t.Errorf("wrong size: %d %s", a.status, a.body)
	}
	size := len(fiveMiB) + len("the end")
	a = f.call("POST", upload, completeBody(first, second), "X-Amz-Mp-Object-Size", fmt.Sprint(size))
	etags := between(a.body, "<ETag>", "</ETag>")
	if a.status != 200 || len(etags) != 1 || !strings.Contains(etags[0], "-2") {
		t.Fatalf("complete: %d %s", a.status, a.body)
	}
	if a := f.call("POST", upload, completeBody(first, second)); a.status != 200 {
		t.Errorf("completing again: %d %s", a.status, a.body)
	}
	if a := f.call("POST", upload, completeBody(second, first)); a.code() != "NoSuchUpload" {
		t.Errorf("completing something else: %d %s", a.status, a.body)
	}
	a = f.call("GET", "/bucket/big", "")
	if a.body != fiveMiB+"the end" || a.header.Get("Content-Type") != "text/x-big" || a.header.Get("X-Amz-Meta-Colour") != "blue" {
		t.Errorf("get: %d bytes, %v", len(a.body), a.header)
	}
	f.run(t, []call{
		{name: "part 2", method: "GET", target: "/bucket/big?partNumber=2", status: 206, wantBody: "the end", want: map[string]string{
			"x-amz-mp-parts-count": "2", "Content-Range": fmt.Sprintf("bytes %d-%d/%d", len(fiveMiB), size-1, size),
		}},
		{name: "head part 1", method: "HEAD", target: "/bucket/big?partNumber=1", status: 206, want: map[string]string{"Content-Length": fmt.Sprint(len(fiveMiB))}},
		{name: "part 3", method: "GET", target: "/bucket/big?partNumber=3", status: 416, code: "InvalidPartNumber"},
		{name: "part 0", method: "GET", target: "/bucket/big?partNumber=0", status: 400, code: "InvalidArgument"},
		{name: "part and range", method: "GET", target: "/bucket/big?partNumber=1", header: []string{"Range", "bytes=0-1"}, status: 400, code: "InvalidRequest"},
		{name: "upload part 0", method: "PUT", target: upload + "&partNumber=0", body: "x", status: 400, code: "InvalidArgument"},
		{name: "upload part 10001", method: "PUT", target: upload + "&partNumber=10001", body: "x", status: 400, code: "InvalidArgument"},
		{name: "part of nothing", method: "PUT", target: upload + "&partNumber=1", body: "x", status: 404, code: "NoSuchUpload"},
		{name: "abort nothing", method: "DELETE", target: upload, status: 404, code: "NoSuchUpload"},
		{name: "list nothing", method: "GET", target: upload, status: 404, code: "NoSuchUpload"},
	})
	upload = f.begin("/bucket/aborted")
	f.part(upload, 1, "x")
	if a := f.call("DELETE", upload, ""); a.status != 204 {
		t.Errorf("abort: %d", a.status)
	}
	upload = f.begin("/bucket/small")
	one, two := f.part(upload, 1, "x"), f.part(upload, 2, "y")
	if a := f.call("POST", upload, completeBody(one, two)); a.code() != "EntityTooSmall" {
		t.Errorf("small: %d %s", a.status, a.body)
	}
	if a := f.call("PUT", upload+"&partNumber=1", "bad", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="); a.code() != "BadDigest" {
		t.Errorf("part with a wrong digest: %d %s", a.status, a.body)
	}
	for _, c := range []struct{ name, value, code string }{
		{"X-Amz-Content-Sha256", sha256hex("other"), "XAmzContentSHA256Mismatch"},
		{"x-amz-checksum-crc32", "AAAAAA==", "BadDigest"},
	} {
		if a := f.call("PUT", upload+"&partNumber=3", "bad", c.name, c.value); a.code() != c.code {
			t.Errorf("part with a wrong %s: %d %s", c.name, a.status, a.body)
		}
	}
	if a := f.call("GET", upload, ""); strings.Contains(a.body, "<PartNumber>3<") {
		t.Errorf("a refused part was stored: %s", a.body)
	}
	if a := f.call("GET", upload, ""); !strings.Contains(a.body, strings.Trim(one, `"`)) {
		t.Errorf("the refused part replaced the good one: %s", a.body)
	}
}

// TestBeginWithMD5: jets3t begins an upload with the MD5 of what it is going to send.
func TestBeginWithMD5(t *testing.T) {
	f := start(t).bucket("bucket")
	f.begin("/bucket/key", "Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==")
	if a := f.call("POST", "/bucket/key?uploads", "", "Content-MD5", "none"); a.code() != "InvalidDigest" {
		t.Errorf("what is no MD5: %d %s", a.status, a.body)
	}
}

func TestUploadPartCopy(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "source", fiveMiB+"tail")
	upload := f.begin("/bucket/copy", "X-Amz-Checksum-Algorithm", "CRC32")
	etags := make([]string, 2)
	for i, rng := range []string{"bytes=0-" + fmt.Sprint(len(fiveMiB)-1), "bytes=" + fmt.Sprint(len(fiveMiB)) + "-" + fmt.Sprint(len(fiveMiB)+3)} {
		a := f.call("PUT", fmt.Sprintf("%s&partNumber=%d", upload, i+1), "", copySource, "/bucket/source", "X-Amz-Copy-Source-Range", rng)
		if a.status != 200 || !strings.Contains(a.body, "<CopyPartResult") || !strings.Contains(a.body, "<ChecksumCRC32>") {
			t.Fatalf("%d %s", a.status, a.body)
		}
		etags[i] = between(a.body, "<ETag>", "</ETag>")[0]
	}
	f.run(t, []call{
		{name: "over the end", method: "PUT", target: upload + "&partNumber=3", header: []string{copySource, "/bucket/source", "X-Amz-Copy-Source-Range", "bytes=0-99999999"}, status: 416, code: "InvalidRange"},
		{name: "open range", method: "PUT", target: upload + "&partNumber=3", header: []string{copySource, "/bucket/source", "X-Amz-Copy-Source-Range", "bytes=0-"}, status: 400, code: "InvalidArgument"},
		{name: "missing source", method: "PUT", target: upload + "&partNumber=3", header: []string{copySource, "/bucket/none"}, status: 404, code: "NoSuchKey"},
		{name: "condition", method: "PUT", target: upload + "&partNumber=3", header: []string{copySource, "/bucket/source", "X-Amz-Copy-Source-If-Match", `"x"`}, status: 412, code: "PreconditionFailed"},
	})
	if a := f.call("POST", upload, completeBody(etags...)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := f.call("GET", "/bucket/copy", ""); a.body != fiveMiB+"tail" {
		t.Errorf("%d bytes", len(a.body))
	}
}

func TestMultipartChecksums(t *testing.T) {
	f := start(t).bucket("bucket")
	whole := []byte(fiveMiB + "tail")
	for i := range algorithms {
		a := &algorithms[i]
		for _, kind := range []string{typeComposite, typeFullObject} {
			t.Run(a.name+" "+kind, func(t *testing.T) {
				f := f.of(t)
				header := []string{"X-Amz-Checksum-Algorithm", a.name, "X-Amz-Checksum-Type", kind}
				if (kind == typeFullObject && a.crc == nil) || (kind == typeComposite && a.name == "CRC64NVME") {
					if got := f.call("POST", "/bucket/k?uploads", "", header...); got.code() != "InvalidRequest" {
						t.Errorf("%d %s", got.status, got.body)
					}
					return
				}
				sum := func(b []byte) []byte {
					h := a.make()
					h.Write(b)
					return h.Sum(nil)
				}
				upload := f.begin("/bucket/k", header...)
				first := f.part(upload, 1, fiveMiB, a.header, b64(sum([]byte(fiveMiB))))
				second := f.part(upload, 2, "tail") // the server computes what the client left out
				want := b64(sum(whole))
				if kind == typeComposite {
					want = b64(sum(bytes.Join([][]byte{sum([]byte(fiveMiB)), sum([]byte("tail"))}, nil))) + "-2"
				}
				other := &algorithms[(i+1)%len(algorithms)]
				h := other.make()
				if got := f.call("PUT", upload+"&partNumber=2", "", other.header, encodeSum(h)); got.code() != "InvalidRequest" {
					t.Errorf("part of another algorithm: %d %s", got.status, got.body)
				}
				wrong := strings.Replace(completeBody(first, second), "</Part>", "<Checksum"+a.name+">"+b64(sum(whole))+"</Checksum"+a.name+"></Part>", 1)
				if got := f.call("POST", upload, wrong); got.code() != "InvalidPart" {
					t.Errorf("wrong part checksum: %d %s", got.status, got.body)
				}
				if got := f.call("POST", upload, completeBody(first, second), a.header, b64(sum(nil))); got.code() != "BadDigest" {
					t.Errorf("wrong object checksum: %d %s", got.status, got.body)
				}
				got := f.call("POST", upload, completeBody(first, second), a.header, want)
				if got.status != 200 || !strings.Contains(got.body, ">"+want+"<") {
					t.Fatalf("want %s: %d %s", want, got.status, got.body)
				}
				head := f.call("HEAD", "/bucket/k", "", "X-Amz-Checksum-Mode", "ENABLED")
				if head.header.Get(a.header) != want || head.header.Get("x-amz-checksum-type") != kind {
					t.Errorf("head: %v", head.header)
				}
			})
		}
	}
}
