package s3clients

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"croft/e2e"
)

func TestMain(m *testing.M) { e2e.Main(m) }

// endpoint is a server and a key that may do everything on it.
type endpoint struct {
	url, key, secret string
}

func (e endpoint) host() string { return strings.TrimPrefix(e.url, "http://") }

// serve starts the real program on four empty drives, with these flags.
func serve(t *testing.T, flags ...string) endpoint {
	t.Helper()
	const key, secret = "clients", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret)
	croft.Flags = append(croft.Flags, flags...)
	return endpoint{croft.Start().S3, key, secret}
}

// client is a command with the environment it needs: nothing of the user's own
// configuration, and nothing beyond loopback.
type client struct {
	t       *testing.T
	program string
	args    []string // before those of each call
	env     []string
	dir     string
}

func newClient(t *testing.T, program string, e endpoint, args ...string) *client {
	t.Helper()
	dir := t.TempDir()
	env := []string{
		"AWS_ACCESS_KEY_ID=" + e.key, "AWS_SECRET_ACCESS_KEY=" + e.secret, "AWS_DEFAULT_REGION=us-east-1",
		"AWS_ENDPOINT_URL=" + e.url, "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=", "AWS_MAX_ATTEMPTS=1",
		"AWS_CONFIG_FILE=" + filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(dir, "credentials"),
		"RCLONE_CONFIG=" + filepath.Join(dir, "rclone.conf"), "NO_PROXY=*", "no_proxy=*", "PYTHONDONTWRITEBYTECODE=1",
	}
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "RCLONE_"), strings.HasSuffix(strings.ToLower(name), "_proxy"):
		default:
			env = append(env, kv)
		}
	}
	return &client{t: t, program: program, args: args, env: env, dir: dir}
}

func (c *client) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.t.Context(), c.program, append(append([]string{}, c.args...), args...)...)
	cmd.Env, cmd.Dir = c.env, c.dir
	return cmd
}

// run runs the client and returns what it printed; it must succeed.
func (c *client) run(args ...string) string {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := c.command(args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("%s %s: %v\n%s%s", filepath.Base(c.program), strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// refused runs the client and expects it to fail with this in its output.
func (c *client) refused(fragment string, args ...string) {
	c.t.Helper()
	out, err := c.command(args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), fragment) {
		c.t.Errorf("%s %s: %v, want a failure with %q\n%s", filepath.Base(c.program), strings.Join(args, " "), err, fragment, out)
	}
}

// file writes a reproducible file of that many bytes and returns its path.
func (c *client) file(name string, size int) string {
	c.t.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)}).Read(data)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// same compares two files byte by byte.
func (c *client) same(a, b string) {
	c.t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		c.t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		c.t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		c.t.Errorf("%s (%d bytes) and %s (%d bytes) differ", a, len(x), b, len(y))
	}
}

// sameTree compares two folders, file by file, both ways.
func (c *client) sameTree(a, b string) {
	c.t.Helper()
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		err := filepath.WalkDir(pair[0], func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(pair[0], path)
			if err == nil {
				c.same(path, filepath.Join(pair[1], rel))
			}
			return err
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// tree makes a folder of files whose names are as odd as the system allows.
func (c *client) tree(name string) string {
	c.t.Helper()
	odd := []string{
		"plain.txt", "with space.txt", "plus+plus.txt", "100%.txt", "per%20cent", "tilde~", "中文/文件.txt", "ünï/cödé.txt",
		"a/b/c/deep.txt", "quote'quote", "comma,semi;colon", "(paren) [bracket] {brace}", "equal=and&", "at@dollar$hash#", "emoji 🦆.txt",
	}
	if runtime.GOOS != "windows" {
		odd = append(odd, `quote"question?`, "star*pipe|colon:", "<angle>")
	}
	for i, path := range odd {
		c.file(name+"/"+path, i*1000)
	}
	return filepath.Join(c.dir, name)
}

// contains fails the test unless every fragment is in text.
func contains(t *testing.T, text string, fragments ...string) {
	t.Helper()
	for _, f := range fragments {
		if !strings.Contains(text, f) {
			t.Errorf("no %q in\n%s", f, text)
		}
	}
}

func lacks(t *testing.T, text, fragment string) {
	t.Helper()
	if strings.Contains(text, fragment) {
		t.Errorf("%q in\n%s", fragment, text)
	}
}
