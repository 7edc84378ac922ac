package server

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// uiFiles serves the embedded UI. Files under assets/ carry a hash in their names,
// so they never change; everything else is asked for anew.
type uiFiles struct {
	files fs.FS

	mu     sync.Mutex // guards zipped
	zipped map[string][]byte
}

func newUI(files fs.FS) *uiFiles {
	return &uiFiles{files: files, zipped: make(map[string][]byte)}
}

// ownPaths are answered by routes or not at all, never by the UI's index page.
var ownPaths = []string{"/api/", "/hooks/", "/git/", "/v2/", "/assets/"}

// noRoute serves the UI: its files by name, its index page for every other address
// that a browser opens, since the UI has its own routes.
func (s *Server) noRoute(c *gin.Context) {
	w, r := c.Writer, c.Request
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if name != "" && name != "index.html" && s.ui.serve(w, r, name) {
			return
		}
		if strings.HasPrefix(r.URL.Path, sharePath) {
			w.Header().Set("X-Robots-Tag", "noindex")
			w.Header().Set("Referrer-Policy", "no-referrer")
		}
		if opensPage(r) && s.ui.serve(w, r, "index.html") {
			return
		}
	}
	s.writeError(w, r, statusError(requestID(r.Context()), http.StatusNotFound))
}

func (s *Server) noMethod(c *gin.Context) {
	s.writeError(c.Writer, c.Request, statusError(requestID(c.Request.Context()), http.StatusMethodNotAllowed))
}

func opensPage(r *http.Request) bool {
	for _, own := range ownPaths {
		if strings.HasPrefix(r.URL.Path+"/", own) {
			return false
		}
	}
	accept := r.Header.Get("Accept")
	return accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")
}

// serve answers with one file and reports whether there is one.
func (u *uiFiles) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	if u.files == nil {
		return false
	}
	info, err := fs.Stat(u.files, name)
	if err != nil || info.IsDir() {
		return false
	}
	content, err := fs.ReadFile(u.files, name)
	if err != nil {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", typeOf(name))
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Add("Vary", "Accept-Encoding")
	if compressible(name) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content = u.zip(name, content)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // a client that left needs no answer
	}
	return true
}

// zip compresses a file once and keeps the result; the files never change.
func (u *uiFiles) zip(name string, content []byte) []byte {
	u.mu.Lock()
	defer u.mu.Unlock()
	if done, ok := u.zipped[name]; ok {
		return done
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(content) // a buffer takes everything
	_ = z.Close()
	u.zipped[name] = out.Bytes()
	return u.zipped[name]
}

func compressible(name string) bool {
	switch path.Ext(name) {
	case ".html", ".js", ".css", ".svg", ".json", ".webmanifest", ".txt", ".map":
		return true
	}
	return false
}

// typeOf does not ask the operating system, whose answers differ from machine to machine.
func typeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
