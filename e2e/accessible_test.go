package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestAccessible reads the console's pages as axe does, in light and dark: names of controls,
// roles, and contrast.
func TestAccessible(t *testing.T) {
	browser := NewBrowser(t)
	croft := New(t, 1).WithAccount(rootName, rootPassword).Start()
	api := Login(t, croft.Console, rootName, rootPassword)
	api.Must(t, "POST", "/api/v1/projects", map[string]string{"slug": "media", "name": "Media"}, nil)
	api.Must(t, "POST", "/api/v1/buckets", map[string]any{"name": "files", "project": "media", "versioning": true}, nil)
	for _, key := range []string{"note.txt", "folder/note.txt"} {
		answer, err := api.Send(t.Context(), http.MethodPut, "/api/v1/buckets/files/object?key="+key, strings.NewReader("hello"))
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("put %s: %v %v", key, answer, err)
		}
		_ = answer.Body.Close()
	}
	browser.Do("signIn", map[string]any{"url": croft.Console, "name": rootName, "password": rootPassword}, nil)
	for _, address := range strings.Fields(`
		/ /chat /audit /usage /projects/media /projects/media/pipelines /projects/media/members
		/buckets /buckets/files /buckets/files/usage /buckets/files/settings /buckets/files/lifecycle /buckets/files/events
		/buckets/files/replication /buckets/files/inventory /buckets/files/simulator
		/identities/users /identities/groups /identities/policies /identities/policies/readonly /identities/roles /identities/providers
		/settings /settings/security /settings/tokens /settings/keys /settings/access /settings/users /settings/encryption
		/settings/tiers /settings/webhooks /settings/drives`) {
		var wrong []string
		browser.Do("readPage", map[string]any{"address": address}, &wrong)
		for _, one := range wrong {
			t.Errorf("%s, %s", address, one)
		}
	}
}
