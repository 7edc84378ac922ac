package s3api

import (
	"strings"
	"time"
)

// versionRows are the calls about versions and what is kept with them.
func versionRows() []row {
	const enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
	const suspended = "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
	const tagging = "<Tagging><TagSet><Tag><Key>team</Key><Value>a</Value></Tag></TagSet></Tagging>"
	later, soon := time.Now().Add(48*time.Hour), time.Now().Add(time.Hour)
	locked := []string{bucketLockHeader, "true"}
	return []row{
		{calls: "PutBucketVersioning, GetBucketVersioning", remark: "needs who may change the bucket", samples: []sample{
			{ask: "GET /{b}?versioning", want: "200", has: "<VersioningConfiguration"},
			{ask: "PUT /{b}?versioning", body: enabled, want: "200"},
			{ask: "PUT /{b}?versioning", body: "<VersioningConfiguration/>", want: "400 MalformedXML", when: "no status"},
			{ask: "PUT /{b}?versioning", body: strings.Replace(enabled, "</V", "<MfaDelete>Enabled</MfaDelete></V", 1), want: "501 NotImplemented", when: "MFA delete"},
			{ask: "PUT /{b}-l", header: locked, want: "200"},
			{ask: "PUT /{b}-l?versioning", body: suspended, want: "409 InvalidBucketState", when: "suspended under object lock"},
		}},
		{about: "`versionId`", remark: "wherever S3 takes it", samples: []sample{
			{ask: "PUT /{b}?versioning", body: enabled, want: "200"},
			{ask: "PUT /{b}/key", body: "second", want: "200"},
			{ask: "GET /{b}/key?versionId={version}", want: "200", has: "second"},
			{ask: "GET /{b}/key?versionId=null", want: "200", has: "hello"},
			{ask: "GET /{b}/other?versionId={version}", want: "404 NoSuchVersion", when: "no version of this object"},
			{ask: "GET /{b}/key?versionId=x", want: "400 InvalidArgument", when: "what is no version ID of any store"},
			{ask: "DELETE /{b}/key", want: "204", has: "x-amz-delete-marker: true"},
			{ask: "GET /{b}/key", want: "404 NoSuchKey"},
			{ask: "GET /{b}/key?versionId={version}", want: "405 MethodNotAllowed", when: "the ID of a delete marker"},
		}},
		{about: "`x-amz-version-id`, `x-amz-delete-marker`", state: "given", remark: "wherever S3 gives them, in buckets that keep or kept versions; not with objects that are written while versioning is suspended", samples: []sample{
			{ask: "PUT /{b}?versioning", body: enabled, want: "200"},
			{ask: "PUT /{b}/key", body: "second", want: "200", has: "x-amz-version-id: "},
			{ask: "DELETE /{b}/key", want: "204", has: "x-amz-delete-marker: true"},
		}},
		{calls: "PutObjectTagging, GetObjectTagging, DeleteObjectTagging", remark: "`versionId`; 10 tags, keys to 128 and values to 256 characters", samples: []sample{
			{ask: "PUT /{b}/key?tagging", body: tagging, want: "200"},
			{ask: "GET /{b}/key?tagging", want: "200", has: "<Key>team</Key><Value>a</Value>"},
			{ask: "DELETE /{b}/key?tagging", want: "204"},
			{ask: "PUT /{b}/key?tagging", body: strings.Replace(tagging, "team", "aws:team", 1), want: "400 InvalidTag", when: "too many, too long, twice, or a letter that tags cannot have"},
			{ask: "PUT /{b}/key?tagging", body: "<Tagging>", want: "400 MalformedXML", when: "another document"},
			{ask: "GET /{b}/none?tagging", want: "404 NoSuchKey", when: "there is no object"},
		}},
		{about: "`x-amz-tagging`, `x-amz-tagging-directive`, `x-amz-tagging-count`", remark: "on PutObject, CreateMultipartUpload and CopyObject; the count on GetObject and HeadObject", samples: []sample{
			{ask: "PUT /{b}/tagged", body: "x", header: []string{"X-Amz-Tagging", "team=a&b="}, want: "200"},
			{ask: "HEAD /{b}/tagged", want: "200", has: "x-amz-tagging-count: 2"},
			{ask: "PUT /{b}/tagged", body: "x", header: []string{"X-Amz-Tagging", "a=b&a=c"}, want: "400 InvalidTag", when: "as above"},
		}},
		{calls: "PutObjectLockConfiguration, GetObjectLockConfiguration", remark: "a bucket that was not made with object lock can get it while its versioning is on; it is never taken away. At most 36,500 days or 100 years", samples: []sample{
			{ask: "GET /{b}?object-lock", want: "404 ObjectLockConfigurationNotFoundError", when: "it has none"},
			{ask: "PUT /{b}?object-lock", body: bucketLock(""), want: "409 InvalidBucketState", when: "versioning is not on"},
			{ask: "PUT /{b}?versioning", body: enabled, want: "200"},
			{ask: "PUT /{b}?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>3</Days>"), want: "200"},
			{ask: "GET /{b}?object-lock", want: "200", has: "<Days>3</Days>"},
			{ask: "PUT /{b}?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>36501</Days>"), want: "400 InvalidRetentionPeriod", when: "too long"},
			{ask: "PUT /{b}?object-lock", body: "<ObjectLockConfiguration/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutObjectRetention, GetObjectRetention, PutObjectLegalHold, GetObjectLegalHold", remark: "`versionId`. A legal hold that was never set is `OFF`", samples: []sample{
			{ask: "PUT /{b}-l", header: locked, want: "200"},
			{ask: "PUT /{b}-l/key", body: "x", want: "200"},
			{ask: "GET /{b}-l/key?retention", want: "404 NoSuchObjectLockConfiguration", when: "no retention"},
			{ask: "GET /{b}-l/key?legal-hold", want: "200", has: "<Status>OFF</Status>"},
			{ask: "PUT /{b}-l/key?legal-hold", body: "<LegalHold><Status>ON</Status></LegalHold>", want: "200"},
			{ask: "PUT /{b}-l/key?retention", body: retention("COMPLIANCE", later), want: "200"},
			{ask: "GET /{b}-l/key?retention", want: "200", has: "<Mode>COMPLIANCE</Mode>"},
			{ask: "PUT /{b}-l/key?retention", body: retention("COMPLIANCE", soon), header: []string{bypassHeader, "true"}, want: "403 AccessDenied", when: "shortened or taken away"},
			{ask: "GET /{b}/key?retention", want: "400 InvalidRequest", when: "a bucket without object lock"},
		}},
		{about: "`x-amz-object-lock-…`", remark: "on PutObject, CopyObject and CreateMultipartUpload; given back by GetObject and HeadObject", samples: []sample{
			{ask: "PUT /{b}-l", header: locked, want: "200"},
			{ask: "PUT /{b}-l/key", body: "x", header: append(lockHeaders("GOVERNANCE", later), legalHoldHeader, "ON"), want: "200"},
			{ask: "HEAD /{b}-l/key", want: "200", has: "x-amz-object-lock-mode: GOVERNANCE"},
			{ask: "DELETE /{b}-l/key?versionId={version}", want: "403 AccessDenied", when: "a version that is locked is deleted"},
			{ask: "PUT /{b}/key", body: "x", header: []string{legalHoldHeader, "ON"}, want: "400 InvalidRequest", when: "a bucket without object lock"},
		}},
		{about: "`x-amz-bypass-governance-retention`", remark: "on DeleteObject, DeleteObjects and PutObjectRetention, for those who may change the bucket (maintainers); each use stands in the audit log. Compliance is bypassed by nobody", samples: []sample{
			{ask: "PUT /{b}-l", header: locked, want: "200"},
			{ask: "PUT /{b}-l/key", body: "x", header: lockHeaders("COMPLIANCE", later), want: "200"},
			{ask: "DELETE /{b}-l/key?versionId={version}", header: []string{bypassHeader, "true"}, want: "403 AccessDenied", when: "compliance"},
			{ask: "PUT /{b}-l/key", body: "x", header: lockHeaders("GOVERNANCE", later), want: "200"},
			{ask: "DELETE /{b}-l/key?versionId={version}", header: []string{bypassHeader, "true"}, want: "204"},
		}},
	}
}
