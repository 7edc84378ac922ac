package s3api

import "net/http"

// versionOperations are the calls about versions and what is kept with them.
func versionOperations() []operation {
	return []operation{
		{"ListObjectVersions", http.MethodGet, onBucket, "versions", "", ReadBucket, (*Handler).listVersions},
		{"PutBucketVersioning", http.MethodPut, onBucket, "versioning", "", WriteBucket, (*Handler).putBucketVersioning},

		{"GetObjectTagging", http.MethodGet, onObject, "tagging", "", ReadBucket, (*Handler).getObjectTagging},
		{"PutObjectTagging", http.MethodPut, onObject, "tagging", "", WriteObject, (*Handler).putObjectTagging},
		{"DeleteObjectTagging", http.MethodDelete, onObject, "tagging", "", WriteObject, (*Handler).deleteObjectTagging},

		{"GetBucketEncryption", http.MethodGet, onBucket, "encryption", "", ReadBucket, (*Handler).getBucketEncryption},
		{"PutBucketEncryption", http.MethodPut, onBucket, "encryption", "", WriteBucket, (*Handler).putBucketEncryption},
		{"DeleteBucketEncryption", http.MethodDelete, onBucket, "encryption", "", WriteBucket, (*Handler).deleteBucketEncryption},
	}
}
