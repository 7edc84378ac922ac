package s3clients

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// TestWebDAV has rclone carry a tree to a bucket and back as a WebDAV folder, and cadaver work in it;
// what is there is what S3 says.
func TestWebDAV(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "rclone")
	const key, secret = "clients", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret).Start()
	e := endpoint{croft.S3, key, secret}
	s3, err := minio.New(e.host(), &minio.Options{Creds: credentials.NewStaticV4(key, secret, "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := s3.MakeBucket(t.Context(), "files", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	at := croft.S3 + "/_dav/files/"
	status := func() int {
		r, err := http.NewRequestWithContext(t.Context(), "OPTIONS", at, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(key, secret)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
		return a.StatusCode
	}
	if got := status(); got != http.StatusNotFound {
		t.Errorf("before anybody said so: %d", got)
	}
	var web struct{ WebDAVPath string }
	e2e.Login(t, croft.Console, key, secret).Must(t, "PATCH", "/api/v1/buckets/files/web", map[string]any{"webdav": true}, &web)
	if got := status(); got != http.StatusOK || web.WebDAVPath != "/_dav/files/" {
		t.Fatalf("%d, %+v", got, web)
	}

	c := newClient(t, program, e, "--retries=1", "--low-level-retries=1", "--use-mmap=false")
	obscured := strings.TrimSpace(c.run("obscure", secret))
	c.env = append(c.env, "RCLONE_CONFIG_DAV_TYPE=webdav", "RCLONE_CONFIG_DAV_URL="+at, "RCLONE_CONFIG_DAV_VENDOR=other",
		"RCLONE_CONFIG_DAV_USER="+key, "RCLONE_CONFIG_DAV_PASS="+obscured)
	tree := c.tree("tree")
	large := c.file("tree/large.bin", 12<<20)
	c.run("copy", tree, "dav:tree")
	c.run("check", "--download", tree, "dav:tree")
	c.run("moveto", "dav:tree/large.bin", "dav:tree/moved.bin")
	c.run("copyto", "dav:tree/moved.bin", "dav:tree/large.bin")
	c.run("deletefile", "dav:tree/moved.bin")
	back := filepath.Join(c.dir, "back")
	c.run("copy", "dav:tree", back)
	c.sameTree(tree, back)
	if o, err := s3.StatObject(t.Context(), "files", "tree/large.bin", minio.StatObjectOptions{}); err != nil || o.Size != 12<<20 {
		t.Errorf("S3 says %+v, %v", o, err)
	}
	c.run("purge", "dav:tree")

	t.Run("cadaver", func(t *testing.T) {
		cadaver := newClient(t, e2e.NeedCommand(t, "cadaver"), e)
		cadaver.env = append(cadaver.env, "HOME="+cadaver.dir)
		rc := "machine 127.0.0.1\nlogin " + key + "\npassword " + secret + "\n"
		if err := os.WriteFile(filepath.Join(cadaver.dir, ".netrc"), []byte(rc), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := cadaver.command(at)
		cmd.Stdin = strings.NewReader("mkcol d\ncd d\nput " + large + " one.bin\nlock one.bin\nunlock one.bin\ncopy one.bin two.bin\nmove two.bin three.bin\nls\nquit\n")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "three.bin") || strings.Contains(string(out), "failed") {
			t.Errorf("%v\n%s", err, out)
		}
		if o, err := s3.StatObject(t.Context(), "files", "d/three.bin", minio.StatObjectOptions{}); err != nil || o.Size != 12<<20 {
			t.Errorf("S3 says %+v, %v", o, err)
		}
	})
}
