package s3api

// refusedCalls are the calls of AWS's that Croft does not have, each with a request for it.
// One that gets an operation is left out by itself.
var refusedCalls = map[string]string{
	"CreateBucketMetadataConfiguration":                "POST /{b}?metadataConfiguration",
	"CreateBucketMetadataTableConfiguration":           "POST /{b}?metadataTable",
	"CreateSession":                                    "GET /{b}?session",
	"DeleteObjectAnnotation":                           "DELETE /{b}/key?annotation",
	"GetObjectAnnotation":                              "GET /{b}/key?annotation",
	"GetObjectTorrent":                                 "GET /{b}/key?torrent",
	"ListObjectAnnotations":                            "GET /{b}/key?annotation&x-id=ListObjectAnnotations",
	"PutBucketAnalyticsConfiguration":                  "PUT /{b}?analytics&id=x",
	"PutBucketIntelligentTieringConfiguration":         "PUT /{b}?intelligent-tiering&id=x",
	"PutBucketMetricsConfiguration":                    "PUT /{b}?metrics&id=x",
	"PutObjectAnnotation":                              "PUT /{b}/key?annotation",
	"RestoreObject":                                    "POST /{b}/key?restore",
	"UpdateBucketMetadataAnnotationTableConfiguration": "PUT /{b}?metadataAnnotationTable",
	"UpdateBucketMetadataInventoryTableConfiguration":  "PUT /{b}?metadataInventoryTable",
	"UpdateBucketMetadataJournalTableConfiguration":    "PUT /{b}?metadataJournalTable",
	"UpdateObjectEncryption":                           "PUT /{b}/key?encryption",
	"WriteGetObjectResponse":                           "POST /WriteGetObjectResponse",
}

// noCalls are methods of AWS's client that are no calls of their own here.
var noCalls = map[string]bool{
	"Options":              true,
	"ListDirectoryBuckets": true, // asks what ListBuckets asks, of other hosts
}
