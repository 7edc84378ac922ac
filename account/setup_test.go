package account_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"croft/account"
	"croft/internal/errs"
)

func (w *world) setup(token, name string) error {
	_, _, err := w.CompleteSetup(w.t.Context(), token, account.NewUser{Name: name, Password: goodPassword}, here)
	return err
}

func TestSetupOnce(t *testing.T) {
	w := newWorld(t)
	if required := must[bool](t)(w.SetupRequired(t.Context())); !required {
		t.Fatal("no set-up on an empty instance")
	}
	older := must[string](t)(w.SetupToken(t.Context()))
	token := must[string](t)(w.SetupToken(t.Context()))
	kindIs(t, w.setup(older, "ada"), errs.Forbidden, "setup_token_invalid")
	kindIs(t, w.setup("", "ada"), errs.Forbidden, "setup_token_invalid")
	_, _, err := w.CompleteSetup(t.Context(), token, account.NewUser{Name: "ada", Password: "short"}, here)
	kindIs(t, err, errs.Invalid, "password_short") // and the token is still good
	session, _, err := w.CompleteSetup(t.Context(), token, account.NewUser{Name: "ada", Password: goodPassword}, here)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := w.SessionPrincipal(t.Context(), session)
	if err != nil || !p.Admin || p.Name != "ada" {
		t.Fatalf("first user %+v, %v", p, err)
	}
	kindIs(t, w.setup(token, "eve"), errs.Forbidden, "setup_token_invalid")
	if required := must[bool](t)(w.SetupRequired(t.Context())); required {
		t.Fatal("set-up is still open")
	}
	if again := must[string](t)(w.SetupToken(t.Context())); again != "" {
		t.Fatal("a set-up link was made beside a user")
	}
}

func TestSetupOfManyAtOnceMakesOneUser(t *testing.T) {
	w := newWorld(t)
	token := must[string](t)(w.SetupToken(t.Context()))
	var made atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			if w.setup(token, fmt.Sprintf("user%d", i)) == nil {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	if users := must[[]account.User](t)(w.ListUsers(t.Context())); made.Load() != 1 || len(users) != 1 {
		t.Fatalf("%d set-ups, %d users", made.Load(), len(users))
	}
}

func TestSetupTokenIsUselessOnceThereIsAUser(t *testing.T) {
	w := newWorld(t)
	token := must[string](t)(w.SetupToken(t.Context()))
	w.user("ada", true) // by whatever other way
	kindIs(t, w.setup(token, "eve"), errs.Forbidden, "setup_token_invalid")
}

func TestEnsureRoot(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	link := must[string](t)(w.SetupToken(ctx))
	kindIs(t, w.EnsureRoot(ctx, "ab", "long enough"), errs.Invalid, "root_user_invalid")
	kindIs(t, w.EnsureRoot(ctx, "Root", "long enough"), errs.Invalid, "root_user_invalid")
	kindIs(t, w.EnsureRoot(ctx, "root", "short12"), errs.Invalid, "root_password_short")
	if err := w.EnsureRoot(ctx, "root", "secret-8"); err != nil {
		t.Fatal(err)
	}
	kindIs(t, w.setup(link, "eve"), errs.Forbidden, "setup_token_invalid")
	secret, p, err := w.KeyCredential(ctx, "root")
	if err != nil || secret != "secret-8" || !p.Admin || p.Name != "root" || p.Via != account.ViaKey {
		t.Fatalf("root key: %q %+v %v", secret, p, err)
	}
	session, _, err := w.Login(ctx, "root", "secret-8", "", here)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.EnsureRoot(ctx, "root", "secret-8"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SessionPrincipal(ctx, session); err != nil {
		t.Fatalf("a restart with the same password ended the session: %v", err)
	}
	if err := w.EnsureRoot(ctx, "root", "another-8"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.SessionPrincipal(ctx, session); errs.KindOf(err) != errs.Unauthenticated {
		t.Fatalf("a new root password left the session alive: %v", err)
	}
	if secret, _, _ := w.KeyCredential(ctx, "root"); secret != "another-8" {
		t.Fatalf("root secret %q", secret)
	}
	kindIs(t, w.try("root", "secret-8", here), errs.Unauthenticated, "")
}

func TestEnsureRootTakesOverAndMovesOn(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.user("boss", true)
	ada := w.user("ada", false)
	yes := true
	must[account.User](t)(w.UpdateUser(ctx, ada.ID, account.UserChange{Disabled: &yes}))
	team := must[account.Project](t)(w.CreateProject(ctx, ada.ID, account.NewProject{Slug: "team", Name: "Team"}))
	limited := account.NewKey{Name: "mine", AccessKey: "ada", ProjectID: team.ID, Expires: w.clock.now().Add(time.Hour)}
	if _, _, err := w.AddKey(ctx, ada.ID, limited); err != nil {
		t.Fatal(err)
	}
	if err := w.UpdateKey(ctx, ada.ID, "ada", account.KeyChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if err := w.EnsureRoot(ctx, "ada", goodPassword); err != nil {
		t.Fatal(err)
	}
	w.clock.advance(time.Hour)
	if _, p, err := w.KeyCredential(ctx, "ada"); err != nil || p.ProjectID != "" || !p.Admin {
		t.Errorf("what limited a key of root's name limits root's: %+v, %v", p, err)
	}
	if user := must[account.User](t)(w.User(ctx, ada.ID)); !user.Admin || user.Disabled {
		t.Fatalf("root is %+v", user)
	}
	if err := w.EnsureRoot(ctx, "root2", goodPassword); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.KeyCredential(ctx, "ada")
	kindIs(t, err, errs.Unauthenticated, "access_key_unknown")
}
