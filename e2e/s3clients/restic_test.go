package s3clients

import (
	"os"
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestRestic keeps two backups, checks every byte of the repository, restores both and
// forgets one.
func TestRestic(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "restic")
	e := serve(t)
	c := newClient(t, program, e)
	c.env = append(c.env, "RESTIC_REPOSITORY=s3:"+e.url+"/backups/laptop", "RESTIC_PASSWORD=a password", "RESTIC_CACHE_DIR="+filepath.Join(c.dir, "cache"))
	tree := c.tree("tree")
	c.file("tree/large.bin", 20<<20)
	c.run("init")
	c.run("backup", "--tag", "first", tree)
	c.run("check", "--read-data")

	if err := os.Remove(filepath.Join(tree, "plain.txt")); err != nil {
		t.Fatal(err)
	}
	c.file("tree/new.txt", 5000)
	c.run("backup", "--tag", "second", tree)
	contains(t, c.run("snapshots"), "first", "second", "2 snapshots")

	now := filepath.Join(c.dir, "now")
	c.run("restore", "latest", "--tag", "second", "--target", now)
	c.sameTree(tree, filepath.Join(now, tree))
	before := filepath.Join(c.dir, "before")
	c.run("restore", "latest", "--tag", "first", "--target", before)
	if _, err := os.Stat(filepath.Join(before, tree, "plain.txt")); err != nil {
		t.Errorf("the first backup lacks a file: %v", err)
	}

	c.run("forget", "--tag", "first", "--keep-last", "1", "--prune")
	c.run("forget", "--tag", "second", "--keep-last", "1", "--prune")
	c.run("check", "--read-data")
}
