package server_test

import (
	"testing"

	"croft/account"
	"croft/internal/store"
	"croft/objectstore/inventory"
	"croft/server"
)

// withInventory adds the room. Nobody makes the reports.
func withInventory(c *console, _ *store.DB, deps *server.Deps) {
	deps.Inventory = inventory.New(inventory.Deps{Store: c.store, Log: deps.Log}, inventory.Config{})
}

func TestInventoryOverTheAPI(t *testing.T) {
	c := newConsole(t, withInventory)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	other := c.project("other", "ada", map[string]account.Role{"max": account.Maintainer})
	c.bucket("web-files", web.ID)
	c.bucket("web-reports", web.ID)
	c.bucket("other-files", other.ID)
	max, dev, eve := c.as("max"), c.as("dev"), c.as("eve")
	const path = "/api/v1/buckets/web-files/inventory"
	body := func(id, to string) string {
		return `{"id":"` + id + `","enabled":true,"weekly":false,"all":true,"filter":"a/","bucket":"` + to + `","prefix":"inv","format":"CSV","fields":["Size"]}`
	}
	c.run(t, []scenario{
		{name: "none yet", as: dev, method: "GET", path: path, status: 200, want: []string{`"available":true`, `"reports":[]`, `"ObjectOwner"`}},
		{name: "developers do not set", as: dev, method: "PUT", path: path, body: body("daily", "web-reports"), status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders do not see", as: eve, method: "GET", path: path, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "another project's bucket", as: max, method: "PUT", path: path, body: body("daily", "other-files"), status: 400, want: []string{`"inventory_target"`}},
		{name: "no bucket", as: max, method: "PUT", path: path, body: body("daily", "nowhere"), status: 400, want: []string{`"inventory_target"`}},
		{name: "what cannot be", as: max, method: "PUT", path: path, body: body("a/b", "web-reports"), status: 400, want: []string{`"inventory_invalid"`}},
		{name: "set", as: max, method: "PUT", path: path, body: body("daily", "web-reports"), status: 200, want: []string{`"id":"daily"`, `"filter":"a/"`, `"fields":["Size"]`}, audit: "max set-inventory web-files ok"},
		{name: "developers do not run", as: dev, method: "POST", path: path + "/daily/run", status: 403, want: []string{`"role_too_low"`}},
		{name: "run", as: max, method: "POST", path: path + "/daily/run", status: 204, audit: "max run-inventory web-files ok"},
		{name: "wanted", as: dev, method: "GET", path: path, status: 200, want: []string{`"wanted":true`}},
		{name: "run none", as: max, method: "POST", path: path + "/none/run", status: 404, want: []string{`"inventory_none"`}},
		{name: "developers do not remove", as: dev, method: "DELETE", path: path + "/daily", status: 403, want: []string{`"role_too_low"`}},
		{name: "remove", as: max, method: "DELETE", path: path + "/daily", status: 204, audit: "max remove-inventory web-files ok"},
		{name: "remove again", as: max, method: "DELETE", path: path + "/daily", status: 404, want: []string{`"inventory_none"`}},
	})
}
