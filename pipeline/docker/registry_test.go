package docker

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"croft/internal/ids"
	"croft/internal/testimage"
)

// registry is an image registry on loopback that has one image, which engines may pull without TLS.
type registry struct {
	host      string
	manifests atomic.Int32  // how often the manifest was fetched
	asked     chan struct{} // receives one value a layer that is asked for
	gate      chan struct{} // layers are sent once it is closed
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	if testimage.Engine(t); strings.HasPrefix(os.Getenv("DOCKER_HOST"), "tcp:") {
		testimage.Missing(t, "the engine is on another machine and cannot reach the test's registry")
	}
	layer, err := io.ReadAll(tarOf(t, map[string]string{"unique": ids.New()}))
	if err != nil {
		t.Fatal(err)
	}
	config, _ := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "config": map[string]any{"Labels": map[string]string{"croft.test": "1"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	const docker = "application/vnd.docker."
	describe := func(kind string, b []byte) map[string]any {
		return map[string]any{"mediaType": docker + kind, "size": len(b), "digest": digest(b)}
	}
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": docker + "distribution.manifest.v2+json",
		"config": describe("container.image.v1+json", config),
		"layers": []any{describe("image.rootfs.diff.tar", layer)},
	})
	r := &registry{asked: make(chan struct{}, 16), gate: make(chan struct{})}
	over := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, req *http.Request) {
		switch {
		case strings.HasSuffix(req.URL.Path, "/manifests/latest"), strings.HasSuffix(req.URL.Path, digest(manifest)):
			if req.Method == http.MethodGet {
				r.manifests.Add(1)
			}
			w.Header().Set("Content-Type", docker+"distribution.manifest.v2+json")
			w.Header().Set("Docker-Content-Digest", digest(manifest))
			http.ServeContent(w, req, "", noTime, bytes.NewReader(manifest))
		case strings.HasSuffix(req.URL.Path, digest(config)):
			http.ServeContent(w, req, "", noTime, bytes.NewReader(config))
		case strings.HasSuffix(req.URL.Path, digest(layer)):
			r.asked <- struct{}{}
			select {
			case <-r.gate:
				http.ServeContent(w, req, "", noTime, bytes.NewReader(layer))
			case <-req.Context().Done():
			case <-over:
			}
		case req.URL.Path != "/v2/":
			http.Error(w, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`, http.StatusNotFound)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		close(over)                     // an engine may ask once more for a layer nobody wants any more,
		server.CloseClientConnections() // or hang on to it
		server.Close()
	})
	r.host = strings.TrimPrefix(server.URL, "http://")
	return r
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
