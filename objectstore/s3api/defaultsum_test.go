package s3api

import (
	"fmt"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/minio/crc64nvme"

	"croft/objectstore"
)

// crc64Of is the checksum that an object gets when nobody names one.
func crc64Of(body string) string {
	h := crc64nvme.New()
	_, _ = h.Write([]byte(body))
	return encodeSum(h)
}

// hasDefault fails the test unless the object has the default checksum of the body and
// says so wherever S3 does.
func (f *fixture) hasDefault(target, body string) {
	f.t.Helper()
	want, kind := crc64Of(body), "x-amz-checksum-type"
	for _, method := range []string{"GET", "HEAD"} {
		a := f.call(method, target, "", "x-amz-checksum-mode", "ENABLED")
		if a.status != 200 || a.header.Get(crc64.header) != want || a.header.Get(kind) != typeFullObject {
			f.t.Errorf("%s %s: %d, %q %q, want %s", method, target, a.status, a.header.Get(crc64.header), a.header.Get(kind), want)
		}
	}
	if a := f.call("GET", target, ""); a.header.Get(crc64.header) != "" || a.header.Get(kind) != "" {
		f.t.Errorf("%s: nobody asked for %v", target, a.header)
	}
	a := f.call("GET", target+"?attributes", "", "X-Amz-Object-Attributes", "Checksum")
	if !strings.Contains(a.body, "<Checksum><ChecksumCRC64NVME>"+want+"</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType></Checksum>") {
		f.t.Errorf("%s: attributes are %s", target, a.body)
	}
}

func TestDefaultChecksum(t *testing.T) {
	f := start(t).bucket("bucket")
	for _, body := range []string{"", "hello", strings.Repeat("large ", 700_000)} {
		a := f.call("PUT", "/bucket/key", body)
		if a.status != 200 || a.header.Get(crc64.header) != crc64Of(body) || a.header.Get("x-amz-checksum-type") != typeFullObject {
			t.Errorf("put of %d bytes: %d %v", len(body), a.status, a.header)
		}
		f.hasDefault("/bucket/key", body)
	}
	list := f.call("GET", "/bucket?list-type=2", "")
	if !strings.Contains(list.body, "<ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType>") {
		t.Errorf("listing: %s", list.body)
	}
	f.call("PUT", "/bucket/key", "hello", "x-amz-checksum-crc32", "NhCmhg==")
	if a := f.call("HEAD", "/bucket/key", "", "x-amz-checksum-mode", "ENABLED"); a.header.Get(crc64.header) != "" || a.header.Get("x-amz-checksum-crc32") == "" {
		t.Errorf("with a checksum of its own: %v", a.header)
	}

	a := f.call("PUT", "/bucket/copy-of-summed", "", copySource, "/bucket/key")
	if a.status != 200 || strings.Contains(a.body, "CRC64NVME") || !strings.Contains(a.body, "<ChecksumCRC32>") {
		t.Errorf("copy of what has another: %d %s", a.status, a.body)
	}
	f.put("bucket", "bare", "from before")
	a = f.call("PUT", "/bucket/copy", "", copySource, "/bucket/bare")
	if a.status != 200 || !strings.Contains(a.body, "<ChecksumCRC64NVME>"+crc64Of("from before")+"<") {
		t.Errorf("copy of what has none: %d %s", a.status, a.body)
	}
	f.hasDefault("/bucket/copy", "from before")
}

