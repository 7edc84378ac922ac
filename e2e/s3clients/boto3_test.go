package s3clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"croft/e2e"
)

// needBoto3 returns a Python that can import boto3: the one on PATH, or that of
// the system, where Debian's python3-boto3 goes.
func needBoto3(t *testing.T) string {
	t.Helper()
	var candidates []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		candidates = append(candidates, filepath.Join(dir, "python3"))
	}
	for _, python := range append(candidates, "/usr/bin/python3") {
		if exec.CommandContext(t.Context(), python, "-c", "import boto3").Run() == nil {
			return python
		}
	}
	e2e.Lack(t, "no python3 with boto3 on this machine")
	return ""
}

// TestBoto3 runs testdata/boto3_client.py, with boto3's default checksums and
// with none but those that S3 demands.
func TestBoto3(t *testing.T) {
	t.Parallel()
	python := needBoto3(t)
	script, err := filepath.Abs(filepath.Join("testdata", "boto3_client.py"))
	if err != nil {
		t.Fatal(err)
	}
	e := serve(t)
	for _, when := range []string{"when_supported", "when_required"} {
		t.Run(when, func(t *testing.T) {
			c := newClient(t, python, e)
			c.env = append(c.env, "AWS_REQUEST_CHECKSUM_CALCULATION="+when, "AWS_RESPONSE_CHECKSUM_VALIDATION="+when)
			out := c.run(script, "boto3-"+strings.ReplaceAll(when, "_", "-"))
			contains(t, out, "all good")
		})
	}
}
