package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/internal/store"
	"croft/objectstore/policy"
	"croft/server"
)

// policyReader lets accounts of a test console read policies.
type policyReader struct{}

func (policyReader) Identity(text string) (account.Document, error) {
	return readPolicy(policy.ParseIdentity(text))
}

func (policyReader) Trust(text string) (account.Trust, error) {
	p, err := policy.ParseTrust(text)
	document, err := readPolicy(p, err)
	if err != nil {
		return nil, err
	}
	return trustedBy{document.(policyText), text}, nil
}

// trustedBy is a trust policy, whose names are taken as they are.
type trustedBy struct {
	policyText
	text string
}

func (trustedBy) Users() []string                   { return nil }
func (trustedBy) Roles() []string                   { return nil }
func (trustedBy) Strangers(account.Names) error     { return nil }
func (trustedBy) Bind(account.Names)                {}
func (t trustedBy) Shown(_, _ account.Names) string { return t.text }

func readPolicy(p *policy.Policy, err error) (account.Document, error) {
	var wrong *policy.Error
	if errors.As(err, &wrong) {
		return nil, errs.New(errs.Invalid, "policy_malformed", wrong.Error())
	}
	return policyText{p}, err
}

// policyText is a policy that allows whatever it says, without conditions.
type policyText struct{ *policy.Policy }

func (d policyText) Judge(q *account.Question) account.Verdict {
	r := policy.Request{Action: q.Action, Resource: q.Resource}
	return map[policy.Effect]account.Verdict{policy.NoMatch: account.Silent, policy.Allow: account.Allows, policy.Deny: account.Denies}[d.Evaluate(&r)]
}

func (d policyText) MayAllow(action string) bool {
	return d.Policy.MayAllow(policy.Principal{}, action)
}

func (policyText) Explain(*account.Question) []account.Statement { return nil }

const (
	readText  = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}]}`
	writeText = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\",\"Resource\":\"*\"}]}`
	wrongText = `{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:Got\",\"Resource\":\"*\"}]}`
	trustText = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"AWS\":\"arn:aws:iam::000000000000:user/ada\"}}]}`
)

