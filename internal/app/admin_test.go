package app

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore/adminapi"
	"croft/objectstore/s3api"
)

// adminWorld is the admin protocol's way into real accounts.
type adminWorld struct {
	*accessWorld
	gate     adminGate
	accounts adminAccounts
}

func newAdminWorld(t *testing.T) *adminWorld {
	t.Helper()
	w := newAccessWorld(t)
	who := w.access
	who.refusals, who.log = newRefusals(time.Now), slog.New(slog.DiscardHandler)
	return &adminWorld{w, adminGate{who}, adminAccounts{who}}
}

// by is who signs with one of the world's keys.
func (w *adminWorld) by(key string) s3api.Credential {
	w.t.Helper()
	secret, p, err := w.accessWorld.accounts.KeyCredential(w.t.Context(), w.keys[key][0])
	w.ok(err)
	return s3api.Credential{AccessKey: w.keys[key][0], Secret: secret, Identity: p}
}

// refused wants an error of a kind.
func (w *adminWorld) refused(what string, err error, kind errs.Kind) {
	w.t.Helper()
	if err == nil || errs.KindOf(err) != kind {
		w.t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// give makes a policy of an action and gives it to a user.
func (w *adminWorld) give(user, action string) {
	w.t.Helper()
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q}]}`, action)
	w.ok(w.accessWorld.accounts.PutInlinePolicy(w.t.Context(), w.holder(user), strings.ReplaceAll(action, ":", "-"), document))
}

func TestAdminGate(t *testing.T) {
	w := newAdminWorld(t)
	ctx := t.Context()
	allow := func(key, permission string) error { return w.gate.Allow(ctx, w.by(key), permission) }
	w.ok(allow("boss", "admin:ServerInfo"))
	w.ok(allow("boss", "admin:ServiceRestart"))
	w.refused("anybody", allow("stranger", "admin:ServerInfo"), errs.Forbidden)
	w.refused("a member", allow("ada", "admin:ServerInfo"), errs.Forbidden)
	w.refused("nobody", w.gate.Allow(ctx, s3api.Credential{}, "admin:ServerInfo"), errs.Unauthenticated)
	w.ok(w.accessWorld.accounts.AttachPolicy(ctx, w.holder("stranger"), "diagnostics"))
	w.ok(allow("stranger", "admin:ServerInfo"))
	w.refused("beyond the policy", allow("stranger", "admin:ServiceRestart"), errs.Forbidden)

	narrow := func(name string, n account.NewKey) {
		t.Helper()
		n.Name = name
		secret, key, err := w.accessWorld.accounts.AddKey(ctx, w.users["boss"], n)
		w.ok(err)
		w.keys[name] = [2]string{key.AccessKey, secret}
	}
	narrow("s3 alone", account.NewKey{Policy: allowing("Allow", "s3:*", "*")})
	narrow("looks", account.NewKey{Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"admin:ServerInfo"}]}`})
	w.refused("a key of an administrator for S3 alone", allow("s3 alone", "admin:ServerInfo"), errs.Forbidden)
	w.ok(allow("looks", "admin:ServerInfo"))
	w.refused("a key of an administrator that looks", allow("looks", "admin:ServiceRestart"), errs.Forbidden)
	id, secret, err := w.accessWorld.accounts.ShareKey(ctx, w.users["boss"])
	w.ok(err)
	w.keys["links"] = [2]string{id, secret}
	w.refused("the key of an administrator's links", allow("links", "admin:ServerInfo"), errs.Forbidden)

	w.ok(w.gate.AllowBucket(ctx, w.by("boss"), true, "web-data"))
	w.refused("Croft's own bucket", w.gate.AllowBucket(ctx, w.by("boss"), true, "croft-own"), errs.Forbidden)
	w.refused("of nobody", w.gate.AllowBucket(ctx, w.by("stranger"), true, "web-data"), errs.NotFound)
	w.refused("the name of no bucket", account.CheckBucketName("minio", ""), errs.Invalid)

	w.gate.Audit(ctx, w.by("boss"), adminapi.Event{Call: "idp/builtin/policy/attach", Target: "ada", Outcome: "ok"})
	rows, _, err := w.accessWorld.accounts.ListAudit(ctx, account.AuditFilter{})
	w.ok(err)
	if len(rows) == 0 || rows[0].Action != "admin.idp.builtin.policy.attach" || rows[0].ActorName != "boss" || rows[0].Target != "ada" || rows[0].Via != account.ViaKey {
		t.Errorf("in the audit log: %+v", rows)
	}
}

