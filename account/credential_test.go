package account_test

import (
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"croft/account"
	"croft/internal/errs"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada", true), w.user("eve", false)
	secret, token, err := w.CreateToken(ctx, ada.ID, " ci ", time.Time{})
	if err != nil || !strings.HasPrefix(secret, account.TokenPrefix) || token.Name != "ci" {
		t.Fatalf("%q %+v %v", secret, token, err)
	}
	p, err := w.TokenPrincipal(ctx, secret)
	if err != nil || p.UserID != ada.ID || p.Via != account.ViaToken || !p.Admin || p.CredentialID != token.ID {
		t.Fatalf("%+v %v", p, err)
	}
	if list := must[[]account.Token](t)(w.ListTokens(ctx, ada.ID)); len(list) != 1 || !list[0].LastUsedAt.Equal(w.clock.now()) {
		t.Fatalf("%+v", list)
	}
	kindIs(t, w.DeleteToken(ctx, eve.ID, token.ID), errs.NotFound, "token_not_found")
	if err := w.DeleteToken(ctx, ada.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.TokenPrincipal(ctx, secret)
	kindIs(t, err, errs.Unauthenticated, "")
	for _, bad := range []string{"", account.TokenPrefix, secret + "x"} {
		if _, err := w.TokenPrincipal(ctx, bad); errs.KindOf(err) != errs.Unauthenticated {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTokenExpires(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", true)
	_, _, err := w.CreateToken(t.Context(), ada.ID, "old", w.clock.now())
	kindIs(t, err, errs.Invalid, "expiry_past")
	_, _, err = w.CreateToken(t.Context(), ada.ID, "", time.Time{})
	kindIs(t, err, errs.Invalid, "name_invalid")
	secret, _, err := w.CreateToken(t.Context(), ada.ID, "day", w.clock.now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	w.clock.advance(24*time.Hour - time.Millisecond)
	must[account.Principal](t)(w.TokenPrincipal(t.Context(), secret))
	w.clock.advance(time.Millisecond)
	_, err = w.TokenPrincipal(t.Context(), secret)
	kindIs(t, err, errs.Unauthenticated, "")
}

func TestKeys(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada", true), w.user("eve", false)
	project := w.project("web", ada)
	secret, key, err := w.CreateKey(ctx, ada.ID, "laptop", project.ID)
	if err != nil || len(key.AccessKey) != 20 || !strings.HasPrefix(key.AccessKey, "CROFT") || len(secret) != 40 || key.ProjectID != project.ID {
		t.Fatalf("%q %+v %v", secret, key, err)
	}
	got, p, err := w.KeyCredential(ctx, key.AccessKey)
	if err != nil || got != secret || p.ProjectID != project.ID || p.ReadOnly || p.CredentialID != key.AccessKey {
		t.Fatalf("%q %+v %v", got, p, err)
	}
	w.KeyUsed(key.AccessKey)
	if list := must[[]account.Key](t)(w.ListKeys(ctx, ada.ID)); len(list) != 1 || !list[0].LastUsedAt.Equal(w.clock.now()) {
		t.Fatalf("%+v", list)
	}
	kindIs(t, w.DeleteKey(ctx, eve.ID, key.AccessKey), errs.NotFound, "key_not_found")
	if err := w.DeleteKey(ctx, ada.ID, key.AccessKey); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.KeyCredential(ctx, key.AccessKey)
	kindIs(t, err, errs.Unauthenticated, "access_key_unknown")
}

func TestKeysOfAProjectEndWithItAndWithMembership(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada, eve := w.user("ada", true), w.user("eve", false)
	project := w.project("web", ada)
	must[account.Member](t)(w.SetMember(ctx, project.ID, eve.ID, account.Developer))
	_, ofEve, _ := w.CreateKey(ctx, eve.ID, "k", project.ID)
	_, ofAda, _ := w.CreateKey(ctx, ada.ID, "k", project.ID)
	_, free, _ := w.CreateKey(ctx, eve.ID, "k", "")
	if err := w.RemoveMember(ctx, project.ID, eve.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.KeyCredential(ctx, ofEve.AccessKey)
	kindIs(t, err, errs.Unauthenticated, "")
	if err := w.DeleteProject(ctx, project.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.KeyCredential(ctx, ofAda.AccessKey)
	kindIs(t, err, errs.Unauthenticated, "")
	if _, _, err := w.KeyCredential(ctx, free.AccessKey); err != nil {
		t.Fatal(err)
	}
}

func TestShareKeyIsOneReadsOnlyAndIsNotListed(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada", true)
	first, secret, err := w.ShareKey(ctx, ada.ID)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := w.ShareKey(ctx, ada.ID)
	if err != nil || again != first {
		t.Fatalf("%q then %q, %v", first, again, err)
	}
	stored, p, err := w.KeyCredential(ctx, first)
	if err != nil || stored != secret || !p.ReadOnly {
		t.Fatalf("%+v %v", p, err)
	}
	if list := must[[]account.Key](t)(w.ListKeys(ctx, ada.ID)); len(list) != 0 {
		t.Fatalf("listed: %+v", list)
	}
	kindIs(t, w.DeleteKey(ctx, ada.ID, first), errs.NotFound, "key_not_found")
}

func TestDisablingEndsEveryCredentialAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.user("boss", true)
	ada := w.user("ada", false)
	session, _ := w.login("ada")
	token, _, _ := w.CreateToken(ctx, ada.ID, "t", time.Time{})
	_, key, _ := w.CreateKey(ctx, ada.ID, "k", "")
	share, _, _ := w.ShareKey(ctx, ada.ID)
	works := func() (list []bool) {
		_, _, errSession := w.SessionPrincipal(ctx, session)
		_, errToken := w.TokenPrincipal(ctx, token)
		_, _, errKey := w.KeyCredential(ctx, key.AccessKey)
		_, _, errShare := w.KeyCredential(ctx, share)
		return []bool{errSession == nil, errToken == nil, errKey == nil, errShare == nil}
	}
	for i, ok := range works() {
		if !ok {
			t.Fatalf("credential %d does not work", i)
		}
	}
	yes, no := true, false
	must[account.User](t)(w.UpdateUser(ctx, ada.ID, account.UserChange{Disabled: &yes}))
	for i, ok := range works() {
		if ok {
			t.Errorf("credential %d of a disabled user works", i)
		}
	}
	must[account.User](t)(w.UpdateUser(ctx, ada.ID, account.UserChange{Disabled: &no}))
	if got := works(); got[0] || !got[1] || !got[2] || !got[3] {
		t.Errorf("after enabling again: %v, want all but the session", got)
	}
}

// A session that starts in the moment in which its user is disabled is refused, too.
func TestASessionOfADisabledUserIsRefused(t *testing.T) {
	w := newWorld(t)
	w.user("ada", false)
	session, _ := w.login("ada")
	err := w.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE users SET disabled = 1").Error })
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.SessionPrincipal(t.Context(), session)
	kindIs(t, err, errs.Unauthenticated, "")
}

func TestCredentialsAreBounded(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", false)
	for range 100 {
		if _, _, err := w.CreateToken(t.Context(), ada.ID, "t", time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.CreateToken(t.Context(), ada.ID, "t", time.Time{})
	kindIs(t, err, errs.Conflict, "too_many_credentials")
}
