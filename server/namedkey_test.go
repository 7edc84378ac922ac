package server_test

import (
	"fmt"
	"strings"
	"testing"

	"croft/objectstore"
)

func TestNamedKeysOverTheAPI(t *testing.T) {
	c, owner, developer, viewer, _, admin := files(t)
	const at = "/api/v1/buckets/web-files"
	const version, etag = at + "/version?key=", `"etag":"5d41402abc4b2a76b9719d911017c592"`
	put := func(key string, by objectstore.Encryption) {
		t.Helper()
		if _, err := c.store.Put(t.Context(), objectstore.PutRequest{Bucket: "web-files", Key: key, Body: strings.NewReader("hello"), Size: 5, Encrypt: by}); err != nil {
			t.Fatal(err)
		}
	}
	put("named", objectstore.NamedKey{ID: "alias/team"}.Encryption())
	put("default", objectstore.NamedKey{}.Encryption())
	put("store", objectstore.EncryptionStore)
	edit := `{` + etag + `,"contentType":"image/png","cacheControl":"","contentDisposition":"","contentEncoding":"","contentLanguage":"","metadata":{}}`
	named := []string{`"encryption":"named"`, `"keyId":"alias/team"`}
	c.run(t, []scenario{
		{name: "an object's", as: viewer, method: "GET", path: version + "named", status: 200, want: named},
		{name: "the default one", as: viewer, method: "GET", path: version + "default", status: 200, want: []string{`"encryption":"named"`, `"keyId":""`}},
		{name: "edit it", as: developer, method: "PUT", path: at + "/metadata?key=named", body: edit, status: 200},
		{name: "stays under its name", as: viewer, method: "GET", path: version + "named", status: 200, want: named},
		{name: "edit another", as: developer, method: "PUT", path: at + "/metadata?key=store", body: edit, status: 200},
		{name: "stays encrypted", as: viewer, method: "GET", path: version + "store", status: 200, want: []string{`"encryption":"store"`}},
		{name: "copy it", as: developer, method: "POST", path: at + "/copy", body: `{"items":[{"from":"named","to":"copy"},{"from":"store","to":"stored"}]}`, status: 200, want: []string{`"done":2`}},
		{name: "under the name, too", as: viewer, method: "GET", path: version + "copy", status: 200, want: named},
		{name: "encrypted, too", as: viewer, method: "GET", path: version + "stored", status: 200, want: []string{`"encryption":"store"`}},
		{name: "a bucket's", as: owner, method: "PATCH", path: at, body: `{"encryption":"named","keyId":"alias/team"}`, status: 200, want: named},
		{name: "stays as others are set", as: owner, method: "PATCH", path: at, body: `{"quota":1000000,"versioning":"enabled","compression":{"on":true,"types":[],"suffixes":[],"minSize":0}}`, status: 200, want: named},
		{name: "what no key is called", as: owner, method: "PATCH", path: at, body: `{"encryption":"named","keyId":"two words"}`, status: 400, want: []string{`"key_name_invalid"`}},
		{name: "too long", as: owner, method: "PATCH", path: at, body: fmt.Sprintf(`{"encryption":"named","keyId":%q}`, strings.Repeat("k", 513)), status: 422},
		{name: "a name of nothing", as: owner, method: "PATCH", path: at, body: `{"encryption":"store","keyId":"k"}`, status: 400, want: []string{`"key_name_unused"`}},
		{name: "a name alone", as: owner, method: "PATCH", path: at, body: `{"keyId":"k"}`, status: 400, want: []string{`"key_name_unused"`}},
		{name: "still", as: viewer, method: "GET", path: at, status: 200, want: named},
		{name: "without a name", as: owner, method: "PATCH", path: at, body: `{"encryption":"named"}`, status: 200, want: []string{`"encryption":"named"`, `"keyId":""`}},
		{name: "none", as: owner, method: "PATCH", path: at, body: `{"encryption":"none","keyId":""}`, status: 200, want: []string{`"encryption":"none"`, `"keyId":""`}},
	})
	if entries := admin.do("GET", "/api/v1/audit?limit=50", "").body; !strings.Contains(entries, "encryption named; key alias/team") {
		t.Errorf("the audit log does not say what was changed: %s", entries)
	}
	// A version that is put on top again is encrypted as it was.
	put("named", objectstore.EncryptionNone)
	ids := viewer.versionsOf("web-files", "named")
	c.run(t, []scenario{
		{name: "written in plain", as: viewer, method: "GET", path: version + "named", status: 200, want: []string{`"encryption":"none"`}},
		{name: "restore", as: developer, method: "POST", path: at + "/restore", body: fmt.Sprintf(`{"key":"named","version":%q}`, ids[1]), status: 200},
		{name: "as it was", as: viewer, method: "GET", path: version + "named", status: 200, want: named},
	})
}
