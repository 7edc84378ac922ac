package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/grants"
)

func contains(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

const (
	get = http.MethodGet
	put = http.MethodPut
)

func TestPolicyAllowsBesideRoles(t *testing.T) {
	w := newAccessWorld(t)
	w.put("open/a", "text")
	w.put("shut/a", "text")
	w.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/open/*"}`,
		`{"Effect":"Allow","Principal":{"AWS":["stranger"]},"Action":["s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::web-data/in/*"}`,
		`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::*:user/stranger"},"Action":"s3:PutBucketTagging","Resource":"arn:aws:s3:::web-data"}`)
	w.want("what is open", 200, "", "", get, "web-data", "open/a", nil, "")
	w.want("what is open", 200, "", "", http.MethodHead, "web-data", "open/a", nil, "")
	w.want("what is not", 403, "AccessDenied", "", get, "web-data", "shut/a", nil, "")
	w.want("what is not there", 403, "AccessDenied", "", get, "web-data", "open/none", nil, "")
	w.want("a listing", 403, "AccessDenied", "", get, "web-data", "", nil, "")
	w.want("writing", 403, "AccessDenied", "", put, "web-data", "open/b", nil, "x")
	w.want("a stranger reads what is open", 200, "", "stranger", get, "web-data", "open/a", nil, "")
	w.want("a stranger writes where allowed", 200, "", "stranger", put, "web-data", "in/a", nil, "x")
	w.want("and not elsewhere", 403, "AccessDenied", "stranger", put, "web-data", "out/a", nil, "x")
	w.want("a share key only reads", 403, "AccessDenied", "share", put, "web-data", "in/a", nil, "x")
	w.want("a share key reads what is open", 200, "", "share", get, "web-data", "open/a", nil, "")
	w.want("a limited key stays at home", 403, "AccessDenied", "limited", put, "web-data", "in/a", nil, "x")
	w.want("settings too can be allowed", 204, "", "stranger", put, "web-data", "", url.Values{"tagging": {""}}, "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>")
	if _, _, text := w.ask("stranger", http.MethodPost, "web-data", "", url.Values{"delete": {""}}, "<Delete><Object><Key>in/a</Key></Object><Object><Key>open/a</Key></Object></Delete>"); !contains(text, "<Deleted><Key>in/a</Key></Deleted>", "<Error><Key>open/a</Key><Code>AccessDenied</Code>") {
		t.Errorf("deleting many: %s", text)
	}
	if _, err := w.engine.Head(t.Context(), "web-data", "open/a"); err != nil {
		t.Error(err)
	}
	if _, _, text := w.ask("stranger", get, "", "", nil, ""); strings.Contains(text, "web-data") {
		t.Errorf("a public bucket is listed to everybody: %s", text)
	}
}

// TestDeletingManyWhereNoneMayBe: the request is refused as a whole, body unread.
func TestDeletingManyWhereNoneMayBe(t *testing.T) {
	w := newAccessWorld(t)
	w.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}`)
	many := url.Values{"delete": {""}}
	const body = "<Delete><Object><Key>a</Key></Object></Delete>"
	w.want("a stranger", 403, "AccessDenied", "stranger", http.MethodPost, "web-data", "", many, body)
	w.want("nobody", 403, "AccessDenied", "", http.MethodPost, "web-data", "", many, body)
	w.want("a reader", 403, "AccessDenied", "reader", http.MethodPost, "web-data", "", many, body)
}

func TestPolicyDenies(t *testing.T) {
	w := newAccessWorld(t)
	w.put("kept/a", "text")
	w.put("b", "text")
	w.policy(`{"Effect":"Deny","Principal":"*","Action":["s3:DeleteObject","s3:PutObject"],"Resource":"arn:aws:s3:::web-data/kept/*"}`,
		`{"Effect":"Deny","NotPrincipal":{"AWS":"ada"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/kept/*"}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::web-data","Condition":{"StringNotLike":{"s3:prefix":"kept/*"}}}`)
	w.want("an administrator", 403, "AccessDenied", "boss", http.MethodDelete, "web-data", "kept/a", nil, "")
	w.want("an owner overwrites", 403, "AccessDenied", "ada", put, "web-data", "kept/a", nil, "x")
	w.want("an owner copies over", 403, "AccessDenied", "ada", put, "web-data", "kept/a", url.Values{"x-amz-copy-source": {"/web-data/b"}}, "")
	w.want("an owner reads", 200, "", "ada", get, "web-data", "kept/a", nil, "")
	w.want("others do not", 403, "AccessDenied", "writer", get, "web-data", "kept/a", nil, "")
	w.want("nor by copying out", 403, "AccessDenied", "writer", put, "web-data", "c", url.Values{"x-amz-copy-source": {"/web-data/kept/a"}}, "")
	w.want("a listing of all", 403, "AccessDenied", "ada", get, "web-data", "", nil, "")
	w.want("a listing of some", 200, "", "ada", get, "web-data", "", url.Values{"prefix": {"kept/x"}}, "")
	_, _, text := w.ask("writer", http.MethodPost, "web-data", "", url.Values{"delete": {""}}, "<Delete><Object><Key>kept/a</Key></Object><Object><Key>b</Key></Object></Delete>")
	if !contains(text, "<Deleted><Key>b</Key></Deleted>", "<Error><Key>kept/a</Key><Code>AccessDenied</Code>") {
		t.Errorf("deleting many: %s", text)
	}
	if _, err := w.engine.Head(t.Context(), "web-data", "kept/a"); err != nil {
		t.Error(err)
	}
}

func TestConditionsSeeTheRequest(t *testing.T) {
	w := newAccessWorld(t)
	w.put("stranger/a", "text")
	o := w.put("tagged", "text")
	if _, err := w.engine.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: o.Bucket, Key: o.Key}, false, func(a *objectstore.Attributes) error {
		a.Tags = map[string]string{"public": "yes"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.put("plain", "text")
	w.policy(`{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"},"StringEquals":{"aws:PrincipalAccount":"000000000000","s3:authType":"REST-QUERY-STRING"}}}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/public":"yes"}}}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringLike":{"aws:UserAgent":"bad*"}}}`)
	w.want("one's own folder", 200, "", "stranger", get, "web-data", "stranger/a", nil, "")
	w.want("nobody has one", 403, "AccessDenied", "", get, "web-data", "stranger/a", nil, "")
	w.want("a tagged object", 200, "", "", get, "web-data", "tagged", nil, "")
	w.want("one without", 403, "AccessDenied", "", get, "web-data", "plain", nil, "")
}

// What tags a request gives may be in its body.
func TestConditionsSeeTags(t *testing.T) {
	w := newAccessWorld(t)
	o := w.put("a", "text")
	w.policy(`{"Effect":"Allow","Principal":{"AWS":"stranger"},"Action":"s3:PutObjectTagging","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringEquals":{"s3:RequestObjectTag/state":"checked"},"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["state","by"]}}}`,
		`{"Effect":"Deny","Principal":"*","Action":"s3:PutObjectTagging","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringEquals":{"s3:RequestObjectTag/secret":"yes"}}}`)
	tags := func(pairs ...string) string {
		text := "<Tagging><TagSet>"
		for i := 0; i < len(pairs); i += 2 {
			text += "<Tag><Key>" + pairs[i] + "</Key><Value>" + pairs[i+1] + "</Value></Tag>"
		}
		return text + "</TagSet></Tagging>"
	}
	tagging := url.Values{"tagging": {""}}
	w.want("the tag that is allowed", 200, "", "stranger", put, "web-data", "a", tagging, tags("state", "checked", "by", "me"))
	w.want("another value", 403, "AccessDenied", "stranger", put, "web-data", "a", tagging, tags("state", "new"))
	w.want("another tag besides", 403, "AccessDenied", "stranger", put, "web-data", "a", tagging, tags("state", "checked", "more", "x"))
	w.want("none", 403, "AccessDenied", "stranger", put, "web-data", "a", tagging, tags())
	w.want("what is no document", 403, "AccessDenied", "stranger", put, "web-data", "a", tagging, "<Tagging>")
	w.want("one that is denied", 403, "AccessDenied", "ada", put, "web-data", "a", tagging, tags("secret", "yes"))
	w.want("no document of who may", 400, "MalformedXML", "ada", put, "web-data", "a", tagging, "<Tagging>")
	w.want("others may go on", 200, "", "ada", put, "web-data", "a", tagging, tags("secret", "no"))
	now, err := w.engine.Head(t.Context(), o.Bucket, o.Key)
	if err != nil || len(now.Attributes.Tags) != 1 || now.Attributes.Tags["secret"] != "no" {
		t.Errorf("%v, %v", now.Attributes.Tags, err)
	}
}

func TestPublicAccessBlock(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	const public = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}`
	w.policy(public)
	w.want("under a public policy", 200, "", "", get, "web-data", "a", nil, "")
	w.set(grants.BlockDocument, grants.Block{RestrictPublicBuckets: true}.Text())
	w.want("restricted, nobody", 403, "AccessDenied", "", get, "web-data", "a", nil, "")
	w.want("restricted, a user", 200, "", "stranger", get, "web-data", "a", nil, "")
	w.set(grants.BlockDocument, grants.Block{BlockPublicPolicy: true}.Text())
	policy := url.Values{"policy": {""}}
	w.want("a public policy is refused", 403, "AccessDenied", "ada", put, "web-data", "", policy, `{"Statement":`+public+`}`)
	w.want("one that is not is taken", 204, "", "ada", put, "web-data", "", policy, `{"Statement":`+strings.Replace(public, `"*"`, `{"AWS":"stranger"}`, 1)+`}`)

	w.policy()
	w.set(grants.BlockDocument, "")
	w.set(grants.OwnershipDocument, string(grants.ObjectWriter))
	acl := url.Values{"acl": {""}, "x-amz-acl": {"public-read"}}
	w.want("a public ACL", 200, "", "writer", put, "web-data", "a", acl, "")
	w.want("under it", 200, "", "", get, "web-data", "a", nil, "")
	w.set(grants.BlockDocument, grants.Block{IgnorePublicACLs: true}.Text())
	w.want("ignored", 403, "AccessDenied", "", get, "web-data", "a", nil, "")
	w.set(grants.BlockDocument, grants.Block{BlockPublicACLs: true}.Text())
	w.want("one that is set counts", 200, "", "", get, "web-data", "a", nil, "")
	w.want("another is refused", 403, "AccessDenied", "writer", put, "web-data", "a", acl, "")
	w.want("so with an upload", 403, "AccessDenied", "writer", put, "web-data", "b", url.Values{"x-amz-acl": {"public-read"}}, "x")
	w.want("so for the bucket", 403, "AccessDenied", "ada", put, "web-data", "", acl, "")
	w.want("a private one is taken", 200, "", "writer", put, "web-data", "a", url.Values{"acl": {""}, "x-amz-acl": {"private"}}, "")
	w.want("and holds", 403, "AccessDenied", "", get, "web-data", "a", nil, "")
}

func TestACLs(t *testing.T) {
	const enforced = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
	w := newAccessWorld(t)
	w.put("a", "text")
	acl := func(name string) url.Values { return url.Values{"acl": {""}, "x-amz-acl": {name}} }
	w.want("until the bucket uses ACLs a writer does not publish", 403, "AccessDenied", "writer", put, "web-data", "a", acl("public-read"), "")
	w.want("nor with an upload", 403, "AccessDenied", "writer", put, "web-data", "b", url.Values{"x-amz-acl": {"public-read"}}, "x")
	w.want("which was not taken", 404, "NoSuchKey", "ada", get, "web-data", "b", nil, "")
	w.want("nor to one user", 403, "AccessDenied", "writer", put, "web-data", "a", url.Values{"acl": {""}, "x-amz-grant-read": {`id="stranger"`}}, "")
	w.want("who may change the bucket does", 200, "", "ada", put, "web-data", "a", acl("public-read"), "")
	w.want("to everybody", 200, "", "", get, "web-data", "a", nil, "")
	w.want("and takes it back", 200, "", "ada", put, "web-data", "a", acl("private"), "")
	w.set(grants.OwnershipDocument, string(grants.OwnerEnforced))
	w.want("while the owner is enforced", 400, "AccessControlListNotSupported", "ada", put, "web-data", "a", acl("public-read"), "")
	w.want("so for the bucket", 400, "AccessControlListNotSupported", "ada", put, "web-data", "", acl("public-read"), "")
	w.want("so with an upload", 400, "AccessControlListNotSupported", "ada", put, "web-data", "b", url.Values{"x-amz-acl": {"public-read"}}, "x")
	w.want("but private is no change", 200, "", "ada", put, "web-data", "a", acl("private"), "")
	w.set(grants.OwnershipDocument, string(grants.OwnerPreferred))
	w.want("an upload with an ACL", 200, "", "writer", put, "web-data", "open", url.Values{"x-amz-acl": {"public-read"}}, "x")
	w.want("is everybody's", 200, "", "", get, "web-data", "open", nil, "")
	w.want("others are not", 403, "AccessDenied", "", get, "web-data", "a", nil, "")
	w.want("a copy is private", 200, "", "writer", put, "web-data", "copy", url.Values{"x-amz-copy-source": {"/web-data/open"}}, "")
	w.want("a copy is private", 403, "AccessDenied", "", get, "web-data", "copy", nil, "")
	w.want("unless it says otherwise", 200, "", "writer", put, "web-data", "copy", url.Values{"x-amz-copy-source": {"/web-data/open"}, "x-amz-acl": {"authenticated-read"}}, "")
	w.want("for users", 200, "", "stranger", get, "web-data", "copy", nil, "")
	w.want("not for nobody", 403, "AccessDenied", "", get, "web-data", "copy", nil, "")
	w.want("a grant to a user", 200, "", "writer", put, "web-data", "a", url.Values{"acl": {""}, "x-amz-grant-read": {`id="stranger"`}}, "")
	w.want("lets the user in", 200, "", "stranger", get, "web-data", "a", nil, "")
	w.want("nobody is called so", 400, "InvalidArgument", "writer", put, "web-data", "a", url.Values{"acl": {""}, "x-amz-grant-read": {`id="nobody-here"`}}, "")
	w.want("nor with an upload", 400, "InvalidArgument", "writer", put, "web-data", "b", url.Values{"x-amz-grant-read": {`id="nobody-here"`}}, "x")
	w.want("a limited key stays at home", 403, "AccessDenied", "limited", get, "web-data", "a", nil, "")
	w.want("a reader may not grant", 403, "AccessDenied", "reader", put, "web-data", "a", acl("public-read"), "")
	w.want("a writer not on the bucket", 403, "AccessDenied", "writer", put, "web-data", "", acl("public-read"), "")
	w.want("a bucket everybody reads and writes", 200, "", "ada", put, "web-data", "", acl("public-read-write"), "")
	w.want("a listing", 200, "", "", get, "web-data", "", nil, "")
	w.want("an upload", 200, "", "", put, "web-data", "new", nil, "x")
	w.want("not its settings", 403, "AccessDenied", "", get, "web-data", "", url.Values{"acl": {""}}, "")
	w.want("what may be listed may be missed", 404, "NoSuchKey", "", get, "web-data", "none", nil, "")
	if _, _, text := w.ask("ada", get, "web-data", "", url.Values{"acl": {""}}, ""); !contains(text, "AllUsers", "WRITE", `xsi:type="Group"`) {
		t.Error(text)
	}
	w.want("ACLs stay while one is set", 400, "InvalidBucketAclWithObjectOwnership", "ada", put, "web-data", "", url.Values{"ownershipControls": {""}}, enforced)
	w.want("made private", 200, "", "ada", put, "web-data", "", acl("private"), "")
	w.want("ACLs switched off", 200, "", "ada", put, "web-data", "", url.Values{"ownershipControls": {""}}, enforced)
	w.want("count for nothing", 403, "AccessDenied", "", get, "web-data", "open", nil, "")
	if _, _, text := w.ask("ada", get, "web-data", "open", url.Values{"acl": {""}}, ""); strings.Contains(text, "AllUsers") {
		t.Error(text)
	}
}

// TestACLsOfBefore: what ACLs opened before they counted without ownership stays closed
// where they were switched off since, which was kept as if nobody had chosen.
func TestACLsOfBefore(t *testing.T) {
	w := newAccessWorld(t)
	_, err := w.engine.Put(t.Context(), objectstore.PutRequest{
		Bucket: "web-data", Key: "old", Body: strings.NewReader("x"), Size: 1,
		Attributes: objectstore.Attributes{System: map[string]string{"acl": "public-read"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	acl := url.Values{"acl": {""}}
	w.want("no ownership", 403, "AccessDenied", "", get, "web-data", "old", nil, "")
	if _, _, text := w.ask("ada", get, "web-data", "old", acl, ""); strings.Contains(text, "AllUsers") {
		t.Error(text)
	}
	w.set(grants.OwnershipDocument, string(grants.ObjectWriter))
	w.want("one that counts ACLs", 200, "", "", get, "web-data", "old", nil, "")
	if _, _, text := w.ask("ada", get, "web-data", "old", acl, ""); !strings.Contains(text, "AllUsers") {
		t.Error(text)
	}
	w.want("taken back", 200, "", "ada", put, "web-data", "old", url.Values{"acl": {""}, "x-amz-acl": {"private"}}, "")
	w.want("is taken back", 403, "AccessDenied", "", get, "web-data", "old", nil, "")
	w.want("given anew", 200, "", "ada", put, "web-data", "old", url.Values{"acl": {""}, "x-amz-acl": {"public-read"}}, "")
	w.set(grants.OwnershipDocument, "")
	w.want("counts without ownership", 200, "", "", get, "web-data", "old", nil, "")
}

// TestUnreadableRulesCloseTheBucket: of a policy that cannot be read nobody can say
// what it denies.
func TestUnreadableRulesCloseTheBucket(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	w.set(grants.PolicyDocument, "{")
	w.want("reading", 500, "InternalError", "ada", get, "web-data", "a", nil, "")
	w.want("nobody", 500, "InternalError", "", get, "web-data", "a", nil, "")
	w.want("deleting the policy", 204, "", "ada", http.MethodDelete, "web-data", "", url.Values{"policy": {""}}, "")
	w.want("reading then", 200, "", "ada", get, "web-data", "a", nil, "")
}
