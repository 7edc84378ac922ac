package s3api

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// versioning sets a bucket's versioning as clients do.
func (f *fixture) versioning(bucket, status string) {
	f.t.Helper()
	a := f.call("PUT", "/"+bucket+"?versioning", "<VersioningConfiguration><Status>"+status+"</Status></VersioningConfiguration>")
	if a.status != 200 {
		f.t.Fatalf("versioning %s: %d %s", status, a.status, a.body)
	}
}

// withoutVersions hides that a store keeps versions.
func withoutVersions(c *Config) { c.Store = plainStore{c.Store} }

func TestVersionsInAWSSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	client, ctx, bucket, key := awsClient(f), t.Context(), aws.String("bucket"), aws.String("dir/ké y")
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	put := func(body string) string {
		t.Helper()
		out, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader(body)})
		must("put "+body, err)
		return aws.ToString(out.VersionId)
	}
	if id := put("null"); id != "" {
		t.Errorf("a version %q before there are any", id)
	}
	_, err := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
	must("enable", err)
	state, err := client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: bucket})
	if err != nil || state.Status != types.BucketVersioningStatusEnabled {
		t.Errorf("versioning %+v, %v", state, err)
	}
	one, two := put("one"), put("two")
	for id, want := range map[string]string{"null": "null", one: "one", two: "two"} {
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, VersionId: &id})
		must("get "+id, err)
		body, err := io.ReadAll(got.Body)
		must("read "+id, err)
		head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key, VersionId: &id})
		must("head "+id, err)
		if string(body) != want || aws.ToString(got.VersionId) != id || aws.ToString(head.VersionId) != id || aws.ToInt64(head.ContentLength) != int64(len(want)) {
			t.Errorf("%s is %q, versions %q and %q", id, body, aws.ToString(got.VersionId), aws.ToString(head.VersionId))
		}
	}
	// An older version on top again.
	copied, err := client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String("bucket/" + url.PathEscape(*key) + "?versionId=" + one)})
	must("copy", err)
	if aws.ToString(copied.CopySourceVersionId) != one || aws.ToString(copied.VersionId) == "" || aws.ToString(copied.VersionId) == one {
		t.Errorf("copied %q to %q", aws.ToString(copied.CopySourceVersionId), aws.ToString(copied.VersionId))
	}
	gone, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key})
	must("delete", err)
	marker := aws.ToString(gone.VersionId)
	if !aws.ToBool(gone.DeleteMarker) || marker == "" {
		t.Errorf("deleted %+v", gone)
	}
	var listed []string
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: bucket, MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must("list", err)
		for _, m := range page.DeleteMarkers {
			if !aws.ToBool(m.IsLatest) || aws.ToString(m.Key) != *key {
				t.Errorf("marker %+v", m)
			}
			listed = append(listed, aws.ToString(m.VersionId))
		}
		for _, v := range page.Versions {
			listed = append(listed, aws.ToString(v.VersionId))
		}
	}
	if want := []string{marker, aws.ToString(copied.VersionId), two, one, "null"}; !slices.Equal(listed, want) {
		t.Errorf("listed %q, want %q", listed, want)
	}
	undone, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key, VersionId: &marker})
	if err != nil || !aws.ToBool(undone.DeleteMarker) || aws.ToString(undone.VersionId) != marker {
		t.Errorf("delete the marker: %+v, %v", undone, err)
	}
	var all []types.ObjectIdentifier
	for _, id := range listed[1:] {
		all = append(all, types.ObjectIdentifier{Key: key, VersionId: &id})
	}
	deleted, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: append(all, types.ObjectIdentifier{Key: aws.String("none")})}})
	must("delete all", err)
	if len(deleted.Errors) > 0 || len(deleted.Deleted) != 5 || aws.ToString(deleted.Deleted[0].VersionId) != listed[1] ||
		!aws.ToBool(deleted.Deleted[4].DeleteMarker) || aws.ToString(deleted.Deleted[4].DeleteMarkerVersionId) == "" {
		t.Errorf("deleted %+v, errors %+v", deleted.Deleted, deleted.Errors)
	}
	left, err := client.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucket})
	if err != nil || len(left.Versions) != 0 || len(left.DeleteMarkers) != 1 {
		t.Errorf("left %+v, %v", left, err)
	}
}

