package s3api

import (
	"bytes"
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"github.com/minio/minio-go/v7/pkg/sse"

	"croft/objectstore"
)

// keyHeaders are the headers of a customer's key made of one letter.
func keyHeaders(prefix, letter string) []string {
	key := strings.Repeat(letter, 32)
	sum := md5.Sum([]byte(key))
	return []string{prefix + customerHeader, aes256, prefix + customerKey, b64([]byte(key)), prefix + customerKeyMD5, b64(sum[:])}
}

// pairs joins lists of headers.
func pairs(lists ...[]string) (all []string) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}

func TestCustomerKeys(t *testing.T) {
	f := start(t).bucket("bucket")
	mine, other, from := keyHeaders(requestPrefix, "a"), keyHeaders(requestPrefix, "b"), keyHeaders(copySourcePrefix, "a")
	source := []string{copySource, "/bucket/key"}
	echoed := map[string]string{requestPrefix + customerHeader: aes256, requestPrefix + customerKeyMD5: mine[5], encryptionHeader: "-"}
	f.run(t, []call{
		{name: "put", method: "PUT", target: "/bucket/key", body: "hello", header: mine, status: 200, want: echoed},
		{name: "get", method: "GET", target: "/bucket/key", header: mine, status: 200, wantBody: "hello", want: echoed},
		{name: "range", method: "GET", target: "/bucket/key", header: pairs(mine, []string{"Range", "bytes=1-2"}), status: 206, wantBody: "el"},
		{name: "part", method: "GET", target: "/bucket/key?partNumber=1", header: mine, status: 200, wantBody: "hello"},
		{name: "head", method: "HEAD", target: "/bucket/key", header: mine, status: 200, want: echoed},
		{name: "get without", method: "GET", target: "/bucket/key", status: 400, code: "InvalidRequest"},
		{name: "part without", method: "GET", target: "/bucket/key?partNumber=1", status: 400, code: "InvalidRequest"},
		{name: "head without", method: "HEAD", target: "/bucket/key", status: 400},
		{name: "not modified without", method: "GET", target: "/bucket/key", header: []string{"If-None-Match", "*"}, status: 400, code: "InvalidRequest"},
		{name: "get with another", method: "GET", target: "/bucket/key", header: other, status: 403, code: "AccessDenied"},
		{name: "head with another", method: "HEAD", target: "/bucket/key", header: other, status: 403},
		{name: "copy without", method: "PUT", target: "/bucket/copy", header: source, status: 400, code: "InvalidRequest"},
		{name: "copy with another", method: "PUT", target: "/bucket/copy", header: pairs(source, keyHeaders(copySourcePrefix, "b")), status: 403, code: "AccessDenied"},
		{name: "nothing was copied", method: "HEAD", target: "/bucket/copy", status: 404},
		{name: "copy in the clear", method: "PUT", target: "/bucket/clear", header: pairs(source, from), status: 200, want: map[string]string{requestPrefix + customerHeader: "-"}},
		{name: "get the copy", method: "GET", target: "/bucket/clear", status: 200, wantBody: "hello"},
		{name: "copy under another", method: "PUT", target: "/bucket/other", header: pairs(source, from, other), status: 200, want: map[string]string{requestPrefix + customerKeyMD5: other[5]}},
		{name: "get that", method: "GET", target: "/bucket/other", header: other, status: 200, wantBody: "hello"},
		{name: "copy with a checksum", method: "PUT", target: "/bucket/other", header: pairs(source, from, other, []string{"X-Amz-Checksum-Algorithm", "SHA1"}), status: 200},
		{name: "get that, too", method: "GET", target: "/bucket/other", header: other, status: 200, wantBody: "hello"},
		{name: "change the key in place", method: "PUT", target: "/bucket/key", header: pairs(source, from, other), status: 200},
		{name: "get under the new key", method: "GET", target: "/bucket/key", header: other, status: 200, wantBody: "hello"},
		{name: "decrypt in place", method: "PUT", target: "/bucket/key", header: pairs(source, keyHeaders(copySourcePrefix, "b")), status: 200},
		{name: "get in the clear", method: "GET", target: "/bucket/key", status: 200, wantBody: "hello", want: map[string]string{requestPrefix + customerHeader: "-"}},
		{name: "a key for what has none", method: "GET", target: "/bucket/clear", header: mine, status: 400, code: "InvalidRequest"},
		{name: "head with one", method: "HEAD", target: "/bucket/clear", header: mine, status: 400},
	})
	changed := func(i int, value string) []string {
		list := append([]string{}, mine...)
		list[i] = value
		return list
	}
	for name, c := range map[string]struct {
		header []string
		code   string
	}{
		"algorithm":        {changed(1, "AES128"), "InvalidEncryptionAlgorithmError"},
		"no algorithm":     {mine[2:], "InvalidArgument"},
		"no key":           {pairs(mine[:2], mine[4:]), "InvalidArgument"},
		"no digest":        {mine[:4], "InvalidArgument"},
		"short key":        {changed(3, b64([]byte("short"))), "InvalidArgument"},
		"key of no base64": {changed(3, "!"), "InvalidArgument"},
		"wrong digest":     {changed(5, keyHeaders("", "b")[5]), "InvalidArgument"},
		"with the store's": {pairs(mine, []string{encryptionHeader, aes256}), "InvalidArgument"},
		"unknown":          {[]string{encryptionHeader, "AES128"}, "InvalidArgument"},
	} {
		for what, a := range map[string]answer{
			"put":    f.call("PUT", "/bucket/bad", "x", c.header...),
			"upload": f.call("POST", "/bucket/bad?uploads", "", c.header...),
			"copy":   f.call("PUT", "/bucket/bad", "", pairs([]string{copySource, "/bucket/clear"}, c.header)...),
		} {
			if a.code() != c.code {
				t.Errorf("%s, %s: %d %s", name, what, a.status, a.body)
			}
		}
	}
	f.run(t, []call{
		{name: "nothing bad was stored", method: "HEAD", target: "/bucket/bad", status: 404},
		{name: "reading says nothing of encryption", method: "GET", target: "/bucket/clear", header: []string{encryptionHeader, aes256}, status: 400, code: "InvalidArgument"},
	})
	if a := f.call("GET", "/bucket?uploads", ""); strings.Contains(a.body, "bad") {
		t.Errorf("uploads: %s", a.body)
	}
}

