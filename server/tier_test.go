package server_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/tiering"
	"croft/server"
)

// withTiers adds the room. A store that is elsewhere has no tiers.
func withTiers(elsewhere bool) func(c *console, db *store.DB, deps *server.Deps) {
	return func(c *console, db *store.DB, deps *server.Deps) {
		objects := c.store
		if elsewhere {
			objects = struct{ objectstore.Store }{c.store}
		}
		svc := tiering.New(tiering.Deps{DB: db, Sealer: seal.New([seal.KeySize]byte{1}), Store: objects, Log: deps.Log}, tiering.Config{Deployment: "d"})
		ctx, stop := context.WithCancel(context.WithoutCancel(c.t.Context()))
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = svc.Run(ctx)
		}()
		c.t.Cleanup(func() {
			stop()
			<-ended
		})
		deps.Tiers = svc
	}
}

func TestTiersOverTheAPI(t *testing.T) {
	there, endpoint := target(t)
	c := newConsole(t, withTiers(false))
	c.user("boss", true)
	c.user("eve", false)
	boss, eve := c.as("boss"), c.as("eve")
	tiers, cold := "/api/v1/tiers", "/api/v1/tiers/COLD"
	tier := fmt.Sprintf(`{"name":"COLD","endpoint":%q,"bucket":"backup","prefix":"cold","accessKey":"AKIATARGET","secretKey":"a secret of the target"}`, endpoint)
	wrong := strings.Replace(tier, "a secret of", "another secret of", 1)
	keys := `{"accessKey":"AKIATARGET","secretKey":"a secret of the target"}`
	c.run(t, []scenario{
		{name: "none yet", as: boss, method: "GET", path: tiers, status: 200, want: []string{`"items":[]`}},
		{name: "not everybody sees", as: eve, method: "GET", path: tiers, status: 403, want: []string{`"admin_required"`}},
		{name: "nor adds", as: eve, method: "POST", path: tiers, body: tier, status: 403, want: []string{`"admin_required"`}, audit: "eve add-tier tiers admin_required"},
		{name: "nor tests", as: eve, method: "POST", path: tiers + "/test", body: tier, status: 403, want: []string{`"admin_required"`}},
		{name: "test", as: boss, method: "POST", path: tiers + "/test", body: tier, status: 204},
		{name: "test with another key", as: boss, method: "POST", path: tiers + "/test", body: wrong, status: 403, want: []string{`"target_refused"`, "secret key"}, never: []string{"another secret"}},
		{name: "add with another key", as: boss, method: "POST", path: tiers, body: wrong, status: 403, want: []string{`"target_refused"`}, audit: "boss add-tier COLD target_refused"},
		{name: "a name that is none", as: boss, method: "POST", path: tiers, body: strings.Replace(tier, "COLD", "cold", 1), status: 400, want: []string{`"tier_name_invalid"`}},
		{name: "still none", as: boss, method: "GET", path: tiers, status: 200, want: []string{`"items":[]`}},
		{
			name: "add", as: boss, method: "POST", path: tiers, body: tier, status: 201, audit: "boss add-tier COLD ok",
			want: []string{`"name":"COLD"`, `"prefix":"cold/"`, `"state":"`, `"bodies":0`}, never: []string{"a secret of"},
		},
		{name: "again", as: boss, method: "POST", path: tiers, body: tier, status: 409, want: []string{`"tier_exists"`}},
		{name: "names", as: eve, method: "GET", path: "/api/v1/tier-names", status: 200, want: []string{`"items":["COLD"]`}},
		{name: "not everybody changes", as: eve, method: "PATCH", path: cold, body: keys, status: 403, want: []string{`"admin_required"`}},
		{name: "change", as: boss, method: "PATCH", path: cold, body: keys, status: 204, audit: "boss change-tier COLD ok"},
		{name: "change to a wrong key", as: boss, method: "PATCH", path: cold, body: strings.Replace(keys, "a secret", "another", 1), status: 403, want: []string{`"target_refused"`}},
		{name: "none such", as: boss, method: "DELETE", path: tiers + "/WARM", status: 404, want: []string{`"tier_not_found"`}},
		{name: "not everybody removes", as: eve, method: "DELETE", path: cold, status: 403, want: []string{`"admin_required"`}},
		{name: "remove", as: boss, method: "DELETE", path: cold, status: 204, audit: "boss remove-tier COLD ok"},
		{name: "none again", as: boss, method: "GET", path: tiers, status: 200, want: []string{`"items":[]`}},
	})
	if page, err := there.List(t.Context(), objectstore.ListRequest{Bucket: "backup"}); err != nil || len(page.Objects) > 0 {
		t.Fatalf("left %+v, %v", page.Objects, err)
	}
	if strings.Contains(c.log.String(), "a secret of") {
		t.Fatal("the log has the secret")
	}
}

func TestNoTiersElsewhere(t *testing.T) {
	c := newConsole(t, withTiers(true))
	c.user("boss", true)
	boss := c.as("boss")
	c.run(t, []scenario{
		{name: "list", as: boss, method: "GET", path: "/api/v1/tiers", status: 400, want: []string{`"tiers_unavailable"`, "cannot keep objects in tiers"}},
		{name: "add", as: boss, method: "POST", path: "/api/v1/tiers", body: `{"name":"COLD","endpoint":"x","bucket":"backup","accessKey":"a","secretKey":"b"}`, status: 400, want: []string{`"tiers_unavailable"`}},
		{name: "names", as: boss, method: "GET", path: "/api/v1/tier-names", status: 200, want: []string{`"items":[]`}},
	})
}
