package s3clients

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestS3cmd drives s3cmd: buckets, a multipart upload, listings, info, sync.
func TestS3cmd(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "s3cmd")
	e := serve(t)
	config := filepath.Join(t.TempDir(), "s3cfg")
	text := fmt.Sprintf("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %s\nhost_bucket = %s\nuse_https = False\n", e.key, e.secret, e.host(), e.host())
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, program, e, "-c", config, "--no-progress")
	small, large := c.file("small.bin", 1000), c.file("large.bin", 20<<20)
	tree := c.tree("tree")
	down := filepath.Join(c.dir, "down")

	c.run("mb", "s3://first")
	contains(t, c.run("ls"), "s3://first")
	c.run("put", small, "s3://first/small file+%.bin")
	c.run("get", "--force", "s3://first/small file+%.bin", down)
	c.same(small, down)
	c.run("put", "--multipart-chunk-size-mb=5", large, "s3://first/dir/large.bin")
	c.run("get", "--force", "s3://first/dir/large.bin", down)
	c.same(large, down)
	contains(t, c.run("ls", "s3://first"), "DIR", "s3://first/dir/", "s3://first/small file+%.bin")
	contains(t, c.run("info", "s3://first"), "Location:", "Policy:")
	contains(t, c.run("info", "s3://first/dir/large.bin"), "File size: 20971520", "ACL:")
	contains(t, c.run("du", "s3://first"), "20972520")
	c.run("put", "--server-side-encryption", "--server-side-encryption-kms-id=alias/team", small, "s3://first/named.bin")
	c.run("get", "--force", "s3://first/named.bin", down)
	c.same(small, down)
	c.run("del", "s3://first/named.bin")
	c.run("cp", "s3://first/dir/large.bin", "s3://first/copy.bin")
	c.run("mv", "s3://first/copy.bin", "s3://first/moved.bin")
	contains(t, c.run("ls", "s3://first"), "moved.bin")
	contains(t, c.run("multipart", "s3://first"), "Path")

	c.run("sync", tree+"/", "s3://first/tree/")
	back := filepath.Join(c.dir, "back")
	if err := os.Mkdir(back, 0o755); err != nil {
		t.Fatal(err)
	}
	c.run("sync", "s3://first/tree/", back+"/")
	c.sameTree(tree, back)

	c.refused("does not exist", "get", "--force", "s3://first/none", down)
	c.refused("BucketNotEmpty", "rb", "s3://first")
	c.run("del", "s3://first/moved.bin")
	c.run("del", "--recursive", "--force", "s3://first")
	c.run("rb", "s3://first")
	lacks(t, c.run("ls"), "s3://first")
}
