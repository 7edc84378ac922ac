package s3clients

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestRclone drives rclone: a tree with odd names there and back, by checksum.
func TestRclone(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "rclone")
	e := serve(t)
	c := newClient(t, program, e, "--retries=1", "--low-level-retries=1", "--use-mmap=false")
	text := fmt.Sprintf("[croft]\ntype = s3\nprovider = Other\naccess_key_id = %s\nsecret_access_key = %s\nendpoint = %s\nregion = us-east-1\n", e.key, e.secret, e.url)
	if err := os.WriteFile(filepath.Join(c.dir, "rclone.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := c.tree("tree")
	c.file("tree/large.bin", 12<<20)
	large := []string{"--s3-upload-cutoff=6M", "--s3-chunk-size=5M"}

	c.run("mkdir", "croft:first")
	contains(t, c.run("lsd", "croft:"), "first")
	c.run(append([]string{"copy", tree, "croft:first/tree"}, large...)...)
	c.run("check", tree, "croft:first/tree")
	c.run("check", "--download", tree, "croft:first/tree")
	contains(t, c.run("lsf", "-R", "croft:first/tree"), "中文/文件.txt", "plus+plus.txt", "100%.txt", "tilde~")

	back := filepath.Join(c.dir, "back")
	c.run("sync", "--checksum", "croft:first/tree", back)
	c.sameTree(tree, back)

	if err := os.Remove(filepath.Join(tree, "plain.txt")); err != nil {
		t.Fatal(err)
	}
	c.file("tree/new.txt", 77)
	c.run(append([]string{"sync", "--checksum", tree, "croft:first/tree"}, large...)...)
	c.run("check", tree, "croft:first/tree")
	lacks(t, c.run("lsf", "croft:first/tree"), "plain.txt")

	// Many small files in many folders, changed here and there.
	many, manyBack := filepath.Join(c.dir, "many"), filepath.Join(c.dir, "many-back")
	busy := []string{"--transfers=16", "--checkers=16", "--checksum"}
	c.run("test", "makefiles", many, "--files=1000", "--files-per-directory=7", "--max-file-size=3k", "--seed=1")
	c.run(append([]string{"sync", many, "croft:first/many"}, busy...)...)
	c.run(append([]string{"check", many, "croft:first/many"}, busy...)...)
	contains(t, c.run("size", "--json", "--fast-list", "croft:first/many"), `"count":1000`)
	c.run("test", "makefiles", many, "--files=50", "--files-per-directory=7", "--max-file-size=3k", "--seed=2")
	c.run(append([]string{"sync", many, "croft:first/many"}, busy...)...)
	c.run(append([]string{"sync", "croft:first/many", manyBack}, busy...)...)
	c.sameTree(many, manyBack)
	c.run(append([]string{"delete", "croft:first/many"}, busy...)...)

	named := []string{"--checksum", "--s3-server-side-encryption=aws:kms", "--s3-sse-kms-key-id=alias/team"}
	c.run(append(append([]string{"sync", tree, "croft:first/named"}, large...), named...)...)
	c.run("check", tree, "croft:first/named")
	c.run("sync", "--checksum", "croft:first/named", back)
	c.sameTree(tree, back)
	c.run("copyto", "croft:first/tree/large.bin", "croft:first/copy.bin")
	contains(t, c.run("size", "croft:first/copy.bin"), "12582912")
	c.run("moveto", "croft:first/copy.bin", "croft:first/moved.bin")
	contains(t, c.run("lsf", "croft:first"), "moved.bin")
	c.run("touch", "croft:first/moved.bin")
	contains(t, c.run("md5sum", "croft:first/tree/new.txt"), "new.txt")

	c.run("delete", "croft:first/tree")
	lacks(t, c.run("lsf", "croft:first"), "tree/")
	c.run("cleanup", "croft:first")
	c.run("purge", "croft:first")
	lacks(t, c.run("lsd", "croft:"), "first")
}
