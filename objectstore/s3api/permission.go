package s3api

import "croft/internal/errs"

// permissions are the operations whose permission S3 does not call like them. Of
// what is not here the permission is "s3:" and the operation's name.
var permissions = map[string]string{
	"ListBuckets":          "s3:ListAllMyBuckets",
	"HeadBucket":           "s3:ListBucket",
	"ListObjects":          "s3:ListBucket",
	"ListObjectsV2":        "s3:ListBucket",
	"ListObjectVersions":   "s3:ListBucketVersions",
	"ListMultipartUploads": "s3:ListBucketMultipartUploads",
	"ListParts":            "s3:ListMultipartUploadParts",

	"HeadObject":            "s3:GetObject",
	"SelectObjectContent":   "s3:GetObject",
	"PostObject":            "s3:PutObject",
	"CopyObject":            "s3:PutObject",
	"RenameObject":          "s3:PutObject",
	"CreateMultipartUpload": "s3:PutObject",
	"UploadPart":            "s3:PutObject",
	"UploadPartCopy":        "s3:PutObject",
	completeMultipartUpload: "s3:PutObject",
	"DeleteObjects":         "s3:DeleteObject",

	"GetBucketLifecycleConfiguration":             "s3:GetLifecycleConfiguration",
	"PutBucketLifecycleConfiguration":             "s3:PutLifecycleConfiguration",
	"DeleteBucketLifecycle":                       "s3:PutLifecycleConfiguration",
	"GetBucketEncryption":                         "s3:GetEncryptionConfiguration",
	"PutBucketEncryption":                         "s3:PutEncryptionConfiguration",
	"DeleteBucketEncryption":                      "s3:PutEncryptionConfiguration",
	"GetBucketNotificationConfiguration":          "s3:GetBucketNotification",
	"PutBucketNotificationConfiguration":          "s3:PutBucketNotification",
	"GetBucketAccelerateConfiguration":            "s3:GetAccelerateConfiguration",
	"PutBucketAccelerateConfiguration":            "s3:PutAccelerateConfiguration",
	"GetBucketReplication":                        "s3:GetReplicationConfiguration",
	"PutBucketReplication":                        "s3:PutReplicationConfiguration",
	"DeleteBucketReplication":                     "s3:PutReplicationConfiguration",
	"GetObjectLockConfiguration":                  "s3:GetBucketObjectLockConfiguration",
	"PutObjectLockConfiguration":                  "s3:PutBucketObjectLockConfiguration",
	"GetPublicAccessBlock":                        "s3:GetBucketPublicAccessBlock",
	"PutPublicAccessBlock":                        "s3:PutBucketPublicAccessBlock",
	"DeletePublicAccessBlock":                     "s3:PutBucketPublicAccessBlock",
	"DeleteBucketOwnershipControls":               "s3:PutBucketOwnershipControls",
	"GetBucketCors":                               "s3:GetBucketCORS",
	"PutBucketCors":                               "s3:PutBucketCORS",
	"DeleteBucketCors":                            "s3:PutBucketCORS",
	"DeleteBucketTagging":                         "s3:PutBucketTagging",
	"GetBucketInventoryConfiguration":             "s3:GetInventoryConfiguration",
	"ListBucketInventoryConfigurations":           "s3:GetInventoryConfiguration",
	"PutBucketInventoryConfiguration":             "s3:PutInventoryConfiguration",
	"DeleteBucketInventoryConfiguration":          "s3:PutInventoryConfiguration",
	"GetBucketAnalyticsConfiguration":             "s3:GetAnalyticsConfiguration",
	"ListBucketAnalyticsConfigurations":           "s3:GetAnalyticsConfiguration",
	"DeleteBucketAnalyticsConfiguration":          "s3:PutAnalyticsConfiguration",
	"GetBucketIntelligentTieringConfiguration":    "s3:GetIntelligentTieringConfiguration",
	"ListBucketIntelligentTieringConfigurations":  "s3:GetIntelligentTieringConfiguration",
	"DeleteBucketIntelligentTieringConfiguration": "s3:PutIntelligentTieringConfiguration",
	"GetBucketMetricsConfiguration":               "s3:GetMetricsConfiguration",
	"ListBucketMetricsConfigurations":             "s3:GetMetricsConfiguration",
	"DeleteBucketMetricsConfiguration":            "s3:PutMetricsConfiguration",
	"GetBucketMetadataConfiguration":              "s3:GetBucketMetadataTableConfiguration",
	"DeleteBucketMetadataConfiguration":           "s3:DeleteBucketMetadataTableConfiguration",
}

