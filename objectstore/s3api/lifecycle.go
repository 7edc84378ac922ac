package s3api

import (
	"net/http"
	"time"

	"croft/objectstore"
	"croft/objectstore/lifecycle"
)

// maxLifecycle bounds the body that sets lifecycle rules, in bytes: a thousand long ones.
const maxLifecycle = objectstore.MaxDocumentBytes

// lifecycleOperations are the calls about lifecycle rules.
var lifecycleOperations = []operation{
	{"GetBucketLifecycleConfiguration", http.MethodGet, onBucket, "lifecycle", "", ReadBucket, (*Handler).getLifecycle},
	{"PutBucketLifecycleConfiguration", http.MethodPut, onBucket, "lifecycle", "", WriteBucket, (*Handler).putLifecycle},
	{"DeleteBucketLifecycle", http.MethodDelete, onBucket, "lifecycle", "", WriteBucket, (*Handler).deleteLifecycle},
}

func (h *Handler) getLifecycle(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	if !h.lifecycle.Available() {
		return lifecycle.ErrNone
	}
	rules, err := h.lifecycle.Get(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	sendXML(q.w, http.StatusOK, []byte(rules.String()))
	return nil
}

func (h *Handler) putLifecycle(q *request) error {
	text, err := q.body.readAll(maxLifecycle)
	if err != nil {
		return err
	}
	rules, err := lifecycle.Parse(text)
	if err == nil {
		err = h.lifecycle.Set(q.r.Context(), q.bucket, rules)
	}
	if err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) deleteLifecycle(q *request) error {
	if _, err := q.body.readAll(maxLifecycle); err != nil {
		return err
	}
	if err := h.lifecycle.Remove(q.r.Context(), q.bucket); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// rules are the lifecycle rules of the request's bucket; nil where there are none, or
// none that can be read.
func (h *Handler) rules(q *request) lifecycle.Rules {
	if !h.lifecycle.Available() {
		return nil
	}
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return nil // what is wrong with the bucket the call itself says
	}
	rules, _ := h.lifecycle.Rules(&bucket) // the worker tells of rules that cannot be read
	return rules
}

// setExpiration says in the answer when rules delete what the key holds. Of a version
// that is asked for by name nothing is said: it may not be that.
func (h *Handler) setExpiration(q *request, o *objectstore.Object) {
	if len(q.query) > 0 && q.query.Has("versionId") {
		return
	}
	if at, rule, expires := h.rules(q).Expiry(o); expires {
		q.setHeader(q.w.Header(), "X-Amz-Expiration", `expiry-date="`+httpTime(at)+`", rule-id="`+uriEncode(rule, true)+`"`)
	}
}

// setAbort says in the answer when rules abort an upload.
func (h *Handler) setAbort(q *request, u *objectstore.Upload) {
	if at, rule, aborts := h.rules(q).Abort(u.Key, u.StartedAt); aborts {
		q.setHeader(q.w.Header(), "X-Amz-Abort-Date", httpTime(at))
		q.setHeader(q.w.Header(), "X-Amz-Abort-Rule-Id", uriEncode(rule, true))
	}
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// className is what an object's storage class is called: the tier that keeps it, where
// one does.
func className(o *objectstore.Object) string {
	if o.Tier != "" {
		return o.Tier
	}
	return o.Class.Name()
}
