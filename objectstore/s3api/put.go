package s3api

import (
	"maps"
	"net/http"

	"croft/objectstore"
)

func (h *Handler) putObject(q *request) error {
	if err := q.requireSize(); err != nil {
		return err
	}
	if _, err := h.putBody(q); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// putBody stores the request's body as the object that the request is about, and sets
// the answer's headers.
func (h *Handler) putBody(q *request) (objectstore.Object, error) {
	attributes, err := h.newAttributes(q)
	if err != nil {
		return objectstore.Object{}, err
	}
	condition, err := writeCondition(q.r.Header)
	if err != nil {
		return objectstore.Object{}, err
	}
	encryption, err := q.encryption()
	if err != nil {
		return objectstore.Object{}, err
	}
	if q.body.sum == nil {
		q.body.unasked = objectstore.SumFor(h.store)
	}
	o, err := h.store.Put(q.r.Context(), objectstore.PutRequest{
		Bucket: q.bucket, Key: q.key, Body: q.body, Size: q.body.size, MD5: q.body.md5,
		Attributes: attributes, Class: storageClass(q.r.Header), Condition: condition,
		Encrypt: encryption.by, CustomerKey: encryption.key,
		Finish: func(a *objectstore.Attributes) error {
			sums, err := q.body.finish()
			if sums != nil {
				sums[keptType] = typeFullObject
			}
			a.Checksums = sums
			if err != nil {
				return err
			}
			return q.body.unasked.Finish(a)
		},
	})
	if err != nil {
		return o, err
	}
	q.setHeader(q.w.Header(), "Etag", quoted(o.ETag))
	q.setWritten(q.w.Header(), o.VersionID)
	h.setExpiration(q, &o)
	q.setEncryption(q.w.Header(), o.Encryption)
	q.setContext(q.w.Header(), o.Encryption)
	q.setChecksums(q.w.Header(), o.Attributes.Checksums)
	return o, nil
}

func (h *Handler) uploadPart(q *request) error {
	number, err := partNumber(q)
	if err != nil {
		return err
	}
	if err := q.requireSize(); err != nil {
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
	if a := algorithmByName(upload.Attributes.Checksums[keptAlgorithm]); a != nil {
		if err := q.body.also(a); err != nil {
			return err
		}
	} else {
		q.body.unasked = objectstore.SumFor(h.store)
	}
	part, err := h.store.PutPart(q.r.Context(), objectstore.PutPartRequest{
		Upload: ref, Number: number, Body: q.body, Size: q.body.size, MD5: q.body.md5, CustomerKey: encryption.key,
		Finish: func(kept map[string]string) error {
			sums, err := q.body.finish()
			maps.Copy(kept, sums)
			if err != nil {
				return err
			}
			return q.body.unasked.FinishPart(kept)
		},
	})
	if err != nil {
		return uploadError(err)
	}
	q.setHeader(q.w.Header(), "Etag", quoted(part.ETag))
	q.setEncryption(q.w.Header(), upload.Encryption)
	if q.body.unasked != nil && q.body.sum == nil {
		q.setHeader(q.w.Header(), crc64.header, q.body.unasked.String())
	}
	q.setPartChecksums(q.w.Header(), part.Checksums)
	q.w.WriteHeader(http.StatusOK)
	return nil
}
