package s3clients

import (
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestBoto3Web runs testdata/boto3_web.py.
func TestBoto3Web(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_web.py"))
	if err != nil {
		t.Fatal(err)
	}
	const key, secret = "clients", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret)
	croft.Env = append(croft.Env, "CROFT_S3_WEBSITE_DOMAIN=web.test")
	croft.Flags = append(croft.Flags, "--s3-signature-v2")
	c := newClient(t, python, endpoint{croft.Start().S3, key, secret})
	contains(t, c.run(script, "boto3-web"), "all good")
}
