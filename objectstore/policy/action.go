package policy

import (
	"slices"
	"strings"
)

// level is what an action is done to.
type level uint8

const (
	onService level = 1 << iota
	onBucket
	onObject
)

// actions are the actions of S3 on buckets and objects, as AWS spells them. Some have
// nothing here that would ask for them, and are taken so that a policy need not change.
var actions = map[string]level{
	"ListAllMyBuckets": onService,

	"CreateBucket":                           onBucket,
	"DeleteBucket":                           onBucket,
	"DeleteBucketMetadataTableConfiguration": onBucket,
	"DeleteBucketOwnershipControls":          onBucket,
	"DeleteBucketPolicy":                     onBucket,
	"DeleteBucketWebsite":                    onBucket,
	"GetAccelerateConfiguration":             onBucket,
	"GetAnalyticsConfiguration":              onBucket,
	"GetBucketAbac":                          onBucket,
	"GetBucketAcl":                           onBucket,
	"GetBucketCORS":                          onBucket,
	"GetBucketLocation":                      onBucket,
	"GetBucketLogging":                       onBucket,
	"GetBucketMetadataTableConfiguration":    onBucket,
	"GetBucketNotification":                  onBucket,
	"GetBucketObjectLockConfiguration":       onBucket,
	"GetBucketOwnershipControls":             onBucket,
	"GetBucketPolicy":                        onBucket,
	"GetBucketPolicyStatus":                  onBucket,
	"GetBucketPublicAccessBlock":             onBucket,
	"GetBucketRequestPayment":                onBucket,
	"GetBucketTagging":                       onBucket,
	"GetBucketVersioning":                    onBucket,
	"GetBucketWebsite":                       onBucket,
	"GetEncryptionConfiguration":             onBucket,
	"GetInventoryConfiguration":              onBucket,
	"GetIntelligentTieringConfiguration":     onBucket,
	"GetLifecycleConfiguration":              onBucket,
	"GetMetricsConfiguration":                onBucket,
	"GetReplicationConfiguration":            onBucket,
	"ListBucket":                             onBucket,
	"ListBucketMultipartUploads":             onBucket,
	"ListBucketVersions":                     onBucket,
	"ListTagsForResource":                    onBucket,
	"ListenBucketNotification":               onBucket, // MinIO's
	"PutAccelerateConfiguration":             onBucket,
	"PutAnalyticsConfiguration":              onBucket,
	"PutBucketAbac":                          onBucket,
	"PutBucketAcl":                           onBucket,
	"PutBucketCORS":                          onBucket,
	"PutBucketLogging":                       onBucket,
	"PutBucketNotification":                  onBucket,
	"PutBucketObjectLockConfiguration":       onBucket,
	"PutBucketOwnershipControls":             onBucket,
	"PutBucketPolicy":                        onBucket,
	"PutBucketPublicAccessBlock":             onBucket,
	"PutBucketRequestPayment":                onBucket,
	"PutBucketTagging":                       onBucket,
	"PutBucketVersioning":                    onBucket,
	"PutBucketWebsite":                       onBucket,
	"PutEncryptionConfiguration":             onBucket,
	"PutInventoryConfiguration":              onBucket,
	"PutIntelligentTieringConfiguration":     onBucket,
	"PutLifecycleConfiguration":              onBucket,
	"PutMetricsConfiguration":                onBucket,
	"PutReplicationConfiguration":            onBucket,
	"TagResource":                            onBucket,
	"UntagResource":                          onBucket,

	"AbortMultipartUpload":             onObject,
	"BypassGovernanceRetention":        onObject,
	"DeleteObject":                     onObject,
	"DeleteObjectTagging":              onObject,
	"DeleteObjectVersion":              onObject,
	"DeleteObjectVersionTagging":       onObject,
	"GetObject":                        onObject,
	"GetObjectAcl":                     onObject,
	"GetObjectAttributes":              onObject,
	"GetObjectLegalHold":               onObject,
	"GetObjectRetention":               onObject,
	"GetObjectTagging":                 onObject,
	"GetObjectTorrent":                 onObject,
	"GetObjectVersion":                 onObject,
	"GetObjectVersionAcl":              onObject,
	"GetObjectVersionAttributes":       onObject,
	"GetObjectVersionForReplication":   onObject,
	"GetObjectVersionTagging":          onObject,
	"GetObjectVersionTorrent":          onObject,
	"InitiateReplication":              onObject,
	"ListMultipartUploadParts":         onObject,
	"ObjectOwnerOverrideToBucketOwner": onObject,
	"PutObject":                        onObject,
	"PutObjectAcl":                     onObject,
	"PutObjectLegalHold":               onObject,
	"PutObjectRetention":               onObject,
	"PutObjectTagging":                 onObject,
	"PutObjectVersionAcl":              onObject,
	"PutObjectVersionTagging":          onObject,
	"ReplicateDelete":                  onObject,
	"ReplicateObject":                  onObject,
	"ReplicateTags":                    onObject,
	"RestoreObject":                    onObject,
}

const service = "s3:"

// Actions lists S3's actions, sorted: "s3:AbortMultipartUpload" …
func Actions() []string {
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, service+name)
	}
	slices.Sort(names)
	return names
}

// Known reports whether S3 has an action of this name, however it is capitalised.
func Known(action string) bool {
	if len(action) < len(service) || !strings.EqualFold(action[:len(service)], service) {
		return false
	}
	for name := range actions {
		if strings.EqualFold(name, action[len(service):]) {
			return true
		}
	}
	return false
}

// levelsOf returns what the actions that a pattern matches are done to, 0 when there
// are none.
func levelsOf(p *pattern) level {
	var found level
	for name, l := range actions {
		if p.match(service+name, true, nil) {
			found |= l
		}
	}
	return found
}
