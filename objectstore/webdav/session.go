package webdav

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/webdav"
)

// Methods are those that are answered; every other one is refused.
var Methods = []string{
	http.MethodOptions, http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete,
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK",
}

// session is one request.
type session struct {
	handler   *Handler
	w         http.ResponseWriter
	r         *http.Request
	accessKey string
	secretKey string
	known     map[string]*info // what was listed or asked for, by name
	failure   *failure
	going     *transfer     // of a COPY or MOVE
	listed    []fs.FileInfo // of the folder that a PROPFIND lists
}

const (
	// maxQuestion bounds the XML of a PROPFIND or PROPPATCH, in bytes, and maxLock that of a LOCK, which is kept as long as the lock.
	maxQuestion = 64 << 10
	maxLock     = 4 << 10
	// maxConditions bounds an If header, whose every condition is looked at.
	maxConditions = 4 << 10
)

// serve answers.
func (s *session) serve(ctx context.Context) {
	r := s.r
	name, _ := below(r.URL)
	bucket, _ := split(name)
	if !s.offers(ctx, bucket) {
		say(s.w, http.StatusNotFound, "No bucket of this name is served here. Its settings in the console say whether it is.")
		return
	}
	switch {
	case !plain(name):
		say(s.w, http.StatusBadRequest, "Names here have no empty parts, nor . and .. as parts.")
		return
	case len(r.Header.Get("If")) > maxConditions:
		say(s.w, http.StatusBadRequest, "That are too many conditions.")
		return
	case !slices.Contains(Methods, r.Method):
		say(s.w, http.StatusMethodNotAllowed, "That cannot be done here.")
		return
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.get(ctx, name)
		return
	}
	if s.prepare(ctx, name) {
		dav := &webdav.Handler{Prefix: Prefix, FileSystem: tree{s}, LockSystem: conditions{s.handler.locks, ctx, s}}
		dav.ServeHTTP(&telling{ResponseWriter: s.w, session: s}, r)
	}
}

// prepare looks at what package webdav does not, and answers if that is in the way.
func (s *session) prepare(ctx context.Context, name string) bool {
	r := s.r
	if !s.stillSo(ctx, name) {
		return false
	}
	switch r.Method {
	case http.MethodPut:
		if r.Header.Get("Content-Range") != "" {
			say(s.w, http.StatusBadRequest, "A part of a file cannot be written. Send all of it.")
			return false
		}
	case "PROPFIND":
		r.Body = http.MaxBytesReader(s.w, r.Body, maxQuestion)
		return s.mayList(ctx, name)
	case "COPY", "MOVE":
		return s.mayGo(ctx, name)
	case "LOCK", "PROPPATCH", "UNLOCK":
		if err := s.mayWrite(ctx, name); err != nil {
			s.sayError(err)
			return false
		}
		limit := int64(maxQuestion)
		if r.Method == "LOCK" {
			limit = maxLock
			r.Header.Set("Timeout", timeout(r.Header.Get("Timeout")))
		}
		r.Body = http.MaxBytesReader(s.w, r.Body, limit)
	}
	return true
}

// plain reports whether a path below Prefix is what it looks like: S3 takes any key by the letter, but
// clients, locks and folders mean one thing by a, ./a and b/../a.
func plain(name string) bool {
	return name == "" || path.Clean(name) == strings.TrimSuffix(name, "/") || name == "/"
}

// stillSo holds a request to the conditions of HTTP that S3 does not know, and answers if they do
// not hold. Those of GET, and the ETags of PUT, are left to S3.
func (s *session) stillSo(ctx context.Context, name string) bool {
	match, none, since := s.r.Header.Get("If-Match"), s.r.Header.Get("If-None-Match"), s.r.Header.Get("If-Unmodified-Since")
	switch s.r.Method {
	case http.MethodPut:
		match, none = "", ""
	case http.MethodOptions, "PROPFIND", "UNLOCK":
		return true
	}
	if match == "" && none == "" && since == "" {
		return true
	}
	found, err := s.stat(ctx, name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.sayError(err)
		return false
	}
	etag := ""
	if err == nil {
		etag, _ = found.ETag(ctx) // is known
	}
	at, bad := http.ParseTime(since)
	if match != "" && !names(match, etag) || none != "" && names(none, etag) ||
		match == "" && bad == nil && err == nil && found.at.Truncate(time.Second).After(at) {
		say(s.w, http.StatusPreconditionFailed, "It is not what you think it is any more.")
		return false
	}
	return true
}

// names reports whether a list of ETags has one, which is empty for what is not there.
func names(list, etag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); etag != "" && (one == "*" || one == etag) {
			return true
		}
	}
	return false
}

// mayList lists what a PROPFIND wants to be listed, and answers if that cannot be: once package
// webdav has begun its answer, a folder that could not be read would look empty.
func (s *session) mayList(ctx context.Context, name string) bool {
	depth := s.r.Header.Get("Depth")
	if depth != "0" && depth != "1" {
		s.w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		s.w.WriteHeader(http.StatusForbidden)
		_, _ = s.w.Write([]byte(`<?xml version="1.0" encoding="utf-8"?><error xmlns="DAV:"><propfind-finite-depth/></error>`))
		return false
	}
	found, err := s.stat(ctx, name)
	if err == nil && found.dir && depth == "1" {
		s.listed, err = s.children(ctx, name)
	}
	if err != nil {
		s.sayError(err)
	}
	return err == nil
}

// offers reports whether a bucket is served.
func (s *session) offers(ctx context.Context, bucket string) bool {
	if bucket == "" {
		return false
	}
	b, err := s.handler.Buckets.Bucket(ctx, bucket)
	return err == nil && Enabled(&b)
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

// sayError answers with why something cannot be done.
func (s *session) sayError(err error) {
	switch {
	case errors.Is(err, os.ErrNotExist):
		say(s.w, http.StatusNotFound, "There is nothing of this name.")
	case s.failure != nil:
		say(s.w, s.failure.status, s.failure.sentence)
	default:
		s.handler.Log.Error("answer WebDAV", "method", s.r.Method, "error", err)
		say(s.w, http.StatusInternalServerError, "That could not be done.")
	}
}

// telling says in the session's words why something was refused.
type telling struct {
	http.ResponseWriter
	session *session
	begun   bool
	told    bool // nothing more is to be said
}

func (t *telling) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *telling) WriteHeader(status int) {
	if t.begun { // an answer that fails on its way says no more, in particular not that it is whole
		t.told = true
		return
	}
	t.begun = true
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
	t.begun = true
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
	found, err := s.stat(ctx, name)
	switch {
	case err != nil:
		s.sayError(err)
	case found.dir:
		s.w.Header().Set("Allow", "OPTIONS, PROPFIND, DELETE, COPY, MOVE, LOCK, UNLOCK")
		say(s.w, http.StatusMethodNotAllowed, "This is a folder. Open it with a WebDAV client.")
	default: // it came this moment
		say(s.w, http.StatusNotFound, "There is nothing of this name.")
	}
}
