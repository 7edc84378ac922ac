package s3api

import (
	"cmp"
	"encoding/xml"
	"errors"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"croft/internal/errs"
	"croft/objectstore"
)

type bucketXML struct {
	Name         string `xml:"Name"`
	CreationDate string `xml:"CreationDate"`
	BucketRegion string `xml:"BucketRegion"`
}

type listBucketsXML struct {
	XMLName xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListAllMyBucketsResult"`
	Owner   ownerXML    `xml:"Owner"`
	Buckets []bucketXML `xml:"Buckets>Bucket"`
	Prefix  string      `xml:"Prefix,omitempty"`
	Token   string      `xml:"ContinuationToken,omitempty"`
}

// listBuckets shows the buckets that the credential may read.
func (h *Handler) listBuckets(q *request) error {
	limit := 0
	if v := q.query.Get("max-buckets"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 10000 {
			return fail("InvalidArgument", "max-buckets must be between 1 and 10000.")
		}
		limit = n
	}
	after, err := openToken(q.query.Get("continuation-token"))
	if err != nil {
		return err
	}
	buckets, err := h.store.ListBuckets(q.r.Context())
	if err != nil {
		return err
	}
	out := listBucketsXML{Owner: owner, Prefix: q.query.Get("prefix")}
	for _, b := range buckets {
		if b.Name <= after || !strings.HasPrefix(b.Name, out.Prefix) {
			continue
		}
		err := h.access.Authorize(q.r.Context(), q.cred, Ask{Action: ReadBucket, Bucket: b.Name})
		switch errs.KindOf(err) {
		case errs.Forbidden, errs.Unauthenticated, errs.NotFound:
			continue
		}
		if err != nil {
			return err
		}
		if limit > 0 && len(out.Buckets) == limit {
			out.Token = sealToken(out.Buckets[limit-1].Name)
			break
		}
		out.Buckets = append(out.Buckets, bucketXML{b.Name, xmlTime(b.CreatedAt), h.regionOf(&b)})
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

// locationDocument is where a bucket was asked to be. Clients that look, as Terraform does, find
// their region again; it has no other effect.
const locationDocument = "location"

// regionOf is the region that a bucket says it is in.
func (h *Handler) regionOf(b *objectstore.Bucket) string {
	if h.region != "" {
		return h.region
	}
	return cmp.Or(b.Documents[locationDocument], DefaultRegion)
}

func (h *Handler) headBucket(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	q.w.Header().Set("x-amz-bucket-region", h.regionOf(&bucket))
	q.w.Header().Set("x-amz-access-point-alias", "false")
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) getBucketLocation(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	region := h.regionOf(&bucket)
	if region == DefaultRegion {
		region = "" // S3 writes its first region as nothing
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Location string   `xml:",chardata"`
	}{Location: region})
	return nil
}

// isLocation is what a region may be called, or nothing.
var isLocation = regexp.MustCompile(`^[A-Za-z0-9:._-]{0,100}$`)

// readNewBucket reads where a bucket is to be, and its tags. What else may stand there,
// it would not have.
func readNewBucket(data []byte) (location string, tags []tagXML, err error) {
	document, err := readElement(data, "CreateBucketConfiguration")
	if err != nil {
		return "", nil, err
	}
	besides := func(e *element) error {
		return failf("NotImplemented", "%s in a CreateBucketConfiguration is not implemented.", e.name)
	}
	err = document.fields(map[string]func(*element) error{
		"LocationConstraint": once(&location), "Location": besides, "Bucket": besides,
		"Tags": func(e *element) error { return e.fields(map[string]func(*element) error{"Tag": eachTag(&tags)}) },
	})
	return location, tags, err
}

func (h *Handler) createBucket(q *request) error {
	data, err := q.body.readAll(maxXML)
	if err != nil {
		return err
	}
	var tags []tagXML
	var location string
	if len(data) > 0 {
		if location, tags, err = readNewBucket(data); err != nil {
			return err
		}
		if h.region != "" && location != "" && location != h.region || !isLocation.MatchString(location) {
			return fail("InvalidLocationConstraint", "The specified location-constraint is not valid.")
		}
	}
	locked, err := h.locksBucket(q)
	if err != nil {
		return err
	}
	holder, err := h.access.Owner(q.r.Context(), q.cred)
	if err != nil {
		return err
	}
	documents, err := h.newDocuments(q)
	if h.versions != nil && location != "" && location != DefaultRegion { // other stores keep no documents
		documents = objectstore.Bucket{Documents: documents}.WithDocument(locationDocument, location)
	}
	if err == nil && len(tags) > 0 {
		documents, err = h.newTags(q, documents, tags)
	}
	if err != nil {
		return err
	}
	_, err = h.store.CreateBucket(q.r.Context(), objectstore.Bucket{Name: q.bucket, Owner: holder, ObjectLock: locked, Documents: documents})
	if errors.Is(err, objectstore.ErrBucketExists) && h.access.Authorize(q.r.Context(), q.cred, Ask{Action: ReadBucket, S3: "s3:ListBucket", Bucket: q.bucket}) == nil {
		return fail("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	}
	if err != nil {
		return err
	}
	q.w.Header().Set("Location", "/"+q.bucket)
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// newTags adds the tags that a new bucket is to have to its documents. As in S3, that
// needs a permission of its own.
func (h *Handler) newTags(q *request, documents map[string]string, tags []tagXML) (map[string]string, error) {
	if _, err := h.keepsVersions(); err != nil {
		return nil, err
	}
	if err := h.authorize(q, q.ask(CreateBucket, "s3:TagResource", q.bucket, "", "")); err != nil {
		return nil, err
	}
	text, err := tagsText(tags)
	if err != nil {
		return nil, err
	}
	return objectstore.Bucket{Documents: documents}.WithDocument(taggingDocument, text), nil
}

func (h *Handler) deleteBucket(q *request) error {
	if err := q.body.nothing(); err != nil {
		return err
	}
	if err := h.store.DeleteBucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}
