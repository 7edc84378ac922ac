package s3api

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strconv"

	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
)

func errNoPolicy() error { return fail("NoSuchBucketPolicy", "The bucket policy does not exist.") }

// bucketRules returns the request's bucket and what it says of who may reach it.
func (h *Handler) bucketRules(q *request) (objectstore.Bucket, *grants.Rules, error) {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return bucket, nil, err
	}
	if h.versions == nil { // which keeps no ACLs
		return bucket, &grants.Rules{ACL: privateACL(), Ownership: grants.OwnerEnforced}, nil
	}
	rules, err := h.grants.Of(&bucket)
	return bucket, rules, err
}

// getBucketPolicy answers with the policy as it was put, but for names of users and roles
// that are gone.
func (h *Handler) getBucketPolicy(q *request) error {
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return err
	}
	text, err := grants.Shown(q.r.Context(), h.directory, &bucket)
	if err != nil {
		return err
	}
	if text == "" {
		return errNoPolicy()
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	q.w.WriteHeader(http.StatusOK)
	_, _ = q.w.Write([]byte(text)) // the client is gone; there is nobody to tell
	return nil
}

func (h *Handler) putBucketPolicy(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	if _, err := policy.ParseBucket(string(data), q.bucket); err != nil {
		return fail("MalformedPolicy", err.Error())
	}
	bound, err := grants.Bind(q.r.Context(), h.directory, string(data), q.bucket)
	var wrong *policy.Error
	switch {
	case errors.As(err, &wrong):
		return fail("MalformedPolicy", wrong.Error())
	case err != nil:
		return err
	}
	err = h.setRules(q, func(b *objectstore.Bucket, _ *grants.Rules) error { return grants.SetPolicy(b, string(data), bound) })
	if err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *Handler) deleteBucketPolicy(q *request) error {
	if _, err := q.body.readAll(maxSetting); err != nil {
		return err
	}
	if err := h.setRules(q, func(b *objectstore.Bucket, _ *grants.Rules) error { return grants.SetPolicy(b, "", nil) }); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

// setRules changes what the bucket says of who may reach it, in one step: the change
// sees what it says now. What cannot be read any more can be replaced.
func (h *Handler) setRules(q *request, change func(*objectstore.Bucket, *grants.Rules) error) error {
	if h.versions == nil {
		return h.keepDocument(q, "", "") // which says why not
	}
	_, err := h.versions.UpdateBucket(q.r.Context(), q.bucket, func(b *objectstore.Bucket) error {
		rules, err := grants.Parse(b)
		if err != nil {
			rules = &grants.Rules{Block: grants.Everything, Ownership: grants.OwnerEnforced}
		}
		return change(b, rules)
	})
	return err
}

// getBucketPolicyStatus says whether the policy or the bucket's ACL is public; without
// either, unlike in S3, that it is not.
func (h *Handler) getBucketPolicyStatus(q *request) error {
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, struct {
		XMLName  xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ PolicyStatus"`
		IsPublic bool     `xml:"IsPublic"`
	}{IsPublic: rules.Public()})
	return nil
}
