package s3clients

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// TestIAM has the aws command, boto3 and minio-go manage users and roles, and sign in
// with a token of a provider.
func TestIAM(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	e := serve(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_iam.py"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("boto3", func(t *testing.T) {
		c := newClient(t, python, e)
		contains(t, c.run(script, "boto3-iam"), "all good")
	})
	t.Run("aws", func(t *testing.T) {
		c := newClient(t, e2e.NeedCommand(t, "aws"), e)
		contains(t, c.run("iam", "create-user", "--user-name", "kim"), "arn:aws:iam::000000000000:user/kim")
		c.run("iam", "attach-user-policy", "--user-name", "kim", "--policy-arn", "arn:aws:iam::aws:policy/readonly")
		contains(t, c.run("iam", "list-attached-user-policies", "--user-name", "kim"), `"readonly"`)
		// As MinIO's documentation has it: a role that is none.
		contains(t, c.run("sts", "assume-role", "--role-arn", "arn:xxx:xxx:xxx:xxxx", "--role-session-name", "anything", "--duration-seconds", "900"), "SessionToken")
	})
	t.Run("minio-go", func(t *testing.T) { signInElsewhere(t, newClient(t, python, e), e) })
}

// signInElsewhere uses minio-go's ways to temporary credentials, with a provider of its
// own.
func signInElsewhere(t *testing.T, c *client, e endpoint) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var provider *httptest.Server
	provider = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": provider.URL, "jwks_uri": provider.URL + "/keys", "id_token_signing_alg_values_supported": []string{"ES256"}})
			return
		}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: "one", Algorithm: "ES256", Use: "sig"}}})
	}))
	t.Cleanup(provider.Close)
	token := func(claims map[string]any) func() (*credentials.WebIdentityToken, error) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims["iss"], claims["exp"] = provider.URL, time.Now().Add(time.Hour).Unix()
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.Sign(text)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return func() (*credentials.WebIdentityToken, error) {
			return &credentials.WebIdentityToken{Token: compact, Expiry: 900}, nil
		}
	}
	name := strings.TrimPrefix(provider.URL, "http://")
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/` + name + `"},` +
		`"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + name + `:aud":"croft"},"StringLike":{"` + name + `:sub":"repo:team/*"}}}]}`
	c.run("-c", `import boto3, sys
iam = boto3.client("iam")
provider = iam.create_open_id_connect_provider(Url=sys.argv[1], ClientIDList=["croft"], Tags=[{"Key": "croft:policy-claim", "Value": "true"}])
arn = provider["OpenIDConnectProviderArn"]
tags = lambda: iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"]
assert tags() == provider["Tags"] == iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["Tags"], provider
iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["croft:policy-claim"])
assert tags() == []
iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=provider["Tags"])
assert tags() == provider["Tags"]
iam.create_role(RoleName="deploy", AssumeRolePolicyDocument=sys.argv[2])
iam.put_role_policy(RoleName="deploy", PolicyName="own", PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::oidc","arn:aws:s3:::oidc/*"]}]}')
boto3.client("s3").create_bucket(Bucket="oidc")`, provider.URL, trust)

	can := func(what string, who *credentials.Credentials, err error, put, get bool) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
		s3, err := minio.New(e.host(), &minio.Options{Creds: who, Region: "us-east-1", MaxRetries: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s3.PutObject(t.Context(), "oidc", "key", strings.NewReader("x"), 1, minio.PutObjectOptions{}); (err == nil) != put {
			t.Errorf("%s: put: %v, want allowed %v", what, err, put)
		}
		if _, err = s3.StatObject(t.Context(), "oidc", "key", minio.StatObjectOptions{}); (err == nil) != get {
			t.Errorf("%s: get: %v, want allowed %v", what, err, get)
		}
	}
	own, err := credentials.NewSTSAssumeRole(e.url, credentials.STSAssumeRoleOptions{AccessKey: e.key, SecretKey: e.secret})
	can("as oneself", own, err, true, true)
	own, err = credentials.NewSTSAssumeRole(e.url, credentials.STSAssumeRoleOptions{
		AccessKey: e.key, SecretKey: e.secret, Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::oidc/*"}]}`,
	})
	can("narrowed", own, err, false, true)
	role := func(w *credentials.STSWebIdentity) { w.RoleARN = "arn:aws:iam::000000000000:role/deploy" }
	web, err := credentials.NewSTSWebIdentity(e.url, token(map[string]any{"sub": "repo:team/app", "aud": "croft"}), role)
	can("a role", web, err, true, true)
	web, err = credentials.NewSTSWebIdentity(e.url, token(map[string]any{"sub": "ada", "aud": "croft", "policy": "readonly"}))
	can("the claim named policy", web, err, false, true)
	for what, claims := range map[string]map[string]any{
		"a subject that the role does not trust": {"sub": "repo:other/app", "aud": "croft"},
		"another audience":                       {"sub": "repo:team/app", "aud": "other"},
	} {
		web, err = credentials.NewSTSWebIdentity(e.url, token(claims), role)
		can(what, web, err, false, false)
	}
	web, err = credentials.NewSTSWebIdentity(e.url, token(map[string]any{"sub": "ada", "aud": "croft"}))
	can("no role and no claim", web, err, false, false)
}