func TestEncryptionInParts(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "source", "copied")
	mine, other := keyHeaders(requestPrefix, "a"), keyHeaders(requestPrefix, "b")
	f.call("PUT", "/bucket/secret", "secret", other...)
	for name, c := range map[string]struct{ header []string }{"customer": {mine}, "store": {[]string{encryptionHeader, aes256}}} {
		t.Run(name, func(t *testing.T) {
			f := f.of(t)
			key := c.header
			if name == "store" {
				key = nil
			}
			upload := f.begin("/bucket/"+name, c.header...)
			large := strings.Repeat("0123456789abcdef", objectstore.MinPartSize/16)
			echo := map[string]string{c.header[0]: aes256}
			f.run(t, []call{
				{name: "part", method: "PUT", target: upload + "&partNumber=1", body: large, header: key, status: 200, want: echo},
				{name: "copied part", method: "PUT", target: upload + "&partNumber=2", header: pairs(key, []string{copySource, "/bucket/secret"}, keyHeaders(copySourcePrefix, "b")), status: 200, want: echo},
				{name: "copied part without the source's key", method: "PUT", target: upload + "&partNumber=3", header: pairs(key, []string{copySource, "/bucket/secret"}), status: 400, code: "InvalidRequest"},
			})
			if name == "customer" {
				f.run(t, []call{
					{name: "part with the store's", method: "PUT", target: upload + "&partNumber=3", body: "x", header: []string{encryptionHeader, aes256}, status: 400, code: "InvalidRequest"},
					{name: "complete with the store's", method: "POST", target: upload, body: completeBody("x"), header: []string{encryptionHeader, aes256}, status: 400, code: "InvalidRequest"},
					{name: "part without", method: "PUT", target: upload + "&partNumber=3", body: "x", status: 400, code: "InvalidRequest"},
					{name: "part with another", method: "PUT", target: upload + "&partNumber=3", body: "x", header: other, status: 400, code: "InvalidRequest"},
					{name: "copied part with another", method: "PUT", target: upload + "&partNumber=3", header: pairs(other, []string{copySource, "/bucket/source"}), status: 400, code: "InvalidRequest"},
					{name: "copied part with another of the source", method: "PUT", target: upload + "&partNumber=3", header: pairs(mine, []string{copySource, "/bucket/secret"}, keyHeaders(copySourcePrefix, "a")), status: 403, code: "AccessDenied"},
					{name: "complete with another", method: "POST", target: upload, body: completeBody("x"), header: other, status: 400, code: "InvalidRequest"},
					{name: "copied part without", method: "PUT", target: upload + "&partNumber=3", header: []string{copySource, "/bucket/source"}, status: 400, code: "InvalidRequest"},
				})
			} else {
				f.run(t, []call{
					{name: "part that names its encryption", method: "PUT", target: upload + "&partNumber=3", body: "x", header: c.header, status: 200, want: echo},
					{name: "copied part that does", method: "PUT", target: upload + "&partNumber=3", header: pairs(c.header, []string{copySource, "/bucket/source"}), status: 200, want: echo},
					{name: "part with a key", method: "PUT", target: upload + "&partNumber=3", body: "x", header: mine, status: 400, code: "InvalidRequest"},
					{name: "complete with a key", method: "POST", target: upload, body: completeBody("x"), header: mine, status: 400, code: "InvalidRequest"},
				})
			}
			one, two := md5.Sum([]byte(large)), md5.Sum([]byte("secret"))
			want := map[string]string{encryptionHeader: "-"}
			if name == "store" {
				want = echo
			}
			f.run(t, []call{
				{name: "complete", method: "POST", target: upload, body: completeBody(hex.EncodeToString(one[:]), hex.EncodeToString(two[:])), header: key, status: 200, want: want},
				{name: "get", method: "GET", target: "/bucket/" + name, header: key, status: 200, wantBody: large + "secret", want: echo},
				{name: "get a part", method: "GET", target: "/bucket/" + name + "?partNumber=2", header: key, status: 206, wantBody: "secret"},
			})
		})
	}
}

