package s3clients

import (
	"os/exec"
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestRuby runs the AWS SDK for Ruby as testdata/ruby_sdk.rb uses it.
func TestRuby(t *testing.T) {
	t.Parallel()
	c := newClient(t, e2e.NeedCommand(t, "ruby"), serve(t))
	c.needs("the AWS SDK for Ruby", "-e", "require 'aws-sdk-s3'")
	contains(t, c.run(script(t, "ruby_sdk.rb"), c.file("large.bin", 12<<20), filepath.Join(c.dir, "down")), "all good")
}

// TestPerl runs Net::Amazon::S3 as testdata/perl_client.pl uses it.
func TestPerl(t *testing.T) {
	t.Parallel()
	e := serve(t)
	c := newClient(t, e2e.NeedCommand(t, "perl"), e)
	c.needs("Net::Amazon::S3", "-MNet::Amazon::S3", "-e", "1")
	contains(t, c.run(script(t, "perl_client.pl"), e.host(), c.file("large.bin", 1<<20)), "all good")
}

// TestLibS3 drives the command that comes with the C library libs3, which signs with
// Signature Version 2 and succeeds whatever it is told.
func TestLibS3(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "s3")
	e := serve(t, "--s3-signature-v2")
	c := newClient(t, program, e, "-u")
	c.env = append(c.env, "S3_HOSTNAME="+e.host(), "S3_ACCESS_KEY_ID="+e.key, "S3_SECRET_ACCESS_KEY="+e.secret)
	large, down := c.file("large.bin", 2<<20), filepath.Join(c.dir, "down")
	c.run("create", "libs3")
	c.run("put", "libs3/ü/large", "filename="+large, "x-amz-meta-colour=red", "contentType=text/plain")
	c.run("get", "libs3/ü/large", "filename="+down)
	c.same(large, down)
	contains(t, c.run("-s", "head", "libs3/ü/large"), "Content-Length: 2097152", "Content-Type: text/plain", "x-amz-meta-colour: red")
	c.run("copy", "libs3/ü/large", "libs3/copied")
	contains(t, c.run("list", "libs3"), "ü/large", "copied")
	contains(t, c.run("getacl", "libs3"), "FULL_CONTROL")
	contains(t, c.run("test", "libs3"), "libs3")
	c.run("delete", "libs3/ü/large")
	c.run("delete", "libs3/copied")
	c.run("delete", "libs3")
	lacks(t, c.run("list"), "libs3")
}

// script returns the whole path of a file of testdata.
func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// needs ends the test unless the program runs with these arguments, which load a library.
func (c *client) needs(library string, args ...string) {
	c.t.Helper()
	if err := exec.CommandContext(c.t.Context(), c.program, args...).Run(); err != nil {
		e2e.Lack(c.t, "no "+library+" on this machine")
	}
}
