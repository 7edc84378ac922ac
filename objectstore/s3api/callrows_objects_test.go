package s3api

import (
	"strings"

	"croft/objectstore"
)

// objectRows are the calls about one object, and the headers they take.
func objectRows() []row {
	source := []string{copySource, "/{b}/key"}
	from := func(header ...string) []string { return append(header, source...) }
	mine, other := keyHeaders(requestPrefix, "a"), keyHeaders(requestPrefix, "b")
	return []row{
		{calls: "PutObject", remark: "`If-None-Match: *`, `If-Match`; up to 5 TiB in one request", samples: []sample{
			{ask: "PUT /{b}/new", body: "x", header: []string{"If-None-Match", "*", "X-Amz-Meta-Colour", "blue"}, want: "200", has: `etag: "9dd4e461268c8034f5c8564e155c67a6"`},
			{ask: "PUT /{b}/new", body: "x", header: []string{"If-None-Match", "*"}, want: "412 PreconditionFailed", when: "a condition that does not hold"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"If-Match", `"00"`}, want: "412 PreconditionFailed"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"If-None-Match", `"00"`}, want: "501 NotImplemented", when: "`If-None-Match` of an ETag"},
			{ask: "PUT /{b}-none/new", body: "x", want: "404 NoSuchBucket", when: "there is no bucket"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Meta-A", strings.Repeat("a", 2048)}, want: "400 MetadataTooLarge", when: "more than 2 KiB of metadata"},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Write-Offset-Bytes", "1"}, want: "501 NotImplemented", when: "appending with `x-amz-write-offset-bytes`"},
		}},
		{calls: "GetObject, HeadObject", remark: "`versionId`; one range, `partNumber`, `If-…`, `If-Range`, `response-…`, `x-amz-checksum-mode`", samples: []sample{
			{ask: "GET /{b}/key", header: []string{"Range", "bytes=1-2"}, want: "206", has: "content-range: bytes 1-2/5"},
			{ask: "GET /{b}/key?partNumber=1&response-content-type=text%2Fcss", want: "200", has: "content-type: text/css"},
			{ask: "GET /{b}/key", header: []string{"If-None-Match", "*"}, want: "304"},
			{ask: "HEAD /{b}/key", want: "200", has: "content-length: 5"},
			{ask: "HEAD /{b}/none", want: "404"},
			{ask: "GET /{b}/none", want: "404 NoSuchKey", when: "there is none, or a delete marker is the latest"},
			{ask: "GET /{b}/key", header: []string{"Range", "bytes=9-"}, want: "416 InvalidRange", when: "the range begins behind the end"},
			{ask: "GET /{b}/key?partNumber=2", want: "416 InvalidPartNumber", when: "it has no such part"},
			{ask: "GET /{b}/key", header: []string{"If-Match", `"00"`}, want: "412 PreconditionFailed", when: "a condition that does not hold"},
		}},
		{calls: "GetObjectAttributes", remark: "`versionId`; ETag, Checksum, ObjectParts in pages, StorageClass, ObjectSize; needs GetObject, too", samples: []sample{
			{ask: "GET /{b}/key?attributes", header: []string{"X-Amz-Object-Attributes", "ETag,ObjectSize"}, want: "200", has: "<ObjectSize>5</ObjectSize>"},
			{ask: "GET /{b}/key?attributes", want: "400 InvalidArgument", when: "none are named, or unknown ones"},
		}},
		{calls: "DeleteObject", remark: "`versionId`, `If-Match`, by size and by time; what is not there is deleted already", samples: []sample{
			{ask: "DELETE /{b}/key", header: []string{"If-Match", `"00"`}, want: "412 PreconditionFailed", when: "a condition that does not hold"},
			{ask: "DELETE /{b}/key", header: []string{"X-Amz-If-Match-Size", "6"}, want: "412 PreconditionFailed"},
			{ask: "DELETE /{b}/key", header: []string{"X-Amz-If-Match-Size", "5"}, want: "204"},
			{ask: "DELETE /{b}/key", want: "204"},
			{ask: "DELETE /{b}/key", header: []string{"If-Match", "*"}, want: "404 NoSuchKey", when: "with `If-Match` and nothing there"},
		}},
		{calls: "CopyObject", remark: "source with `versionId`, metadata and tagging directive, `x-amz-copy-source-if-…`, `x-amz-checksum-algorithm`, `If-None-Match: *`, `If-Match`", samples: []sample{
			{ask: "PUT /{b}/copy", header: source, want: "200", has: "<CopyObjectResult"},
			{ask: "PUT /{b}/copy", header: from("X-Amz-Metadata-Directive", "REPLACE", "X-Amz-Tagging-Directive", "REPLACE", "X-Amz-Checksum-Algorithm", "CRC32"), want: "200", has: "<ChecksumCRC32>"},
			{ask: "PUT /{b}/copy", header: []string{copySource, "/{b}/none"}, want: "404 NoSuchKey", when: "there is no source"},
			{ask: "PUT /{b}/key", header: source, want: "400 InvalidRequest", when: "onto itself without a change"},
			{ask: "PUT /{b}/copy", header: from("X-Amz-Metadata-Directive", "MOVE"), want: "400 InvalidArgument", when: "a directive that is none"},
			{ask: "PUT /{b}/copy", header: from("X-Amz-Copy-Source-If-Match", `"00"`), want: "412 PreconditionFailed", when: "a condition that does not hold"},
		}},
		{calls: "RenameObject", remark: "atomic, in any bucket that never kept versions; all that is kept with the object stays, and so does its time; conditions on both, `x-amz-client-token`; needs `s3:GetObject` and `s3:DeleteObject` of the source. See below", samples: []sample{
			{ask: "PUT /{b}/new?renameObject", header: []string{renameSource, "/{b}/key"}, want: "200"},
			{ask: "GET /{b}/new", want: "200", has: "hello"},
			{ask: "GET /{b}/key", want: "404 NoSuchKey"},
			{ask: "PUT /{b}/key?renameObject", header: []string{renameSource, "new"}, want: "200"},
			{ask: "PUT /{b}/new?renameObject", header: []string{renameSource, "/{b}/none"}, want: "404 NoSuchKey", when: "there is no source"},
			{ask: "PUT /{b}/other", body: "other", want: "200"},
			{ask: "PUT /{b}/other?renameObject", header: []string{renameSource, "/{b}/key", "If-None-Match", "*"}, want: "412 PreconditionFailed", when: "a condition that does not hold"},
			{ask: "PUT /{b}/other?renameObject", header: []string{renameSource, "/{b}/key", clientToken, "t"}, want: "200"},
			{ask: "PUT /{b}/other?renameObject", header: []string{renameSource, "/{b}/key", clientToken, "t"}, want: "200"},
			{ask: "PUT /{b}/other?renameObject", header: []string{renameSource, "/{b}/none", clientToken, "t"}, want: "400 IdempotencyParameterMismatch", when: "the token of another rename to this key"},
			{ask: "PUT /{b}/other?renameObject", header: []string{renameSource, "/{b}/other"}, want: "400 InvalidRequest", when: "to the name that it has, or without a source"},
			{ask: "PUT /{b}?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", want: "200"},
			{ask: "PUT /{b}/new?renameObject", header: []string{renameSource, "/{b}/other"}, want: "409 InvalidBucketState", when: "the bucket keeps or kept versions"},
		}},
		{calls: "RestoreObject", remark: "`versionId`; makes a copy on the drives of what a tier keeps: 202 until it is there, then 200 and the copy stays for other days. All of S3's speeds are one. " +
			"`x-amz-restore` on GetObject and HeadObject, `RestoreStatus` in listings (`x-amz-optional-object-attributes`). See below", with: withCold, samples: []sample{
			{ask: "POST /{b}/key?restore", body: restoreXML("1"), want: "403 InvalidObjectState", when: "it is not in a tier"},
			{ask: "POST /{b}/none?restore", body: restoreXML("1"), want: "404 NoSuchKey", when: "there is none"},
			{ask: "PUT /{b}/cold", body: "x", want: "200"},
			{ask: "POST /{b}/cold?restore", body: restoreXML("0"), want: "400 MalformedXML", when: "fewer than 1 or more than 36,500 days"},
			{ask: "POST /{b}/cold?restore", body: restoreXML("36501"), want: "400 MalformedXML"},
			{ask: "POST /{b}/cold?restore", body: "<RestoreRequest><Type>SELECT</Type></RestoreRequest>", want: "501 NotImplemented", when: "a query (`SELECT`)"},
			{ask: "POST /{b}/cold?restore", body: restoreXML("1"), want: "202"},
			{ask: "POST /{b}/cold?restore", body: restoreXML("1"), want: "409 RestoreAlreadyInProgress", when: "the copy is being made"},
			{ask: "HEAD /{b}/cold", want: "200", has: `x-amz-restore: ongoing-request="true"`},
			{ask: "GET /{b}?list-type=2", header: []string{"X-Amz-Optional-Object-Attributes", "RestoreStatus"}, want: "200", has: "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"},
			{ask: "GET /{b}?list-type=2", header: []string{"X-Amz-Optional-Object-Attributes", "Owner"}, want: "400 InvalidArgument", when: "another attribute of a listing"},
		}},
		{calls: "SelectObjectContent", remark: "CSV, JSON and Parquet; GZIP and BZIP2; ScanRange; progress. See below", samples: []sample{
			{ask: "POST /{b}/key?select&select-type=2", body: selectXML(), want: "200", has: "hello"},
			{ask: "POST /{b}/key?select&select-type=2", body: selectXML("SELECT *", "SELEKT *"), want: "400 ParseUnexpectedToken", when: "what is no statement"},
			{ask: "POST /{b}/key?select&select-type=2", body: selectXML("SELECT *", "SELECT SLEEP(1)"), want: "400 UnsupportedFunction", when: "functions that S3 Select has not"},
			{ask: "POST /{b}/key?select&select-type=2", body: selectXML("</Expression>", " ORDER BY _1</Expression>"), want: "400 UnsupportedSqlStructure", when: "joins, groups and order"},
			{ask: "POST /{b}/key?select&select-type=2", body: selectXML("<CSV/></In", "<JSON><Type>LINES</Type></JSON></In"), want: "400 JSONParsingError", when: "what the object is not"},
		}},
		{about: "`x-amz-storage-class`", remark: "STANDARD and REDUCED_REDUNDANCY (less parity for large objects); a copy keeps its source's unless it names one", samples: []sample{
			{ask: "PUT /{b}/thin", body: "x", header: []string{"X-Amz-Storage-Class", "REDUCED_REDUNDANCY"}, want: "200"},
			{ask: "HEAD /{b}/thin", want: "200", has: "x-amz-storage-class: REDUCED_REDUNDANCY"},
			{ask: "PUT /{b}/cold", body: "x", header: []string{"X-Amz-Storage-Class", "GLACIER"}, want: "400 InvalidStorageClass", when: "others"},
		}},
		{about: "Storage class of what a tier keeps", state: "given", remark: "the tier's name (1 to 32 capital letters, digits, `-` and `_`; not STANDARD or REDUCED_REDUNDANCY), on GetObject, HeadObject and in listings. " +
			"Reads need no RestoreObject. While the tier is away they are `ServiceUnavailable` (503), with why; a body that the tier has lost is `InternalError`",
			with: func(c *Config) { c.Store = tiered{c.Store, c.Store.(objectstore.Versions)} }, samples: []sample{
				{ask: "HEAD /{b}/key", want: "200", has: "x-amz-storage-class: GLACIER"},
			}},
		{about: "`x-amz-server-side-encryption`", remark: "`AES256`, `aws:kms`", samples: []sample{
			{ask: "PUT /{b}/sealed", body: "x", header: []string{encryptionHeader, aes256}, want: "200", has: "x-amz-server-side-encryption: AES256"},
			{ask: "PUT /{b}/sealed", body: "x", header: []string{encryptionHeader, awsKMS}, want: "200", has: "x-amz-server-side-encryption: aws:kms"},
			{ask: "PUT /{b}/sealed", body: "x", header: []string{encryptionHeader, awsDSSE}, want: "501 NotImplemented", when: "`aws:kms:dsse`, and all where there is no master key"},
			{ask: "PUT /{b}/sealed", body: "x", header: []string{encryptionHeader, "ROT13"}, want: "400 InvalidArgument", when: "others, and any on calls that only read"},
			{ask: "HEAD /{b}/sealed", header: []string{encryptionHeader, awsKMS}, want: "400"},
		}},
		{about: "`x-amz-server-side-encryption-aws-kms-key-id`, `-context`", remark: "with `aws:kms`: any name of a key is taken, kept and given back, and the object is bound to it. See *Named keys* below", samples: []sample{
			{ask: "PUT /{b}/named", body: "x", header: pairs(teamKey, []string{contextHeader, tenant}), want: "200", has: "x-amz-server-side-encryption-context: " + tenant},
			{ask: "HEAD /{b}/named", want: "200", has: "x-amz-server-side-encryption-aws-kms-key-id: alias/team"},
			{ask: "PUT /{b}/named", body: "x", header: []string{encryptionHeader, aes256, keyIDHeader, "alias/team"}, want: "400 InvalidArgument", when: "without `aws:kms`, with a key of yours, what no key can be called, a context that is no JSON object of texts in base64"},
			{ask: "PUT /{b}/named", body: "x", header: pairs(teamKey, mine), want: "400 InvalidArgument"},
			{ask: "PUT /{b}/named", body: "x", header: []string{encryptionHeader, awsKMS, keyIDHeader, "two words"}, want: "400 InvalidArgument"},
			{ask: "PUT /{b}/named", body: "x", header: []string{encryptionHeader, awsKMS, contextHeader, "x"}, want: "400 InvalidArgument"},
		}},
		{about: "Encryption with keys of yours (SSE-C)", remark: "on PutObject, all of multipart, GetObject, HeadObject, CopyObject and UploadPartCopy with `x-amz-copy-source-…`. " +
			"Allowed without TLS, for Croft may stand behind a proxy that has it: whoever sends keys has to see to it that they travel encrypted", samples: []sample{
			{ask: "PUT /{b}/mine", body: "x", header: mine, want: "200"},
			{ask: "GET /{b}/mine", header: mine, want: "200", has: "x"},
			{ask: "GET /{b}/mine", want: "400 InvalidRequest", when: "without the key, also for HeadObject; with another than an upload was begun with"},
			{ask: "HEAD /{b}/mine", want: "400"},
			{ask: "GET /{b}/mine", header: other, want: "403 AccessDenied", when: "with another key"},
		}},
		{about: "`x-amz-website-redirect-location`", remark: "on put, copy, multipart and forms; given back, never copied along", samples: []sample{
			{ask: "PUT /{b}/page", body: "x", header: []string{redirectHeader, "/other"}, want: "200"},
			{ask: "HEAD /{b}/page", want: "200", has: "x-amz-website-redirect-location: /other"},
			{ask: "PUT /{b}/page", body: "x", header: []string{redirectHeader, "other"}, want: "400 InvalidRedirectLocation", when: "neither a path nor a URL"},
		}},
		{about: "Keys", remark: "see below", samples: []sample{
			{ask: "PUT /{b}/..%2F%2525//a%0A/", body: "x", want: "200"},
			{ask: "GET /{b}?list-type=2&encoding-type=url", want: "200", has: "<Key>../%2525//a%0A/</Key>"},
			{ask: "PUT /{b}/" + strings.Repeat("k", 1025), body: "x", want: "400 KeyTooLongError", when: "longer than 1,024 bytes"},
			{ask: "PUT /{b}/a%00b", body: "x", want: "400 InvalidArgument", when: "NUL"},
			{ask: "PUT /{b}/a%ff", body: "x", want: "400 InvalidURI", when: "what is not UTF-8"},
		}},
	}
}
