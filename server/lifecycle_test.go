package server_test

import (
	"testing"

	"croft/account"
	"croft/internal/store"
	"croft/objectstore/lifecycle"
	"croft/server"
)

// withLifecycle adds the room. Nothing does what its rules say.
func withLifecycle(c *console, _ *store.DB, deps *server.Deps) {
	deps.Lifecycle = lifecycle.New(lifecycle.Deps{Store: c.store, Log: deps.Log}, lifecycle.Config{})
}

// withoutVersions is the room of a store that is elsewhere.
func withoutVersions(_ *console, _ *store.DB, deps *server.Deps) {
	deps.Lifecycle = lifecycle.New(lifecycle.Deps{Log: deps.Log}, lifecycle.Config{})
}

func TestLifecycleOverTheAPI(t *testing.T) {
	c := newConsole(t, withLifecycle)
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	max, dev, eve, boss := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss")
	const rules = "/api/v1/buckets/web-files/lifecycle"
	const logs = `{"id":"logs","enabled":true,"prefix":"logs/","smallerThan":0,"expireDays":30,"expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":7}`
	const other = `{"id":"a/b c","enabled":false,"prefix":"","tags":{"k":"v"},"largerThan":0,"smallerThan":9,"expireDays":0,"expireDate":"2031-02-03","expireMarkers":false,"noncurrentDays":3,"noncurrentKeep":2,"abortDays":0}`
	const bad = `{"id":"bad","enabled":true,"prefix":"","smallerThan":0,"expireDays":3,"expireDate":"2031-02-03","expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":0}`
	const tier = `{"id":"tier","enabled":true,"prefix":"","smallerThan":0,"expireDays":0,"expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":0,"transitions":[{"days":3,"tier":"WARM"}]}`
	const noDay = `{"id":"bad","enabled":true,"prefix":"","smallerThan":0,"expireDays":0,"expireDate":"soon","expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":0}`
	c.run(t, []scenario{
		{name: "none yet", as: dev, method: "GET", path: rules, status: 200, want: []string{`"available":true`, `"rules":[]`}, never: []string{`"status"`}},
		{name: "developers do not add", as: dev, method: "POST", path: rules, body: logs, status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders do not see", as: eve, method: "GET", path: rules, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "nor add", as: eve, method: "POST", path: rules, body: logs, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "Croft's own", as: boss, method: "POST", path: "/api/v1/buckets/croft-runs/lifecycle", body: logs, status: 403, want: []string{`"system_bucket"`}},
		{name: "what cannot be", as: max, method: "POST", path: rules, body: bad, status: 400, want: []string{`"lifecycle_malformed"`}},
		{name: "no day", as: max, method: "POST", path: rules, body: noDay, status: 400, want: []string{`"lifecycle_invalid"`}},
		{name: "no such tier", as: max, method: "POST", path: rules, body: tier, status: 400, want: []string{`"lifecycle_invalid"`, "WARM"}},
		{name: "add", as: max, method: "POST", path: rules, body: logs, status: 201, want: []string{`"id":"logs"`, `"expireDays":30`, `"abortDays":7`}, audit: "max add-lifecycle-rule web-files ok"},
		{name: "add again", as: max, method: "POST", path: rules, body: logs, status: 400, want: []string{`"lifecycle_invalid"`, "unique"}},
		{name: "add another", as: max, method: "POST", path: rules, body: other, status: 201, want: []string{`"expireDate":"2031-02-03"`, `"tags":{"k":"v"}`, `"largerThan":0`, `"noncurrentKeep":2`}},
		{name: "developers see", as: dev, method: "GET", path: rules, status: 200, want: []string{`"id":"logs"`, `"id":"a/b c"`}},
		{name: "developers do not change", as: dev, method: "PUT", path: rules + "?rule=a%2Fb%20c", body: logs, status: 403, want: []string{`"role_too_low"`}},
		{name: "change", as: max, method: "PUT", path: rules + "?rule=a%2Fb%20c", body: `{"id":"a/b c","enabled":true,"prefix":"x","smallerThan":0,"expireDays":5,"expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":0}`, status: 200, want: []string{`"id":"logs"`, `"prefix":"x"`}, never: []string{"2031"}, audit: "max replace-lifecycle-rule web-files ok"},
		{name: "change none", as: max, method: "PUT", path: rules + "?rule=none", body: logs, status: 404, want: []string{`"lifecycle_rule_not_found"`}},
		{name: "developers do not remove", as: dev, method: "DELETE", path: rules + "?rule=logs", status: 403, want: []string{`"role_too_low"`}},
		{name: "remove", as: max, method: "DELETE", path: rules + "?rule=logs", status: 204, audit: "max remove-lifecycle-rule web-files ok"},
		{name: "remove again", as: max, method: "DELETE", path: rules + "?rule=logs", status: 404, want: []string{`"lifecycle_rule_not_found"`}},
		{name: "the other stays", as: max, method: "GET", path: rules, status: 200, want: []string{`"id":"a/b c"`}, never: []string{`"id":"logs"`}},
		{name: "remove the last", as: max, method: "DELETE", path: rules + "?rule=a%2Fb%20c", status: 204},
		{name: "none again", as: max, method: "GET", path: rules, status: 200, want: []string{`"rules":[]`}},
	})
}

func TestLifecycleElsewhere(t *testing.T) {
	c := newConsole(t, withoutVersions)
	c.user("ada", true)
	web := c.project("web", "ada", nil)
	c.bucket("web-files", web.ID)
	const rules = "/api/v1/buckets/web-files/lifecycle"
	c.run(t, []scenario{
		{name: "unavailable", as: c.as("ada"), method: "GET", path: rules, status: 200, want: []string{`"available":false`, `"rules":[]`}},
		{name: "refused", as: c.as("ada"), method: "POST", path: rules, body: `{"id":"","enabled":true,"prefix":"","smallerThan":0,"expireDays":3,"expireMarkers":false,"noncurrentDays":0,"noncurrentKeep":0,"abortDays":0}`, status: 400, want: []string{`"lifecycle_unavailable"`}},
	})
}
