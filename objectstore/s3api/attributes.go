package s3api

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"croft/objectstore"
)

const (
	metaPrefix  = "X-Amz-Meta-" // as net/http spells it
	maxMetadata = 2 << 10       // S3's limit on all user metadata together
)

// readAttributes collects what the headers say about an object.
func readAttributes(header http.Header) (objectstore.Attributes, error) {
	a := objectstore.Attributes{
		ContentType:        header.Get("Content-Type"),
		ContentEncoding:    withoutChunked(header.Values("Content-Encoding")),
		ContentDisposition: header.Get("Content-Disposition"),
		ContentLanguage:    header.Get("Content-Language"),
		CacheControl:       header.Get("Cache-Control"),
		Expires:            header.Get("Expires"),
	}
	total := 0
	for name, values := range header {
		key, ok := strings.CutPrefix(name, metaPrefix)
		if !ok || key == "" {
			continue
		}
		key, value := strings.ToLower(key), strings.Join(values, ",")
		if total += len(key) + len(value); total > maxMetadata {
			return a, fail("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")
		}
		if a.User == nil {
			a.User = map[string]string{}
		}
		a.User[key] = value
	}
	return a, nil
}

// withoutChunked drops aws-chunked, which describes the request, not the object.
func withoutChunked(values []string) string {
	var kept []string
	for _, value := range values {
		for coding := range strings.SplitSeq(value, ",") {
			if coding = strings.TrimSpace(coding); coding != "" && !strings.EqualFold(coding, "aws-chunked") {
				kept = append(kept, coding)
			}
		}
	}
	return strings.Join(kept, ",")
}

// writeAttributes sets the headers of an object, with what the query overrides.
func writeAttributes(header http.Header, o objectstore.Object, query url.Values) {
	set := func(name, value, override string) {
		if v := query.Get(override); v != "" {
			value = v
		}
		if value != "" {
			header.Set(name, value)
		}
	}
	a := o.Attributes
	if a.ContentType == "" {
		a.ContentType = "binary/octet-stream"
	}
	set("Content-Type", a.ContentType, "response-content-type")
	set("Content-Encoding", a.ContentEncoding, "response-content-encoding")
	set("Content-Disposition", a.ContentDisposition, "response-content-disposition")
	set("Content-Language", a.ContentLanguage, "response-content-language")
	set("Cache-Control", a.CacheControl, "response-cache-control")
	set("Expires", a.Expires, "response-expires")
	for key, value := range a.User {
		// Not by Set: boto3 gives the name to its user as it stands on the wire.
		header["x-amz-meta-"+key] = []string{value}
	}
	header.Set("ETag", quoted(o.ETag))
	header.Set("Last-Modified", o.ModifiedAt.UTC().Format(http.TimeFormat))
	header.Set("Accept-Ranges", "bytes")
	if active(header.Get("Content-Type")) {
		// The console lives on the same host: a page out of a bucket must not be
		// able to set its cookies.
		header.Set("Content-Security-Policy", "sandbox allow-scripts allow-forms allow-popups allow-downloads allow-modals")
	}
}

// active reports whether a browser would run scripts out of this type. Of several
// types in one header browsers take the last, so each is looked at.
func active(contentType string) bool {
	for one := range strings.SplitSeq(strings.ToLower(contentType), ",") {
		kind, _, _ := strings.Cut(one, ";")
		kind = strings.TrimSpace(kind)
		if kind == "text/html" || strings.HasSuffix(kind, "xml") {
			return true
		}
	}
	return false
}

// conditions are the four conditional headers, of a request or of a copy's source.
type conditions struct {
	match, noneMatch           string
	modifiedSince, unmodified  time.Time
	hasModified, hasUnmodified bool
}

func readConditions(header http.Header, prefix string) conditions {
	c := conditions{match: header.Get(prefix + "If-Match"), noneMatch: header.Get(prefix + "If-None-Match")}
	if t, err := http.ParseTime(header.Get(prefix + "If-Modified-Since")); err == nil {
		c.modifiedSince, c.hasModified = t, true
	}
	if t, err := http.ParseTime(header.Get(prefix + "If-Unmodified-Since")); err == nil {
		c.unmodified, c.hasUnmodified = t, true
	}
	return c
}

// check returns whether the object satisfies the conditions; if not, whether it
// is because the client's copy is still good (304). An ETag outweighs a date.
func (c conditions) check(o objectstore.Object) (ok, notModified bool) {
	modified := o.ModifiedAt.Truncate(time.Second)
	switch {
	case c.match != "" && !matchesETag(c.match, o.ETag):
		return false, false
	case c.match == "" && c.hasUnmodified && modified.After(c.unmodified):
		return false, false
	case c.noneMatch != "" && matchesETag(c.noneMatch, o.ETag):
		return false, true
	case c.noneMatch == "" && c.hasModified && !modified.After(c.modifiedSince):
		return false, true
	}
	return true, false
}

func matchesETag(list, etag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == "*" || unquote(candidate) == etag {
			return true
		}
	}
	return false
}

// unquote takes an ETag as clients write it: with quotes, without, or as &quot;.
func unquote(etag string) string {
	return strings.Trim(strings.ReplaceAll(etag, "&quot;", `"`), `"`)
}

// writeCondition reads the conditions that S3 knows for a write.
func writeCondition(header http.Header) (objectstore.Condition, error) {
	var c objectstore.Condition
	if v := header.Get("If-None-Match"); v != "" {
		if v != "*" {
			return c, fail("NotImplemented", "If-None-Match with anything but * is not implemented for writes.")
		}
		c.Absent = true
	}
	if v := header.Get("If-Match"); v != "" {
		c.ETag = unquote(v)
	}
	return c, nil
}
