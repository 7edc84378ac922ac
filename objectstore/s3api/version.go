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
	"GetObjectTagging": true, putObjectTagging: true, "DeleteObjectTagging": true, "GetObjectAttributes": true,
	"GetObjectRetention": true, "PutObjectRetention": true, "GetObjectLegalHold": true, "PutObjectLegalHold": true,
	"RestoreObject": true,
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
		return o, unreadable(o, versionError(ref.ID, err))
	}
	return o, nil
}

// get opens a version as objectstore.Objects has it.
func (h *Handler) get(q *request, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	o, content, err := h.open(q, ref, rng)
	if err != nil {
		return o, nil, unreadable(o, err)
	}
	return o, content, nil
}

// foreignVersion is how long a version ID is, at least, that may be one of another
// store. Those that are no version of this one are not there; shorter ones are none.
const foreignVersion = 32

// versionError is S3's word for what the store says of a version's ID.
func versionError(id string, err error) error {
	if len(id) >= foreignVersion && errors.Is(err, objectstore.ErrVersionInvalid) {
		return objectstore.ErrVersionNotFound
	}
	return err
}

// open is get for what the answer is not about: the source of a copy.
func (h *Handler) open(q *request, ref objectstore.VersionRef, rng *objectstore.Range) (objectstore.Object, io.ReadCloser, error) {
	if h.versions == nil {
		return h.store.Get(q.r.Context(), ref.Bucket, ref.Key, rng)
	}
	o, content, err := h.versions.GetVersion(q.r.Context(), ref, rng)
	if err != nil {
		return o, nil, versionError(ref.ID, err)
	}
	return o, content, nil
}

// unreadable is why a version has no body; of a delete marker the answer says that
// it is one.
func unreadable(o objectstore.Object, err error) error {
	if !o.Marker {
		return err
	}
	f := translate(err)
	f.marker = &o
	return f
}

// setMarker says of an error that it is about a delete marker, if it is.
func (f *failure) setMarker(q *request, header http.Header) {
	if f.marker == nil {
		return
	}
	header.Set(markerHeader, "true")
	q.setVersion(header, f.marker.VersionID)
	if f.code == "MethodNotAllowed" { // the marker itself was named
		header.Set("Allow", http.MethodDelete)
		header.Set("Last-Modified", f.marker.ModifiedAt.UTC().Format(http.TimeFormat))
	}
}

// setWritten says which version the request wrote. As in S3 that is said where versions are
// kept, and not of the null version, which takes the place of the one before.
func (q *request) setWritten(header http.Header, id string) {
	if id != objectstore.NullVersion {
		q.setVersion(header, id)
	}
}

// setVersion says which version the answer is about; empty is none.
func (q *request) setVersion(header http.Header, id string) {
	if id != "" {
		q.setHeader(header, versionHeader, id)
	}
}
