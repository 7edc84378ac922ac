package policy

import (
	"strings"
	"testing"
)

// claims are what a test says of a request.
type claims map[string][]string

func (c claims) Value(key string) []string { return c[key] }

func TestTrustPolicies(t *testing.T) {
	const provider = "arn:aws:iam::000000000000:oidc-provider/id.example.com/realm"
	p, err := ParseTrust(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000000:user/ada","arn:aws:iam::000000000000:role/build","arn:aws:sts::000000000000:assumed-role/other/night"]},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity",
		 "Condition":{"StringEquals":{"id.example.com/realm:aud":"croft"},"StringLike":{"id.example.com/realm:sub":"repo:team/*"}}},
		{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":{"StringEquals":{"sts:ExternalId":"43"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	const assume, web = "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"
	good := claims{"id.example.com/realm:aud": {"croft"}, "id.example.com/realm:sub": {"repo:team/app"}}
	for _, c := range []struct {
		who    Principal
		action string
		facts  claims
		want   Effect
	}{
		{Principal{Name: "ada"}, assume, nil, Allow},
		{Principal{Name: "eve"}, assume, nil, NoMatch},
		{Principal{}, assume, nil, NoMatch},
		{Principal{Name: "ada"}, web, nil, NoMatch},
		{Principal{Role: "build", Session: "x"}, assume, nil, Allow},
		{Principal{Role: "other", Session: "night"}, assume, nil, Allow},
		{Principal{Role: "other", Session: "day"}, assume, nil, NoMatch},
		{Principal{Role: "ada", Session: "x"}, assume, nil, NoMatch},
		{Principal{Name: "ada"}, assume, claims{"sts:externalid": {"42"}}, Allow},
		{Principal{Name: "ada"}, assume, claims{"sts:externalid": {"43"}}, Deny},
		{Principal{Federated: provider}, web, good, Allow},
		{Principal{Federated: provider}, assume, good, NoMatch},
		{Principal{Federated: provider + "2"}, web, good, NoMatch},
		{Principal{Federated: provider}, web, claims{"id.example.com/realm:aud": {"croft"}, "id.example.com/realm:sub": {"repo:other/app"}}, NoMatch},
		{Principal{Federated: provider}, web, claims{"id.example.com/realm:sub": {"repo:team/app"}}, NoMatch},
	} {
		if got := p.Evaluate(&Request{Principal: c.who, Action: c.action, Context: c.facts}); got != c.want {
			t.Errorf("%+v %s %v: %s, want %s", c.who, c.action, c.facts, got, c.want)
		}
	}
	for text, want := range map[string]string{
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`:                                                                      "whom it is for",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}}`:                                                        "about assuming",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`:                                                                   "about assuming",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}`:                                       "is its role",
		`{"Statement":{"Effect":"Allow","Principal":{"Federated":"accounts.google.com"},"Action":"sts:AssumeRoleWithWebIdentity"}}`:       "named by its ARN",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"nonsense":"x"}}}}`:        "no such condition key",
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/a*"},"Action":"sts:AssumeRole"}}`:              "users and roles",
		`{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`:                          "no services",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"jwt:${x}":"x"}}}}`:        "no such condition key",
		`{"Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/a"},"Action":"sts:AssumeRole"}}`:       "users and roles",
		`{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"id.example.com:":"x"}}}}`: "no such condition key",
	} {
		if _, err := ParseTrust(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := ParseBucket(`{"Statement":{"Effect":"Allow","Principal":{"Federated":"`+provider+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}}`, "b"); err == nil {
		t.Error("a bucket's policy names a provider")
	}
}

func TestOnlyS3(t *testing.T) {
	for text, want := range map[string]bool{
		`{"Statement":{"Effect":"Allow","Action":["s3:GetObject","S3:Put*"],"Resource":"*"}}`:                                                   true,
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]}`:                       true,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`:                                                                          false,
		`{"Statement":{"Effect":"Allow","Action":"s?:*","Resource":"*"}}`:                                                                       false,
		`{"Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`:                                                              false,
		`{"Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`:                                                                   false,
		`{"Statement":{"Effect":"Allow","Action":"admin:*"}}`:                                                                                   false,
		`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:x"}]}`: false,
	} {
		p, err := ParseIdentity(text)
		if err != nil {
			t.Fatal(text, err)
		}
		if p.OnlyS3() != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
	if _, err := ParseIdentity(`{"Statement":{"Effect":"Allow","Action":["admin:*","s3:GetObject"]}}`); err == nil {
		t.Error("an action of S3 without a resource")
	}
}
