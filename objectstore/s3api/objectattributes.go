package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
)

type objectAttributesXML struct {
	XMLName      xml.Name        `xml:"http://s3.amazonaws.com/doc/2006-03-01/ GetObjectAttributesResponse"`
	ETag         string          `xml:"ETag,omitempty"`
	Checksum     *checksumsXML   `xml:"Checksum"`
	Parts        *objectPartsXML `xml:"ObjectParts"`
	StorageClass string          `xml:"StorageClass,omitempty"`
	Size         *int64          `xml:"ObjectSize"`
}

type objectPartsXML struct {
	Count       int             `xml:"PartsCount"`
	Marker      int             `xml:"PartNumberMarker"`
	NextMarker  int             `xml:"NextPartNumberMarker"`
	MaxParts    int             `xml:"MaxParts"`
	IsTruncated bool            `xml:"IsTruncated"`
	Parts       []objectPartXML `xml:"Part"`
}

type objectPartXML struct {
	Number int   `xml:"PartNumber"`
	Size   int64 `xml:"Size"`
	checksumsXML
}

func (h *Handler) getObjectAttributes(q *request) error {
	wanted, err := wantedAttributes(q.r.Header)
	if err != nil {
		return err
	}
	parts, err := wantedParts(q.r.Header)
	if err != nil {
		return err
	}
	ref, err := h.readable(q)
	if err == nil {
		err = h.authorize(q, q.ask(ReadBucket, "s3:GetObject", q.bucket, q.key, ref.ID)) // which is needed besides
	}
	if err != nil {
		return err
	}
	o, err := h.describe(q, ref)
	if err != nil {
		return err
	}
	out := objectAttributesXML{}
	if wanted["ETag"] {
		out.ETag = o.ETag // without quotes, here alone
	}
	if a, _ := keptChecksum(o.Attributes.Checksums); wanted["Checksum"] && a != nil {
		sums := checksumElements(o.Attributes.Checksums)
		sums.cutParts() // as S3 does here alone
		out.Checksum = &sums
	}
	if wanted["ObjectParts"] && len(o.Parts) > 0 {
		parts.list(o.Parts)
		out.Parts = &parts
	}
	if wanted["StorageClass"] {
		out.StorageClass = className(&o)
	}
	if wanted["ObjectSize"] {
		out.Size = &o.Size
	}
	header := q.w.Header()
	header.Set("Last-Modified", o.ModifiedAt.UTC().Format(http.TimeFormat))
	q.setVersion(header, o.VersionID)
	writeXML(q.w, http.StatusOK, out)
	return nil
}

// wantedAttributes reads which attributes the client asks for.
func wantedAttributes(header http.Header) (map[string]bool, error) {
	wanted := map[string]bool{"ETag": false, "Checksum": false, "ObjectParts": false, "StorageClass": false, "ObjectSize": false}
	named := false
	for _, value := range header["X-Amz-Object-Attributes"] {
		for name := range strings.SplitSeq(value, ",") {
			name = strings.TrimSpace(name)
			if _, known := wanted[name]; !known {
				return nil, fail("InvalidArgument", "Invalid attribute name specified.")
			}
			wanted[name], named = true, true
		}
	}
	if !named {
		return nil, fail("InvalidArgument", "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty.")
	}
	return wanted, nil
}

// wantedParts reads which page of the parts the client asks for.
func wantedParts(header http.Header) (objectPartsXML, error) {
	p := objectPartsXML{MaxParts: 1000}
	if v := first(header, "X-Amz-Max-Parts"); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			return p, fail("InvalidArgument", "Argument max-parts must be an integer between 0 and 2147483647.")
		}
		p.MaxParts = min(p.MaxParts, int(n))
	}
	if v := first(header, "X-Amz-Part-Number-Marker"); v != "" {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n < 0 {
			return p, fail("InvalidArgument", "Argument part-number-marker must be a non-negative integer.")
		}
		p.Marker = int(n)
	}
	return p, nil
}

// list fills the page. The parts of an object are counted from 1 whatever their
// numbers in the upload were, as GetObject counts them.
func (p *objectPartsXML) list(parts []objectstore.Part) {
	p.Count = len(parts)
	for i := p.Marker; i < len(parts); i++ {
		if len(p.Parts) == p.MaxParts {
			p.IsTruncated = true
			break
		}
		p.NextMarker = i + 1
		p.Parts = append(p.Parts, objectPartXML{i + 1, parts[i].Size, partChecksumElements(parts[i].Checksums)})
	}
}
