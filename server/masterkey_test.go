package server_test

import (
	"testing"

	"croft/internal/store"
	"croft/server"
)

func TestMasterKeysOverTheAPI(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	c.user("eve", false)
	admin, anybody := c.as("boss"), c.as("eve")
	at, key, reseal := "/api/v1/encryption", "/api/v1/encryption/key", "/api/v1/encryption/reseal"
	c.run(t, []scenario{
		{name: "administrators only", as: anybody, method: "GET", path: at, status: 403, want: []string{`"admin_required"`}},
		{name: "no key by others", as: anybody, method: "POST", path: key, status: 403, want: []string{`"admin_required"`}},
		{name: "no sealing by others", as: anybody, method: "POST", path: reseal, status: 403, want: []string{`"admin_required"`}},
		{name: "state", as: admin, method: "GET", path: at, status: 200,
			want: []string{`"source":"file","file":"/state/keys/objects.keys","keys":1,"current":"0123","onDrive":"/mnt/disk1"`, `"running":false`}},
		{name: "renew", as: admin, method: "POST", path: key, status: 200, audit: "boss renew-master-key encryption/key ok"},
		{name: "seal anew", as: admin, method: "POST", path: reseal, status: 200, want: []string{`"running":true`, `"startedAt":"20`}, audit: "boss start-reseal encryption/reseal ok"},
		{name: "once at a time", as: admin, method: "POST", path: reseal, status: 409, want: []string{`"reseal_running"`}},
	})
}

func TestNoMasterKeysToSee(t *testing.T) {
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.MasterKeys = nil })
	c.user("boss", true)
	admin := c.as("boss")
	for _, path := range []string{"/api/v1/encryption/key", "/api/v1/encryption/reseal"} {
		c.run(t, []scenario{{name: path, as: admin, method: "POST", path: path, status: 503, want: []string{`"encryption_unavailable"`}}})
	}
	c.run(t, []scenario{{name: "state", as: admin, method: "GET", path: "/api/v1/encryption", status: 503, want: []string{`"encryption_unavailable"`}}})
}
