package s3clients

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// mountPatience is for machines that are busy, not a measure of anything.
const mountPatience = time.Minute

// mount is a bucket as a folder, until it is unmounted; the end of the test does so
// whatever happens, and so does s3fs itself should the test process die.
type mount struct {
	*client
	folder    string
	unmounter string
	s3fs      *exec.Cmd
	ended     chan struct{}
	output    bytes.Buffer
}

func (c *client) mount(bucket, unmounter string) *mount {
	c.t.Helper()
	m := &mount{client: c, folder: filepath.Join(c.dir, "mounted"), unmounter: unmounter, ended: make(chan struct{})}
	passwords := filepath.Join(c.dir, "passwords")
	for _, err := range []error{
		os.MkdirAll(m.folder, 0o755),
		os.WriteFile(passwords, []byte(env(c.env, "AWS_ACCESS_KEY_ID")+":"+env(c.env, "AWS_SECRET_ACCESS_KEY")), 0o600),
	} {
		if err != nil {
			c.t.Fatal(err)
		}
	}
	outside := device(c.t, m.folder)
	m.s3fs = c.command(bucket, m.folder, "-f", "-o", "url="+env(c.env, "AWS_ENDPOINT_URL"), "-o", "use_path_request_style", "-o", "passwd_file="+passwords,
		"-o", "endpoint=us-east-1", "-o", "multipart_size=5", "-o", "multireq_max=5", "-o", "retries=1", "-o", "auto_unmount", "-o", "dbglevel=warn")
	m.s3fs.Stdout, m.s3fs.Stderr = &m.output, &m.output
	m.s3fs.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := m.s3fs.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = m.s3fs.Wait()
		close(m.ended)
	}()
	c.t.Cleanup(m.unmount)
	for deadline := time.Now().Add(mountPatience); device(c.t, m.folder) == outside; {
		select {
		case <-m.ended:
			c.t.Fatalf("s3fs ended instead of mounting:\n%s", m.output.String())
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			c.t.Fatal("s3fs does not mount")
		}
	}
	return m
}

// unmount ends the mount, by force if it must.
func (m *mount) unmount() {
	select {
	case <-m.ended:
		return
	default:
	}
	out, err := exec.Command(m.unmounter, "-u", m.folder).CombinedOutput()
	if err != nil {
		_ = exec.Command(m.unmounter, "-u", "-z", m.folder).Run()
		m.t.Errorf("unmount: %v %s", err, out)
	}
	select {
	case <-m.ended:
	case <-time.After(mountPatience):
		_ = m.s3fs.Process.Kill()
		<-m.ended
		m.t.Error("s3fs did not end with its mount")
	}
	if m.t.Failed() {
		m.t.Logf("s3fs's last words:\n%s", m.output.String())
	}
}

func env(list []string, name string) string {
	for _, pair := range list {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}

// device is the number of the file system that a folder is in.
func device(t *testing.T, folder string) uint64 {
	t.Helper()
	info, err := os.Stat(folder)
	if errors.Is(err, syscall.ENOTCONN) {
		return 0 // about to be mounted, or unmounted
	}
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Dev
}

// TestS3FS mounts a bucket with s3fs and works in it as programs work in a folder: files
// small and in parts, odd names, changes within a file, renames of files and folders.
// What is there is read back after it was mounted again, and over S3.
func TestS3FS(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "s3fs")
	unmounter := e2e.NeedCommand(t, "fusermount3", "fusermount")
	if _, err := os.Stat("/dev/fuse"); err != nil {
		e2e.Lack(t, "no /dev/fuse on this machine")
	}
	e := serve(t)
	c := newClient(t, program, e)
	s3, err := minio.New(e.host(), &minio.Options{Creds: credentials.NewStaticV4(e.key, e.secret, ""), BucketLookup: minio.BucketLookupPath})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := s3.MakeBucket(ctx, "disk", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	tree, large := c.tree("tree"), c.file("large.bin", 12<<20)

	m := c.mount("disk", unmounter)
	at := func(path string) string { return filepath.Join(m.folder, filepath.FromSlash(path)) }
	must(os.CopyFS(at("tree"), os.DirFS(tree)))
	c.sameTree(tree, at("tree"))
	must(os.WriteFile(at("large.bin"), []byte(read(t, large)), 0o640))
	c.same(large, at("large.bin"))

	// A change in the middle of a large file, and one at its end.
	f, err := os.OpenFile(at("large.bin"), os.O_RDWR, 0)
	must(err)
	_, err = f.WriteAt([]byte("changed"), 6<<20)
	must(err)
	_, err = f.Seek(0, io.SeekEnd)
	must(err)
	_, err = f.WriteString("appended")
	must(err)
	must(f.Close())
	want := append([]byte(read(t, large)), "appended"...)
	copy(want[6<<20:], "changed")
	if got := read(t, at("large.bin")); got != string(want) {
		t.Errorf("changed in place: %d bytes, want %d", len(got), len(want))
	}

	must(os.Rename(at("large.bin"), at("renamed.bin")))
	must(os.Rename(at("tree"), at("moved")))
	c.sameTree(tree, at("moved"))
	must(os.Truncate(at("moved/a/b/c/deep.txt"), 3))
	must(os.Chmod(at("moved/a/b/c/deep.txt"), 0o600))
	must(os.Symlink("renamed.bin", at("link")))
	must(os.Remove(at("moved/tilde~")))
	if _, err := os.Stat(at("tree")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there under its old name: %v", err)
	}
	m.unmount()
	if out := m.output.String(); t.Failed() {
		t.Log(out)
	}

	m = c.mount("disk", unmounter)
	if got := read(t, at("link")); got != string(want) {
		t.Errorf("mounted again: %d bytes, want %d", len(got), len(want))
	}
	if info, err := os.Stat(at("moved/a/b/c/deep.txt")); err != nil || info.Size() != 3 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	names, err := os.ReadDir(m.folder)
	must(err)
	var listed []string
	for _, n := range names {
		listed = append(listed, n.Name())
	}
	if !slices.Equal(listed, []string{"link", "moved", "renamed.bin"}) {
		t.Errorf("listed %q", listed)
	}
	object, err := s3.GetObject(ctx, "disk", "renamed.bin", minio.GetObjectOptions{})
	must(err)
	got, err := io.ReadAll(object)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("over S3: %d bytes, %v", len(got), err)
	}
	_ = object.Close()
	must(os.RemoveAll(at("moved")))
	must(os.Remove(at("link")))
	m.unmount()
	var keys []string
	for o := range s3.ListObjects(ctx, "disk", minio.ListObjectsOptions{Recursive: true}) {
		must(o.Err)
		keys = append(keys, fmt.Sprint(o.Key, " ", o.Size))
	}
	if !slices.Equal(keys, []string{fmt.Sprint("renamed.bin ", len(want))}) {
		t.Errorf("left are %q", keys)
	}
	for u := range s3.ListIncompleteUploads(ctx, "disk", "", true) {
		t.Errorf("an upload is left: %+v", u)
	}
}
