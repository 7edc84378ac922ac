package s3clients

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"croft/e2e"
)

// needDuplicity returns duplicity where the Python that it runs in has boto3, which need
// not be the one on PATH.
func needDuplicity(t *testing.T) string {
	t.Helper()
	program := e2e.NeedCommand(t, "duplicity")
	script, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(script), "\n")
	python := strings.Fields(strings.TrimPrefix(first, "#!"))
	if len(python) == 0 || exec.CommandContext(t.Context(), python[0], append(python[1:], "-c", "import boto3")...).Run() != nil {
		e2e.Lack(t, "no boto3 in the Python of duplicity")
	}
	return program
}

// TestDuplicity keeps a full and an incremental backup, compares it with the files, and
// restores it.
func TestDuplicity(t *testing.T) {
	t.Parallel()
	program := needDuplicity(t)
	e := serve(t)
	newClient(t, e2e.NeedCommand(t, "aws"), e).run("s3", "mb", "s3://duplicity")
	c := newClient(t, program, e, "--s3-endpoint-url", e.url, "--no-encryption", "--archive-dir", filepath.Join(t.TempDir(), "archive"))
	const place = "boto3+s3://duplicity/laptop"
	tree := c.tree("tree")
	contains(t, c.run("full", tree, place), "Errors 0")
	c.file("tree/later.bin", 6<<20)
	contains(t, c.run("incremental", tree, place), "Errors 0", "RawDeltaSize 6291456")
	contains(t, c.run("verify", "--compare-data", place, tree), "0 differences found")
	back := filepath.Join(c.dir, "back")
	c.run("restore", place, back)
	c.sameTree(tree, back)
}
