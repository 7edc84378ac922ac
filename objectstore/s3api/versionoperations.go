package s3api

import "net/http"

// versionOperations are the calls about versions and what is kept with them.
func versionOperations() []operation {
	return []operation{
		{"ListObjectVersions", http.MethodGet, onBucket, "versions", "", ReadBucket, (*Handler).listVersions},
		{"PutBucketVersioning", http.MethodPut, onBucket, "versioning", "", WriteBucket, (*Handler).putBucketVersioning},
	}
}
