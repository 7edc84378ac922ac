package s3api

import (
	"strings"
	"testing"

	"croft/objectstore"
)

// TestFullQuotaOverS3: a full quota is the client's to mend, so it is not told to try again.
func TestFullQuotaOverS3(t *testing.T) {
	f := start(t)
	if _, err := f.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "bucket", Owner: "project-1", Quota: 8}); err != nil {
		t.Fatal(err)
	}
	if a := f.call("PUT", "/bucket/a", "12345"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	a := f.call("PUT", "/bucket/b", "1234")
	if a.status != 403 || !strings.Contains(string(a.body), "<Code>QuotaExceeded</Code>") || !strings.Contains(string(a.body), "quota of 8 bytes") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestVersioningIsTold(t *testing.T) {
	f := start(t).bucket("plain")
	for name, v := range map[string]objectstore.Versioning{"kept": objectstore.VersioningEnabled, "off-again": objectstore.VersioningSuspended} {
		if _, err := f.store.CreateBucket(t.Context(), objectstore.Bucket{Name: name, Owner: "project-1", Versioning: v}); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"plain": "", "kept": "<Status>Enabled</Status>", "off-again": "<Status>Suspended</Status>"} {
		a := f.call("GET", "/"+name+"?versioning", "")
		if a.status != 200 || !strings.Contains(string(a.body), want) || strings.Contains(string(a.body), "<Status>") != (want != "") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
