package s3api

import (
	"errors"
	"io"
	"net/http"

	"croft/objectstore"
)

const (
	versionHeader       = "X-Amz-Version-Id"
	markerHeader        = "X-Amz-Delete-Marker"
	sourceVersionHeader = "X-Amz-Copy-Source-Version-Id"
)

// takesVersion are the operations on objects that a versionId may be sent to.
var takesVersion = map[string]bool{
	"GetObject": true, "HeadObject": true, "DeleteObject": true, "GetObjectAcl": true, "PutObjectAcl": true,
	"GetObjectTagging": true, "PutObjectTagging": true, "DeleteObjectTagging": true,
}

// keepsVersions returns the store's second interface, or refuses what needs it.
func (h *Handler) keepsVersions() (objectstore.Versions, error) {
	if h.versions == nil {
		return nil, fail("NotImplemented", "The store behind this Croft keeps no versions and has no such settings.")
	}
	return h.versions, nil
}

// checkVersion refuses a versionId where it has no meaning.
func (h *Handler) checkVersion(q *request) error {
	if len(q.query) == 0 || !q.query.Has("versionId") || q.op.level != onObject {
		return nil
	}
	switch id := q.query.Get("versionId"); {
	case !takesVersion[q.op.name]:
		return fail("InvalidArgument", "This operation does not accept a version-id.")
	case id == "":
		return fail("InvalidArgument", "Version id cannot be the empty string")
	case id != objectstore.NullVersion && h.versions == nil:
		_, err := h.keepsVersions()
		return err
	}
	return nil
}

// ref is the version that the request names, the latest when it names none.
func (q *request) ref() objectstore.VersionRef {
	r := objectstore.VersionRef{Bucket: q.bucket, Key: q.key}
	if len(q.query) > 0 {
		r.ID = q.query.Get("versionId")
	}
	return r
}

// head returns a version without its body. Where none are kept, everything is the
// null version.
func (h *Handler) head(q *request, ref objectstore.VersionRef) (objectstore.Object, error) {
	if h.versions == nil {
		return h.store.Head(q.r.Context(), ref.Bucket, ref.Key)
	}
	o, err := h.versions.HeadVersion(q.r.Context(), ref)
	if err != nil {
		return o, q.unreadable(&o, err)
	}
	return o, nil
}

// get opens a version as objectstore.Objects has it.
func (h *Handler) get(q *request, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	o, content, err := h.open(q, ref, rng)
	if err != nil {
		return o, nil, q.unreadable(&o, err)
	}
	return o, content, nil
}

// open is get for what the answer is not about: the source of a copy.
func (h *Handler) open(q *request, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if h.versions == nil {
		return h.store.Get(q.r.Context(), ref.Bucket, ref.Key, rng)
	}
	return h.versions.GetVersion(q.r.Context(), ref, rng)
}

// unreadable is why a version has no body; of a delete marker the answer says that
// it is one.
func (q *request) unreadable(o *objectstore.Object, err error) error {
	if !o.Marker {
		return err
	}
	header := q.w.Header()
	header.Set(markerHeader, "true")
	q.setVersion(header, o.VersionID)
	if !errors.Is(err, objectstore.ErrVersionIsMarker) {
		return err
	}
	header.Set("Allow", http.MethodDelete)
	f := translate(err)
	f.modified = o.ModifiedAt
	return f
}

// setVersion says which version the answer is about; empty is none.
func (q *request) setVersion(header http.Header, id string) {
	if id != "" {
		q.setHeader(header, versionHeader, id)
	}
}

// setModified gives an error the time of what it is about, if it has one.
func (f *failure) setModified(header http.Header) {
	if !f.modified.IsZero() {
		header.Set("Last-Modified", f.modified.UTC().Format(http.TimeFormat))
	}
}
