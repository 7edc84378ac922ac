package s3api

import (
	"encoding/base64"
	"net/http"
	"strconv"

	"croft/objectstore"
)

type prefixXML struct {
	Prefix string `xml:"Prefix"`
}

// listing is what all listings have in common.
type listing struct {
	encoding string // "url" or nothing
	limit    int
	restores bool // objects are to have their RestoreStatus
	// besides, when set, writes more of an object that is listed.
	besides func(*document, *objectstore.Object) error
}

// encode is how the client wants keys and prefixes.
func (l *listing) encode(name string) string {
	if l.encoding == "" {
		return name
	}
	return uriEncode(name, false)
}

// appendName writes a key or prefix into a document.
func (l *listing) appendName(out []byte, name string) []byte {
	if l.encoding == "" {
		return appendEscaped(out, name)
	}
	return appendURI(out, name, false) // which leaves nothing to escape
}

// newListing reads encoding-type and the page size out of the parameter that
// this listing calls it by.
func newListing(q *request, limitName string) (listing, error) {
	l := listing{limit: 1000}
	switch v := q.query.Get("encoding-type"); v {
	case "":
	case "url":
		l.encoding = v
	default:
		return l, fail("InvalidArgument", "Invalid Encoding Method specified in Request.")
	}
	if v := q.query.Get(limitName); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			return l, failf("InvalidArgument", "Argument %s must be an integer between 0 and 2147483647.", limitName)
		}
		l.limit = min(l.limit, int(n))
	}
	return l, nil
}

// objects fetches a page. A page of nothing is empty and not truncated.
func (h *Handler) objects(q *request, l listing, after string) (objectstore.ListPage, error) {
	if l.limit == 0 {
		_, err := h.store.Bucket(q.r.Context(), q.bucket)
		return objectstore.ListPage{}, err
	}
	return h.store.List(q.r.Context(), objectstore.ListRequest{
		Bucket: q.bucket, Prefix: q.query.Get("prefix"), Delimiter: q.query.Get("delimiter"),
		After: after, Limit: l.limit,
	})
}

// contents writes a page's objects and common prefixes. It is the bulk of a
// listing, so the names of the elements stand as they are written.
func (d *document) contents(l *listing, page *objectstore.ListPage, withOwner bool) error {
	for i := range page.Objects {
		o := &page.Objects[i]
		d.text = append(d.text, "<Contents><Key>"...)
		d.text = l.appendName(d.text, o.Key)
		d.text = append(d.text, "</Key><LastModified>"...)
		d.text = appendTime(d.text, o.ModifiedAt)
		d.text = append(d.text, "</LastModified>"...)
		d.content(o)
		if withOwner {
			d.text = append(d.text, ownerElement...)
		}
		d.text = append(d.text, "<StorageClass>"...)
		d.text = appendEscaped(d.text, className(o))
		d.text = append(d.text, "</StorageClass>"...)
		d.restoreStatus(l, o.Restore)
		if l.besides != nil {
			if err := l.besides(d, o); err != nil {
				return err
			}
		}
		d.text = append(d.text, "</Contents>"...)
	}
	d.prefixes(l, page.Prefixes)
	return nil
}

const ownerElement = "<Owner><ID>" + ownerID + "</ID><DisplayName>" + ownerID + "</DisplayName></Owner>"

// content writes what an object in a listing holds.
func (d *document) content(o *objectstore.Object) {
	d.text = append(d.text, "<ETag>&#34;"...)
	d.text = appendEscaped(d.text, o.ETag)
	d.text = append(d.text, "&#34;</ETag>"...)
	if a, _ := keptChecksum(o.Attributes.Checksums); a != nil {
		d.optional("ChecksumAlgorithm", a.name)
		d.optional("ChecksumType", typeOf(o.Attributes.Checksums))
	}
	d.text = append(d.text, "<Size>"...)
	d.text = strconv.AppendInt(d.text, o.Size, 10)
	d.text = append(d.text, "</Size>"...)
}

func (d *document) prefixes(l *listing, prefixes []string) {
	for _, prefix := range prefixes {
		d.text = append(d.text, "<CommonPrefixes><Prefix>"...)
		d.text = l.appendName(d.text, prefix)
		d.text = append(d.text, "</Prefix></CommonPrefixes>"...)
	}
}

func (l *listing) prefixes(prefixes []string) []prefixXML {
	out := make([]prefixXML, 0, len(prefixes))
	for _, p := range prefixes {
		out = append(out, prefixXML{l.encode(p)})
	}
	return out
}

func (h *Handler) listObjectsV1(q *request) error {
	l, err := newListing(q, "max-keys")
	if err != nil {
		return err
	}
	if err := l.readOptional(q); err != nil {
		return err
	}
	page, err := h.objects(q, l, q.query.Get("marker"))
	if err != nil {
		return err
	}
	out := newDocument("ListBucketResult")
	defer out.free()
	out.element("Name", q.bucket)
	out.element("Prefix", l.encode(q.query.Get("prefix")))
	out.element("Marker", l.encode(q.query.Get("marker")))
	if page.Truncated {
		out.optional("NextMarker", l.encode(page.Next))
	}
	out.number("MaxKeys", int64(l.limit))
	out.optional("Delimiter", l.encode(q.query.Get("delimiter")))
	out.optional("EncodingType", l.encoding)
	out.boolean("IsTruncated", page.Truncated)
	if err := out.contents(&l, &page, true); err != nil {
		return err
	}
	out.send(q.w, http.StatusOK)
	return nil
}

func (h *Handler) listObjectsV2(q *request) error {
	if q.query.Get("list-type") != "2" {
		return fail("InvalidArgument", "Invalid List Type specified in Request.")
	}
	l, err := newListing(q, "max-keys")
	if err != nil {
		return err
	}
	if err := l.readOptional(q); err != nil {
		return err
	}
	after, token := q.query.Get("start-after"), q.query.Get("continuation-token")
	if q.query.Has("continuation-token") {
		if token == "" {
			return errToken()
		}
		if after, err = openToken(token); err != nil {
			return err
		}
	}
	page, err := h.objects(q, l, after)
	if err != nil {
		return err
	}
	out := newDocument("ListBucketResult")
	defer out.free()
	out.element("Name", q.bucket)
	out.element("Prefix", l.encode(q.query.Get("prefix")))
	out.optional("StartAfter", l.encode(q.query.Get("start-after")))
	out.optional("ContinuationToken", token)
	if page.Truncated {
		out.optional("NextContinuationToken", sealToken(page.Next))
	}
	out.number("KeyCount", int64(len(page.Objects)+len(page.Prefixes)))
	out.number("MaxKeys", int64(l.limit))
	out.optional("Delimiter", l.encode(q.query.Get("delimiter")))
	out.optional("EncodingType", l.encoding)
	out.boolean("IsTruncated", page.Truncated)
	h.showMetadata(q, &l)
	if err := out.contents(&l, &page, q.query.Get("fetch-owner") == "true"); err != nil {
		return err
	}
	out.send(q.w, http.StatusOK)
	return nil
}

// sealToken makes a continuation token of a position. It hides nothing; it only
// survives URLs and XML whatever bytes the key has.
func sealToken(position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(position))
}

func openToken(token string) (string, error) {
	position, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errToken()
	}
	return string(position), nil
}

func errToken() error {
	return fail("InvalidArgument", "The continuation token provided is incorrect.")
}
