package s3api

import (
	"net/http"
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
		ContentType:        first(header, "Content-Type"),
		ContentEncoding:    withoutChunked(header["Content-Encoding"]),
		ContentDisposition: first(header, "Content-Disposition"),
		ContentLanguage:    first(header, "Content-Language"),
		CacheControl:       first(header, "Cache-Control"),
		Expires:            first(header, "Expires"),
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

// newAttributes collects what the request says about an object that it makes.
func (h *Handler) newAttributes(q *request) (objectstore.Attributes, error) {
	a, err := readAttributes(q.r.Header)
	if err == nil {
		a.Tags, err = headerTags(q.r.Header)
	}
	if err == nil {
		a.System, err = systemAttributes(q.r.Header, q.acl)
	}
	if err == nil {
		a.Lock, err = h.headerLock(q)
	}
	return a, err
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

const storageClassHeader = "X-Amz-Storage-Class"

// storageClass is what the request says about it, perhaps nothing.
func storageClass(header http.Header) objectstore.StorageClass {
	return objectstore.StorageClass(first(header, storageClassHeader))
}

// refuseOverrides keeps strangers from saying what a public object is taken for.
func (q *request) refuseOverrides() error {
	if !q.anonymous() {
		return nil
	}
	for name := range q.query {
		if strings.HasPrefix(name, "response-") {
			return fail("InvalidRequest", "Request specific response headers cannot be used for anonymous GET requests.")
		}
	}
	return nil
}

// writeAttributes sets the headers of an object, with what the query overrides.
func (q *request) writeAttributes(header http.Header, o *objectstore.Object) {
	a := &o.Attributes
	contentType := a.ContentType
	if contentType == "" {
		contentType = "binary/octet-stream"
	}
	for _, one := range [...]struct{ name, value, override string }{
		{"Content-Type", contentType, "response-content-type"},
		{"Content-Encoding", a.ContentEncoding, "response-content-encoding"},
		{"Content-Disposition", a.ContentDisposition, "response-content-disposition"},
		{"Content-Language", a.ContentLanguage, "response-content-language"},
		{"Cache-Control", a.CacheControl, "response-cache-control"},
		{"Expires", a.Expires, "response-expires"},
	} {
		if len(q.query) > 0 {
			if v := q.query.Get(one.override); v != "" {
				one.value = v
			}
		}
		if one.value != "" {
			q.setHeader(header, one.name, one.value)
		}
	}
	for key, value := range a.User {
		// As it stands on the wire boto3 gives the name to its user.
		header["x-amz-meta-"+key] = []string{value}
	}
	if o.Tier != "" || o.Class != objectstore.ClassUnset { // as in S3, the standard goes without saying
		q.setHeader(header, storageClassHeader, className(o))
	}
	q.setRestore(header, o.Restore)
	q.setVersion(header, o.VersionID)
	q.setTagCount(header, a.Tags)
	q.setEncryption(header, o.Encryption)
	q.setLock(header, a.Lock)
	q.setHeader(header, "Etag", quoted(o.ETag))
	q.setHeader(header, "Last-Modified", o.ModifiedAt.UTC().Format(http.TimeFormat))
	header["Accept-Ranges"] = ranges
	if to := objectRedirect(a); to != "" && !q.site {
		q.setHeader(header, redirectHeader, to)
	}
	if active(first(header, "Content-Type")) && !q.site {
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
		if kind == "text/html" || kind == "text/xsl" || strings.HasSuffix(kind, "xml") || strings.HasPrefix(kind, "multipart/") {
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
	c := conditions{match: first(header, prefix+"If-Match"), noneMatch: first(header, prefix+"If-None-Match")}
	c.modifiedSince, c.hasModified = headerTime(header, prefix+"If-Modified-Since")
	c.unmodified, c.hasUnmodified = headerTime(header, prefix+"If-Unmodified-Since")
	return c
}

// headerTime reads a time; one that is malformed counts as none.
func headerTime(header http.Header, name string) (time.Time, bool) {
	value := first(header, name)
	if value == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(value)
	return t, err == nil
}

// check returns whether the object satisfies the conditions; if not, whether it
// is because the client's copy is still good (304). An ETag outweighs a date.
func (c conditions) check(o *objectstore.Object) (ok, notModified bool) {
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
	if v := first(header, "If-None-Match"); v != "" {
		if v != "*" {
			return c, fail("NotImplemented", "If-None-Match with anything but * is not implemented for writes.")
		}
		c.Absent = true
	}
	if v := first(header, "If-Match"); v != "" {
		c.ETag = unquote(v)
	}
	return c, nil
}
