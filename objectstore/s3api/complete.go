package s3api

import (
	"crypto/md5" //nolint:gosec // ETags are MD5 by definition.
	"encoding/hex"
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"croft/internal/forwarded"
	"croft/objectstore"
)

type completeXML struct {
	XMLName xml.Name          `xml:"CompleteMultipartUpload"`
	Parts   []completePartXML `xml:"Part"`
}

type completePartXML struct {
	Number int    `xml:"PartNumber"`
	ETag   string `xml:"ETag"`
	checksumsXML
}

// cutParts takes the number of parts off composite checksums.
func (c *checksumsXML) cutParts() {
	for i := range algorithms {
		sum := c.of(&algorithms[i])
		*sum, _, _ = strings.Cut(*sum, "-")
	}
}

// of is the element of an algorithm's checksum.
func (c *checksumsXML) of(a *algorithm) *string {
	switch a.name {
	case "CRC32":
		return &c.CRC32
	case "CRC32C":
		return &c.CRC32C
	case "CRC64NVME":
		return &c.CRC64NVME
	case "SHA1":
		return &c.SHA1
	case "SHA512":
		return &c.SHA512
	case "MD5":
		return &c.MD5
	case "XXHASH64":
		return &c.XXHASH64
	case "XXHASH3":
		return &c.XXHASH3
	case "XXHASH128":
		return &c.XXHASH128
	}
	return &c.SHA256
}

func (h *Handler) completeUpload(q *request) error {
	var want completeXML
	if err := q.readXML(&want); err != nil {
		return err
	}
	if len(want.Parts) == 0 || len(want.Parts) > objectstore.MaxPartNumber {
		return errMalformedXML()
	}
	if err := h.checkUploadEncryption(q); err != nil {
		return err
	}
	condition, err := writeCondition(q.r.Header)
	if err != nil {
		return err
	}
	finish, err := completion(q.r.Header, want.Parts)
	if err != nil {
		return err
	}
	choices := make([]objectstore.PartChoice, len(want.Parts))
	for i, p := range want.Parts {
		if p.ETag == "" {
			return fail("MalformedXML", "Every part needs an ETag.")
		}
		if i > 0 && p.Number <= want.Parts[i-1].Number {
			return fail("InvalidPartOrder", "The list of parts was not in ascending order. The parts list must be specified in order by part number.")
		}
		choices[i] = objectstore.PartChoice{Number: p.Number, ETag: unquote(p.ETag)}
	}
	key, err := q.customerKey(requestPrefix)
	if err != nil {
		return err
	}
	o, err := h.store.CompleteUpload(q.r.Context(), objectstore.CompleteUploadRequest{
		Upload: q.upload(), Parts: choices, Finish: finish, Condition: condition, CustomerKey: key,
	})
	if errors.Is(err, objectstore.ErrUploadNotFound) {
		o, err = h.completedBefore(q, choices, err)
	}
	if err != nil {
		return uploadError(err)
	}
	q.setWritten(q.w.Header(), o.VersionID)
	h.setExpiration(q, &o)
	if o.Encryption != objectstore.EncryptionCustomer {
		q.setEncryption(q.w.Header(), o.Encryption)
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location string   `xml:"Location"`
		Bucket   string   `xml:"Bucket"`
		Key      string   `xml:"Key"`
		ETag     string   `xml:"ETag"`
		checksumsXML
	}{
		Location: forwarded.Scheme(q.r) + "://" + q.r.Host + uriEncode(q.r.URL.Path, false), Bucket: q.bucket, Key: q.key,
		ETag: quoted(o.ETag), checksumsXML: checksumElements(o.Attributes.Checksums),
	})
	return nil
}

// checkUploadEncryption refuses to complete an upload under an encryption that it does
// not have. Whether a customer's key is the upload's own does not matter any more:
// nothing is read or written with it.
func (h *Handler) checkUploadEncryption(q *request) error {
	want, err := q.encryption()
	if err != nil || !want.changes() {
		return err
	}
	upload, err := h.store.Upload(q.r.Context(), q.upload())
	if errors.Is(err, objectstore.ErrUploadNotFound) {
		return nil // it may have been completed before
	}
	if err == nil {
		err = want.suits(&upload)
	}
	return err
}

