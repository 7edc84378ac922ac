package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"testing"
)

// Lack ends a test that lacks something of the machine: aloud on a developer's
// machine, as a failure in CI.
func Lack(tb testing.TB, lack string) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s: CI must have it (make deps)", lack)
	}
	tb.Skipf("SKIPPED for want of something: %s (make deps)", lack)
}

// NeedCommand returns where the first of the named programs is, or skips.
func NeedCommand(tb testing.TB, names ...string) string {
	tb.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	Lack(tb, "no "+names[0]+" on this machine")
	return ""
}

// NeedRoot skips when the test may not mount file systems.
func NeedRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		Lack(tb, "not root, so no file system can be mounted")
	}
}

// loopback never follows a redirect: tests look at the answer itself.
var loopback = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
