package s3clients

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// following is a program whose lines are read as they come.
type following struct {
	*exec.Cmd
	t     *testing.T
	lines *bufio.Scanner
}

func follow(t *testing.T, c *client, args ...string) *following {
	t.Helper()
	f := &following{Cmd: c.command(args...), t: t}
	f.Stderr = os.Stderr
	out, err := f.StdoutPipe()
	if err == nil {
		err = f.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Process.Kill() })
	f.lines = bufio.NewScanner(out)
	return f
}

// until reads up to a line that contains a fragment.
func (f *following) until(fragment string) {
	f.t.Helper()
	var all []string
	for f.lines.Scan() {
		if all = append(all, f.lines.Text()); strings.Contains(f.lines.Text(), fragment) {
			return
		}
	}
	f.t.Fatalf("no %q in:\n%s", fragment, strings.Join(all, "\n"))
}

// history fills a bucket with versions and settings.
func history(t *testing.T, e endpoint) {
	t.Helper()
	c, err := minio.New(e.host(), &minio.Options{Creds: credentials.NewStaticV4(e.key, e.secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	must(c.MakeBucket(ctx, "kept", minio.MakeBucketOptions{ObjectLocking: true}))
	for _, body := range []string{"one", "two", "three"} {
		_, err := c.PutObject(ctx, "kept", "k", strings.NewReader(body), int64(len(body)), minio.PutObjectOptions{UserMetadata: map[string]string{"is": body}, LegalHold: minio.LegalHoldEnabled})
		must(err)
	}
	must(c.RemoveObject(ctx, "kept", "k", minio.RemoveObjectOptions{}))
	must(c.SetBucketPolicy(ctx, "kept", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::kept/*"}]}`))
	must(c.SetBucketVersioning(ctx, "first", minio.BucketVersioningConfiguration{Status: minio.Enabled}))
}

// TestMirror moves what a client put into one Croft to another one with the command
// `croft mirror`: cut off by a kill and begun again, followed until the cut-over, and
// compared by the command and by the client.
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
	history(t, from)
	a.run("copy", tree, "croft:first/tree", "--s3-upload-cutoff=6M", "--s3-chunk-size=5M")

	mirror := newClient(t, e2e.Binary(t), from, "mirror")
	mirror.env = append(mirror.env, "CROFT_SOURCE_ACCESS_KEY="+from.key, "CROFT_SOURCE_SECRET_KEY="+from.secret, "CROFT_TARGET_ACCESS_KEY="+to.key, "CROFT_TARGET_SECRET_KEY="+to.secret)
	places := []string{"s3+http://" + from.host(), "s3+http://" + to.host()}
	contains(t, mirror.run(append([]string{"--dry-run"}, places...)...), "to copy: ", "failed: 0")
	killed := follow(t, mirror, append([]string{"--limit=4M"}, places...)...)
	killed.until("objects") // 12 MiB take three seconds; progress is told after one
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait()
	mirror.refused("not alike", append([]string{"--verify"}, places...)...)
	contains(t, mirror.run(places...), "copied and verified: ", "failed: 0", "kept: policy copied")
	contains(t, mirror.run(append([]string{"--verify=content"}, places...)...), "different: 0; missing: 0; only at the target: 0")
	b.run("check", "--download", tree, "croft:first/tree")
	contains(t, b.run("hashsum", "MD5", "croft:first/tree/large.bin"), "large.bin")
	contains(t, b.run("lsf", "--s3-versions", "croft:kept"), "k-v")

	watch := follow(t, mirror, append([]string{"--watch=1s"}, places...)...)
	watch.until("round 1,")
	a.run("copyto", tree+"/plain.txt", "croft:first/later.txt")
	a.run("deletefile", "croft:first/tree/plain.txt")
	watch.until("copied and verified: 0") // that of the first round
	watch.until("copied and verified: ")
	for !strings.Contains(b.run("lsf", "croft:first"), "later.txt") {
		watch.until("copied and verified: ")
	}
	for strings.Contains(b.run("lsf", "croft:first/tree"), "plain.txt") {
		watch.until("copied and verified: ")
	}
	if runtime.GOOS != "windows" { // where nothing can be interrupted so
		if err := watch.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		watch.until("interrupted")
		if err := watch.Wait(); err != nil {
			t.Error(err)
		}
	}
}
