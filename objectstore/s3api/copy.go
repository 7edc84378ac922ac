package s3api

import (
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"croft/objectstore"
)

const copySource = "X-Amz-Copy-Source"

type copyResultXML struct {
	XMLName      xml.Name
	LastModified string `xml:"LastModified"`
	ETag         string `xml:"ETag"`
	checksumsXML
}

// checksumsXML are the checksums as elements of a document.
type checksumsXML struct {
	CRC32     string `xml:"ChecksumCRC32,omitempty"`
	CRC32C    string `xml:"ChecksumCRC32C,omitempty"`
	CRC64NVME string `xml:"ChecksumCRC64NVME,omitempty"`
	SHA1      string `xml:"ChecksumSHA1,omitempty"`
	SHA256    string `xml:"ChecksumSHA256,omitempty"`
	SHA512    string `xml:"ChecksumSHA512,omitempty"`
	MD5       string `xml:"ChecksumMD5,omitempty"`
	XXHASH64  string `xml:"ChecksumXXHASH64,omitempty"`
	XXHASH3   string `xml:"ChecksumXXHASH3,omitempty"`
	XXHASH128 string `xml:"ChecksumXXHASH128,omitempty"`
	Type      string `xml:"ChecksumType,omitempty"`
}

// checksumElements are an object's.
func checksumElements(kept map[string]string) checksumsXML {
	c := partChecksumElements(kept)
	c.Type = typeOf(kept)
	return c
}

// partChecksumElements are a part's, which have no type.
func partChecksumElements(kept map[string]string) (c checksumsXML) {
	for i := range algorithms {
		*c.of(&algorithms[i]) = kept[algorithms[i].kept]
	}
	return c
}

// source reads x-amz-copy-source and asks for permission to read there.
func (h *Handler) source(q *request) (from objectstore.VersionRef, err error) {
	path, query, versioned := strings.Cut(q.r.Header.Get(copySource), "?")
	if versioned {
		id, ok := strings.CutPrefix(query, "versionId=")
		if !ok || id == "" {
			return from, fail("InvalidArgument", "Invalid version id specified")
		}
		if h.versions == nil && id != objectstore.NullVersion {
			_, err := h.keepsVersions()
			return from, err
		}
		from.ID = id
	}
	path, err = url.PathUnescape(path)
	if err != nil {
		return from, errCopySource()
	}
	from.Bucket, from.Key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if objectstore.ValidateBucketName(from.Bucket) != nil || from.Key == "" {
		return from, errCopySource()
	}
	if err := checkKey(from.Key); err != nil {
		return from, err
	}
	if from.CustomerKey, err = q.customerKey(copySourcePrefix); err == nil && from.CustomerKey != nil {
		_, err = h.keepsVersions() // which alone keep such objects
	}
	if err != nil {
		return from, err
	}
	return from, h.authorize(q, q.ask(ReadBucket, "s3:GetObject", from.Bucket, from.Key, from.ID))
}

// sourceError is S3's word for a source that cannot be read.
func sourceError(err error) error {
	if errors.Is(err, objectstore.ErrVersionIsMarker) {
		return &failure{
			code: "InvalidRequest", message: "The source of a copy request may not specifically refer to a delete marker by version id.", cause: err,
		}
	}
	return err
}

func errCopySource() error {
	return fail("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey.")
}

// checkSource holds a copy's source to x-amz-copy-source-if-…; a failed one is
// always 412, never 304.
// The answer says which version the source was.
func (q *request) checkSource() func(objectstore.Object) error {
	c := readConditions(q.r.Header, "X-Amz-Copy-Source-")
	return func(o objectstore.Object) error {
		if ok, _ := c.check(&o); !ok {
			return fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
		}
		if o.VersionID != "" {
			q.w.Header().Set(sourceVersionHeader, o.VersionID)
		}
		return nil
	}
}

