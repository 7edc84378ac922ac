package s3api

import "net/http"

// versionOperations are the calls about versions and what is kept with them.
func versionOperations() []operation {
	return []operation{
		{"ListObjectVersions", http.MethodGet, onBucket, "versions", "", ReadBucket, (*Handler).listVersions},
		{"GetBucketVersioning", http.MethodGet, onBucket, "versioning", "", ReadBucket, (*Handler).getBucketVersioning},
		{"PutBucketVersioning", http.MethodPut, onBucket, "versioning", "", WriteBucket, (*Handler).putBucketVersioning},

		{"GetObjectTagging", http.MethodGet, onObject, "tagging", "", ReadBucket, (*Handler).getObjectTagging},
		{putObjectTagging, http.MethodPut, onObject, "tagging", "", WriteObject, (*Handler).putObjectTagging},
		{"DeleteObjectTagging", http.MethodDelete, onObject, "tagging", "", WriteObject, (*Handler).deleteObjectTagging},

		{"GetObjectAttributes", http.MethodGet, onObject, "attributes", "", ReadBucket, (*Handler).getObjectAttributes},

		{"GetObjectRetention", http.MethodGet, onObject, "retention", "", ReadBucket, (*Handler).getObjectRetention},
		{"PutObjectRetention", http.MethodPut, onObject, "retention", "", WriteObject, (*Handler).putObjectRetention},
		{"GetObjectLegalHold", http.MethodGet, onObject, "legal-hold", "", ReadBucket, (*Handler).getObjectLegalHold},
		{"PutObjectLegalHold", http.MethodPut, onObject, "legal-hold", "", WriteObject, (*Handler).putObjectLegalHold},
		{"GetObjectLockConfiguration", http.MethodGet, onBucket, "object-lock", "", ReadBucket, (*Handler).getBucketLock},
		{"PutObjectLockConfiguration", http.MethodPut, onBucket, "object-lock", "", WriteBucket, (*Handler).putBucketLock},

		{"GetBucketEncryption", http.MethodGet, onBucket, "encryption", "", ReadBucket, (*Handler).getBucketEncryption},
		{"PutBucketEncryption", http.MethodPut, onBucket, "encryption", "", WriteBucket, (*Handler).putBucketEncryption},
		{"DeleteBucketEncryption", http.MethodDelete, onBucket, "encryption", "", WriteBucket, (*Handler).deleteBucketEncryption},
	}
}
