package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
	"croft/objectstore/policy"
)

// upload is the unfinished upload that the request names.
func (q *request) upload() objectstore.UploadRef {
	return objectstore.UploadRef{Bucket: q.bucket, Key: q.key, ID: q.query.Get("uploadId")}
}

// partNumber reads the parameter of that name.
func partNumber(q *request) (int, error) {
	n, err := strconv.Atoi(q.query.Get("partNumber"))
	if err != nil || n < 1 || n > objectstore.MaxPartNumber {
		return 0, fail("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive.")
	}
	return n, nil
}

func (h *Handler) createUpload(q *request) error {
	attributes, err := h.newAttributes(q)
	if err != nil {
		return err
	}
	q.body.md5 = "" // jets3t sends the whole object's, of which there is nothing here
	if _, err := q.body.readAll(0); err != nil {
		return err
	}
	a, err := requestedAlgorithm(q.r.Header, "X-Amz-Checksum-Algorithm")
	if err != nil {
		return err
	}
	kind := strings.ToUpper(q.r.Header.Get("X-Amz-Checksum-Type"))
	if a == nil && kind != "" {
		return fail("InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
	}
	if a != nil {
		if kind == "" {
			kind = a.defaultType()
		}
		if (kind != typeComposite && kind != typeFullObject) ||
			(kind == typeFullObject && a.crc == nil) || (kind == typeComposite && a.name == "CRC64NVME") {
			return failf("InvalidRequest", "The %s checksum type cannot be used with the %s checksum algorithm.", xmlLimit(kind), a.kept)
		}
		attributes.Checksums = map[string]string{keptAlgorithm: a.kept, keptType: kind}
		q.w.Header().Set("x-amz-checksum-algorithm", a.name)
		q.w.Header().Set("x-amz-checksum-type", kind)
	}
	encryption, err := q.encryption()
	if err != nil {
		return err
	}
	upload, err := h.store.CreateUpload(q.r.Context(), objectstore.CreateUploadRequest{
		Bucket: q.bucket, Key: q.key, Attributes: attributes, Class: storageClass(q.r.Header),
		Encrypt: encryption.by, CustomerKey: encryption.key, Asked: q.asking(),
	})
	if err != nil {
		return err
	}
	q.setEncryption(q.w.Header(), upload.Encryption)
	q.setContext(q.w.Header(), upload.Encryption)
	h.setAbort(q, &upload)
	writeXML(q.w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ InitiateMultipartUploadResult"`
		Bucket   string   `xml:"Bucket"`
		Key      string   `xml:"Key"`
		UploadID string   `xml:"UploadId"`
	}{Bucket: q.bucket, Key: q.key, UploadID: upload.ID})
	return nil
}

