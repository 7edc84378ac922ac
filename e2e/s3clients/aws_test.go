package s3clients

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"croft/e2e"
)

// TestAWS drives the aws command line: the high-level commands, a presigned
// link, and put-object with every checksum.
func TestAWS(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "aws")
	e := serve(t)
	c := newClient(t, program, e)
	// Version 1 of the command line signs links with the ancient version 2 unless told.
	if err := os.WriteFile(filepath.Join(c.dir, "config"), []byte("[default]\ns3 =\n  signature_version = s3v4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	small, large := c.file("small.bin", 1000), c.file("large.bin", 20<<20)
	tree := c.tree("tree")
	down := filepath.Join(c.dir, "down")

	c.run("s3", "mb", "s3://first")
	contains(t, c.run("s3", "ls"), "first")
	c.refused("BucketAlreadyOwnedByYou", "s3", "mb", "s3://first")

	c.run("s3", "cp", small, "s3://first/small file+%.bin", "--metadata", "colour=blue")
	c.run("s3", "cp", "s3://first/small file+%.bin", down)
	c.same(small, down)
	c.run("s3", "cp", large, "s3://first/dir/large.bin")
	c.run("s3", "cp", "s3://first/dir/large.bin", down)
	c.same(large, down)
	c.run("s3", "cp", "s3://first/dir/large.bin", "s3://first/copy.bin")
	c.run("s3", "cp", "s3://first/copy.bin", down)
	c.same(large, down)
	contains(t, c.run("s3api", "head-object", "--bucket", "first", "--key", "small file+%.bin"), `"colour": "blue"`)

	c.run("s3", "sync", tree, "s3://first/tree")
	if out := c.run("s3", "sync", tree, "s3://first/tree"); out != "" {
		t.Errorf("a second sync did\n%s", out)
	}
	back := filepath.Join(c.dir, "back")
	c.run("s3", "sync", "s3://first/tree", back)
	c.sameTree(tree, back)
	contains(t, c.run("s3", "ls", "s3://first/"), "PRE dir/", "PRE tree/", "small file+%.bin")
	contains(t, c.run("s3", "ls", "--recursive", "s3://first/tree/"), "tree/中文/文件.txt", "tree/plus+plus.txt", "tree/100%.txt")

	link := strings.TrimSpace(c.run("s3", "presign", "s3://first/small file+%.bin", "--expires-in", "60"))
	if status, body := get(t, link); status != http.StatusOK || body != read(t, small) {
		t.Errorf("presigned: %d, %d bytes", status, len(body))
	}
	if status, body := get(t, strings.Replace(link, "small", "smalk", 1)); status != http.StatusForbidden || !strings.Contains(body, "SignatureDoesNotMatch") {
		t.Errorf("changed link: %d %s", status, body)
	}

	for _, algorithm := range []string{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"} {
		probe, err := c.command("s3api", "put-object", "--bucket", "first", "--key", algorithm, "--body", small, "--checksum-algorithm", algorithm).CombinedOutput()
		if out := string(probe); err != nil && (strings.Contains(out, "botocore[crt]") || strings.Contains(out, "nvalid choice")) {
			t.Logf("this aws cannot compute %s; the Go SDK's test covers it", algorithm)
			continue
		}
		out := c.run("s3api", "put-object", "--bucket", "first", "--key", algorithm, "--body", small, "--checksum-algorithm", algorithm)
		contains(t, out, `"Checksum`+algorithm+`"`)
		contains(t, c.run("s3api", "get-object", "--bucket", "first", "--key", algorithm, "--checksum-mode", "ENABLED", down), `"Checksum`+algorithm+`"`)
		c.same(small, down)
	}
	c.refused("NoSuchKey", "s3api", "get-object", "--bucket", "first", "--key", "none", down)
	c.refused("NoSuchBucket", "s3", "ls", "s3://no-such-bucket")
	c.refused("BucketNotEmpty", "s3", "rb", "s3://first")
	c.refused("NoSuchBucketPolicy", "s3api", "get-bucket-policy", "--bucket", "first")

	wrong := newClient(t, program, endpoint{e.url, e.key, "wrong"})
	wrong.refused("SignatureDoesNotMatch", "s3", "cp", small, "s3://first/evil")
	nobody := newClient(t, program, endpoint{e.url, "nobody", e.secret})
	nobody.refused("InvalidAccessKeyId", "s3", "cp", small, "s3://first/evil")
	c.refused("AccessDenied", "s3", "cp", small, "s3://first/evil", "--no-sign-request")
	lacks(t, c.run("s3", "ls", "s3://first/"), "evil")

	c.run("s3", "mv", "s3://first/copy.bin", "s3://first/moved.bin")
	c.run("s3", "rm", "s3://first/moved.bin")
	c.run("s3", "rb", "s3://first", "--force")
	lacks(t, c.run("s3", "ls"), "first")
}

func get(t *testing.T, url string, authorization ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["Authorization"] = authorization
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
