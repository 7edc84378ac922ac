package s3api

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
)

func (h *Handler) getObject(q *request) error {
	if err := q.refuseOverrides(); err != nil {
		return err
	}
	rng, err := requestedRange(q)
	if err != nil {
		return err
	}
	ref, err := h.readable(q)
	if err != nil {
		return err
	}
	if q.query.Has("partNumber") {
		return h.getPart(q, ref)
	}
	o, content, err := h.get(q, ref, rng)
	if errors.Is(err, objectstore.ErrRangeInvalid) {
		q.w.Header().Set("Content-Range", "bytes */"+strconv.FormatInt(o.Size, 10))
		return rangeFailure(q, &o, err)
	}
	if err != nil {
		return err
	}
	if v := first(q.r.Header, "If-Range"); v != "" && rng != nil && !matchesETag(v, o.ETag) {
		_ = content.Close()
		rng = nil
		if o, content, err = h.get(q, ref, nil); err != nil {
			return err
		}
	}
	defer func() { _ = content.Close() }() // only read; the bytes were verified
	return h.send(q, &o, content, rng)
}

// rangeFailure answers a range outside of the object, unless a condition on the
// object fails first.
func rangeFailure(q *request, o *objectstore.Object, err error) error {
	if ok, notModified := readConditions(q.r.Header, "").check(o); !ok {
		return q.conditionFailed(o, notModified)
	}
	return err
}

// conditionFailed answers 304, which has no body, or PreconditionFailed.
func (q *request) conditionFailed(o *objectstore.Object, notModified bool) error {
	if !notModified {
		return fail("PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
	}
	header := q.w.Header()
	header.Del("Content-Range")
	header.Set("ETag", quoted(o.ETag))
	header.Set("Last-Modified", o.ModifiedAt.UTC().Format(http.TimeFormat))
	q.setVersion(header, o.VersionID)
	if o.Attributes.CacheControl != "" {
		header.Set("Cache-Control", o.Attributes.CacheControl)
	}
	q.w.WriteHeader(http.StatusNotModified)
	return nil
}

// writeHeaders begins the answer.
func (q *request) writeHeaders(o *objectstore.Object, rng *objectstore.Range, offset, length int64) {
	header := q.w.Header()
	q.writeAttributes(header, o)
	if n := len(o.Parts); n > 0 && q.query.Has("partNumber") {
		header.Set("x-amz-mp-parts-count", strconv.Itoa(n))
	}
	q.setHeader(header, "Content-Length", strconv.FormatInt(length, 10))
	status := http.StatusOK
	if rng != nil {
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", offset, offset+length-1, o.Size))
		status = http.StatusPartialContent
	}
	if strings.EqualFold(first(q.r.Header, "X-Amz-Checksum-Mode"), "ENABLED") {
		q.setChecksumsOf(header, o, length)
	}
	q.w.WriteHeader(status)
}

func (h *Handler) headObject(q *request) error {
	if err := q.refuseOverrides(); err != nil {
		return err
	}
	rng, err := requestedRange(q)
	if err != nil {
		return err
	}
	ref, err := h.readable(q)
	if err != nil {
		return err
	}
	o, err := h.describe(q, ref)
	if err != nil {
		return err
	}
	if q.query.Has("partNumber") {
		if rng, err = partRange(q, &o); err != nil {
			return err
		}
	}
	if ok, notModified := readConditions(q.r.Header, "").check(&o); !ok {
		return q.conditionFailed(&o, notModified)
	}
	offset, length, err := rng.Resolve(o.Size)
	if err != nil {
		return err
	}
	h.setExpiration(q, &o)
	h.setReplicationStatus(q, &o)
	q.writeHeaders(&o, rng, offset, length)
	return nil
}

// getPart sends one part of an object that was uploaded in parts. The part's
// place is known only from the object, so an overwrite in between starts over.
func (h *Handler) getPart(q *request, ref objectstore.VersionRef) error {
	for range 3 {
		before, err := h.describe(q, ref)
		if err != nil {
			return err
		}
		rng, err := partRange(q, &before)
		if err != nil {
			return err
		}
		o, content, err := h.get(q, ref, rng)
		if err != nil {
			return err
		}
		if o.ETag == before.ETag && o.Size == before.Size && len(o.Parts) == len(before.Parts) {
			defer func() { _ = content.Close() }()
			return h.send(q, &o, content, rng)
		}
		_ = content.Close()
	}
	return fail("SlowDown", "The object is being overwritten. Please reduce your request rate.")
}

// setChecksumsOf gives the checksums of what is sent back: of a part, or of the whole object.
func (q *request) setChecksumsOf(header http.Header, o *objectstore.Object, length int64) {
	number, err := partNumber(q)
	switch {
	case err == nil && q.query.Has("partNumber") && number <= len(o.Parts):
		q.setPartChecksums(header, o.Parts[number-1].Checksums)
	case length == o.Size:
		q.setChecksums(header, o.Attributes.Checksums)
	}
}

// partRange is where the part that the query names lies in the object.
func partRange(q *request, o *objectstore.Object) (*objectstore.Range, error) {
	number, err := partNumber(q)
	if err != nil {
		return nil, err
	}
	if q.r.Header.Get("Range") != "" {
		return nil, fail("InvalidRequest", "Cannot specify both Range header and partNumber query parameter.")
	}
	if len(o.Parts) == 0 && number == 1 {
		return nil, nil
	}
	if number > len(o.Parts) {
		return nil, fail("InvalidPartNumber", "The requested part number is not satisfiable.")
	}
	var offset int64
	for _, p := range o.Parts[:number-1] {
		offset += p.Size
	}
	return &objectstore.Range{Offset: offset, Length: o.Parts[number-1].Size}, nil
}

// requestedRange reads the Range header. As in S3, one that is malformed or
// asks for several ranges is ignored, and the whole object is sent.
func requestedRange(q *request) (*objectstore.Range, error) {
	spec, ok := strings.CutPrefix(strings.TrimSpace(first(q.r.Header, "Range")), "bytes=")
	if !ok {
		return nil, nil
	}
	from, to, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return nil, nil
	}
	first, okFirst := digits(from)
	last, okLast := digits(to)
	switch {
	case from == "" && okLast:
		return objectstore.Suffix(last), nil
	case okFirst && to == "":
		return &objectstore.Range{Offset: first, Length: -1}, nil
	case okFirst && okLast && first <= last:
		length := last - first + 1
		if length < 1 { // it overflowed
			length = -1
		}
		return &objectstore.Range{Offset: first, Length: length}, nil
	}
	return nil, nil
}

// digits parses a decimal number without a sign. One that no int64 holds counts as the
// largest, which is behind the end of every object.
func digits(s string) (int64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
