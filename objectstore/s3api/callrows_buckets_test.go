package s3api

import "strings"

// bucketRows are the calls about buckets and what is in them.
func bucketRows() []row {
	return []row{
		{calls: "ListBuckets", remark: "only buckets that the key may read by role; prefix, max-buckets, continuation-token", samples: []sample{
			{ask: "GET /", want: "200", has: "<Name>{b}</Name>"},
			{ask: "GET /?prefix={b}&max-buckets=1", want: "200", has: "<Name>{b}</Name>"},
			{ask: "GET /?max-buckets=x", want: "400 InvalidArgument", when: "a number that is none"},
		}},
		{calls: "CreateBucket", remark: "any LocationConstraint, which is said again and has no effect; tags, which need `s3:TagResource` besides; `x-amz-bucket-object-lock-enabled`", samples: []sample{
			{ask: "PUT /{b}-new", body: "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", want: "200", has: "location: /{b}-new"},
			{ask: "PUT /{b}-bad", body: "<CreateBucketConfiguration><LocationConstraint>over there</LocationConstraint></CreateBucketConfiguration>", want: "400 InvalidLocationConstraint", when: "a location that no region is called"},
			{ask: "PUT /{b}-locked", header: []string{bucketLockHeader, "true"}, want: "200"},
			{ask: "PUT /{b}", want: "409 BucketAlreadyOwnedByYou", when: "it is there (another's: `BucketAlreadyExists`)"},
			{ask: "PUT /Upper", want: "400 InvalidBucketName", when: "a name that no bucket can have"},
			{ask: "PUT /{b}-tagged", body: "<CreateBucketConfiguration><Tags><Tag><Key>team</Key><Value>a</Value></Tag></Tags></CreateBucketConfiguration>", want: "200"},
			{ask: "GET /{b}-tagged?tagging", want: "200", has: "<Tag><Key>team</Key><Value>a</Value></Tag>"},
			{ask: "PUT /{b}-bad", body: "<CreateBucketConfiguration><Tags><Tag><Key>aws:team</Key><Value>a</Value></Tag></Tags></CreateBucketConfiguration>", want: "400 InvalidTag", when: "what tags cannot be"},
			{ask: "HEAD /{b}-bad", want: "404"},
			{ask: "PUT /{b}-bad", body: "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>", want: "501 NotImplemented", when: "directory buckets"},
			{ask: "PUT /{b}-bad", body: "<Create", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "HeadBucket, GetBucketLocation", samples: []sample{
			{ask: "HEAD /{b}", want: "200", has: "x-amz-bucket-region: us-east-1"},
			{ask: "GET /{b}?location", want: "200", has: "<LocationConstraint"},
			{ask: "PUT /{b}-there", body: "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", want: "200"},
			{ask: "HEAD /{b}-there", want: "200", has: "x-amz-bucket-region: eu-west-1"},
			{ask: "GET /{b}-there?location", want: "200", has: ">eu-west-1<"},
			{ask: "GET /?prefix={b}-there", want: "200", has: "<BucketRegion>eu-west-1<"},
			{ask: "HEAD /{b}-none", want: "404"},
			{ask: "GET /{b}-none?location", want: "404 NoSuchBucket", when: "there is none"},
		}},
		{calls: "DeleteBucket", remark: "unfinished uploads go with it", samples: []sample{
			{ask: "DELETE /{b}", want: "409 BucketNotEmpty", when: "it holds anything, old versions too"},
			{ask: "DELETE /{b}/key", want: "204"},
			{ask: "POST /{b}/unfinished?uploads", want: "200"},
			{ask: "DELETE /{b}", want: "204"},
			{ask: "DELETE /{b}", want: "404 NoSuchBucket"},
		}},
		{calls: "ListObjects, ListObjectsV2", remark: "prefix, delimiter, marker, start-after, continuation-token, max-keys ≤ 1000, encoding-type, fetch-owner; MinIO's `metadata=true` (V2), as far as the caller may read the objects", samples: []sample{
			{ask: "GET /{b}?prefix=k&delimiter=%2F&marker=a&max-keys=10&encoding-type=url", want: "200", has: "<Key>key</Key>"},
			{ask: "GET /{b}?list-type=2&start-after=a&fetch-owner=true", want: "200", has: "<Owner>"},
			{ask: "GET /{b}?list-type=2&continuation-token=x", want: "400 InvalidArgument", when: "a parameter that cannot be"},
			{ask: "GET /{b}?max-keys=-1", want: "400 InvalidArgument"},
			{ask: "GET /{b}-none", want: "404 NoSuchBucket", when: "there is no bucket"},
		}},
		{calls: "ListObjectVersions", remark: "prefix, delimiter, key-marker, version-id-marker, max-keys ≤ 1000, encoding-type; MinIO's `metadata=true`", samples: []sample{
			{ask: "GET /{b}?versions&prefix=k&max-keys=10", want: "200", has: "<VersionId>null</VersionId>"},
			{ask: "GET /{b}?versions&version-id-marker=null", want: "400 InvalidArgument", when: "version-id-marker without key-marker"},
		}},
		{calls: "DeleteObjects", remark: "up to 1000 keys, with versions, ETags, sizes and times, quiet; what is wrong with a key stands in the answer", samples: []sample{
			{ask: "POST /{b}?delete", body: "<Delete><Object><Key>key</Key></Object><Object><Key>other</Key><VersionId>1</VersionId></Object></Delete>", want: "200", has: "<Deleted><Key>key</Key></Deleted><Error><Key>other</Key><VersionId>1</VersionId><Code>NoSuchVersion</Code>"},
			{ask: "POST /{b}?delete", body: "<Delete>" + strings.Repeat("<Object><Key>k</Key></Object>", 1001) + "</Delete>", want: "400 MalformedXML", when: "more than 1000 keys, none, or another document"},
			{ask: "POST /{b}?delete", body: "<Delete></Delete>", want: "400 MalformedXML"},
		}},
	}
}
