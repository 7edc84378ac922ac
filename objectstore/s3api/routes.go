package s3api

import (
	"net/http"
	"strings"

	"croft/objectstore/policy"
)

const (
	completeMultipartUpload = "CompleteMultipartUpload"
	putObjectTagging        = "PutObjectTagging"
)

// level is how deep a path reaches.
type level int

const (
	onService level = iota
	onBucket
	onObject
	onControl // a bucket, asked for over S3 Control
)

// operation is one call of the S3 API.
type operation struct {
	name   string
	method string
	level  level
	query  string // a parameter that must be present, with "&id" that, too; "" for the plain call
	header string // a header that must be present; "" for none
	action Action
	run    func(*Handler, *request) error
}

// changes reports whether the operation is one to record.
func (o *operation) changes() bool { return o.action == WriteObject || o.changesBucket() }

// changesBucket reports whether the operation is one to audit.
func (o *operation) changesBucket() bool {
	return o.action == CreateBucket || o.action == WriteBucket || o.action == DeleteBucket
}

// operations is every call there is. Of two that match a request the first
// wins, so the particular stands before the plain.
func operations() []operation {
	ops := []operation{
		{"ListBuckets", http.MethodGet, onService, "", "", ListBuckets, (*Handler).listBuckets},

		{"GetBucketLocation", http.MethodGet, onBucket, "location", "", ReadBucket, (*Handler).getBucketLocation},
		{"ListMultipartUploads", http.MethodGet, onBucket, "uploads", "", ReadBucket, (*Handler).listUploads},
		{"ListObjectsV2", http.MethodGet, onBucket, "list-type", "", ReadBucket, (*Handler).listObjectsV2},
		{"ListObjects", http.MethodGet, onBucket, "", "", ReadBucket, (*Handler).listObjectsV1},
		{"HeadBucket", http.MethodHead, onBucket, "", "", ReadBucket, (*Handler).headBucket},
		{"CreateBucket", http.MethodPut, onBucket, "", "", CreateBucket, (*Handler).createBucket},
		{"DeleteBucket", http.MethodDelete, onBucket, "", "", DeleteBucket, (*Handler).deleteBucket},
		{"DeleteObjects", http.MethodPost, onBucket, "delete", "", WriteObject, (*Handler).deleteObjects},

		{"ListParts", http.MethodGet, onObject, "uploadId", "", ReadBucket, (*Handler).listParts},
		{"GetObject", http.MethodGet, onObject, "", "", ReadBucket, (*Handler).getObject},
		{"HeadObject", http.MethodHead, onObject, "", "", ReadBucket, (*Handler).headObject},
		{"UploadPartCopy", http.MethodPut, onObject, "uploadId", copySource, WriteObject, (*Handler).uploadPartCopy},
		{"UploadPart", http.MethodPut, onObject, "uploadId", "", WriteObject, (*Handler).uploadPart},
		{"CopyObject", http.MethodPut, onObject, "", copySource, WriteObject, (*Handler).copyObject},
		{"PutObject", http.MethodPut, onObject, "", "", WriteObject, (*Handler).putObject},
		{"CreateMultipartUpload", http.MethodPost, onObject, "uploads", "", WriteObject, (*Handler).createUpload},
		{completeMultipartUpload, http.MethodPost, onObject, "uploadId", "", WriteObject, (*Handler).completeUpload},
		{"AbortMultipartUpload", http.MethodDelete, onObject, "uploadId", "", WriteObject, (*Handler).abortUpload},
		{"DeleteObject", http.MethodDelete, onObject, "", "", WriteObject, (*Handler).deleteObject},
	}
	ops = append(ops, webOperations...)
	ops = append(ops, accessOperations...)
	ops = append(ops, versionOperations()...)
	ops = append(ops, lifecycleOperations...)
	ops = append(ops, notificationOperations...)
	ops = append(ops, replicationOperations...)
	ops = append(ops, inventoryOperations...)
	ops = append(ops, selectOperations...)
	ops = append(ops, restoreOperations...)
	ops = append(ops, renameOperations...)
	ops = append(ops, settingOperations...)
	ops = append(ops, unsetOperations...)
	ops = append(ops, controlOperations...)
	return ops
}

