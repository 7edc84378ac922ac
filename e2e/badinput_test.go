package e2e

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	rootName     = "mei-lin"
	rootPassword = "correct horse battery"
)

// says fails unless the text has all the fragments, whatever their case.
func says(t *testing.T, what, text string, fragments ...string) {
	t.Helper()
	for _, fragment := range fragments {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(fragment)) {
			t.Errorf("%s does not say %q:\n%s", what, fragment, text)
		}
	}
	if strings.Contains(text, "goroutine ") || strings.Contains(text, "panic") {
		t.Errorf("%s shows a stack:\n%s", what, text)
	}
}

// signer makes presigned URLs with the root account's keys.
func (c *Croft) signer() *s3.PresignClient {
	return s3.NewPresignClient(s3.New(s3.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(c.S3),
		UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: rootName, SecretAccessKey: rootPassword}, nil
		}),
	}))
}

func (c *Croft) putURL(t *testing.T, bucket, key string) string {
	t.Helper()
	signed, err := c.signer().PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	return signed.URL
}

func (c *Croft) getURL(t *testing.T, bucket, key string) string {
	t.Helper()
	signed, err := c.signer().PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	return signed.URL
}

// httpDo sends a request and returns the status and the body.
func httpDo(t *testing.T, method, target string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := loopback.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}

// put stores an object over S3 and get reads it back.
func (c *Croft) put(t *testing.T, bucket, key, content string) {
	t.Helper()
	if status, answer := httpDo(t, "PUT", c.putURL(t, bucket, key), strings.NewReader(content)); status != http.StatusOK {
		t.Fatalf("put %s/%s: %d %s", bucket, key, status, answer)
	}
}

func (c *Croft) wants(t *testing.T, bucket, key, content string) {
	t.Helper()
	status, got := httpDo(t, "GET", c.getURL(t, bucket, key), nil)
	if status != http.StatusOK || got != content {
		t.Errorf("%s/%s: status %d and %d bytes, want the %d that were stored", bucket, key, status, len(got), len(content))
	}
}

func (c *Croft) login(t *testing.T) *API {
	t.Helper()
	return Login(t, c.Console, rootName, rootPassword)
}

// tmpfs mounts a small file system and takes it away again.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	NeedRoot(t)
	dir := t.TempDir()
	Run(t, "", nil, "mount", "-t", "tmpfs", "-o", options, "croft-e2e", dir)
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", dir).CombinedOutput(); err != nil {
			t.Errorf("umount %s: %v\n%s", dir, err, out)
		}
	})
	return dir
}

func TestBadDataFolder(t *testing.T) {
	serve := func(args ...string) string {
		return Refusal(t, append([]string{"server", "--address", FreeAddress(t), "--console-address", FreeAddress(t)}, args...)...)
	}
	t.Run("File", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(file, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		says(t, "the refusal", serve(file), file, "file")
		if content, err := os.ReadFile(file); err != nil || string(content) != "mine" {
			t.Errorf("the file now holds %q, %v", content, err)
		}
	})
	t.Run("ReadOnly", func(t *testing.T) {
		dir := tmpfs(t, "ro,size=1m")
		says(t, "the refusal", serve(dir), dir, "cannot be written")
	})
	t.Run("Full", func(t *testing.T) {
		dir := tmpfs(t, "size=64k")
		blob := filepath.Join(dir, "mine")
		if err := os.WriteFile(blob, make([]byte, 128<<10), 0o644); err == nil {
			t.Fatal("the file system is not full")
		}
		before, err := os.Stat(blob)
		if err != nil {
			t.Fatal(err)
		}
		says(t, "the refusal", serve(dir), dir, "full")
		if after, err := os.Stat(blob); err != nil || after.Size() != before.Size() {
			t.Errorf("the user's own file has changed: %v", err)
		}
	})
	t.Run("NoFolder", func(t *testing.T) {
		says(t, "the refusal", serve(), "drive")
	})
}

