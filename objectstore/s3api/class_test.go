package s3api

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestStorageClasses(t *testing.T) {
	f := start(t).bucket("bucket")
	client, ctx, bucket := awsClient(f), t.Context(), aws.String("bucket")
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	put := func(key string, class types.StorageClass) {
		t.Helper()
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("hello"), StorageClass: class})
		must("put", err)
	}
	is := func(key string, want types.StorageClass) {
		t.Helper()
		head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key})
		must("head", err)
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
		must("get", err)
		_ = got.Body.Close()
		shown := want
		if want == types.StorageClassStandard {
			shown = "" // as S3 does
		}
		if head.StorageClass != shown || got.StorageClass != shown {
			t.Errorf("%s: head says %q, get %q, want %q", key, head.StorageClass, got.StorageClass, shown)
		}
		one, err := client.ListObjects(ctx, &s3.ListObjectsInput{Bucket: bucket, Prefix: &key})
		must("list", err)
		two, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: &key})
		must("list", err)
		if len(one.Contents) != 1 || len(two.Contents) != 1 || string(one.Contents[0].StorageClass) != string(want) || string(two.Contents[0].StorageClass) != string(want) {
			t.Errorf("%s: listed as %+v and %+v, want %q", key, one.Contents, two.Contents, want)
		}
	}
	put("standard", types.StorageClassStandard)
	is("standard", types.StorageClassStandard)
	put("unset", "")
	is("unset", types.StorageClassStandard)
	put("reduced", types.StorageClassReducedRedundancy)
	is("reduced", types.StorageClassReducedRedundancy)

	for _, c := range []struct {
		from, to  string
		class     types.StorageClass
		algorithm types.ChecksumAlgorithm
		want      types.StorageClass
	}{
		{"reduced", "a", "", "", types.StorageClassReducedRedundancy},
		{"reduced", "b", types.StorageClassStandard, "", types.StorageClassStandard},
		{"standard", "c", types.StorageClassReducedRedundancy, "", types.StorageClassReducedRedundancy},
		{"reduced", "d", "", types.ChecksumAlgorithmSha1, types.StorageClassReducedRedundancy},
		{"reduced", "e", types.StorageClassStandard, types.ChecksumAlgorithmSha1, types.StorageClassStandard},
		{"reduced", "reduced", types.StorageClassStandard, "", types.StorageClassStandard}, // onto itself
	} {
		_, err := client.CopyObject(ctx, &s3.CopyObjectInput{
			Bucket: bucket, Key: &c.to, CopySource: aws.String("bucket/" + c.from), StorageClass: c.class, ChecksumAlgorithm: c.algorithm,
		})
		must("copy "+c.from+" to "+c.to, err)
		is(c.to, c.want)
	}

	up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), StorageClass: types.StorageClassReducedRedundancy})
	must("create upload", err)
	part, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("hello")})
	must("part", err)
	parts, err := client.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId})
	if err != nil || parts.StorageClass != types.StorageClassReducedRedundancy {
		t.Errorf("parts %+v, %v", parts, err)
	}
	uploads, err := client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucket})
	if err != nil || len(uploads.Uploads) != 1 || uploads.Uploads[0].StorageClass != types.StorageClassReducedRedundancy {
		t.Errorf("uploads %+v, %v", uploads, err)
	}
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}},
	})
	must("complete", err)
	is("parts", types.StorageClassReducedRedundancy)

	f.run(t, []call{
		{name: "unknown", method: "PUT", target: "/bucket/bad", body: "x", header: []string{"X-Amz-Storage-Class", "STANDARD_IA"}, status: 400, code: "InvalidStorageClass"},
		{name: "unknown in a copy", method: "PUT", target: "/bucket/bad", header: []string{"X-Amz-Copy-Source", "bucket/reduced", "X-Amz-Storage-Class", "reduced"}, status: 400, code: "InvalidStorageClass"},
		{name: "unknown upload", method: "POST", target: "/bucket/bad?uploads", header: []string{"X-Amz-Storage-Class", "GLACIER"}, status: 400, code: "InvalidStorageClass"},
		{name: "nothing is there", method: "HEAD", target: "/bucket/bad", status: 404},
	})
}
