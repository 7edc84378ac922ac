package s3clients

import (
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestBoto3Lifecycle runs testdata/boto3_lifecycle.py.
func TestBoto3Lifecycle(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_lifecycle.py"))
	if err != nil {
		t.Fatal(err)
	}
	const key, secret = "clients", "a-secret/of+the=clients"
	c := newClient(t, python, endpoint{e2e.New(t, 4).WithAccount(key, secret).Start().S3, key, secret})
	contains(t, c.run(script, "boto3-lifecycle"), "all good")
}
