package s3clients

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/e2e"
)

// TestRegistryOnCroft lets Docker's registry keep its images in Croft, through the AWS SDK
// for Go v1: a layer sent in pieces, one that is given up, a manifest, the catalogue, and
// what is deleted.
func TestRegistryOnCroft(t *testing.T) {
	t.Parallel()
	program := filepath.Join(e2e.Root(t), ".cache", "docker-registry", "usr", "bin", "docker-registry")
	if _, err := os.Stat(program); err != nil {
		program = e2e.NeedCommand(t, "docker-registry")
	}
	e := serve(t)
	newClient(t, e2e.NeedCommand(t, "aws"), e).run("s3", "mb", "s3://images")
	c := newClient(t, program, e)
	r := startRegistry(t, c, e)

	layer := make([]byte, 12<<20)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(layer)
	config := []byte(`{"architecture":"amd64","os":"linux"}`)
	r.push(layer, 3)
	r.push(config, 1)
	r.giveUp(layer[:6<<20])
	manifest := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":%d,"digest":%q},`+
		`"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":%d,"digest":%q}]}`,
		manifestType, len(config), digest(config), len(layer), digest(layer))
	r.do(http.MethodPut, r.url+"/v2/team/app/manifests/1", manifest, http.StatusCreated)

	if got := r.do(http.MethodGet, r.url+"/v2/team/app/blobs/"+digest(layer), nil, http.StatusOK); !bytes.Equal(got, layer) {
		t.Errorf("the layer came back as another, of %d bytes", len(got))
	}
	contains(t, string(r.do(http.MethodGet, r.url+"/v2/_catalog", nil, http.StatusOK)), `"team/app"`)
	contains(t, string(r.do(http.MethodGet, r.url+"/v2/team/app/tags/list", nil, http.StatusOK)), `"1"`)
	r.do(http.MethodDelete, r.url+"/v2/team/app/manifests/"+digest(manifest), nil, http.StatusAccepted)
	r.do(http.MethodGet, r.url+"/v2/team/app/manifests/1", nil, http.StatusNotFound)
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// registry is Docker's own, running.
type registry struct {
	t   *testing.T
	url string
}

func startRegistry(t *testing.T, c *client, e endpoint) registry {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`version: 0.1
log: {level: warn}
storage:
  s3: {accesskey: %q, secretkey: %q, region: us-east-1, regionendpoint: %q, bucket: images, secure: false, v4auth: true, chunksize: 5242880, rootdirectory: /registry}
  delete: {enabled: true}
http: {addr: %q}
`, e.key, e.secret, e.url, address)
	path := filepath.Join(c.dir, "registry.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(t.Context(), c.program, "serve", path)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.env, c.dir, &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Log(said.String())
		}
	})
	r := registry{t, "http://" + address}
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if answer, err := http.Get(r.url + "/v2/"); err == nil {
			_ = answer.Body.Close()
			return r
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the registry ended: %v", err)
		case <-tick.C:
		}
	}
}

// begin asks for an upload and returns where it goes on.
func (r registry) begin() string {
	r.t.Helper()
	answer, err := http.Post(r.url+"/v2/team/app/blobs/uploads/", "", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		r.t.Fatalf("an upload: %s", answer.Status)
	}
	return answer.Header.Get("Location")
}

// piece sends a piece of an upload and returns where it goes on.
func (r registry) piece(place string, body []byte, at int) string {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPatch, place, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/octet-stream")
	request.Header.Set("Content-Range", fmt.Sprintf("%d-%d", at, at+len(body)-1))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusAccepted {
		text, _ := io.ReadAll(answer.Body)
		r.t.Fatalf("a piece at %d: %s %s", at, answer.Status, text)
	}
	return answer.Header.Get("Location")
}

// push sends a blob in pieces.
func (r registry) push(body []byte, pieces int) {
	r.t.Helper()
	place, size := r.begin(), (len(body)+pieces-1)/pieces
	for at := 0; at < len(body); at += size {
		place = r.piece(place, body[at:min(at+size, len(body))], at)
	}
	r.do(http.MethodPut, place+"&digest="+digest(body), nil, http.StatusCreated)
}

// giveUp sends a piece of a blob and deletes the upload.
func (r registry) giveUp(body []byte) {
	r.t.Helper()
	r.do(http.MethodDelete, r.piece(r.begin(), body, 0), nil, http.StatusNoContent)
}

// do asks, expects this status, and returns the body.
func (r registry) do(method, url string, body []byte, status int) []byte {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept", manifestType)
	if strings.Contains(url, "/manifests/") {
		request.Header.Set("Content-Type", manifestType)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	got, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		r.t.Fatalf("%s %s: %s %s %v, want %d", method, url, answer.Status, got[:min(len(got), 500)], err, status)
	}
	return got
}