// permission is S3's name of what an operation needs.
func (o *operation) permission() string {
	if name, ok := permissions[o.name]; ok {
		return name
	}
	return "s3:" + o.name
}

// ofVersions is what permissions are called when the request names a version.
var ofVersions = map[string]string{
	"s3:GetObject":           "s3:GetObjectVersion",
	"s3:DeleteObject":        "s3:DeleteObjectVersion",
	"s3:GetObjectAcl":        "s3:GetObjectVersionAcl",
	"s3:PutObjectAcl":        "s3:PutObjectVersionAcl",
	"s3:GetObjectTagging":    "s3:GetObjectVersionTagging",
	"s3:PutObjectTagging":    "s3:PutObjectVersionTagging",
	"s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
	"s3:GetObjectAttributes": "s3:GetObjectVersionAttributes",
}

// besides are permissions that a write needs because of a header.
var besides = []struct{ header, permission string }{
	{"X-Amz-Acl", "s3:PutObjectAcl"},
	{"X-Amz-Grant-Full-Control", "s3:PutObjectAcl"},
	{"X-Amz-Grant-Read", "s3:PutObjectAcl"},
	{"X-Amz-Grant-Read-Acp", "s3:PutObjectAcl"},
	{"X-Amz-Grant-Write", "s3:PutObjectAcl"},
	{"X-Amz-Grant-Write-Acp", "s3:PutObjectAcl"},
	{"X-Amz-Tagging", "s3:PutObjectTagging"},
	{"X-Amz-Object-Lock-Mode", "s3:PutObjectRetention"},
	{"X-Amz-Object-Lock-Retain-Until-Date", "s3:PutObjectRetention"},
	{"X-Amz-Object-Lock-Legal-Hold", "s3:PutObjectLegalHold"},
	{"X-Amz-Meta-Croft-Replica", "s3:ReplicateObject"}, // what has this mark is not copied on
}

// permit asks for everything that the operation needs, but for what it finds out
// later: the source of a copy, the keys of a DeleteObjects.
func (h *Handler) permit(q *request) error {
	ask := q.ask(q.op.action, q.op.permission(), q.bucket, q.key, q.query.Get("versionId"))
	ask.Each = q.op.name == "DeleteObjects"
	if err := h.authorize(q, ask); err != nil {
		return err
	}
	if ask.S3 != "s3:PutObject" {
		return nil
	}
	for _, one := range besides {
		if q.r.Header[one.header] == nil {
			continue
		}
		ask := q.ask(WriteObject, one.permission, q.bucket, q.key, "")
		ask.Written = true
		if err := h.authorize(q, ask); err != nil {
			return err
		}
	}
	return nil
}

// ask makes a question of a request; its facts are good until the next one.
func (q *request) ask(action Action, permission, bucket, key, version string) Ask {
	if version != "" {
		if name, ok := ofVersions[permission]; ok {
			permission = name
		}
	}
	q.facts = facts{q: q, bucket: bucket, key: key, version: version}
	return Ask{Action: action, S3: permission, Bucket: bucket, Key: key, Facts: &q.facts}
}

// authorize is the one place where this package asks for permission.
func (h *Handler) authorize(q *request, ask Ask) error {
	q.facts.store, q.facts.now = h.store, h.now
	err := h.access.Authorize(q.r.Context(), q.cred, ask)
	if err == nil {
		return q.facts.err
	}
	switch errs.KindOf(err) {
	case errs.Forbidden, errs.Unauthenticated:
		q.denied = true
		return &failure{code: "AccessDenied", message: denial(err), cause: err}
	case errs.NotFound:
		if ask.Bucket == "" { // a listing of buckets that nobody asks for
			q.denied = true
			return &failure{code: "AccessDenied", message: "Access Denied.", cause: err}
		}
		return &failure{code: "NoSuchBucket", message: "The specified bucket does not exist", cause: err}
	}
	return err
}

// denial is S3's own words, and what the policy says to somebody it knows.
func denial(err error) string {
	if _, message := errs.Public(err); errs.KindOf(err) == errs.Forbidden && message != "" {
		return "Access Denied. " + message
	}
	return "Access Denied."
}

// hideMissing keeps from those who may not list a bucket which of its keys exist, as
// S3 does: they are denied what is not there.
func (h *Handler) hideMissing(q *request, err error) error {
	if err == nil || q.op.level != onObject || q.op.action != ReadBucket {
		return err
	}
	if f := translate(err); f.code != "NoSuchKey" && f.code != "NoSuchVersion" {
		return err
	}
	if refused := h.authorize(q, q.ask(ReadBucket, "s3:ListBucket", q.bucket, "", "")); refused != nil {
		return refused
	}
	return err
}
