package s3api

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/tags"
)

func TestTagsInAWSSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	f.versioning("bucket", "Enabled")
	client, ctx, bucket, key := awsClient(f), t.Context(), aws.String("bucket"), aws.String("key")
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	put := func(tagging string) *string {
		t.Helper()
		out, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), Tagging: &tagging})
		must("put", err)
		return out.VersionId
	}
	has := func(what, key string, version *string, want map[string]string) {
		t.Helper()
		got, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: bucket, Key: &key, VersionId: version})
		must(what, err)
		tags := map[string]string{}
		for _, tag := range got.TagSet {
			tags[*tag.Key] = *tag.Value
		}
		head, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key, VersionId: version})
		must(what, err)
		_ = head.Body.Close()
		if !maps.Equal(tags, want) || int(aws.ToInt32(head.TagCount)) != len(want) {
			t.Errorf("%s: %v, count %d, want %v", what, tags, aws.ToInt32(head.TagCount), want)
		}
	}
	first := put("team=m%C3%BCller&empty=")
	second := put("")
	has("the first", "key", first, map[string]string{"team": "müller", "empty": ""})
	has("the second", "key", nil, map[string]string{})
	_, err := client.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{Bucket: bucket, Key: key, VersionId: second, Tagging: &types.Tagging{
		TagSet: []types.Tag{{Key: aws.String("a b"), Value: aws.String("+-=._:/@ ")}},
	}})
	must("tag", err)
	has("tagged", "key", nil, map[string]string{"a b": "+-=._:/@ "})
	for _, c := range []struct {
		key      string
		input    s3.CopyObjectInput
		metadata map[string]string
		want     map[string]string
	}{
		{"copy", s3.CopyObjectInput{}, nil, map[string]string{"team": "müller", "empty": ""}},
		{"metadata", s3.CopyObjectInput{MetadataDirective: types.MetadataDirectiveReplace, Metadata: map[string]string{"colour": "blue"}}, nil, map[string]string{"team": "müller", "empty": ""}},
		{"retagged", s3.CopyObjectInput{TaggingDirective: types.TaggingDirectiveReplace, Tagging: aws.String("other=1")}, nil, map[string]string{"other": "1"}},
		{"untagged", s3.CopyObjectInput{TaggingDirective: types.TaggingDirectiveReplace}, nil, map[string]string{}},
		{"with a checksum", s3.CopyObjectInput{TaggingDirective: types.TaggingDirectiveReplace, Tagging: aws.String("other=1"), ChecksumAlgorithm: types.ChecksumAlgorithmSha1}, nil, map[string]string{"other": "1"}},
	} {
		c.input.Bucket, c.input.Key, c.input.CopySource = bucket, &c.key, aws.String("bucket/key?versionId="+*first)
		_, err := client.CopyObject(ctx, &c.input)
		must("copy "+c.key, err)
		has(c.key, c.key, nil, c.want)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("metadata")})
	if err != nil || head.Metadata["colour"] != "blue" {
		t.Errorf("copied metadata %v, %v", head.Metadata, err)
	}
	_, err = client.DeleteObjectTagging(ctx, &s3.DeleteObjectTaggingInput{Bucket: bucket, Key: key, VersionId: first})
	must("untag", err)
	has("untagged", "key", first, map[string]string{})
	up, err := client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: aws.String("parts"), Tagging: aws.String("in=parts")})
	must("create upload", err)
	part, err := client.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("hello")})
	must("part", err)
	_, err = client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: aws.String("parts"), UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}},
	})
	must("complete", err)
	has("in parts", "parts", nil, map[string]string{"in": "parts"})
}

