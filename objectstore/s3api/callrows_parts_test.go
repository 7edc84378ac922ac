package s3api

// partRows are the calls of uploads in parts.
func partRows() []row {
	return []row{
		{calls: "CreateMultipartUpload, UploadPart, UploadPartCopy, CompleteMultipartUpload", remark: "parts 1 to 10,000, each but the last at least 5 MiB; `x-amz-mp-object-size`, " +
			"part and object checksums, `If-None-Match: *`, `If-Match`; completing again after success succeeds", samples: []sample{
			{ask: "POST /{b}/big?uploads", header: []string{"X-Amz-Checksum-Algorithm", "CRC32"}, want: "200"},
			{ask: "PUT /{b}/big?uploadId={upload}&partNumber=1", body: "one", want: "200"},
			{ask: "PUT /{b}/big?uploadId={upload}&partNumber=2", header: []string{copySource, "/{b}/key", "X-Amz-Copy-Source-Range", "bytes=0-1"}, want: "200", has: "<CopyPartResult"},
			{ask: "PUT /{b}/big?uploadId={upload}&partNumber=10001", body: "x", want: "400 InvalidArgument", when: "a part number that cannot be"},
			{ask: "PUT /{b}/big?uploadId={upload}&partNumber=1", body: "one", want: "200"},
			{ask: "POST /{b}/big?uploadId={upload}", body: completeBody("2b2f8a0e8e4d1bf5d4c1ef4cbb1b2a5b"), want: "400 InvalidPart", when: "a part that is not there, or was another"},
			{ask: "PUT /{b}/big?uploadId={upload}&partNumber=2", body: "one", want: "200"},
			{ask: "POST /{b}/big?uploadId={upload}", body: "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>{etag}</ETag></Part><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>", want: "400 InvalidPartOrder", when: "not in their order"},
			{ask: "POST /{b}/big?uploadId={upload}", body: completeBody("{etag}", "{etag}"), want: "400 EntityTooSmall", when: "a part that is too small"},
			{ask: "POST /{b}/big?uploadId={upload}", body: "<CompleteMultipartUpload/>", want: "400 MalformedXML", when: "no parts"},
			{ask: "POST /{b}/big?uploadId={upload}", body: completeBody("{etag}"), header: []string{"X-Amz-Mp-Object-Size", "4"}, want: "400 InvalidRequest", when: "another size"},
			{ask: "POST /{b}/big?uploadId={upload}", body: completeBody("{etag}"), header: []string{"X-Amz-Mp-Object-Size", "3"}, want: "200", has: "<CompleteMultipartUploadResult"},
			{ask: "PUT /{b}/big?uploadId=none&partNumber=1", body: "x", want: "404 NoSuchUpload", when: "there is none"},
		}},
		{calls: "AbortMultipartUpload, ListParts, ListMultipartUploads", remark: "whoever began an upload may abort it and list its parts; `Initiator` is the ARN of the user", samples: []sample{
			{ask: "POST /{b}/big?uploads", want: "200"},
			{ask: "GET /{b}/big?uploadId={upload}&max-parts=1", want: "200", has: "<Initiator><ID>arn:aws:iam::000000000000:user/ada</ID><DisplayName>ada</DisplayName></Initiator>"},
			{ask: "GET /{b}?uploads&prefix=b", want: "200", has: "<UploadId>{upload}</UploadId>"},
			{ask: "DELETE /{b}/big?uploadId={upload}", want: "204"},
			{ask: "GET /{b}/big?uploadId={upload}", want: "404 NoSuchUpload", when: "there is none"},
		}},
	}
}