// Call is one call of the S3 API that Croft answers, for whoever wants to know them all.
type Call struct {
	Name       string // S3's: "GetObject"
	Method     string
	Object     bool   // it is about an object, not about a bucket
	Service    bool   // it is about neither
	Control    bool   // it is about the bucket, and asked for over S3 Control
	Query      string // the parameter that makes it this call; empty for the plain one
	Named      bool   // the parameter id has to be there as well
	Header     string // the same for a header
	Action     Action
	Permission string // S3's name of what it needs: "s3:GetObject"
}

// Calls lists every call in the table of operations.
func Calls() []Call {
	table := operations()
	calls := make([]Call, len(table))
	for i := range table {
		o := &table[i]
		query, named := strings.CutSuffix(o.query, "&id")
		calls[i] = Call{
			Name: o.name, Method: o.method, Object: o.level == onObject, Service: o.level == onService, Control: o.level == onControl, Query: query, Named: named,
			Header: o.header, Action: o.action, Permission: o.permission(),
		}
	}
	return calls
}

// resource is what a request is about, as far as path and query say it.
type resource struct {
	level level
	query string
}

// byResource groups operations, in their order, by what they are about.
func byResource(operations []operation) map[resource][]*operation {
	groups := make(map[resource][]*operation)
	for i := range operations {
		op := &operations[i]
		groups[resource{op.level, op.query}] = append(groups[resource{op.level, op.query}], op)
	}
	return groups
}

// subresources are the parameters that make a request a call of its own. One
// that no operation names is NotImplemented, never mistaken for the plain call.
var subresources = map[string]bool{
	"abac": true, "accelerate": true, "acl": true, "analytics": true, "annotation": true, "append": true, "attributes": true, "cors": true, "delete": true, "events": true,
	"encryption": true, "intelligent-tiering": true, "inventory": true, "legal-hold": true, "lifecycle": true,
	"list-type": true, "location": true, "logging": true, "metadataTable": true, "metadataConfiguration": true,
	"metadataAnnotationTable": true, "metadataInventoryTable": true, "metadataJournalTable": true,
	"metrics": true, "notification": true, "object-lock": true, "ownershipControls": true, "policy": true,
	"policyStatus": true, "publicAccessBlock": true, "renameObject": true, "replication": true, "requestPayment": true,
	"restore": true, "retention": true, "select": true, "session": true, "tagging": true, "torrent": true,
	"uploadId": true, "uploads": true, "versioning": true, "versions": true, "website": true,
}

func (q *request) level() level {
	switch {
	case q.control:
		return onControl
	case q.bucket == "":
		return onService
	case q.key == "":
		return onBucket
	}
	return onObject
}

// route finds the operation that the request calls.
func (h *Handler) route(q *request) (*operation, error) {
	if err := q.checkControl(); err != nil {
		return nil, err
	}
	asked := ""
	for name := range q.query {
		if subresources[name] {
			if asked != "" {
				return nil, fail("InvalidArgument", "Conflicting sub-resources in the query.")
			}
			asked = name
		}
	}
	called := h.operations[resource{q.level(), asked}]
	if asked != "" && q.query.Has("id") { // one of several configurations of its kind
		if named := h.operations[resource{q.level(), asked + "&id"}]; named != nil {
			called = named
		}
	}
	for _, op := range called {
		if op.method == q.r.Method && (op.header == "" || first(q.r.Header, op.header) != "") {
			return op, nil
		}
	}
	if post := q.r.Method == http.MethodPost && q.level() != onObject; len(called) > 0 && asked == "" && !post && q.r.Method != http.MethodOptions {
		return nil, fail("MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	if asked == "" {
		return nil, failf("NotImplemented", "%s on this resource is not implemented.", xmlLimit(q.r.Method))
	}
	return nil, failf("NotImplemented", "%s with ?%s is not implemented.", xmlLimit(q.r.Method), asked)
}

// unsupported are headers that ask for something Croft does not do. Ignoring
// one would promise what is not kept, so the request is refused.
var unsupported = []string{
	"X-Amz-Write-Offset-Bytes", "X-Amz-Mfa",
}

func (q *request) refuseUnsupported() error {
	header := q.r.Header
	for _, name := range unsupported {
		if first(header, name) != "" {
			return failf("NotImplemented", "The header %s asks for something that is not implemented.", name)
		}
	}
	if _, err := storageClass(header).Kept(); err != nil {
		return err
	}
	if v := first(header, "X-Amz-Expected-Bucket-Owner"); v != "" && v != ownerID && v != policy.Account {
		return fail("AccessDenied", "Access Denied. The bucket has another owner than the request expects.")
	}
	return nil
}
