package account_test

import (
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
)

func TestShareEnds(t *testing.T) {
	w := newWorld(t)
	w.user("boss", true)
	ada := w.user("ada", false)
	link := func(n account.NewShare) string {
		t.Helper()
		n.Bucket = "files"
		token, _, err := w.CreateShare(t.Context(), ada.ID, n)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	opens := func(token string) bool {
		t.Helper()
		_, _, err := w.OpenShare(t.Context(), token)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	hour, forever := link(account.NewShare{Key: "a", ExpiresAt: w.clock.now().Add(time.Hour)}), link(account.NewShare{Key: "b"})
	if !opens(hour) || !opens(forever) || opens("forged") {
		t.Error("links do not open as they should")
	}
	if _, _, err := w.CreateShare(t.Context(), ada.ID, account.NewShare{Bucket: "files", Key: "a", ExpiresAt: w.clock.now()}); err == nil {
		t.Error("a link was made that has ended already")
	}
	w.clock.advance(time.Hour)
	if opens(hour) || !opens(forever) {
		t.Error("a link opens at its end, or not before")
	}
	if all := must[[]account.Share](t)(w.Shares(t.Context(), "files", time.Time{})); len(all) != 1 || all[0].Key != "b" {
		t.Errorf("listed: %+v", all)
	}
	if all := must[[]account.Share](t)(w.Shares(t.Context(), "files", w.clock.now())); len(all) != 0 {
		t.Errorf("of another bucket of the name: %+v", all)
	}
	if _, err := w.UpdateUser(t.Context(), ada.ID, account.UserChange{Disabled: new(true)}); err != nil {
		t.Fatal(err)
	}
	if opens(forever) {
		t.Error("the link of a disabled user opens")
	}
}

// TestShareEndsWithItsToken: what an API token made does not outlive it.
func TestShareEndsWithItsToken(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	ada := w.user("ada", false)
	works := func(link string) bool {
		t.Helper()
		_, _, err := w.OpenShare(ctx, link)
		if err != nil && code(err) != "share_gone" {
			t.Fatal(err)
		}
		return err == nil
	}
	create := func(expires time.Time) (link string, made account.Token) {
		t.Helper()
		_, made, err := w.CreateToken(ctx, ada.ID, "script", expires)
		if err != nil {
			t.Fatal(err)
		}
		link, _, err = w.CreateShare(ctx, ada.ID, account.NewShare{Bucket: "files", Key: "a", TokenID: made.ID})
		if err != nil {
			t.Fatal(err)
		}
		return link, made
	}
	short, _ := create(w.clock.now().Add(time.Hour))
	long, token := create(time.Time{})
	if !works(short) || !works(long) {
		t.Error("links do not open as they should")
	}
	if all := must[[]account.Share](t)(w.Shares(ctx, "files", time.Time{})); len(all) != 2 || all[0].ExpiresAt.IsZero() == all[1].ExpiresAt.IsZero() {
		t.Errorf("the list says other ends than those of the tokens: %+v", all)
	}
	if _, _, err := w.CreateShare(ctx, w.user("bob", false).ID, account.NewShare{Bucket: "files", Key: "a", TokenID: token.ID}); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a link with somebody else's token: %v", err)
	}
	w.clock.advance(time.Hour)
	if works(short) || !works(long) {
		t.Error("a link outlives the time of its token, or ends without it")
	}
	if all := must[[]account.Share](t)(w.Shares(ctx, "files", time.Time{})); len(all) != 1 {
		t.Errorf("listed: %+v", all)
	}
	if err := w.DeleteToken(ctx, ada.ID, token.ID); err != nil {
		t.Fatal(err)
	}
	if works(long) {
		t.Error("a link outlives its token")
	}
	if all := must[[]account.Share](t)(w.Shares(ctx, "files", time.Time{})); len(all) != 0 {
		t.Errorf("listed: %+v", all)
	}
	if _, _, err := w.CreateShare(ctx, ada.ID, account.NewShare{Bucket: "files", Key: "a", TokenID: token.ID}); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("a link with a token that has ended: %v", err)
	}
}

func TestSharePass(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada", false)
	token, share, err := w.CreateShare(t.Context(), ada.ID, account.NewShare{Bucket: "files", Key: "a/", Folder: true, Password: "open sesame"})
	if err != nil || !share.Protected {
		t.Fatal(share, err)
	}
	share, who, err := w.OpenShare(t.Context(), token)
	if err != nil || !who.ReadOnly || who.UserID != ada.ID || who.Via != account.ViaShare {
		t.Fatalf("%+v %v", who, err)
	}
	if _, _, err := w.UnlockShare(t.Context(), token, "wrong", "192.0.2.1"); errs.KindOf(err) != errs.Forbidden {
		t.Errorf("a wrong password: %v", err)
	}
	pass, until, err := w.UnlockShare(t.Context(), token, "open sesame", "192.0.2.1")
	if err != nil || !w.PassesShare(share, pass) {
		t.Fatal(err)
	}
	other, _, err := w.OpenShare(t.Context(), must2(t)(w.CreateShare(t.Context(), ada.ID, account.NewShare{Bucket: "files", Key: "c", Password: "open sesame"})))
	if err != nil || w.PassesShare(other, pass) || w.PassesShare(share, "") || w.PassesShare(share, "99999999999"+pass[10:]) {
		t.Error("a pass opens more than its link")
	}
	w.clock.advance(until.Sub(w.clock.now()))
	if w.PassesShare(share, pass) {
		t.Error("a pass does not end")
	}
}

func must2(t *testing.T) func(string, account.Share, error) string {
	return func(token string, _ account.Share, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}