func TestGroupsAndPolicies(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	ada := c.user("ada", false)
	boss := c.as("boss")
	at := func(path string) string { return "/api/v1" + path }
	c.run(t, []scenario{
		{name: "no group", as: boss, method: "GET", path: at("/groups"), status: 200, want: []string{`"items":[]`}},
		{name: "make one", as: boss, method: "POST", path: at("/groups"), body: `{"name":"ops"}`, status: 201, want: []string{`"name":"ops"`}, audit: "boss create-group group/ops ok"},
		{name: "twice", as: boss, method: "POST", path: at("/groups"), body: `{"name":"ops"}`, status: 409, want: []string{`"iam_exists"`}, audit: "boss create-group group/ops iam_exists"},
		{name: "a name that is none", as: boss, method: "POST", path: at("/groups"), body: `{"name":"a b"}`, status: 400, want: []string{`"iam_name_invalid"`}},
		{name: "put a user in", as: boss, method: "PUT", path: at("/groups/ops/members/" + ada.ID), status: 204, audit: "boss add-group-member group/ops ok"},
		{name: "put nobody in", as: boss, method: "PUT", path: at("/groups/ops/members/x"), status: 404, want: []string{`"user_not_found"`}},
		{name: "into no group", as: boss, method: "PUT", path: at("/groups/dev/members/" + ada.ID), status: 404, want: []string{`"iam_not_found"`}},

		{name: "make a policy", as: boss, method: "POST", path: at("/policies"), body: `{"name":"reads","description":"of all","document":"` + readText + `"}`, status: 201,
			want: []string{`"version":1`, `"builtIn":false`}, audit: "boss create-policy policy/reads ok"},
		{name: "one that is wrong", as: boss, method: "POST", path: at("/policies"), body: `{"name":"wrong","document":"` + wrongText + `"}`, status: 400,
			want: []string{`"policy_malformed"`, "line 1, column 42, Statement[0].Action"}},
		{name: "one that is built in", as: boss, method: "POST", path: at("/policies"), body: `{"name":"readonly","document":"` + readText + `"}`, status: 409},
		{name: "attach it", as: boss, method: "PUT", path: at("/groups/ops/policies/reads"), status: 204, audit: "boss attach-group-policy group/ops ok"},
		{name: "attach none", as: boss, method: "PUT", path: at("/groups/ops/policies/nothing"), status: 404, want: []string{`"iam_not_found"`}},
		{name: "attach to a user", as: boss, method: "PUT", path: at("/users/" + ada.ID + "/policies/readwrite"), status: 204, audit: "boss attach-user-policy user/ada ok"},
		{name: "attach to nobody", as: boss, method: "PUT", path: at("/users/x/policies/readwrite"), status: 404},
		{name: "one of its own", as: boss, method: "PUT", path: at("/groups/ops/inline-policies/extra"), body: `{"document":"` + writeText + `"}`, status: 204,
			audit: "boss put-group-inline-policy group/ops ok"},
		{name: "a wrong one of its own", as: boss, method: "PUT", path: at("/groups/ops/inline-policies/extra"), body: `{"document":"{}"}`, status: 400, want: []string{`"policy_malformed"`}},
		{name: "the group", as: boss, method: "GET", path: at("/groups/ops"), status: 200, want: []string{`"name":"ada"`, `"attached":["reads"]`, `"name":"extra"`, `s3:PutObject`}},
		{name: "its counts", as: boss, method: "GET", path: at("/groups"), status: 200, want: []string{`"members":1`, `"policies":2`}},
		{name: "no such group", as: boss, method: "GET", path: at("/groups/dev"), status: 404, want: []string{`"iam_not_found"`}},
		{name: "the user", as: boss, method: "GET", path: at("/users/" + ada.ID + "/identity"), status: 200, want: []string{
			`"groups":[{"name":"ops","attached":["reads"],"inline":["extra"]}]`, `"attached":["readwrite"]`, `"password":true`, `"root":false`, `"keys":[]`,
		}},

		{name: "all policies", as: boss, method: "GET", path: at("/policies"), status: 200, want: []string{`"name":"readonly"`, `"name":"reads","description":"of all","builtIn":false,"version":1,"usedBy":1`}},
		{name: "change it", as: boss, method: "POST", path: at("/policies/reads/versions"), body: `{"document":"` + writeText + `","default":true}`, status: 201, want: []string{`"number":2`},
			audit: "boss add-policy-version policy/reads ok"},
		{name: "change what is built in", as: boss, method: "POST", path: at("/policies/readonly/versions"), body: `{"document":"` + writeText + `","default":true}`, status: 403, want: []string{`"policy_built_in"`}},
		{name: "the policy", as: boss, method: "GET", path: at("/policies/reads"), status: 200, want: []string{
			`"arn":"arn:aws:iam::000000000000:policy/reads"`, `"number":2,"document":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:PutObject\"`,
			`"kind":"group","id":`, `"name":"ops"`, `"mostKept":5`,
		}},
		{name: "what counted before counts", as: boss, method: "POST", path: at("/policies/reads/versions/1/default"), status: 204, audit: "boss set-default-policy-version policies/reads/versions/1/default ok"},
		{name: "no such version", as: boss, method: "POST", path: at("/policies/reads/versions/7/default"), status: 404},
		{name: "delete what counts", as: boss, method: "DELETE", path: at("/policies/reads/versions/1"), status: 409, want: []string{`"iam_in_use"`}},
		{name: "delete while it is held", as: boss, method: "DELETE", path: at("/policies/reads"), status: 409, want: []string{`"iam_in_use"`, "still held"}, audit: "boss delete-policy policy/reads iam_in_use"},
		{name: "take it away", as: boss, method: "DELETE", path: at("/groups/ops/policies/reads"), status: 204, audit: "boss detach-group-policy group/ops ok"},
		{name: "take it away again", as: boss, method: "DELETE", path: at("/groups/ops/policies/reads"), status: 404},
		{name: "delete it with both versions", as: boss, method: "DELETE", path: at("/policies/reads"), status: 204, audit: "boss delete-policy policy/reads ok"},
		{name: "it is gone", as: boss, method: "GET", path: at("/policies/reads"), status: 404},
		{name: "delete what is built in", as: boss, method: "DELETE", path: at("/policies/readonly"), status: 403, want: []string{`"policy_built_in"`}},

		{name: "delete its own", as: boss, method: "DELETE", path: at("/groups/ops/inline-policies/extra"), status: 204, audit: "boss delete-group-inline-policy group/ops ok"},
		{name: "delete its own again", as: boss, method: "DELETE", path: at("/groups/ops/inline-policies/extra"), status: 404},
		{name: "attach before the end", as: boss, method: "PUT", path: at("/groups/ops/policies/readonly"), status: 204},
		{name: "delete the group as it is", as: boss, method: "DELETE", path: at("/groups/ops"), status: 204, audit: "boss delete-group group/ops ok"},
		{name: "nobody holds the policy through it", as: boss, method: "GET", path: at("/policies/readonly"), status: 200, want: []string{`"usedBy":[]`}},
		{name: "its user stays", as: boss, method: "GET", path: at("/users/" + ada.ID + "/identity"), status: 200, want: []string{`"groups":[]`}},
		{name: "a group of that name begins empty", as: boss, method: "POST", path: at("/groups"), body: `{"name":"ops"}`, status: 201},
		{name: "nobody is in it", as: boss, method: "GET", path: at("/groups/ops"), status: 200, want: []string{`"members":[]`, `"attached":[]`}},
		{name: "take somebody out who is not in", as: boss, method: "DELETE", path: at("/groups/ops/members/" + ada.ID), status: 404, want: []string{`"iam_not_found"`}},
	})
	c.unheld("readonly")
}