// TestDefaultChecksumOfForms: of a form's file, too.
func TestDefaultChecksumOfForms(t *testing.T) {
	f := start(t).bucket("bucket")
	if a := f.post("/bucket", f.signedForm(`["starts-with","$key",""]`, field{"key", "posted"}), "hello"); a.status != 204 || a.header.Get(crc64.header) != crc64Of("hello") {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
}

func TestDefaultChecksumOfParts(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "source", "in the middle")
	whole := fiveMiB + fiveMiB + "the end"
	begin := func(key string) (upload string, etags []string) {
		upload = f.begin("/bucket/" + key)
		etags = append(etags, f.part(upload, 1, fiveMiB))
		sum := crc32.NewIEEE()
		_, _ = sum.Write([]byte(fiveMiB))
		etags = append(etags, f.part(upload, 2, fiveMiB, "x-amz-checksum-crc32", encodeSum(sum))) // of an algorithm that the upload did not name
		return upload, append(etags, f.part(upload, 3, "the end"))
	}
	upload, etags := begin("key")
	a := f.call("PUT", upload+"&partNumber=3", "the end")
	if a.header.Get(crc64.header) != crc64Of("the end") {
		t.Errorf("a part's answer: %v", a.header)
	}
	if a := f.call("PUT", upload+"&partNumber=4", "hello", "x-amz-checksum-crc32", "NhCmhg=="); a.header.Get("x-amz-checksum-crc32") == "" || a.header.Get(crc64.header) != "" {
		t.Errorf("the answer of a part with a checksum of its own: %v", a.header)
	}
	if a := f.call("GET", upload, ""); a.status != 200 || strings.Contains(a.body, "CRC64NVME") || !strings.Contains(a.body, "ChecksumCRC32>") {
		t.Errorf("parts are listed with what nobody asked for: %s", a.body)
	}
	if a := f.call("POST", upload, completeBody(etags...), crc64.header, crc64Of("other")); a.code() != "BadDigest" {
		t.Errorf("another checksum: %d %s", a.status, a.body)
	}
	if a := f.call("POST", upload, completeBody(etags...), "x-amz-checksum-sha1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk="); a.code() != "InvalidRequest" {
		t.Errorf("another algorithm: %d %s", a.status, a.body)
	}
	said := func(sum string) string {
		return strings.Replace(completeBody(etags...), "</Part>", "<ChecksumCRC64NVME>"+sum+"</ChecksumCRC64NVME></Part>", 1)
	}
	if a := f.call("POST", upload, said(crc64Of("other"))); a.code() != "InvalidPart" {
		t.Errorf("another checksum of a part: %d %s", a.status, a.body)
	}
	a = f.call("POST", upload, said(crc64Of(fiveMiB)), crc64.header, crc64Of(whole))
	if a.status != 200 || !strings.Contains(a.body, "<ChecksumCRC64NVME>"+crc64Of(whole)+"</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT<") {
		t.Errorf("complete: %d %s", a.status, a.body)
	}
	f.hasDefault("/bucket/key", whole)
	o, err := f.store.Head(t.Context(), "bucket", "key")
	if err != nil || len(o.Parts) != 3 || len(o.Parts[0].Checksums) != 0 || len(o.Parts[1].Checksums) != 1 {
		t.Errorf("the object keeps its parts' checksums: %+v, %v", o.Parts, err)
	}

	upload, etags = f.begin("/bucket/copied"), nil
	etags = append(etags, f.part(upload, 1, fiveMiB))
	a = f.call("PUT", upload+"&partNumber=2", "", copySource, "/bucket/source", "X-Amz-Copy-Source-Range", "bytes=7-12")
	etags = append(etags, between(a.body, "<ETag>", "</ETag>")...)
	if a := f.call("POST", upload, completeBody(etags...)); a.status != 200 {
		t.Fatalf("complete: %d %s", a.status, a.body)
	}
	f.hasDefault("/bucket/copied", fiveMiB+"middle")

	// A part from before this was kept: the object goes without.
	upload = f.begin("/bucket/old")
	id := strings.TrimPrefix(upload, "/bucket/old?uploadId=")
	p, err := f.store.PutPart(t.Context(), objectstore.PutPartRequest{
		Upload: objectstore.UploadRef{Bucket: "bucket", Key: "old", ID: id}, Number: 1, Body: strings.NewReader("x"), Size: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	a = f.call("POST", upload, completeBody(fmt.Sprintf("%q", p.ETag)))
	if a.status != 200 || strings.Contains(a.body, "Checksum") {
		t.Errorf("with a part from before: %d %s", a.status, a.body)
	}
}
