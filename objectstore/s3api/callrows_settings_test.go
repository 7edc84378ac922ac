package s3api

import "strings"

// inAccount is what each request of S3 Control says.
var inAccount = []string{controlAccount, "000000000000"}

const controlTags = `<TagResourceRequest xmlns="` + controlNamespace + `"><Tags><Tag><Key>team</Key><Value>a</Value></Tag><Tag><Key>stage</Key><Value></Value></Tag></Tags></TagResourceRequest>`

// settingRows are the calls about what a bucket does by itself.
func settingRows() []row {
	const tagging = "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>"
	const sealed = "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
	return []row{
		{calls: "PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration, DeleteBucketLifecycle", remark: "up to 1,000 rules: filters by prefix, tags and size; expiration by days, date and of delete markers; " +
			"noncurrent versions by days and number; unfinished uploads; transitions to tiers, whose names are the storage classes, of any size. Rules without an ID get one", samples: []sample{
			{ask: "GET /{b}?lifecycle", want: "404 NoSuchLifecycleConfiguration", when: "there is none"},
			{ask: "PUT /{b}?lifecycle", body: rulesOf(logsRule), want: "200"},
			{ask: "GET /{b}?lifecycle", want: "200", has: "<Days>30</Days>"},
			{ask: "DELETE /{b}?lifecycle", want: "204"},
			{ask: "PUT /{b}?lifecycle", body: rulesOf(), want: "400 MalformedXML", when: "not S3's document"},
			{ask: "PUT /{b}?lifecycle", body: strings.Replace(rulesOf(logsRule), "30", "0", 1), want: "400 InvalidArgument", when: "a value that cannot be, and a tier that is not there"},
			{ask: "PUT /{b}?lifecycle", body: rulesOf("<Rule><Status>Enabled</Status><Filter/></Rule>"), want: "400 InvalidRequest", when: "what does not go together"},
		}},
		{about: "`x-amz-expiration`, `x-amz-abort-date`, `x-amz-abort-rule-id`", state: "given", remark: "where rules delete what a key holds; on CreateMultipartUpload and ListParts", samples: []sample{
			{ask: "PUT /{b}?lifecycle", body: rulesOf(logsRule), want: "200"},
			{ask: "PUT /{b}/logs/1", body: "x", want: "200", has: "x-amz-expiration: "},
			{ask: "POST /{b}/logs/2?uploads", want: "200", has: "x-amz-abort-rule-id: "},
		}},
		{calls: "PutBucketEncryption, GetBucketEncryption, DeleteBucketEncryption", remark: "`AES256`: with Croft's master key; `aws:kms`: the same under a name, `KMSMasterKeyID`. As the console shows it. `BucketKeyEnabled` is kept and given back, and changes nothing", samples: []sample{
			{ask: "GET /{b}?encryption", want: "404 ServerSideEncryptionConfigurationNotFoundError", when: "there is no rule"},
			{ask: "PUT /{b}?encryption", body: sealed, want: "200"},
			{ask: "GET /{b}?encryption", want: "200", has: "AES256"},
			{ask: "DELETE /{b}?encryption", want: "204"},
			{ask: "PUT /{b}?encryption", body: strings.Replace(sealed, "AES256<", "aws:kms<", 1), want: "200"},
			{ask: "GET /{b}?encryption", want: "200", has: "aws:kms"},
			{ask: "PUT /{b}?encryption", body: strings.Replace(sealed, "AES256", "aws:kms:dsse", 1), want: "501 NotImplemented", when: "`aws:kms:dsse`"},
			{ask: "PUT /{b}?encryption", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketTagging, GetBucketTagging, DeleteBucketTagging", remark: "up to 50 tags", samples: []sample{
			{ask: "GET /{b}?tagging", want: "404 NoSuchTagSet", when: "there are none"},
			{ask: "PUT /{b}?tagging", body: tagging, want: "204"},
			{ask: "GET /{b}?tagging", want: "200", has: "<Key>team</Key>"},
			{ask: "DELETE /{b}?tagging", want: "204"},
			{ask: "PUT /{b}?tagging", body: strings.Replace(tagging, "team", "aws:team", 1), want: "400 InvalidTag", when: "what tags cannot be"},
			{ask: "PUT /{b}?tagging", body: "<Tagging>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketLogging, GetBucketLogging", remark: "into a bucket of the same owner that the caller may write to. See below", samples: []sample{
			{ask: "PUT /{b}?logging", body: loggingTo("{b}", "logs/"), want: "200"},
			{ask: "GET /{b}?logging", want: "200", has: "<TargetPrefix>logs/</TargetPrefix>"},
			{ask: "PUT /{b}?logging", body: loggingTo("{b}-none", ""), want: "400 InvalidTargetBucketForLogging", when: "into another"},
			{ask: "PUT /{b}?logging", body: strings.Replace(loggingTo("{b}", ""), "<TargetPrefix>", "<TargetGrants><Grant/></TargetGrants><TargetPrefix>", 1), want: "501 NotImplemented", when: "grants and partitioned keys"},
			{ask: "PUT /{b}?logging", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketNotificationConfiguration, GetBucketNotificationConfiguration", remark: "queues, topics and functions alike, whose ARNs name webhooks, pipelines and rooms; events with `*`, prefix and suffix; a new webhook gets `s3:TestEvent`. See below", samples: []sample{
			{ask: "GET /{b}?notification", want: "200", has: "<NotificationConfiguration"},
			{ask: "PUT /{b}?notification", body: eventsTo("arn:croft:room::project", "s3:ObjectCreated:*"), want: "200"},
			{ask: "GET /{b}?notification", want: "200", has: "arn:croft:room::project"},
			{ask: "PUT /{b}?notification", body: eventsTo("", ""), want: "200"},
			{ask: "PUT /{b}?notification", body: eventsTo("arn:aws:sqs:us-east-1:1:queue", "s3:ObjectCreated:*"), want: "400 InvalidArgument", when: "an ARN that names no target of this Croft, an event that is none, rules that overlap"},
			{ask: "PUT /{b}?notification", body: eventsTo("arn:croft:room::project", "s3:ObjectAccessed:Get"), want: "501 NotImplemented", when: "EventBridge, and events that Croft does not tell of; `s3:ObjectAccessed:*` is taken beside others, and nothing is told of it"},
			{ask: "PUT /{b}?notification", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "ListenBucketNotification", remark: "MinIO's, `?events=…&prefix=…&suffix=…`: a line of JSON for each event while it happens, an empty one every 10 seconds", samples: []sample{
			{ask: "GET /{b}?events=s3:ObjectCreated:*", want: "200", has: `{"Records":null}`, send: listenBriefly},
			{ask: "GET /{b}?events=s3:Nothing", want: "400 InvalidArgument", when: "an event that is none"},
		}},
		{calls: "PutBucketAccelerateConfiguration, GetBucketAccelerateConfiguration", remark: "`Suspended`; before that the empty document", samples: []sample{
			{ask: "GET /{b}?accelerate", want: "200", has: "<AccelerateConfiguration xmlns=\"" + xmlNamespace + "\"></AccelerateConfiguration>"},
			{ask: "PUT /{b}?accelerate", body: "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>", want: "200"},
			{ask: "GET /{b}?accelerate", want: "200", has: "<Status>Suspended</Status>"},
			{ask: "PUT /{b}?accelerate", body: "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>", want: "501 NotImplemented", when: "`Enabled`: Croft has no addresses nearer to its clients"},
			{ask: "PUT /{b}?accelerate", body: "<AccelerateConfiguration/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketRequestPayment, GetBucketRequestPayment", remark: "`BucketOwner`", samples: []sample{
			{ask: "GET /{b}?requestPayment", want: "200", has: "<Payer>BucketOwner</Payer>"},
			{ask: "PUT /{b}?requestPayment", body: "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>", want: "200"},
			{ask: "PUT /{b}?requestPayment", body: "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>", want: "501 NotImplemented", when: "`Requester`: nobody is billed"},
			{ask: "PUT /{b}?requestPayment", body: "<RequestPaymentConfiguration><Payer>Me</Payer></RequestPaymentConfiguration>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketAbac, GetBucketAbac", remark: "`Disabled`", samples: []sample{
			{ask: "GET /{b}?abac", want: "200", has: "<Status>Disabled</Status>"},
			{ask: "PUT /{b}?abac", body: "<AbacStatus><Status>Disabled</Status></AbacStatus>", want: "200"},
			{ask: "PUT /{b}?abac", body: "<AbacStatus><Status>Enabled</Status></AbacStatus>", want: "501 NotImplemented", when: "`Enabled`: tags of buckets decide about nothing"},
			{ask: "PUT /{b}?abac", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "ListBucketAnalyticsConfigurations, ListBucketIntelligentTieringConfigurations, ListBucketMetricsConfigurations", remark: "always empty, see *What AWS has besides*", samples: []sample{
			{ask: "GET /{b}?analytics", want: "200", has: "<ListBucketAnalyticsConfigurationResult xmlns=\"" + xmlNamespace + "\"><IsTruncated>false</IsTruncated>"},
			{ask: "GET /{b}?intelligent-tiering", want: "200", has: "<ListBucketIntelligentTieringConfigurationsOutput"},
			{ask: "GET /{b}?metrics", want: "200", has: "<ListMetricsConfigurationsResult"},
			{ask: "GET /{b}-none?metrics", want: "404 NoSuchBucket"},
		}},
		{calls: "GetBucketAnalyticsConfiguration, DeleteBucketAnalyticsConfiguration, GetBucketIntelligentTieringConfiguration, DeleteBucketIntelligentTieringConfiguration, " +
			"GetBucketMetricsConfiguration, DeleteBucketMetricsConfiguration, GetBucketMetadataConfiguration, DeleteBucketMetadataConfiguration, GetBucketMetadataTableConfiguration, DeleteBucketMetadataTableConfiguration",
			state: "refused", remark: "as AWS answers where there is none, so that tools which read every setting go on", samples: []sample{
				{ask: "GET /{b}?analytics&id=x", want: "404 NoSuchConfiguration", when: "always: there are none"},
				{ask: "DELETE /{b}?analytics&id=x", want: "404 NoSuchConfiguration"},
				{ask: "GET /{b}?intelligent-tiering&id=x", want: "404 NoSuchConfiguration"},
				{ask: "DELETE /{b}?intelligent-tiering&id=x", want: "404 NoSuchConfiguration"},
				{ask: "GET /{b}?metrics&id=x", want: "404 NoSuchConfiguration"},
				{ask: "DELETE /{b}?metrics&id=x", want: "404 NoSuchConfiguration"},
				{ask: "GET /{b}?metadataConfiguration", want: "404 MetadataConfigurationNotFound", when: "the same of metadata tables"},
				{ask: "DELETE /{b}?metadataConfiguration", want: "404 MetadataConfigurationNotFound"},
				{ask: "GET /{b}?metadataTable", want: "404 MetadataConfigurationNotFound"},
				{ask: "DELETE /{b}?metadataTable", want: "404 MetadataConfigurationNotFound"},
				{ask: "GET /{b}-none?metrics&id=x", want: "404 NoSuchBucket"},
			}},
		{calls: "ListTagsForResource, TagResource, UntagResource", remark: "of S3 Control, where Terraform reads and sets tags: `/v20180820/tags/ARN` of a bucket, with `x-amz-account-id`, under any host name. They need `s3:GetBucketTagging` and `s3:PutBucketTagging` besides their own permissions", samples: []sample{
			{ask: "GET /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, want: "200", has: "<ListTagsForResourceResult"},
			{ask: "POST /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, body: controlTags, want: "204"},
			{ask: "GET /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, want: "200", has: "<Tags><Tag><Key>team</Key><Value>a</Value></Tag><Tag><Key>stage</Key>"},
			{ask: "GET /v20180820/tags/arn:aws:s3:us-east-1:000000000000:bucket/{b}", header: inAccount, want: "200", has: "<Key>team</Key>"},
			{ask: "DELETE /v20180820/tags/arn:aws:s3:::{b}?tagKeys=team&tagKeys=none", header: inAccount, want: "204"},
			{ask: "GET /{b}?tagging", want: "200", has: "<TagSet><Tag><Key>stage</Key><Value></Value></Tag></TagSet>"},
			{ask: "GET /v20180820/tags/arn:aws:s3:::{b}", header: []string{controlAccount, "123456789012"}, want: "403 AccessDenied", when: "another account"},
			{ask: "GET /v20180820/tags/arn:aws:s3:us-east-1:000000000000:accesspoint/a", header: inAccount, want: "400 InvalidRequest", when: "the ARN of no bucket"},
			{ask: "POST /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, body: strings.Replace(controlTags, "team", "aws:team", 1), want: "400 InvalidTag", when: "what tags cannot be"},
			{ask: "POST /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, body: tagging, want: "400 MalformedXML", when: "another document"},
			{ask: "PUT /v20180820/tags/arn:aws:s3:::{b}", header: inAccount, want: "405 MethodNotAllowed"},
			{ask: "GET /v20180820/tags/arn:aws:s3:::{b}-none", header: inAccount, want: "404 NoSuchBucket"},
			{ask: "GET /v20180820/tags/arn:aws:s3:::{b}", want: "404 NoSuchBucket"}, // without the header it is an object's
		}},
		{calls: "PutBucketInventoryConfiguration, GetBucketInventoryConfiguration, ListBucketInventoryConfigurations, DeleteBucketInventoryConfiguration", with: withInventory,
			remark: "up to 1,000; CSV and Parquet, daily and weekly, all fields, into a bucket of the same owner that the caller may write to. See below", samples: []sample{
				{ask: "GET /{b}?inventory&id=daily", want: "404 NoSuchConfiguration", when: "there is none"},
				{ask: "PUT /{b}?inventory&id=daily", body: inventoryTo("{b}"), want: "204"},
				{ask: "GET /{b}?inventory&id=daily", want: "200", has: "<Frequency>Daily</Frequency>"},
				{ask: "GET /{b}?inventory", want: "200", has: "<IsTruncated>false</IsTruncated>"},
				{ask: "DELETE /{b}?inventory&id=daily", want: "204"},
				{ask: "PUT /{b}?inventory&id=daily", body: inventoryTo("{b}-none"), want: "400 InvalidS3DestinationBucket", when: "into another"},
				{ask: "PUT /{b}?inventory&id=other", body: inventoryTo("{b}"), want: "400 IdMismatch", when: "the IDs differ"},
				{ask: "PUT /{b}?inventory&id=daily", body: inventoryTo("{b}", "CSV", "ORC"), want: "501 NotImplemented", when: "ORC"},
				{ask: "PUT /{b}?inventory&id=daily", body: "<x/>", want: "400 MalformedXML", when: "another document"},
			}},
		{calls: "PutBucketReplication, GetBucketReplication, DeleteBucketReplication", remark: "filters by prefix and tags, priority, delete markers, what is there already; the destination is a target of the bucket, see below", with: withReplication, samples: []sample{
			{ask: "GET /{b}?replication", want: "404 ReplicationConfigurationNotFoundError", when: "there is none"},
			{ask: "PUT /{b}?replication", body: replicatedTo("arn:aws:s3:::backup", ""), want: "200"},
			{ask: "GET /{b}?replication", want: "200", has: "arn:aws:s3:::backup"},
			{ask: "GET /{b}/key", want: "200", has: "x-amz-replication-status: PENDING"},
			{ask: "DELETE /{b}?replication", want: "204"},
			{ask: "PUT /{b}?replication", body: replicatedTo("arn:aws:s3:::nowhere", ""), want: "400 InvalidRequest", when: "to what is no target"},
			{ask: "PUT /{b}?replication", body: replicatedTo("arn:aws:s3:::backup", "<Metrics><Status>Enabled</Status></Metrics>"), want: "501 NotImplemented", when: "other classes, accounts and keys there, metrics, time control, and deletes of single versions"},
			{ask: "PUT /{b}?replication", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
	}
}
