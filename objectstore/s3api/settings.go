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
	{"GetBucketAcl", "acl", (*Handler).getBucketACL},
	{"GetBucketVersioning", "versioning", (*Handler).getBucketVersioning},
	{"GetBucketLogging", "logging", empty("BucketLoggingStatus")},
	{"GetBucketNotificationConfiguration", "notification", empty("NotificationConfiguration")},
	{"GetBucketAccelerateConfiguration", "accelerate", empty("AccelerateConfiguration")},
	{"GetBucketRequestPayment", "requestPayment", (*Handler).getRequestPayment},
	{"GetBucketPolicy", "policy", unset("NoSuchBucketPolicy", "The bucket policy does not exist.")},
	{"GetBucketPolicyStatus", "policyStatus", unset("NoSuchBucketPolicy", "The bucket policy does not exist.")},
	{"GetBucketReplication", "replication", unset("ReplicationConfigurationNotFoundError", "The replication configuration was not found.")},
	{"GetPublicAccessBlock", "publicAccessBlock", unset("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found.")},
	{"GetBucketOwnershipControls", "ownershipControls", unset("OwnershipControlsNotFoundError", "The bucket ownership controls were not found.")},
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

// unset refuses with S3's code for a setting that was never made.
func unset(code, message string) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
			return err
		}
		return fail(code, message)
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

type granteeXML struct {
	Space       string `xml:"xmlns:xsi,attr"`
	Type        string `xml:"xsi:type,attr"`
	ID          string `xml:"ID"`
	DisplayName string `xml:"DisplayName"`
}

type grantXML struct {
	Grantee    granteeXML `xml:"Grantee"`
	Permission string     `xml:"Permission"`
}

type aclXML struct {
	XMLName xml.Name   `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
	Owner   ownerXML   `xml:"Owner"`
	Grants  []grantXML `xml:"AccessControlList>Grant"`
}

// privateACL is the only ACL there is: roles decide, not grants.
func privateACL() aclXML {
	return aclXML{Owner: owner, Grants: []grantXML{{
		Grantee: granteeXML{
			Space: "http://www.w3.org/2001/XMLSchema-instance", Type: "CanonicalUser",
			ID: ownerID, DisplayName: ownerID,
		},
		Permission: "FULL_CONTROL",
	}}}
}

func (h *Handler) getBucketACL(q *request) error {
	if _, err := h.store.Bucket(q.r.Context(), q.bucket); err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, privateACL())
	return nil
}

func (h *Handler) getObjectACL(q *request) error {
	if _, err := h.head(q, q.ref()); err != nil {
		return err
	}
	writeXML(q.w, http.StatusOK, privateACL())
	return nil
}
