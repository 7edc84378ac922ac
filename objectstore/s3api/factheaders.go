package s3api

import (
	"context"
	"strings"

	"croft/internal/errs"
)

// factHeaders are the condition keys that are headers.
var factHeaders = map[string]string{
	"aws:useragent":                                      "User-Agent",
	"aws:referer":                                        "Referer",
	"s3:x-amz-acl":                                       "X-Amz-Acl",
	"s3:x-amz-content-sha256":                            "X-Amz-Content-Sha256",
	"s3:x-amz-copy-source":                               "X-Amz-Copy-Source",
	"s3:x-amz-grant-full-control":                        "X-Amz-Grant-Full-Control",
	"s3:x-amz-grant-read":                                "X-Amz-Grant-Read",
	"s3:x-amz-grant-read-acp":                            "X-Amz-Grant-Read-Acp",
	"s3:x-amz-grant-write":                               "X-Amz-Grant-Write",
	"s3:x-amz-grant-write-acp":                           "X-Amz-Grant-Write-Acp",
	"s3:x-amz-metadata-directive":                        "X-Amz-Metadata-Directive",
	"s3:x-amz-object-ownership":                          "X-Amz-Object-Ownership",
	"s3:x-amz-server-side-encryption":                    encryptionHeader,
	"s3:x-amz-storage-class":                             "X-Amz-Storage-Class",
	"s3:x-amz-website-redirect-location":                 "X-Amz-Website-Redirect-Location",
	"s3:if-match":                                        "If-Match",
	"s3:if-none-match":                                   "If-None-Match",
	"s3:object-lock-legal-hold":                          "X-Amz-Object-Lock-Legal-Hold",
	"s3:object-lock-mode":                                "X-Amz-Object-Lock-Mode",
	"s3:object-lock-retain-until-date":                   "X-Amz-Object-Lock-Retain-Until-Date",
	"s3:x-amz-server-side-encryption-customer-algorithm": "X-Amz-Server-Side-Encryption-Customer-Algorithm",
	"s3:x-amz-server-side-encryption-aws-kms-key-id":     keyIDHeader,
}

// factsOfBody are the condition keys that calls read from their bodies, by operation. A header of
// that name says nothing there.
var factsOfBody = map[string]map[string]func(*request) (string, error){
	"PutObjectRetention": {
		"s3:object-lock-mode":              func(q *request) (string, error) { r, err := q.retention(); return r.Mode, err },
		"s3:object-lock-retain-until-date": func(q *request) (string, error) { r, err := q.retention(); return r.Until, err },
	},
	"PutObjectLegalHold":         {"s3:object-lock-legal-hold": (*request).legalHold},
	"PutBucketOwnershipControls": {"s3:x-amz-object-ownership": (*request).ownership},
}

// askedOnce are the headers by which an upload's object is asked for when it is created. Its parts
// and its completion do not have them again, and conditions about them are about the object.
var askedOnce = map[string]bool{
	"X-Amz-Acl": true, "X-Amz-Grant-Full-Control": true, "X-Amz-Grant-Read": true, "X-Amz-Grant-Read-Acp": true,
	"X-Amz-Grant-Write": true, "X-Amz-Grant-Write-Acp": true, encryptionHeader: true, keyIDHeader: true,
	"X-Amz-Server-Side-Encryption-Customer-Algorithm": true, "X-Amz-Storage-Class": true, taggingHeader: true,
	"X-Amz-Website-Redirect-Location": true, lockModeHeader: true, lockUntilHeader: true, legalHoldHeader: true,
}

// header is what a condition key's header says: that which counts, and nothing where that is
// empty, so that nobody is allowed one thing and does another.
func (f *facts) header(key, name string) string {
	if read := factsOfBody[f.q.operation()][key]; read != nil {
		value, err := read(f.q)
		if err != nil {
			f.err = err
		}
		return value
	}
	if askedOnce[name] {
		switch f.q.operation() {
		case "UploadPart", "UploadPartCopy", completeMultipartUpload:
			return f.askedFor(f.q.r.Context())[name]
		}
	}
	return first(f.q.r.Header, name)
}

// askedFor is what the request's upload was created with. One that is not there was created
// with nothing.
func (f *facts) askedFor(ctx context.Context) map[string]string {
	if f.asked == nil {
		upload, err := f.store.Upload(ctx, f.q.upload())
		if err != nil && errs.KindOf(err) != errs.NotFound {
			f.err = err
		}
		if f.asked = upload.Asked; f.asked == nil {
			f.asked = map[string]string{}
		}
	}
	return f.asked
}

// initiator is what Asked has besides headers: who created the upload.
const initiator = "initiator"

// Initiator implements Facts. A store that does not keep what an upload was created with
// does not know.
func (f *facts) Initiator(ctx context.Context) (string, error) {
	return f.askedFor(ctx)[initiator], f.err
}

// asking is what a CreateMultipartUpload asks for that its parts do not have again, and who
// sends it.
func (q *request) asking() map[string]string {
	asked := make(map[string]string)
	for name := range askedOnce {
		if value := first(q.r.Header, name); value != "" {
			asked[name] = value
		}
	}
	if q.cred.Initiator != "" {
		asked[initiator] = q.cred.Initiator
	}
	if len(asked) == 0 {
		return nil
	}
	return asked
}

// refuseRepeated refuses a request that says one thing twice: of two values one would count here,
// and another for who looks at it on the way. Lists and metadata may be written so.
func (q *request) refuseRepeated() error {
	for name, values := range q.r.Header {
		if len(values) < 2 || !strings.HasPrefix(name, "X-Amz-") && name != "If-Match" && name != "If-None-Match" {
			continue
		}
		if name != "X-Amz-Object-Attributes" && name != "X-Amz-Optional-Object-Attributes" && !strings.HasPrefix(name, metaPrefix) {
			return failf("InvalidArgument", "The request has %s more than once.", xmlLimit(strings.ToLower(name)))
		}
	}
	return nil
}
