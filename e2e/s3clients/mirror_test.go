package s3clients

import (
	"testing"

	"croft/e2e"
)

// TestMirror moves what a client put into one Croft to another one with the command
// `croft mirror`, twice, and has the client compare.
func TestMirror(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "rclone")
	from, to := serve(t), serve(t)
	rclone := func(e endpoint) *client {
		c := newClient(t, program, e, "--retries=1", "--low-level-retries=1", "--use-mmap=false")
		c.env = append(c.env, "RCLONE_CONFIG_CROFT_TYPE=s3", "RCLONE_CONFIG_CROFT_PROVIDER=Other", "RCLONE_CONFIG_CROFT_ENDPOINT="+e.url,
			"RCLONE_CONFIG_CROFT_ACCESS_KEY_ID="+e.key, "RCLONE_CONFIG_CROFT_SECRET_ACCESS_KEY="+e.secret, "RCLONE_CONFIG_CROFT_REGION=us-east-1")
		return c
	}
	a, b := rclone(from), rclone(to)
	tree := a.tree("tree")
	a.file("tree/large.bin", 12<<20)
	a.run("mkdir", "croft:first")
	a.run("copy", tree, "croft:first/tree", "--s3-upload-cutoff=6M", "--s3-chunk-size=5M")

	mirror := newClient(t, e2e.Binary(t), from, "mirror")
	mirror.env = append(mirror.env, "CROFT_SOURCE_ACCESS_KEY="+from.key, "CROFT_SOURCE_SECRET_KEY="+from.secret, "CROFT_TARGET_ACCESS_KEY="+to.key, "CROFT_TARGET_SECRET_KEY="+to.secret)
	places := []string{"s3+http://" + from.host(), "s3+http://" + to.host()}
	contains(t, mirror.run(append([]string{"--dry-run"}, places...)...), "to copy: ", "failed: 0")
	contains(t, mirror.run(places...), "copied and verified: ", "there already: 0 objects", "failed: 0")
	contains(t, mirror.run(places...), "copied and verified: 0 objects")
	b.run("check", "--download", tree, "croft:first/tree")
	contains(t, b.run("hashsum", "MD5", "croft:first/tree/large.bin"), "large.bin")
}
