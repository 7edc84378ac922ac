package s3api

import (
	"encoding/xml"
	"net/http"
)

// bucketSetting is a setting that clients ask for. Of those that Croft does not have,
// the answer is what AWS says of a bucket where it was never set.
type bucketSetting struct {
	name   string
	query  string
	answer func(*Handler, *request) error
}

var bucketSettings = []bucketSetting{
	{"GetBucketVersioning", "versioning", (*Handler).getBucketVersioning},
	{"GetBucketAccelerateConfiguration", "accelerate", empty("AccelerateConfiguration")},
	{"GetBucketRequestPayment", "requestPayment", (*Handler).getRequestPayment},
}

// empty answers with an empty document, once the bucket is known to exist.
func empty(element string) func(*Handler, *request) error {
	type document struct {
		XMLName xml.Name
	}
	return func(h *Handler, q *request) error {
		if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
			return err
		}
		writeXML(q.w, http.StatusOK, document{xml.Name{Space: xmlNamespace, Local: element}})
		return nil
	}
}

func (h *Handler) getRequestPayment(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ RequestPaymentConfiguration"`
		Payer   string   `xml:"Payer"`
	}{Payer: "BucketOwner"})
	return nil
}