func (h *Handler) abortUpload(q *request) error {
	if err := q.body.nothing(); err != nil {
		return err
	}
	if err := h.store.AbortUpload(q.r.Context(), q.upload()); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// startedBy names who began an upload, as S3 names users; where that is not known, it is the
// account.
func startedBy(u *objectstore.Upload) ownerXML {
	if u.StartedBy == "" {
		return owner
	}
	return ownerXML{ID: policy.UserARN(u.StartedBy), DisplayName: u.StartedBy}
}

type partXML struct {
	Number       int    `xml:"PartNumber"`
	LastModified string `xml:"LastModified"`
	ETag         string `xml:"ETag"`
	Size         int64  `xml:"Size"`
	checksumsXML
}

type listPartsXML struct {
	XMLName      xml.Name  `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListPartsResult"`
	Bucket       string    `xml:"Bucket"`
	Key          string    `xml:"Key"`
	UploadID     string    `xml:"UploadId"`
	Initiator    ownerXML  `xml:"Initiator"`
	Owner        ownerXML  `xml:"Owner"`
	StorageClass string    `xml:"StorageClass"`
	Marker       int       `xml:"PartNumberMarker"`
	NextMarker   int       `xml:"NextPartNumberMarker"`
	MaxParts     int       `xml:"MaxParts"`
	IsTruncated  bool      `xml:"IsTruncated"`
	Algorithm    string    `xml:"ChecksumAlgorithm,omitempty"`
	Type         string    `xml:"ChecksumType,omitempty"`
	Parts        []partXML `xml:"Part"`
}

func (h *Handler) listParts(q *request) error {
	l, err := newListing(q, "max-parts")
	if err != nil {
		return err
	}
	after := 0
	if v := q.query.Get("part-number-marker"); v != "" {
		if after, err = strconv.Atoi(v); err != nil || after < 0 {
			return fail("InvalidArgument", "Argument part-number-marker must be a non-negative integer.")
		}
	}
	ref := q.upload()
	upload, err := h.store.Upload(q.r.Context(), ref)
	if err != nil {
		return err
	}
	var page objectstore.PartPage
	if l.limit > 0 {
		page, err = h.store.ListParts(q.r.Context(), objectstore.ListPartsRequest{Upload: ref, After: after, Limit: l.limit})
		if err != nil {
			return err
		}
	}
	h.setAbort(q, &upload)
	kept := upload.Attributes.Checksums
	out := listPartsXML{
		Bucket: q.bucket, Key: l.encode(q.key), UploadID: ref.ID, Initiator: startedBy(&upload), Owner: owner,
		StorageClass: upload.Class.Name(), Marker: after, NextMarker: page.Next, MaxParts: l.limit, IsTruncated: page.Truncated,
		Algorithm: strings.ToUpper(kept[keptAlgorithm]), Type: kept[keptType],
	}
	for _, p := range page.Parts {
		out.Parts = append(out.Parts, partXML{p.Number, xmlTime(p.ModifiedAt), quoted(p.ETag), p.Size, partChecksumElements(p.Checksums)})
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

type uploadXML struct {
	Key          string   `xml:"Key"`
	UploadID     string   `xml:"UploadId"`
	Initiator    ownerXML `xml:"Initiator"`
	Owner        ownerXML `xml:"Owner"`
	StorageClass string   `xml:"StorageClass"`
	Initiated    string   `xml:"Initiated"`
	Algorithm    string   `xml:"ChecksumAlgorithm,omitempty"`
	Type         string   `xml:"ChecksumType,omitempty"`
}

type listUploadsXML struct {
	XMLName      xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListMultipartUploadsResult"`
	Bucket       string      `xml:"Bucket"`
	KeyMarker    string      `xml:"KeyMarker"`
	IDMarker     string      `xml:"UploadIdMarker"`
	NextKey      string      `xml:"NextKeyMarker,omitempty"`
	NextIDMarker string      `xml:"NextUploadIdMarker,omitempty"`
	Prefix       string      `xml:"Prefix"`
	Delimiter    string      `xml:"Delimiter,omitempty"`
	Encoding     string      `xml:"EncodingType,omitempty"`
	MaxUploads   int         `xml:"MaxUploads"`
	IsTruncated  bool        `xml:"IsTruncated"`
	Uploads      []uploadXML `xml:"Upload"`
	Prefixes     []prefixXML `xml:"CommonPrefixes"`
}

func (h *Handler) listUploads(q *request) error {
	l, err := newListing(q, "max-uploads")
	if err != nil {
		return err
	}
	request := objectstore.ListUploadsRequest{
		Bucket: q.bucket, Prefix: q.query.Get("prefix"), Delimiter: q.query.Get("delimiter"),
		AfterKey: q.query.Get("key-marker"), Limit: l.limit,
	}
	if request.AfterKey != "" {
		request.AfterID = q.query.Get("upload-id-marker")
	}
	var page objectstore.UploadPage
	if l.limit > 0 {
		page, err = h.store.ListUploads(q.r.Context(), request)
	} else {
		_, err = h.store.Bucket(q.r.Context(), q.bucket)
	}
	if err != nil {
		return err
	}
	out := listUploadsXML{
		Bucket: q.bucket, KeyMarker: l.encode(request.AfterKey), IDMarker: request.AfterID,
		NextKey: l.encode(page.NextKey), NextIDMarker: page.NextID, Prefix: l.encode(request.Prefix),
		Delimiter: l.encode(request.Delimiter), Encoding: l.encoding, MaxUploads: l.limit,
		IsTruncated: page.Truncated, Prefixes: l.prefixes(page.Prefixes),
	}
	for _, u := range page.Uploads {
		kept := u.Attributes.Checksums
		out.Uploads = append(out.Uploads, uploadXML{
			Key: l.encode(u.Key), UploadID: u.ID, Initiator: startedBy(&u), Owner: owner, StorageClass: u.Class.Name(),
			Initiated: xmlTime(u.StartedAt), Algorithm: strings.ToUpper(kept[keptAlgorithm]), Type: kept[keptType],
		})
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}
