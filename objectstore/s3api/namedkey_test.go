package s3api

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/sse"

	"croft/internal/errs"
	"croft/objectstore"
)

// teamKey are the headers of a named key.
var (
	teamKey = []string{encryptionHeader, awsKMS, keyIDHeader, "alias/team"}
	tenant  = b64([]byte(`{"tenant":"a"}`))
)

// said are the headers of an answer about a body under a named key.
func said(id string) map[string]string {
	return map[string]string{encryptionHeader: awsKMS, keyIDHeader: id, contextHeader: "-", requestPrefix + customerHeader: "-"}
}

func TestNamedKeys(t *testing.T) {
	f := start(t).bucket("bucket")
	team, source := said("alias/team"), []string{copySource, "/bucket/key"}
	bound := said("alias/team")
	bound[contextHeader] = tenant
	f.run(t, []call{
		{name: "put", method: "PUT", target: "/bucket/key", body: "hello", header: teamKey, status: 200, want: team},
		{name: "get", method: "GET", target: "/bucket/key", status: 200, wantBody: "hello", want: team},
		{name: "range", method: "GET", target: "/bucket/key", header: []string{"Range", "bytes=1-2"}, status: 206, wantBody: "el", want: team},
		{name: "head", method: "HEAD", target: "/bucket/key", status: 200, want: map[string]string{encryptionHeader: awsKMS, keyIDHeader: "alias/team", "Etag": `"5d41402abc4b2a76b9719d911017c592"`}},
		{name: "without a name", method: "PUT", target: "/bucket/default", body: "hello", header: teamKey[:2], status: 200, want: said(defaultKeyID)},
		{name: "get that", method: "GET", target: "/bucket/default", status: 200, wantBody: "hello", want: said("arn:aws:kms:us-east-1:000000000000:alias/aws/s3")},
		{name: "with a context", method: "PUT", target: "/bucket/bound", body: "hello", header: pairs(teamKey, []string{contextHeader, tenant, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "true"}), status: 200, want: bound},
		{name: "which readers need not know", method: "GET", target: "/bucket/bound", status: 200, wantBody: "hello", want: team},
		{name: "copy as the bucket says", method: "PUT", target: "/bucket/copy", header: source, status: 200, want: map[string]string{encryptionHeader: "-", keyIDHeader: "-"}},
		{name: "copy under a name", method: "PUT", target: "/bucket/copy", header: pairs(source, teamKey, []string{contextHeader, tenant}), status: 200, want: bound},
		{name: "get the copy", method: "GET", target: "/bucket/copy", status: 200, wantBody: "hello", want: team},
		{name: "copy with a checksum", method: "PUT", target: "/bucket/copy", header: pairs(source, teamKey, []string{"X-Amz-Checksum-Algorithm", "SHA1"}), status: 200, want: team},
		{name: "another name in place", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/copy", encryptionHeader, awsKMS, keyIDHeader, "k"}, status: 200, want: said("k")},
		{name: "get under the new name", method: "GET", target: "/bucket/copy", status: 200, wantBody: "hello", want: said("k")},
		{name: "a customer's key for it", method: "GET", target: "/bucket/key", header: keyHeaders(requestPrefix, "a"), status: 400, code: "InvalidRequest"},
		{name: "reading names no encryption", method: "GET", target: "/bucket/key", header: teamKey, status: 400, code: "InvalidArgument"},
		{name: "nor a key alone", method: "GET", target: "/bucket/key", header: teamKey[2:], status: 400, code: "InvalidArgument"},
		{name: "nor looking", method: "HEAD", target: "/bucket/key", header: teamKey, status: 400},
		{name: "rename", method: "PUT", target: "/bucket/renamed?renameObject", header: []string{renameSource, "/bucket/key"}, status: 200},
		{name: "renamed", method: "GET", target: "/bucket/renamed", status: 200, wantBody: "hello", want: team},
	})
	long := strings.Repeat("k", objectstore.MaxKeyID+1)
	for name, c := range map[string]struct {
		header []string
		code   string
		words  string
	}{
		"twice":                {[]string{encryptionHeader, "aws:kms:dsse"}, "NotImplemented", "once"},
		"a key alone":          {teamKey[2:], "InvalidArgument", "aws:kms"},
		"a context alone":      {[]string{contextHeader, tenant}, "InvalidArgument", "aws:kms"},
		"a key with AES256":    {[]string{encryptionHeader, aes256, keyIDHeader, "k"}, "InvalidArgument", "aws:kms"},
		"a key with another":   {[]string{encryptionHeader, "ROT13", keyIDHeader, "k"}, "InvalidArgument", ""},
		"a customer's as well": {pairs(teamKey, keyHeaders(requestPrefix, "a")), "InvalidArgument", "incompatible"},
		"words":                {[]string{encryptionHeader, awsKMS, keyIDHeader, "two words"}, "InvalidArgument", "name of a key"},
		"too long":             {[]string{encryptionHeader, awsKMS, keyIDHeader, long}, "InvalidArgument", "name of a key"},
		"no context":           {[]string{encryptionHeader, awsKMS, contextHeader, "{}"}, "InvalidArgument", "JSON"},
		"a context of numbers": {[]string{encryptionHeader, awsKMS, contextHeader, b64([]byte(`{"a":1}`))}, "InvalidArgument", "JSON"},
	} {
		for what, a := range map[string]answer{
			"put":    f.call("PUT", "/bucket/bad", "x", c.header...),
			"upload": f.call("POST", "/bucket/bad?uploads", "", c.header...),
			"copy":   f.call("PUT", "/bucket/bad", "", pairs([]string{copySource, "/bucket/copy"}, c.header)...),
		} {
			if a.code() != c.code || !strings.Contains(a.body, c.words) {
				t.Errorf("%s, %s: %d %s", name, what, a.status, a.body)
			}
		}
	}
	f.run(t, []call{{name: "nothing bad was stored", method: "HEAD", target: "/bucket/bad", status: 404}})
	if a := f.call("GET", "/bucket?uploads", ""); strings.Contains(a.body, "bad") {
		t.Errorf("uploads: %s", a.body)
	}
}

func TestNamedKeysInParts(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "source", "copied")
	team, large := said("alias/team"), strings.Repeat("0123456789abcdef", objectstore.MinPartSize/16)
	upload := f.begin("/bucket/key", pairs(teamKey, []string{contextHeader, tenant})...)
	one, two := md5.Sum([]byte(large)), md5.Sum([]byte("copied"))
	f.run(t, []call{
		{name: "part", method: "PUT", target: upload + "&partNumber=1", body: large, status: 200, want: team},
		{name: "copied part", method: "PUT", target: upload + "&partNumber=2", header: pairs(teamKey, []string{copySource, "/bucket/source"}), status: 200, want: team},
		// S3 has no meaning for the names of parts: the upload's counts, and the answer says so.
		{name: "part under another name", method: "PUT", target: upload + "&partNumber=3", body: "end", header: []string{encryptionHeader, awsKMS, keyIDHeader, "other"}, status: 200, want: team},
		{name: "part with AES256", method: "PUT", target: upload + "&partNumber=3", body: "x", header: []string{encryptionHeader, aes256}, status: 400, code: "InvalidRequest"},
		{name: "part with a customer's", method: "PUT", target: upload + "&partNumber=3", body: "x", header: keyHeaders(requestPrefix, "a"), status: 400, code: "InvalidRequest"},
		{name: "complete with AES256", method: "POST", target: upload, body: completeBody("x"), header: []string{encryptionHeader, aes256}, status: 400, code: "InvalidRequest"},
		{name: "parts", method: "GET", target: upload, status: 200},
	})
	plain := f.begin("/bucket/plain", encryptionHeader, aes256)
	f.run(t, []call{
		{name: "a named part of another upload", method: "PUT", target: plain + "&partNumber=1", body: "x", header: teamKey, status: 400, code: "InvalidRequest"},
		{name: "complete", method: "POST", target: upload, body: completeBody(hex.EncodeToString(one[:])), status: 200, want: team},
		{name: "get", method: "GET", target: "/bucket/key", status: 200, wantBody: large, want: team},
	})
	whole := f.begin("/bucket/whole", teamKey...)
	f.run(t, []call{
		{name: "first", method: "PUT", target: whole + "&partNumber=1", body: large, header: teamKey, status: 200, want: team},
		{name: "second", method: "PUT", target: whole + "&partNumber=2", header: []string{copySource, "/bucket/source"}, status: 200, want: team},
		{name: "complete with the name", method: "POST", target: whole, body: completeBody(hex.EncodeToString(one[:]), hex.EncodeToString(two[:])), header: teamKey, status: 200, want: team},
		{name: "get the whole", method: "GET", target: "/bucket/whole", status: 200, wantBody: large + "copied", want: team},
		{name: "get a part", method: "GET", target: "/bucket/whole?partNumber=2", status: 206, wantBody: "copied", want: team},
	})
}

