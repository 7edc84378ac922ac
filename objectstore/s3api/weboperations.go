package s3api

import "net/http"

// webOperations are the calls that browsers and web applications need of a bucket.
var webOperations = []operation{
	{"GetBucketCors", http.MethodGet, onBucket, "cors", "", ReadBucket, sendDocument(corsDocument, fail("NoSuchCORSConfiguration", "The CORS configuration does not exist."))},
	{"PutBucketCors", http.MethodPut, onBucket, "cors", "", WriteBucket, (*Handler).putBucketCORS},
	{"DeleteBucketCors", http.MethodDelete, onBucket, "cors", "", WriteBucket, removeDocument(corsDocument)},
	{"GetBucketWebsite", http.MethodGet, onBucket, "website", "", ReadBucket, sendDocument(websiteDocument, fail("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration."))},
	{"PutBucketWebsite", http.MethodPut, onBucket, "website", "", WriteBucket, (*Handler).putBucketWebsite},
	{"DeleteBucketWebsite", http.MethodDelete, onBucket, "website", "", WriteBucket, removeDocument(websiteDocument)},
	{"GetBucketLogging", http.MethodGet, onBucket, "logging", "", ReadBucket, (*Handler).getBucketLogging},
	{"PutBucketLogging", http.MethodPut, onBucket, "logging", "", WriteBucket, (*Handler).putBucketLogging},
	{"GetBucketTagging", http.MethodGet, onBucket, "tagging", "", ReadBucket, sendDocument(taggingDocument, fail("NoSuchTagSet", "The TagSet does not exist."))},
	{"PutBucketTagging", http.MethodPut, onBucket, "tagging", "", WriteBucket, (*Handler).putBucketTagging},
	{"DeleteBucketTagging", http.MethodDelete, onBucket, "tagging", "", WriteBucket, removeDocument(taggingDocument)},
}
