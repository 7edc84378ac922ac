package webdav

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestLitmus runs the field's test suite for WebDAV servers, unmodified, but for setting properties,
// which Croft refuses.
func TestLitmus(t *testing.T) {
	program, err := exec.LookPath("litmus")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("no litmus on this machine: CI must have it (make deps)")
		}
		t.Skip("SKIPPED for want of something: no litmus on this machine (make deps)")
	}
	p := start(t)
	cmd := exec.CommandContext(t.Context(), program, p.url+Prefix+"/files/", "AKIAWRITE", secretKey)
	cmd.Env = append(os.Environ(), "TESTS=basic copymove http locks", "LANG=C")
	cmd.Dir = t.TempDir()
	out, _ := cmd.CombinedOutput() // fails with a test
	for _, suite := range []string{"basic': of 16 tests run: 16 passed", "copymove': of 13 tests run: 13 passed", "http': of 4 tests run: 4 passed", "40. finish................ pass"} {
		if !strings.Contains(string(out), suite) {
			t.Errorf("no %q in\n%s", suite, out)
		}
	}
	// Properties cannot be set, and locks are not shared.
	failed := regexp.MustCompile(`(\w+)\.+ FAIL`).FindAllStringSubmatch(string(out), -1)
	for _, f := range failed {
		if f[1] != "owner_modify" && f[1] != "lock_shared" {
			t.Errorf("%s failed:\n%s", f[1], out)
		}
	}
}
