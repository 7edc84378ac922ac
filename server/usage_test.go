package server_test

import (
	"testing"

	"croft/account"
	"croft/internal/store"
	"croft/objectstore"
	"croft/objectstore/usage"
	"croft/server"
)

// withUsage adds the room over a store, nil for the console's own.
func withUsage(over objectstore.Store, counts **usage.Service) func(*console, *store.DB, *server.Deps) {
	return func(c *console, db *store.DB, deps *server.Deps) {
		if over == nil {
			over = c.store
		}
		*counts = usage.New(usage.Deps{DB: db, Store: over, Log: deps.Log}, usage.Config{})
		deps.Usage = *counts
	}
}

func TestUsageOverTheAPI(t *testing.T) {
	var counts *usage.Service
	c := newConsole(t, withUsage(nil, &counts))
	c.user("root", true)
	for _, name := range []string{"ada", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.put("web-files", "a", "text/plain", "hello")
	c.bucket("nobodys", "")
	counts.Count("web-files", usage.Read, 200, 0, 5)
	counts.Count("web-files", usage.Write, 403, 7, 0)
	counts.Count("", usage.List, 200, 0, 9)
	if err := counts.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	const one, all, top = "/api/v1/buckets/web-files/usage", "/api/v1/usage", "/api/v1/usage/buckets"
	root, ada, dev, eve := c.as("root"), c.as("ada"), c.as("dev"), c.as("eve")
	held := []string{`"counted":true`, `"bytes":5`, `"objects":1`, `"reads":1`, `"writes":1`, `"refused":1`, `"failed":0`, `"received":7`, `"sent":5`, `"lists":0`, `"quota":0`}
	c.run(t, []scenario{
		{name: "members see a bucket's", as: dev, method: "GET", path: one, status: 200, want: append(held, `"step":300`)},
		{name: "of a year", as: dev, method: "GET", path: one + "?range=year", status: 200, want: append(held, `"step":86400`)},
		{name: "of no range", as: dev, method: "GET", path: one + "?range=decade", status: 422},
		{name: "outsiders do not", as: eve, method: "GET", path: one, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "strangers do not", as: c.anonymous(), method: "GET", path: one, status: 401},
		{name: "of none", as: root, method: "GET", path: "/api/v1/buckets/none/usage", status: 404, want: []string{`"bucket_not_found"`}},
		{name: "owners of projects do not see all", as: ada, method: "GET", path: all, status: 403},
		{name: "nor which is the largest", as: ada, method: "GET", path: top, status: 403},
		{name: "administrators see all", as: root, method: "GET", path: all + "?range=week", status: 200, want: []string{`"step":3600`, `"lists":1`, `"reads":1`, `"sent":14`, `"bytes":5`}},
		{name: "the largest", as: root, method: "GET", path: top + "?limit=1", status: 200, want: []string{`[{"name":"web-files","projectSlug":"web","bytes":5,"objects":1,"quota":0,"growth":5,"requests":2}]`}},
		{name: "in no order", as: root, method: "GET", path: top + "?by=name", status: 422},
	})
}

// uncounted is a store that does not count.
type uncounted struct{ objectstore.Store }

func TestUsageOfAStoreThatDoesNotCount(t *testing.T) {
	var counts *usage.Service
	c := newConsole(t, func(c *console, db *store.DB, deps *server.Deps) {
		deps.Store = uncounted{c.store}
		withUsage(deps.Store, &counts)(c, db, deps)
	})
	c.user("root", true)
	c.bucket("files", "")
	counts.Count("files", usage.Read, 200, 0, 5)
	c.run(t, []scenario{
		{name: "requests alone", as: c.as("root"), method: "GET", path: "/api/v1/buckets/files/usage", status: 200, want: []string{`"counted":false`, `"reads":1`, `"sent":5`}},
	})
}
