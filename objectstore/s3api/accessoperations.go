package s3api

import (
	"net/http"

	"croft/objectstore/grants"
)

// accessOperations are the calls about who may reach a bucket and its objects.
var accessOperations = []operation{
	{"GetBucketPolicy", http.MethodGet, onBucket, "policy", "", ReadBucket, (*Handler).getBucketPolicy},
	{"PutBucketPolicy", http.MethodPut, onBucket, "policy", "", WriteBucket, (*Handler).putBucketPolicy},
	{"DeleteBucketPolicy", http.MethodDelete, onBucket, "policy", "", WriteBucket, (*Handler).deleteBucketPolicy},
	{"GetBucketPolicyStatus", http.MethodGet, onBucket, "policyStatus", "", ReadBucket, (*Handler).getBucketPolicyStatus},

	{"GetPublicAccessBlock", http.MethodGet, onBucket, "publicAccessBlock", "", ReadBucket, (*Handler).getPublicAccessBlock},
	{"PutPublicAccessBlock", http.MethodPut, onBucket, "publicAccessBlock", "", WriteBucket, (*Handler).putPublicAccessBlock},
	{"DeletePublicAccessBlock", http.MethodDelete, onBucket, "publicAccessBlock", "", WriteBucket, removeDocument(grants.BlockDocument)},
	{"GetBucketOwnershipControls", http.MethodGet, onBucket, "ownershipControls", "", ReadBucket, (*Handler).getOwnershipControls},
	{"PutBucketOwnershipControls", http.MethodPut, onBucket, "ownershipControls", "", WriteBucket, (*Handler).putOwnershipControls},
	{"DeleteBucketOwnershipControls", http.MethodDelete, onBucket, "ownershipControls", "", WriteBucket, (*Handler).deleteOwnershipControls},

	{"GetBucketAcl", http.MethodGet, onBucket, "acl", "", ReadBucket, (*Handler).getBucketACL},
	{"PutBucketAcl", http.MethodPut, onBucket, "acl", "", WriteBucket, (*Handler).putBucketACL},
	{"GetObjectAcl", http.MethodGet, onObject, "acl", "", ReadBucket, (*Handler).getObjectACL},
	{"PutObjectAcl", http.MethodPut, onObject, "acl", "", WriteObject, (*Handler).putObjectACL},
}
