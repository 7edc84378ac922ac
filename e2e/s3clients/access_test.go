package s3clients

import (
	"path/filepath"
	"testing"
)

// TestBoto3Access runs testdata/boto3_access.py: policies, ACLs, ownership, the public
// access block, and requests without a signature.
func TestBoto3Access(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_access.py"))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, python, serve(t))
	contains(t, c.run(script, "boto3-access"), "all good")
}
