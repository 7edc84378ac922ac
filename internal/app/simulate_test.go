package app

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/s3api"
	"croft/server"
)

// simulator is one that decides for the world.
func (w *accessWorld) simulator() simulator {
	return simulator{w.access, w.engine}
}

// simulate asks as an administrator about the bucket web-data.
func (w *accessWorld) simulate(q server.SimulationRequest) []server.SimulatedAnswer {
	w.t.Helper()
	answers, err := w.simulator().Simulate(w.t.Context(), account.Principal{Name: "boss", Admin: true, Via: account.ViaSession}, server.SimulatedQuestion{Bucket: "web-data", SimulationRequest: q, Address: "127.0.0.1"})
	if err != nil {
		w.t.Fatal(err)
	}
	return answers
}

// tries are requests, and the action that each needs.
var tries = []struct {
	action, method, key string
	query               url.Values
	body                string
}{
	{"s3:GetObject", http.MethodGet, "in/a", nil, ""},
	{"s3:GetObject", http.MethodHead, "tagged", nil, ""},
	{"s3:PutObject", http.MethodPut, "in/new", nil, "x"},
	{"s3:PutObject", http.MethodPut, "out/new", nil, "x"},
	{"s3:DeleteObject", http.MethodDelete, "in/gone", nil, ""},
	{"s3:GetObjectTagging", http.MethodGet, "tagged", url.Values{"tagging": {""}}, ""},
	{"s3:GetObjectAcl", http.MethodGet, "in/a", url.Values{"acl": {""}}, ""},
	{"s3:ListBucket", http.MethodGet, "", url.Values{"prefix": {"in/"}}, ""},
	{"s3:ListBucket", http.MethodGet, "", nil, ""},
	{"s3:GetBucketPolicy", http.MethodGet, "", url.Values{"policy": {""}}, ""},
	{"s3:GetBucketVersioning", http.MethodGet, "", url.Values{"versioning": {""}}, ""},
	{"s3:PutBucketTagging", http.MethodPut, "", url.Values{"tagging": {""}}, "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"},
}

// generated makes a policy of statements that each mean something for the tries.
func generated(r *rand.Rand) []string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	statements := make([]string, 0, 4)
	for i := range r.IntN(5) {
		object := r.IntN(3) > 0
		action, resource := pick("s3:ListBucket", "s3:*", "s3:Get*", "s3:PutBucketTagging", "s3:GetBucketVersioning", "s3:*Policy"), "web-data"
		if object {
			action = pick("s3:GetObject", "s3:PutObject", "s3:*", "s3:Get*", "s3:DeleteObject", "s3:*Object")
			resource = pick("web-data/*", "web-data/in/*", "web-data/${aws:username}/*", "web-data/tagged", "web-data/${jwt:sub}/*")
		}
		condition := ""
		if r.IntN(3) == 0 {
			condition = `,"Condition":` + pick(`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, `{"NotIpAddress":{"aws:SourceIp":"127.0.0.1"}}`, `{"Bool":{"aws:SecureTransport":"true"}}`,
				`{"StringLike":{"s3:prefix":"in/*"}}`, `{"StringNotEquals":{"s3:prefix":["in/",""]}}`, `{"StringEquals":{"s3:ExistingObjectTag/public":"yes"}}`,
				`{"StringEquals":{"aws:username":["reader","stranger"]}}`, `{"Null":{"s3:prefix":"true"}}`, `{"StringEquals":{"sts:RoleSessionName":"night"}}`,
				`{"StringEquals":{"jwt:team":"web"}}`, `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, `{"ArnLike":{"aws:PrincipalArn":"*:role/worker"}}`)
		}
		who := pick(`"Principal":"*"`, `"Principal":{"AWS":"000000000000"}`, `"Principal":{"AWS":["stranger","arn:aws:iam::000000000000:user/writer"]}`, `"NotPrincipal":{"AWS":["ada","stranger"]}`,
			`"Principal":{"AWS":"arn:aws:iam::000000000000:role/worker"}`, `"Principal":{"AWS":"arn:aws:sts::000000000000:assumed-role/worker/night"}`, `"NotPrincipal":{"AWS":"arn:aws:iam::000000000000:role/worker"}`)
		statements = append(statements, fmt.Sprintf(`{"Sid":"s%d","Effect":%q,%s,"Action":%q,"Resource":"arn:aws:s3:::%s"%s}`,
			i, pick("Allow", "Allow", "Deny"), who, action, resource, condition))
	}
	return statements
}

