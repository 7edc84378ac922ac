package s3api

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/objectstore"
)

func TestObjectAttributes(t *testing.T) {
	f := start(t).bucket("bucket")
	f.versioning("bucket", "Enabled")
	client, ctx, bucket := awsClient(f), t.Context(), aws.String("bucket")
	all := types.ObjectAttributes("").Values()
	upload := f.begin("/bucket/parts", "X-Amz-Checksum-Algorithm", "CRC32")
	large := strings.Repeat("x", objectstore.MinPartSize)
	// Numbers with gaps: the object's parts are counted from 1 all the same.
	complete := f.call("POST", upload, "<CompleteMultipartUpload>"+
		"<Part><PartNumber>2</PartNumber><ETag>"+f.part(upload, 2, large)+"</ETag></Part>"+
		"<Part><PartNumber>5</PartNumber><ETag>"+f.part(upload, 5, "last")+"</ETag></Part></CompleteMultipartUpload>")
	if complete.status != 200 {
		t.Fatalf("%d %s", complete.status, complete.body)
	}
	got, err := client.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: bucket, Key: aws.String("parts"), ObjectAttributes: all, MaxParts: aws.Int32(1)})
	if err != nil {
		t.Fatal(err)
	}
	p := got.ObjectParts
	if aws.ToString(got.VersionId) != complete.header.Get(versionHeader) || got.LastModified == nil || !strings.HasSuffix(aws.ToString(got.ETag), "-2") ||
		aws.ToInt64(got.ObjectSize) != int64(len(large)+4) || got.StorageClass != types.StorageClassStandard ||
		len(aws.ToString(got.Checksum.ChecksumCRC32)) != 8 || got.Checksum.ChecksumType != types.ChecksumTypeComposite {
		t.Errorf("%+v, checksum %+v", got, got.Checksum)
	}
	// A part that is read tells its own checksum, as S3 does.
	part, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("parts"), PartNumber: aws.Int32(1), ChecksumMode: types.ChecksumModeEnabled})
	if err != nil || aws.ToString(part.ChecksumCRC32) == "" || aws.ToString(part.ChecksumCRC32) != aws.ToString(p.Parts[0].ChecksumCRC32) {
		t.Errorf("part 1: %+v, %v", part, err)
	}
	if aws.ToInt32(p.TotalPartsCount) != 2 || !aws.ToBool(p.IsTruncated) || aws.ToString(p.NextPartNumberMarker) != "1" || len(p.Parts) != 1 ||
		aws.ToInt64(p.Parts[0].Size) != int64(len(large)) || aws.ToString(p.Parts[0].ChecksumCRC32) == "" {
		t.Errorf("first page %+v", p)
	}
	got, err = client.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
		Bucket: bucket, Key: aws.String("parts"), ObjectAttributes: []types.ObjectAttributes{"ObjectParts"}, PartNumberMarker: p.NextPartNumberMarker,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p = got.ObjectParts; aws.ToBool(p.IsTruncated) || len(p.Parts) != 1 || aws.ToInt32(p.Parts[0].PartNumber) != 2 || aws.ToInt64(p.Parts[0].Size) != 4 || got.ETag != nil || got.ObjectSize != nil {
		t.Errorf("last page %+v", p)
	}
	mine := keyHeaders(requestPrefix, "a")
	f.call("PUT", "/bucket/secret", "x", mine...)
	f.put("bucket", "plain", "")
	id := f.call("DELETE", "/bucket/plain", "").header.Get(versionHeader)
	size := []string{"X-Amz-Object-Attributes", "ObjectSize, ETag"}
	f.run(t, []call{
		{name: "none", method: "GET", target: "/bucket/parts?attributes", status: 400, code: "InvalidArgument"},
		{name: "unknown", method: "GET", target: "/bucket/parts?attributes", header: []string{"X-Amz-Object-Attributes", "Size"}, status: 400, code: "InvalidArgument"},
		{name: "bad page", method: "GET", target: "/bucket/parts?attributes", header: append([]string{"X-Amz-Max-Parts", "-1"}, size...), status: 400, code: "InvalidArgument"},
		{name: "bad marker", method: "GET", target: "/bucket/parts?attributes", header: append([]string{"X-Amz-Part-Number-Marker", "x"}, size...), status: 400, code: "InvalidArgument"},
		{name: "missing", method: "GET", target: "/bucket/none?attributes", header: size, status: 404, code: "NoSuchKey"},
		{name: "deleted", method: "GET", target: "/bucket/plain?attributes", header: size, status: 404, code: "NoSuchKey", want: map[string]string{markerHeader: "true"}},
		{name: "of a marker", method: "GET", target: "/bucket/plain?attributes&versionId=" + id, header: size, status: 405, code: "MethodNotAllowed"},
		{name: "of a secret", method: "GET", target: "/bucket/secret?attributes", header: size, status: 400, code: "InvalidRequest"},
		{name: "with its key", method: "GET", target: "/bucket/secret?attributes", header: append(append([]string{}, mine...), size...), status: 200},
	})
	asked := f.asked("s3:GetObject")
	if a := f.call("GET", "/bucket/parts?attributes", "", size...); a.code() != "AccessDenied" || strings.Join(*asked, "; ") != "s3:GetObjectAttributes bucket/parts; s3:GetObject bucket/parts" {
		t.Errorf("asked for %q: %d %s", *asked, a.status, a.body)
	}
}
