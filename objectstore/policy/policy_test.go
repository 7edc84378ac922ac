package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestExamples are AWS's documented examples, with this account and bucket.
func TestExamples(t *testing.T) {
	in := func(pairs ...string) values {
		v := values{}
		for i := 0; i < len(pairs); i += 2 {
			v[pairs[i]] = append(v[pairs[i]], pairs[i+1])
		}
		return v
	}
	ada, bob, nobody := Principal{Name: "ada"}, Principal{Name: "bob"}, Principal{}
	const get, put, list = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
	type ask struct {
		who         Principal
		action, key string
		context     values
		want        Effect
	}
	for _, c := range []struct {
		name, text string
		public     bool
		asks       []ask
	}{
		{"read-only for everybody", `{"Version":"2012-10-17","Statement":[{"Sid":"PublicRead","Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:GetObjectVersion"],"Resource":["arn:aws:s3:::b/*"]}]}`, true, []ask{
			{nobody, get, "a", nil, Allow}, {ada, "s3:GetObjectVersion", "a/b", nil, Allow}, {nobody, put, "a", nil, NoMatch}, {nobody, list, "", nil, NoMatch},
		}},
		{"users may put with an ACL", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:user/ada","arn:aws:iam::*:user/bob"]},"Action":["s3:PutObject","s3:PutObjectAcl"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:x-amz-acl":["public-read","private"]}}}}`, false, []ask{
			{ada, put, "a", in("s3:x-amz-acl", "public-read"), Allow}, {bob, put, "a", in("s3:x-amz-acl", "private"), Allow}, {bob, put, "a", in("s3:x-amz-acl", "authenticated-read"), NoMatch},
			{ada, put, "a", nil, NoMatch}, {Principal{Name: "eve"}, put, "a", in("s3:x-amz-acl", "private"), NoMatch}, {nobody, put, "a", in("s3:x-amz-acl", "private"), NoMatch},
		}},
		{"limited to addresses", `{"Version":"2012-10-17","Id":"S3PolicyId1","Statement":[{"Sid":"IPAllow","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","2001:DB8:1234:5678::/64"]}}}]}`, false, []ask{
			{ada, get, "a", in("aws:sourceip", "192.0.2.7"), NoMatch}, {ada, get, "a", in("aws:sourceip", "203.0.113.1"), Deny}, {nobody, list, "", in("aws:sourceip", "2001:db8:1234:5678::9"), NoMatch},
			{ada, get, "a", nil, Deny}, {ada, get, "a", in("aws:sourceip", "::ffff:192.0.2.7"), NoMatch},
		}},
		{"from a referer", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":"arn:aws:s3:::b/*","Condition":{"StringLike":{"aws:Referer":["http://www.example.com/*","http://example.com/*"]}}}]}`, true, []ask{
			{nobody, get, "a", in("aws:referer", "http://example.com/page"), Allow}, {nobody, get, "a", in("aws:referer", "http://example.org/"), NoMatch}, {nobody, get, "a", nil, NoMatch},
		}},
		{"https only", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, false, []ask{
			{ada, get, "a", in("aws:securetransport", "false"), Deny}, {ada, get, "a", in("aws:securetransport", "true"), NoMatch},
		}},
		{"a folder of each user's own", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":["s3:PutObject","s3:GetObject"],"Resource":"arn:aws:s3:::b/home/${aws:username}/*"},{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}}]}`, false, []ask{
			{ada, get, "home/ada/x", in("aws:username", "ada"), Allow}, {ada, get, "home/bob/x", in("aws:username", "ada"), NoMatch}, {nobody, get, "home//x", nil, NoMatch},
			{ada, list, "", in("aws:username", "ada", "s3:prefix", "home/ada/docs"), Allow}, {ada, list, "", in("aws:username", "ada", "s3:prefix", "home/bob/"), NoMatch},
			{Principal{Name: "a*"}, get, "home/ada/x", in("aws:username", "a*"), NoMatch},
		}},
		{"a variable without a value", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/home/${aws:username}/*"}]}`, true, []ask{
			{nobody, get, "home//x", nil, NoMatch}, {ada, get, "home/ada/x", in("aws:username", "ada"), Allow},
		}},
		{"variables are new in 2012", `{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${aws:username}"}]}`, true, []ask{
			{ada, get, "ada", in("aws:username", "ada"), NoMatch}, {ada, get, "${aws:username}", in("aws:username", "ada"), Allow},
		}},
		{"defaults and plain characters", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::b/${s3:ExistingObjectTag/Team, 'all'}","arn:aws:s3:::b/${*}${?}${$}"]}]}`, true, []ask{
			{nobody, get, "all", nil, Allow}, {nobody, get, "red", in("s3:existingobjecttag/Team", "red"), Allow}, {nobody, get, "*?$", nil, Allow}, {nobody, get, "abc", nil, NoMatch},
		}},
		{"tags by which one may read", `{"Version":"2012-10-17","Statement":[{"Principal":{"CanonicalUser":"ada"},"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/environment":"production"}}}]}`, false, []ask{
			{ada, get, "a", in("s3:existingobjecttag/environment", "production"), Allow}, {ada, get, "a", in("s3:existingobjecttag/environment", "test"), NoMatch}, {ada, get, "a", nil, NoMatch},
		}},
		{"tags that one may set", `{"Version":"2012-10-17","Statement":[{"Principal":{"AWS":"ada"},"Effect":"Allow","Action":"s3:PutObjectTagging","Resource":"arn:aws:s3:::b/*","Condition":{"ForAllValues:StringLike":{"s3:RequestObjectTagKeys":["Owner","CreationDate"]}}}]}`, false, []ask{
			{ada, "s3:PutObjectTagging", "a", in("s3:requestobjecttagkeys", "Owner", "s3:requestobjecttagkeys", "CreationDate"), Allow},
			{ada, "s3:PutObjectTagging", "a", in("s3:requestobjecttagkeys", "Owner", "s3:requestobjecttagkeys", "Secret"), NoMatch}, {ada, "s3:PutObjectTagging", "a", nil, Allow},
		}},
		{"old links are refused", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"NumericGreaterThan":{"s3:signatureAge":600000}}}]}`, false, []ask{
			{ada, get, "a", in("s3:signatureage", "600001"), Deny}, {ada, get, "a", in("s3:signatureage", "600000"), NoMatch}, {ada, get, "a", nil, NoMatch},
		}},
		{"pages of at most ten", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ada"},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::b","Condition":{"NumericLessThanEquals":{"s3:max-keys":"10"}}}]}`, false, []ask{
			{ada, list, "", in("s3:max-keys", "10"), Allow}, {ada, list, "", in("s3:max-keys", "11"), NoMatch}, {ada, list, "", nil, NoMatch},
		}},
		{"a time", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2026-02-01T00:00:00Z"}}}]}`, true, []ask{
			{nobody, get, "a", in("aws:currenttime", "2026-01-15T08:00:00Z"), Allow}, {nobody, get, "a", in("aws:currenttime", "2026-02-01T00:00:00Z"), NoMatch},
		}},
		{"everything but to everybody but", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"ada"},"NotAction":"s3:GetObject*","NotResource":"arn:aws:s3:::b/open/*"}]}`, false, []ask{
			{ada, put, "a", nil, NoMatch}, {bob, put, "a", nil, Deny}, {bob, get, "a", nil, NoMatch}, {nobody, put, "open/a", nil, NoMatch},
		}},
		{"a denial outweighs", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"},{"Effect":"Deny","Principal":{"AWS":"bob"},"Action":"s3:DeleteObject","Resource":"arn:aws:s3:::b/*"}]}`, true, []ask{
			{bob, "s3:DeleteObject", "a", nil, Deny}, {ada, "s3:DeleteObject", "a", nil, Allow},
		}},
		{"encryption demanded", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*","Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}]}`, false, []ask{
			{ada, put, "a", nil, Deny}, {ada, put, "a", in("s3:x-amz-server-side-encryption", "AES256"), NoMatch},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := ParseBucket(c.text, "b")
			if err != nil {
				t.Fatal(err)
			}
			if p.Public() != c.public {
				t.Errorf("public: %v", p.Public())
			}
			for _, a := range c.asks {
				r := &Request{Principal: a.who, Action: a.action, Resource: Resource("b", a.key), Context: a.context}
				if got := p.Evaluate(r); got != a.want {
					t.Errorf("%+v: %s", a, got)
				}
				if got := slow(c.text, r); got != a.want {
					t.Errorf("%+v: the slow evaluator says %s", a, got)
				}
			}
		})
	}
}

// TestTaken are policies that tools write, and what AWS takes of the less usual.
func TestTaken(t *testing.T) {
	for _, text := range []string{
		// mc anonymous set download, upload, public and a prefix
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetBucketLocation","s3:ListBucket"],"Resource":["arn:aws:s3:::b"]},{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"]}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:ListBucketMultipartUploads","s3:GetBucketLocation"],"Resource":["arn:aws:s3:::b"]},{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:ListMultipartUploadParts","s3:PutObject"],"Resource":["arn:aws:s3:::b/*"]}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::b"],"Condition":{"StringEquals":{"s3:prefix":["pre"]}}}]}`,
		// the generator of AWS
		`{"Id":"Policy1","Version":"2012-10-17","Statement":[{"Sid":"Stmt1","Action":["s3:GetObject","s3:GetObjectTorrent"],"Effect":"Allow","Resource":"arn:aws:s3:::b/*","Principal":"*"}]}`,
		`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringNotEquals":{"aws:SourceVpc":"vpc-1"},"NumericLessThan":{"s3:TlsVersion":1.2},"BoolIfExists":{"aws:MultiFactorAuthPresent":false}}}]}`,
		`{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":["ada","arn:aws:iam::000000000000:user/bob"]},"NotAction":"s3:Put*","NotResource":"arn:aws:s3:::b/x/*","Condition":{}}}`,
	} {
		if _, err := ParseBucket(text, "b"); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[{` + s + `}]}` }
	const rest = `"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`
	condition := func(s string) string { return statement(rest + `,"Condition":{` + s + `}`) }
	for _, c := range []struct{ text, want string }{
		{``, "line 1, column 1: This is not JSON"},
		{`{"Version":"2012-10-17",`, "it ends in the middle"},
		{"{\n  \"Version\": 2012-10-17\n}", "line 2, column 18: This is not JSON"},
		{`[]`, "A policy is an object"},
		{`{"Statement":[]}`, "needs at least one statement"},
		{`{"Version":"2012-10-18"}`, "column 12, Version: The version is that of the language"},
		{`{"Statement":[{` + rest + `}],"Statements":[]}`, "Statements: A policy has"},
		{`{"Statement":[{` + rest + `}]} {}`, "something follows"},
		{statement(rest + `,"Action":"s3:*"`), "stands here twice"},
		{statement(rest + `,"NotAction":"s3:*"`), "either Action or NotAction"},
		{statement(rest + `,"NotResource":"s3:*"`), "either Resource or NotResource"},
		{statement(rest + `,"NotPrincipal":"*"`), "either Principal or NotPrincipal"},
		{statement(rest + `,"Foo":1`), "Statement[0].Foo: A statement has"},
		{statement(`"Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`), "has no effect"},
		{statement(`"Effect":"allow"`), `spelled so`},
		{statement(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`), "does not say whom"},
		{statement(`"Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::b/*"`), "has no action"},
		{statement(`"Effect":"Allow","Principal":"*","Action":"s3:GetObject"`), "has no resource"},
		{strings.Replace(statement(rest), "s3:GetObject", "s3:GetObjekt", 1), `no action "s3:GetObjekt"`},
		{strings.Replace(statement(rest), "s3:GetObject", "ec2:Start*", 1), `no action "ec2:Start*"`},
		{strings.Replace(statement(rest), `"s3:GetObject"`, `[]`, 1), "at least one action"},
		{strings.Replace(statement(rest), `"s3:GetObject"`, `[1]`, 1), "An action is a text, not a number"},
		{strings.Replace(statement(rest), "s3:::b/", "s3:::c/", 1), `is about that bucket: write "arn:aws:s3:::b"`},
		{strings.Replace(statement(rest), "arn:aws:s3:::b/*", "*", 1), "is about that bucket"},
		{strings.Replace(statement(rest), "arn:aws:s3:::b/*", "arn:aws:s3:::${aws:username}/*", 1), "is about that bucket"},
		{strings.Replace(statement(rest), "b/*", "b", 1), `does not apply to any of the statement's resources. Add "arn:aws:s3:::b/*"`},
		{strings.Replace(statement(rest), "s3:GetObject", "s3:ListBucket", 1), `Add "arn:aws:s3:::b" to them`},
		{strings.Replace(statement(rest), "b/*", "b/${aws:username", 1), "never ends"},
		{strings.Replace(statement(rest), "b/*", "b/${aws:name}", 1), "no policy variable ${aws:name}"},
		{strings.Replace(statement(rest), "b/*", "b/${aws:username, x}", 1), "single quotes"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":"ada"`, 1), `can only be "*"`},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"Service":"x"}`, 1), "Statement[0].Principal.Service: Croft has users"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::123456789012:user/x"}`, 1), "There is no account 123456789012 here"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::*:group/x"}`, 1), "but no group"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::*:user/*"}`, 1), "wildcards do not count"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"CanonicalUser":"*"}`, 1), "wildcards do not count"},
		{strings.Replace(statement(rest), `"Principal":"*"`, `"Principal":{"AWS":[]}`, 1), "at least one principal"},
		{condition(`"StringEqual":{"s3:prefix":"x"}`), "Condition.StringEqual: There is no such operator"},
		{condition(`"ForAllValues:Null":{"s3:prefix":"true"}`), "no such operator"},
		{condition(`"NullIfExists":{"s3:prefix":"true"}`), "no such operator"},
		{condition(`"StringEquals":{"s3:prefixx":"x"}`), "Condition.StringEquals.s3:prefixx: There is no such condition key"},
		{condition(`"StringEquals":{"s3:prefix":[]}`), "Give it a value"},
		{condition(`"StringEquals":{"s3:prefix":{}}`), "not an object"},
		{condition(`"StringEquals":{}`), "Give it condition keys"},
		{condition(`"NumericEquals":{"s3:max-keys":"ten"}`), `"ten" is not a number`},
		{condition(`"NumericEquals":{"s3:max-keys":"Inf"}`), `is not a number`},
		{condition(`"DateEquals":{"aws:CurrentTime":"today"}`), "is not a time"},
		{condition(`"Bool":{"aws:SecureTransport":"yes"}`), "neither"},
		{condition(`"BinaryEquals":{"s3:prefix":"!"}`), "is not base64"},
		{condition(`"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}`), "is not an address"},
		{condition(`"ArnLike":{"aws:PrincipalArn":"ada"}`), "is not an ARN"},
		{condition(`"Null":{"s3:prefix":"perhaps"}`), "Null asks"},
		{`{"Statement":[{"Sid":"a",` + rest + `},{"Sid":"a",` + rest + `}]}`, `another statement "a"`},
		{"{\"Id\":\"\xff\"}", "UTF-8"},
		{strings.Repeat("[", 30), "nested so deeply"},
		{`{"Id":"` + strings.Repeat("x", MaxBytes) + `"}`, "at most 20480 bytes"},
	} {
		_, err := ParseBucket(c.text, "b")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n\t%v, want %s", c.text[:min(200, len(c.text))], err, c.want)
		}
	}
	if _, err := ParseIdentity(statement(rest)); err == nil || !strings.Contains(err.Error(), "Whom this policy is for") {
		t.Errorf("a principal in a user's policy: %v", err)
	}
	if _, err := ParseIdentity(`{"Statement":{"Effect":"Allow","Action":["iam:*","s3:*"],"Resource":"*"}}`); err != nil {
		t.Error(err)
	}
}

func TestMayAllow(t *testing.T) {
	p, err := ParseBucket(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"ada"},"Action":"s3:Delete*","Resource":"arn:aws:s3:::b/x","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}`, "b")
	if err != nil {
		t.Fatal(err)
	}
	if !p.MayAllow(Principal{Name: "ada"}, "s3:DeleteObject") || p.MayAllow(Principal{Name: "ada"}, "s3:GetObject") || p.MayAllow(Principal{}, "s3:DeleteObject") {
		t.Error("who may be allowed what is wrong")
	}
}

func TestExplain(t *testing.T) {
	p, err := ParseBucket(`{"Version":"2012-10-17","Statement":[
		{"Sid":"Read","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
		{"Effect":"Deny","Principal":{"AWS":"bob"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::b/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/secret"},
		{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, "b")
	if err != nil {
		t.Fatal(err)
	}
	e := p.Explain(&Request{Principal: Principal{Name: "ada"}, Action: "s3:GetObject", Resource: Resource("b", "k"), Context: values{"aws:securetransport": {"true"}}})
	text, err := json.Marshal(e.Steps)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, s := range e.Steps {
		parts = append(parts, fmt.Sprint(s.Line, " ", s.Applies, " ", s.Part, " ", s.Condition))
	}
	want := "2 true  |3 false principal |4 false action |5 false resource |6 false condition Bool aws:SecureTransport"
	if e.Effect != Allow || e.Decided != 0 || e.Steps[0].SID != "Read" || strings.Join(parts, "|") != want {
		t.Errorf("%+v %s %s", e, text, strings.Join(parts, "|"))
	}
	e = p.Explain(&Request{Principal: Principal{Name: "bob"}, Action: "s3:GetObject", Resource: Resource("b", "k")})
	if e.Effect != Deny || e.Decided != 1 {
		t.Errorf("%+v", e)
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	p, err := ParseBucket(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ada"},"Action":"s3:Get*","Resource":"arn:aws:s3:::b/${aws:username}/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringLike":{"s3:prefix":"a*"}}}]}`, "b")
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Principal: Principal{Name: "ada"}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/ada/x", Context: values{"aws:username": {"ada"}, "aws:sourceip": {"10.1.1.1"}, "s3:prefix": {"abc"}}}
	if p.Evaluate(r) != Allow {
		t.Fatal("not allowed")
	}
	if n := testing.AllocsPerRun(100, func() { p.Evaluate(r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