// completedBefore answers a client that repeats a completion because it never
// saw the first answer: the object is there, made of exactly these parts.
func (h *Handler) completedBefore(q *request, parts []objectstore.PartChoice, notFound error) (objectstore.Object, error) {
	sum := md5.New()
	for _, p := range parts {
		raw, err := hex.DecodeString(p.ETag)
		if err != nil || len(raw) != md5.Size {
			return objectstore.Object{}, notFound
		}
		sum.Write(raw)
	}
	o, err := h.store.Head(q.r.Context(), q.bucket, q.key)
	if err != nil || o.ETag != hex.EncodeToString(sum.Sum(nil))+"-"+strconv.Itoa(len(parts)) {
		return objectstore.Object{}, notFound
	}
	return o, nil
}

// completion verifies what the client says of parts and object, and computes
// the checksum that the object is to keep.
func completion(header http.Header, want []completePartXML) (func(*objectstore.Attributes, []objectstore.Part) error, error) {
	size := int64(-1)
	if v := header.Get("X-Amz-Mp-Object-Size"); v != "" {
		n, ok := digits(v)
		if !ok {
			return nil, fail("InvalidArgument", "x-amz-mp-object-size must be a non-negative integer.")
		}
		size = n
	}
	var declared *algorithm
	for i := range algorithms {
		if first(header, algorithms[i].header) != "" {
			declared = &algorithms[i]
		}
	}
	return func(attributes *objectstore.Attributes, parts []objectstore.Part) error {
		if err := checkParts(want, parts, size); err != nil {
			return err
		}
		promised := attributes.Checksums
		attributes.Checksums = nil
		if err := objectstore.FinishUpload(attributes, parts); err != nil {
			return err
		}
		a := algorithmByName(promised[keptAlgorithm])
		if a == nil {
			return unpromised(header, declared, attributes.Checksums)
		}
		value, ok := a.composite(parts)
		if promised[keptType] == typeFullObject {
			value, ok = a.fullObject(parts)
		}
		if !ok {
			return fail("InvalidRequest", "A part has no checksum of the algorithm that the upload was created with.")
		}
		if declared != nil {
			if sent := first(header, declared.header); declared != a || (sent != value && sent+"-"+strconv.Itoa(len(parts)) != value) {
				return errChecksum(declared)
			}
		}
		attributes.Checksums = map[string]string{a.kept: value, keptType: promised[keptType]}
		return nil
	}, nil
}

// unpromised holds the object's checksum that the client declared to what is kept of an
// upload that began without an algorithm.
func unpromised(header http.Header, declared *algorithm, kept map[string]string) error {
	if declared == nil {
		return nil
	}
	value := kept[declared.kept]
	if value == "" {
		return failf("InvalidRequest", "The upload was created without a checksum algorithm; %s cannot be verified.", declared.field())
	}
	if first(header, declared.header) != value {
		return errChecksum(declared)
	}
	return nil
}

// checkParts holds the stored parts to the checksums and the size sent along.
func checkParts(want []completePartXML, parts []objectstore.Part, size int64) error {
	var total int64
	for i, p := range parts {
		total += p.Size
		for j := range algorithms {
			a := &algorithms[j]
			kept := p.Checksums[a.kept]
			if a == crc64 && kept == "" {
				kept = p.Checksums[objectstore.PartSum] // which the part's answer said, and minio-go says again
			}
			if sent := *want[i].of(a); sent != "" && sent != kept {
				return failf("InvalidPart", "Part %d does not have the %s that was sent for it.", p.Number, a.name)
			}
		}
	}
	if size >= 0 && size != total {
		return fail("InvalidRequest", "The x-amz-mp-object-size does not match the size of the parts.")
	}
	return nil
}