func TestBucketEncryption(t *testing.T) {
	f := start(t).bucket("bucket")
	rule := func(inside string) string {
		return "<ServerSideEncryptionConfiguration><Rule>" + inside + "</Rule></ServerSideEncryptionConfiguration>"
	}
	byDefault := func(inside string) string {
		return rule("<ApplyServerSideEncryptionByDefault>" + inside + "</ApplyServerSideEncryptionByDefault>")
	}
	aes := byDefault("<SSEAlgorithm>AES256</SSEAlgorithm>")
	f.run(t, []call{
		{name: "none", method: "GET", target: "/bucket?encryption", status: 404, code: "ServerSideEncryptionConfigurationNotFoundError"},
		{name: "unknown", method: "PUT", target: "/bucket?encryption", body: byDefault("<SSEAlgorithm>rot13</SSEAlgorithm>"), status: 400, code: "MalformedXML"},
		{name: "key", method: "PUT", target: "/bucket?encryption", body: byDefault("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>x</KMSMasterKeyID>"), status: 400, code: "InvalidArgument"},
		{name: "no rule", method: "PUT", target: "/bucket?encryption", body: "<ServerSideEncryptionConfiguration/>", status: 400, code: "MalformedXML"},
		{name: "blocked", method: "PUT", target: "/bucket?encryption", body: rule("<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes>"), status: 501, code: "NotImplemented"},
		{name: "no bucket", method: "PUT", target: "/none?encryption", body: aes, status: 404, code: "NoSuchBucket"},
		{name: "not yet", method: "PUT", target: "/bucket/before", body: "x", status: 200, want: map[string]string{encryptionHeader: "-"}},
		{name: "set", method: "PUT", target: "/bucket?encryption", body: aes, status: 200},
		{name: "get", method: "GET", target: "/bucket?encryption", status: 200},
		{name: "put", method: "PUT", target: "/bucket/key", body: "hello", status: 200, want: map[string]string{encryptionHeader: aes256}},
		{name: "head", method: "HEAD", target: "/bucket/key", status: 200, want: map[string]string{encryptionHeader: aes256}},
		{name: "copy", method: "PUT", target: "/bucket/copy", header: []string{copySource, "/bucket/before"}, status: 200, want: map[string]string{encryptionHeader: aes256}},
		{name: "a customer's key all the same", method: "PUT", target: "/bucket/mine", body: "hello", header: keyHeaders(requestPrefix, "a"), status: 200, want: map[string]string{encryptionHeader: "-"}},
		{name: "remove", method: "DELETE", target: "/bucket?encryption", status: 204},
		{name: "removed", method: "GET", target: "/bucket?encryption", status: 404, code: "ServerSideEncryptionConfigurationNotFoundError"},
		{name: "removed before", method: "DELETE", target: "/bucket?encryption", status: 204},
		{name: "by name", method: "PUT", target: "/bucket/named", body: "hello", header: []string{encryptionHeader, aes256}, status: 200, want: map[string]string{encryptionHeader: aes256}},
		{name: "get by name", method: "GET", target: "/bucket/named", status: 200, wantBody: "hello", want: map[string]string{encryptionHeader: aes256}},
		{name: "encrypt in place", method: "PUT", target: "/bucket/before", header: []string{copySource, "/bucket/before", encryptionHeader, aes256}, status: 200, want: map[string]string{encryptionHeader: aes256}},
	})
	// What the console set is what S3 says.
	_, err := f.store.(objectstore.Versions).UpdateBucket(t.Context(), "bucket", func(b *objectstore.Bucket) error {
		b.Encryption = objectstore.EncryptionStore
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := f.call("GET", "/bucket?encryption", ""); !strings.Contains(a.body, "<SSEAlgorithm>AES256</SSEAlgorithm>") {
		t.Errorf("%d %s", a.status, a.body)
	}
	g := start(t, func(c *Config) { c.Store = openEngineWith(t, nil) })
	for target, a := range map[string]answer{
		"bucket":  g.call("PUT", "/bucket", ""),
		"setting": g.call("PUT", "/bucket?encryption", aes),
		"object":  g.call("PUT", "/bucket/key", "x", encryptionHeader, aes256),
	} {
		if target != "bucket" && (a.code() != "NotImplemented" || !strings.Contains(a.body, "master key")) {
			t.Errorf("%s without a master key: %d %s", target, a.status, a.body)
		}
	}
}

func TestEncryptionInClients(t *testing.T) {
	f := start(t).bucket("bucket")
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	data, key := make([]byte, 11<<20), make([]byte, 32)
	_, _ = rand.Read(data)
	_, _ = rand.Read(key)
	client := minioClient(t, f, true)
	must("set", client.SetBucketEncryption(ctx, "bucket", sse.NewConfigurationSSES3()))
	config, err := client.GetBucketEncryption(ctx, "bucket")
	if err != nil || len(config.Rules) != 1 || config.Rules[0].Apply.SSEAlgorithm != aes256 {
		t.Errorf("encryption %+v, %v", config, err)
	}
	must("remove", client.RemoveBucketEncryption(ctx, "bucket"))
	mine, err := encrypt.NewSSEC(key)
	must("key", err)
	// minio-go itself refuses to send keys without TLS.
	if _, err = client.PutObject(ctx, "bucket", "minio", bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{PartSize: 5 << 20, ServerSideEncryption: encrypt.NewSSE()}); err != nil {
		t.Fatal(err)
	}
	info, err := client.StatObject(ctx, "bucket", "minio", minio.StatObjectOptions{})
	if err != nil || info.Metadata.Get(encryptionHeader) != aes256 {
		t.Errorf("%+v, %v", info, err)
	}
	headers := http.Header{}
	mine.Marshal(headers)
	sdk, text, sum := awsClient(f), headers.Get("X-Amz-"+customerKey), headers.Get("X-Amz-"+customerKeyMD5)
	bucket, name := aws.String("bucket"), aws.String("aws")
	_, err = sdk.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: name, Body: bytes.NewReader(data), SSECustomerAlgorithm: aws.String(aes256), SSECustomerKey: &text, SSECustomerKeyMD5: &sum})
	must("put", err)
	got, err := sdk.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: name, SSECustomerAlgorithm: aws.String(aes256), SSECustomerKey: &text, SSECustomerKeyMD5: &sum})
	must("get", err)
	body, err := io.ReadAll(got.Body)
	if err != nil || !bytes.Equal(body, data) || aws.ToString(got.SSECustomerKeyMD5) != sum {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	stored, err := sdk.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: name, Body: strings.NewReader("x"), ServerSideEncryption: types.ServerSideEncryptionAes256})
	if err != nil || stored.ServerSideEncryption != types.ServerSideEncryptionAes256 {
		t.Errorf("%+v, %v", stored, err)
	}
}