// What conditions of policies ask for is known to the admin protocol as well.
func TestAdminHeedsConditions(t *testing.T) {
	w := newAdminWorld(t)
	give := func(name, condition string) {
		t.Helper()
		w.ok(w.accessWorld.accounts.PutInlinePolicy(t.Context(), w.holder("stranger"), name,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":`+condition+`}]}`))
	}
	for _, action := range []string{"admin:TopLocksInfo", "admin:ListGroups"} {
		w.give("stranger", action)
	}
	guest := adminGuest{adminapi.New(adminapi.Config{Gate: w.gate, Accounts: w.accounts})}
	status := func(path string) int {
		t.Helper()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
		r.RemoteAddr = "203.0.113.7:1234"
		answer := httptest.NewRecorder()
		guest.Serve(answer, r, s3api.Visit{Credential: w.by("stranger")})
		return answer.Code
	}
	paths := []string{"/minio/admin/v3/top/locks", "/minio/admin/v3/groups"} // which the gate is asked for, and accounts
	for _, path := range paths {
		if got := status(path); got != http.StatusOK {
			t.Fatalf("%s: %d", path, got)
		}
	}
	for _, condition := range []string{
		`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`, `{"StringEquals":{"aws:username":"stranger"}}`,
		`{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}`,
	} {
		give("denies", condition)
		for _, path := range paths {
			if got := status(path); got != http.StatusForbidden {
				t.Errorf("%s in spite of %s: %d", path, condition, got)
			}
		}
	}
}

func TestAdminUsers(t *testing.T) {
	w := newAdminWorld(t)
	ctx, boss, a := t.Context(), w.by("boss"), w.accounts
	off := false
	w.ok(a.PutUser(ctx, boss, "robot", adminapi.UserChange{Secret: "first-secret", Disabled: &off, Policies: []string{"readwrite"}}))
	secret, p, err := w.accessWorld.accounts.KeyCredential(ctx, "robot")
	if err != nil || secret != "first-secret" || p.Name != "robot" || p.Admin {
		t.Fatalf("%s %+v %v", secret, p, err)
	}
	u, err := a.User(ctx, boss, "robot")
	if err != nil || fmt.Sprint(u.Policies, u.Disabled) != "[readwrite] false" {
		t.Errorf("%+v %v", u, err)
	}
	w.ok(a.PutUser(ctx, boss, "robot", adminapi.UserChange{Secret: "second-secret", Disabled: &off}))
	if secret, _, _ := w.accessWorld.accounts.KeyCredential(ctx, "robot"); secret != "second-secret" {
		t.Errorf("the secret is %s", secret)
	}
	on := true
	w.ok(a.PutUser(ctx, boss, "robot", adminapi.UserChange{Disabled: &on, Change: true}))
	if _, _, err := w.accessWorld.accounts.KeyCredential(ctx, "robot"); err == nil {
		t.Error("a disabled user signs")
	}
	w.refused("one who is not there", a.PutUser(ctx, boss, "nobody", adminapi.UserChange{Disabled: &on, Change: true}), errs.NotFound)
	w.refused("a short secret", a.PutUser(ctx, boss, "short", adminapi.UserChange{Secret: "x"}), errs.Invalid)
	if _, err := a.User(ctx, boss, "short"); errs.KindOf(err) != errs.NotFound {
		t.Errorf("half a user is there: %v", err)
	}
	w.refused("a key of another", func() error {
		if _, _, err := a.AddKey(ctx, boss, adminapi.Key{AccessKey: "taken"}, "some-secret"); err != nil {
			return err
		}
		return a.PutUser(ctx, boss, "taken", adminapi.UserChange{Secret: "some-secret"})
	}(), errs.Conflict)

	w.ok(a.AddMembers(ctx, boss, "team", []string{"robot", "ada"}))
	if changed, err := a.Attach(ctx, boss, adminapi.Holder{Group: "team"}, []string{"readonly", "readonly"}); err != nil || len(changed) != 1 {
		t.Errorf("%v %v", changed, err)
	}
	g, err := a.Group(ctx, boss, "team")
	if err != nil || fmt.Sprint(g.Members, g.Policies) != "[ada robot] [readonly]" {
		t.Errorf("%+v %v", g, err)
	}
	w.refused("a group with members", a.RemoveGroup(ctx, boss, "team"), errs.Conflict)
	w.ok(a.RemoveMembers(ctx, boss, "team", []string{"robot", "ada"}))
	w.refused("who is not in it", a.RemoveMembers(ctx, boss, "team", []string{"ada"}), errs.NotFound)
	w.ok(a.RemoveGroup(ctx, boss, "team"))
	w.refused("no group", a.RemoveGroup(ctx, boss, "team"), errs.NotFound)

	document := allowing("Allow", "s3:GetObject", "*")
	w.ok(a.PutPolicy(ctx, boss, "mine", document))
	w.ok(a.PutPolicy(ctx, boss, "mine", allowing("Allow", "s3:*", "*")))
	_, err = a.Attach(ctx, boss, adminapi.Holder{User: "robot"}, []string{"mine"})
	w.ok(err)
	w.refused("a policy in use", a.RemovePolicy(ctx, boss, "mine"), errs.Conflict)
	if changed, err := a.Detach(ctx, boss, adminapi.Holder{User: "robot"}, []string{"mine", "readonly"}); err != nil || fmt.Sprint(changed) != "[mine]" {
		t.Errorf("%v %v", changed, err)
	}
	w.ok(a.RemovePolicy(ctx, boss, "mine"))
	w.refused("no policy", a.RemovePolicy(ctx, boss, "mine"), errs.NotFound)
	w.refused("a built-in one", a.RemovePolicy(ctx, boss, "readwrite"), errs.Conflict)
	w.refused("a built-in one", a.PutPolicy(ctx, boss, "readwrite", document), errs.Conflict)
	w.refused("no policy language", a.PutPolicy(ctx, boss, "other", `{"a":1}`), errs.Invalid)
	w.ok(a.RemoveUser(ctx, boss, "robot"))
	w.refused("an administrator", a.RemoveUser(ctx, boss, "boss"), errs.Conflict)
}

// TestAdminGivesNobodyMore tries, with a policy for accounts, to become more.
func TestAdminGivesNobodyMore(t *testing.T) {
	w := newAdminWorld(t)
	ctx, a := t.Context(), w.accounts
	off := false
	boss := w.by("boss")
	w.ok(w.accessWorld.accounts.AttachPolicy(ctx, w.holder("ada"), "consoleAdmin"))
	w.ok(a.AddMembers(ctx, boss, "admins", []string{"ada"}))
	_, err := a.Attach(ctx, boss, adminapi.Holder{Group: "admins"}, []string{"consoleAdmin"})
	w.ok(err)
	beyond := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"admin:*"}]}`
	w.ok(a.PutPolicy(ctx, boss, "beyond", beyond))

	stranger := w.by("stranger")
	w.refused("a user", a.PutUser(ctx, stranger, "robot", adminapi.UserChange{Secret: "some-secret"}), errs.Forbidden)
	_, err = a.User(ctx, stranger, "nobody")
	w.refused("who is there", err, errs.Forbidden)
	for _, action := range []string{"CreateUser", "GetUser", "ListUsers", "DeleteUser", "EnableUser", "DisableUser", "AddUserToGroup", "RemoveUserFromGroup", "CreatePolicy", "DeletePolicy", "AttachUserOrGroupPolicy", "UpdateServiceAccount", "CreateServiceAccount", "RemoveServiceAccount", "ListServiceAccounts"} {
		w.give("stranger", "admin:"+action)
	}
	stranger = w.by("stranger")
	w.ok(a.PutUser(ctx, stranger, "robot", adminapi.UserChange{Secret: "some-secret", Disabled: &off}))
	_, err = a.Attach(ctx, stranger, adminapi.Holder{User: "robot"}, []string{"readonly"})
	w.ok(err)
	for what, err := range map[string]error{
		"an administrator's secret":          a.PutUser(ctx, stranger, "boss", adminapi.UserChange{Secret: "some-secret", Disabled: &off}),
		"the secret of who holds more":       a.PutUser(ctx, stranger, "ada", adminapi.UserChange{Secret: "some-secret", Disabled: &off}),
		"an administrator goes":              a.RemoveUser(ctx, stranger, "boss"),
		"into a group that holds more":       a.AddMembers(ctx, stranger, "admins", []string{"robot"}),
		"a policy beyond S3":                 a.PutPolicy(ctx, stranger, "own", beyond),
		"a policy that was beyond S3":        a.PutPolicy(ctx, stranger, "beyond", allowing("Allow", "s3:*", "*")),
		"a policy that is beyond S3 goes":    a.RemovePolicy(ctx, stranger, "beyond"),
		"an administrator's key goes":        a.RemoveKey(ctx, stranger, w.keys["boss"][0]),
		"the secret of administrator's keys": a.ChangeKey(ctx, stranger, w.keys["boss"][0], adminapi.KeyChange{Secret: new(string)}),
	} {
		w.refused(what, err, errs.Forbidden)
	}
	_, err = a.Attach(ctx, stranger, adminapi.Holder{User: "stranger"}, []string{"consoleAdmin"})
	w.refused("more for oneself", err, errs.Forbidden)
	_, err = a.Attach(ctx, stranger, adminapi.Holder{User: "robot"}, []string{"beyond"})
	w.refused("more for another", err, errs.Forbidden)
	_, _, err = a.AddKey(ctx, stranger, adminapi.Key{User: "boss"}, "")
	w.refused("a key of an administrator", err, errs.Forbidden)
}

// TestAdminOwnKeys is what everybody may do with their own access keys.
func TestAdminOwnKeys(t *testing.T) {
	w := newAdminWorld(t)
	ctx, a, ada := t.Context(), w.accounts, w.by("ada")
	id, secret, err := a.AddKey(ctx, ada, adminapi.Key{Policy: allowing("Allow", "s3:GetObject", "*")}, "")
	w.ok(err)
	w.keys["own"] = [2]string{id, secret}
	owner, keys, err := a.Keys(ctx, ada, "")
	if err != nil || owner != "ada" || len(keys) < 2 {
		t.Errorf("%s %+v %v", owner, keys, err)
	}
	if k, err := a.Key(ctx, ada, id); err != nil || k.User != "ada" || k.Policy == "" {
		t.Errorf("%+v %v", k, err)
	}
	off := true
	w.ok(a.ChangeKey(ctx, ada, id, adminapi.KeyChange{Disabled: &off}))
	off = false
	w.ok(a.ChangeKey(ctx, ada, id, adminapi.KeyChange{Disabled: &off}))

	own := w.by("own")
	_, _, err = a.AddKey(ctx, own, adminapi.Key{}, "")
	w.refused("a wider key by a narrow one", err, errs.Forbidden)
	everything := ""
	w.refused("a narrow key widens itself", a.ChangeKey(ctx, own, id, adminapi.KeyChange{Policy: &everything}), errs.Forbidden)

	other := w.by("stranger")
	_, none := a.Key(ctx, other, "NOSUCHKEY")
	_, theirs := a.Key(ctx, other, id)
	if none == nil || theirs == nil || none.Error() != theirs.Error() {
		t.Errorf("a key of another: %v, and no key: %v", theirs, none)
	}
	_, _, none = a.Keys(ctx, other, "nosuchuser")
	_, _, theirs = a.Keys(ctx, other, "ada")
	if none == nil || theirs == nil || none.Error() != theirs.Error() {
		t.Errorf("keys of another: %v, and of nobody: %v", theirs, none)
	}
	w.refused("a key of another goes", a.RemoveKey(ctx, other, id), errs.Forbidden)
	_, _, err = a.AddKey(ctx, other, adminapi.Key{User: "ada"}, "")
	w.refused("a key for another", err, errs.Forbidden)
	w.ok(a.RemoveKey(ctx, ada, id))
}