func TestTagsInMinioGo(t *testing.T) {
	f := start(t).bucket("bucket")
	client, ctx := minioClient(t, f, false), t.Context()
	_, err := client.PutObject(ctx, "bucket", "key", strings.NewReader("x"), 1, minio.PutObjectOptions{UserTags: map[string]string{"a": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	two, err := tags.NewTags(map[string]string{"a": "2", "b c": "3"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.PutObjectTagging(ctx, "bucket", "key", two, minio.PutObjectTaggingOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetObjectTagging(ctx, "bucket", "key", minio.GetObjectTaggingOptions{})
	if err != nil || !maps.Equal(got.ToMap(), two.ToMap()) {
		t.Errorf("%v, %v", got, err)
	}
	if err := client.RemoveObjectTagging(ctx, "bucket", "key", minio.RemoveObjectTaggingOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err = client.GetObjectTagging(ctx, "bucket", "key", minio.GetObjectTaggingOptions{}); err != nil || got.Count() != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// TestTagLimits holds both ways to give tags to the same limits.
func TestTagLimits(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	many := func(n int) (pairs [][2]string) {
		for i := range n {
			pairs = append(pairs, [2]string{fmt.Sprint("k", i), "v"})
		}
		return pairs
	}
	for name, c := range map[string]struct {
		pairs [][2]string
		good  bool
	}{
		"ten":                {many(10), true},
		"eleven":             {many(11), false},
		"long key":           {[][2]string{{strings.Repeat("ü", 128), "v"}}, true},
		"longer key":         {[][2]string{{strings.Repeat("ü", 129), "v"}}, false},
		"long value":         {[][2]string{{"k", strings.Repeat("中", 256)}}, true},
		"longer value":       {[][2]string{{"k", strings.Repeat("中", 257)}}, false},
		"no key":             {[][2]string{{"", "v"}}, false},
		"no value":           {[][2]string{{"k", ""}}, true},
		"twice":              {[][2]string{{"k", "1"}, {"k", "1"}}, false},
		"two cases":          {[][2]string{{"k", "1"}, {"K", "1"}}, true},
		"of the system":      {[][2]string{{"aws:k", "1"}}, false},
		"of the system, too": {[][2]string{{"AWS:k", "1"}}, false},
		"value of any name":  {[][2]string{{"k", "aws:1"}}, true},
		"blanks":             {[][2]string{{"a b", " c "}}, true},
		"signs":              {[][2]string{{"+-=._:/@", "+-=._:/@"}}, true},
		"sign in a key":      {[][2]string{{"k!", "1"}}, false},
		"sign in a value":    {[][2]string{{"k", "1*"}}, false},
		"tab":                {[][2]string{{"k", "a\tb"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := f.of(t)
			var body strings.Builder
			var query []string
			body.WriteString("<Tagging><TagSet>")
			for _, pair := range c.pairs {
				fmt.Fprintf(&body, "<Tag><Key>%s</Key><Value>%s</Value></Tag>", pair[0], pair[1])
				query = append(query, url.QueryEscape(pair[0])+"="+url.QueryEscape(pair[1]))
			}
			body.WriteString("</TagSet></Tagging>")
			for way, a := range map[string]answer{
				"document": f.call("PUT", "/bucket/key?tagging", body.String()),
				"header":   f.call("PUT", "/bucket/key", "x", taggingHeader, strings.Join(query, "&")),
			} {
				if good := a.status == http.StatusOK; good != c.good || !good && a.code() != "InvalidTag" {
					t.Errorf("%s: %d %s", way, a.status, a.body)
				}
			}
			if c.good {
				o, err := f.store.Head(t.Context(), "bucket", "key")
				if err != nil || len(o.Attributes.Tags) != len(c.pairs) || o.Attributes.Tags[c.pairs[0][0]] != c.pairs[0][1] {
					t.Errorf("kept %q, %v", o.Attributes.Tags, err)
				}
			}
		})
	}
	tag := "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
	f.run(t, []call{
		{name: "not xml", method: "PUT", target: "/bucket/key?tagging", body: "k=v", status: 400, code: "MalformedXML"},
		{name: "no set", method: "PUT", target: "/bucket/key?tagging", body: "<Tagging></Tagging>", status: 400, code: "MalformedXML"},
		{name: "no object", method: "PUT", target: "/bucket/none?tagging", body: tag, status: 404, code: "NoSuchKey"},
		{name: "no bucket", method: "PUT", target: "/none/key?tagging", body: tag, status: 404, code: "NoSuchBucket"},
		{name: "no version", method: "PUT", target: "/bucket/key?tagging&versionId=x", body: tag, status: 400, code: "InvalidArgument"},
		{name: "get of none", method: "GET", target: "/bucket/none?tagging", status: 404, code: "NoSuchKey"},
		{name: "delete of none", method: "DELETE", target: "/bucket/none?tagging", status: 404, code: "NoSuchKey"},
		{name: "bad header", method: "PUT", target: "/bucket/bad", body: "x", header: []string{taggingHeader, "a=%zz"}, status: 400, code: "InvalidArgument"},
		{name: "bad directive", method: "PUT", target: "/bucket/bad", header: []string{copySource, "/bucket/key", "X-Amz-Tagging-Directive", "KEEP"}, status: 400, code: "InvalidArgument"},
		{name: "tags that are not taken", method: "PUT", target: "/bucket/bad", header: []string{copySource, "/bucket/key", taggingHeader, "a=b"}, status: 400, code: "InvalidArgument"},
		{name: "nothing was stored", method: "HEAD", target: "/bucket/bad", status: 404},
	})
	f.versioning("bucket", "Enabled")
	marker := f.call("DELETE", "/bucket/key", "").header.Get(versionHeader)
	f.run(t, []call{
		{name: "of a deleted key", method: "PUT", target: "/bucket/key?tagging", body: tag, status: 404, code: "NoSuchKey", want: map[string]string{markerHeader: "true"}},
		{name: "of a marker", method: "PUT", target: "/bucket/key?tagging&versionId=" + marker, body: tag, status: 405, code: "MethodNotAllowed"},
		{name: "get of a marker", method: "GET", target: "/bucket/key?tagging&versionId=" + marker, status: 405, code: "MethodNotAllowed"},
	})
	g := start(t, withoutVersions).bucket("bucket")
	g.put("bucket", "key", "x")
	g.run(t, []call{
		{name: "without versions", method: "PUT", target: "/bucket/key?tagging", body: tag, status: 501, code: "NotImplemented"},
		{name: "get without versions", method: "GET", target: "/bucket/key?tagging", status: 200},
	})
}