func TestServedTwice(t *testing.T) {
	c := New(t, 1).WithAccount(rootName, rootPassword)
	c.State = ""
	c.Start()
	twin := []string{"server", "--address", FreeAddress(t), "--console-address", FreeAddress(t), c.Drives[0]}
	says(t, "the refusal", Refusal(t, twin...), c.Drives[0], "another Croft")
	// Neither does a state folder of one's own let a second process at the drives.
	says(t, "the refusal", Refusal(t, append(twin, "--state", t.TempDir())...), c.Drives[0], "another Croft")
	c.login(t)
	c.Stop()
	c.Start().login(t)
}

func TestDrivesOfAnother(t *testing.T) {
	mine := New(t, 4).WithAccount(rootName, rootPassword).Start()
	mine.login(t).Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "mine"}, nil)
	mine.put(t, "mine", "a", "my words")
	mine.Stop()
	other := New(t, 4).WithAccount(rootName, rootPassword).Start()
	other.login(t).Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "other"}, nil)
	other.put(t, "other", "a", "their words")
	other.Stop()

	own := mine.Drives
	mine.Drives = append(own[:3:3], other.Drives[3])
	says(t, "the refusal", Refusal(t, mine.Args()...), other.Drives[3], "belong to different")
	// All drives of another deployment under my state.
	mine.Drives = other.Drives
	says(t, "the refusal", Refusal(t, mine.Args()...), "belong")

	mine.Drives = own
	mine.Start().wants(t, "mine", "a", "my words")
	other.Start().wants(t, "other", "a", "their words")
}

func TestTooFewDrives(t *testing.T) {
	c := New(t, 4).WithAccount(rootName, rootPassword).Start()
	c.login(t).Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "papers"}, nil)
	c.put(t, "papers", "a", "my words")
	c.Stop()

	for _, drive := range c.Drives[1:] {
		if err := os.Rename(drive, drive+".away"); err != nil {
			t.Fatal(err)
		}
	}
	says(t, "the refusal", Refusal(t, c.Args()...), c.Drives[1], "drives")
	for _, drive := range c.Drives[1:] {
		if _, err := os.Stat(drive); err == nil {
			t.Errorf("the missing drive folder %s was made anew", drive)
		}
		if err := os.Rename(drive+".away", drive); err != nil {
			t.Fatal(err)
		}
	}
	// A list that is shorter than the drives know each other to be.
	all := c.Drives
	c.Drives = all[:2]
	says(t, "the refusal", Refusal(t, c.Args()...), "drives")
	c.Drives = all
	c.Start().wants(t, "papers", "a", "my words")
}

func TestDrivesFillUp(t *testing.T) {
	c := New(t, 4).WithAccount(rootName, rootPassword)
	for i := range c.Drives {
		c.Drives[i] = tmpfs(t, "size=16m")
	}
	c.Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "papers"}, nil)
	big := strings.Repeat("0123456789abcdef", 4<<20/16)
	stored, refused := 0, ""
	for refused == "" {
		status, answer := httpDo(t, "PUT", c.putURL(t, "papers", strconv.Itoa(stored)), strings.NewReader(big))
		switch {
		case status == http.StatusOK && stored < 20:
			stored++
		case status == http.StatusOK:
			t.Fatal("80 MiB went into 32")
		default:
			refused = fmt.Sprintf("%d %s", status, answer)
		}
	}
	says(t, "the S3 error", refused, "507", "StorageFull", "full")
	api.Refused(t, http.StatusInsufficientStorage, "storage_full", "PUT", "/api/v1/buckets/papers/object?key=one-more", strings.NewReader(big))
	if stored == 0 {
		t.Fatal("nothing could be stored")
	}
	for i := range stored {
		c.wants(t, "papers", strconv.Itoa(i), big)
	}
	// What was refused left nothing, and deleting makes room again.
	var page struct{ Items []struct{ Key string } }
	api.Must(t, "GET", "/api/v1/buckets/papers/objects", nil, &page)
	if len(page.Items) != stored {
		t.Errorf("%d objects are listed, want %d", len(page.Items), stored)
	}
	api.Must(t, "DELETE", "/api/v1/buckets/papers/object?key=0", nil, nil)
	c.put(t, "papers", "again", big)
	c.wants(t, "papers", "again", big)
	c.Stop()
	c.Start().wants(t, "papers", "again", big)
}

