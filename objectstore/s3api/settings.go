package s3api

import "net/http"

// settingOperations are the calls about settings of which Croft has one value: that one
// is taken and given back, and another refused.
var settingOperations = []operation{
	{"GetBucketAccelerateConfiguration", http.MethodGet, onBucket, "accelerate", "", ReadBucket, (*Handler).getAcceleration},
	{"PutBucketAccelerateConfiguration", http.MethodPut, onBucket, "accelerate", "", WriteBucket, (*Handler).putAcceleration},
	{"GetBucketRequestPayment", http.MethodGet, onBucket, "requestPayment", "", ReadBucket, always("RequestPaymentConfiguration", "Payer", bucketOwner)},
	{"PutBucketRequestPayment", http.MethodPut, onBucket, "requestPayment", "", WriteBucket, only("RequestPaymentConfiguration", "Payer", bucketOwner,
		"Requester", "Croft bills nobody, so no requester can be made to pay.")},
	{"GetBucketAbac", http.MethodGet, onBucket, "abac", "", ReadBucket, always("AbacStatus", "Status", statusDisabled)},
	{"PutBucketAbac", http.MethodPut, onBucket, "abac", "", WriteBucket, only("AbacStatus", "Status", statusDisabled,
		"Enabled", "What a bucket is tagged with decides about nothing here.")},
}

const (
	bucketOwner            = "BucketOwner"
	statusDisabled         = "Disabled"
	accelerationDocument   = "accelerate"
	accelerationSuspended  = "Suspended"
	accelerationRoot       = "AccelerateConfiguration"
	accelerationImpossible = "Croft has no other addresses than its own, so no transfer can be accelerated."
)

// writeValue answers with a document of one value; without a value it is empty.
func writeValue(w http.ResponseWriter, root, name, value string) {
	d := newDocument(root)
	defer d.free()
	d.optional(name, value)
	d.send(w, http.StatusOK)
}

// always answers with the one value that a setting has, once the bucket is known to exist.
func always(root, name, value string) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
			return err
		}
		writeValue(q.w, root, name, value)
		return nil
	}
}

// only takes the one value that a setting has. other is S3's other value, refused with why.
func only(root, name, value, other, why string) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		if err := h.readOnly(q, root, name, value, other, why); err != nil {
			return err
		}
		q.w.WriteHeader(http.StatusOK)
		return nil
	}
}

func (h *Handler) readOnly(q *request, root, name, value, other, why string) error {
	document, err := q.readSetting(root)
	if err != nil {
		return err
	}
	var is string
	if err := document.fields(map[string]func(*element) error{name: once(&is)}); err != nil {
		return err
	}
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	switch is {
	case value:
		return nil
	case other:
		return fail("NotImplemented", why)
	}
	return errMalformedXML()
}

// getAcceleration answers with nothing where nobody ever suspended what never was.
func (h *Handler) getAcceleration(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	writeValue(q.w, accelerationRoot, "Status", bucket.Documents[accelerationDocument])
	return nil
}

// putAcceleration keeps that acceleration is suspended: S3 then says so, where before it
// said nothing, and tools compare.
func (h *Handler) putAcceleration(q *request) error {
	if err := h.readOnly(q, accelerationRoot, "Status", accelerationSuspended, "Enabled", accelerationImpossible); err != nil {
		return err
	}
	if err := h.keepDocument(q, accelerationDocument, accelerationSuspended); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}
