package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// File is something to download or to look at.
type File struct {
	Name        string // for the browser's save dialog; only its last element is used
	ContentType string
	Size        int64
	ETag        string // without quotes; empty when there is none
	ModifiedAt  time.Time
	Download    bool // never inline

	// Open returns length bytes from offset.
	Open func(ctx context.Context, offset, length int64) (io.ReadCloser, error)
}

// serveFile answers with a file: conditional requests, one range, and inline only
// what a browser cannot run as a script of ours. Bytes come from users, so the
// answer is sandboxed in any case.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, f File) error {
	h := w.Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Accept-Ranges", "bytes")
	if !f.ModifiedAt.IsZero() {
		h.Set("Last-Modified", f.ModifiedAt.UTC().Format(http.TimeFormat))
	}
	if f.ETag != "" {
		h.Set("ETag", quoted(f.ETag))
	}
	contentType, inline := display(f.ContentType)
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", disposition(inline && !f.Download, f.Name))
	if notModified(r, f) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	offset, length, partial, err := selectRange(r, f)
	if err != nil {
		h.Set("Content-Range", fmt.Sprintf("bytes */%d", f.Size))
		return &APIError{Code: "range_invalid", Message: "The range lies outside the file.", RequestID: requestID(r.Context()), status: http.StatusRequestedRangeNotSatisfiable}
	}
	var content io.ReadCloser
	if r.Method != http.MethodHead {
		if content, err = f.Open(r.Context(), offset, length); err != nil {
			return err
		}
		defer content.Close()
	}
	code := http.StatusOK
	if partial {
		code = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, f.Size))
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	w.WriteHeader(code)
	if content == nil {
		return nil
	}
	if _, err := io.CopyN(w, content, length); err != nil {
		return fmt.Errorf("send file: %w", err)
	}
	return nil
}

// display returns the type to declare and whether a browser may show it. HTML, SVG
// and other markup could run scripts, so they are downloads.
func display(contentType string) (string, bool) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "application/octet-stream", false
	}
	switch kind, _, _ := strings.Cut(media, "/"); {
	case strings.HasSuffix(media, "+xml"): // SVG, and whatever else a browser would parse as XML
		return media, false
	case strings.HasSuffix(media, "javascript"), strings.HasSuffix(media, "ecmascript"):
		// Our own policy lets pages load scripts from here; this must never be one.
		return "application/octet-stream", false
	case kind == "image", kind == "audio", kind == "video", media == "application/pdf":
		return media, true
	case media == "text/html", media == "text/xml", media == "text/xsl":
		return media, false
	case kind == "text", media == "application/json", media == "application/yaml", media == "application/x-yaml", media == "application/toml":
		return "text/plain; charset=utf-8", true
	}
	return media, false
}

func disposition(inline bool, name string) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	base := path.Base(strings.TrimRight(name, "/"))
	if base == "." || base == "/" {
		return kind
	}
	plain := strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '%' {
			return '_'
		}
		return c
	}, base)
	return fmt.Sprintf(`%s; filename="%s"; filename*=UTF-8''%s`, kind, plain, strings.ReplaceAll(url.QueryEscape(base), "+", "%20"))
}

func quoted(etag string) string { return `"` + strings.Trim(etag, `"`) + `"` }

// notModified follows RFC 9110: If-None-Match goes before If-Modified-Since.
func notModified(r *http.Request, f File) bool {
	if match := r.Header.Get("If-None-Match"); match != "" {
		for tag := range strings.SplitSeq(match, ",") {
			tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
			if tag == "*" || f.ETag != "" && tag == quoted(f.ETag) {
				return true
			}
		}
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !f.ModifiedAt.IsZero() && !f.ModifiedAt.Truncate(time.Second).After(since)
}

var errRange = errors.New("range outside the file")

// selectRange reads a Range header with one range; anything else means the whole.
func selectRange(r *http.Request, f File) (offset, length int64, partial bool, err error) {
	spec, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes=")
	if validator := r.Header.Get("If-Range"); !ok || strings.Contains(spec, ",") || validator != "" && validator != quoted(f.ETag) {
		return 0, f.Size, false, nil
	}
	from, to, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return 0, f.Size, false, nil
	}
	first, errFirst := strconv.ParseUint(from, 10, 63)
	last, errLast := strconv.ParseUint(to, 10, 63)
	switch {
	case from == "" && errLast == nil: // the last n bytes
		if last == 0 || f.Size == 0 {
			return 0, 0, false, errRange
		}
		length = min(int64(last), f.Size)
		return f.Size - length, length, true, nil
	case errFirst != nil || to != "" && (errLast != nil || last < first):
		return 0, f.Size, false, nil
	case int64(first) >= f.Size:
		return 0, 0, false, errRange
	case to == "":
		last = uint64(f.Size - 1)
	}
	end := min(int64(last), f.Size-1)
	return int64(first), end - int64(first) + 1, true, nil
}