func TestObjectKeys(t *testing.T) {
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "papers"}, nil)
	outside := filepath.Join(filepath.Dir(c.Drives[0]), "escaped")

	// Keys are names, not paths: what looks like one is kept as it is.
	legal := []string{"../escaped", "../../escaped", "a/../b", "a/./b", "a//b", "a/", "/a", "..", ".", `a\..\b`, "con", "你好/世界", "a b+c%2F&?#", strings.Repeat("k", 1024)}
	for _, key := range legal {
		t.Run("legal", func(t *testing.T) {
			c.put(t, "papers", key, "content of "+key)
			c.wants(t, "papers", key, "content of "+key)
			var content string
			api.Must(t, "GET", "/api/v1/buckets/papers/object?key="+url.QueryEscape(key), nil, &content)
			if content != "content of "+key {
				t.Errorf("the console reads %q under %q", content, key)
			}
		})
	}
	var page struct{ Items []struct{ Key string } }
	api.Must(t, "GET", "/api/v1/buckets/papers/objects?limit=100", nil, &page)
	if len(page.Items) != len(legal) {
		t.Errorf("%d keys are listed, want %d: %v", len(page.Items), len(legal), page.Items)
	}
	if _, err := os.Stat(outside); err == nil {
		t.Error("a key has left the drive folder")
	}

	for name, key := range map[string]string{"NUL": "a\x00b", "TooLong": strings.Repeat("k", 1025), "NotText": "a\xff"} {
		t.Run(name, func(t *testing.T) {
			status, answer := httpDo(t, "PUT", c.putURL(t, "papers", key), strings.NewReader("x"))
			if status != http.StatusBadRequest || !strings.Contains(answer, "<Code>") {
				t.Errorf("S3 answered %d %s", status, answer)
			}
			api.Refused(t, http.StatusBadRequest, "key_invalid", "PUT", "/api/v1/buckets/papers/object?key="+url.QueryEscape(key), strings.NewReader("x"))
		})
	}
	var after struct{ Items []struct{ Key string } }
	api.Must(t, "GET", "/api/v1/buckets/papers/objects?limit=100", nil, &after)
	if len(after.Items) != len(legal) {
		t.Errorf("a refused key was stored: %v", after.Items)
	}
}

func TestUploadCutOff(t *testing.T) {
	c := New(t, 4).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "papers"}, nil)
	c.put(t, "papers", "kept", "the first version")
	const size = 3 << 20
	cut := func(method, target, header string) {
		t.Helper()
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n%s\r\n", method, u.RequestURI(), u.Host, size, header)
		if _, err := conn.Write(bytes.Repeat([]byte("x"), size/2)); err != nil {
			t.Fatal(err)
		}
		// Half a close tells the server that no more comes and leaves the answer readable.
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if resp, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
			if resp.StatusCode/100 == 2 {
				t.Errorf("half an upload was answered with %d", resp.StatusCode)
			}
			_ = resp.Body.Close()
		}
		_ = conn.Close()
	}
	for _, key := range []string{"new", "kept"} {
		cut("PUT", c.putURL(t, "papers", key), "")
	}
	jar := &url.URL{Scheme: "http", Host: host(c.Console), Path: "/"}
	header := "X-Croft-CSRF: " + api.csrf + "\r\nCookie: "
	for _, cookie := range api.http.Jar.Cookies(jar) {
		header += cookie.String()
	}
	cut("PUT", c.Console+"/api/v1/buckets/papers/object?key=new", header+"\r\n")

	if status, _ := httpDo(t, "GET", c.getURL(t, "papers", "new"), nil); status != http.StatusNotFound {
		t.Errorf("a cut-off upload can be read: %d", status)
	}
	c.wants(t, "papers", "kept", "the first version")
	c.put(t, "papers", "new", "whole")
	c.wants(t, "papers", "new", "whole")
}

