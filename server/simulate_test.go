package server_test

import (
	"context"
	"fmt"
	"testing"

	"croft/account"
	"croft/internal/store"
	"croft/server"
)

// oracle answers everything with yes, and says who asked what.
type oracle struct{ asked *[]string }

func (oracle) Asked(action string) bool { return action != "s3:GetObjectTorrent" }

func (o oracle) Simulate(_ context.Context, asker account.Principal, q server.SimulatedQuestion) ([]server.SimulatedAnswer, error) {
	*o.asked = append(*o.asked, fmt.Sprintf("%s asks %s %s %v %s/%s %s", asker.Name, q.Who, q.User, q.Actions, q.Bucket, q.Object, q.Address))
	return []server.SimulatedAnswer{{Action: q.Actions[0], Allowed: true, By: "role", Decided: -1, Statements: []server.SimulatedStatement{}}}, nil
}

func (o oracle) SimulateOwn(ctx context.Context, asker account.Principal, q server.SimulatedQuestion) ([]server.SimulatedAnswer, error) {
	q.Who += " of their own " + q.Key
	return o.Simulate(ctx, asker, q)
}

func TestSimulateAndCheck(t *testing.T) {
	asked := []string{}
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) { deps.Simulator = oracle{&asked} })
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("lone", "")
	max, dev, eve, boss, nobody := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss"), c.anonymous()
	const at = "/api/v1/buckets/web-files/"
	const question = `{"who":"user","user":"eve","actions":["s3:GetObject"],"object":"a"}`
	c.run(t, []scenario{
		{name: "nobody", as: nobody, method: "POST", path: at + "simulate", body: question, status: 401},
		{name: "a developer", as: dev, method: "POST", path: at + "simulate", body: question, status: 403, want: []string{`"role_too_low"`}},
		{name: "an outsider", as: eve, method: "POST", path: at + "simulate", body: question, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "a maintainer", as: max, method: "POST", path: at + "simulate", body: question, status: 200, want: []string{`"allowed":true`, `"by":"role"`}, audit: "-"},
		{name: "a maintainer elsewhere", as: max, method: "POST", path: "/api/v1/buckets/lone/simulate", body: question, status: 404},
		{name: "an administrator", as: boss, method: "POST", path: "/api/v1/buckets/lone/simulate", body: question, status: 200},
		{name: "no action", as: max, method: "POST", path: at + "simulate", body: `{"who":"nobody","actions":[]}`, status: 422},
		{name: "an outsider about themselves", as: eve, method: "POST", path: "/api/v1/me/simulate", body: `{"bucket":"lone","actions":["s3:GetObject"],"object":"a"}`, status: 200, want: []string{`"allowed":true`}, audit: "-"},
		{name: "or a key", as: eve, method: "POST", path: "/api/v1/me/simulate", body: `{"bucket":"lone","key":"K","actions":["s3:GetObject"]}`, status: 200, audit: "-"},
		{name: "not about others", as: eve, method: "POST", path: "/api/v1/me/simulate", body: `{"bucket":"lone","who":"user","user":"ada","actions":["s3:GetObject"]}`, status: 422},
		{name: "nobody about themselves", as: nobody, method: "POST", path: "/api/v1/me/simulate", body: `{"bucket":"lone","actions":["s3:GetObject"]}`, status: 401},
		{name: "nobody like that", as: max, method: "POST", path: at + "simulate", body: `{"who":"all","actions":["s3:GetObject"]}`, status: 422},

		{name: "words", as: eve, method: "GET", path: "/api/v1/policy-language", status: 200, want: []string{
			`{"name":"s3:GetObject","group":"read","on":"object","asked":true}`, `{"name":"s3:GetObjectTorrent","group":"read","on":"object","asked":false}`,
			`{"name":"aws:SourceIp","kind":"address","tag":false}`, `"address":["IpAddress","NotIpAddress","Null"]`, `"account":"000000000000"`,
		}},
		{name: "words for nobody", as: nobody, method: "GET", path: "/api/v1/policy-language", status: 401},
		{name: "a good policy", as: dev, method: "POST", path: at + "policy-check", status: 200, never: []string{"problem"}, want: []string{`"public":true`}, audit: "-",
			body: `{"policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::web-files/*\"}}"}`},
		{name: "a bad one", as: dev, method: "POST", path: at + "policy-check", status: 200, want: []string{`"line":2`, `"column":14`, `"path":"Statement[0].Resource"`, "about that bucket"},
			body: `{"policy":"{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\n  \"Resource\":\"x\",\"Action\":\"s3:Got\"}}"}`},
		{name: "of an outsider", as: eve, method: "POST", path: at + "policy-check", body: `{"policy":"{}"}`, status: 404},
	})
	if len(asked) != 4 || asked[0] != "max asks user eve [s3:GetObject] web-files/a 127.0.0.1" || asked[2] != "eve asks user of their own  eve [s3:GetObject] lone/a 127.0.0.1" ||
		asked[3] != "eve asks key of their own K  [s3:GetObject] lone/ 127.0.0.1" {
		t.Errorf("asked: %q", asked)
	}
}
