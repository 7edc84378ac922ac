package s3api

// refusedCalls are the calls of AWS's that Croft does not have, each with a request for it.
// One that gets an operation is left out by itself.
var refusedCalls = map[string]string{
	"CreateBucketMetadataConfiguration":                "POST /{b}?metadataConfiguration",
	"CreateBucketMetadataTableConfiguration":           "POST /{b}?metadataTable",
	"CreateSession":                                    "GET /{b}?session",
	"DeleteBucketAnalyticsConfiguration":               "DELETE /{b}?analytics&id=x",
	"DeleteBucketIntelligentTieringConfiguration":      "DELETE /{b}?intelligent-tiering&id=x",
	"DeleteBucketInventoryConfiguration":               "DELETE /{b}?inventory&id=x",
	"DeleteBucketMetadataConfiguration":                "DELETE /{b}?metadataConfiguration",
	"DeleteBucketMetadataTableConfiguration":           "DELETE /{b}?metadataTable",
	"DeleteBucketMetricsConfiguration":                 "DELETE /{b}?metrics&id=x",
	"DeleteBucketReplication":                          "DELETE /{b}?replication",
	"DeleteObjectAnnotation":                           "DELETE /{b}/key?annotation",
	"GetBucketAbac":                                    "GET /{b}?abac",
	"GetBucketAnalyticsConfiguration":                  "GET /{b}?analytics&id=x",
	"GetBucketIntelligentTieringConfiguration":         "GET /{b}?intelligent-tiering&id=x",
	"GetBucketInventoryConfiguration":                  "GET /{b}?inventory&id=x",
	"GetBucketMetadataConfiguration":                   "GET /{b}?metadataConfiguration",
	"GetBucketMetadataTableConfiguration":              "GET /{b}?metadataTable",
	"GetBucketMetricsConfiguration":                    "GET /{b}?metrics&id=x",
	"GetObjectAnnotation":                              "GET /{b}/key?annotation",
	"GetObjectTorrent":                                 "GET /{b}/key?torrent",
	"ListBucketAnalyticsConfigurations":                "GET /{b}?analytics",
	"ListBucketIntelligentTieringConfigurations":       "GET /{b}?intelligent-tiering",
	"ListBucketInventoryConfigurations":                "GET /{b}?inventory",
	"ListBucketMetricsConfigurations":                  "GET /{b}?metrics",
	"ListObjectAnnotations":                            "GET /{b}/key?annotation&x-id=ListObjectAnnotations",
	"PutBucketAbac":                                    "PUT /{b}?abac",
	"PutBucketAccelerateConfiguration":                 "PUT /{b}?accelerate",
	"PutBucketAnalyticsConfiguration":                  "PUT /{b}?analytics&id=x",
	"PutBucketIntelligentTieringConfiguration":         "PUT /{b}?intelligent-tiering&id=x",
	"PutBucketInventoryConfiguration":                  "PUT /{b}?inventory&id=x",
	"PutBucketMetricsConfiguration":                    "PUT /{b}?metrics&id=x",
	"PutBucketNotificationConfiguration":               "PUT /{b}?notification",
	"PutBucketReplication":                             "PUT /{b}?replication",
	"PutBucketRequestPayment":                          "PUT /{b}?requestPayment",
	"PutObjectAnnotation":                              "PUT /{b}/key?annotation",
	"RenameObject":                                     "PUT /{b}/key?renameObject",
	"RestoreObject":                                    "POST /{b}/key?restore",
	"SelectObjectContent":                              "POST /{b}/key?select&select-type=2",
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