func TestForeignSocket(t *testing.T) {
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	dial := func(origin string, client *http.Client) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "GET", c.Console+"/api/v1/chat/socket", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": origin,
		} {
			req.Header.Set(name, value)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for _, origin := range []string{"https://evil.example", "http://" + host(c.S3), "null", c.Console + ".evil.example"} {
		if status := dial(origin, api.http); status != http.StatusForbidden {
			t.Errorf("a socket from %s was answered with %d, want 403", origin, status)
		}
	}
	if status := dial(c.Console, api.http); status != http.StatusSwitchingProtocols {
		t.Errorf("a socket from our own page was answered with %d", status)
	}
	if status := dial(c.Console, loopback); status != http.StatusUnauthorized {
		t.Errorf("a socket without a session was answered with %d, want 401", status)
	}
	// The same holds for every change over HTTP.
	req, err := http.NewRequestWithContext(t.Context(), "POST", c.Console+"/api/v1/buckets", strings.NewReader(`{"name":"theirs"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := api.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a change without the CSRF token was answered with %d, want 403", resp.StatusCode)
	}
}

func TestBadRepositories(t *testing.T) {
	forge := NewForge(t)
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "hello", "name": "Hello"}, nil)
	const repositories = "/api/v1/projects/hello/repositories"

	secret := forge.NewRepository(t, "secret.git")
	work := NewWork(t, secret)
	work.CopySample()
	work.Commit("say hello")
	work.Push()
	forge.Protect("secret.git", "mei", "pa55word")

	add := func(name, cloneURL string) map[string]string {
		return map[string]string{"name": name, "cloneUrl": cloneURL, "branch": "main"}
	}
	gone := api.Refused(t, http.StatusBadRequest, "repository_unreachable", "POST", repositories, add("gone", forge.URL+"/gone.git"))
	says(t, "the refusal", gone.Message, host(forge.URL), "no repository")
	api.Refused(t, http.StatusBadRequest, "repository_unreachable", "POST", repositories, add("closed", "http://"+FreeAddress(t)+"/a.git"))
	api.Refused(t, http.StatusBadRequest, "repository_auth", "POST", repositories, add("secret", secret))
	wrong := add("secret", secret)
	wrong["username"], wrong["password"] = "mei", "wrong"
	refused := api.Refused(t, http.StatusBadRequest, "repository_auth", "POST", repositories, wrong)
	if strings.Contains(refused.Message, "wrong") && strings.Contains(refused.Message, ":wrong") {
		t.Errorf("the refusal shows the password: %s", refused.Message)
	}
	if err := api.Call(t.Context(), "POST", repositories, add("local", "file:///etc"), nil); err == nil {
		t.Error("a folder of the server was taken as a repository")
	}
	right := add("secret", secret)
	right["username"], right["password"] = "mei", "pa55word"
	var added struct{ Name, CloneURL string }
	api.Must(t, "POST", repositories, right, &added)
	var answer string
	api.Must(t, "GET", repositories, nil, &answer)
	if strings.Contains(answer, "pa55word") {
		t.Errorf("the API shows the password: %s", answer)
	}
	var listed struct{ Items []struct{ Name string } }
	api.Must(t, "GET", repositories, nil, &listed)
	if len(listed.Items) != 1 {
		t.Errorf("refused repositories were kept: %v", listed.Items)
	}
}

// final waits for a run's end over its event stream.
func final(t *testing.T, api *API, repository string, number int) RunView {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	path := fmt.Sprintf("%s/runs/%d", repository, number)
	resp, err := api.Stream(ctx, path+"/events")
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, resp.Body) // ends with the run
	_ = resp.Body.Close()
	if err != nil {
		t.Fatalf("run %d: %v", number, err)
	}
	var run RunView
	api.Must(t, "GET", path, nil, &run)
	if !run.Final() {
		t.Fatalf("the events of run %d ended while it is %s", number, run.State)
	}
	return run
}

func TestBadPipelineFile(t *testing.T) {
	forge := NewForge(t)
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := c.login(t)
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "hello", "name": "Hello"}, nil)
	remote := forge.NewRepository(t, "hello.git")
	work := NewWork(t, remote)
	work.CopySample()
	f := func(name, file string, want ...string) {
		t.Helper()
		if err := os.Remove(filepath.Join(work.Dir, ".croft.yml")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if name != "no file" {
			work.Write(".croft.yml", file)
		}
		work.Commit(name)
		work.Push()
		if name == "no file" { // the first one: now there is something to add
			api.Must(t, "POST", "/api/v1/projects/hello/repositories", map[string]string{"name": "hello", "cloneUrl": remote, "branch": "main"}, nil)
		}
		var started RunView
		err := api.Call(t.Context(), "POST", "/api/v1/projects/hello/repositories/hello/runs", map[string]string{}, &started)
		message := ""
		if err != nil {
			message = err.Error()
		} else {
			run := final(t, api, "/api/v1/projects/hello/repositories/hello", started.Number)
			if run.State != "error" {
				t.Errorf("%s: the run is %s", name, run.State)
			}
			message = run.Error
		}
		says(t, name, message, want...)
	}
	f("no file", "", ".croft.yml")
	f("empty", "\n", "stages")
	f("syntax", "stages:\n\t- a\n", ".croft.yml:2:1")
	f("unknown key", "stages:\n  - name: a\n    steps:\n      - name: b\n        image: x\n        scirpt: ls\n", ".croft.yml:6:9", "scirpt")
	f("wrong type", "stages:\n  - name: a\n    steps: 3\n", ".croft.yml:3:12", "steps must be a list")
	f("no stages", "version: 1\n", "stages")
}

func TestNoEngine(t *testing.T) {
	forge := NewForge(t)
	c := New(t, 4).WithAccount(rootName, rootPassword)
	c.Env = append(c.Env, "DOCKER_HOST=unix:///nonexistent/docker.sock")
	c.Start()
	api := c.login(t)
	var instance struct {
		Docker struct {
			Available bool
			Message   string
		}
	}
	api.Must(t, "GET", "/api/v1/instance", nil, &instance)
	if instance.Docker.Available {
		t.Error("the console says that a Docker engine is there")
	}
	says(t, "the console", instance.Docker.Message, "docker")

	// Everything else works.
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "hello", "name": "Hello"}, nil)
	api.Must(t, "POST", "/api/v1/buckets", map[string]string{"name": "papers"}, nil)
	c.put(t, "papers", "a", "my words")
	c.wants(t, "papers", "a", "my words")
	var rooms struct{ Items []struct{ ID, Kind string } }
	api.Must(t, "GET", "/api/v1/chat/rooms", nil, &rooms)
	for _, room := range rooms.Items {
		api.Must(t, "POST", "/api/v1/chat/rooms/"+room.ID+"/messages", map[string]string{"clientId": "c-" + room.ID, "text": "hello"}, nil)
	}
	if len(rooms.Items) == 0 {
		t.Error("there is no room to talk in")
	}

	// A run is refused with what to do about it, and a push is not lost silently.
	remote := forge.NewRepository(t, "hello.git")
	work := NewWork(t, remote)
	work.CopySample()
	work.Commit("say hello")
	work.Push()
	api.Must(t, "POST", "/api/v1/projects/hello/repositories", map[string]string{"name": "hello", "cloneUrl": remote, "branch": "main"}, nil)
	refusal := api.Refused(t, http.StatusServiceUnavailable, "engine_unavailable", "POST", "/api/v1/projects/hello/repositories/hello/runs", map[string]string{})
	says(t, "the refusal", refusal.Message, "docker", "/nonexistent/docker.sock")
}
