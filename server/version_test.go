package server_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"croft/internal/store"
	"croft/objectstore"
	"croft/server"
)

// kept changes a bucket's settings beside the API.
func (c *console) kept(bucket string, change func(*objectstore.Bucket)) {
	c.t.Helper()
	_, err := c.store.(objectstore.Versions).UpdateBucket(c.t.Context(), bucket, func(b *objectstore.Bucket) error {
		change(b)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// versionsOf are the IDs of an object's versions, the newest first.
func (b *browser) versionsOf(bucket, key string) (ids []string) {
	b.t.Helper()
	a := b.do("GET", "/api/v1/buckets/"+bucket+"/versions?key="+url.QueryEscape(key), "").json()
	for _, item := range a["items"].([]any) {
		ids = append(ids, item.(map[string]any)["versionId"].(string))
	}
	return ids
}

func TestVersionsOverTheAPI(t *testing.T) {
	c, _, developer, viewer, outsider, _ := files(t)
	c.put("web-files", "a.txt", "text/plain", "before versioning")
	c.put("web-files", "a.txt.bak", "", "another key with the same start")
	c.kept("web-files", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	_, err := c.store.Put(t.Context(), objectstore.PutRequest{
		Bucket: "web-files", Key: "a.txt", Body: strings.NewReader("second"), Size: -1,
		Attributes: objectstore.Attributes{ContentType: "text/plain", CacheControl: "no-store", User: map[string]string{"by": "dev"}, Tags: map[string]string{"env": "prod"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c.put("web-files", "a.txt", "text/plain", "third")
	ids := viewer.versionsOf("web-files", "a.txt")
	if len(ids) != 3 || ids[2] != "null" {
		t.Fatalf("versions %q", ids)
	}
	at := "/api/v1/buckets/web-files/"
	version := func(i int) string { return "key=a.txt&version=" + ids[i] }
	c.run(t, []scenario{
		{name: "of one object", as: viewer, method: "GET", path: at + "versions?key=a.txt", status: 200,
			want: []string{`"latest":true`, `"size":17`, `"versionId":"null"`, `"tags":{"env":"prod"}`, `"metadata":{"by":"dev"}`}, never: []string{"a.txt.bak"}},
		{name: "of all", as: viewer, method: "GET", path: at + "versions", status: 200, want: []string{"a.txt.bak"}},
		{name: "page", as: viewer, method: "GET", path: at + "versions?limit=1", status: 200, want: []string{`"size":5`, `"next":"ey`}, never: []string{"bak"}},
		{name: "bad cursor", as: viewer, method: "GET", path: at + "versions?cursor=%21", status: 400, want: []string{`"cursor_invalid"`}},
		{name: "outsiders see none", as: outsider, method: "GET", path: at + "versions", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "one", as: viewer, method: "GET", path: at + "version?" + version(1), status: 200,
			want: []string{`"size":6`, `"headers":{"Cache-Control":"no-store"}`, `"mode":"none"`, `"encryption":"none"`}},
		{name: "the latest", as: viewer, method: "GET", path: at + "version?key=a.txt", status: 200, want: []string{`"size":5`, `"latest":true`}},
		{name: "bytes", as: viewer, method: "GET", path: at + "object?" + version(1), status: 200, want: []string{"second"}},
		{name: "bytes of the null version", as: viewer, method: "GET", path: at + "object?" + version(2), status: 200, want: []string{"before versioning"}},
		{name: "part", as: viewer, method: "GET", path: at + "object?" + version(1), header: []string{"Range: bytes=1-2"}, status: 206, want: []string{"ec"}, never: []string{"sec"}},
		{name: "bytes of none", as: viewer, method: "GET", path: at + "object?key=a.txt&version=00", status: 400, want: []string{`"version_invalid"`}},
		{name: "outsiders read none", as: outsider, method: "GET", path: at + "object?" + version(1), status: 404, want: []string{`"bucket_not_found"`}},
		{name: "viewers restore none", as: viewer, method: "POST", path: at + "restore", body: fmt.Sprintf(`{"key":"a.txt","version":%q}`, ids[1]), status: 403, want: []string{`"role_too_low"`}},
		{name: "restore", as: developer, method: "POST", path: at + "restore", body: fmt.Sprintf(`{"key":"a.txt","version":%q}`, ids[1]), status: 200,
			want: []string{`"size":6`}, audit: "dev restore-version web-files/a.txt ok"},
		{name: "it is on top", as: viewer, method: "GET", path: at + "object?key=a.txt", status: 200, want: []string{"second"}},
		{name: "restore none", as: developer, method: "POST", path: at + "restore", body: `{"key":"a.txt","version":""}`, status: 422},
		{name: "delete puts a marker", as: developer, method: "DELETE", path: at + "object?key=a.txt", status: 204},
		{name: "what was deleted", as: viewer, method: "GET", path: at + "versions?deleted=true&delimiter=/", status: 200,
			want: []string{`"key":"a.txt"`, `"marker":true`}, never: []string{"a.txt.bak", `"marker":false`}},
		{name: "viewers delete none", as: viewer, method: "DELETE", path: at + "version?" + version(0), status: 403, want: []string{`"role_too_low"`}},
		{name: "delete for ever", as: developer, method: "DELETE", path: at + "version?" + version(0), status: 204, audit: "dev delete-version web-files/a.txt ok"},
		{name: "again", as: developer, method: "DELETE", path: at + "version?" + version(0), status: 404, want: []string{`"version_not_found"`}},
		{name: "no version named", as: developer, method: "DELETE", path: at + "version?key=a.txt&version=", status: 422},
	})
	marker := viewer.versionsOf("web-files", "a.txt")[0]
	c.run(t, []scenario{
		{name: "a marker has no bytes", as: viewer, method: "GET", path: at + "object?key=a.txt&version=" + marker, status: 409, want: []string{`"version_is_marker"`}},
		{name: "without the marker it is back", as: developer, method: "DELETE", path: at + "version?key=a.txt&version=" + marker, status: 204},
		{name: "back", as: viewer, method: "GET", path: at + "object?key=a.txt", status: 200, want: []string{"second"}},
		{name: "all versions", as: developer, method: "POST", path: at + "delete", body: `{"keys":["a.txt"],"versions":true}`, status: 200, want: []string{`"deleted":3`}},
	})
	if left := viewer.versionsOf("web-files", "a.txt"); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
	if left := viewer.versionsOf("web-files", "a.txt.bak"); len(left) != 1 {
		t.Errorf("another key: %q", left)
	}
}

// TestAllVersionsOfMany deletes more versions than a page has, with a null version
// among them that a page may end behind.
func TestAllVersionsOfMany(t *testing.T) {
	c, _, developer, viewer, _, _ := files(t)
	c.kept("web-files", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	put := func(n int) {
		var writers sync.WaitGroup
		for start := range 24 {
			writers.Go(func() {
				for i := start; i < n; i += 24 {
					c.put("web-files", "docs/a", "", fmt.Sprint(i))
				}
			})
		}
		writers.Wait()
	}
	put(501)
	c.kept("web-files", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningSuspended })
	put(1)
	c.kept("web-files", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	put(999)
	c.put("web-files", "docs/b", "", "b")
	c.run(t, []scenario{
		{name: "all", as: developer, method: "POST", path: "/api/v1/buckets/web-files/delete", body: `{"prefix":"docs/","versions":true}`, status: 200, want: []string{`"deleted":1502`}},
		{name: "none left", as: viewer, method: "GET", path: "/api/v1/buckets/web-files/versions", status: 200, want: []string{`"items":[]`}},
	})
}

func TestLockedVersionsOverTheAPI(t *testing.T) {
	c, owner, developer, _, _, _ := files(t)
	made := owner.do("POST", "/api/v1/buckets", `{"name":"web-locked","project":"web","objectLock":true}`)
	if made.status != 201 || !strings.Contains(made.body, `"versioned":true`) {
		t.Fatalf("%d %s", made.status, made.body)
	}
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	for key, lock := range map[string]objectstore.Lock{
		"governed": {Mode: objectstore.LockGovernance, Until: until},
		"held":     {Hold: true},
		"strict":   {Mode: objectstore.LockCompliance, Until: until},
	} {
		_, err := c.store.Put(t.Context(), objectstore.PutRequest{Bucket: "web-locked", Key: key, Body: strings.NewReader("x"), Size: 1, Attributes: objectstore.Attributes{Lock: lock}})
		if err != nil {
			t.Fatal(err)
		}
	}
	at := "/api/v1/buckets/web-locked/version?key="
	id := func(key string) string { return key + "&version=" + owner.versionsOf("web-locked", key)[0] }
	c.run(t, []scenario{
		{name: "shown", as: developer, method: "GET", path: at + "governed", status: 200, want: []string{`"mode":"governance","until":"` + until.Format(time.RFC3339) + `"`}},
		{name: "locked", as: developer, method: "DELETE", path: at + id("governed"), status: 403, want: []string{`"version_locked"`}, audit: "dev delete-version web-locked/governed version_locked"},
		{name: "developers do not bypass", as: developer, method: "DELETE", path: at + id("governed") + "&bypass=true", status: 403, want: []string{`"role_too_low"`}},
		{name: "all versions", as: owner, method: "POST", path: "/api/v1/buckets/web-locked/delete", body: `{"keys":["governed"],"versions":true}`, status: 403, want: []string{`"version_locked"`}},
		{name: "owners bypass governance", as: owner, method: "DELETE", path: at + id("governed") + "&bypass=true", status: 204},
		{name: "nobody bypasses compliance", as: owner, method: "DELETE", path: at + id("strict") + "&bypass=true", status: 403, want: []string{`"version_locked"`}},
		{name: "nor a hold", as: owner, method: "DELETE", path: at + id("held") + "&bypass=true", status: 403, want: []string{`"version_locked"`}},
	})
}

func TestBucketSettingsOverTheAPI(t *testing.T) {
	c, owner, developer, viewer, outsider, admin := files(t)
	at := "/api/v1/buckets/web-files"
	c.put("web-files", "a", "", "12345")
	c.run(t, []scenario{
		{name: "as they are", as: viewer, method: "GET", path: at, status: 200, want: []string{
			`"versioning":"off"`, `"encryption":"none"`, `"on":false`, `"quota":0`, `"mode":"none"`, `"usage":{"objects":1,"versions":0,"bytes":5,"unfinished":0}`,
			`"keepsVersions":true`, `"encryptionAvailable":true`, `"projectSlug":"web"`,
		}},
		{name: "hidden", as: outsider, method: "GET", path: at, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "developers do not", as: developer, method: "PATCH", path: at, body: `{"quota":1}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "Croft's own", as: admin, method: "PATCH", path: "/api/v1/buckets/croft-runs", body: `{"quota":1}`, status: 403, want: []string{`"system_bucket"`}},
		{name: "all", as: owner, method: "PATCH", path: at,
			body:   `{"versioning":"enabled","encryption":"store","compression":{"on":true,"types":["text/*"," "],"suffixes":[".log"],"minSize":100},"quota":12}`,
			status: 200, want: []string{
				`"versioning":"enabled"`, `"encryption":"store"`, `"on":true,"types":["text/*"],"suffixes":[".log"],"minSize":100`, `"quota":12`,
			}, audit: "ada update-bucket web-files ok"},
		{name: "one stays as the others are", as: owner, method: "PATCH", path: at, body: `{"versioning":"suspended"}`, status: 200, want: []string{`"quota":12`, `"encryption":"store"`, `"on":true`}},
		{name: "never off again", as: owner, method: "PATCH", path: at, body: `{"versioning":"off"}`, status: 422},
		{name: "no lock without the bucket's", as: owner, method: "PATCH", path: at, body: `{"defaultLock":{"mode":"governance","days":1,"years":0}}`, status: 400, want: []string{`"object_lock_missing"`}},
		{name: "nothing negative", as: owner, method: "PATCH", path: at, body: `{"quota":-1}`, status: 422},
		{name: "over the quota", as: developer, method: "PUT", path: at + "/object?key=b", body: "123456789", status: 507, want: []string{`"quota_exceeded"`, "The bucket's quota of 12 bytes"}},
		{name: "with the lock", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-locked","project":"web","objectLock":true}`, status: 201},
		{name: "default lock", as: owner, method: "PATCH", path: "/api/v1/buckets/web-locked", body: `{"defaultLock":{"mode":"governance","days":30,"years":0}}`, status: 200,
			want: []string{`"objectLock":true`, `"mode":"governance","days":30`}},
		{name: "days or years", as: owner, method: "PATCH", path: "/api/v1/buckets/web-locked", body: `{"defaultLock":{"mode":"governance","days":1,"years":1}}`, status: 400, want: []string{`"default_lock"`}},
		{name: "stays enabled", as: owner, method: "PATCH", path: "/api/v1/buckets/web-locked", body: `{"versioning":"suspended"}`, status: 409, want: []string{`"versioning_state"`}},
		{name: "with versions", as: owner, method: "POST", path: "/api/v1/buckets", body: `{"name":"web-kept","project":"web","versioning":true}`, status: 201, want: []string{`"versioned":true`}},
	})
	entries := admin.do("GET", "/api/v1/audit?limit=50", "").body
	if !strings.Contains(entries, "versioning enabled; encryption store; compression true; quota 12 bytes") {
		t.Errorf("the audit log does not say what was changed: %s", entries)
	}
}

func TestWithoutMasterKeys(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.MasterKeys = nil })
	c.user("boss", true)
	c.bucket("lonely", "")
	c.run(t, []scenario{
		{name: "said", as: c.as("boss"), method: "GET", path: "/api/v1/buckets/lonely", status: 200, want: []string{`"encryptionAvailable":false`}},
		{name: "refused", as: c.as("boss"), method: "PATCH", path: "/api/v1/buckets/lonely", body: `{"encryption":"store"}`, status: 503, want: []string{`"encryption_unavailable"`}},
	})
}

func TestProjectQuotaOverTheAPI(t *testing.T) {
	c, owner, developer, viewer, outsider, admin := files(t)
	c.put("web-files", "a", "", "12345")
	storage, quota := "/api/v1/projects/web/storage", "/api/v1/projects/web/quota"
	c.run(t, []scenario{
		{name: "usage", as: viewer, method: "GET", path: storage, status: 200, want: []string{`"quota":0,"bytes":5,"objects":1,"counted":true`, `{"name":"web-files","bytes":5,"quota":0}`}},
		{name: "hidden", as: outsider, method: "GET", path: storage, status: 404, want: []string{`"project_not_found"`}},
		{name: "owners do not raise their own", as: owner, method: "PUT", path: quota, body: `{"quota":100}`, status: 403, want: []string{`"admin_required"`}},
		{name: "set", as: admin, method: "PUT", path: quota, body: `{"quota":8}`, status: 200, want: []string{`"quota":8`, `"bytes":5`}, audit: "boss set-project-quota web ok"},
		{name: "over it", as: developer, method: "PUT", path: "/api/v1/buckets/web-files/object?key=b", body: "1234", status: 507, want: []string{`"quota_exceeded"`, "The project's quota of 8 bytes"}},
		{name: "within it", as: developer, method: "PUT", path: "/api/v1/buckets/web-files/object?key=b", body: "123", status: 200},
		{name: "negative", as: admin, method: "PUT", path: quota, body: `{"quota":-8}`, status: 422},
		{name: "lifted", as: admin, method: "PUT", path: quota, body: `{"quota":0}`, status: 200, want: []string{`"quota":0`, `"bytes":8`}},
		{name: "more", as: developer, method: "PUT", path: "/api/v1/buckets/web-files/object?key=c", body: "1234", status: 200},
	})
}
