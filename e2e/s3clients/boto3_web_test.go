package s3clients

import (
	"path/filepath"
	"testing"
)

// TestBoto3Web runs testdata/boto3_web.py.
func TestBoto3Web(t *testing.T) {
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_web.py"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, newClient(t, python, serve(t)).run(script, "boto3-web"), "all good")
}