// TestSimulatorSaysWhatHappens: over generated policies, ACLs and blocks, whatever the
// simulator says about somebody is what S3 then answers them, and what it says decided
// is so.
func TestSimulatorSaysWhatHappens(t *testing.T) {
	w := newAccessWorld(t)
	r := rand.New(rand.NewPCG(23, 4))
	counts := map[string]int{}
	secret, key, err := w.accounts.AddKey(t.Context(), w.users["ada"], account.NewKey{Name: "narrow", Policy: `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:ListBucket"],"Resource":"arn:aws:s3:::web-data*"},{"Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/tagged"}]}`})
	w.ok(err)
	w.keys["narrow"] = [2]string{key.AccessKey, secret}
	sessions := w.sessionsOfRoles()
	for world := range 24 {
		statements := generated(r)
		w.policy(statements...)
		acl, block := "", ""
		if r.IntN(2) == 0 {
			block = grants.Block{IgnorePublicACLs: r.IntN(2) == 0, RestrictPublicBuckets: r.IntN(3) > 0}.Text()
		}
		ownership := ""
		if r.IntN(3) == 0 {
			ownership = string(grants.ObjectWriter)
			acl = []string{"", "public-read", "public-read-write", "authenticated-read", `[{"to":"stranger","may":"FULL_CONTROL"}]`}[r.IntN(5)]
		}
		w.set(grants.BlockDocument, block)
		w.set(grants.OwnershipDocument, ownership)
		w.set(grants.ACLDocument, acl)
		for _, key := range []string{"in/a", "in/gone", "tagged"} {
			o := w.put(key, "text")
			if _, err := w.engine.UpdateVersion(t.Context(), objectstore.VersionRef{Bucket: o.Bucket, Key: o.Key}, false, func(a *objectstore.Attributes) error {
				if key == "tagged" {
					a.Tags = map[string]string{"public": "yes"}
				}
				if ownership != "" && acl != "" {
					a.System = map[string]string{grants.ObjectACL: acl}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		own := []string{"", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, `{"Effect":"Deny","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::web-data/in/*"}`,
			`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::web-data*"}`}[r.IntN(4)]
		for _, holder := range []account.Holder{w.holder("reader"), w.holder("stranger"), w.worker()} {
			_ = w.accounts.DeleteInlinePolicy(t.Context(), holder, "own") // where there is one
			if own != "" {
				w.ok(w.accounts.PutInlinePolicy(t.Context(), holder, "own", `{"Version":"2012-10-17","Statement":[`+own+`]}`))
			}
		}
		for _, user := range []string{"", "boss", "ada", "reader", "writer", "stranger", "share", "limited", "narrow", "assumed", "vouched", "claimed"} {
			for _, try := range tries {
				q := server.SimulationRequest{Who: "nobody", Actions: []string{try.action}, Object: try.key, Facts: map[string][]string{}}
				session, isRole := sessions[user]
				switch {
				case isRole:
					q = session
					q.Actions, q.Object, q.Facts = []string{try.action}, try.key, maps.Clone(session.Facts)
				case user == "narrow" || user == "share" || user == "limited" || (user != "" && world%2 == 0):
					q.Who, q.Key = "key", w.keys[user][0]
				case user != "":
					q.Who, q.User = "user", user
				}
				if prefix, ok := try.query["prefix"]; ok {
					q.Facts["s3:prefix"] = prefix
				}
				said := w.simulate(q)[0]
				status, code, text := w.ask(user, try.method, "web-data", try.key, try.query, try.body)
				allowed := status != http.StatusForbidden && code != "NoSuchBucket" && (status != http.StatusNotFound || try.method != http.MethodHead)
				if said.Allowed != allowed {
					t.Fatalf("world %d: %q %s %s: said %+v, S3 answered %d %s\npolicy %s\nacl %q, block %s, ownership %q\n%s",
						world, user, try.action, try.key, said, status, code, strings.Join(statements, "\n"), acl, block, ownership, text)
				}
				decidedBy(t, &said, statements)
				counts[fmt.Sprintf("%s %v", said.By, said.Allowed)]++
				if isRole {
					counts[fmt.Sprintf("%s %s %v", user, said.By, said.Allowed)]++
				}
			}
		}
	}
	for _, want := range []string{"administrator true", "role true", "role false", "policy true", "policy false", "acl true", "block false", "credential false", "own true", "own false", "narrowed false",
		"assumed own true", "assumed own false", "assumed policy true", "assumed policy false", "assumed role false", "vouched own true", "vouched policy true", "vouched policy false",
		"claimed own true", "claimed policy true", "claimed policy false", "claimed role false",
	} {
		if counts[want] == 0 {
			t.Errorf("it never happened that %s: %v", want, counts)
		}
	}
}

const providerURL = "https://id.example.com/team"

// worker is the role that sessionsOfRoles assumes.
func (w *accessWorld) worker() account.Holder {
	w.t.Helper()
	role, err := w.accounts.IAMRole(w.t.Context(), "worker")
	w.ok(err)
	return account.Holder{Kind: account.RoleHolder, ID: role.ID}
}

// sessionsOfRoles begins one session with a key, one with a provider's token, and one of
// the policies that such a token names, and returns how each is asked about.
func (w *accessWorld) sessionsOfRoles() map[string]server.SimulationRequest {
	w.t.Helper()
	ctx := w.t.Context()
	provider, err := w.accounts.CreateProvider(ctx, account.NewProvider{URL: providerURL, Clients: []string{"croft"}, PolicyClaim: true})
	w.ok(err)
	_, err = w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: "worker", Trust: `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:user/stranger"},"Action":"sts:AssumeRole"},
		{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::000000000000:oidc-provider/id.example.com/team"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`})
	w.ok(err)
	_, err = w.accounts.CreatePolicy(ctx, "looks", "", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::web-data/${jwt:sub}/*"}}`)
	w.ok(err)
	made, err := w.accounts.AssumeRole(ctx, w.as("stranger"), "", account.SessionRequest{Role: "worker", Session: "night"})
	w.session("assumed", made, err)
	who := account.WebIdentity{Provider: provider, Subject: "in", Audience: "croft", Claims: map[string][]string{"sub": {"in"}, "team": {"web"}, "policy": {"looks"}}}
	made, err = w.accounts.AssumeRoleWithWebIdentity(ctx, who, account.SessionRequest{Role: "worker", Session: "web"})
	w.session("vouched", made, err)
	made, err = w.accounts.AssumeRoleWithWebIdentity(ctx, who, account.SessionRequest{})
	w.session("claimed", made, err)
	claims := map[string][]string{"jwt:sub": {"in"}, "JWT:Team": {"web"}, "jwt:policy": {"looks"}}
	return map[string]server.SimulationRequest{
		"assumed": {Who: "role", Role: "worker", Session: "night", Facts: map[string][]string{}},
		"vouched": {Who: "role", Role: "worker", Session: "web", Provider: "id.example.com/team", Facts: claims},
		"claimed": {Who: "role", Provider: "id.example.com/team", Facts: claims},
	}
}

// decidedBy holds what is said to have decided to the statements.
func decidedBy(t *testing.T, said *server.SimulatedAnswer, statements []string) {
	t.Helper()
	bucket := 0
	for _, one := range said.Statements {
		if one.Source == "bucket" {
			if one.SID != fmt.Sprintf("s%d", bucket) || one.Applies == (one.Part != "") {
				t.Fatalf("statement %d: %+v", bucket, one)
			}
			bucket++
		}
		if one.Applies && one.Effect == "Deny" && said.Allowed && !strings.Contains(said.Action, "Policy") {
			t.Fatalf("allowed against %+v", one)
		}
	}
	if bucket != len(statements) {
		t.Fatalf("%d statements of %d: %+v", bucket, len(statements), said)
	}
	want := "Deny"
	if said.Allowed {
		want = "Allow"
	}
	if said.By != "policy" && said.By != "own" {
		return
	}
	if said.Decided < 0 || said.Statements[said.Decided].Effect != want || !said.Statements[said.Decided].Applies || (said.Statements[said.Decided].Source == "bucket") != (said.By == "policy") {
		t.Fatalf("decided by %d: %+v", said.Decided, said)
	}
}

func TestSimulatorsQuestions(t *testing.T) {
	w := newAccessWorld(t)
	w.put("a", "text")
	w.policy(`{"Sid":"office","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*","Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}`,
		`{"Sid":"sealed","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"AES256"}}}`)
	one := func(q server.SimulationRequest) server.SimulatedAnswer {
		t.Helper()
		if q.Object == "" {
			q.Object = "a"
		}
		return w.simulate(q)[0]
	}
	get, put := []string{"s3:GetObject"}, []string{"s3:PutObject"}
	if a := one(server.SimulationRequest{Who: "nobody", Actions: get}); a.Allowed || a.By != "role" || a.Statements[0].Part != "condition" || a.Statements[0].Condition != "IpAddress aws:SourceIp" || a.Code != "unauthenticated" {
		t.Errorf("from elsewhere: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "nobody", Actions: get, Facts: map[string][]string{"aws:SourceIp": {"192.0.2.7"}}}); !a.Allowed || a.By != "policy" || a.Decided != 0 {
		t.Errorf("from the office: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "user", User: "ada", Actions: put}); a.Allowed || a.By != "policy" || a.Decided != 1 || a.Code != "denied_by_policy" || a.Role != "owner" || a.Needs != "developer" {
		t.Errorf("unsealed: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "user", User: "ada", Actions: put, Facts: map[string][]string{"s3:x-amz-server-side-encryption": {"AES256"}}}); !a.Allowed || a.By != "role" {
		t.Errorf("sealed: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "user", User: "reader", Actions: put, Facts: map[string][]string{"s3:x-amz-server-side-encryption": {"AES256"}}}); a.Allowed || a.Role != "viewer" || a.Code != "role_too_low" {
		t.Errorf("a reader: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "key", Key: w.keys["share"][0], Actions: put, Facts: map[string][]string{"s3:x-amz-server-side-encryption": {"AES256"}}}); a.Allowed || a.By != "credential" {
		t.Errorf("a share: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "user", User: "ada", Actions: []string{"s3:GetObjectTorrent"}}); a.Allowed || a.By != "unasked" {
		t.Errorf("what nobody asks: %+v", a)
	}
	all := []string{}
	for action, about := range aboutWhat() {
		if about != neither {
			all = append(all, action)
		}
	}
	slices.Sort(all)
	for _, a := range w.simulate(server.SimulationRequest{Who: "user", User: "boss", Object: "a", Actions: all, Facts: map[string][]string{"s3:x-amz-server-side-encryption": {"AES256"}}}) {
		if _, asked := s3api.ActionOf(a.Action); a.Allowed != asked || (asked && a.By != "administrator") {
			t.Errorf("an administrator: %+v", a)
		}
	}
	s, off := w.simulator(), true
	if _, err := w.accounts.UpdateUser(t.Context(), w.users["writer"], account.UserChange{Disabled: &off}); err != nil {
		t.Fatal(err)
	}
	if a := one(server.SimulationRequest{Who: "user", User: "writer", Actions: get}); a.Allowed || a.By != "disabled" {
		t.Errorf("who is disabled: %+v", a)
	}
	if a := one(server.SimulationRequest{Who: "key", Key: w.keys["writer"][0], Actions: get}); a.Allowed || a.By != "disabled" {
		t.Errorf("the key of who is disabled: %+v", a)
	}
	limited, _, err := w.accounts.Key(t.Context(), w.keys["limited"][0])
	w.ok(err)
	w.ok(w.accounts.UpdateKey(t.Context(), limited.UserID, limited.AccessKey, account.KeyChange{Disabled: &off}))
	if a := one(server.SimulationRequest{Who: "key", Key: limited.AccessKey, Actions: get}); a.Allowed || a.By != "key_disabled" {
		t.Errorf("a disabled key: %+v", a)
	}
	for name, c := range map[string]struct {
		asker account.Principal
		q     server.SimulationRequest
		kind  errs.Kind
	}{
		"another's key":              {account.Principal{UserID: "x", Name: "max", Via: account.ViaSession}, server.SimulationRequest{Who: "key", Key: w.keys["ada"][0], Actions: get, Object: "a"}, errs.NotFound},
		"no key":                     {account.Principal{Admin: true, Via: account.ViaSession}, server.SimulationRequest{Who: "key", Key: "AKIANONE", Actions: get, Object: "a"}, errs.NotFound},
		"another's that is disabled": {account.Principal{UserID: "x", Name: "max", Via: account.ViaSession}, server.SimulationRequest{Who: "key", Key: w.keys["limited"][0], Actions: get, Object: "a"}, errs.NotFound},
		"no user":                    {account.Principal{Admin: true, Via: account.ViaSession}, server.SimulationRequest{Who: "user", User: "none", Actions: get, Object: "a"}, errs.NotFound},
		"no object":                  {account.Principal{Admin: true, Via: account.ViaSession}, server.SimulationRequest{Who: "nobody", Actions: get}, errs.Invalid},
		"no action":                  {account.Principal{Admin: true, Via: account.ViaSession}, server.SimulationRequest{Who: "nobody", Actions: []string{"s3:getobject"}, Object: "a"}, errs.Invalid},
	} {
		_, err := s.Simulate(t.Context(), c.asker, server.SimulatedQuestion{Bucket: "web-data", SimulationRequest: c.q})
		if errs.KindOf(err) != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.set(grants.PolicyDocument, "{")
	if a := one(server.SimulationRequest{Who: "user", User: "ada", Actions: get}); a.Allowed || a.By != "unknown" {
		t.Errorf("under what cannot be read: %+v", a)
	}
}