func TestVersionsInMinioGo(t *testing.T) {
	f := start(t)
	client, ctx := minioClient(t, f, true), t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	must("make", client.MakeBucket(ctx, "bucket", minio.MakeBucketOptions{}))
	must("enable", client.EnableVersioning(ctx, "bucket"))
	var ids []string
	for _, body := range []string{"one", "two"} {
		info, err := client.PutObject(ctx, "bucket", "key", strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{})
		must("put", err)
		ids = append(ids, info.VersionID)
	}
	// In parts too.
	part, err := client.PutObject(ctx, "bucket", "parts", strings.NewReader(strings.Repeat("x", 6<<20)), -1, minio.PutObjectOptions{PartSize: 5 << 20})
	must("put in parts", err)
	if part.VersionID == "" {
		t.Error("an upload without a version")
	}
	o, err := client.GetObject(ctx, "bucket", "key", minio.GetObjectOptions{VersionID: ids[0]})
	must("get", err)
	if body, err := io.ReadAll(o); err != nil || string(body) != "one" {
		t.Errorf("%q, %v", body, err)
	}
	must("close", o.Close())
	must("remove", client.RemoveObject(ctx, "bucket", "key", minio.RemoveObjectOptions{}))
	_, err = client.StatObject(ctx, "bucket", "key", minio.StatObjectOptions{})
	if r := minio.ToErrorResponse(err); r.Code != "NoSuchKey" {
		t.Errorf("stat of a deleted key: %+v", r)
	}
	remove := make(chan minio.ObjectInfo, 10)
	n := 0
	for v := range client.ListObjects(ctx, "bucket", minio.ListObjectsOptions{WithVersions: true, Recursive: true, MaxKeys: 2}) {
		must("list", v.Err)
		remove <- v
		n++
	}
	close(remove)
	if n != 4 {
		t.Errorf("%d versions and markers", n)
	}
	for e := range client.RemoveObjects(ctx, "bucket", remove, minio.RemoveObjectsOptions{}) {
		t.Errorf("remove %+v", e)
	}
	must("suspend", client.SuspendVersioning(ctx, "bucket"))
	must("remove the bucket", client.RemoveBucket(ctx, "bucket"))
}

