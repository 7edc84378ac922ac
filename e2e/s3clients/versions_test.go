package s3clients

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"croft/e2e"
)

// TestBoto3Versions runs testdata/boto3_versions.py.
func TestBoto3Versions(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_versions.py"))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, python, serve(t))
	contains(t, c.run(script, "boto3-versions"), "all good")
}

// TestAWSVersions drives the aws command line through versions, tags, keys and locks.
func TestAWSVersions(t *testing.T) {
	t.Parallel()
	c := newClient(t, e2e.NeedCommand(t, "aws"), serve(t))
	small, down := c.file("small.bin", 1000), filepath.Join(c.dir, "down")
	api := func(call string, args ...string) string {
		t.Helper()
		return c.run(append([]string{"s3api", call}, args...)...)
	}
	type version struct {
		VersionID string `json:"VersionId"`
	}
	parse := func(text string) (v version) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &v); err != nil || v.VersionID == "" {
			t.Fatalf("no version in %s: %v", text, err)
		}
		return v
	}
	of := func(key string) []string { return []string{"--bucket", "first", "--key", key} }
	with := func(args []string, more ...string) []string { return append(args, more...) }

	c.run("s3", "mb", "s3://first")
	api("put-bucket-versioning", "--bucket", "first", "--versioning-configuration", "Status=Enabled")
	contains(t, api("get-bucket-versioning", "--bucket", "first"), `"Status": "Enabled"`)
	one := parse(api("put-object", with(of("key"), "--body", small, "--tagging", "team=web")...))
	c.run("s3", "cp", small, "s3://first/key")
	c.run("s3", "rm", "s3://first/key")
	contains(t, api("list-object-versions", "--bucket", "first"), `"DeleteMarkers"`, one.VersionID)
	api("get-object", with(of("key"), "--version-id", one.VersionID, down)...)
	c.same(small, down)
	contains(t, api("get-object-tagging", with(of("key"), "--version-id", one.VersionID)...), `"Value": "web"`)
	api("put-object-tagging", with(of("key"), "--version-id", one.VersionID, "--tagging", "TagSet=[{Key=team,Value=data}]")...)
	contains(t, api("get-object-tagging", with(of("key"), "--version-id", one.VersionID)...), `"Value": "data"`)
	c.refused("NoSuchKey", with([]string{"s3api", "get-object"}, with(of("key"), down)...)...)
	c.refused("BucketNotEmpty", "s3", "rb", "s3://first")

	key := "0123456789abcdef0123456789abcdef"
	c.run("s3", "cp", small, "s3://first/secret", "--sse-c", "AES256", "--sse-c-key", key)
	c.run("s3", "cp", "s3://first/secret", down, "--sse-c", "AES256", "--sse-c-key", key)
	c.same(small, down)
	c.refused("400", "s3", "cp", "s3://first/secret", down)
	c.run("s3", "cp", small, "s3://first/named", "--sse", "aws:kms", "--sse-kms-key-id", "alias/team")
	contains(t, api("head-object", of("named")...), `"ServerSideEncryption": "aws:kms"`, `"SSEKMSKeyId": "alias/team"`)
	c.run("s3", "cp", "s3://first/named", down)
	c.same(small, down)

	api("create-bucket", "--bucket", "locked", "--object-lock-enabled-for-bucket")
	until := time.Now().UTC().Add(time.Hour).Format(time.RFC3339)
	kept := parse(api("put-object", "--bucket", "locked", "--key", "kept", "--body", small,
		"--object-lock-mode", "GOVERNANCE", "--object-lock-retain-until-date", until))
	remove := []string{"s3api", "delete-object", "--bucket", "locked", "--key", "kept", "--version-id", kept.VersionID}
	c.refused("AccessDenied", remove...)
	c.run(append(remove, "--bypass-governance-retention")...)
	c.run("s3", "rb", "s3://locked")
}