// unheld fails where anything holds a policy, be it gone itself.
func (c *console) unheld(policy string) {
	c.t.Helper()
	if holders, err := c.accounts.HoldersOf(c.t.Context(), policy); err != nil || len(holders) != 0 {
		c.t.Errorf("%s is held by %v, %v", policy, holders, err)
	}
}

func TestRolesAndProviders(t *testing.T) {
	asked := ""
	c := newConsole(t, func(_ *console, _ *store.DB, deps *server.Deps) {
		deps.IdentityProviders = reaching(func(issuer string) { asked = issuer })
	})
	c.user("boss", true)
	boss := c.as("boss")
	at := func(path string) string { return "/api/v1" + path }
	const web = `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRoleWithWebIdentity\",\"Principal\":{\"Federated\":\"arn:aws:iam::000000000000:oidc-provider/id.example.com/team\"}}]}`
	c.run(t, []scenario{
		{name: "make a role", as: boss, method: "POST", path: at("/roles"), body: `{"name":"backup","description":"at night","trust":"` + trustText + `","maxSession":7200}`, status: 201,
			want: []string{`"maxSession":7200`}, audit: "boss create-role role/backup ok"},
		{name: "one that trusts nobody", as: boss, method: "POST", path: at("/roles"), body: `{"name":"none","trust":"` + readText + `"}`, status: 400, want: []string{`"policy_malformed"`}},
		{name: "sessions without end", as: boss, method: "POST", path: at("/roles"), body: `{"name":"long","trust":"` + trustText + `","maxSession":90000}`, status: 422},
		{name: "again", as: boss, method: "POST", path: at("/roles"), body: `{"name":"backup","trust":"` + trustText + `"}`, status: 409},
		{name: "attach", as: boss, method: "PUT", path: at("/roles/backup/policies/readonly"), status: 204, audit: "boss attach-role-policy role/backup ok"},
		{name: "its own", as: boss, method: "PUT", path: at("/roles/backup/inline-policies/more"), body: `{"document":"` + writeText + `"}`, status: 204, audit: "boss put-role-inline-policy role/backup ok"},
		{name: "the list", as: boss, method: "GET", path: at("/roles"), status: 200, want: []string{`"name":"backup","description":"at night","maxSession":7200,"policies":2`}},
		{name: "the role", as: boss, method: "GET", path: at("/roles/backup"), status: 200, want: []string{`"arn":"arn:aws:iam::000000000000:role/backup"`, `user/ada`, `"attached":["readonly"]`}},
		{name: "trust others", as: boss, method: "PATCH", path: at("/roles/backup"), body: `{"trust":"` + web + `","maxSession":3600}`, status: 204, audit: "boss update-role role/backup ok"},
		{name: "trust nonsense", as: boss, method: "PATCH", path: at("/roles/backup"), body: `{"trust":"{}"}`, status: 400, want: []string{`"policy_malformed"`}},
		{name: "it is as it was said", as: boss, method: "GET", path: at("/roles/backup"), status: 200, want: []string{`"maxSession":3600`, "oidc-provider", `"description":"at night"`}},
		{name: "end its sessions", as: boss, method: "POST", path: at("/roles/backup/end-sessions"), status: 204, audit: "boss end-role-sessions role/backup ok"},
		{name: "end those of none", as: boss, method: "POST", path: at("/roles/none/end-sessions"), status: 404},

		{name: "no client", as: boss, method: "POST", path: at("/identity-providers"), body: `{"url":"https://id.example.com/team","clients":[" "]}`, status: 400, want: []string{"at least one client"}},
		{name: "no address", as: boss, method: "POST", path: at("/identity-providers"), body: `{"url":"id.example.com","clients":["croft"]}`, status: 400, want: []string{`"iam_invalid"`}},
		{name: "believe one", as: boss, method: "POST", path: at("/identity-providers"), body: `{"url":"https://id.example.com/team","clients":["croft","croft"," ci "]}`, status: 201,
			want: []string{`"clients":["croft","ci"]`, `"name":"id.example.com/team"`}, audit: "boss create-identity-provider https://id.example.com/team ok"},
		{name: "twice", as: boss, method: "POST", path: at("/identity-providers"), body: `{"url":"http://id.example.com/team","clients":["croft"]}`, status: 409},
		{name: "which roles name it", as: boss, method: "GET", path: at("/identity-providers"), status: 200, want: []string{`"roles":["backup"]`}},
		{name: "try it", as: boss, method: "POST", path: at("/identity-providers/test"), body: `{"url":"https://id.example.com/team"}`, status: 204, audit: "-"},
		{name: "try another", as: boss, method: "POST", path: at("/identity-providers/test"), body: `{"url":"https://gone.example.com"}`, status: 400, want: []string{`"provider_unreachable"`}},

		{name: "delete the role as it is", as: boss, method: "DELETE", path: at("/roles/backup"), status: 204, audit: "boss delete-role role/backup ok"},
		{name: "nobody holds the policy", as: boss, method: "GET", path: at("/policies/readonly"), status: 200, want: []string{`"usedBy":[]`}},
	})
	c.unheld("readonly")
	if asked != "https://gone.example.com" {
		t.Errorf("asked %q", asked)
	}
	id := boss.do("GET", at("/identity-providers"), "").json()["items"].([]any)[0].(map[string]any)["id"].(string)
	c.run(t, []scenario{
		{name: "other clients", as: boss, method: "PATCH", path: at("/identity-providers/" + id), body: `{"clients":["web"]}`, status: 200, want: []string{`"clients":["web"]`},
			audit: "boss update-identity-provider https://id.example.com/team ok"},
		{name: "its claim counts for nothing", as: boss, method: "GET", path: at("/identity-providers"), status: 200, want: []string{`"policyClaim":false`, `"clients":["web"]`}},
		{name: "now it does", as: boss, method: "PATCH", path: at("/identity-providers/" + id), body: `{"policyClaim":true}`, status: 200, want: []string{`"policyClaim":true`, `"clients":["web"]`}},
		{name: "and is kept", as: boss, method: "GET", path: at("/identity-providers"), status: 200, want: []string{`"policyClaim":true`, `"clients":["web"]`}},
		{name: "no clients", as: boss, method: "PATCH", path: at("/identity-providers/" + id), body: `{"clients":[""]}`, status: 400},
		{name: "of nobody", as: boss, method: "PATCH", path: at("/identity-providers/x"), body: `{"clients":["web"]}`, status: 404},
		{name: "believe it no more", as: boss, method: "DELETE", path: at("/identity-providers/" + id), status: 204, audit: "boss delete-identity-provider https://id.example.com/team ok"},
		{name: "again", as: boss, method: "DELETE", path: at("/identity-providers/" + id), status: 404},
	})
}

