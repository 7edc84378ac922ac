package s3api

import (
	"strings"
	"testing"

	"croft/internal/errs"
)

// TestReplicasNeedPermission: who may only write cannot have what it writes and deletes
// taken for replication's, which is not copied on.
func TestReplicasNeedPermission(t *testing.T) {
	f := start(t).bucket("bucket")
	f.put("bucket", "source", "x")
	f.put("bucket", "key", "first")
	plain := map[string]bool{"s3:PutObject": true, "s3:GetObject": true, "s3:DeleteObject": true, "s3:ListBucket": true}
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if ask.S3 != "" && !plain[ask.S3] {
			return errs.New(errs.Forbidden, "forbidden", ask.S3)
		}
		return nil
	}
	const mark = "X-Amz-Meta-Croft-Replica"
	calls := []call{
		{name: "put", method: "PUT", target: "/bucket/key", body: "x", header: []string{mark, "v1 o p - e"}, status: 403, code: "AccessDenied"},
		{name: "put without a value", method: "PUT", target: "/bucket/key", body: "x", header: []string{mark, ""}, status: 403, code: "AccessDenied"},
		{name: "put in parts", method: "POST", target: "/bucket/key?uploads", header: []string{mark, "v1 o p - e"}, status: 403, code: "AccessDenied"},
		{name: "copy", method: "PUT", target: "/bucket/key", header: []string{mark, "v1 o p - e", copySource, "/bucket/source", "X-Amz-Metadata-Directive", "REPLACE"}, status: 403, code: "AccessDenied"},
		{name: "delete", method: "DELETE", target: "/bucket/key", header: []string{replicaHeader, "true"}, status: 403, code: "AccessDenied"},
	}
	for _, c := range calls {
		a := f.call(c.method, c.target, c.body, c.header...)
		if a.status != c.status || a.code() != c.code || !strings.Contains(a.body, "s3:Replicate") {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	if a := f.call("GET", "/bucket/key", ""); a.body != "first" {
		t.Errorf("it was written all the same: %s", a.body)
	}
	plain["s3:ReplicateObject"], plain["s3:ReplicateDelete"] = true, true
	for _, c := range calls {
		if a := f.call(c.method, c.target, c.body, c.header...); a.status/100 != 2 {
			t.Errorf("%s with the permission: %d %s", c.name, a.status, a.body)
		}
	}
}
