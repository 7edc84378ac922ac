package server_test

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/internal/store"
	"croft/server"
)

// share makes a link and returns the address of what it shows in the API, and its ID.
func (b *browser) share(bucket, body string) (api, id string) {
	b.t.Helper()
	a := b.do("POST", "/api/v1/buckets/"+bucket+"/shares", body)
	if a.status != 201 {
		b.t.Fatalf("share: %d %s", a.status, a.body)
	}
	path := a.json()["path"].(string)
	return "/api/v1/shared/" + strings.TrimPrefix(path, "/s/"), a.json()["id"].(string)
}

func TestSharedFolder(t *testing.T) {
	c, owner, developer, viewer, outsider, _ := files(t)
	for key, text := range map[string]string{
		"pub/": "", "pub/a.txt": "hello", "pub/sub/b.txt": "deep", "pub/page.html": "<script>alert(1)</script>", "private.txt": "secret", "public.txt": "beside",
	} {
		contentType := "text/plain"
		if strings.HasSuffix(key, ".html") {
			contentType = "text/html"
		}
		c.put("web-files", key, contentType, text)
	}
	stranger := c.anonymous()
	link, id := developer.share("web-files", `{"key":"pub/","folder":true}`)
	gone := []string{`"share_gone"`}
	c.run(t, []scenario{
		{name: "shown", as: stranger, method: "GET", path: link, status: 200, want: []string{`"name":"pub"`, `"folder":true`, `"locked":false`}},
		{name: "listed", as: stranger, method: "GET", path: link + "/objects", status: 200, want: []string{`"key":"a.txt"`, `"prefixes":["sub/"]`}, never: []string{"pub/", "private", "public"}},
		{name: "below", as: stranger, method: "GET", path: link + "/objects?prefix=sub/", status: 200, want: []string{`"key":"sub/b.txt"`}},
		{name: "read", as: stranger, method: "GET", path: link + "/object?key=a.txt", status: 200, want: []string{"hello"}},
		{name: "nothing beside it", as: stranger, method: "GET", path: link + "/object?key=../private.txt", status: 404, never: []string{"secret"}},
		{name: "nor above", as: stranger, method: "GET", path: link + "/objects?prefix=../", status: 200, want: []string{`"items":[]`}},
		{name: "no uploads", as: stranger, method: "PUT", path: link + "/object?key=new", body: "x", status: 403, want: []string{`"share_no_uploads"`}, audit: "-"},
		{name: "another token", as: stranger, method: "GET", path: "/api/v1/shared/" + strings.Repeat("a", 52), status: 404, want: gone},
		{name: "links of the bucket", as: viewer, method: "GET", path: "/api/v1/buckets/web-files/shares", status: 200, want: []string{id, `"userName":"dev"`, `"uses":1`}, never: []string{strings.TrimPrefix(link, "/api/v1/shared/")}},
		{name: "are not for all", as: outsider, method: "GET", path: "/api/v1/buckets/web-files/shares", status: 404},
		{name: "not ended by others", as: viewer, method: "DELETE", path: "/api/v1/buckets/web-files/shares/" + id, status: 403, want: []string{`"role_too_low"`}},
	})
	// Neither do cursors tell where the folder lies.
	var seen []string
	for cursor, n := "", 0; n == 0 || cursor != "" && n < 9; n++ {
		page := objectList(t, stranger.do("GET", link+"/objects?limit=1&cursor="+cursor, ""))
		for _, o := range page.Items {
			seen = append(seen, o.Key)
		}
		seen, cursor = append(seen, page.Prefixes...), page.Next
		if told, _ := base64.RawURLEncoding.DecodeString(cursor); strings.Contains(string(told), "pub") {
			t.Errorf("the cursor tells %q", told)
		}
	}
	if strings.Join(seen, " ") != " a.txt page.html sub/" {
		t.Errorf("page by page: %q", seen)
	}
	// User content never runs as a page of ours.
	page := stranger.do("GET", link+"/object?key=page.html", "")
	if !strings.HasPrefix(page.header.Get("Content-Disposition"), "attachment") || !strings.Contains(page.header.Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("a page is served as %v", page.header)
	}
	if part := stranger.do("GET", link+"/object?key=a.txt", "", "Range: bytes=1-2"); part.status != 206 || part.body != "el" {
		t.Errorf("a range: %d %q", part.status, part.body)
	}
	all := stranger.do("GET", link+"/zip", "")
	z, err := zip.NewReader(bytes.NewReader([]byte(all.body)), int64(len(all.body)))
	if err != nil || len(z.File) != 4 || z.File[1].Name != "a.txt" {
		t.Errorf("the archive: %v, %v", z, err)
	}
	token := strings.TrimPrefix(link, "/api/v1/shared/")
	stranger.do("GET", "/s/"+token, "", "Accept: text/html")
	if strings.Contains(c.log.String(), token) {
		t.Error("the log has the link's token")
	}
	// What its maker loses, the link loses.
	if err := c.accounts.RemoveMember(t.Context(), c.bucketOwner("web-files"), c.users["dev"].ID); err != nil {
		t.Fatal(err)
	}
	c.run(t, []scenario{
		{name: "maker left", as: stranger, method: "GET", path: link, status: 404, want: gone},
		{name: "and its objects", as: stranger, method: "GET", path: link + "/object?key=a.txt", status: 404, want: gone},
		{name: "maintainers end any", as: owner, method: "DELETE", path: "/api/v1/buckets/web-files/shares/" + id, status: 204, audit: "ada delete-shared-link web-files/pub/ ok"},
	})
	one, oneID := owner.share("web-files", `{"key":"private.txt","expiresSeconds":3600}`)
	c.run(t, []scenario{
		{name: "one object", as: stranger, method: "GET", path: one + "/object", status: 200, want: []string{"secret"}},
		{name: "is no folder", as: stranger, method: "GET", path: one + "/objects", status: 404},
		{name: "nor more than itself", as: stranger, method: "GET", path: one + "/object?key=x", status: 404},
		{name: "end one's own", as: owner, method: "DELETE", path: "/api/v1/buckets/web-files/shares/" + oneID, status: 204},
		{name: "at once", as: stranger, method: "GET", path: one + "/object", status: 404, want: gone},
		{name: "what is not there", as: owner, method: "POST", path: "/api/v1/buckets/web-files/shares", body: `{"key":"none"}`, status: 404},
	})
	// A bucket of the same name that is made anew is another.
	again, _ := owner.share("web-files", `{"key":"","folder":true}`)
	owner.do("POST", "/api/v1/buckets/web-files/delete", `{"all":true}`)
	project := c.bucketOwner("web-files")
	if err := c.store.DeleteBucket(t.Context(), "web-files"); err != nil {
		t.Fatal(err)
	}
	c.bucket("web-files", project)
	c.run(t, []scenario{
		{name: "another bucket", as: stranger, method: "GET", path: again, status: 404, want: gone},
		{name: "has no links of it", as: owner, method: "GET", path: "/api/v1/buckets/web-files/shares", status: 200, want: []string{`"items":[]`}},
	})
}

