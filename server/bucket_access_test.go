package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"croft/account"
	"croft/objectstore/grants"
)

func TestBucketAccess(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	max, dev, eve, boss := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss")
	const path = "/api/v1/buckets/web-files/access"
	policy := func(text string) string {
		raw, err := json.Marshal(map[string]string{"policy": text})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	open := grants.PublicRead("web-files")
	custom := strings.Replace(open, `"*",`, `{"AWS": "eve"},`, 1)
	const off = `{"block":{"blockPublicAcls":false,"ignorePublicAcls":false,"blockPublicPolicy":false,"restrictPublicBuckets":false}}`
	const on = `{"block":{"blockPublicAcls":true,"ignorePublicAcls":true,"blockPublicPolicy":true,"restrictPublicBuckets":true}}`
	c.run(t, []scenario{
		{name: "at first", as: dev, method: "GET", path: path, status: 200, want: []string{`"mode":"private"`, `"public":false`, `"blockPublicPolicy":false`, `"ownership":"Unset"`, `"changeable":true`}},
		{name: "outsiders do not see", as: eve, method: "GET", path: path, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "developers do not change", as: dev, method: "PATCH", path: path, body: policy(open), status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders do not change", as: eve, method: "PATCH", path: path, body: policy(open), status: 404, want: []string{`"bucket_not_found"`}},
		{name: "Croft's own", as: boss, method: "PATCH", path: "/api/v1/buckets/croft-runs/access", body: policy(open), status: 403, want: []string{`"system_bucket"`}},
		{name: "malformed", as: max, method: "PATCH", path: path, body: policy(strings.Replace(open, "GetObject", "GetObjekt", 1)), status: 400, want: []string{`"policy_invalid"`, "line 8, column 17, Statement[0].Action: S3 has no action"}},
		{name: "of another bucket", as: max, method: "PATCH", path: path, body: policy(grants.PublicRead("other")), status: 400, want: []string{`"policy_invalid"`, "web-files"}},
		{name: "open", as: max, method: "PATCH", path: path, body: policy(open), status: 200, want: []string{`"mode":"read"`, `"public":true`}, audit: "max update-bucket-access web-files ok"},
		{name: "custom", as: max, method: "PATCH", path: path, body: policy(custom), status: 200, want: []string{`"mode":"custom"`, `"public":false`, "eve"}},
		{name: "block", as: max, method: "PATCH", path: path, body: on, status: 200, want: []string{`"blockPublicPolicy":true`, `"restrictPublicBuckets":true`}},
		{name: "blocked", as: max, method: "PATCH", path: path, body: policy(open), status: 403, want: []string{`"policy_public"`}},
		{name: "the old one stays", as: max, method: "GET", path: path, status: 200, want: []string{`"mode":"custom"`}},
		{name: "both at once", as: max, method: "PATCH", path: path, body: off[:len(off)-1] + "," + policy(open)[1:], status: 200, want: []string{`"mode":"read"`, `"blockPublicPolicy":false`}},
		{name: "ACLs on", as: max, method: "PATCH", path: path, body: `{"ownership":"ObjectWriter"}`, status: 200, want: []string{`"ownership":"ObjectWriter"`}},
		{name: "no such ownership", as: max, method: "PATCH", path: path, body: `{"ownership":"Mine"}`, status: 422},
		{name: "private", as: max, method: "PATCH", path: path, body: `{"policy":" "}`, status: 200, want: []string{`"mode":"private"`, `"policy":""`}},
	})
}
