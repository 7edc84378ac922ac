package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
	"croft/server"
)

// allowing is a policy of one statement.
func allowing(effect, action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":%q,"Action":%q,"Resource":%q}]}`, effect, action, resource)
}

func (w *accessWorld) holder(user string) account.Holder {
	return account.Holder{Kind: account.UserHolder, ID: w.users[user]}
}

func (w *accessWorld) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// as is who signs with a user's key.
func (w *accessWorld) as(user string) account.Principal {
	w.t.Helper()
	_, p, err := w.accounts.KeyCredential(w.t.Context(), w.keys[user][0])
	w.ok(err)
	return p
}

// session keeps a temporary credential under a name.
func (w *accessWorld) session(name string, made account.Temporary, err error) {
	w.t.Helper()
	w.ok(err)
	w.keys[name], w.tokens[name] = [2]string{made.AccessKey, made.Secret}, made.Token
}

const anything = "arn:aws:s3:::web-data/*"

func TestPoliciesOfUsers(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.put("a", "x")
	get := func(what, user string, status int, code string) {
		t.Helper()
		w.want(what, status, code, user, http.MethodGet, "web-data", "a", nil, "")
	}
	get("without", "stranger", 403, "AccessDenied")
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("stranger"), "read", allowing("Allow", "s3:GetObject", anything)))
	get("an inline policy", "stranger", 200, "")
	w.want("it allows nothing else", 403, "AccessDenied", "stranger", http.MethodPut, "web-data", "b", nil, "x")
	get("a shared link of the same user", "share", 200, "")
	get("a key that is limited to another project", "limited", 403, "AccessDenied")
	w.ok(w.accounts.DeleteInlinePolicy(ctx, w.holder("stranger"), "read"))
	get("from the next request on", "stranger", 403, "AccessDenied")

	_, err := w.accounts.CreateGroup(ctx, "readers")
	w.ok(err)
	w.ok(w.accounts.AddToGroup(ctx, "readers", w.users["stranger"]))
	readers, err := w.accounts.Group(ctx, "readers")
	w.ok(err)
	w.ok(w.accounts.AttachPolicy(ctx, account.Holder{Kind: account.GroupHolder, ID: readers.ID}, "readonly"))
	get("of a group", "stranger", 200, "")
	w.ok(w.accounts.RemoveFromGroup(ctx, "readers", w.users["stranger"]))
	get("out of the group", "stranger", 403, "AccessDenied")

	_, err = w.accounts.CreatePolicy(ctx, "team", "", allowing("Allow", "s3:*", "*"))
	w.ok(err)
	w.ok(w.accounts.AttachPolicy(ctx, w.holder("stranger"), "team"))
	get("a managed policy", "stranger", 200, "")
	w.want("Croft's own buckets are given to nobody", 403, "AccessDenied", "stranger", http.MethodGet, "croft-own", "a", nil, "")
	_, err = w.accounts.AddPolicyVersion(ctx, "team", allowing("Deny", "s3:*", "*"), true)
	w.ok(err)
	get("a new version that denies", "stranger", 403, "AccessDenied")
	w.ok(w.accounts.SetDefaultPolicyVersion(ctx, "team", 1))
	get("the version before", "stranger", 200, "")
	w.ok(w.accounts.DetachPolicy(ctx, w.holder("stranger"), "team"))

	for _, user := range []string{"boss", "ada"} {
		w.ok(w.accounts.PutInlinePolicy(ctx, w.holder(user), "no", allowing("Deny", "s3:GetObject", anything)))
		get("a deny is final", user, 403, "AccessDenied")
		w.want("and about what it says", 200, "", user, http.MethodPut, "web-data", "a", nil, "x")
		w.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*"}`)
		get("the bucket cannot allow it either", user, 403, "AccessDenied")
		w.policy()
		console := denials{w.access, w.engine}
		request := server.PolicyRequest{Permission: "s3:GetObject", Bucket: "web-data", Key: "a"}
		if err := console.Denied(ctx, account.Principal{UserID: w.users[user], Name: user, Via: account.ViaSession}, request); err == nil {
			t.Errorf("the console lets %s read", user)
		}
		w.ok(w.accounts.DeleteInlinePolicy(ctx, w.holder(user), "no"))
		get("no more", user, 200, "")
	}
	w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("stranger"), "home", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/${aws:username}/*"}}`))
	w.want("a variable", 200, "", "stranger", http.MethodPut, "web-data", "stranger/x", nil, "x")
	w.want("where the bucket is, which mc asks first", 403, "AccessDenied", "stranger", http.MethodGet, "web-data", "", url.Values{"location": {""}}, "")
	w.want("a bucket of which the policy says nothing", 403, "AccessDenied", "stranger", http.MethodGet, "croft-own", "", url.Values{"location": {""}}, "")
	w.want("of another", 403, "AccessDenied", "stranger", http.MethodPut, "web-data", "reader/x", nil, "x")
	w.policy(`{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/*"}`)
	w.want("the bucket denies", 403, "AccessDenied", "stranger", http.MethodPut, "web-data", "stranger/x", nil, "x")
}

func TestBucketsMadeByPolicy(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	owner := func(bucket string) string {
		b, err := w.engine.Bucket(ctx, bucket)
		w.ok(err)
		return b.Owner
	}
	w.want("without", 403, "AccessDenied", "reader", http.MethodPut, "fresh", "", nil, "")
	for _, user := range []string{"reader", "stranger"} {
		w.ok(w.accounts.PutInlinePolicy(ctx, w.holder(user), "make", allowing("Allow", "s3:*", "arn:aws:s3:::fresh*")))
	}
	w.want("by policy", 200, "", "reader", http.MethodPut, "fresh", "", nil, "")
	if owner("fresh") != "" {
		t.Errorf("the bucket is of %q", owner("fresh"))
	}
	w.want("and used", 200, "", "reader", http.MethodPut, "fresh", "k", nil, "x")
	w.want("by an administrator too", 200, "", "boss", http.MethodGet, "fresh", "k", nil, "")
	w.want("not by others", 403, "AccessDenied", "ada", http.MethodGet, "fresh", "k", nil, "")
	w.want("a name that the policy does not say", 403, "AccessDenied", "reader", http.MethodPut, "stale", "", nil, "")
	w.want("a name that is Croft's", 403, "AccessDenied", "reader", http.MethodPut, "croft-fresh", "", nil, "")
	w.want("who has a project makes it there", 200, "", "stranger", http.MethodPut, "fresh2", "", nil, "")
	if owner("fresh2") == "" {
		t.Error("the bucket is of nobody")
	}
	if _, _, text := w.ask("reader", http.MethodGet, "", "", nil, ""); !strings.Contains(text, "<Name>fresh</Name>") || !strings.Contains(text, "<Name>web-data</Name>") || strings.Contains(text, "croft-own") {
		t.Error(text)
	}
}

func TestTemporaryCredentials(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	w.put("a", "x")
	can := func(what, user string, get, put bool) {
		t.Helper()
		for method, allowed := range map[string]bool{http.MethodGet: get, http.MethodPut: put} {
			status, code, text := w.ask(user, method, "web-data", "a", nil, "x")
			if (status == 200) != allowed {
				t.Errorf("%s: %s as %s: %d %s, want allowed %v\n%s", what, method, user, status, code, allowed, text)
			}
		}
	}
	gone := func(what, user, code string) {
		t.Helper()
		w.want(what, map[string]int{"InvalidAccessKeyId": 403}[code]+map[string]int{"ExpiredToken": 400, "InvalidToken": 400}[code], code, user, http.MethodGet, "web-data", "a", nil, "")
	}
	own := func(name, user string, r account.SessionRequest) {
		t.Helper()
		made, err := w.accounts.AssumeRole(ctx, w.as(user), "", r)
		w.session(name, made, err)
	}
	own("s", "writer", account.SessionRequest{})
	can("as oneself", "s", true, true)
	own("s", "writer", account.SessionRequest{Policy: allowing("Allow", "s3:GetObject", anything)})
	can("narrowed", "s", true, false)
	own("s", "boss", account.SessionRequest{PolicyNames: []string{"writeonly"}})
	can("narrowed by a managed policy", "s", false, true)
	_, err := w.accounts.CreatePolicy(ctx, "careful", "", allowing("Deny", "s3:PutObject", "*"))
	w.ok(err)
	own("s", "boss", account.SessionRequest{Policy: allowing("Allow", "s3:*", "*"), PolicyNames: []string{"careful"}})
	can("denied by a managed policy of the session", "s", true, false)
	w.ok(w.accounts.DeletePolicy(ctx, "careful"))
	can("nobody knows any more what that denied", "s", false, false)
	w.want("and it is told so", 403, "AccessDenied", "s", http.MethodGet, "web-data", "a", nil, "")
	w.want("with a listing of buckets, too", 403, "AccessDenied", "s", http.MethodGet, "", "", nil, "")
	own("s", "reader", account.SessionRequest{Policy: allowing("Allow", "s3:*", "*")})
	can("never widened", "s", true, false)
	if _, _, text := w.ask("s", http.MethodGet, "", "", nil, ""); !strings.Contains(text, "web-data") {
		t.Error(text)
	}

	secret, key, err := w.accounts.AddKey(ctx, w.users["boss"], account.NewKey{Name: "svc", Policy: allowing("Allow", "s3:GetObject", anything)})
	w.ok(err)
	w.keys["svc"] = [2]string{key.AccessKey, secret}
	can("a service account of an administrator", "svc", true, false)
	if _, _, text := w.ask("svc", http.MethodGet, "", "", nil, ""); strings.Contains(text, "web-data") {
		t.Error("the bucket is listed", text)
	}
	own("s", "svc", account.SessionRequest{Policy: allowing("Allow", "s3:*", "*")})
	can("a session of it", "s", true, false)
	for _, user := range []string{"svc", "s"} { // whose user may
		c := s3api.Credential{AccessKey: w.keys[user][0], Identity: w.as("svc")}
		if user == "s" {
			c.Identity = w.temporary("s")
		}
		if err := (adminGate{w.access}).Allow(ctx, c, "info"); err == nil {
			t.Errorf("%s looks after the server", user)
		}
		if err := (adminGate{w.access}).AllowBucket(ctx, c, true, "web-data"); err == nil {
			t.Errorf("%s sets a quota", user)
		}
	}
	w.ok(w.accounts.UpdateKey(ctx, w.users["boss"], key.AccessKey, account.KeyChange{Policy: ptr(allowing("Allow", "s3:PutObject", anything))}))
	can("with another policy", "svc", false, true)
	can("and its session at once", "s", false, true)
	w.ok(w.accounts.UpdateKey(ctx, w.users["boss"], key.AccessKey, account.KeyChange{Disabled: ptr(true)}))
	gone("switched off", "svc", "InvalidAccessKeyId")
	gone("and its session", "s", "InvalidToken")
	w.ok(w.accounts.UpdateKey(ctx, w.users["boss"], key.AccessKey, account.KeyChange{Disabled: ptr(false), Policy: ptr("")}))
	can("whole again", "svc", true, true)
	own("s", "svc", account.SessionRequest{})
	can("and its session", "s", true, true)
	w.keys["svc"] = [2]string{key.AccessKey, "another secret"}
	w.ok(w.accounts.UpdateKey(ctx, w.users["boss"], key.AccessKey, account.KeyChange{Secret: ptr("another secret")}))
	gone("with another secret for the key", "s", "ExpiredToken")
	can("which itself is good", "svc", true, true)
	w.nextMillisecond()
	own("s", "svc", account.SessionRequest{})
	can("and so is a session of it", "s", true, true)
	w.ok(w.accounts.DeleteKey(ctx, w.users["boss"], key.AccessKey))
	gone("its key is deleted", "s", "InvalidToken")

	own("s", "writer", account.SessionRequest{})
	w.ok(w.accounts.EndSessions(ctx, w.holder("writer")))
	gone("revoked", "s", "ExpiredToken")
	can("but not the lasting key", "writer", true, true)

	own("s", "writer", account.SessionRequest{})
	_, err = w.accounts.UpdateUser(ctx, w.users["writer"], account.UserChange{Disabled: ptr(true)})
	w.ok(err)
	gone("the user is disabled", "s", "InvalidToken")
	_, err = w.accounts.UpdateUser(ctx, w.users["writer"], account.UserChange{Disabled: ptr(false)})
	w.ok(err)

	t.Run("tokens", func(t *testing.T) {
		own("s", "writer", account.SessionRequest{})
		own("other", "writer", account.SessionRequest{})
		good, key := w.tokens["s"], w.keys["s"]
		for what, c := range map[string]struct {
			token string
			key   [2]string
			code  string
		}{
			"as it is":            {good, key, ""},
			"of another session":  {w.tokens["other"], key, "InvalidToken"},
			"for a lasting key":   {good, w.keys["writer"], "InvalidToken"},
			"cut":                 {good[:len(good)-4], key, "InvalidToken"},
			"altered":             {good[:40] + "AAAA" + good[44:], key, "InvalidToken"},
			"no base64":           {"!" + good[1:], key, "InvalidToken"},
			"nonsense":            {"AQIDBA==", key, "InvalidToken"},
			"without":             {"", key, "InvalidAccessKeyId"},
			"with another secret": {good, [2]string{key[0], "guess"}, "SignatureDoesNotMatch"},
			"endless":             {strings.Repeat("A", 20<<10), key, "InvalidToken"},
			"with a space behind": {good + " ", key, "InvalidToken"},
			"an unknown key":      {good, [2]string{"CROFTSTSAAAABBBBCCCC", key[1]}, "InvalidToken"},
		} {
			w.keys["t"], w.tokens["t"] = c.key, c.token
			status, code, _ := w.ask("t", http.MethodPut, "web-data", "t", nil, "x")
			if code != c.code || (status == 200) != (c.code == "") {
				t.Errorf("%s: %d %s, want %s", what, status, code, c.code)
			}
		}
	})

	t.Run("roles", func(t *testing.T) {
		trust := func(principal string) string {
			return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":"sts:AssumeRole"}]}`
		}
		_, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{Name: "backup", Trust: trust("arn:aws:iam::000000000000:user/stranger")})
		w.ok(err)
		role, err := w.accounts.IAMRole(ctx, "backup")
		w.ok(err)
		held := account.Holder{Kind: account.RoleHolder, ID: role.ID}
		assume := func(user string) error {
			made, err := w.accounts.AssumeRole(ctx, w.as(user), "", account.SessionRequest{Role: "backup", Session: "night"})
			if err == nil {
				w.session("r", made, nil)
			}
			return err
		}
		w.ok(assume("stranger"))
		can("a role without policies", "r", false, false)
		w.ok(w.accounts.AttachPolicy(ctx, held, "readonly"))
		can("at once with one", "r", true, false)
		w.policy(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000000:role/backup"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/*"}`)
		can("the bucket names the role", "r", true, true)
		w.policy()
		for _, user := range []string{"reader", "boss", "share", "limited"} {
			if assume(user) == nil {
				t.Errorf("%s assumed the role", user)
			}
		}
		w.ok(w.accounts.UpdateIAMRole(ctx, "backup", account.IAMRoleChange{Trust: ptr(trust("arn:aws:iam::000000000000:root"))}))
		if assume("stranger") == nil {
			t.Error("whoever is not named needs a policy")
		}
		w.ok(assume("boss"))
		w.ok(w.accounts.PutInlinePolicy(ctx, w.holder("stranger"), "assume", allowing("Allow", "sts:AssumeRole", "arn:aws:iam::000000000000:role/backup")))
		w.ok(assume("stranger"))
		own("narrow", "stranger", account.SessionRequest{Policy: allowing("Allow", "s3:*", "*")})
		if _, err := w.accounts.AssumeRole(ctx, w.temporary("narrow"), w.tokens["narrow"], account.SessionRequest{Role: "backup", Session: "night"}); err == nil {
			t.Error("a session that is good for S3 alone assumed the role")
		}
		can("before", "r", true, false)
		w.ok(w.accounts.EndSessions(ctx, held))
		gone("revoked", "r", "ExpiredToken")
		w.nextMillisecond()
		w.ok(assume("stranger"))
		w.ok(w.accounts.DetachPolicy(ctx, held, "readonly"))
		w.ok(w.accounts.DeleteIAMRole(ctx, "backup"))
		gone("the role is deleted", "r", "InvalidToken")
	})
}

// nextMillisecond waits until sessions are not of the one in which others were revoked.
func (w *accessWorld) nextMillisecond() {
	for at := time.Now().UnixMilli(); time.Now().UnixMilli() < at+2; {
		runtime.Gosched()
	}
}

// temporary is who signs with a session.
func (w *accessWorld) temporary(name string) account.Principal {
	w.t.Helper()
	_, p, err := w.accounts.TemporaryCredential(w.t.Context(), w.keys[name][0], w.tokens[name])
	w.ok(err)
	return p
}

func ptr[T any](v T) *T { return &v }

// TestDecisionsAddUp holds decide, on random policies, to the sentence that it keeps:
// nothing denies, everything that narrows allows, and somebody allows.
func TestDecisionsAddUp(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	random := rand.New(rand.NewPCG(7, 11))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	statement := func(principal string) string {
		key := pick("Action", "Action", "NotAction")
		return fmt.Sprintf(`{"Effect":%q,%s%q:%q,"Resource":%q}`, pick("Allow", "Allow", "Allow", "Deny"), principal, key,
			pick("s3:GetObject", "s3:Get*", "s3:PutObject", "s3:*", "s3:DeleteObject"), pick("arn:aws:s3:::web-data/*", "arn:aws:s3:::web-data/a*", "arn:aws:s3:::web-data/b?"))
	}
	text := func(principal string) string {
		all := []string{statement(principal)}
		for random.IntN(3) == 0 {
			all = append(all, statement(principal))
		}
		return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
	}
	counted := map[bool]int{}
	var ofBucket *policy.Policy
	for i := range 3000 {
		user := pick("boss", "ada", "reader", "writer", "stranger")
		p := w.as(user)
		request := policy.Request{Principal: policy.Principal{Name: user}, Action: pick("s3:GetObject", "s3:PutObject"), Resource: policy.Resource("web-data", pick("a", "ab", "bb", "c"))}
		key := strings.TrimPrefix(request.Resource, "arn:aws:s3:::web-data/")
		action := map[string]s3api.Action{"s3:GetObject": s3api.ReadBucket, "s3:PutObject": s3api.WriteObject}[request.Action]
		role := w.accounts.Authorize(ctx, p, s3Actions[action], account.Resource{ProjectID: w.bucket().Owner, Bucket: "web-data"}) == nil
		denied, narrowed, allowed := false, false, role
		read := func(text string) (account.Document, policy.Effect) {
			d, err := (policies{}).Identity(text)
			w.ok(err)
			parsed, err := policy.ParseIdentity(text)
			w.ok(err)
			effect := parsed.Evaluate(&request)
			denied = denied || effect == policy.Deny
			return d, effect
		}
		g := &account.Grants{}
		for range random.IntN(3) {
			d, effect := read(text(""))
			allowed = allowed || effect == policy.Allow
			g.Identity = append(g.Identity, account.Held{Document: d})
		}
		for range random.IntN(3) {
			var bound account.Bound
			inside := false
			for range 1 + random.IntN(2) {
				d, effect := read(text(""))
				inside = inside || effect == policy.Allow
				bound = append(bound, d)
			}
			narrowed = narrowed || !inside
			g.Bounds = append(g.Bounds, bound)
		}
		p.Grants = g
		if i%20 == 0 { // to change it is a synced write
			var err error
			document := ""
			if ofBucket = nil; random.IntN(2) == 0 {
				document = text(`"Principal":"*",`)
				ofBucket, err = policy.ParseBucket(document, "web-data")
				w.ok(err)
			}
			w.set(grants.PolicyDocument, document)
		}
		if ofBucket != nil {
			effect := ofBucket.Evaluate(&request)
			denied, allowed = denied || effect == policy.Deny, allowed || effect == policy.Allow
		}
		want := allowed && !denied && !narrowed
		err := w.access.decide(ctx, p, &s3api.Ask{Action: action, S3: request.Action, Bucket: "web-data", Key: key})
		counted[want]++
		if (err == nil) != want {
			t.Fatalf("case %d: %v, want %v (role %v, denied %v, narrowed %v, allowed %v)", i, err, want, role, denied, narrowed, allowed)
		}
	}
	if counted[true] < 300 || counted[false] < 300 {
		t.Errorf("the cases are one-sided: %v", counted)
	}
}

func (w *accessWorld) bucket() objectstore.Bucket {
	w.t.Helper()
	b, err := w.engine.Bucket(context.WithoutCancel(w.t.Context()), "web-data")
	w.ok(err)
	return b
}

func TestNamesAgreeWithPolicies(t *testing.T) {
	if account.IAMARN("user", "ada") != policy.UserARN("ada") || account.IAMARN("role", "r") != policy.IAMARN("role", "r") ||
		(account.Principal{Role: "r", Session: "s"}).CallerARN() != (policy.Principal{Role: "r", Session: "s"}).ARN() {
		t.Error("accounts and policies name things differently")
	}
	var names []string
	ctx := t.Context()
	all, err := newAccessWorld(t).accounts.ListPolicies(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		names = append(names, p.Name)
		if _, err := (policies{}).Identity(p.Document); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	for _, name := range []string{"readonly", "readwrite", "writeonly", "diagnostics", "consoleAdmin"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no policy %s", name)
		}
	}
}
