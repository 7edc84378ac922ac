package s3api

import (
	"net/http"
	"strconv"

	"croft/objectstore"
)

func (h *Handler) listVersions(q *request) error {
	s, err := h.keepsVersions()
	if err != nil {
		return err
	}
	l, err := newListing(q, "max-keys")
	if err != nil {
		return err
	}
	if err := l.readOptional(q); err != nil {
		return err
	}
	ask := objectstore.ListVersionsRequest{
		Bucket: q.bucket, Prefix: q.query.Get("prefix"), Delimiter: q.query.Get("delimiter"),
		AfterKey: q.query.Get("key-marker"), AfterID: q.query.Get("version-id-marker"), Limit: l.limit,
	}
	if ask.AfterID != "" && ask.AfterKey == "" {
		return fail("InvalidArgument", "A version-id marker cannot be specified without a key marker.")
	}
	var page objectstore.VersionPage
	if l.limit > 0 {
		page, err = s.ListVersions(q.r.Context(), ask)
	} else {
		_, err = h.store.Bucket(q.r.Context(), q.bucket)
	}
	if err != nil {
		return err
	}
	out := newDocument("ListVersionsResult")
	defer out.free()
	out.element("Name", q.bucket)
	out.element("Prefix", l.encode(ask.Prefix))
	out.element("KeyMarker", l.encode(ask.AfterKey))
	out.element("VersionIdMarker", ask.AfterID)
	if page.Truncated {
		out.element("NextKeyMarker", l.encode(page.NextKey))
		out.optional("NextVersionIdMarker", page.NextID)
	}
	out.number("MaxKeys", int64(l.limit))
	out.optional("Delimiter", l.encode(ask.Delimiter))
	out.optional("EncodingType", l.encoding)
	out.boolean("IsTruncated", page.Truncated)
	h.showMetadata(q, &l)
	for i := range page.Versions {
		if err := out.version(&l, &page.Versions[i]); err != nil {
			return err
		}
	}
	out.prefixes(&l, page.Prefixes)
	out.send(q.w, http.StatusOK)
	return nil
}

// version writes a version or a delete marker.
func (d *document) version(l *listing, o *objectstore.Object) error {
	kind := "Version"
	if o.Marker {
		kind = "DeleteMarker"
	}
	d.open(kind)
	d.text = append(d.text, "<Key>"...)
	d.text = l.appendName(d.text, o.Key)
	d.text = append(d.text, "</Key><VersionId>"...)
	d.text = appendEscaped(d.text, o.VersionID)
	d.text = append(d.text, "</VersionId><IsLatest>"...)
	d.text = strconv.AppendBool(d.text, o.Latest)
	d.text = append(d.text, "</IsLatest><LastModified>"...)
	d.text = appendTime(d.text, o.ModifiedAt)
	d.text = append(d.text, "</LastModified>"...)
	if !o.Marker {
		d.content(o)
	}
	d.text = append(d.text, ownerElement...)
	if !o.Marker {
		d.element("StorageClass", className(o))
		d.restoreStatus(l, o.Restore)
	}
	if l.besides != nil {
		if err := l.besides(d, o); err != nil {
			return err
		}
	}
	d.close(kind)
	return nil
}