func TestVersionsOnTheWire(t *testing.T) {
	f := start(t).bucket("bucket")
	f.versioning("bucket", "Enabled")
	put := f.call("PUT", "/bucket/key", "hello")
	id := put.header.Get(versionHeader)
	gone := f.call("DELETE", "/bucket/key", "")
	marker := gone.header.Get(versionHeader)
	if id == "" || marker == "" || gone.header.Get(markerHeader) != "true" {
		t.Fatalf("put %v, delete %v", put.header, gone.header)
	}
	other := strings.Repeat("0", 15) + "1" + strings.Repeat("0", 16)
	at := func(id string) string { return "/bucket/key?versionId=" + id }
	f.run(t, []call{
		{name: "get what is deleted", method: "GET", target: "/bucket/key", status: 404, code: "NoSuchKey", want: map[string]string{markerHeader: "true", versionHeader: marker}},
		{name: "head what is deleted", method: "HEAD", target: "/bucket/key", status: 404, want: map[string]string{markerHeader: "true", versionHeader: marker}},
		{name: "get the marker", method: "GET", target: at(marker), status: 405, code: "MethodNotAllowed", want: map[string]string{markerHeader: "true", versionHeader: marker, "Allow": "DELETE"}},
		{name: "head the marker", method: "HEAD", target: at(marker), status: 405, want: map[string]string{markerHeader: "true", "Allow": "DELETE"}},
		{name: "get", method: "GET", target: at(id), status: 200, wantBody: "hello", want: map[string]string{versionHeader: id, markerHeader: "-"}},
		{name: "part", method: "GET", target: at(id) + "&partNumber=1", status: 200, wantBody: "hello", want: map[string]string{versionHeader: id}},
		{name: "range", method: "GET", target: at(id), header: []string{"Range", "bytes=1-2"}, status: 206, wantBody: "el"},
		{name: "not modified", method: "GET", target: at(id), header: []string{"If-None-Match", put.header.Get("Etag")}, status: 304, want: map[string]string{versionHeader: id}},
		{name: "another", method: "GET", target: at(other), status: 404, code: "NoSuchVersion", want: map[string]string{markerHeader: "-"}},
		{name: "of another key", method: "GET", target: "/bucket/other?versionId=" + id, status: 404, code: "NoSuchVersion"},
		{name: "null", method: "GET", target: at("null"), status: 404, code: "NoSuchVersion"},
		{name: "of another store", method: "GET", target: at("6d6a3e2f-9b8c-4d0e-8a51-0c9a5bb8d3f1"), status: 404, code: "NoSuchVersion"},
		{name: "copy of another store", method: "PUT", target: "/bucket/copy", header: []string{copySource, at("6d6a3e2f-9b8c-4d0e-8a51-0c9a5bb8d3f1")}, status: 404, code: "NoSuchVersion"},
		{name: "tags of another store", method: "DELETE", target: at("6d6a3e2f-9b8c-4d0e-8a51-0c9a5bb8d3f1") + "&tagging", status: 404, code: "NoSuchVersion"},
		{name: "delete of another store", method: "DELETE", target: at("6d6a3e2f-9b8c-4d0e-8a51-0c9a5bb8d3f1"), status: 204},
		{name: "no version", method: "GET", target: at("x"), status: 400, code: "InvalidArgument"},
		{name: "empty", method: "GET", target: at(""), status: 400, code: "InvalidArgument"},
		{name: "put to a version", method: "PUT", target: at(id), body: "x", status: 400, code: "InvalidArgument"},
		{name: "copy the marker", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(marker)}, status: 400, code: "InvalidRequest"},
		{name: "copy what is deleted", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/key"}, status: 404, code: "NoSuchKey"},
		{name: "copy another", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(other)}, status: 404, code: "NoSuchVersion"},
		{name: "copy with a bad source", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/key?version=1"}, status: 400, code: "InvalidArgument"},
		{name: "copy over what is not there", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(id), "If-Match", "*"}, status: 404, code: "NoSuchKey"},
		{name: "copy", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(id), "If-None-Match", "*"}, status: 200, want: map[string]string{sourceVersionHeader: id}},
		{name: "copy again", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(id), "If-None-Match", "*"}, status: 412, code: "PreconditionFailed"},
		{name: "copy with a checksum", method: "PUT", target: "/bucket/copy", header: []string{copySource, at(id), "X-Amz-Checksum-Algorithm", "SHA256"}, status: 200, want: map[string]string{sourceVersionHeader: id}},
		{name: "list after a version only", method: "GET", target: "/bucket?versions&version-id-marker=" + id, status: 400, code: "InvalidArgument"},
		{name: "list after no version", method: "GET", target: "/bucket?versions&key-marker=key&version-id-marker=x", status: 400, code: "InvalidArgument"},
		{name: "list none", method: "GET", target: "/bucket?versions&max-keys=0", status: 200},
		{name: "list of no bucket", method: "GET", target: "/none?versions&max-keys=0", status: 404, code: "NoSuchBucket"},
		{name: "not that etag", method: "DELETE", target: at(id), header: []string{"If-Match", `"00"`}, status: 412, code: "PreconditionFailed"},
		{name: "delete another", method: "DELETE", target: at(other), status: 204, want: map[string]string{markerHeader: "-"}},
		{name: "delete no version", method: "DELETE", target: at("x"), status: 400, code: "InvalidArgument"},
		{name: "that etag", method: "DELETE", target: at(id), header: []string{"If-Match", put.header.Get("Etag")}, status: 204, want: map[string]string{versionHeader: id, markerHeader: "-"}},
		{name: "neither way", method: "PUT", target: "/bucket?versioning", body: "<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>", status: 400, code: "MalformedXML"},
		{name: "mfa", method: "PUT", target: "/bucket?versioning", body: "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>", status: 501, code: "NotImplemented"},
		{name: "of no bucket", method: "PUT", target: "/none?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", status: 404, code: "NoSuchBucket"},
	})
	f.versioning("bucket", "Suspended")
	upload := f.begin("/bucket/parts")
	part := unquote(f.call("PUT", upload+"&partNumber=1", "x").header.Get("Etag"))
	f.run(t, []call{
		{name: "put while suspended", method: "PUT", target: "/bucket/key", body: "x", status: 200, want: map[string]string{versionHeader: "-"}},
		{name: "copy while suspended", method: "PUT", target: "/bucket/copied", header: []string{copySource, "/bucket/key"}, status: 200, want: map[string]string{versionHeader: "-", sourceVersionHeader: "null"}},
		{name: "complete while suspended", method: "POST", target: upload, body: completeBody(part), status: 200, want: map[string]string{versionHeader: "-"}},
		{name: "get the null version", method: "GET", target: "/bucket/key", status: 200, want: map[string]string{versionHeader: "null"}},
		{name: "delete while suspended", method: "DELETE", target: "/bucket/key", status: 204, want: map[string]string{versionHeader: "null", markerHeader: "true"}},
		{name: "get the null marker", method: "GET", target: at("null"), status: 405, code: "MethodNotAllowed"},
	})
}