func (h *Handler) copyObject(q *request) error {
	from, err := h.source(q)
	if err != nil {
		return err
	}
	if _, err := q.body.readAll(0); err != nil {
		return err
	}
	request := objectstore.CopyRequest{
		FromBucket: from.Bucket, FromKey: from.Key, FromVersion: from.ID, Bucket: q.bucket, Key: q.key, Check: q.checkSource(),
		Class: storageClass(q.r.Header),
	}
	if request.Condition, err = writeCondition(q.r.Header); err != nil {
		return err
	}
	attributes, err := h.copiedBy(q)
	if err != nil {
		return err
	}
	encryption, err := q.encryption()
	if err != nil {
		return err
	}
	request.FromCustomerKey, request.Encrypt, request.CustomerKey = from.CustomerKey, encryption.by, encryption.key
	if from.Bucket == q.bucket && from.Key == q.key && from.ID == "" && !attributes.changes() && !encryption.changes() && from.CustomerKey == nil &&
		q.r.Header.Get("X-Amz-Checksum-Algorithm") == "" && request.Class == objectstore.ClassUnset {
		return fail("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	attributes.apply(&request)
	o, err := h.copyWithChecksum(q, request)
	if err != nil {
		return sourceError(versionError(from.ID, err))
	}
	q.setWritten(q.w.Header(), o.VersionID)
	h.setExpiration(q, &o)
	q.setEncryption(q.w.Header(), o.Encryption)
	q.setContext(q.w.Header(), o.Encryption)
	writeXML(q.w, http.StatusOK, copyResultXML{
		XMLName:      xml.Name{Space: xmlNamespace, Local: "CopyObjectResult"},
		LastModified: xmlTime(o.ModifiedAt), ETag: quoted(o.ETag), checksumsXML: checksumElements(o.Attributes.Checksums),
	})
	return nil
}

// copyWithChecksum copies inside the store, or by reading and writing where the copy is
// to have a checksum that the source does not have: one that the client wants, or S3's own.
func (h *Handler) copyWithChecksum(q *request, r objectstore.CopyRequest) (objectstore.Object, error) {
	a, err := requestedAlgorithm(q.r.Header, "X-Amz-Checksum-Algorithm")
	if err != nil {
		return objectstore.Object{}, err
	}
	from := objectstore.VersionRef{Bucket: r.FromBucket, Key: r.FromKey, ID: r.FromVersion, CustomerKey: r.FromCustomerKey}
	if a == nil {
		if source, err := h.describe(q, from); err == nil {
			a = h.checksumOfCopy(&source)
		}
	}
	if a == nil {
		return h.store.Copy(q.r.Context(), r)
	}
	o, content, err := h.open(q, from, nil)
	if err != nil {
		return objectstore.Object{}, err
	}
	defer func() { _ = content.Close() }() // only read; the bytes were verified
	if err := r.Check(o); err != nil {
		return objectstore.Object{}, err
	}
	if r.Replace == nil {
		r.Replace = &o.Attributes
		r.Replace.Lock = objectstore.Lock{} // a copy starts with the bucket's
	}
	if r.Class == objectstore.ClassUnset {
		r.Class = o.Class
	}
	sum := a.make()
	return h.store.Put(q.r.Context(), objectstore.PutRequest{
		Bucket: r.Bucket, Key: r.Key, Body: io.TeeReader(content, sum), Size: o.Size,
		Attributes: *r.Replace, Class: r.Class, Condition: r.Condition,
		Encrypt: r.Encrypt, CustomerKey: r.CustomerKey, Copied: true,
		Finish: func(attributes *objectstore.Attributes) error {
			attributes.Checksums = map[string]string{a.kept: encodeSum(sum), keptType: typeFullObject}
			return nil
		},
	})
}

// checksumOfCopy is the algorithm of the checksum that a copy needs made anew, nil where
// it keeps its source's. A copy is in one piece, so it does not keep a checksum of parts.
func (h *Handler) checksumOfCopy(source *objectstore.Object) *algorithm {
	a, _ := keptChecksum(source.Attributes.Checksums)
	switch {
	case a == nil && h.versions != nil:
		return crc64
	case typeOf(source.Attributes.Checksums) == typeComposite:
		return a
	}
	return nil
}

func (h *Handler) uploadPartCopy(q *request) error {
	if err := q.body.nothing(); err != nil {
		return err
	}
	number, err := partNumber(q)
	if err != nil {
		return err
	}
	from, err := h.source(q)
	if err != nil {
		return err
	}
	encryption, err := q.encryption()
	if err != nil {
		return err
	}
	ref := q.upload()
	upload, err := h.store.Upload(q.r.Context(), ref)
	if err == nil {
		err = encryption.suits(&upload)
	}
	if err != nil {
		return err
	}
	rng, err := copyRange(q.r.Header.Get("X-Amz-Copy-Source-Range"))
	if err != nil {
		return err
	}
	o, content, err := h.open(q, from, rng)
	if err != nil {
		return sourceError(err)
	}
	defer func() { _ = content.Close() }() // only read; the bytes were verified
	if err := q.checkSource()(o); err != nil {
		return err
	}
	_, length, err := rng.Resolve(o.Size)
	if err != nil {
		return err
	}
	if rng != nil && length != rng.Length {
		return fail("InvalidRange", "The specified copy range is outside of the source object.")
	}
	put := objectstore.PutPartRequest{Upload: ref, Number: number, Body: content, Size: length, CustomerKey: encryption.key}
	if a := algorithmByName(upload.Attributes.Checksums[keptAlgorithm]); a != nil {
		sum := a.make()
		put.Body = io.TeeReader(content, sum)
		put.Finish = func(kept map[string]string) error {
			maps.Copy(kept, map[string]string{a.kept: encodeSum(sum)})
			return nil
		}
	} else {
		put = objectstore.WithPartSum(h.store, put)
	}
	part, err := h.store.PutPart(q.r.Context(), put)
	if err != nil {
		return uploadError(err)
	}
	q.setEncryption(q.w.Header(), upload.Encryption)
	writeXML(q.w, http.StatusOK, copyResultXML{
		XMLName:      xml.Name{Space: xmlNamespace, Local: "CopyPartResult"},
		LastModified: xmlTime(part.ModifiedAt), ETag: quoted(part.ETag), checksumsXML: partChecksumElements(part.Checksums),
	})
	return nil
}

// copyRange is stricter than Range: both ends are needed and must exist.
func copyRange(value string) (*objectstore.Range, error) {
	if value == "" {
		return nil, nil
	}
	spec, ok := strings.CutPrefix(value, "bytes=")
	from, to, dash := strings.Cut(spec, "-")
	first, okFirst := digits(from)
	last, okLast := digits(to)
	if !ok || !dash || !okFirst || !okLast || first > last {
		return nil, fail("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy.")
	}
	return &objectstore.Range{Offset: first, Length: last - first + 1}, nil
}
