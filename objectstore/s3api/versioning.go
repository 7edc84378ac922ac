package s3api

import (
	"encoding/xml"
	"net/http"

	"croft/objectstore"
)

// versioningStatus is what S3 calls the ways of a bucket; one that never kept
// versions has none.
var versioningStatus = map[objectstore.Versioning]string{
	objectstore.VersioningEnabled: "Enabled", objectstore.VersioningSuspended: "Suspended",
}

func (h *Handler) getBucketVersioning(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ VersioningConfiguration"`
		Status  string   `xml:"Status,omitempty"`
	}{Status: versioningStatus[bucket.Versioning]})
	return nil
}

func (h *Handler) putBucketVersioning(q *request) error {
	var wanted, mfa string
	document, err := q.readSetting("VersioningConfiguration")
	if err == nil {
		err = document.fields(map[string]func(*element) error{"Status": once(&wanted), "MfaDelete": once(&mfa)})
	}
	if err != nil {
		return err
	}
	var is objectstore.Versioning
	for way, status := range versioningStatus {
		if status == wanted {
			is = way
		}
	}
	switch {
	case is == objectstore.VersioningOff:
		return errMalformedXML()
	case mfa == "Enabled":
		return fail("NotImplemented", "MFA delete is not implemented. Use object lock to keep versions from being deleted.")
	}
	return h.updateBucket(q, http.StatusOK, func(b *objectstore.Bucket) error {
		b.Versioning = is
		return nil
	})
}

// readSetting reads and verifies a document that sets something. A policy's condition may ask
// for it before the call does, so it is read once and kept.
func (q *request) readSetting(root string) (*element, error) {
	if q.setting == nil {
		q.setting = new(givenSetting)
		q.setting.document, q.setting.err = q.readDocument(root)
	}
	return q.setting.document, q.setting.err
}

// givenSetting is what a body was found to say.
type givenSetting struct {
	document *element
	err      error
}

func (q *request) readDocument(root string) (*element, error) {
	if err := q.openBody(); err != nil {
		return nil, err
	}
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return nil, err
	}
	return readElement(data, root)
}

// updateBucket changes the bucket's settings and answers with nothing.
func (h *Handler) updateBucket(q *request, status int, change func(*objectstore.Bucket) error) error {
	s, err := h.keepsVersions()
	if err != nil {
		return err
	}
	if _, err := s.UpdateBucket(q.r.Context(), q.bucket, change); err != nil {
		return err
	}
	q.w.WriteHeader(status)
	return nil
}
