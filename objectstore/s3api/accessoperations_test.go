package s3api

import (
	"net/http"
	"strings"
	"testing"

	"croft/objectstore/policy"
)

// TestEveryPermissionIsKnown: what is asked for is what policies can speak of.
func TestEveryPermissionIsKnown(t *testing.T) {
	for _, c := range Calls() {
		if !policy.Known(c.Permission) {
			t.Errorf("%s asks for %s, which no policy can name", c.Name, c.Permission)
		}
	}
	for plain, version := range ofVersions {
		if !policy.Known(plain) || !policy.Known(version) {
			t.Errorf("%s, %s: no policy can name both", plain, version)
		}
	}
	for _, b := range besides {
		if !policy.Known(b.permission) {
			t.Errorf("no policy can name %s", b.permission)
		}
	}
}

func TestBucketPolicyCalls(t *testing.T) {
	f := start(t).bucket("bucket")
	check := func(a answer, status int, code, part string) {
		t.Helper()
		if a.status != status || a.code() != code || !strings.Contains(a.body, part) {
			t.Errorf("%d %q %s, want %d %s %s", a.status, a.code(), a.body, status, code, part)
		}
	}
	const text = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]}`
	check(f.call("GET", "/bucket?policy", ""), 404, "NoSuchBucketPolicy", "")
	check(f.call("GET", "/bucket?policyStatus", ""), 200, "", "<IsPublic>false</IsPublic>")
	check(f.call("PUT", "/bucket?policy", strings.Replace(text, "GetObject", "GetObjekt", 1)), 400, "MalformedPolicy", "line 1, column 81, Statement[0].Action")
	check(f.call("PUT", "/bucket?policy", strings.Repeat(" ", policy.MaxBytes)+text), 400, "MalformedPolicy", "at most 20480 bytes")
	check(f.call("PUT", "/none?policy", text), 400, "MalformedPolicy", "about that bucket")
	check(f.call("PUT", "/bucket?policy", text), 204, "", "")
	got := f.call("GET", "/bucket?policy", "")
	check(got, 200, "", "")
	if got.body != text || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s", got.header, got.body)
	}
	check(f.call("GET", "/bucket?policyStatus", ""), 200, "", "<IsPublic>true</IsPublic>")
	check(f.call("DELETE", "/bucket?policy", ""), 204, "", "")
	check(f.call("DELETE", "/bucket?policy", ""), 204, "", "")
	check(f.call("GET", "/bucket?policy", ""), 404, "NoSuchBucketPolicy", "")

	check(f.call("GET", "/bucket?publicAccessBlock", ""), 404, "NoSuchPublicAccessBlockConfiguration", "")
	check(f.call("PUT", "/bucket?publicAccessBlock", `<PublicAccessBlockConfiguration xmlns="`+xmlNamespace+`"><BlockPublicPolicy>TRUE</BlockPublicPolicy><IgnorePublicAcls>false</IgnorePublicAcls></PublicAccessBlockConfiguration>`), 200, "", "")
	check(f.call("GET", "/bucket?publicAccessBlock", ""), 200, "", "<BlockPublicAcls>false</BlockPublicAcls><IgnorePublicAcls>false</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>")
	check(f.call("PUT", "/bucket?policy", text), 403, "AccessDenied", "public access block")
	for _, bad := range []string{"", "<x/>", "<PublicAccessBlockConfiguration><BlockAll>true</BlockAll></PublicAccessBlockConfiguration>", "<PublicAccessBlockConfiguration><BlockPublicAcls>yes</BlockPublicAcls></PublicAccessBlockConfiguration>"} {
		check(f.call("PUT", "/bucket?publicAccessBlock", bad), 400, "MalformedXML", "")
	}
	check(f.call("DELETE", "/bucket?publicAccessBlock", ""), 204, "", "")
	check(f.call("PUT", "/bucket?policy", text), 204, "", "")

	check(f.call("GET", "/bucket?ownershipControls", ""), 404, "OwnershipControlsNotFoundError", "")
	check(f.call("PUT", "/bucket?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"), 200, "", "")
	check(f.call("GET", "/bucket?ownershipControls", ""), 200, "", "<ObjectOwnership>ObjectWriter</ObjectOwnership>")
	for _, bad := range []string{"", "<OwnershipControls/>", "<OwnershipControls><Rule><ObjectOwnership>Mine</ObjectOwnership></Rule></OwnershipControls>", "<OwnershipControls><Rule/><Rule/></OwnershipControls>"} {
		check(f.call("PUT", "/bucket?ownershipControls", bad), 400, "MalformedXML", "")
	}
	check(f.call("DELETE", "/bucket?ownershipControls", ""), 204, "", "")
	check(f.call("GET", "/bucket?ownershipControls", ""), 404, "OwnershipControlsNotFoundError", "")

	check(f.call("PUT", "/new", "", "X-Amz-Object-Ownership", "BucketOwnerPreferred", "X-Amz-Acl", "public-read"), 200, "", "")
	check(f.call("GET", "/new?acl", ""), 200, "", "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission>")
	check(f.call("PUT", "/new?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"), 400, "InvalidBucketAclWithObjectOwnership", "")
	check(f.call("PUT", "/new2", "", "X-Amz-Object-Ownership", "Mine"), 400, "InvalidArgument", "")
	check(f.call("PUT", "/new2", "", "X-Amz-Acl", "authenticated-read"), 200, "", "")
	check(f.call("GET", "/new2?policyStatus", ""), 200, "", "<IsPublic>true</IsPublic>")
	check(f.call("PUT", "/new2?acl", aclBody("")), 200, "", "")
	if a := f.call("GET", "/new2?acl", ""); strings.Contains(a.body, "<Grant>") {
		t.Error(a.body)
	}
}

// TestAccessNeedsAStoreThatKeepsIt: of a bucket that is elsewhere nothing of this can
// be set, and nothing is pretended.
func TestAccessNeedsAStoreThatKeepsIt(t *testing.T) {
	f := start(t, func(c *Config) { c.Store = plainStore{c.Store} }).bucket("bucket")
	f.put("bucket", "key", "x")
	for _, c := range []struct {
		method, target, body string
		header               []string
	}{
		{"PUT", "/bucket?policy", `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}}`, nil},
		{"DELETE", "/bucket?policy", "", nil},
		{"PUT", "/bucket?publicAccessBlock", "<PublicAccessBlockConfiguration/>", nil},
		{"DELETE", "/bucket?publicAccessBlock", "", nil},
		{"PUT", "/bucket?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>", nil},
		{"DELETE", "/bucket?ownershipControls", "", nil},
		{"PUT", "/bucket?acl", "", []string{"X-Amz-Acl", "private"}},
		{"PUT", "/bucket/key?acl", "", []string{"X-Amz-Acl", "private"}},
		{"PUT", "/other", "", []string{"X-Amz-Object-Ownership", "ObjectWriter"}},
	} {
		if a := f.call(c.method, c.target, c.body, c.header...); a.code() != "NotImplemented" {
			t.Errorf("%s %s: %d %s", c.method, c.target, a.status, a.body)
		}
	}
	for target, code := range map[string]string{
		"/bucket?policy": "NoSuchBucketPolicy", "/bucket?publicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
		"/bucket?ownershipControls": "", "/bucket?acl": "", "/bucket/key?acl": "",
	} {
		if a := f.call("GET", target, ""); a.code() != code {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
}

func TestExpectedOwner(t *testing.T) {
	f := start(t).bucket("bucket")
	for owner, status := range map[string]int{ownerID: 200, policy.Account: 200, "123456789012": 403} {
		if a := f.call("GET", "/bucket", "", "X-Amz-Expected-Bucket-Owner", owner); a.status != status {
			t.Errorf("%s: %d %s", owner, a.status, a.body)
		}
	}
}

func aclBody(grants string) string {
	return `<AccessControlPolicy xmlns="` + xmlNamespace + `"><Owner><ID>croft</ID></Owner><AccessControlList>` + grants + `</AccessControlList></AccessControlPolicy>`
}

func grantBody(grantee, permission string) string {
	return `<Grant><Grantee xmlns:xsi="` + xsi + `" xsi:type="x">` + grantee + `</Grantee><Permission>` + permission + `</Permission></Grant>`
}

func TestACLBodies(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "key", "x")
	f.call("PUT", "/bucket?ownershipControls", "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>")
	group := func(uri string) string { return "<URI>" + uri + "</URI>" }
	for _, c := range []struct {
		name, body string
		header     []string
		status     int
		code       string
	}{
		{"nothing", "", nil, 400, "MissingSecurityHeader"},
		{"no XML", "{", nil, 400, "MalformedACLError"},
		{"no owner", "<AccessControlPolicy><AccessControlList/></AccessControlPolicy>", nil, 400, "MalformedACLError"},
		{"another owner", strings.Replace(aclBody(""), "croft", "eve", 1), nil, 403, "AccessDenied"},
		{"unknown permission", aclBody(grantBody("<ID>ada</ID>", "EXECUTE")), nil, 400, "MalformedACLError"},
		{"two grantees in one", aclBody(grantBody("<ID>ada</ID>"+group(groupUsers), "READ")), nil, 400, "MalformedACLError"},
		{"unknown group", aclBody(grantBody(group("http://example.com/"), "READ")), nil, 400, "InvalidArgument"},
		{"by mail", aclBody(grantBody("<EmailAddress>a@example.com</EmailAddress>", "READ")), nil, 400, "UnresolvableGrantByEmailAddress"},
		{"not a name", aclBody(grantBody("<ID>:everybody</ID>", "READ")), nil, 400, "InvalidArgument"},
		{"too many", aclBody(strings.Repeat(grantBody("<ID>ada</ID>", "READ"), 101)), nil, 400, "MalformedACLError"},
		{"body and header", aclBody(""), []string{"X-Amz-Acl", "private"}, 400, "UnexpectedContent"},
		{"both headers", "", []string{"X-Amz-Acl", "private", "X-Amz-Grant-Read", `id="ada"`}, 400, "InvalidRequest"},
		{"unknown canned", "", []string{"X-Amz-Acl", "open"}, 400, "InvalidArgument"},
		{"unknown kind", "", []string{"X-Amz-Grant-Read", `name="ada"`}, 400, "InvalidArgument"},
		{"no kind", "", []string{"X-Amz-Grant-Read", `ada`}, 400, "InvalidArgument"},
		{"a body", aclBody(grantBody("<ID>croft</ID><DisplayName>croft</DisplayName>", "FULL_CONTROL") + grantBody("<ID>ada</ID>", "WRITE_ACP") + grantBody(group(groupUsers), "READ")), nil, 200, ""},
		{"headers", "", []string{"X-Amz-Grant-Read", `id="ada", uri="` + groupEverybody + `"`, "X-Amz-Grant-Full-Control", "id=croft"}, 200, ""},
		{"logs", "", []string{"X-Amz-Acl", "log-delivery-write"}, 200, ""},
	} {
		for _, target := range []string{"/bucket?acl", "/bucket/key?acl"} {
			a := f.call(http.MethodPut, target, c.body, c.header...)
			if a.status != c.status || a.code() != c.code {
				t.Errorf("%s, %s: %d %s", c.name, target, a.status, a.body)
			}
			if c.status == 200 {
				// What is given back is taken again.
				is := f.call(http.MethodGet, target, "")
				if a := f.call(http.MethodPut, target, is.body); a.status != 200 {
					t.Errorf("%s, %s: %d %s of %s", c.name, target, a.status, a.body, is.body)
				}
				if again := f.call(http.MethodGet, target, ""); again.body != is.body {
					t.Errorf("%s, %s: %s became %s", c.name, target, is.body, again.body)
				}
			}
		}
	}
	f.call("PUT", "/bucket/parts", "", "X-Amz-Acl", "public-read")
	upload := f.begin("/bucket/parts", "X-Amz-Acl", "authenticated-read")
	etag := f.part(upload, 1, "part")
	f.call("POST", upload, completeBody(etag))
	if a := f.call("GET", "/bucket/parts?acl", ""); !strings.Contains(a.body, groupUsers) {
		t.Errorf("an upload in parts: %d %s", a.status, a.body)
	}
}

func FuzzReadACL(f *testing.F) {
	f.Add([]byte(aclBody(grantBody("<ID>ada</ID>", "READ"))))
	f.Add([]byte(aclBody(grantBody("<URI>"+groupUsers+"</URI>", "WRITE"))))
	f.Fuzz(func(t *testing.T, data []byte) {
		acl, err := readACL(data)
		if err != nil && translate(err).status() >= 500 {
			t.Fatal(err)
		}
		if err == nil && len(acl) > 100 {
			t.Fatal(len(acl))
		}
	})
}