// TestSharedByToken: who ends an API token ends what was shared with it, and nothing else.
func TestSharedByToken(t *testing.T) {
	c, owner, _, _, _, _ := files(t)
	c.put("web-files", "a.txt", "text/plain", "hello")
	secret, token, err := c.accounts.CreateToken(t.Context(), c.users["ada"].ID, "ci", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	a := c.anonymous().do("POST", "/api/v1/buckets/web-files/shares", `{"key":"a.txt"}`, "Authorization: Bearer "+secret)
	if a.status != 201 || a.json()["expiresAt"] == nil {
		t.Fatalf("share with a token that expires: %d %s", a.status, a.body)
	}
	link := "/api/v1/shared/" + strings.TrimPrefix(a.json()["path"].(string), "/s/") + "/object"
	own, _ := owner.share("web-files", `{"key":"a.txt"}`)
	stranger := c.anonymous()
	c.run(t, []scenario{
		{name: "as long as the token", as: stranger, method: "GET", path: link, status: 200, want: []string{"hello"}},
		{name: "the token ends", as: owner, method: "DELETE", path: "/api/v1/me/tokens/" + token.ID, status: 204},
		{name: "and the link", as: stranger, method: "GET", path: link, status: 404, want: []string{`"share_gone"`}},
		{name: "no other", as: stranger, method: "GET", path: own + "/object", status: 200},
	})
}

func TestSharedWithPassword(t *testing.T) {
	c, owner, _, _, _, _ := files(t)
	c.put("web-files", "docs/plan.txt", "text/plain", "the plan")
	link, _ := owner.share("web-files", `{"key":"docs/","folder":true,"password":"open sesame"}`)
	other, _ := owner.share("web-files", `{"key":"docs/","folder":true,"password":"something else"}`)
	stranger := c.anonymous()
	locked := []string{`"share_locked"`}
	c.run(t, []scenario{
		{name: "asks", as: stranger, method: "GET", path: link, status: 200, want: []string{`"locked":true`}, never: []string{"docs"}},
		{name: "no list", as: stranger, method: "GET", path: link + "/objects", status: 403, want: locked},
		{name: "no object", as: stranger, method: "GET", path: link + "/object?key=plan.txt", status: 403, want: locked},
		{name: "no archive", as: stranger, method: "GET", path: link + "/zip", status: 403, want: locked},
		{name: "no upload", as: stranger, method: "PUT", path: link + "/object?key=x", body: "x", status: 403, want: locked},
		{name: "a forged pass", as: stranger, method: "GET", path: link + "/objects", header: []string{"Cookie: croft_share_x=99999999999.00"}, status: 403, want: locked},
		{name: "wrong", as: stranger, method: "POST", path: link + "/unlock", body: `{"password":"wrong"}`, status: 403, want: []string{`"share_password_wrong"`}, audit: "-"},
		{name: "right", as: stranger, method: "POST", path: link + "/unlock", body: `{"password":"open sesame"}`, status: 200 + 4},
		{name: "open", as: stranger, method: "GET", path: link + "/object?key=plan.txt", status: 200, want: []string{"the plan"}},
		{name: "another link stays shut", as: stranger, method: "GET", path: other + "/objects", status: 403, want: locked},
		{name: "another person too", as: c.anonymous(), method: "GET", path: link + "/objects", status: 403, want: locked},
		{name: "too short", as: owner, method: "POST", path: "/api/v1/buckets/web-files/shares", body: `{"key":"docs/","folder":true,"password":"abc"}`, status: 400, want: []string{`"share_password_short"`}},
	})
	limited := false
	for range 40 {
		if a := stranger.do("POST", link+"/unlock", `{"password":"guess"}`); a.status == http.StatusTooManyRequests {
			limited = a.header.Get("Retry-After") != ""
			break
		}
	}
	if !limited {
		t.Error("guesses are not limited")
	}
}

func TestSharedUploads(t *testing.T) {
	c, owner, developer, viewer, _, _ := files(t)
	c.put("web-files", "in/there.txt", "text/plain", "first")
	link, _ := developer.share("web-files", `{"key":"in/","folder":true,"uploads":true}`)
	stranger := c.anonymous()
	c.run(t, []scenario{
		{name: "added", as: stranger, method: "PUT", path: link + "/object?key=photo.jpg", body: "jpg", header: []string{"Content-Type: image/jpeg"}, status: 200,
			want: []string{`"key":"photo.jpg"`}, audit: "link of dev put-shared-object web-files/in/photo.jpg ok"},
		{name: "replaces nothing", as: stranger, method: "PUT", path: link + "/object?key=there.txt", body: "second", status: 409, want: []string{`"precondition_failed"`}},
		{name: "needs a name", as: stranger, method: "PUT", path: link + "/object?key=", body: "x", status: 403},
		{name: "viewers give no more than they have", as: viewer, method: "POST", path: "/api/v1/buckets/web-files/shares", body: `{"key":"in/","folder":true,"uploads":true}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "objects take none", as: owner, method: "POST", path: "/api/v1/buckets/web-files/shares", body: `{"key":"in/there.txt","uploads":true}`, status: 400, want: []string{`"share_uploads_folder"`}},
		{name: "from another site", as: stranger, method: "PUT", path: link + "/object?key=y", body: "x", header: []string{"Origin: https://evil.example", "Sec-Fetch-Site: cross-site"}, status: 403, want: []string{`"foreign_origin"`}},
	})
	if o, err := c.store.Head(t.Context(), "web-files", "in/photo.jpg"); err != nil || o.Attributes.ContentType != "image/jpeg" {
		t.Errorf("%+v %v", o, err)
	}
	c.summed("web-files", "in/photo.jpg")
	// The maker becomes a viewer: reading goes on, adding does not.
	if _, err := c.accounts.SetMember(t.Context(), c.bucketOwner("web-files"), c.users["dev"].ID, account.Viewer); err != nil {
		t.Fatal(err)
	}
	c.run(t, []scenario{
		{name: "still read", as: stranger, method: "GET", path: link + "/object?key=photo.jpg", status: 200},
		{name: "no more added", as: stranger, method: "PUT", path: link + "/object?key=more", body: "x", status: 403, want: []string{`"share_no_uploads"`}},
	})
}

// TestSharedHeedsPolicies: what the policy of the bucket denies the maker, the link does not show.
func TestSharedHeedsPolicies(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Policies = denyKey{"docs/secret.txt"} })
	c.user("boss", true)
	c.bucket("data", "")
	c.put("data", "docs/secret.txt", "", "secret")
	c.put("data", "docs/open.txt", "", "open")
	link, _ := c.as("boss").share("data", `{"key":"docs/","folder":true}`)
	stranger := c.anonymous()
	c.run(t, []scenario{
		{name: "denied", as: stranger, method: "GET", path: link + "/object?key=secret.txt", status: 403, want: []string{`"denied_by_policy"`}},
		{name: "others not", as: stranger, method: "GET", path: link + "/object?key=open.txt", status: 200},
		{name: "nor in the archive", as: stranger, method: "GET", path: link + "/zip", status: 200, want: []string{"NOT INCLUDED.txt"}, never: []string{"PK\x03\x04secret"}},
	})
	all := stranger.do("GET", link+"/zip", "").body
	z, err := zip.NewReader(strings.NewReader(all), int64(len(all)))
	if err != nil {
		t.Fatal(err)
	}
	missing, err := fs.ReadFile(z, "NOT INCLUDED.txt")
	if err != nil || !strings.HasPrefix(string(missing), "secret.txt\t") {
		t.Errorf("strangers are told what was left out as %q, %v", missing, err)
	}
}
