package server_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"croft/objectstore"
)

// anyTier takes every body, under whatever tier's name, and gives none back.
type anyTier struct{}

func (anyTier) Tier(string) (objectstore.Tier, error) { return anyTier{}, nil }

func (anyTier) Put(_ context.Context, _ string, body io.Reader, _ int64) error {
	_, err := io.Copy(io.Discard, body)
	return err
}

func (anyTier) Get(context.Context, string, int64, int64) (io.ReadCloser, error) {
	return nil, objectstore.ErrTierUnavailable
}

func (anyTier) Delete(context.Context, string) error { return nil }

// TestBringBack asks for a copy of what a tier keeps, as each role and as who is denied it.
func TestBringBack(t *testing.T) {
	c, _, developer, viewer, outsider, _ := files(t)
	c.kept("web-files", func(b *objectstore.Bucket) { b.Versioning = objectstore.VersioningEnabled })
	for _, key := range []string{"cold.txt", "here.txt"} {
		c.put("web-files", key, "text/plain", "text")
	}
	if _, err := c.store.(objectstore.Tierer).Transition(t.Context(), objectstore.TransitionRequest{
		VersionRef: objectstore.VersionRef{Bucket: "web-files", Key: "cold.txt"}, Tier: "COLD",
	}); err != nil {
		t.Fatal(err)
	}
	id := viewer.versionsOf("web-files", "cold.txt")[0]
	c.put("web-files", "cold.txt", "text/plain", "a newer one")
	at := "/api/v1/buckets/web-files/"
	old := fmt.Sprintf("key=cold.txt&version=%s", id)
	c.run(t, []scenario{
		{name: "viewers may not", as: viewer, method: "POST", path: at + "copy-from-tier?" + old, body: `{"days":3}`, status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders know nothing", as: outsider, method: "POST", path: at + "copy-from-tier?" + old, body: `{"days":3}`, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "no days", as: developer, method: "POST", path: at + "copy-from-tier?" + old, body: `{"days":0}`, status: 422},
		{name: "not in a tier", as: developer, method: "POST", path: at + "copy-from-tier?key=here.txt", body: `{"days":3}`, status: 403, want: []string{`"not_in_tier"`}},
		{name: "none before", as: viewer, method: "GET", path: at + "version?" + old, status: 200, want: []string{`"tier":"COLD"`}, never: []string{`"restore"`}},
		{name: "an old version", as: developer, method: "POST", path: at + "copy-from-tier?" + old, body: `{"days":3}`, status: 200,
			want: []string{`"restore":{"ongoing":true}`}, audit: "dev bring-back-version web-files/cold.txt ok"},
		{name: "again", as: developer, method: "POST", path: at + "copy-from-tier?" + old, body: `{"days":3}`, status: 409, want: []string{`"restore_running"`}},
		{name: "it is seen", as: viewer, method: "GET", path: at + "versions?key=cold.txt", status: 200, want: []string{`"restore":{"ongoing":true}`}},
		{name: "viewers may not take it back", as: viewer, method: "DELETE", path: at + "copy-from-tier?" + old, status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders know nothing of it", as: outsider, method: "DELETE", path: at + "copy-from-tier?" + old, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "taken back", as: developer, method: "DELETE", path: at + "copy-from-tier?" + old, status: 200,
			never: []string{`"restore"`}, audit: "dev cancel-copy-from-tier web-files/cold.txt ok"},
		{name: "nothing to take back", as: developer, method: "DELETE", path: at + "copy-from-tier?" + old, status: 409, want: []string{`"restore_missing"`}},
		{name: "none after", as: viewer, method: "GET", path: at + "version?" + old, status: 200, want: []string{`"tier":"COLD"`}, never: []string{`"restore"`}},
	})
}
