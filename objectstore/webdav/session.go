package webdav

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"golang.org/x/net/webdav"
)

// session is one request.
type session struct {
	handler   *Handler
	w         http.ResponseWriter
	r         *http.Request
	accessKey string
	secretKey string
	address   string
	known     map[string]*info // what was listed or asked for, by name
	failure   *failure
	doomed    string // a file that is to be written over, removed only if a folder takes its place
}

// serve answers.
func (s *session) serve(ctx context.Context) {
	r := s.r
	name, _ := below(r.URL)
	bucket, _ := split(name)
	if !s.offers(ctx, bucket) {
		say(s.w, http.StatusNotFound, "No bucket of this name is served here. Its settings in the console say whether it is.")
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		s.get(ctx, name)
		return
	case "PROPFIND":
		if depth := r.Header.Get("Depth"); depth != "0" && depth != "1" {
			s.w.Header().Set("Content-Type", "application/xml; charset=utf-8")
			s.w.WriteHeader(http.StatusForbidden)
			_, _ = s.w.Write([]byte(`<?xml version="1.0" encoding="utf-8"?><error xmlns="DAV:"><propfind-finite-depth/></error>`))
			return
		}
	case "COPY", "MOVE":
		if !s.mayGo(ctx, name) {
			return
		}
	case "LOCK", "PROPPATCH":
		if err := s.mayWrite(ctx, name); err != nil {
			say(s.w, s.failure.status, s.failure.sentence)
			return
		}
		r.Header.Set("Timeout", timeout(r.Header.Get("Timeout")))
	case http.MethodOptions, http.MethodPut, http.MethodDelete, "MKCOL", "UNLOCK":
	default:
		say(s.w, http.StatusMethodNotAllowed, "That cannot be done here.")
		return
	}
	dav := &webdav.Handler{Prefix: Prefix, FileSystem: tree{s}, LockSystem: conditions{s.handler.locks, ctx, s}}
	dav.ServeHTTP(&telling{ResponseWriter: s.w, session: s}, r)
}

// offers reports whether a bucket is served.
func (s *session) offers(ctx context.Context, bucket string) bool {
	if bucket == "" {
		return false
	}
	b, err := s.handler.Buckets.Bucket(ctx, bucket)
	return err == nil && Enabled(&b)
}

// mayGo looks at where something is to be copied or moved, and answers if it cannot go there.
func (s *session) mayGo(ctx context.Context, from string) bool {
	to, err := url.Parse(s.r.Header.Get("Destination"))
	if err != nil {
		say(s.w, http.StatusBadRequest, "The destination cannot be read.")
		return false
	}
	name, ok := below(to)
	bucket, key := split(name)
	here, source := split(from)
	switch {
	case to.Host != "" && to.Host != s.r.Host, !ok, !s.offers(ctx, bucket):
		say(s.w, http.StatusBadGateway, "That destination is not here.")
		return false
	case key == "", source == "":
		say(s.w, http.StatusForbidden, "A bucket is neither copied nor moved.")
		return false
	case bucket == here && strings.HasPrefix(key+"/", source+"/") && key != source:
		say(s.w, http.StatusForbidden, "A folder does not go into itself.")
		return false
	}
	if s.r.Header.Get("Overwrite") == "" {
		s.r.Header.Set("Overwrite", "T")
	}
	return true
}

// mayWrite finds out whether the caller may write under a name, by a write whose condition cannot hold.
func (s *session) mayWrite(ctx context.Context, name string) error {
	bucket, key := split(name)
	if key == "" {
		key = "/"
	}
	_, err := s.call(ctx, ask{method: http.MethodPut, bucket: bucket, key: key, header: http.Header{"If-Match": {`"00000000000000000000000000000000-0"`}}})
	if errors.Is(err, os.ErrNotExist) || s.failure != nil && s.failure.status == http.StatusPreconditionFailed {
		s.failure = nil
		return nil
	}
	if err == nil {
		return s.fail(http.StatusInternalServerError, "")
	}
	return err
}

// telling says in the session's words why something was refused.
type telling struct {
	http.ResponseWriter
	session *session
	told    bool
}

func (t *telling) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *telling) WriteHeader(status int) {
	if f := t.session.failure; f != nil && status >= http.StatusBadRequest && status != webdav.StatusLocked {
		t.told = true
		say(t.ResponseWriter, f.status, f.sentence)
		return
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *telling) Write(p []byte) (int, error) {
	if t.told {
		return len(p), nil
	}
	return t.ResponseWriter.Write(p)
}

// download is the answer to a GET, without what only S3 clients ask for.
type download struct {
	http.ResponseWriter
	header http.Header
	status int
	body   []byte // of a refusal
}

// downloaded are the headers of an object that are passed on.
var downloaded = []string{"Content-Type", "Content-Length", "Content-Range", "Content-Encoding", "Content-Language", "Accept-Ranges", "Last-Modified"}

func (d *download) Header() http.Header         { return d.header }
func (d *download) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d *download) WriteHeader(status int) {
	if d.status != 0 || status < http.StatusOK {
		return
	}
	if d.status = status; status >= http.StatusBadRequest && status != http.StatusRequestedRangeNotSatisfiable {
		return
	}
	for _, name := range downloaded {
		if v := d.header.Get(name); v != "" {
			d.ResponseWriter.Header().Set(name, v)
		}
	}
	if etag := etagOf(d.header); etag != "" {
		d.ResponseWriter.Header().Set("ETag", etag)
	}
	d.ResponseWriter.WriteHeader(status)
}

func (d *download) Write(p []byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	if d.status >= http.StatusBadRequest && d.status != http.StatusRequestedRangeNotSatisfiable {
		d.body = append(d.body, p...)
		return len(p), nil
	}
	return d.ResponseWriter.Write(p)
}

// get sends an object, or what of it was asked for.
func (s *session) get(ctx context.Context, name string) {
	bucket, key := split(name)
	header := make(http.Header)
	for _, h := range []string{"Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"} {
		if v, ok := s.r.Header[h]; ok {
			header[h] = v
		}
	}
	if key != "" {
		r, err := s.request(ctx, ask{method: s.r.Method, bucket: bucket, key: key, header: header})
		if err != nil {
			say(s.w, http.StatusBadRequest, "There is no such name.")
			return
		}
		d := &download{ResponseWriter: s.w, header: make(http.Header)}
		s.handler.S3.ServeHTTP(d, r)
		if d.status < http.StatusBadRequest || d.status == http.StatusRequestedRangeNotSatisfiable {
			return
		}
		if err := s.refused(d.status, d.body); !errors.Is(err, os.ErrNotExist) {
			say(s.w, s.failure.status, s.failure.sentence)
			return
		}
	}
	if found, err := s.stat(ctx, name); err == nil && found.IsDir() {
		s.w.Header().Set("Allow", "OPTIONS, PROPFIND, DELETE, COPY, MOVE, LOCK, UNLOCK")
		say(s.w, http.StatusMethodNotAllowed, "This is a folder. Open it with a WebDAV client.")
		return
	} else if s.failure != nil {
		say(s.w, s.failure.status, s.failure.sentence)
		return
	}
	say(s.w, http.StatusNotFound, "There is nothing of this name.")
}