func TestNamedKeyOfBucket(t *testing.T) {
	f := start(t).bucket("bucket")
	rule := func(inside, more string) string {
		return "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>" + inside +
			"</ApplyServerSideEncryptionByDefault>" + more + "</Rule></ServerSideEncryptionConfiguration>"
	}
	named := rule("aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/team</KMSMasterKeyID>", "<BucketKeyEnabled>true</BucketKeyEnabled>")
	f.put("bucket", "before", "hello")
	f.run(t, []call{
		{name: "twice", method: "PUT", target: "/bucket?encryption", body: rule("aws:kms:dsse</SSEAlgorithm>", ""), status: 501, code: "NotImplemented"},
		{name: "not yet", method: "GET", target: "/bucket?encryption", status: 404, code: "ServerSideEncryptionConfigurationNotFoundError"},
		{name: "set", method: "PUT", target: "/bucket?encryption", body: named, status: 200},
		{name: "by default", method: "PUT", target: "/bucket/key", body: "hello", status: 200, want: said("alias/team")},
		{name: "get", method: "GET", target: "/bucket/key", status: 200, wantBody: "hello", want: said("alias/team")},
		{name: "copy", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/before"}, status: 200, want: said("alias/team")},
		{name: "asked for without a name", method: "PUT", target: "/bucket/asked", body: "hello", header: teamKey[:2], status: 200, want: said(defaultKeyID)},
		{name: "AES256 all the same", method: "PUT", target: "/bucket/asked", body: "hello", header: []string{encryptionHeader, aes256}, status: 200, want: map[string]string{encryptionHeader: aes256, keyIDHeader: "-"}},
		{name: "another setting", method: "PUT", target: "/bucket?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", status: 200},
	})
	if a := f.call("PUT", "/bucket?encryption", rule("aws:kms</SSEAlgorithm><KMSMasterKeyID>two words</KMSMasterKeyID>", "")); a.code() != "InvalidArgument" || !strings.Contains(a.body, "name of a key") {
		t.Errorf("a name that cannot be: %d %s", a.status, a.body)
	}
	says := func(want string) {
		t.Helper()
		if a := f.call("GET", "/bucket?encryption", ""); !strings.Contains(a.body, want) {
			t.Errorf("%s, want %s", a.body, want)
		}
	}
	says("<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>alias/team</KMSMasterKeyID></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>")
	upload := f.begin("/bucket/upload")
	f.run(t, []call{
		{name: "part by default", method: "PUT", target: upload + "&partNumber=1", body: "x", status: 200, want: said("alias/team")},
		{name: "without a name", method: "PUT", target: "/bucket?encryption", body: rule("aws:kms</SSEAlgorithm>", ""), status: 200},
		{name: "its name", method: "PUT", target: "/bucket/key", body: "hello", status: 200, want: said(defaultKeyID)},
	})
	says("<SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled>")
	f.run(t, []call{{name: "set again", method: "PUT", target: "/bucket?encryption", body: named, status: 200}})
	// What the console sets has no bucket keys.
	_, err := f.store.(objectstore.Versions).UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error {
		b.Encryption = objectstore.EncryptionStore
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	says("<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled>")
	g := start(t, func(c *Config) { c.Store = openEngineWith(t, nil) })
	g.call("PUT", "/bucket", "")
	for target, a := range map[string]answer{
		"setting": g.call("PUT", "/bucket?encryption", named),
		"object":  g.call("PUT", "/bucket/key", "x", teamKey...),
	} {
		if a.code() != "NotImplemented" || !strings.Contains(a.body, "master key") {
			t.Errorf("%s without a master key: %d %s", target, a.status, a.body)
		}
	}
}

// TestNamedKeyConditions: what policies ask about the key is what the request says, however
// it says it.
func TestNamedKeyConditions(t *testing.T) {
	f := start(t).bucket("bucket")
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if by := ask.Facts.Value("s3:x-amz-server-side-encryption"); len(by) != 1 || by[0] != awsKMS {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		if id := ask.Facts.Value("s3:x-amz-server-side-encryption-aws-kms-key-id"); len(id) != 1 || id[0] != "alias/team" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	other := []string{encryptionHeader, awsKMS, keyIDHeader, "alias/other"}
	f.run(t, []call{
		{name: "without", method: "PUT", target: "/bucket/key", body: "x", status: 403, code: "AccessDenied"},
		{name: "another", method: "PUT", target: "/bucket/key", body: "x", header: other, status: 403, code: "AccessDenied"},
		{name: "the default one", method: "PUT", target: "/bucket/key", body: "x", header: teamKey[:2], status: 403, code: "AccessDenied"},
		{name: "upload", method: "POST", target: "/bucket/key?uploads", header: other, status: 403, code: "AccessDenied"},
		{name: "this one", method: "PUT", target: "/bucket/key", body: "x", header: teamKey, status: 200},
	})
	link := f.presign("PUT", "bucket", "link", time.Hour, url.Values{"x-amz-server-side-encryption": {awsKMS}, "x-amz-server-side-encryption-aws-kms-key-id": {"alias/team"}})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, link, strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if a := f.do(r); a.status != 200 || a.header.Get(keyIDHeader) != "alias/team" {
		t.Errorf("a link: %d %v %s", a.status, a.header, a.body)
	}
	const any = `["starts-with","$key",""],["starts-with","$x-amz-server-side-encryption",""],["starts-with","$x-amz-server-side-encryption-aws-kms-key-id",""]`
	for id, want := range map[string]int{"alias/team": 204, "alias/other": 403} {
		a := f.post("/bucket", f.signedForm(any, field{"key", "form"}, field{"x-amz-server-side-encryption", awsKMS}, field{"x-amz-server-side-encryption-aws-kms-key-id", id}), "hello")
		if a.status != want || want == 204 && (a.header.Get(encryptionHeader) != awsKMS || a.header.Get(keyIDHeader) != id) {
			t.Errorf("a form under %s: %d %v %s", id, a.status, a.header, a.body)
		}
	}
	f.guard.refuse = nil
	f.run(t, []call{{name: "the form's", method: "GET", target: "/bucket/form", status: 200, wantBody: "hello", want: said("alias/team")}})
	for what, fields := range map[string][]field{
		"key alone": {{"x-amz-server-side-encryption-aws-kms-key-id", "k"}},
		"AES256":    {{"x-amz-server-side-encryption", aes256}, {"x-amz-server-side-encryption-aws-kms-key-id", "k"}},
	} {
		if a := f.post("/bucket", f.signedForm(any, append(fields, field{"key", "bad"})...), "x"); a.code() != "InvalidArgument" {
			t.Errorf("%s: %d %s", what, a.status, a.body)
		}
	}
	f.run(t, []call{{name: "nothing bad was stored", method: "HEAD", target: "/bucket/bad", status: 404}})
}

func TestNamedKeysInClients(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	client := minioClient(t, f, true)
	must("set", client.SetBucketEncryption(ctx, "bucket", sse.NewConfigurationSSEKMS("alias/team")))
	config, err := client.GetBucketEncryption(ctx, "bucket")
	if err != nil || len(config.Rules) != 1 || config.Rules[0].Apply.SSEAlgorithm != awsKMS || config.Rules[0].Apply.KmsMasterKeyID != "alias/team" {
		t.Errorf("encryption %+v, %v", config, err)
	}
	must("remove", client.RemoveBucketEncryption(ctx, "bucket"))
	key, err := encrypt.NewSSEKMS("my-key", map[string]string{"tenant": "a"})
	must("key", err)
	data := bytes.Repeat([]byte("0123456789abcdef"), 6<<16)
	_, err = client.PutObject(ctx, "bucket", "minio", bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{PartSize: 5 << 20, ServerSideEncryption: key})
	must("put", err)
	info, err := client.StatObject(ctx, "bucket", "minio", minio.StatObjectOptions{})
	if err != nil || info.Metadata.Get(encryptionHeader) != awsKMS || info.Metadata.Get(keyIDHeader) != "my-key" {
		t.Errorf("%+v, %v", info, err)
	}
	sdk, bucket, name := awsClient(f), aws.String("bucket"), aws.String("aws")
	put, err := sdk.PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: name, Body: strings.NewReader("x"), ServerSideEncryption: types.ServerSideEncryptionAwsKms,
		SSEKMSKeyId: aws.String("alias/team"), SSEKMSEncryptionContext: &tenant, BucketKeyEnabled: aws.Bool(true),
	})
	if err != nil || put.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(put.SSEKMSKeyId) != "alias/team" || aws.ToString(put.SSEKMSEncryptionContext) != tenant {
		t.Errorf("%+v, %v", put, err)
	}
	got, err := sdk.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: name})
	if err != nil || got.ServerSideEncryption != types.ServerSideEncryptionAwsKms || aws.ToString(got.SSEKMSKeyId) != "alias/team" {
		t.Errorf("%+v, %v", got, err)
	}
}
