package server_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

func TestEditObject(t *testing.T) {
	c, owner, developer, viewer, _, _ := files(t)
	if _, err := c.store.CreateBucket(t.Context(), objectstore.Bucket{
		Name: "web-kept", Owner: c.bucketOwner("web-files"), ObjectLock: true, Versioning: objectstore.VersioningEnabled,
	}); err != nil {
		t.Fatal(err)
	}
	c.put("web-files", "a", "text/plain", "hello")
	c.put("web-kept", "k", "text/plain", "hello")
	const meta, version = "/api/v1/buckets/web-files/metadata?key=a", "/api/v1/buckets/web-files/version?key=a"
	const kept = "/api/v1/buckets/web-kept/version?key=k"
	const etag = `"etag":"5d41402abc4b2a76b9719d911017c592"`
	headers := func(rest string) string {
		return `{` + etag + `,"contentType":"image/png","cacheControl":"max-age=60","contentDisposition":"","contentEncoding":"","contentLanguage":"de","metadata":` + rest + `}`
	}
	lock := func(mode string, days int, rest string) string {
		return fmt.Sprintf(`{"lock":{"mode":%q,"until":%q,"hold":false}%s}`, mode, time.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339), rest)
	}
	c.run(t, []scenario{
		{name: "metadata", as: developer, method: "PUT", path: meta, body: headers(`{"Camera":"X-T5","title":"北京"}`), status: 200, want: []string{`"contentType":"image/png"`}, audit: "dev update-metadata web-files/a ok"},
		{name: "is kept", as: viewer, method: "GET", path: version, status: 200, want: []string{`"camera":"X-T5"`, `"title":"北京"`, `"Cache-Control":"max-age=60"`, `"Content-Language":"de"`, etag}},
		{name: "viewers do not", as: viewer, method: "PUT", path: meta, body: headers(`{}`), status: 403},
		{name: "changed meanwhile", as: developer, method: "PUT", path: meta, body: `{"etag":"other","contentType":"x/y","cacheControl":"","contentDisposition":"","contentEncoding":"","contentLanguage":"","metadata":{}}`, status: 409, want: []string{`"precondition_failed"`}},
		{name: "a header cannot hold a line end", as: developer, method: "PUT", path: meta, body: headers(`{"a":"b\r\nSet-Cookie: x"}`), status: 400, want: []string{`"metadata_invalid"`}},
		{name: "replication's mark", as: developer, method: "PUT", path: meta, body: headers(`{"Croft-Replica":"v1 o p - e"}`), status: 400, want: []string{`"metadata_reserved"`}},
		{name: "nor a name", as: developer, method: "PUT", path: meta, body: headers(`{"a b":"c"}`), status: 400, want: []string{`"metadata_invalid"`}},
		{name: "tags", as: developer, method: "PATCH", path: version, body: `{"tags":{"team":"web"}}`, status: 200, want: []string{`"tags":{"team":"web"}`, `"camera":"X-T5"`}, audit: "dev update-version web-files/a ok"},
		{name: "too many tags", as: developer, method: "PATCH", path: version, body: `{"tags":{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":"","10":"","11":""}}`, status: 400, want: []string{`"tags_invalid"`}},
		{name: "viewers tag nothing", as: viewer, method: "PATCH", path: version, body: `{"tags":{}}`, status: 403},
		{name: "no lock where there is none", as: developer, method: "PATCH", path: version, body: lock("governance", 1, ""), status: 400, want: []string{`"object_lock_missing"`}},
		{name: "retention", as: developer, method: "PATCH", path: kept, body: lock("governance", 9, ""), status: 200, want: []string{`"mode":"governance"`}},
		{name: "is not shortened", as: developer, method: "PATCH", path: kept, body: lock("governance", 1, ""), status: 403, want: []string{`"version_locked"`}},
		{name: "developers bypass nothing", as: developer, method: "PATCH", path: kept, body: lock("governance", 1, `,"bypass":true`), status: 403, want: []string{`"role_too_low"`}},
		{name: "owners do when they say so", as: owner, method: "PATCH", path: kept, body: lock("governance", 1, `,"bypass":true`), status: 200},
		{name: "compliance", as: owner, method: "PATCH", path: kept, body: lock("compliance", 5, ""), status: 200, want: []string{`"mode":"compliance"`}},
		{name: "nobody shortens that", as: owner, method: "PATCH", path: kept, body: lock("compliance", 1, `,"bypass":true`), status: 403, want: []string{`"version_locked"`}},
		{name: "nor takes it away", as: owner, method: "PATCH", path: kept, body: `{"lock":{"mode":"none","hold":false},"bypass":true}`, status: 403, want: []string{`"version_locked"`}},
	})
}

// TestEditHeedsPolicies: what S3 asks about besides, the console asks about too.
func TestEditHeedsPolicies(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) {
		deps.Policies = denyPermissions{"s3:BypassGovernanceRetention", "s3:PutObjectVersionTagging"}
	})
	c.user("boss", true)
	if _, err := c.store.CreateBucket(t.Context(), objectstore.Bucket{Name: "kept", ObjectLock: true, Versioning: objectstore.VersioningEnabled}); err != nil {
		t.Fatal(err)
	}
	c.put("kept", "k", "text/plain", "hello")
	boss := c.as("boss")
	version := "/api/v1/buckets/kept/version?key=k&version=" + boss.versionsOf("kept", "k")[0]
	denied := []string{`"denied_by_policy"`}
	c.run(t, []scenario{
		{name: "to bypass by a change", as: boss, method: "PATCH", path: version, body: `{"lock":{"mode":"none","hold":false},"bypass":true}`, status: 403, want: denied},
		{name: "to bypass by deleting", as: boss, method: "DELETE", path: version + "&bypass=true", status: 403, want: denied},
		{name: "to tag a version", as: boss, method: "PATCH", path: version, body: `{"tags":{"a":"b"}}`, status: 403, want: denied},
		{name: "the rest is done", as: boss, method: "PATCH", path: "/api/v1/buckets/kept/version?key=k", body: `{"tags":{"a":"b"}}`, status: 200},
	})
}

// denyPermissions denies what it names, as a bucket's policy might.
type denyPermissions []string

func (d denyPermissions) Denied(_ context.Context, _ account.Principal, r server.PolicyRequest) error {
	if slices.Contains(d, r.Permission) {
		return errs.New(errs.Forbidden, "denied_by_policy", "The bucket's policy denies this.")
	}
	return nil
}

func (c *console) bucketOwner(name string) string {
	c.t.Helper()
	b, err := c.store.Bucket(c.t.Context(), name)
	if err != nil {
		c.t.Fatal(err)
	}
	return b.Owner
}
