package s3api

import "strings"

// accessRows are the calls about who may reach a bucket and its objects.
func accessRows() []row {
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{b}/*"}]}`
	const owned = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
	const block = "<PublicAccessBlockConfiguration><BlockPublicPolicy>true</BlockPublicPolicy></PublicAccessBlockConfiguration>"
	return []row{
		{calls: "PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus", remark: "the whole language, 20 KiB. See below. The status heeds the bucket's ACL as well, and there is one without a policy", samples: []sample{
			{ask: "GET /{b}?policy", want: "404 NoSuchBucketPolicy", when: "there is none"},
			{ask: "GET /{b}?policyStatus", want: "200", has: "<IsPublic>false</IsPublic>"},
			{ask: "PUT /{b}?policy", body: `{"Statement":{"Effect":"Allow"}}`, want: "400 MalformedPolicy", when: "anything is wrong with it: line, column, element and what to do", has: "line 1"},
			{ask: "PUT /{b}?policy", body: policy, want: "204"},
			{ask: "GET /{b}?policy", want: "200", has: "s3:GetObject"},
			{ask: "GET /{b}?policyStatus", want: "200", has: "<IsPublic>true</IsPublic>"},
			{ask: "DELETE /{b}?policy", want: "204"},
			{ask: "PUT /{b}?publicAccessBlock", body: block, want: "200"},
			{ask: "PUT /{b}?policy", body: policy, want: "403 AccessDenied", when: "the public access block forbids it"},
		}},
		{calls: "PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock", remark: "all four flags", samples: []sample{
			{ask: "GET /{b}?publicAccessBlock", want: "404 NoSuchPublicAccessBlockConfiguration", when: "there is none"},
			{ask: "PUT /{b}?publicAccessBlock", body: block, want: "200"},
			{ask: "GET /{b}?publicAccessBlock", want: "200", has: "<BlockPublicPolicy>true</BlockPublicPolicy>"},
			{ask: "DELETE /{b}?publicAccessBlock", want: "204"},
			{ask: "PUT /{b}?publicAccessBlock", body: "<x/>", want: "400 MalformedXML", when: "another document"},
		}},
		{calls: "PutBucketOwnershipControls, GetBucketOwnershipControls, DeleteBucketOwnershipControls", remark: "`x-amz-object-ownership` on CreateBucket; see *ACLs* for what holds where there are none", samples: []sample{
			{ask: "GET /{b}?ownershipControls", want: "404 OwnershipControlsNotFoundError", when: "there are none"},
			{ask: "PUT /{b}?ownershipControls", body: owned, want: "200"},
			{ask: "GET /{b}?ownershipControls", want: "200", has: "ObjectWriter"},
			{ask: "DELETE /{b}?ownershipControls", want: "204"},
			{ask: "PUT /{b}?ownershipControls", body: "<OwnershipControls/>", want: "400 MalformedXML", when: "another document"},
			{ask: "PUT /{b}-new", header: []string{"X-Amz-Object-Ownership", "Mine"}, want: "400 InvalidArgument", when: "an ownership that is none"},
		}},
		{calls: "PutBucketAcl, GetBucketAcl, PutObjectAcl, GetObjectAcl", remark: "and `x-amz-acl`, `x-amz-grant-…`, where ownership is not `BucketOwnerEnforced`", samples: []sample{
			{ask: "PUT /{b}/key?acl", header: []string{"X-Amz-Acl", "public-read"}, want: "200"},
			{ask: "PUT /{b}?ownershipControls", body: strings.Replace(owned, "ObjectWriter", "BucketOwnerEnforced", 1), want: "200"},
			{ask: "PUT /{b}/key?acl", header: []string{"X-Amz-Acl", "public-read"}, want: "400 AccessControlListNotSupported", when: "it is, for all but private ones"},
			{ask: "PUT /{b}?ownershipControls", body: owned, want: "200"},
			{ask: "PUT /{b}?acl", header: []string{"X-Amz-Grant-Read", `id="ada"`}, want: "200"},
			{ask: "GET /{b}?acl", want: "200", has: "<ID>ada</ID>"},
			{ask: "PUT /{b}/key?acl", body: aclBody(grantBody("<URI>"+groupUsers+"</URI>", "READ")), want: "200"},
			{ask: "GET /{b}/key?acl", want: "200", has: groupUsers},
			{ask: "PUT /{b}/new", body: "x", header: []string{"X-Amz-Acl", "public-read"}, want: "200"},
			{ask: "PUT /{b}/key?acl", want: "400 MissingSecurityHeader", when: "neither a header nor a body"},
			{ask: "PUT /{b}/key?acl", body: "<x/>", want: "400 MalformedACLError", when: "another document"},
			{ask: "PUT /{b}/key?acl", body: aclBody(grantBody("<EmailAddress>a@example.com</EmailAddress>", "READ")), want: "400 UnresolvableGrantByEmailAddress", when: "by mail"},
			{ask: "PUT /{b}?ownershipControls", body: "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>", want: "400 InvalidBucketAclWithObjectOwnership"},
		}},
		{about: "`x-amz-expected-bucket-owner`", remark: "`croft` or the account", samples: []sample{
			{ask: "GET /{b}", header: []string{"X-Amz-Expected-Bucket-Owner", ownerID}, want: "200"},
			{ask: "GET /{b}", header: []string{"X-Amz-Expected-Bucket-Owner", "123456789012"}, want: "403 AccessDenied", when: "another"},
		}},
	}
}
