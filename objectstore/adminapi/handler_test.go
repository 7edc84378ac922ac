package adminapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func sum(body []byte) string {
	s := sha256.Sum256(body)
	return hex.EncodeToString(s[:])
}

// TestCallsAreGuarded asks for every call as everybody who may not.
func TestCallsAreGuarded(t *testing.T) {
	f := start(t)
	for _, c := range table {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			f := *f
			f.t = t
			target := "/minio/admin/v3/" + c.path
			f.fence.events, f.fence.asked = nil, nil
			for name, r := range map[string]*http.Request{
				"nobody":         f.request(c.method, target, nil),
				"a wrong secret": f.signed("nobody", f.request(c.method, target, nil), nil),
				"a bearer": func() *http.Request {
					r := f.request(c.method, target, nil)
					r.Header.Set("Authorization", "Bearer x")
					return r
				}(),
				"no right":            f.signed(member, f.request(c.method, target, nil), nil),
				"a right, other body": f.signed(operator, f.request(c.method, target, []byte("x")), []byte("y")),
			} {
				if a := f.send(r); a.status < 400 || !strings.Contains(a.body, `"Code":"`) || !strings.Contains(a.body, `"Message":"`) {
					t.Errorf("%s: %d %s", name, a.status, a.body)
				} else if name == "nobody" && !strings.Contains(a.body, "Sign the request.") {
					t.Errorf("nobody is asked about further: %s", a.body)
				}
			}
			if c.own { // the accounts are asked, and theirs is another test
				if strings.Contains(fmt.Sprint(f.fence.events), "Outcome:ok") || len(f.fence.events) == 0 {
					t.Errorf("in the audit log: %+v", f.fence.events)
				}
				return
			}
			if len(f.fence.asked) == 0 || slices.ContainsFunc(f.fence.asked, func(p string) bool { return p != c.permission }) {
				t.Errorf("asked for %v, want %s", f.fence.asked, c.permission)
			}
			if len(f.fence.events) == 0 || f.fence.events[0].Outcome != "AccessDenied" && f.fence.events[0].Outcome != "XAmzContentSHA256Mismatch" {
				t.Errorf("in the audit log: %+v", f.fence.events)
			}
		})
	}
}

func TestWhatIsRefused(t *testing.T) {
	f := start(t)
	for _, r := range refused {
		target := "v3/" + r.path
		if r.path == "kms" {
			target = "../kms/v1/key/status"
		}
		a := f.send(f.signed(operator, f.request(http.MethodGet, map[bool]string{true: "/minio/kms/v1/key/status", false: "/minio/admin/" + target}[r.path == "kms"], nil), nil))
		if a.status != http.StatusNotImplemented || !strings.Contains(a.body, r.why[:20]) {
			t.Errorf("%s: %d %s", r.path, a.status, a.body)
		}
	}
	f.refused("NotImplemented", http.MethodGet, "tiers-of-another-kind", nil)
	f.refused("NotImplemented", http.MethodGet, "infos", nil)
	f.refused("MethodNotAllowed", http.MethodPost, "info", nil)
	a := f.send(f.signed(operator, f.request(http.MethodGet, "/minio/admin/v2/info", nil), nil))
	if a.status != http.StatusUpgradeRequired || !strings.Contains(a.body, "XMinioAdminVersionMismatch") {
		t.Errorf("version 2: %d %s", a.status, a.body)
	}
}

func TestClaims(t *testing.T) {
	f := start(t)
	for target, want := range map[string]bool{
		"/minio/admin/v3/info": true, "/minio/kms/v1/status": true, "/minio/health/live": true, "/minio/v2/metrics/node": true,
		"/minio/prometheus/metrics": true, "/minio/health/other": false, "/minio/": false, "/minio": false, "/minio/v2/other": false,
		"/minio-files/admin/v3/info": false, "/bucket/minio/admin/v3/info": false,
	} {
		if got := f.handler.Claims(f.request(http.MethodGet, target, nil)); got != want {
			t.Errorf("%s: %v", target, got)
		}
	}
}

func TestProbes(t *testing.T) {
	f := start(t)
	for _, path := range []string{"live", "ready", "cluster", "cluster/read"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if a := f.send(f.request(method, "/minio/health/"+path, nil)); a.status != http.StatusOK || a.body != "" {
				t.Errorf("%s: %d %q", path, a.status, a.body)
			}
		}
	}
	if a := f.send(f.request(http.MethodGet, "/minio/health/cluster", nil)); a.header.Get("X-Minio-Write-Quorum") != "3" {
		t.Errorf("quorum %v", a.header)
	}
	if a := f.send(f.request(http.MethodGet, "/minio/health/cluster?maintenance=true", nil)); a.status != http.StatusPreconditionFailed {
		t.Errorf("for maintenance: %d", a.status)
	}
	if a := f.send(f.request(http.MethodPost, "/minio/health/live", nil)); a.status != http.StatusMethodNotAllowed {
		t.Errorf("post: %d", a.status)
	}
}