func TestDeleteObjectsOfVersions(t *testing.T) {
	f := start(t).bucket("bucket")
	f.versioning("bucket", "Enabled")
	a, b := f.put("bucket", "a", "1"), f.put("bucket", "b", "2")
	f.put("bucket", "c", "33")
	got := f.call("POST", "/bucket?delete", fmt.Sprintf("<Delete><Object><Key>a</Key><VersionId>%s</VersionId></Object><Object><Key>b</Key><ETag>%s</ETag></Object>"+
		"<Object><Key>b</Key><VersionId>%s</VersionId><ETag>00</ETag></Object><Object><Key>c</Key><Size>1</Size></Object><Object><Key>d</Key><Size>1</Size></Object></Delete>", a.VersionID, quoted(b.ETag), b.VersionID))
	for _, want := range []string{
		"<Deleted><Key>a</Key><VersionId>" + a.VersionID + "</VersionId></Deleted>",
		"<Deleted><Key>b</Key><DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>",
		"<Key>b</Key><VersionId>" + b.VersionID + "</VersionId><Code>PreconditionFailed</Code>",
		"<Key>c</Key><Code>PreconditionFailed</Code>",
		"<Deleted><Key>d</Key><DeleteMarker>true</DeleteMarker>",
	} {
		if !strings.Contains(got.body, want) {
			t.Errorf("no %s in %s", want, got.body)
		}
	}
	if keys := f.keys("bucket"); !slices.Equal(keys, []string{"c"}) {
		t.Errorf("left %q", keys)
	}
}

// TestCompleteOnCondition: an upload is completed only over what the client expects,
// and goes on where it was when that is refused.
func TestCompleteOnCondition(t *testing.T) {
	f := start(t).bucket("bucket")
	before := f.put("bucket", "key", "old")
	upload := f.begin("/bucket/key")
	body := completeBody(f.part(upload, 1, "new"))
	f.run(t, []call{
		{name: "absent", method: "POST", target: upload, body: body, header: []string{"If-None-Match", "*"}, status: 412, code: "PreconditionFailed"},
		{name: "another", method: "POST", target: upload, body: body, header: []string{"If-Match", `"00"`}, status: 412, code: "PreconditionFailed"},
		{name: "this", method: "POST", target: upload, body: body, header: []string{"If-Match", quoted(before.ETag)}, status: 200, want: map[string]string{versionHeader: "-"}},
		{name: "get", method: "GET", target: "/bucket/key", status: 200, wantBody: "new"},
	})
}

// TestStoresWithoutVersions: what they do not keep is refused, and the null version is
// all there is.
func TestStoresWithoutVersions(t *testing.T) {
	f := start(t, withoutVersions).bucket("bucket")
	f.put("bucket", "key", "hello")
	versioned := "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
	f.run(t, []call{
		{name: "get null", method: "GET", target: "/bucket/key?versionId=null", status: 200, wantBody: "hello"},
		{name: "head null", method: "HEAD", target: "/bucket/key?versionId=null", status: 200},
		{name: "copy null", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/key?versionId=null"}, status: 200},
		{name: "get", method: "GET", target: "/bucket/key?versionId=1", status: 501, code: "NotImplemented"},
		{name: "delete", method: "DELETE", target: "/bucket/key?versionId=1", status: 501, code: "NotImplemented"},
		{name: "delete on condition", method: "DELETE", target: "/bucket/key", header: []string{"If-Match", "*"}, status: 501, code: "NotImplemented"},
		{name: "copy", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/key?versionId=1"}, status: 501, code: "NotImplemented"},
		{name: "list", method: "GET", target: "/bucket?versions", status: 501, code: "NotImplemented"},
		{name: "versioning", method: "PUT", target: "/bucket?versioning", body: versioned, status: 501, code: "NotImplemented"},
		{name: "is not versioned", method: "GET", target: "/bucket?versioning", status: 200},
		{name: "delete null", method: "DELETE", target: "/bucket/key?versionId=null", status: 204, want: map[string]string{versionHeader: "-"}},
	})
}

// TestSettingsAreAudited: whoever changes a bucket's settings stands in the audit log,
// refused or not, and readers and writers of objects may not.
func TestSettingsAreAudited(t *testing.T) {
	f := start(t).bucket("bucket")
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.Action == WriteBucket {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	f.call("PUT", "/bucket?versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
	f.guard.refuse = nil
	f.versioning("bucket", "Enabled")
	f.server.Close()
	var got []string
	for _, e := range f.guard.events {
		got = append(got, fmt.Sprint(e.Operation, " ", e.Bucket, " ", e.Action, " ", e.Outcome))
	}
	want := []string{"PutBucketVersioning bucket bucket.write AccessDenied", "PutBucketVersioning bucket bucket.write ok"}
	if !slices.Equal(got, want) {
		t.Errorf("audited %q", got)
	}
}
