package s3api

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strconv"

	"croft/objectstore"
)

type objectXML struct {
	Key               string    `xml:"Key"`
	LastModified      string    `xml:"LastModified"`
	ETag              string    `xml:"ETag"`
	ChecksumAlgorithm string    `xml:"ChecksumAlgorithm,omitempty"`
	ChecksumType      string    `xml:"ChecksumType,omitempty"`
	Size              int64     `xml:"Size"`
	Owner             *ownerXML `xml:"Owner,omitempty"`
	StorageClass      string    `xml:"StorageClass"`
}

type prefixXML struct {
	Prefix string `xml:"Prefix"`
}

type listV1XML struct {
	XMLName     xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name        string      `xml:"Name"`
	Prefix      string      `xml:"Prefix"`
	Marker      string      `xml:"Marker"`
	NextMarker  string      `xml:"NextMarker,omitempty"`
	MaxKeys     int         `xml:"MaxKeys"`
	Delimiter   string      `xml:"Delimiter,omitempty"`
	Encoding    string      `xml:"EncodingType,omitempty"`
	IsTruncated bool        `xml:"IsTruncated"`
	Contents    []objectXML `xml:"Contents"`
	Prefixes    []prefixXML `xml:"CommonPrefixes"`
}

type listV2XML struct {
	XMLName     xml.Name    `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name        string      `xml:"Name"`
	Prefix      string      `xml:"Prefix"`
	StartAfter  string      `xml:"StartAfter,omitempty"`
	Token       string      `xml:"ContinuationToken,omitempty"`
	NextToken   string      `xml:"NextContinuationToken,omitempty"`
	KeyCount    int         `xml:"KeyCount"`
	MaxKeys     int         `xml:"MaxKeys"`
	Delimiter   string      `xml:"Delimiter,omitempty"`
	Encoding    string      `xml:"EncodingType,omitempty"`
	IsTruncated bool        `xml:"IsTruncated"`
	Contents    []objectXML `xml:"Contents"`
	Prefixes    []prefixXML `xml:"CommonPrefixes"`
}

// listing is what all listings have in common.
type listing struct {
	encode   func(string) string
	encoding string
	limit    int
}

// newListing reads encoding-type and the page size out of the parameter that
// this listing calls it by.
func newListing(q *request, limitName string) (listing, error) {
	l := listing{encode: func(s string) string { return s }, limit: 1000}
	switch v := q.query.Get("encoding-type"); v {
	case "":
	case "url":
		l.encoding, l.encode = v, func(s string) string { return uriEncode(s, false) }
	default:
		return l, fail("InvalidArgument", "Invalid Encoding Method specified in Request.")
	}
	if v := q.query.Get(limitName); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			return l, failf("InvalidArgument", "Argument %s must be an integer between 0 and 2147483647.", limitName)
		}
		l.limit = min(l.limit, int(n))
	}
	return l, nil
}

// objects fetches a page. A page of nothing is empty and not truncated.
func (h *Handler) objects(q *request, l listing, after string) (objectstore.ListPage, error) {
	if l.limit == 0 {
		_, err := h.store.Bucket(q.r.Context(), q.bucket)
		return objectstore.ListPage{}, err
	}
	return h.store.List(q.r.Context(), objectstore.ListRequest{
		Bucket: q.bucket, Prefix: q.query.Get("prefix"), Delimiter: q.query.Get("delimiter"),
		After: after, Limit: l.limit,
	})
}

func (l listing) contents(objects []objectstore.Object, withOwner bool) []objectXML {
	out := make([]objectXML, 0, len(objects))
	for _, o := range objects {
		x := objectXML{
			Key: l.encode(o.Key), LastModified: xmlTime(o.ModifiedAt), ETag: quoted(o.ETag),
			Size: o.Size, StorageClass: "STANDARD",
		}
		if a, _ := keptChecksum(o.Attributes.Checksums); a != nil {
			x.ChecksumAlgorithm, x.ChecksumType = a.name, o.Attributes.Checksums[keptType]
		}
		if withOwner {
			x.Owner = &owner
		}
		out = append(out, x)
	}
	return out
}

func (l listing) prefixes(prefixes []string) []prefixXML {
	out := make([]prefixXML, 0, len(prefixes))
	for _, p := range prefixes {
		out = append(out, prefixXML{l.encode(p)})
	}
	return out
}

func (h *Handler) listObjectsV1(q *request) error {
	l, err := newListing(q, "max-keys")
	if err != nil {
		return err
	}
	page, err := h.objects(q, l, q.query.Get("marker"))
	if err != nil {
		return err
	}
	out := listV1XML{
		Name: q.bucket, Prefix: l.encode(q.query.Get("prefix")), Marker: l.encode(q.query.Get("marker")),
		MaxKeys: l.limit, Delimiter: l.encode(q.query.Get("delimiter")), Encoding: l.encoding,
		IsTruncated: page.Truncated, Contents: l.contents(page.Objects, true), Prefixes: l.prefixes(page.Prefixes),
	}
	if page.Truncated {
		out.NextMarker = l.encode(page.Next)
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

func (h *Handler) listObjectsV2(q *request) error {
	if q.query.Get("list-type") != "2" {
		return fail("InvalidArgument", "Invalid List Type specified in Request.")
	}
	l, err := newListing(q, "max-keys")
	if err != nil {
		return err
	}
	after, token := q.query.Get("start-after"), q.query.Get("continuation-token")
	if q.query.Has("continuation-token") {
		if token == "" {
			return errToken()
		}
		if after, err = openToken(token); err != nil {
			return err
		}
	}
	page, err := h.objects(q, l, after)
	if err != nil {
		return err
	}
	out := listV2XML{
		Name: q.bucket, Prefix: l.encode(q.query.Get("prefix")), StartAfter: l.encode(q.query.Get("start-after")),
		Token: token, KeyCount: len(page.Objects) + len(page.Prefixes), MaxKeys: l.limit,
		Delimiter: l.encode(q.query.Get("delimiter")), Encoding: l.encoding, IsTruncated: page.Truncated,
		Contents: l.contents(page.Objects, q.query.Get("fetch-owner") == "true"), Prefixes: l.prefixes(page.Prefixes),
	}
	if page.Truncated {
		out.NextToken = sealToken(page.Next)
	}
	writeXML(q.w, http.StatusOK, out)
	return nil
}

// sealToken makes a continuation token of a position. It hides nothing; it only
// survives URLs and XML whatever bytes the key has.
func sealToken(position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(position))
}

func openToken(token string) (string, error) {
	position, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", errToken()
	}
	return string(position), nil
}

func errToken() error {
	return fail("InvalidArgument", "The continuation token provided is incorrect.")
}