// reaching tells which issuer was asked; that of id.example.com answers.
type reaching func(issuer string)

func (r reaching) Reach(_ context.Context, issuer string) error {
	r(issuer)
	if !strings.Contains(issuer, "id.example.com") {
		return errs.New(errs.Invalid, "provider_unreachable", "It cannot be reached.")
	}
	return nil
}

func TestKeysAndSessionsOfUsers(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	boss := c.as("boss")
	a := boss.do("POST", "/api/v1/users", `{"name":"robot","noPassword":true}`)
	if a.status != 201 {
		t.Fatalf("a user without a password: %d %s", a.status, a.body)
	}
	robot, ada := a.json()["id"].(string), c.user("ada", false)
	made := boss.do("POST", "/api/v1/users/"+robot+"/keys", `{"name":"nightly"}`)
	key, _ := made.json()["accessKey"].(string)
	if made.status != 201 || key == "" || len(made.json()["secretKey"].(string)) != 40 {
		t.Fatalf("a key: %d %s", made.status, made.body)
	}
	_, ofAda, err := c.accounts.AddKey(t.Context(), ada.ID, account.NewKey{Name: "hers"})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := c.accounts.EnsureRoot(ctx, "root", "root password 1"); err != nil {
		t.Fatal(err)
	}
	root, err := c.accounts.UserByName(ctx, "root")
	if err != nil {
		t.Fatal(err)
	}
	// session asks for a temporary credential with the robot's key, and says whether it is good.
	_, p, err := c.accounts.KeyCredential(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	session, err := c.accounts.SessionToken(ctx, p, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	good := func() bool {
		_, _, err := c.accounts.TemporaryCredential(ctx, session.AccessKey, session.Token)
		return err == nil
	}
	if !good() {
		t.Fatal("a session that was just made is not good")
	}
	of := "/api/v1/users/" + robot
	c.run(t, []scenario{
		{name: "an administrator without a password", as: boss, method: "POST", path: "/api/v1/users", body: `{"name":"ghost","noPassword":true,"admin":true}`, status: 400, want: []string{`"user_without_password"`}},
		{name: "with neither", as: boss, method: "POST", path: "/api/v1/users", body: `{"name":"ghost"}`, status: 400, want: []string{"password"}},
		{name: "what it has", as: boss, method: "GET", path: of + "/identity", status: 200, want: []string{`"password":false`, `"name":"nightly"`, key}, never: []string{"secretKey"}},
		{name: "a key for somebody who logs in", as: boss, method: "POST", path: "/api/v1/users/" + ada.ID + "/keys", body: `{"name":"mine"}`, status: 409, want: []string{`"user_has_password"`},
			audit: "boss create-user-key ada user_has_password"},
		{name: "a key without a name", as: boss, method: "POST", path: of + "/keys", body: `{"name":" "}`, status: 400},
		{name: "disable", as: boss, method: "PATCH", path: of + "/keys/" + key, body: `{"disabled":true}`, status: 204, audit: "boss switch-user-key robot ok"},
		{name: "it is", as: boss, method: "GET", path: of + "/identity", status: 200, want: []string{`"disabled":true,"root":false}]`}},
		{name: "enable", as: boss, method: "PATCH", path: of + "/keys/" + key, body: `{"disabled":false}`, status: 204},
		{name: "another's key", as: boss, method: "PATCH", path: of + "/keys/" + ofAda.AccessKey, body: `{"disabled":true}`, status: 404, want: []string{`"key_not_found"`}},
		{name: "end another's", as: boss, method: "DELETE", path: of + "/keys/" + ofAda.AccessKey, status: 404},
		{name: "end sessions of nobody", as: boss, method: "POST", path: "/api/v1/users/x/end-sessions", status: 404},
	})
	if !good() {
		t.Error("a session ended for no reason")
	}
	if a := boss.do("POST", of+"/end-sessions", ""); a.status != 204 || c.audited() != "boss end-user-sessions robot ok" {
		t.Errorf("end sessions: %d %s; %s", a.status, a.body, c.audited())
	}
	if good() {
		t.Error("the session outlives its end")
	}
	if _, _, err := c.accounts.KeyCredential(ctx, key); err != nil {
		t.Errorf("the key ended with its sessions: %v", err)
	}
	c.run(t, []scenario{
		{name: "end the root's key", as: boss, method: "DELETE", path: "/api/v1/users/" + root.ID + "/keys/root", status: 409, want: []string{`"key_of_root"`}},
		{name: "disable the root's key", as: boss, method: "PATCH", path: "/api/v1/users/" + root.ID + "/keys/root", body: `{"disabled":true}`, status: 409, want: []string{`"key_of_root"`}},
		{name: "the root is no administrator", as: boss, method: "PATCH", path: "/api/v1/users/" + root.ID, body: `{"admin":false}`, status: 200},
		{name: "and stays", as: boss, method: "DELETE", path: "/api/v1/users/" + root.ID, status: 409, want: []string{`"user_is_root"`}, audit: "boss delete-user root user_is_root"},
		{name: "what the root has", as: boss, method: "GET", path: "/api/v1/users/" + root.ID + "/identity", status: 200, want: []string{`"root":true`}},
		{name: "delete an administrator", as: boss, method: "DELETE", path: "/api/v1/users/" + c.users["boss"].ID, status: 409, want: []string{`"iam_in_use"`}},
		{name: "end a key", as: boss, method: "DELETE", path: "/api/v1/users/" + ada.ID + "/keys/" + ofAda.AccessKey, status: 204, audit: "boss delete-user-key ada ok"},
		{name: "delete", as: boss, method: "DELETE", path: of, status: 204, audit: "boss delete-user robot ok"},
		{name: "nobody", as: boss, method: "GET", path: of + "/identity", status: 404, want: []string{`"user_not_found"`}},
	})
	if _, _, err := c.accounts.KeyCredential(ctx, key); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("the key outlives its user: %v", err)
	}
}

// TestPoliciesLetNobodyManageIdentities asks every route of identities as somebody whom
// policies let do everything over IAM and the admin protocol, and who owns a project.
func TestPoliciesLetNobodyManageIdentities(t *testing.T) {
	c := newConsole(t)
	c.user("boss", true)
	lee := c.user("lee", false)
	c.project("mine", "lee", nil)
	ctx := t.Context()
	holder := account.Holder{Kind: account.UserHolder, ID: lee.ID}
	for _, name := range []string{"IAMFullAccess", "consoleAdmin", "AmazonS3FullAccess"} {
		if err := c.accounts.AttachPolicy(ctx, holder, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.accounts.PutInlinePolicy(ctx, holder, "all", `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`); err != nil {
		t.Fatal(err)
	}
	if _, err := c.accounts.CreateGroup(ctx, "x"); err != nil {
		t.Fatal(err)
	}
	secret, _, err := c.accounts.CreateToken(ctx, lee.ID, "ci", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	session, anonymous := c.as("lee"), c.anonymous()
	bodies := map[string]string{
		"create-group": `{"name":"mine"}`, "create-policy": `{"name":"mine","document":"` + readText + `"}`, "create-role": `{"name":"mine","trust":"` + trustText + `"}`,
		"update-role": `{"trust":"` + trustText + `"}`, "add-policy-version": `{"document":"` + readText + `","default":true}`,
		"create-identity-provider": `{"url":"https://evil.example.com","clients":["croft"]}`, "update-identity-provider": `{"clients":["croft"]}`,
		"test-identity-provider": `{"url":"https://evil.example.com"}`, "create-user-key": `{"name":"mine"}`, "switch-user-key": `{"disabled":true}`,
		"put-user-inline-policy": `{"document":"` + readText + `"}`, "put-group-inline-policy": `{"document":"` + readText + `"}`, "put-role-inline-policy": `{"document":"` + readText + `"}`,
		"create-user": `{"name":"mine","password":"correct horse battery","admin":true}`, "update-user": `{"admin":true}`,
	}
	refused := 0
	for _, route := range c.server.Routes() {
		path := strings.TrimPrefix(route.Path, "/api/v1/")
		room, _, _ := strings.Cut(path, "/")
		switch room {
		case "users", "groups", "policies", "roles", "identity-providers":
		default:
			continue
		}
		if route.Operation == "list-users" { // whose names everybody may know
			continue
		}
		path = strings.NewReplacer("{id}", lee.ID, "{userId}", lee.ID, "{policy}", "readonly", "{version}", "1", "{name}", "x", "{accessKey}", "x").Replace(route.Path)
		for how, a := range map[string]answer{
			"session": session.do(route.Method, path, bodies[route.Operation]),
			"token":   anonymous.do(route.Method, path, bodies[route.Operation], "Authorization: Bearer "+secret),
		} {
			refused++
			if a.status != http.StatusForbidden || a.json()["code"] != "admin_required" {
				t.Errorf("by %s: %s %s: %d %s", how, route.Method, route.Path, a.status, a.body)
			}
		}
	}
	if refused < 70 {
		t.Errorf("only %d requests were refused", refused)
	}
	now, err := c.accounts.User(ctx, lee.ID)
	groups, err2 := c.accounts.GroupsOf(ctx, lee.ID)
	held, err3 := c.accounts.AttachedPolicies(ctx, holder)
	if err := errors.Join(err, err2, err3); err != nil || now.Admin || len(groups) != 0 || len(held) != 3 {
		t.Errorf("lee is now %+v, in %v, with %v, %v", now, groups, held, err)
	}
}
