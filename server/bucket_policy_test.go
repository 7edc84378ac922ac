package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// strict denies what it is asked about below "kept/", once it is switched on.
type strict struct {
	on    *bool
	asked *[]string
}

func (s strict) Denied(_ context.Context, p account.Principal, r server.PolicyRequest) error {
	if !*s.on {
		return nil
	}
	*s.asked = append(*s.asked, fmt.Sprintf("%s %s %s/%s%s", p.Name, r.Permission, r.Bucket, r.Key, r.Prefix))
	if r.Address == "" || r.Agent == "" {
		return errs.New(errs.Internal, "internal", "The request is not known.")
	}
	if strings.HasPrefix(r.Key+r.Prefix, "kept/") {
		return errs.New(errs.Forbidden, "denied_by_policy", "The bucket's policy denies this.")
	}
	return nil
}

// TestPoliciesAreHeeded: whatever way leads to an object, the policy of the bucket is
// asked, and what it denies is not done.
func TestPoliciesAreHeeded(t *testing.T) {
	on, asked := false, []string{}
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Policies = strict{&on, &asked} })
	c.user("boss", true)
	c.bucket("data", "")
	c.kept("data", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	boss := c.as("boss")
	for _, key := range []string{"kept/a", "kept/b", "free/a", "free/b"} {
		c.put("data", key, "text/plain", "first")
		c.put("data", key, "text/plain", "second")
	}
	version := boss.versionsOf("data", "kept/a")[1]
	for _, key := range []string{"free/up", "kept/up"} {
		boss.do("POST", "/api/v1/buckets/data/uploads?key="+key, `{}`)
	}
	on = true
	const at = "/api/v1/buckets/data/"
	denied := []string{`"denied_by_policy"`}
	c.run(t, []scenario{
		{name: "list", as: boss, method: "GET", path: at + "objects?prefix=kept/", status: 403, want: denied},
		{name: "list versions", as: boss, method: "GET", path: at + "versions?prefix=kept/", status: 403, want: denied},
		{name: "versions of one", as: boss, method: "GET", path: at + "versions?key=kept/a", status: 403, want: denied},
		{name: "get", as: boss, method: "GET", path: at + "object?key=kept/a", status: 403, want: denied},
		{name: "get a version", as: boss, method: "GET", path: at + "object?key=kept/a&version=" + version, status: 403, want: denied},
		{name: "head", as: boss, method: "HEAD", path: at + "object?key=kept/a", status: 403},
		{name: "count", as: boss, method: "GET", path: at + "tally?prefix=kept/", status: 403, want: denied},
		{name: "copy away", as: boss, method: "POST", path: at + "copy", body: `{"items":[{"from":"kept/a","to":"free/c"}]}`, status: 200, want: []string{`"done":0`, `"denied_by_policy"`}},
		{name: "copy there", as: boss, method: "POST", path: at + "copy", body: `{"items":[{"from":"free/a","to":"kept/c"}]}`, status: 200, want: []string{`"done":0`, `"denied_by_policy"`}},
		{name: "copy a folder away", as: boss, method: "POST", path: at + "copy", body: `{"prefix":{"from":"kept/","to":"free/"}}`, status: 403, want: denied},
		{name: "what is there", as: boss, method: "POST", path: at + "existing", body: `{"keys":["kept/a","free/a"]}`, status: 200, want: []string{"free/a"}, never: []string{"kept/a"}},
		{name: "begin an upload", as: boss, method: "POST", path: at + "uploads?key=kept/up", body: `{}`, status: 403, want: denied},
		{name: "an archive", as: boss, method: "POST", path: at + "zips", body: `{"prefixes":["kept/"]}`, status: 403, want: denied},
		{name: "facts", as: boss, method: "GET", path: at + "version?key=kept/a", status: 403, want: denied},
		{name: "put", as: boss, method: "PUT", path: at + "object?key=kept/a", body: "x", status: 403, want: denied},
		{name: "delete", as: boss, method: "DELETE", path: at + "object?key=kept/a", status: 403, want: denied},
		{name: "delete a version", as: boss, method: "DELETE", path: at + "version?key=kept/a&version=" + version, status: 403, want: denied},
		{name: "restore", as: boss, method: "POST", path: at + "restore", body: `{"key":"kept/a","version":"` + version + `"}`, status: 403, want: denied},
		{name: "delete some", as: boss, method: "POST", path: at + "delete", body: `{"keys":["free/a","kept/a"]}`, status: 403, want: denied},
		{name: "delete below", as: boss, method: "POST", path: at + "delete", body: `{"prefix":"kept/"}`, status: 403, want: denied},
		{name: "delete all versions", as: boss, method: "POST", path: at + "delete", body: `{"keys":["kept/a"],"versions":true}`, status: 403, want: denied},
		{name: "delete all versions below", as: boss, method: "POST", path: at + "delete", body: `{"prefix":"kept/","versions":true}`, status: 403, want: denied},
		{name: "uploads", as: boss, method: "GET", path: at + "uploads?prefix=kept/", status: 403, want: denied},
		{name: "abort uploads below", as: boss, method: "POST", path: at + "abort-uploads", body: `{"olderThan":0,"prefix":"kept/"}`, status: 403, want: denied},
		{name: "abort all uploads", as: boss, method: "POST", path: at + "abort-uploads", body: `{"olderThan":0}`, status: 200,
			want: []string{`"aborted":1`, `"key":"kept/up"`, `"denied_by_policy"`}},
		{name: "one stays", as: boss, method: "GET", path: at + "uploads", status: 200, want: []string{"kept/up"}, never: []string{"free/up"}},
		{name: "what is free", as: boss, method: "GET", path: at + "object?key=free/b", status: 200, want: []string{"second"}},
	})
	on = false
	for key, want := range map[string]int{"kept/a": 2, "kept/b": 2, "free/a": 3, "free/b": 2} {
		if n := len(boss.versionsOf("data", key)); n != want {
			t.Errorf("%s has %d versions, want %d", key, n, want)
		}
	}
	all := strings.Join(asked, "\n")
	for _, want := range []string{
		"boss s3:ListBucket data/kept/", "boss s3:ListBucketVersions data/kept/a", "boss s3:GetObjectVersion data/kept/a", "boss s3:PutObject data/kept/a",
		"boss s3:DeleteObjectVersion data/kept/a", "boss s3:DeleteObject data/free/a",
		"boss s3:ListBucketMultipartUploads data/kept/", "boss s3:AbortMultipartUpload data/kept/up",
	} {
		if !strings.Contains(all, want+"\n") {
			t.Errorf("nobody asked for %s:\n%s", want, all)
		}
	}
}
