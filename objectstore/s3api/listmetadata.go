package s3api

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

// metadata=true is MinIO's: a listing then says what is kept with each object, as far as
// who lists may read it.

// showMetadata has the listing show what is kept with objects, where the request asks.
func (h *Handler) showMetadata(q *request, l *listing) {
	if q.query.Get("metadata") != "true" {
		return
	}
	l.besides = func(d *document, o *objectstore.Object) error {
		if o.Marker || o.Encryption == objectstore.EncryptionCustomer { // of these it takes the key
			return nil
		}
		ok, err := h.mayShow(q, "s3:GetObject", o)
		if err != nil {
			return err
		}
		if ok {
			d.metadata(o)
		}
		if len(o.Attributes.Tags) == 0 {
			return nil
		}
		if ok, err = h.mayShow(q, "s3:GetObjectTagging", o); err == nil && ok {
			tags := make(url.Values, len(o.Attributes.Tags))
			for name, value := range o.Attributes.Tags {
				tags.Set(name, value)
			}
			d.element("UserTags", tags.Encode())
		}
		return err
	}
}

// mayShow reports whether the request would be let to read something of an object that
// it lists. It is no refusal where not.
func (h *Handler) mayShow(q *request, permission string, o *objectstore.Object) (bool, error) {
	version := ""
	if q.op.name == "ListObjectVersions" {
		version = o.VersionID
	}
	ask := q.ask(ReadBucket, permission, q.bucket, o.Key, version)
	q.facts.store, q.facts.now = h.store, h.now
	err := h.access.Authorize(q.r.Context(), q.cred, ask)
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.Unauthenticated, errs.NotFound:
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, q.facts.err
}

// metadata writes what GetObject would say in headers. Names that XML cannot have are
// left out.
func (d *document) metadata(o *objectstore.Object) {
	d.open("UserMetadata")
	a := &o.Attributes
	for _, header := range []struct{ name, value string }{
		{"content-type", a.ContentType}, {"content-encoding", a.ContentEncoding}, {"content-disposition", a.ContentDisposition},
		{"content-language", a.ContentLanguage}, {"cache-control", a.CacheControl}, {"expires", a.Expires},
	} {
		d.optional(header.name, header.value)
	}
	for _, name := range slices.Sorted(maps.Keys(a.User)) {
		if !strings.ContainsFunc(name, unfitForXML) {
			d.element("X-Amz-Meta-"+name, a.User[name])
		}
	}
	d.close("UserMetadata")
}

// unfitForXML reports whether a letter cannot stand in the name of an element, as far
// as headers can have it.
func unfitForXML(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.')
}
