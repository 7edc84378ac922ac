package account_test

import (
	"strings"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
)

// code is an error's stable code, "" without one.
func code(err error) string {
	if err == nil {
		return ""
	}
	c, _ := errs.Public(err)
	return c
}

func TestTemporaryCredentialsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada", false)
	secret, key, err := w.CreateKey(ctx, ada.ID, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	_, p, err := w.KeyCredential(ctx, key.AccessKey)
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.SessionToken(ctx, p, 15*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if made.Secret == secret || made.AccessKey == key.AccessKey || !made.Expires.Equal(w.clock.now().Add(15*time.Minute)) {
		t.Errorf("%+v", made)
	}
	try := func() string {
		got, who, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token)
		if err == nil && (got != made.Secret || who.UserID != ada.ID || !who.Temporary) {
			t.Errorf("%q %+v", got, who)
		}
		return code(err)
	}
	for i, want := range []string{"", ""} { // opened, and remembered
		if got := try(); got != want {
			t.Errorf("try %d: %s", i, got)
		}
	}
	_, temporary, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.SessionToken(ctx, temporary, 0); err == nil {
		t.Error("a session made a session that may outlive it")
	}
	longer, err := w.AssumeRole(ctx, temporary, made.Token, account.SessionRequest{Lasts: time.Hour})
	if err != nil || !longer.Expires.Equal(made.Expires) {
		t.Errorf("a session of a session ends at %v, %v, want %v", longer.Expires, err, made.Expires)
	}
	if _, err := w.AssumeRole(ctx, temporary, longer.Token, account.SessionRequest{}); code(err) != "session_token_invalid" {
		t.Error("another's token vouches:", err)
	}
	w.clock.advance(15*time.Minute - time.Millisecond)
	if got := try(); got != "" {
		t.Error("ended early:", got)
	}
	w.clock.advance(time.Millisecond)
	if got := try(); got != "session_token_expired" {
		t.Error("remembered beyond its end:", got)
	}
	if _, err := w.CreateGroup(ctx, "anything"); err != nil { // which has everything forgotten
		t.Fatal(err)
	}
	if got := try(); got != "session_token_expired" {
		t.Error("opened beyond its end:", got)
	}
	for lasts, want := range map[time.Duration]string{time.Minute: "iam_duration", 37 * time.Hour: "iam_duration", 36 * time.Hour: ""} {
		if _, err := w.SessionToken(ctx, p, lasts); code(err) != want {
			t.Errorf("%v: %v", lasts, err)
		}
	}
}

func TestKeysEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada", false)
	_, key, err := w.AddKey(ctx, ada.ID, account.NewKey{Name: "svc", AccessKey: "night-backup", Secret: "secret-of-it", Expires: w.clock.now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	try := func() string {
		secret, _, err := w.KeyCredential(ctx, key.AccessKey)
		if err == nil && secret != "secret-of-it" {
			t.Error(secret)
		}
		return code(err)
	}
	if got := try(); got != "" {
		t.Fatal(got)
	}
	w.clock.advance(time.Hour)
	if got := try(); got != "access_key_unknown" {
		t.Error("the key outlives its end:", got)
	}
	for name, n := range map[string]account.NewKey{
		"past":         {Name: "x", Expires: w.clock.now()},
		"short secret": {Name: "x", Secret: "short"},
		"slash":        {Name: "x", AccessKey: "a/bc"},
		"short key":    {Name: "x", AccessKey: "ab"},
		"taken":        {Name: "x", AccessKey: "night-backup"},
	} {
		if _, _, err := w.AddKey(ctx, ada.ID, n); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, _, err := w.AddKey(ctx, ada.ID, account.NewKey{Name: "x", Policy: "{}"}); code(err) != "policies_unavailable" {
		t.Error("a policy that nobody reads:", err)
	}
}

func TestSessionsEndWithTheirKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada", false)
	begin := func(expires time.Time) account.Temporary {
		t.Helper()
		if _, _, err := w.AddKey(ctx, ada.ID, account.NewKey{Name: "svc", AccessKey: "night-backup", Secret: "secret-of-it", Expires: expires}); err != nil {
			t.Fatal(err)
		}
		_, p, err := w.KeyCredential(ctx, "night-backup")
		if err != nil {
			t.Fatal(err)
		}
		made, err := w.AssumeRole(ctx, p, "", account.SessionRequest{Lasts: 24 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token); err != nil { // which is remembered
			t.Fatal(err)
		}
		return made
	}
	end := w.clock.now().Add(time.Hour)
	made := begin(end)
	if !made.Expires.Equal(end) {
		t.Errorf("it says that it ends at %v, and its key ends at %v", made.Expires, end)
	}
	w.clock.advance(time.Hour)
	if _, _, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token); code(err) != "session_token_expired" {
		t.Error("a remembered session outlives the time of its key:", err)
	}
	drop := func() {
		t.Helper()
		if err := w.DeleteKey(ctx, ada.ID, "night-backup"); err != nil {
			t.Fatal(err)
		}
	}
	drop()
	made = begin(time.Time{})
	drop()
	w.clock.advance(time.Second)
	begin(time.Time{})
	if _, _, err := w.TemporaryCredential(ctx, made.AccessKey, made.Token); code(err) != "session_token_expired" {
		t.Error("a session came back with another key of the name:", err)
	}
}

func TestUsersWithoutPassword(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss := w.user("boss", true)
	eve, err := w.CreateUser(ctx, account.NewUser{Name: "eve", NoPassword: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", goodPassword} {
		if _, _, err := w.Login(ctx, "eve", password, "", account.Client{Address: "192.0.2.9"}); code(err) != "login_failed" {
			t.Errorf("log in with %q: %v", password, err)
		}
	}
	if has, err := w.HasPassword(ctx, eve.ID); has || err != nil {
		t.Error(has, err)
	}
	if _, err := w.UpdateUser(ctx, eve.ID, account.UserChange{Password: ptr(goodPassword)}); err != nil {
		t.Fatal(err)
	}
	token, _ := w.login("eve")
	if err := w.RemovePassword(ctx, eve.ID); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SessionPrincipal(ctx, token); code(err) != "unauthenticated" {
		t.Error("still logged in:", err)
	}
	if err := w.RemovePassword(ctx, boss.ID); code(err) != "iam_in_use" {
		t.Error("an administrator without a password:", err)
	}
}

func TestDeleteUser(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	boss, eve, ada := w.user("boss", true), w.user("eve", false), w.user("ada", false)
	project := w.project("web", eve)
	refused := func(what, want string, err error) {
		t.Helper()
		if code(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	refused("an administrator", "iam_in_use", w.DeleteUser(ctx, boss.ID))
	refused("an administrator, with all", "iam_in_use", w.DropUser(ctx, boss.ID))
	refused("the last owner", "last_owner", w.DeleteUser(ctx, eve.ID))
	if _, err := w.SetMember(ctx, project.ID, ada.ID, account.Owner); err != nil {
		t.Fatal(err)
	}
	_, key, err := w.CreateKey(ctx, eve.ID, "k", "")
	if err != nil {
		t.Fatal(err)
	}
	refused("with keys", "iam_in_use", w.DeleteUser(ctx, eve.ID))
	if _, err := w.CreateGroup(ctx, "g"); err != nil {
		t.Fatal(err)
	}
	if err := w.AddToGroup(ctx, "g", eve.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.AttachPolicy(ctx, account.Holder{Kind: account.UserHolder, ID: eve.ID}, "readonly"); err != nil {
		t.Fatal(err)
	}
	_, p, err := w.KeyCredential(ctx, key.AccessKey)
	if err != nil || len(p.Grants.Identity) != 1 || !strings.HasPrefix(p.Grants.Identity[0].Source, "policy/") {
		t.Fatal(p, err)
	}
	made, err := w.SessionToken(ctx, p, 0)
	if err != nil {
		t.Fatal(err)
	}
	refused("without its things", "", w.DropUser(ctx, eve.ID))
	_, _, err = w.KeyCredential(ctx, key.AccessKey)
	refused("its key", "access_key_unknown", err)
	_, _, err = w.TemporaryCredential(ctx, made.AccessKey, made.Token)
	refused("its session", "session_token_invalid", err)
	if holders, err := w.HoldersOf(ctx, "readonly"); err != nil || len(holders) > 0 {
		t.Error(holders, err)
	}
	if members, err := w.GroupMembers(ctx, "g"); err != nil || len(members) > 0 {
		t.Error(members, err)
	}
}

func ptr[T any](v T) *T { return &v }
