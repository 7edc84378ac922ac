package s3api

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"croft/internal/errs"
	"croft/objectstore"
)

// TestRenameOfAWSSDK: AWS's client renames, and finds all that was kept with the object.
func TestRenameOfAWSSDK(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx, client, bucket := t.Context(), awsClient(f), aws.String("bucket")
	const old, key = "a b/ü%2F", "dir/new+key"
	f.call("PUT", "/bucket/a%20b/%C3%BC%252F", "hello", "X-Amz-Meta-A", "b", "X-Amz-Tagging", "c=d", "X-Amz-Checksum-Algorithm", "SHA256", "X-Amz-Checksum-Sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "Cache-Control", "no-store")
	before, err := f.store.Head(ctx, "bucket", old)
	if err != nil {
		t.Fatal(err)
	}
	input := &s3.RenameObjectInput{Bucket: bucket, Key: aws.String(key), RenameSource: aws.String("/bucket/a%20b/%C3%BC%252F"), DestinationIfNoneMatch: aws.String("*"), ClientToken: aws.String("token-1")}
	if _, err := client.RenameObject(ctx, input); err != nil {
		t.Fatal(err)
	}
	after, err := f.store.Head(ctx, "bucket", key)
	if err != nil || !after.ModifiedAt.Equal(before.ModifiedAt) || after.ETag != before.ETag || after.Attributes.User["a"] != "b" || after.Attributes.Tags["c"] != "d" ||
		after.Attributes.CacheControl != "no-store" || after.Attributes.Checksums["sha256"] != before.Attributes.Checksums["sha256"] || before.Attributes.Checksums["sha256"] == "" {
		t.Fatalf("%+v, %v, was %+v", after, err, before)
	}

	// What came again is done already, also where there is another source by now; with
	// other parameters it is refused.
	f.put("bucket", old, "another")
	if _, err := client.RenameObject(ctx, input); err != nil {
		t.Fatal(err)
	}
	input.DestinationIfNoneMatch = nil
	var mismatch *types.IdempotencyParameterMismatch
	if _, err := client.RenameObject(ctx, input); !errors.As(err, &mismatch) {
		t.Fatal(err)
	}
	if got := f.call("GET", "/bucket/dir/new+key", ""); got.body != "hello" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	// The token goes with the next rename. AWS's client never leaves it away.
	if a := f.call("PUT", "/bucket/third?renameObject", "", renameSource, "bucket/dir/new+key"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if o, err := f.store.Head(ctx, "bucket", "third"); err != nil || len(o.Attributes.System) > 0 {
		t.Fatalf("%+v, %v", o, err)
	}
}

func TestRenameConditions(t *testing.T) {
	f := start(t).bucket("bucket")
	old, now := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	const etag = `"5d41402abc4b2a76b9719d911017c592"` // of "hello"
	for _, c := range []struct {
		header []string
		over   bool // there is an object
		status int
		code   string
	}{
		{[]string{"If-None-Match", "*"}, false, 200, ""},
		{[]string{"If-None-Match", "*"}, true, 412, "PreconditionFailed"},
		{[]string{"If-None-Match", etag}, true, 501, "NotImplemented"},
		{[]string{"If-Match", etag}, true, 412, "PreconditionFailed"},
		{[]string{"If-Match", `"7d793037a0760186574b0282f2f435e7"`}, true, 200, ""}, // of "world"
		{[]string{"If-Match", etag}, false, 404, "NoSuchKey"},
		{[]string{"If-Modified-Since", old}, true, 200, ""},
		{[]string{"If-Modified-Since", old}, false, 412, "PreconditionFailed"},
		{[]string{"If-Modified-Since", now}, true, 412, "PreconditionFailed"},
		{[]string{"If-Unmodified-Since", old}, true, 412, "PreconditionFailed"},
		{[]string{"If-Unmodified-Since", old}, false, 200, ""},
		{[]string{renameSource + "-If-Match", etag}, false, 200, ""},
		{[]string{renameSource + "-If-Match", `"x"`}, false, 412, "PreconditionFailed"},
		{[]string{renameSource + "-If-Match", `"x"`}, true, 412, "PreconditionFailed"},
		{[]string{renameSource + "-If-None-Match", etag}, false, 412, "PreconditionFailed"},
		{[]string{renameSource + "-If-None-Match", "*"}, false, 412, "PreconditionFailed"},
		{[]string{renameSource + "-If-None-Match", `"x"`}, false, 200, ""},
		{[]string{renameSource + "-If-Modified-Since", now}, false, 412, "PreconditionFailed"},
		{[]string{renameSource + "-If-Modified-Since", old}, false, 200, ""},
		{[]string{renameSource + "-If-Unmodified-Since", old}, false, 412, "PreconditionFailed"},
		{[]string{clientToken, "with blank"}, false, 400, "InvalidArgument"},
	} {
		f.put("bucket", "key", "hello")
		if _, err := f.store.Delete(t.Context(), "bucket", "new"); err != nil {
			t.Fatal(err)
		}
		if c.over {
			f.put("bucket", "new", "world")
		}
		a := f.call("PUT", "/bucket/new?renameObject", "", append(c.header, renameSource, "/bucket/key")...)
		if a.status != c.status || a.code() != c.code {
			t.Errorf("%q, over another: %v: %d %s", c.header, c.over, a.status, a.body)
		}
		_, err := f.store.Head(t.Context(), "bucket", "key")
		if done := errors.Is(err, objectstore.ErrObjectNotFound); done != (c.status == 200) {
			t.Errorf("%q, over another: %v: the source is gone: %v", c.header, c.over, done)
		}
	}
}

// TestRenameNeedsBoth: to rename is to read and to delete one object and to put another.
func TestRenameNeedsBoth(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "hello")
	for _, needed := range []struct{ permission, key string }{{"s3:PutObject", "new"}, {"s3:GetObject", "key"}, {"s3:DeleteObject", "key"}} {
		f.guard.refuse = func(_ Credential, ask Ask) error {
			if ask.S3 == needed.permission && ask.Key == needed.key {
				return errs.New(errs.Forbidden, "forbidden", "No.")
			}
			return nil
		}
		if a := f.call("PUT", "/bucket/new?renameObject", "", renameSource, "/bucket/key"); a.status != 403 || a.code() != "AccessDenied" {
			t.Errorf("without %s: %d %s", needed.permission, a.status, a.body)
		}
	}
	f.guard.refuse = nil
	if keys := f.keys("bucket"); len(keys) != 1 || keys[0] != "key" {
		t.Errorf("%q", keys)
	}
	if a := f.call("PUT", "/bucket/new?renameObject", ""); a.code() != "InvalidRequest" {
		t.Errorf("%d %s", a.status, a.body)
	}

	f = start(t, func(c *Config) { c.Store = plainStore{c.Store} }).bucket("bucket")
	f.put("bucket", "key", "hello")
	if a := f.call("PUT", "/bucket/new?renameObject", "", renameSource, "/bucket/key"); a.status != 501 {
		t.Errorf("in a store that is elsewhere: %d %s", a.status, a.body)
	}
}
