package webdav

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"croft/internal/errs"
	"croft/internal/forwarded"
	"croft/internal/patience"
	"croft/objectstore"
)

// Prefix is where buckets are served. No bucket can be called so.
const Prefix = "/_dav"

// document is which of a bucket's documents says that it is served.
const document = "webdav"

// Enabled reports whether a bucket is served.
func Enabled(b *objectstore.Bucket) bool { return b.Documents[document] != "" }

// Enable has a bucket be served, or not.
func Enable(b *objectstore.Bucket, serve bool) {
	text := ""
	if serve {
		text = "<WebDAV><Status>Enabled</Status></WebDAV>"
	}
	b.Documents = b.WithDocument(document, text)
}

// Config is what New needs.
type Config struct {
	// S3 answers requests in path style that are signed with access keys.
	S3 http.Handler
	// Secret returns the secret of an access key. A not_found or forbidden error means that
	// it is not good.
	Secret  func(ctx context.Context, accessKey string) (string, error)
	Buckets objectstore.Buckets
	// Elsewhere reports that a host name is not for this; nil: none is.
	Elsewhere func(host string) bool
	// Plain takes keys over connections that are not encrypted from everywhere; otherwise from
	// this machine only.
	Plain bool
	Log   *slog.Logger
	Now   func() time.Time // nil is time.Now
}

// Handler serves WebDAV below Prefix, and S3 everywhere else.
type Handler struct {
	Config
	locks   *locks
	brake   *brake
	idle    time.Duration
	buffers chan struct{} // one for each upload that is held in memory
}

var _ http.Handler = (*Handler)(nil)

// New returns WebDAV before an S3 handler.
func New(c Config) *Handler {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Handler{Config: c, locks: newLocks(), brake: newBrake(), idle: patience.Default, buffers: make(chan struct{}, maxBuffers)}
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != Prefix && !strings.HasPrefix(r.URL.Path, Prefix+"/") || h.Elsewhere != nil && h.Elsewhere(r.Host) {
		h.S3.ServeHTTP(w, r)
		return
	}
	header := w.Header()
	// What is in a bucket comes from anybody. In a browser it is a file to be saved, never a page.
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Content-Disposition", "attachment")
	header.Set("Cache-Control", "private, no-cache")
	address := forwarded.Address(r)
	if ip, err := netip.ParseAddr(address); !forwarded.Secure(r) && !h.Plain && (err != nil || !ip.Unmap().IsLoopback()) {
		say(w, http.StatusForbidden, "Keys are not taken over a connection that is not encrypted. Use https.")
		return
	}
	if ofPage(r) {
		say(w, http.StatusForbidden, "Web pages have no business here.")
		return
	}
	if wait := h.brake.wait(address, h.Now()); wait > 0 {
		header.Set("Retry-After", "60")
		say(w, http.StatusTooManyRequests, "Too many wrong keys came from this address. Wait a minute.")
		return
	}
	key, secret, given := r.BasicAuth()
	ok, err := h.proves(r.Context(), key, secret)
	switch {
	case err != nil:
		h.Log.Error("look up an access key for WebDAV", "error", err)
		say(w, http.StatusServiceUnavailable, "The key cannot be looked up now.")
		return
	case !ok:
		if given {
			h.brake.failed(address, h.Now())
		}
		if !ofBrowser(r) {
			header.Set("WWW-Authenticate", `Basic realm="Croft: access key and secret key", charset="UTF-8"`)
		}
		say(w, http.StatusUnauthorized, "Give an access key as the name and its secret key as the password.")
		return
	}
	control := http.NewResponseController(w)
	w = &patience.Writer{ResponseWriter: w, Control: control, Idle: h.idle}
	patient := *r
	patient.Body = &patience.Body{ReadCloser: r.Body, Control: control, Idle: h.idle}
	r = &patient
	s := &session{handler: h, w: w, r: r, accessKey: key, secretKey: secret, known: make(map[string]*info)}
	s.serve(r.Context())
}

// ofPage reports whether a browser sends a request for a web page. Pages of this very origin are no better
// than others': they are objects of buckets.
func ofPage(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "none" {
		return true
	}
	origin, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && origin.Host != "" && origin.Host == r.Host
}

// ofBrowser reports whether a person opened an address in a browser. It is not to ask for a key: it
// would remember it, and send it along with whatever a page of this origin asks for.
func ofBrowser(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// proves reports whether the secret is that of the access key.
func (h *Handler) proves(ctx context.Context, key, secret string) (bool, error) {
	if key == "" || secret == "" {
		return false, nil
	}
	want, err := h.Secret(ctx, key)
	switch errs.KindOf(err) {
	case errs.NotFound, errs.Forbidden, errs.Unauthenticated:
		if err != nil {
			return false, nil
		}
	}
	if err != nil {
		return false, err
	}
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(secret))
	return want != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1, nil
}

func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(sentence + "\n"))
}

// split takes a path below Prefix apart: the bucket, and the key without slashes around it.
func split(name string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.Trim(name, "/"), "/")
	return bucket, key
}

// below returns the path of a URL below Prefix.
func below(u *url.URL) (string, bool) {
	rest, ok := strings.CutPrefix(u.Path, Prefix)
	return rest, ok && (rest == "" || rest[0] == '/')
}
