package e2e

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// TestPolicyEditedByHand: a policy that is put together from cards changes what S3
// answers a client, and the simulator says the same beforehand.
func TestPolicyEditedByHand(t *testing.T) {
	browser := NewBrowser(t)
	c := New(t, 1).WithAccount(rootName, rootPassword).Start()
	root := c.login(t)
	root.Must(t, http.MethodPost, "/api/v1/buckets", map[string]any{"name": "papers"}, nil)
	root.Must(t, http.MethodPost, "/api/v1/users", map[string]any{"name": "ada", "password": rootPassword}, nil)
	c.put(t, "papers", "docs/a.txt", "a")
	c.put(t, "papers", "kept/a.txt", "a")
	var key struct{ AccessKey, SecretKey string }
	Login(t, c.Console, "ada", rootPassword).Must(t, http.MethodPost, "/api/v1/me/keys", map[string]any{"name": "test"}, &key)
	client := s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(c.S3), UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key.AccessKey, SecretAccessKey: key.SecretKey}, nil
		}),
	})
	// holds asks S3 and the simulator, which have to agree.
	holds := func(what, object, code string, reasons ...string) {
		t.Helper()
		got := ""
		out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("papers"), Key: &object})
		var refused smithy.APIError
		switch {
		case errors.As(err, &refused):
			got = refused.ErrorCode()
		case err != nil:
			t.Fatal(err)
		default:
			_, _ = io.Copy(io.Discard, out.Body)
			_ = out.Body.Close()
		}
		var said struct {
			Allowed bool
			Reason  string
		}
		browser.Do("mayThey", map[string]any{"bucket": "papers", "user": "ada", "action": "s3:GetObject", "object": object}, &said)
		if got != code || said.Allowed != (code == "") {
			t.Errorf("%s: S3 says %q, want %q; the simulator %+v", what, got, code, said)
		}
		says(t, what, said.Reason, reasons...)
	}
	browser.Do("signIn", map[string]any{"url": c.Console, "name": rootName, "password": rootPassword}, nil)
	holds("without a policy", "docs/a.txt", "AccessDenied", "no role")
	browser.Do("letRead", map[string]any{"bucket": "papers", "user": "ada", "keys": "docs/*"}, nil)
	holds("below docs", "docs/a.txt", "", "Allowed by Readers, line 4 of the bucket’s policy")
	holds("elsewhere", "kept/a.txt", "AccessDenied", "no role")
	browser.Do("letRead", map[string]any{"bucket": "papers", "user": "ada", "keys": "kept/*"}, nil)
	var text string
	browser.Do("onlyFrom", map[string]any{"network": "192.0.2.0/24"}, &text)
	if !strings.Contains(text, `"NotIpAddress"`) || !strings.Contains(text, `"arn:aws:s3:::papers/kept/*"`) {
		t.Errorf("the text is %s", text)
	}
	holds("from elsewhere", "kept/a.txt", "AccessDenied")
}
